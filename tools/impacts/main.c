/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-impacts: renders clips of objects that are struck, with the truth about
 * every impact beside each. */
#include "impacts.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arguments.h"
#include "option_next.h"
#include "output.h"

enum { NAME = 4096 }; /* bytes of a path */

struct options {
    const char *output, *format;
    int count, size, fps_num, fps_den;
    double seconds;
    bool silent;
    uint64_t seed;
    unsigned materials;
    struct impacts_sound_params sound;
};

static const char program[] = "s2v-impacts";

static const char usage[] =
    "Usage: s2v-impacts [OPTION]... -o FILE\n"
    "       s2v-impacts [OPTION]... --count N -o FOLDER\n"
    "\n"
    "Renders clips in which mallets strike objects of wood, metal, glass, "
    "skin,\n"
    "plastic and stone, and sometimes miss. Beside each clip lies its truth, "
    "in\n"
    "JSON: when, where, what and how hard. Equal options give equal clips.\n"
    "\n"
    "  -o, --output NAME    what to write; a file's ending chooses its "
    "format:\n"
    "                       .mkv  FFV1 and FLAC, lossless\n"
    "                       .mp4  MPEG-4 and AAC\n"
    "                       .wav  the sound alone\n"
    "  -n, --count N        so many clips, of the seeds from --seed on, into "
    "the\n"
    "                       folder NAME: SEED.mkv and SEED.json\n"
    "      --format FORMAT  mkv, mp4 or wav: what goes into a folder (mkv)\n"
    "  -s, --size SIZE      width and height in pixels, even, 16 to 4096 "
    "(256)\n"
    "  -d, --seconds SEC    length, 1 to 3600 (10)\n"
    "  -r, --rate FPS       pictures a second, 1 to 120, such as 15, 21.5 or\n"
    "                       30000/1001 (25)\n"
    "      --seed N         another scene, other swings (1)\n"
    "      --materials LIST only these: wood,metal,glass,drum,plastic,stone\n"
    "      --sound MATERIAL the same picture, but all objects sound like "
    "this;\n"
    "                       any: like one that the clip's seed draws\n"
    "      --background DB  noise of a room, -90 to -20 dB (none)\n"
    "      --silent         no sound track: the picture alone, and the truth\n"
    "  -h, --help           shows this help\n"
    "  -V, --version        shows the version\n"
    "\n"
    "Example: s2v-impacts --count 100 --rate 21.5 -o impacts\n";

static int gcd(int a, int b)
{
    return b ? gcd(b, a % b) : a;
}

/* A rate as a fraction or as a number, to three decimals. */
static int parse_rate(const char *text, struct options *o)
{
    int num, den = 1, used = 0;
    double v;

    if (sscanf(text, "%7d/%7d%n", &num, &den, &used) == 2 && !text[used]) {
        if (den < 1 || num < den || num > 120.0 * den) {
            fprintf(stderr,
                    "s2v-impacts: the rate must be from 1 to 120, not \"%s\"\n",
                    text);
            return -1;
        }
    } else {
        if (render_parse_number(program, "the rate", text, 1, 120, &v) < 0)
            return -1;
        num = (int)lrint(v * 1000);
        den = 1000;
    }
    const int common = gcd(num, den);
    o->fps_num = num / common;
    o->fps_den = den / common;
    return 0;
}

static int parse_material(const char *text, size_t length, int *material)
{
    *material = impacts_material_find(text, length);
    if (*material >= 0)
        return 0;
    fprintf(stderr,
            "s2v-impacts: there is no material \"%.*s\": expected wood, metal, "
            "glass, drum, plastic or stone\n",
            (int)length, text);
    return -1;
}

static int parse_sound(const char *text, int *material)
{
    *material = IMPACTS_ANY;
    return strcmp(text, "any") ? parse_material(text, strlen(text), material)
                               : 0;
}

static int parse_materials(const char *text, unsigned *set)
{
    *set = 0;
    for (;;) {
        const size_t length = strcspn(text, ",");
        int material;
        if (parse_material(text, length, &material) < 0)
            return -1;
        *set |= 1u << material;
        if (!text[length])
            return 0;
        text += length + 1;
    }
}

static int parse_format(const char *text, const char **format)
{
    *format = text;
    if (!strcmp(text, "mkv") || !strcmp(text, "mp4") || !strcmp(text, "wav"))
        return 0;
    fprintf(stderr,
            "s2v-impacts: the format must be mkv, mp4 or wav, not \"%s\"\n",
            text);
    return -1;
}

