/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-quintet: renders the training clip "quintet", five string players whose
 * picture follows their sound, and the demo song. */
#include "option/option.h"
#include "output.h"
#include "quintet.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *output;
    int size, fps;
    bool song;
    double seconds;
    uint64_t seed, timbre;
};

#define AT(member) offsetof(struct options, member)

static const option_row rows[] = {
    {"output", 'o', OPTION_STRING, AT(output), "FILE",
     .help = "output file; the extension selects the format:\n"
             ".mkv  FFV1 and FLAC, lossless\n"
             ".mp4  MPEG-4 and AAC\n"
             ".wav  the audio only"},
    {"size", 's', OPTION_INT, AT(size), "SIZE", 16, 4096,
     .help = "width and height in pixels, even, 16 to 4096 (default 256)"},
    {"duration", 'd', OPTION_NUMBER, AT(seconds), "SEC", 0.1, 3600,
     .help = "length in seconds, up to 3600 (default 180; a song: 30)"},
    {"rate", 'r', OPTION_INT, AT(fps), "FPS", 1, 120,
     .help = "frames per second, 1 to 120 (default 20)"},
    {"seed", 0, OPTION_SEED, AT(seed), "N",
     .help = "seed of the composition (default 1)"},
    {"timbre", 0, OPTION_SEED, AT(timbre), "N",
     .help = "play the same music on other instruments in another\n"
             "room; 0 is the quintet's own timbre (default 0)"},
    {"song", 0, OPTION_ON, AT(song),
     .help = "render the demo song: other music in the same style"},
    {"help", 'h', OPTION_HELP, .help = "print this help and exit"},
    {"version", 'V', OPTION_VERSION, .help = "print the version and exit"},
};

static const option_program program = {
    .name = "s2v-quintet",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .column = 22,
    .usage = "Usage: s2v-quintet [OPTION]... -o FILE\n"
             "\n"
             "Composes music for five string players and renders video and "
             "audio of them\n"
             "playing it. The same options give the same frames and the same "
             "audio.\n"
             "\n",
    .notes = "\n"
             "Example: s2v-quintet -o quintet.mkv && s2v-quintet --song -o "
             "song.wav\n",
};

/* Below 0: go on; else the exit status. */
static int parse(struct options *o, char **argv)
{
    const int status = option_start(&program, argv, o);
    if (status >= 0)
        return status;
    if (argv[1]) {
        fprintf(stderr, "s2v-quintet: unexpected argument \"%s\"; see --help\n",
                argv[1]);
        return 2;
    }
    if (!o->output) {
        fprintf(stderr, "s2v-quintet: no output file given; use -o FILE\n");
        return 2;
    }
    if (o->size % 2) {
        fprintf(stderr,
                "s2v-quintet: --size: expected an even number, found %d\n",
                o->size);
        return 2;
    }
    if (!o->seconds)
        o->seconds = o->song ? 30 : 180;
    return -1;
}

/* Draws all players as they are at a moment, and writes the picture. */
static int render_picture(const struct quintet_score *score, double time,
                          struct quintet_stage *stage,
                          struct render_output *out)
{
    struct quintet_pose poses[QUINTET_PLAYERS];
    int stride;

    for (int p = 0; p < QUINTET_PLAYERS; p++)
        poses[p] = quintet_pose_at(&score->parts[p], time);
    const uint8_t *pixels = quintet_stage_draw(stage, poses, &stride);
    if (!pixels) {
        fprintf(stderr, "s2v-quintet: cairo cannot draw a frame\n");
        return -1;
    }
    return render_output_picture(out, pixels, stride);
}

/* Alternates pictures and the sound up to the next one. */
static int render(const struct options *o, const struct quintet_score *score,
                  const int16_t *sound, size_t samples,
                  struct quintet_stage *stage, struct render_output *out)
{
    const int frames = stage ? (int)ceil(o->seconds * o->fps - 1e-9) : 1;
    size_t done = 0;

    for (int t = 0; t < frames; t++) {
        size_t upto = (size_t)(((double)t + 1) * QUINTET_RATE / o->fps);
        if (t == frames - 1 || upto > samples)
            upto = samples;
        if (stage && render_picture(score, (double)t / o->fps, stage, out) < 0)
            return -1;
        if (render_output_sound(out, sound + 2 * done, upto - done) < 0)
            return -1;
        done = upto;
    }
    return 0;
}

static int run(const struct options *o)
{
    const char *dot = strrchr(o->output, '.');
    const int sound_only = dot && !strcmp(dot, ".wav");
    const int stream = o->song ? QUINTET_STREAM_SONG : QUINTET_STREAM_CLIP;
    struct quintet_score score = {0};
    struct quintet_stage *stage = NULL;
    int16_t *sound = NULL;
    size_t samples = 0;
    int ret = -1;
    const struct render_format format = {.program = program.name,
                                         .size = sound_only ? 0 : o->size,
                                         .fps_num = o->fps,
                                         .fps_den = 1,
                                         .rate = QUINTET_RATE,
                                         .channels = 2};
    struct render_output *out = render_output_open(o->output, &format);

    if (!out)
        return -1;
    if (quintet_score_compose(&score, o->seed, stream, o->seconds) < 0)
        goto no_memory;
    sound = quintet_synth(&score, o->seed, o->timbre, &samples);
    if (!sound)
        goto no_memory;
    if (!sound_only && !(stage = quintet_stage_new(o->size)))
        goto no_memory;
    ret = render(o, &score, sound, samples, stage, out);
    if (!ret)
        ret = render_output_finish(&out);
    goto done;

no_memory:
    fprintf(stderr, "s2v-quintet: not enough memory\n");
done:
    render_output_free(&out);
    quintet_stage_free(&stage);
    quintet_score_free(&score);
    free(sound);
    return ret;
}

int main(int argc, char **argv)
{
    struct options o = {.size = 256, .fps = 20, .seed = 1};
    const int status = parse(&o, argv);

    (void)argc;
    if (status >= 0)
        return status;
    return run(&o) < 0 ? 1 : 0;
}
