/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-landscapes: renders clips and stills of nine landscapes that are seen and
 * heard, with the truth beside. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "option/option.h"
#include "output.h"
#include "sheet.h"
#include "sound.h"
#include "still.h"
#include "truth.h"
#include "view.h"

enum { NAME = 3800 }; /* bytes of a folder's path */

struct options {
    const char *output, *sheet, *spectrograms, *format;
    unsigned scenes;
    int count, first, stills, size, rate;
    enum land_time time;
    double seconds, intensity;
    uint64_t seed;
    bool folders;
};

static bool parse_scenes(void *to, const option_row *row, const char *text)
{
    unsigned set = 0;

    (void)row;
    for (;; text++) {
        const size_t length = strcspn(text, ",");
        const int scene = land_scene_find(text, length);
        if (scene < 0)
            return false;
        set |= 1u << scene;
        text += length;
        if (!*text)
            break;
    }
    *(unsigned *)to = set;
    return true;
}

#define AT(member) offsetof(struct options, member)
#define ALL        "rain,thunder,wind,fire,volcano,waterfall,brook,underwater,waves"

static const option_row rows[] = {
    {"output", 'o', OPTION_STRING, AT(output), "FOLDER",
     .help = "where to write, for each clip, SCENE-N.mkv (FFV1 and FLAC, "
             "lossless), SCENE-N.safetensors and SCENE-N.json"},
    {"count", 'n', OPTION_INT, AT(count), "N", 1, 999999,
     .help = "how many clips; the scenes take turns (default: one of each)"},
    {"first", 0, OPTION_INT, AT(first), "N", 1, 999999,
     .help = "number of the first clip or still (default 1)"},
    {"stills", 0, OPTION_INT, AT(stills), "N", 1, 999999,
     .help = "instead of clips: N pictures, SCENE-N.png, each another "
             "landscape"},
    {"folders", 0, OPTION_ON, AT(folders),
     .help = "stills in a folder for each scene, SCENE/SCENE-N.png: classes "
             "for s2v-train stylegan2 --classes"},
    {"scenes", 0, OPTION_PARSED, AT(scenes), "LIST", .parse = parse_scenes,
     .expected = "some of " ALL,
     .help = "only these: rain,thunder,wind,fire,volcano,waterfall,\n"
             "brook,underwater,waves (default all)"},
    {"time", 0, OPTION_CHOICE, AT(time), "TIME",
     .choices = "dawn|day|dusk|night|any",
     .help = "time of day: dawn, day, dusk, night or any (default any)"},
    {"intensity", 0, OPTION_NUMBER, AT(intensity), "X", 0, 1,
     .help = "constant intensity, 0 to 1 (default: a curve for each clip)"},
    {"size", 's', OPTION_INT, AT(size), "SIZE", 32, 1024,
     .help = "width and height in pixels, even, 32 to 1024 (default 128)"},
    {"seconds", 'd', OPTION_NUMBER, AT(seconds), "SEC", 1, 600,
     .help = "length of a clip, 1 to 600 (default 10)"},
    {"rate", 'r', OPTION_SIZE, AT(rate), "HZ", .choices = "16000|48000",
     .help = "samples a second: 16000 or 48000 (default 16000)"},
    {"seed", 0, OPTION_SEED, AT(seed), "N",
     .help = "seed of the landscapes (default 1)"},
    {"format", 0, OPTION_WORD, AT(format), "FORMAT", .choices = "mkv|mp4|wav",
     .help = "mkv, mp4 (MPEG-4 and AAC) or wav, the sound alone (default mkv)"},
    {"sheet", 0, OPTION_STRING, AT(sheet), "FILE", .ending = ".png",
     .help =
         "write a PNG of ten stills of each scene, from calm to intense; with "
         "-o, before the clips"},
    {"spectrograms", 0, OPTION_STRING, AT(spectrograms), "FILE",
     .ending = ".png",
     .help = "write a PNG of the spectrogram of a clip of each, likewise"},
    {"help", 'h', OPTION_HELP, .help = "print this help and exit"},
    {"version", 'V', OPTION_VERSION, .help = "print the version and exit"},
};

static const option_program program = {
    .name = "s2v-landscapes",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .column = 24,
    .usage =
        "Usage: s2v-landscapes [OPTION]... -o FOLDER\n"
        "       s2v-landscapes [OPTION]... --sheet FILE\n"
        "\n"
        "Renders landscapes whose picture and sound follow one curve of "
        "intensity and the\n"
        "same events: rain, thunder, wind, fire, a volcano, a waterfall, a "
        "brook, bubbles\n"
        "under water and waves, with captions and the truth beside each clip. "
        "Equal options\n"
        "give equal clips.\n"
        "\n",
    .notes = "\n"
             "Examples: s2v-landscapes --count 360 -o landscapes\n"
             "          s2v-landscapes --stills 14400 -o stills\n",
};

