/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-impacts: renders clips of objects that are struck, with the truth about
 * every impact beside each. */
#include "impacts.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "option/option.h"
#include "output.h"

enum { NAME = 4096 }; /* bytes of a path */

/* Pictures a second, as a fraction. */
struct rate {
    int num, den;
};

struct options {
    const char *output, *format;
    int count, size;
    struct rate rate;
    double seconds;
    bool silent;
    uint64_t seed;
    unsigned materials;
    struct impacts_sound_params sound;
};

static int gcd(int a, int b)
{
    return b ? gcd(b, a % b) : a;
}

/* A rate as a fraction or as a number, to three decimals. */
static bool parse_rate(void *to, const option_row *row, const char *text)
{
    struct rate rate;
    int used = 0;
    char *end;

    if (sscanf(text, "%7d/%7d%n", &rate.num, &rate.den, &used) == 2 &&
        !text[used]) {
        if (rate.den < 1 || rate.num < rate.den ||
            rate.num > row->max * rate.den)
            return false;
    } else {
        const double v = strtod(text, &end);
        if (end == text || *end || !(v >= row->min && v <= row->max))
            return false;
        rate = (struct rate){(int)lrint(v * 1000), 1000};
    }
    const int common = gcd(rate.num, rate.den);
    *(struct rate *)to = (struct rate){rate.num / common, rate.den / common};
    return true;
}

static bool parse_sound(void *to, const option_row *row, const char *text)
{
    const int material = strcmp(text, "any")
                             ? impacts_material_find(text, strlen(text))
                             : IMPACTS_ANY;
    (void)row;
    *(int *)to = material;
    return material == IMPACTS_ANY || material >= 0;
}

static bool parse_materials(void *to, const option_row *row, const char *text)
{
    unsigned set = 0;
    (void)row;
    for (;; text++) {
        const size_t length = strcspn(text, ",");
        const int material = impacts_material_find(text, length);
        if (material < 0)
            return false;
        set |= 1u << material;
        text += length;
        if (!*text)
            break;
    }
    *(unsigned *)to = set;
    return true;
}

#define AT(member) offsetof(struct options, member)

static const option_row rows[] = {
    {"output", 'o', OPTION_STRING, AT(output), "NAME",
     .help = "output; a file's extension selects its format:\n"
             ".mkv  FFV1 and FLAC, lossless\n"
             ".mp4  MPEG-4 and AAC\n"
             ".wav  the audio only"},
    {"count", 'n', OPTION_INT, AT(count), "N", 1, 1000000,
     .help = "write N clips, with the seeds from --seed on, to the folder "
             "NAME: SEED.mkv and SEED.json"},
    {"format", 0, OPTION_WORD, AT(format), "FORMAT", .choices = "mkv|mp4|wav",
     .help = "format of the files in a folder: mkv, mp4 or wav (default mkv)"},
    {"size", 's', OPTION_INT, AT(size), "SIZE", 16, 4096,
     .help = "width and height in pixels, even, 16 to 4096 (default 256)"},
    {"seconds", 'd', OPTION_NUMBER, AT(seconds), "SEC", 1, 3600,
     .help = "length in seconds, 1 to 3600 (default 10)"},
    {"rate", 'r', OPTION_PARSED, AT(rate), "FPS", 1, 120, .parse = parse_rate,
     .expected = "a number or a fraction from 1 to 120",
     .help = "frames per second, 1 to 120, such as 15, 21.5 or\n"
             "30000/1001 (default 25)"},
    {"seed", 0, OPTION_SEED, AT(seed), "N",
     .help = "seed of the scene, the motion and the camera (default 1)"},
    {"materials", 0, OPTION_PARSED, AT(materials), "LIST",
     .parse = parse_materials,
     .expected = "some of wood,metal,glass,drum,plastic,stone",
     .help = "only objects of these: wood,metal,glass,drum,plastic,stone"},
    {"sound", 0, OPTION_PARSED, AT(sound.material), "MATERIAL",
     .parse = parse_sound,
     .expected = "wood, metal, glass, drum, plastic, stone or any",
     .help = "give all objects the sound of this material, without\n"
             "changing the picture; any: of a material that depends\n"
             "on the seed"},
    {"background", 0, OPTION_NUMBER, AT(sound.background), "DB", -90, -20,
     .help = "add room noise of this level, -90 to -20 dB (default none)"},
    {"silent", 0, OPTION_ON, AT(silent),
     .help = "no audio track; the ground truth stays the same"},
    {"help", 'h', OPTION_HELP, .help = "print this help and exit"},
    {"version", 'V', OPTION_VERSION, .help = "print the version and exit"},
};

