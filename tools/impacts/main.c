/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-impacts: renders clips of objects that are struck, or of all kinds of
 * films in which something sounds, with the truth about every impact beside
 * each. */
#include "film.h"
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
    const char *world, *sheet, *codec;
    unsigned kinds; /* of the world film; 0: all */
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

static bool parse_kinds(void *to, const option_row *row, const char *text)
{
    unsigned set = 0;
    (void)row;
    for (;; text++) {
        const size_t length = strcspn(text, ",");
        const int kind = film_kind_find(text, length);
        if (kind < 0)
            return false;
        set |= 1u << kind;
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
    {"world", 0, OPTION_WORD, AT(world), "WORLD", .choices = "mallets|film",
     .help = "what is rendered: mallets that strike objects on a table, seen "
             "by a still camera, or film: hands, tools, feet, balls, doors, "
             "water, and what moves without a sound, as people film it "
             "(default mallets)"},
    {"size", 's', OPTION_INT, AT(size), "SIZE", 16, 4096,
     .help = "width and height in pixels, even, 16 to 4096; of the world film "
             "the shorter side (default 256)"},
    {"seconds", 'd', OPTION_NUMBER, AT(seconds), "SEC", 1, 3600,
     .help = "length in seconds, 1 to 3600 (default 10)"},
    {"rate", 'r', OPTION_PARSED, AT(rate), "FPS", 1, 120, .parse = parse_rate,
     .expected = "a number or a fraction from 1 to 120",
     .help =
         "frames per second, 1 to 120, such as 15, 21.5 or\n"
         "30000/1001 (default 25; of the world film one\nfrom 12 to 60 that "
         "depends on the seed)"},
    {"seed", 0, OPTION_SEED, AT(seed), "N",
     .help = "seed of the scene, the motion and the camera (default 1)"},
    {"materials", 0, OPTION_PARSED, AT(materials), "LIST",
     .parse = parse_materials,
     .expected = "some of wood,metal,glass,drum,plastic,stone",
     .help = "only objects of these: wood,metal,glass,drum,plastic,stone; of "
             "the world mallets"},
    {"kinds", 0, OPTION_PARSED, AT(kinds), "LIST", .parse = parse_kinds,
     .expected = "some of the kinds that --help lists",
     .help = "of the world film, only these: hand,stick,hammer,\n"
             "drumming,punch,stomp,steps,ball,clap,chop,type,\n"
             "knock,door,splash,scrape, and without a sound\n"
             "people,leaves,shadow,car,gesture"},
    {"codec", 0, OPTION_WORD, AT(codec), "CODEC",
     .choices = "none|mpeg4|mpeg2video|mjpeg|libx264",
     .help = "of the world film, compress the frames by this codec at a low "
             "rate, before they are written: none, mpeg4, mpeg2video, mjpeg or "
             "libx264 (default: depends on the seed)"},
    {"sheet", 0, OPTION_STRING, AT(sheet), "FILE.png", .ending = ".png",
     .help = "write an image of all kinds of the world film, before clips if "
             "there is an output: frames around an event, and three clips of "
             "each"},
    {"sound", 0, OPTION_PARSED, AT(sound.material), "MATERIAL",
     .parse = parse_sound,
     .expected = "wood, metal, glass, drum, plastic, stone or any",
     .help = "give all objects the sound of this material, without\n"
             "changing the picture; any: of a material that depends\n"
             "on the seed"},
    {"background", 0, OPTION_NUMBER, AT(sound.background), "DB", -90, -20,
     .help = "add room noise of this level, -90 to -20 dB (default none); the "
             "world film has backgrounds of its own"},
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
             "clips. With --world film: many kinds of movement, sounding and "
             "silent, as films\n"
             "show them.\n"
             "\n",
    .notes = "\n"
             "Examples:\n"
             "  s2v-impacts --count 100 --rate 21.5 -o impacts\n"
             "  s2v-impacts --world film --count 100 -o films\n"
             "  s2v-impacts --world film --sheet kinds.png\n",
};

static bool sound_alone(const struct options *o)
{
    if (o->count)
        return o->format && !strcmp(o->format, "wav");
    const char *dot = strrchr(o->output, '.');
    return dot && !strcmp(dot, ".wav");
}

/* Options of the one world are errors with the other. */
static int check_world(const struct options *o)
{
    const bool film = !strcmp(o->world, "film");
    const char *wrong = film ? (o->materials              ? "materials"
                                : o->sound.background < 0 ? "background"
                                                          : NULL)
                             : (o->kinds   ? "kinds"
                                : o->codec ? "codec"
                                : o->sheet ? "sheet"
                                           : NULL);
    if (wrong)
        fprintf(stderr, "s2v-impacts: --%s is for --world %s, not %s\n", wrong,
                film ? "mallets" : "film", o->world);
    return wrong ? -1 : 0;
}

/* @param extra a plain word, of which there must be none, or NULL */
static int check(const struct options *o, const char *extra)
{
    if (extra) {
        fprintf(stderr, "s2v-impacts: unexpected argument \"%s\"; see --help\n",
                extra);
        return -1;
    }
    if (check_world(o) < 0)
        return -1;
    if (o->sheet && !o->output)
        return 0;
    if (!o->output) {
        fprintf(stderr, "s2v-impacts: no output given; use -o\n");
        return -1;
    }
    if (o->size % 2) {
        fprintf(stderr,
                "s2v-impacts: --size: expected an even number, found %d\n",
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

/* What draws the pictures: that of one of the worlds; neither for sound alone.
 */
struct painter {
    struct impacts_picture *mallets;
    struct film_picture *film;
};

static const uint8_t *paint(const struct painter *p, int frame, double fps,
                            int *stride)
{
    return p->film
               ? film_picture_draw(p->film, frame, stride)
               : impacts_picture_draw(p->mallets, frame / fps, 1 / fps, stride);
}

/* Alternates pictures and the sound up to the next one. */
static int render(const struct options *o, const struct painter *painter,
                  const int16_t *sound, size_t samples,
                  struct render_output *out)
{
    const double fps = (double)o->rate.num / o->rate.den;
    const bool picture = painter->mallets || painter->film;
    const int frames = picture ? (int)ceil(o->seconds * fps - 1e-9) : 1;
    size_t done = 0;

    for (int t = 0; t < frames; t++) {
        size_t upto = (size_t)((t + 1) / fps * IMPACTS_RATE);
        if (t == frames - 1 || upto > samples)
            upto = samples;
        if (picture) {
            int stride;
            const uint8_t *pixels = paint(painter, t, fps, &stride);
            if (!pixels) {
                fprintf(stderr, "s2v-impacts: a frame cannot be drawn\n");
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

static bool is_seen(const char *path)
{
    const char *dot = strrchr(path, '.');

    return !dot || strcmp(dot, ".wav");
}

/* Before the sound, which takes a while: a file that cannot be written is told
 * at once. */
static struct render_output *open_clip(const struct options *o,
                                       const char *path, int width, int height)
{
    const struct render_format format = {.program = program.name,
                                         .size = is_seen(path) ? width : 0,
                                         .height = height,
                                         .fps_num = o->rate.num,
                                         .fps_den = o->rate.den,
                                         .rate = o->silent ? 0 : IMPACTS_RATE,
                                         .channels = 1};

    return render_output_open(path, &format);
}

static int write_clip(const struct options *o, struct render_output **out,
                      const struct painter *painter, const int16_t *sound,
                      size_t samples)
{
    const int ret = render(o, painter, sound, samples, *out);

    return ret ? ret : render_output_finish(out);
}

/* The truth's file, beside the clip. */
struct truth_file {
    char json[NAME + 8];
    struct impacts_truth_params params;
};

static struct truth_file truth_of(const struct options *o, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct truth_file f = {.params = {.clip = slash ? slash + 1 : path,
                                      .size = o->size,
                                      .fps_num = o->rate.num,
                                      .fps_den = o->rate.den,
                                      .sound = o->sound}};

    snprintf(f.json, sizeof(f.json), "%.*s.json", (int)(strlen(path) - 4),
             path);
    return f;
}

static int no_memory(void)
{
    fprintf(stderr, "s2v-impacts: not enough memory\n");
    return -1;
}

static int make_mallets(struct options *o, const char *path, uint64_t seed)
{
    struct impacts_scene scene;
    struct painter painter = {0};
    struct render_output *out;
    int16_t *sound = NULL;
    size_t samples;
    int ret = -1;

    if (!o->rate.num)
        o->rate = (struct rate){25, 1};
    if (!o->materials)
        o->materials = (1u << IMPACTS_MATERIALS) - 1;
    if (!(out = open_clip(o, path, o->size, o->size)))
        return -1;
    if (!impacts_scene_compose(&scene, seed, o->seconds, o->materials)) {
        sound = impacts_sound(&scene, &o->sound, &samples);
        if (is_seen(path))
            painter.mallets = impacts_picture_new(&scene, o->size);
    }
    if (!sound || (is_seen(path) && !painter.mallets))
        ret = no_memory();
    else
        ret = write_clip(o, &out, &painter, sound, samples);
    render_output_free(&out);
    if (!ret) {
        const struct truth_file f = truth_of(o, path);
        ret = impacts_truth_write(f.json, &scene, &f.params);
    }
    impacts_picture_free(&painter.mallets);
    impacts_scene_free(&scene);
    free(sound);
    return ret;
}

/* The codec that is asked for, in the place of the drawn one. */
static void set_codec(struct film_clip *clip, const char *name)
{
    for (int i = 0; name && i < film_codec_count; i++)
        if (!strcmp(film_codec_names[i], name))
            clip->sensor.codec = i;
}

static int make_film(struct options *o, const char *path, uint64_t seed)
{
    const struct film_params params = {.seed = seed,
                                       .seconds = o->seconds,
                                       .kinds = o->kinds ? o->kinds : ~0u,
                                       .fps_num = o->rate.num,
                                       .fps_den = o->rate.den};
    struct film_clip clip;
    struct painter painter = {0};
    struct render_output *out = NULL;
    int16_t *sound = NULL;
    size_t samples;
    int ret = film_compose(&clip, &params), width = 0, height = 0;

    o->rate = (struct rate){clip.fps_num, clip.fps_den};
    set_codec(&clip, o->codec);
    if (ret)
        no_memory();
    /* Also for sound alone: the truth has the size of the picture. */
    painter.film = ret ? NULL : film_picture_new(&clip, o->size);
    if (painter.film) {
        film_picture_size(painter.film, &width, &height);
        if (!is_seen(path))
            film_picture_free(&painter.film);
        out = open_clip(o, path, width, height);
    }
    ret = -1;
    if (out && !(sound = film_sound(&clip, &o->sound, &samples)))
        no_memory();
    if (sound)
        ret = write_clip(o, &out, &painter, sound, samples);
    render_output_free(&out);
    if (!ret) {
        const struct truth_file f = truth_of(o, path);
        ret = film_truth_write(f.json, &clip, &f.params, width, height);
    }
    film_picture_free(&painter.film);
    film_free(&clip);
    free(sound);
    return ret;
}

/* The clip of one seed, and its truth. */
static int make_clip(const struct options *options, const char *path,
                     uint64_t seed)
{
    struct options o = *options;
    struct impacts_dice d = {.seed = seed, .stream = IMPACTS_STREAM_SOUND};

    if (o.sound.material == IMPACTS_ANY)
        o.sound.material = impacts_pick(&d, IMPACTS_MATERIALS);
    return strcmp(o.world, "film") ? make_mallets(&o, path, seed)
                                   : make_film(&o, path, seed);
}

static int run(const struct options *o)
{
    char path[NAME];

    if (o->sheet &&
        film_sheet_write(o->sheet, o->seed, o->kinds ? o->kinds : ~0u) < 0)
        return -1;
    if (!o->output)
        return 0;
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
                        .world = "mallets",
                        .seconds = 10,
                        .seed = 1,
                        .sound = {.material = IMPACTS_OWN}};
    const int status = parse(&o, argv);

    (void)argc;
    if (status >= 0)
        return status;
    return run(&o) < 0 ? 1 : 0;
}