static int mistake(const char *what)
{
    fprintf(stderr, "s2v-landscapes: %s\n", what);
    return -1;
}

/* @param extra a plain word, of which there must be none, or NULL */
static int check(const struct options *o, const char *extra)
{
    const int last = o->stills ? o->stills : o->count;

    if (extra) {
        fprintf(stderr,
                "s2v-landscapes: unexpected argument \"%s\"; see --help\n",
                extra);
        return -1;
    }
    if (!o->output && !o->sheet && !o->spectrograms)
        return mistake("no output given; use -o, --sheet or --spectrograms");
    if ((o->stills || o->count) && !o->output)
        return mistake("--count and --stills need a folder; use -o");
    if (o->stills && o->count)
        return mistake("--count is of clips, --stills of pictures: give one");
    if (o->stills && o->format)
        return mistake("--format is of clips: stills are PNG");
    if (o->folders && !o->stills)
        return mistake("--folders is of stills: give --stills N, too");
    if (o->output && strlen(o->output) > NAME - 64)
        return mistake("the output's name is too long");
    if (o->first > 1000000 - last) {
        fprintf(stderr,
                "s2v-landscapes: %d from number %d on: numbers end at "
                "999999\n",
                last, o->first);
        return -1;
    }
    if (o->size % 2) {
        fprintf(stderr,
                "s2v-landscapes: --size: expected an even number, found %d\n",
                o->size);
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

static double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The i-th of the scenes that are chosen, which take turns. */
static enum land_scene scene_of(const struct options *o, int number)
{
    enum land_scene chosen[LAND_SCENES];
    int n = 0;

    for (int i = 0; i < LAND_SCENES; i++)
        if (o->scenes >> i & 1)
            chosen[n++] = (enum land_scene)i;
    return chosen[(number - 1) % n];
}

static struct land_clip_params params_of(const struct options *o, int number)
{
    return (struct land_clip_params){.seed = o->seed,
                                     .scene = scene_of(o, number),
                                     .time = o->time,
                                     .number = number,
                                     .seconds = o->seconds,
                                     .intensity = o->intensity};
}

/* --------------------------------------------------------------- clips -- */

/* Alternates pictures and the sound up to the next one. */
static int render(const struct options *o, const struct land_clip *c,
                  struct land_view *view, const int16_t *sound, size_t samples,
                  struct render_output *out)
{
    const size_t each = (size_t)o->rate / LAND_FPS;
    const int frames = land_frames(c);
    size_t done = 0;

    for (int t = 0; t < frames; t++) {
        const size_t left = samples - done;
        const size_t n = t == frames - 1 || left < each ? left : each;
        const uint8_t *pixels =
            land_view_draw(view, (t + 0.5) / LAND_FPS, (t + 1.0) / LAND_FPS);
        if (!pixels)
            return mistake("cairo cannot draw a picture");
        if (render_output_picture(out, pixels, 4 * o->size) < 0 ||
            render_output_sound(out, sound + done, n) < 0)
            return -1;
        done += n;
    }
    return 0;
}

static int write_film(const struct options *o, const char *path,
                      const struct land_clip *clip, const int16_t *sound,
                      size_t samples)
{
    const bool seen = !o->format || strcmp(o->format, "wav") != 0;
    const struct render_format format = {.program = program.name,
                                         .size = seen ? o->size : 0,
                                         .fps_num = LAND_FPS,
                                         .fps_den = 1,
                                         .rate = o->rate,
                                         .channels = 1};
    struct land_view *view = seen ? land_view_new(clip, o->size) : NULL;
    struct render_output *out = NULL;
    int ret = -1;

    if (seen && !view)
        return mistake("not enough memory");
    out = render_output_open(path, &format);
    if (out)
        ret = seen ? render(o, clip, view, sound, samples, out)
                   : render_output_sound(out, sound, samples);
    if (!ret)
        ret = render_output_finish(&out);
    render_output_free(&out);
    land_view_free(&view);
    return ret;
}

/* The film and its truth. */
static int write_clip(const struct options *o, const struct land_clip *clip,
                      const int16_t *sound, size_t samples)
{
    char name[64], path[NAME], ending[8];

    snprintf(ending, sizeof(ending), ".%s", o->format ? o->format : "mkv");
    land_file_name(name, sizeof(name), clip->scene, clip->number, ending);
    snprintf(path, sizeof(path), "%s/%s", o->output, name);
    if (write_film(o, path, clip, sound, samples) < 0)
        return -1;
    path[strlen(path) - strlen(ending)] = 0;
    const struct land_truth_params params = {name,    o->seed, o->size,
                                             o->rate, sound,   samples};
    return land_truth_write(path, clip, &params);
}

static int make_clip(const struct options *o, int number)
{
    const double start = seconds_now();
    const struct land_clip_params params = params_of(o, number);
    struct land_clip clip;
    size_t samples;
    char caption[128];

    if (land_clip_make(&clip, &params) < 0)
        return mistake("not enough memory");
    int16_t *sound = land_sound(&clip, LAND_SYNTH / o->rate, &samples);
    const int ret = sound ? write_clip(o, &clip, sound, samples)
                          : mistake("not enough memory");
    const double spent = seconds_now() - start;
    land_caption(caption, sizeof(caption), &clip,
                 land_mean(&clip, clip.intensity));
    if (!ret)
        printf("%s-%04d: %.2f s, %s, rendered in %.2f s (%.3f s a second)\n",
               land_kind(clip.scene)->name, number, clip.seconds, caption,
               spent, spent / clip.seconds);
    free(sound);
    land_clip_free(&clip);
    return ret;
}

/* -------------------------------------------------------------- stills -- */

static int make_still(const struct options *o, int number,
                      struct land_record *record)
{
    const struct land_clip_params params = params_of(o, number);
    struct land_still still;
    char name[64], path[NAME];

    if (land_still_make(&still, &params, o->size) < 0)
        return mistake("not enough memory");
    *record = (struct land_record){.scene = params.scene,
                                   .time = still.time,
                                   .number = number,
                                   .intensity = still.intensity};
    memcpy(record->caption, still.caption, sizeof(record->caption));
    land_still_name(name, sizeof(name), o->folders, params.scene, number);
    snprintf(path, sizeof(path), "%s/%s", o->output, name);
    const int ret = land_write_png(path, still.pixels, o->size, o->size);
    free(still.pixels);
    return ret;
}

static int make_stills(const struct options *o)
{
    const double start = seconds_now();
    struct land_record *records = calloc((size_t)o->stills, sizeof(*records));
    char stem[NAME];
    int ret = records ? 0 : mistake("not enough memory");

    for (int i = 0; i < o->stills && !ret; i++)
        ret = make_still(o, o->first + i, &records[i]);
    snprintf(stem, sizeof(stem), "%s/stills-%04d-%04d", o->output, o->first,
             o->first + o->stills - 1);
    if (!ret)
        ret = land_truth_stills(stem, o->seed, o->size, o->folders, records,
                                o->stills);
    free(records);
    if (!ret)
        printf("%d stills, rendered in %.2f s\n", o->stills,
               seconds_now() - start);
    return ret;
}

static int make_sheets(const struct options *o)
{
    const struct land_sheet sheet = {.seed = o->seed,
                                     .scenes = o->scenes,
                                     .time = o->time,
                                     .intensity = o->intensity,
                                     .seconds = o->seconds,
                                     .size = o->size,
                                     .first = o->first};

    if (o->sheet && land_sheet_stills(o->sheet, &sheet) < 0)
        return -1;
    if (o->spectrograms && land_sheet_spectrograms(o->spectrograms, &sheet) < 0)
        return -1;
    return 0;
}

static int make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    fprintf(stderr, "s2v-landscapes: %s: cannot make the folder: %s\n", path,
            strerror(errno));
    return -1;
}

/* The output's, and those of its scenes. */
static int make_folders(const struct options *o)
{
    char path[NAME];
    int ret = make_folder(o->output);

    for (int i = 0; i < LAND_SCENES && o->folders && !ret; i++) {
        snprintf(path, sizeof(path), "%s/%s", o->output,
                 land_kind((enum land_scene)i)->name);
        if (o->scenes >> i & 1)
            ret = make_folder(path);
    }
    return ret;
}

static int run(const struct options *o)
{
    int count = o->count;

    if (make_sheets(o) < 0)
        return -1;
    if (!o->output)
        return 0;
    if (make_folders(o) < 0)
        return -1;
    if (o->stills)
        return make_stills(o);
    for (int i = 0; i < LAND_SCENES && !o->count; i++)
        count += o->scenes >> i & 1;
    for (int i = 0; i < count; i++)
        if (make_clip(o, o->first + i) < 0)
            return -1;
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {.size = 128,
                        .seconds = 10,
                        .seed = 1,
                        .first = 1,
                        .rate = 16000,
                        .time = LAND_ANY_TIME,
                        .intensity = -1,
                        .scenes = (1u << LAND_SCENES) - 1};
    const int status = parse(&o, argv);

    (void)argc;
    if (status >= 0)
        return status;
    return run(&o) < 0 ? 1 : 0;
}
