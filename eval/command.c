/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of s2v-eval: one table holds every option. */
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <glib.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"

typedef enum option_kind {
    KIND_REAL, /* double from 0 to max, below it if `open` */
    KIND_INT,  /* int from 0 to max */
    KIND_SEED,
    KIND_TEXT, /* char *, not empty */
    KIND_LIST, /* char **, one more each time */
    KIND_CROP,
    KIND_REGION,
    KIND_ON,
    KIND_HELP,
    KIND_VERSION,
} option_kind;

typedef struct option_entry {
    const char *name;
    char letter; /* 0: none */
    option_kind kind;
    size_t offset;
    const char *argument; /* NULL: takes no value */
    double max;
    bool open;
    enum { BOTH, PICTURES, SOUND } of; /* the models that take it */
} option_entry;

#define AT(member) offsetof(s2vi_eval_options, member)

/* clang-format off */
static const option_entry table[] = {
    {"made", .kind = KIND_TEXT, AT(made), "MADE", .of = PICTURES},
    {"size", .kind = KIND_INT, AT(size), "N", .max = 4096, .of = PICTURES},
    {"split", .kind = KIND_REAL, AT(split), "PART", .max = 1, .open = true, .of = PICTURES},
    {"train-clip", .kind = KIND_LIST, AT(train_clips), "CLIP", .of = PICTURES},
    {"train", .kind = KIND_LIST, AT(train_lists), "FOLDER|LIST", .of = PICTURES},
    {"start", .kind = KIND_REAL, AT(start), "SECONDS", .max = 1e6, .of = PICTURES},
    {"duration", .kind = KIND_REAL, AT(duration), "SECONDS", .max = 1e6, .of = PICTURES},
    {"crop", .kind = KIND_CROP, .argument = "X,Y,W,H", .of = PICTURES},
    {"track", .kind = KIND_INT, AT(track), "N", .max = 999},
    {"skip-bad", .kind = KIND_ON, AT(skip_bad)},
    {"limit", .kind = KIND_REAL, AT(limit), "SECONDS", .max = 1e6, .of = PICTURES},
    {"shift", .kind = KIND_REAL, AT(shift), "SECONDS", .max = 1e6, .of = PICTURES},
    {"region", .kind = KIND_REGION, .argument = "X,Y,W,H", .of = PICTURES},
    {"sheet", .kind = KIND_TEXT, AT(sheet), "FILE.png"},
    {"perceptual", .kind = KIND_TEXT, AT(perceptual), "FILE", .of = PICTURES},
    {"lpips", .kind = KIND_TEXT, AT(lpips), "FILE", .of = PICTURES},
    {"sounds", .kind = KIND_LIST, AT(sounds), "FOLDER", .of = PICTURES},
    {"level", .kind = KIND_TEXT, AT(level), "LEVEL", .of = PICTURES},
    {"reference", .kind = KIND_TEXT, AT(reference), "FILE", .of = SOUND},
    {"wavs", .kind = KIND_TEXT, AT(wavs), "FOLDER", .of = SOUND},
    {"json", 'j', .kind = KIND_ON, AT(json)},
    {"seed", .kind = KIND_SEED, .argument = "N"},
    {"device", .kind = KIND_TEXT, AT(device), "NAME"},
    {"threads", .kind = KIND_INT, AT(threads), "N", .max = 1024},
    {"quiet", 'q', .kind = KIND_ON, AT(quiet)},
    {"help", 'h', .kind = KIND_HELP},
    {"version", 'V', .kind = KIND_VERSION},
};
/* clang-format on */

#define N_ENTRIES ((int)G_N_ELEMENTS(table))

