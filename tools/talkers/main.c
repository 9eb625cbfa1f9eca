/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-talkers: renders clips of talking heads, with the truth about every frame
 * beside each. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "clip.h"
#include "option/option.h"
#include "output.h"
#include "picture.h"
#include "sheet.h"
#include "truth.h"

enum { NAME = 3800 }; /* bytes of a folder's path */

/* Identities from..to. */
struct range {
    int from, to;
};

struct options {
    const char *output, *sheet, *visemes, *format;
    struct range identities;
    int size;
    double seconds, motion;
    bool held_out;
    uint64_t seed;
};

/* A number, or two with a dash between. */
static bool parse_range(void *to, const option_row *row, const char *text)
{
    struct range r;
    int used = 0;

    if (sscanf(text, "%7d-%7d%n", &r.from, &r.to, &used) != 2 || text[used]) {
        used = 0;
        if (sscanf(text, "%7d%n", &r.from, &used) != 1 || text[used])
            return false;
        r.to = r.from;
    }
    if (r.from < row->min || r.to > row->max || r.to < r.from)
        return false;
    *(struct range *)to = r;
    return true;
}

#define AT(member) offsetof(struct options, member)

static const option_row rows[] = {
    {"output", 'o', OPTION_STRING, AT(output), "FOLDER",
     .help = "where to write, for each identity N, N.mkv (FFV1 and FLAC, "
             "lossless), N.safetensors and N.json"},
    {"identities", 'i', OPTION_PARSED, AT(identities), "A-B", 1, 999999,
     .parse = parse_range, .expected = "N or A-B, from 1 to 999999, A <= B",
     .help = "identities, one clip for each (default 1)"},
    {"size", 's', OPTION_INT, AT(size), "SIZE", 32, 1024,
     .help = "width and height in pixels, even, 32 to 1024 (default 256)"},
    {"seconds", 'd', OPTION_NUMBER, AT(seconds), "SEC", 1, 600,
     .help = "length of a clip, 1 to 600 (default 7)"},
    {"seed", 0, OPTION_SEED, AT(seed), "N",
     .help = "seed of the identities and their speech (default 1)"},
    {"held-out", 0, OPTION_ON, AT(held_out),
     .help = "use words and voice settings that no clip without this "
             "option has"},
    {"motion", 0, OPTION_NUMBER, AT(motion), "PART", 0, 1,
     .help = "how much head, gaze and brows move, 0 to 1; at 0, only the "
             "mouth moves, and the lids blink (default 1)"},
    {"format", 0, OPTION_WORD, AT(format), "FORMAT", .choices = "mkv|mp4|wav",
     .help = "mkv, mp4 (MPEG-4 and AAC) or wav, the sound alone (default mkv)"},
    {"sheet", 0, OPTION_STRING, AT(sheet), "FILE", .ending = ".png",
     .help = "write a PNG of 64 identities, from A on; with -o, before the "
             "clips"},
    {"visemes", 0, OPTION_STRING, AT(visemes), "FILE", .ending = ".png",
     .help = "write a PNG of the mouth shapes of identity A, likewise"},
    {"help", 'h', OPTION_HELP, .help = "print this help and exit"},
    {"version", 'V', OPTION_VERSION, .help = "print the version and exit"},
};

static const option_program program = {
    .name = "s2v-talkers",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .column = 22,
    .usage = "Usage: s2v-talkers [OPTION]... -o FOLDER\n"
             "       s2v-talkers [OPTION]... --sheet FILE\n"
             "\n"
             "Renders talking heads: faces of no real person, speech by flite, "
             "and beside each\n"
             "clip its truth: landmarks, phonemes, blinks, head pose and exact "
             "optical flow.\n"
             "Equal options give equal clips.\n"
             "\n",
    .notes = "\n"
             "Example: s2v-talkers --identities 1-300 -o talkers\n",
};

static int mistake(const char *what)
{
    fprintf(stderr, "s2v-talkers: %s\n", what);
    return -1;
}