static bool sound_alone(const struct options *o)
{
    if (o->count)
        return o->format && !strcmp(o->format, "wav");
    const char *dot = strrchr(o->output, '.');
    return dot && !strcmp(dot, ".wav");
}

static int check(const struct options *o, int argc, char **argv)
{
    if (optind < argc) {
        fprintf(stderr, "s2v-impacts: unexpected argument \"%s\"; see --help\n",
                argv[optind]);
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
        fprintf(stderr, "s2v-impacts: --format is for folders: a file's name "
                        "says what it is\n");
        return -1;
    }
    if (o->silent && sound_alone(o)) {
        fprintf(stderr, "s2v-impacts: --silent leaves nothing of a .wav, which "
                        "is sound alone\n");
        return -1;
    }
    if (o->count && o->seed > UINT64_MAX - (uint64_t)o->count) {
        fprintf(stderr, "s2v-impacts: %d seeds from %llu on are too many\n",
                o->count, (unsigned long long)o->seed);
        return -1;
    }
    return 0;
}

enum {
    OPT_SEED = 256,
    OPT_MATERIALS,
    OPT_SOUND,
    OPT_BACKGROUND,
    OPT_FORMAT,
    OPT_SILENT,
};

/* One option; 1 where help or the version was all that was wanted. */
static int take(struct options *o, int opt)
{
    switch (opt) {
    case 'o': o->output = optarg; return 0;
    case 'n':
        return render_parse_int(program, "the count", optarg, 1, 1000000,
                                &o->count);
    case 's':
        return render_parse_int(program, "the size", optarg, 16, 4096,
                                &o->size);
    case 'd':
        return render_parse_number(program, "the length", optarg, 1, 3600,
                                   &o->seconds);
    case 'r': return parse_rate(optarg, o);
    case OPT_SEED:
        return render_parse_seed(program, "the seed", optarg, &o->seed);
    case OPT_MATERIALS: return parse_materials(optarg, &o->materials);
    case OPT_SOUND: return parse_sound(optarg, &o->sound.material);
    case OPT_BACKGROUND:
        return render_parse_number(program, "the background", optarg, -90, -20,
                                   &o->sound.background);
    case OPT_FORMAT: return parse_format(optarg, &o->format);
    case OPT_SILENT: o->silent = true; return 0;
    case 'h': return render_show_help(program, usage);
    case 'V': return render_show_version(program);
    default: return -1;
    }
}

/* 0 to go on, 1 where help or the version was all that was wanted, -1 on an
 * error. */
static int parse(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"output", required_argument, NULL, 'o'},
        {"count", required_argument, NULL, 'n'},
        {"size", required_argument, NULL, 's'},
        {"seconds", required_argument, NULL, 'd'},
        {"rate", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, OPT_SEED},
        {"materials", required_argument, NULL, OPT_MATERIALS},
        {"sound", required_argument, NULL, OPT_SOUND},
        {"background", required_argument, NULL, OPT_BACKGROUND},
        {"format", required_argument, NULL, OPT_FORMAT},
        {"silent", no_argument, NULL, OPT_SILENT},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int opt, ret = 0;

    while (!ret && (opt = option_next(program, argc, argv, ":o:n:s:d:r:hV",
                                      known)) != -1)
        ret = take(o, opt);
    return ret ? ret : check(o, argc, argv);
}

/* ----------------------------------------------------------- rendering -- */

/* Alternates pictures and the sound up to the next one. */
static int render(const struct options *o, struct impacts_picture *picture,
                  const int16_t *sound, size_t samples,
                  struct render_output *out)
{
    const double fps = (double)o->fps_num / o->fps_den;
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
                fprintf(stderr, "s2v-impacts: cairo cannot draw a picture\n");
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
    const struct render_format format = {.program = program,
                                         .size = seen ? o->size : 0,
                                         .fps_num = o->fps_num,
                                         .fps_den = o->fps_den,
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
        .fps_num = o->fps_num,
        .fps_den = o->fps_den,
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
        fprintf(stderr, "s2v-impacts: %s: cannot make the folder: %s\n",
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
                        .fps_num = 25,
                        .fps_den = 1,
                        .seconds = 10,
                        .seed = 1,
                        .materials = (1u << IMPACTS_MATERIALS) - 1,
                        .sound = {.material = IMPACTS_OWN}};
    const int ret = parse(&o, argc, argv);

    if (ret)
        return ret < 0 ? 2 : 0;
    return run(&o) < 0 ? 1 : 0;
}