static const char help[] =
    "Usage: s2v-eval MODEL CLIP... [options]\n"
    "       s2v-eval --made MADE CLIP [options]\n"
    "Measure how near a model's frames come to the real ones of clips: the\n"
    "model hears each clip's sound, and makes the picture again. A folder\n"
    "stands for its files. Or how near one video comes to another.\n"
    "Of a model that makes sound for pictures: whether its sound comes when "
    "it\n"
    "should, with the timbre of another clip's sound, and how near it is to "
    "the\n"
    "real one with its own. The truth of s2v-impacts beside the clips (.json)\n"
    "is taken where it is. A model without sight is measured on feature sets.\n"
    "\n"
    "Another video instead of a model's:\n"
    "  --made MADE           the video, with sound, to measure against CLIP; "
    "all\n"
    "                        of it unless --split says less\n"
    "  --size N              side of the frames in which both are compared\n"
    "                        (default 128)\n"
    "\n"
    "What was trained on, and is not measured:\n"
    "  --split PART          the first part of all frames, clip after clip, "
    "as\n"
    "                        s2v-train --split; heard, not counted; 0: "
    "measure\n"
    "                        everything (default 0.8, with --train 0)\n"
    "  --train FOLDER|LIST   other clips: those of a folder, or of a text "
    "file\n"
    "                        with one name a line; may be repeated\n"
    "  --train-clip CLIP     another clip; may be repeated\n"
    "\n"
    "Clips, to be given as for s2v-train:\n"
    "  --start SECONDS       leave out the beginning of each clip\n"
    "  --duration SECONDS    use at most so much of each clip (default all)\n"
    "  --crop X,Y,W,H        the part of the picture (default: the largest\n"
    "                        centred square)\n"
    "  --track N             which sound track, from 0, as ffmpeg's a:N "
    "(default:\n"
    "                        the one that ffmpeg takes)\n"
    "  --skip-bad            leave out clips that do not decode, are silent, "
    "cut\n"
    "                        short or damaged, and list them at the end\n"
    "\n"
    "What to measure:\n"
    "  --shift SECONDS       measure with wrong sound as well: late by so "
    "much,\n"
    "                        its end heard first; for several clips too short\n"
    "                        for that, the next clip's; 0: do not (default 5)\n"
    "  --region X,Y,W,H      correlate the brightness of this part of the "
    "frame\n"
    "                        over time, made with real: fractions of the "
    "frame\n"
    "                        (all at most 1) or pixels of the model's frame\n"
    "  --perceptual FILE     an image network (safetensors: VGG16, VGG19 or\n"
    "                        SqueezeNet 1.1, torchvision's names): measure "
    "the\n"
    "                        Frechet distance of its last features as well\n"
    "  --lpips FILE          LPIPS 0.1's heads for it: measure LPIPS as well\n"
    "  --sounds FOLDER       make frames from foreign sounds, too: how many "
    "look\n"
    "                        like no real frame, how much they move, and with\n"
    "                        --perceptual the Frechet distance; a folder or a\n"
    "                        file; may be repeated\n"
    "  --level LEVEL         loudness of the sound: auto (the model's), off or "
    "a\n"
    "                        gain in dB (default auto)\n"
    "  --limit SECONDS       measure at most so much of each clip\n"
    "\n"
    "Models that make sound for pictures:\n"
    "  --reference FILE      the foreign timbre for all clips (default: the "
    "next\n"
    "                        clip's, of other materials where they are "
    "known)\n"
    "  --wavs FOLDER         write what is made: CLIP.own.wav, "
    "CLIP.foreign.wav\n"
    "Of the other options they take --track, --skip-bad and those below.\n"
    "\n"
    "What to write:\n"
    "  -j, --json            one JSON object instead of the table\n"
    "  --sheet FILE.png      real frames over made ones over their difference; "
    "of\n"
    "                        sound, spectrograms: real, own, foreign\n"
    "\n"
    "Running:\n"
    "  --seed N              of the model's noise (default 0)\n"
    "  --device NAME         auto, cpu, ref, cuda or cuda:N (default auto)\n"
    "  --threads N           CPU threads; 0: one for each processor\n"
    "  -q, --quiet           no progress, errors only\n"
    "  -h, --help            print this and stop\n"
    "  -V, --version         print the version and stop\n"
    "\n"
    "SSIM: Gaussian window of 11 x 11, sigma 1.5, mean over R, G and B, then\n"
    "over frames; after it the standard deviation over batches of 32 frames.\n"
    "PSNR: from the mean squared error over all frames. A pixel moves if a\n"
    "channel's standard deviation over the training part exceeds 0.05 of the\n"
    "range; all its channels then count.\n"
    "Onsets: F1 at 50 ms. MCD: mel-cepstral distortion, coefficients 1 to 13.\n"
    "Timbre: cosine of the mel's mean and deviation over what sounds.\n"
    "\n"
    "Exit status: 0; 1 if something could not be measured; 2 for a mistake on\n"
    "the command line.\n"
    "\n"
    "Examples:\n"
    "  s2v-eval quintet.bin quintet.mkv --sheet quintet.png\n"
    "  s2v-eval face.bin val/ --train train/ --region 0.25,0.6,0.5,0.3\n"
    "  s2v-eval dancer.bin dancer.mp4 --sounds esc10/ --perceptual \\\n"
    "      squeezenet1.1.safetensors --lpips lpips_squeeze.safetensors\n"
    "  s2v-impacts --count 20 --seed 9000 --sound any -o held-out\n"
    "  s2v-eval foley.bin held-out/ --sheet foley.png --wavs made\n"
    "  s2v-eval --json quintet.bin quintet.mkv | jq .results.right.psnr\n";