static const option_program program = {
    .name = "s2v-impacts",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .column = 23,
    .usage = "Usage: s2v-impacts [OPTION]... -o FILE\n"
             "       s2v-impacts [OPTION]... --count N -o FOLDER\n"
             "\n"
             "Renders clips in which mallets strike objects of wood, metal, "
             "glass, skin,\n"
             "plastic and stone, and sometimes miss, and writes the ground "
             "truth of each as\n"
             "JSON: when, where, which object and how hard. The same options "
             "give the same\n"
             "clips.\n"
             "\n",
    .notes = "\n"
             "Example: s2v-impacts --count 100 --rate 21.5 -o impacts\n",
};

static bool sound_alone(const struct options *o)
{
    if (o->count)
        return o->format && !strcmp(o->format, "wav");
    const char *dot = strrchr(o->output, '.');
    return dot && !strcmp(dot, ".wav");
}

/* @param extra a plain word, of which there must be none, or NULL */
static int check(const struct options *o, const char *extra)
{
    if (extra) {
        fprintf(stderr, "s2v-impacts: unexpected argument \"%s\"; see --help\n",
                extra);
        return -1;
    }
    if (!o->output) {
        fprintf(stderr, "s2v-impacts: no output given; use -o\n");
        return -1;
    }
    if (o->size % 2) {
        fprintf(stderr, "s2v-impacts: the size must be even, not %d\n",
                o->size);
        return -1;
    }
    if (o->format && !o->count) {
        fprintf(stderr, "s2v-impacts: --format is for folders: the format of a "
                        "file is that of its extension\n");
        return -1;
    }
    if (o->silent && sound_alone(o)) {
        fprintf(stderr, "s2v-impacts: --silent cannot be used with .wav, which "
                        "has audio only\n");
        return -1;
    }
    if (o->count && o->seed > UINT64_MAX - (uint64_t)o->count) {
        fprintf(stderr,
                "s2v-impacts: %d seeds starting at %llu exceed the range of "
                "seeds\n",
                o->count, (unsigned long long)o->seed);
        return -1;
    }
    return 0;
}

/* Below 0: go on; else the exit status. */
static int parse(struct options *o, char **argv)
{
    const int status = option_start(&program, argv, o);
    if (status >= 0)
        return status;
    return check(o, argv[1]) < 0 ? 2 : -1;
}

/* ----------------------------------------------------------- rendering -- */

/* Alternates pictures and the sound up to the next one. */
static int render(const struct options *o, struct impacts_picture *picture,
                  const int16_t *sound, size_t samples,
                  struct render_output *out)
{
    const double fps = (double)o->rate.num / o->rate.den;
    const int frames = picture ? (int)ceil(o->seconds * fps - 1e-9) : 1;
    size_t done = 0;

    for (int t = 0; t < frames; t++) {
        size_t upto = (size_t)((t + 1) / fps * IMPACTS_RATE);
        if (t == frames - 1 || upto > samples)
            upto = samples;
        if (picture) {
            int stride;
            const uint8_t *pixels =
                impacts_picture_draw(picture, t / fps, 1 / fps, &stride);
            if (!pixels) {
                fprintf(stderr, "s2v-impacts: cairo cannot draw a frame\n");
                return -1;
            }
            if (render_output_picture(out, pixels, stride) < 0)
                return -1;
        }
        if (render_output_sound(out, sound + done, upto - done) < 0)
            return -1;
        done = upto;
    }
    return 0;
}

