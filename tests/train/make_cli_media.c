/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media files that cli.sh trains on, and an image network, into the current
 * folder. */
#include "make_media.h"
#include "network_file.h"

int main(void)
{
    const media_spec clip = {.pictures = 40,
                             .time_base = {1, 20},
                             .samples = 2 * 16000,
                             .rate = 16000,
                             .channels = 1,
                             .impulse = 8000};
    media_spec two = clip, mute = clip, long_clip = clip;
    media_spec other = clip, brief = clip, silent = clip, sound = clip;
    other.impulse = 12000;
    brief.pictures = 6;
    brief.samples = 6 * 800;
    brief.impulse = 2000;
    silent.samples = 0;
    sound.pictures = 0;
    two.second = 2;
    two.second_impulse = 12000;
    mute.impulse = -1;
    long_clip.pictures = 120;
    long_clip.samples = 6 * 16000;
    make_media("two.nut", &two);
    make_media("mute.mkv", &mute);
    make_media("long.mkv", &long_clip);
    make_media("clip.mkv", &clip);
    make_media("other.mkv", &other);
    make_media("brief.mkv", &brief);
    make_media("silent.mkv", &silent);
    make_media("sound.wav", &sound);
    network_file_write("net.safetensors", "squeezenet1.1", NULL, false);
    heads_file_write("heads.safetensors", "squeezenet1.1", 0);
    heads_file_write("vgg.safetensors", "vgg16", 0);
    return 0;
}