/* ------------------------------------------------------------ values -- */

static int refuse(s2v_error *err, const option_entry *e, const char *expected,
                  const char *found)
{
    return s2vi_error(err, S2V_ERR_INVALID, "--%s: expected %s, found '%s'",
                      e->name, expected, found);
}

static bool parse_real(const char *text, double *out)
{
    char *end;
    *out = g_ascii_strtod(text, &end); /* a point in every locale */
    return end != text && !*end && !g_ascii_isspace(*text) && isfinite(*out);
}

static int set_number(s2vi_eval_options *o, const option_entry *e,
                      const char *text, s2v_error *err)
{
    void *to = (char *)o + e->offset;
    double v;
    bool good = parse_real(text, &v) && v >= 0 &&
                (e->open ? v < e->max : v <= e->max) &&
                (e->kind == KIND_REAL || v == floor(v));
    if (!good) {
        char *expected = g_strdup_printf("a %snumber of at least 0 and %s %g",
                                         e->kind == KIND_INT ? "whole " : "",
                                         e->open ? "below" : "at most", e->max);
        int ret = refuse(err, e, expected, text);
        g_free(expected);
        return ret;
    }
    if (e->kind == KIND_INT)
        *(int *)to = (int)v;
    else
        *(double *)to = v;
    return S2V_OK;
}

static int set_seed(s2vi_eval_options *o, const option_entry *e,
                    const char *text, s2v_error *err)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (!g_ascii_isdigit(*text) || errno || *end) /* it takes a sign */
        return refuse(err, e, "a whole number from 0 to 18446744073709551615",
                      text);
    o->seed = value;
    return S2V_OK;
}

/* Four numbers with commas between. */
static bool parse_rectangle(const char *text, double *out)
{
    char **words = g_strsplit(text, ",", -1);
    bool good = g_strv_length(words) == 4;
    for (int i = 0; i < 4 && good; i++)
        good = parse_real(words[i], &out[i]) && out[i] >= 0 && out[i] <= 65535;
    g_strfreev(words);
    return good && out[2] > 0 && out[3] > 0;
}

static bool are_whole(const double *v)
{
    bool whole = true;
    for (int i = 0; i < 4; i++)
        whole = whole && v[i] == floor(v[i]);
    return whole;
}

static int set_crop(s2vi_eval_options *o, const option_entry *e,
                    const char *text, s2v_error *err)
{
    double v[4];
    if (!parse_rectangle(text, v) || !are_whole(v))
        return refuse(err, e, "X,Y,WIDTH,HEIGHT in whole pixels, 0 to 65535",
                      text);
    for (int i = 0; i < 4; i++)
        o->crop[i] = (int)v[i];
    return S2V_OK;
}

