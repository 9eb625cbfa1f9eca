/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-quintet: renders the training clip "quintet", five string players whose
 * picture follows their sound, and the demo song. */
#include "arguments.h"
#include "option_next.h"
#include "output.h"
#include "quintet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *output;
    int size, fps, song;
    double seconds;
    uint64_t seed, timbre;
};

static const char program[] = "s2v-quintet";

static const char usage[] =
    "Usage: s2v-quintet [OPTION]... -o FILE\n"
    "\n"
    "Composes music for five string players and renders them playing it.\n"
    "Equal options give equal pictures and equal sound.\n"
    "\n"
    "  -o, --output FILE   what to write; the ending chooses the format:\n"
    "                      .mkv  FFV1 and FLAC, lossless\n"
    "                      .mp4  MPEG-4 and AAC\n"
    "                      .wav  the sound alone\n"
    "  -s, --size SIZE     width and height in pixels, even, 16 to 4096 (256)\n"
    "  -d, --duration SEC  length in seconds, up to 3600 (180; a song: 30)\n"
    "  -r, --rate FPS      pictures a second, 1 to 120 (20)\n"
    "      --seed N        composes another piece (1)\n"
    "      --timbre N      other instruments in another room play the same; 0 "
    "is\n"
    "                      the quintet's own (0)\n"
    "      --song          renders the demo song: other music in the same "
    "style\n"
    "  -h, --help          shows this help\n"
    "  -V, --version       shows the version\n"
    "\n"
    "Example: s2v-quintet -o quintet.mkv && s2v-quintet --song -o song.wav\n";

static int check(struct options *o, int argc, char **argv)
{
    if (optind < argc) {
        fprintf(stderr, "s2v-quintet: unexpected argument \"%s\"; see --help\n",
                argv[optind]);
        return -1;
    }
    if (!o->output) {
        fprintf(stderr, "s2v-quintet: no output file given; use -o FILE\n");
        return -1;
    }
    if (o->size % 2) {
        fprintf(stderr, "s2v-quintet: the size must be even, not %d\n",
                o->size);
        return -1;
    }
    if (!o->seconds)
        o->seconds = o->song ? 30 : 180;
    return 0;
}

/* 0 to go on, 1 where help or the version was all that was wanted, -1 on an
 * error. */
static int parse(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"output", required_argument, NULL, 'o'},
        {"size", required_argument, NULL, 's'},
        {"duration", required_argument, NULL, 'd'},
        {"rate", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 'S'},
        {"timbre", required_argument, NULL, 'T'},
        {"song", no_argument, NULL, 'g'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int opt, ret = 0;

    while (!ret && (opt = option_next(program, argc, argv, ":o:s:d:r:hV",
                                      known)) != -1) {
        if (opt == 'o')
            o->output = optarg;
        else if (opt == 's')
            ret = render_parse_int(program, "the size", optarg, 16, 4096,
                                   &o->size);
        else if (opt == 'd')
            ret = render_parse_number(program, "the duration", optarg, 0.1,
                                      3600, &o->seconds);
        else if (opt == 'r')
            ret =
                render_parse_int(program, "the rate", optarg, 1, 120, &o->fps);
        else if (opt == 'S')
            ret = render_parse_seed(program, "the seed", optarg, &o->seed);
        else if (opt == 'T')
            ret = render_parse_seed(program, "the timbre", optarg, &o->timbre);
        else if (opt == 'g')
            o->song = 1;
        else if (opt == 'h')
            return render_show_help(program, usage);
        else if (opt == 'V')
            return render_show_version(program);
        else
            ret = -1;
    }
    return ret ? ret : check(o, argc, argv);
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
        fprintf(stderr, "s2v-quintet: cairo cannot draw a picture\n");
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
    const struct render_format format = {.program = program,
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
    const int ret = parse(&o, argc, argv);

    if (ret)
        return ret < 0 ? 2 : 0;
    return run(&o) < 0 ? 1 : 0;
}