/* @param extra a plain word, of which there must be none, or NULL */
static int check(const struct options *o, const char *extra)
{
    if (extra) {
        fprintf(stderr, "s2v-talkers: unexpected argument \"%s\"; see --help\n",
                extra);
        return -1;
    }
    if (!o->output && !o->sheet && !o->visemes)
        return mistake("no output given; use -o, --sheet or --visemes");
    if (o->output && strlen(o->output) > NAME - 64)
        return mistake("the output's name is too long");
    if (o->size % 2) {
        fprintf(stderr,
                "s2v-talkers: --size: expected an even number, found %d\n",
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

/* ----------------------------------------------------------- rendering -- */

/* Alternates pictures and the sound up to the next one. */
static int render(const struct talkers_clip *c, struct talkers_picture *picture,
                  struct render_output *out)
{
    const struct talkers_speech *s = &c->speech;
    const size_t each = TALKERS_RATE / TALKERS_FPS;
    size_t done = 0;

    for (int t = 0; t < c->frames; t++) {
        const size_t left = s->samples - done;
        const size_t n = t == c->frames - 1 || left < each ? left : each;
        const uint8_t *pixels =
            talkers_picture_draw(picture, &c->states[t], (uint64_t)t);
        if (!pixels)
            return mistake("cairo cannot draw a picture");
        const int stride = 4 * talkers_picture_size(picture);
        if (render_output_picture(out, pixels, stride) < 0 ||
            render_output_sound(out, s->sound + done, n) < 0)
            return -1;
        done += n;
    }
    return 0;
}

static int write_film(const struct options *o, const char *path,
                      const struct talkers_clip *clip,
                      struct talkers_picture *picture)
{
    const bool seen = !o->format || strcmp(o->format, "wav") != 0;
    const struct render_format format = {.program = program.name,
                                         .size = seen ? o->size : 0,
                                         .fps_num = TALKERS_FPS,
                                         .fps_den = 1,
                                         .rate = TALKERS_RATE,
                                         .channels = 1};
    struct render_output *out = render_output_open(path, &format);
    int ret;

    if (!out)
        return -1;
    ret = seen ? render(clip, picture, out)
               : render_output_sound(out, clip->speech.sound,
                                     clip->speech.samples);
    if (!ret)
        ret = render_output_finish(&out);
    render_output_free(&out);
    return ret;
}

static double seconds_now(void)
{
    struct timespec t;

    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The film and its truth. */
static int write_clip(const struct options *o, int number,
                      const struct talkers_clip *clip,
                      struct talkers_picture *picture,
                      const struct talkers_face *face)
{
    char path[NAME], *stem = path;
    const int n = snprintf(path, sizeof(path), "%s/%04d", o->output, number);

    snprintf(path + n, sizeof(path) - (size_t)n, ".%s",
             o->format ? o->format : "mkv");
    if (write_film(o, path, clip, picture) < 0)
        return -1;
    const char *slash = strrchr(path, '/');
    char name[32];
    snprintf(name, sizeof(name), "%s", slash + 1);
    stem[n] = 0;
    const struct talkers_truth_params params = {name, o->seed, o->size,
                                                o->held_out, o->motion};
    return talkers_truth_write(stem, clip, face, &params);
}

static int make_clip(const struct options *o, int number)
{
    const double start = seconds_now();
    struct talkers_identity id;
    struct talkers_clip clip;
    struct talkers_face *face = malloc(sizeof(*face));
    struct talkers_picture *picture = NULL;
    int ret = -1;

    talkers_identity_draw(&id, o->seed, number);
    if (!face || talkers_clip_make(&clip, &id, o->seconds, o->held_out) < 0) {
        free(face);
        return mistake("not enough memory");
    }
    if (o->motion < 1)
        talkers_clip_calm(&clip, o->motion);
    picture = talkers_picture_new(&id, o->size, face);
    if (picture) {
        talkers_face_frame_view(face, &clip.states[0]);
        ret = write_clip(o, number, &clip, picture, face);
    } else {
        mistake("not enough memory");
    }
    if (!ret)
        printf("%04d: %.2f s, %s, rendered in %.2f s\n", number, clip.seconds,
               clip.speech.voice, seconds_now() - start);
    talkers_picture_free(&picture);
    talkers_clip_free(&clip);
    free(face);
    return ret;
}

static int run(const struct options *o)
{
    if (o->sheet && talkers_sheet(o->sheet, o->seed, o->identities.from,
                                  o->size, o->held_out) < 0)
        return -1;
    if (o->visemes && talkers_sheet_visemes(o->visemes, o->seed,
                                            o->identities.from, o->size) < 0)
        return -1;
    if (!o->output)
        return 0;
    if (mkdir(o->output, 0777) < 0 && errno != EEXIST) {
        fprintf(stderr, "s2v-talkers: %s: cannot make the folder: %s\n",
                o->output, strerror(errno));
        return -1;
    }
    for (int i = o->identities.from; i <= o->identities.to; i++)
        if (make_clip(o, i) < 0)
            return -1;
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {.size = 256,
                        .seconds = 7,
                        .motion = 1,
                        .seed = 1,
                        .identities = {1, 1}};
    const int status = parse(&o, argv);

    (void)argc;
    if (status >= 0)
        return status;
    return run(&o) < 0 ? 1 : 0;
}