static int set_region(s2vi_eval_options *o, const option_entry *e,
                      const char *text, s2v_error *err)
{
    double *v = o->region;
    bool good = parse_rectangle(text, v);
    o->fractions = good && v[0] <= 1 && v[1] <= 1 && v[2] <= 1 && v[3] <= 1;
    return good && (o->fractions || are_whole(v))
               ? S2V_OK
               : refuse(err, e,
                        "X,Y,WIDTH,HEIGHT, all in fractions up to 1 or all in "
                        "whole pixels",
                        text);
}

static void append(char ***list, const char *text)
{
    guint n = g_strv_length(*list);
    *list = g_renew(char *, *list, n + 2);
    (*list)[n] = g_strdup(text);
    (*list)[n + 1] = NULL;
}

static int set(s2vi_eval_options *o, const option_entry *e, const char *text,
               s2v_error *err)
{
    void *to = (char *)o + e->offset;
    if (e->argument && !*text)
        return refuse(err, e, e->argument, text);
    switch (e->kind) {
    case KIND_REAL:
    case KIND_INT: return set_number(o, e, text, err);
    case KIND_SEED: return set_seed(o, e, text, err);
    case KIND_CROP: return set_crop(o, e, text, err);
    case KIND_REGION: return set_region(o, e, text, err);
    case KIND_TEXT:
        g_free(*(char **)to);
        *(char **)to = g_strdup(text);
        break;
    case KIND_LIST: append(to, text); break;
    case KIND_ON: *(bool *)to = true; break;
    case KIND_HELP: o->action = S2VI_EVAL_HELP; break;
    case KIND_VERSION: o->action = S2VI_EVAL_VERSION; break;
    }
    return S2V_OK;
}

/* ----------------------------------------------------- the command line -- */

/* What getopt_long() returns for an option: out of the letters' way. */
#define CODE(i) (256 + (i))

static int entry_of(int code)
{
    for (int i = 0; i < N_ENTRIES; i++)
        if (code == CODE(i) || (code && code == table[i].letter))
            return i;
    return -1;
}

static int bad_word(int code, const char *word, s2v_error *err)
{
    int i = entry_of(optopt);
    if (code == ':' && i >= 0)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--%s: expected a value (%s), found none",
                          table[i].name, table[i].argument);
    if (i >= 0)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--%s: expected no value, found '%s'", table[i].name,
                          word);
    if (optopt && strncmp(word, "--", 2))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "unknown option '-%c': s2v-eval --help lists them",
                          optopt);
    s2vi_nearest nearest = s2vi_nearest_to_option(word);
    for (i = 0; i < N_ENTRIES; i++)
        s2vi_nearest_try(&nearest, table[i].name);
    return s2vi_error(err, S2V_ERR_INVALID,
                      "unknown or ambiguous option '%s': %s%s%ss2v-eval --help "
                      "lists them",
                      word, *nearest.best ? "did you mean --" : "",
                      nearest.best, *nearest.best ? "? " : "");
}

static void take_word(s2vi_eval_options *o, const char *word)
{
    if (!o->model)
        o->model = g_strdup(word);
    else
        append(&o->clips, word);
}

/* @param split set if the option is given */
static int read_words(s2vi_eval_options *o, int argc, char *const *argv,
                      bool *split, s2v_error *err)
{
    struct option list[N_ENTRIES + 1];
    int ret = S2V_OK, code;
    for (int i = 0; i < N_ENTRIES; i++)
        list[i] = (struct option){
            table[i].name, table[i].argument ? required_argument : no_argument,
            NULL, CODE(i)};
    list[N_ENTRIES] = (struct option){0};
    optind = 0; /* start anew, also when called twice */
    opterr = 0;
    /* '-': plain words come in their place; ':': a missing value is told from
     * an unknown option. */
    while (!ret &&
           (code = getopt_long(argc, argv, "-:jqhV", list, NULL)) != -1) {
        int i = entry_of(code);
        if (code == 1)
            take_word(o, optarg);
        else if (i < 0)
            ret = bad_word(code, argv[optind > 1 ? optind - 1 : 1], err);
        else
            ret = set(o, &table[i], optarg, err);
        if (i >= 0 && table[i].of == PICTURES)
            o->picture_option = table[i].name;
        if (i >= 0 && table[i].of == SOUND)
            o->sound_option = table[i].name;
        *split = *split || (i >= 0 && table[i].offset == AT(split) &&
                            table[i].kind == KIND_REAL);
    }
    while (!ret && optind < argc) /* after "--" */
        take_word(o, argv[optind++]);
    return ret;
}