static int write_clip(const struct options *o, const char *path,
                      const struct impacts_scene *scene)
{
    const char *dot = strrchr(path, '.');
    const bool seen = !dot || strcmp(dot, ".wav");
    const struct render_format format = {.program = program.name,
                                         .size = seen ? o->size : 0,
                                         .fps_num = o->rate.num,
                                         .fps_den = o->rate.den,
                                         .rate = o->silent ? 0 : IMPACTS_RATE,
                                         .channels = 1};
    struct render_output *out = render_output_open(path, &format);
    struct impacts_picture *picture = NULL;
    int16_t *sound = NULL;
    size_t samples;
    int ret = -1;

    if (!out)
        return -1;
    sound = impacts_sound(scene, &o->sound, &samples);
    if (seen)
        picture = impacts_picture_new(scene, o->size);
    if (!sound || (seen && !picture)) {
        fprintf(stderr, "s2v-impacts: not enough memory\n");
        goto fail;
    }
    ret = render(o, picture, sound, samples, out);
    if (!ret)
        ret = render_output_finish(&out);
fail:
    render_output_free(&out);
    impacts_picture_free(&picture);
    free(sound);
    return ret;
}

static int write_truth(const struct options *o, const char *path,
                       const struct impacts_scene *scene)
{
    char json[NAME + 8];
    const char *slash = strrchr(path, '/');
    const struct impacts_truth_params params = {
        .clip = slash ? slash + 1 : path,
        .size = o->size,
        .fps_num = o->rate.num,
        .fps_den = o->rate.den,
        .sound = o->sound,
    };

    snprintf(json, sizeof(json), "%.*s.json", (int)(strlen(path) - 4), path);
    return impacts_truth_write(json, scene, &params);
}

/* The clip of one seed, and its truth. */
static int make_clip(const struct options *options, const char *path,
                     uint64_t seed)
{
    struct options o = *options;
    struct impacts_dice d = {.seed = seed, .stream = IMPACTS_STREAM_SOUND};
    struct impacts_scene scene;
    int ret = impacts_scene_compose(&scene, seed, o.seconds, o.materials);

    if (o.sound.material == IMPACTS_ANY)
        o.sound.material = impacts_pick(&d, IMPACTS_MATERIALS);
    if (ret < 0)
        fprintf(stderr, "s2v-impacts: not enough memory\n");
    else
        ret = write_clip(&o, path, &scene);
    if (!ret)
        ret = write_truth(&o, path, &scene);
    impacts_scene_free(&scene);
    return ret;
}

static int run(const struct options *o)
{
    char path[NAME];

    if (strlen(o->output) > NAME - 32) {
        fprintf(stderr, "s2v-impacts: the output's name is too long\n");
        return -1;
    }
    if (!o->count)
        return make_clip(o, o->output, o->seed);
    if (mkdir(o->output, 0777) < 0 && errno != EEXIST) {
        fprintf(stderr, "s2v-impacts: %s: cannot create the folder: %s\n",
                o->output, strerror(errno));
        return -1;
    }
    for (int i = 0; i < o->count; i++) {
        const uint64_t seed = o->seed + (uint64_t)i;
        snprintf(path, sizeof(path), "%s/%llu.%s", o->output,
                 (unsigned long long)seed, o->format ? o->format : "mkv");
        if (make_clip(o, path, seed) < 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {.size = 256,
                        .rate = {25, 1},
                        .seconds = 10,
                        .seed = 1,
                        .materials = (1u << IMPACTS_MATERIALS) - 1,
                        .sound = {.material = IMPACTS_OWN}};
    const int status = parse(&o, argv);

    (void)argc;
    if (status >= 0)
        return status;
    return run(&o) < 0 ? 1 : 0;
}