/* Two videos: all words are clips, of which there is one. */
static int check_made(s2vi_eval_options *o, bool split, s2v_error *err)
{
    if (!o->model || *o->clips)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--made: expected one clip to measure it against, "
                          "found %s",
                          o->model ? "several" : "none");
    append(&o->clips, o->model);
    g_free(o->model);
    o->model = NULL;
    if (*o->sounds)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--sounds: expected a model to hear them, found "
                          "--made");
    if (o->size < 16)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--size: expected 16 to 4096 pixels, found %d",
                          o->size);
    if (!split)
        o->split = 0;
    o->shift = 0;
    return S2V_OK;
}

static int check_all(s2vi_eval_options *o, bool split, s2v_error *err)
{
    bool others = *o->train_clips || *o->train_lists;
    if (others && split && o->split > 0)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--split and --train: expected one of the two, found "
                          "both");
    if (others)
        o->split = 0;
    if (o->lpips && !o->perceptual)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--lpips: expected --perceptual with its network as "
                          "well, found none");
    if (o->made)
        return check_made(o, split, err);
    if (!o->model || !*o->clips)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "expected a weight file and clips to measure it on "
                          "(MODEL CLIP...), found %s",
                          o->model ? "no clip" : "neither");
    return S2V_OK;
}

int s2vi_eval_options_parse(s2vi_eval_options *o, int argc, char *const *argv,
                            s2v_error *err)
{
    bool split = false;
    *o =
        (s2vi_eval_options){.split = 0.8, .shift = 5, .size = 128, .track = -1};
    o->clips = g_new0(char *, 1);
    o->sounds = g_new0(char *, 1);
    o->train_clips = g_new0(char *, 1);
    o->train_lists = g_new0(char *, 1);
    int ret = read_words(o, argc, argv, &split, err);
    if (!ret && o->action == S2VI_EVAL_RUN)
        ret = check_all(o, split, err);
    if (ret < 0)
        s2vi_eval_options_free(o);
    return ret;
}

static int pixel(double v)
{
    return (int)(v + 0.5);
}

int s2vi_eval_options_region(const s2vi_eval_options *o, int size,
                             s2vi_eval_region *region, s2v_error *err)
{
    const double *v = o->region, unit = o->fractions ? size : 1;
    *region = (s2vi_eval_region){0};
    if (!(v[2] > 0))
        return S2V_OK;
    int x = pixel(v[0] * unit), y = pixel(v[1] * unit);
    int right = pixel((v[0] + v[2]) * unit),
        bottom = pixel((v[1] + v[3]) * unit);
    if (right > size || bottom > size || right == x || bottom == y)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--region: expected a part of the model's %dx%d "
                          "frame, found %g,%g,%g,%g, which is columns %d to %d "
                          "and rows %d to %d",
                          size, size, v[0], v[1], v[2], v[3], x, right - 1, y,
                          bottom - 1);
    *region = (s2vi_eval_region){x, y, right - x, bottom - y};
    return S2V_OK;
}

void s2vi_eval_options_print_help(FILE *out)
{
    fputs(help, out);
}

void s2vi_eval_options_free(s2vi_eval_options *o)
{
    g_free(o->model);
    g_free(o->made);
    g_free(o->device);
    g_free(o->sheet);
    g_free(o->perceptual);
    g_free(o->lpips);
    g_free(o->reference);
    g_free(o->wavs);
    g_strfreev(o->sounds);
    g_free(o->level);
    g_strfreev(o->clips);
    g_strfreev(o->train_clips);
    g_strfreev(o->train_lists);
    *o = (s2vi_eval_options){0};
}
