/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of s2v-train.
 *
 * One table holds every option: its word, its kind and limits, where it goes
 * and what the help says. The command line, the configuration file and --help
 * all come from it, so that they cannot disagree. getopt_long() only splits
 * the words: GLib's parser has no limits, choices or configuration files.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "adversarial.h"
#include "base/error.h"
#include "base/nearest.h"

#define HELP_COLUMN 26
#define HELP_WIDTH  79

typedef enum option_kind {
    KIND_INT,    /* int in [min, max] */
    KIND_COUNT,  /* int64_t in [min, max] */
    KIND_SEED,   /* uint64_t */
    KIND_REAL,   /* double in [min, max], or (min, max] if `above` */
    KIND_CHOICE, /* an int-sized enum: the index in `choices` */
    KIND_SIZE,   /* int that is one of `choices` */
    KIND_PATH,   /* char *, not empty */
    KIND_TEXT,   /* char *, UTF-8 */
    KIND_DEVICE, /* char * */
    KIND_CROP,   /* int[4] */
    KIND_PERIOD, /* iterations or minutes */
    KIND_ON,     /* bool: set */
    KIND_OFF,    /* bool: cleared */
    KIND_CONFIG, /* a file of options; not in a file itself */
    KIND_HELP,   /* these two end the parsing */
    KIND_VERSION,
} option_kind;

/* Which models an option belongs to. */
enum {
    LAM = 1 << S2VI_TRAIN_LISTEN_AND_MOVE,
    VS = 1 << S2VI_TRAIN_VARIETYSOUND,
    HG = 1 << S2VI_TRAIN_HIFIGAN,
    ALL = LAM | VS | HG,
};

/* A name may come more than once, for other models each time. */
typedef struct option_entry {
    int models;
    const char *name;
    char letter; /* 0: none */
    option_kind kind;
    size_t offset;
    const char *argument; /* placeholder in the help; NULL: takes no value */
    double min, max;
    bool above;          /* `min` itself is not allowed */
    const char *choices; /* separated by '|' */
    const char *help;
} option_entry;

#define AT(member) offsetof(s2vi_train_options, member)
#define GROUP(mask, title)                                                     \
    {                                                                          \
        .models = mask, .help = title                                          \
    }

/* clang-format off */
static const option_entry table[] = {
GROUP(ALL, "What to learn from"),
{LAM, "size", 0, KIND_SIZE, AT(size), "N", .choices = "64|128|256",
    .help = "side of the square frames, pixels: 64, 128 or 256"},
{LAM, "crop", 0, KIND_CROP, AT(crop), "X,Y,W,H",
    .help = "the part of the picture to learn, in its own pixels, scaled to "
            "N x N (default: the largest centred square)"},
{LAM | VS, "start", 0, KIND_REAL, AT(start), "SECONDS", 0, 1e6,
    .help = "leave out the beginning of each clip"},
{LAM | VS, "duration", 0, KIND_REAL, AT(duration), "SECONDS", 0, 1e6, .above = true,
    .help = "use at most so much of each clip (default: all)"},
{ALL, "track", 0, KIND_INT, AT(track), "N", 0, 999,
    .help = "which sound track of each clip, from 0, as ffmpeg's a:N (default: "
            "the one that ffmpeg takes)"},
{ALL, "skip-bad", 0, KIND_ON, AT(skip_bad),
    .help = "leave out clips that do not decode, are silent, cut short or "
            "damaged, and list them at the end"},
{VS, "size", 0, KIND_SIZE, AT(size), "N", .choices = "16|32|64|128",
    .help = "side of the square pictures that sight sees, pixels"},
{VS, "crop", 0, KIND_CROP, AT(crop), "X,Y,W,H",
    .help = "the part of the picture to look at, in its own pixels, scaled to "
            "N x N (default: all of it, as when sound is made)"},
{ALL, "split", 0, KIND_REAL, AT(split), "PART", 0, 1, .above = true,
    .help = "train on this first part in time; the rest measures how well "
            "it does on sound it never heard"},
GROUP(ALL, "Training"),
{LAM, "iterations", 0, KIND_COUNT, AT(iterations), "N", 1, 1e12,
    .help = "iterations in all; with --resume, those done before count "
            "(default 50000, at size 256 100000)"},
{VS | HG, "iterations", 0, KIND_COUNT, AT(iterations), "N", 1, 1e12,
    .help = "iterations in all; with --resume, those done before count "
            "(default 50000)"},
{VS, "sequence", 0, KIND_INT, AT(sequence), "T", 64, 4096,
    .help = "columns of mel in a window, 86.13 a second; a multiple of 16. The "
            "paper's is 860, which is 10 s"},
{HG, "sequence", 0, KIND_INT, AT(sequence), "T", 8, 4096,
    .help = "columns of mel in a piece of sound, 256 samples each"},
{VS, "batch", 0, KIND_INT, AT(batch), "N", 2, 1024,
    .help = "windows an iteration; the paper's 48"},
{HG, "batch", 0, KIND_INT, AT(batch), "N", 1, 1024,
    .help = "pieces of sound an iteration"},
{LAM, "sequence", 0, KIND_INT, AT(sequence), "T", 2, 4096,
    .help = "consecutive frames an iteration, 20 a second"},
{LAM, "stretch", 0, KIND_INT, AT(stretch), "N", 0, 1000000,
    .help = "jump to another place after N sequences: what is learned from one "
            "iteration to the next is then less alike; 0: go through whole "
            "clips"},
{LAM, "rate", 0, KIND_REAL, AT(rate), "X", 0, 1, .above = true,
    .help = "learning rate of Adam"},
{VS, "clear", 0, KIND_REAL, AT(clear), "PART", 0, 1,
    .help = "give so many of the windows no background, as there is none when "
            "sound is made: for clips whose sound rises from silence. The "
            "paper's is 0"},
{VS, "loss", 0, KIND_CHOICE, AT(loss), "KIND", .choices = "l1|l2",
    .help = "how spectrograms are compared: l1 (absolute differences, the "
            "paper's) or l2 (squares: finds out when things sound where most "
            "is silence)"},
{VS, "balance", 0, KIND_ON, AT(balance),
    .help = "count differences over how strong a window's own spectrogram is: "
            "short sounds as much as those that ring"},
{VS | HG, "no-critics", 0, KIND_OFF, AT(critics),
    .help = "without discriminators, by spectrograms alone: softer, in half "
            "the time"},
{VS | HG, "rate", 0, KIND_REAL, AT(rate), "X", 0, 1, .above = true,
    .help = "learning rate of AdamW"},
{VS | HG, "critic-rate", 0, KIND_REAL, AT(critic_rate), "X", 0, 1,
    .above = true, .help = "learning rate of the discriminators"},
{VS | HG, "decay", 0, KIND_REAL, AT(decay), "X", 0, 1,
    .help = "how weights decay, times the rate"},
{ALL, "seed", 0, KIND_SEED, AT(seed), "N",
    .help = "of all randomness: the same seed, the same result"},
{LAM, "perceptual", 0, KIND_PATH, AT(perceptual), "FILE",
    .help = "image network (safetensors: VGG16, VGG19 or SqueezeNet 1.1, "
            "torchvision's names) to compare frames by; without it "
            "multi-scale L1, which learns less detail"},
{LAM, "lpips", 0, KIND_PATH, AT(lpips), "FILE",
    .help = "LPIPS 0.1's heads for that network: with --hold-out-every, the "
            "best is the one of the least LPIPS, which a blur does not win"},
{LAM, "loss", 0, KIND_CHOICE, AT(loss), "KIND", .choices = "l1|l2",
    .help = "without --perceptual: l1 (multi-scale absolute differences) or "
            "l2 (squares: nearer on average, softer to look at)"},
{LAM, "adversarial", 0, KIND_ON, AT(adversarial),
    .help = "train against two discriminators, of frames and of sequences, as "
            "the paper does: sharper, and slower"},
{LAM, "critic-rate", 0, KIND_REAL, AT(critic_rate), "X", 0, 1, .above = true,
    .help = "learning rate of the discriminators"},
{LAM, "alpha", 0, KIND_REAL, AT(alpha), "X", 0, 1e6, .above = true,
    .help = "with --adversarial: how much likeness to the real frames counts "
            "beside deceiving the discriminators"},
{ALL, "average", 0, KIND_REAL, AT(average), "D", 0, 0.99999,
    .help = "write the moving average of the weights, which keeps so much of "
            "itself an iteration, for instance 0.999; 0: the last weights"},
{LAM, "sound-noise", 0, KIND_REAL, AT(sound_noise), "SD", 0, 10,
    .help = "add normal noise of this standard deviation to the sound's "
            "features (logarithms) while training: learns the clip less by "
            "heart, for instance 0.5"},
{LAM, "level-jitter", 0, KIND_REAL, AT(level_jitter), "DB", 0, 40,
    .help = "make each stretch (or each time through a clip) louder or softer "
            "by at most so much: the model learns the music, not its level"},
{LAM, "spectrum-jitter", 0, KIND_REAL, AT(spectrum_jitter), "DB", 0, 40,
    .help = "tilt and bend its spectrum as well, by at most so much at the "
            "lowest and highest frequency: not the timbre, either"},
{LAM, "no-level", 0, KIND_OFF, AT(level),
    .help = "take the sound as loud as it is, in training and later; without "
            "this it is brought to the loudness of all clips together (EBU R "
            "128), and any other sound to the same"},
{ALL, "init", 0, KIND_PATH, AT(init), "FILE",
    .help = "start from the weights of this model instead of random ones"},
{ALL, "resume", 0, KIND_PATH, AT(resume), "FILE",
    .help = "go on from a checkpoint (.ckpt), exactly where it stopped"},
GROUP(LAM, "The model"),
{LAM, "motion", 0, KIND_CHOICE, AT(motion), "KIND", .choices = "dilated|gru",
    .help = "recurrent network: gru, or dilated (residual dilated GRU)"},
{LAM, "prediction", 0, KIND_CHOICE, AT(prediction), "KIND",
    .choices = "dirconvgru|convgru|none",
    .help = "video prediction layer: none, convgru or dirconvgru"},
{LAM, "connection", 0, KIND_CHOICE, AT(connection), "KIND",
    .choices = "residual|skip|none",
    .help = "between the generator's layers: residual, skip or none"},
{LAM, "channels-max", 0, KIND_SIZE, AT(channels_max), "N",
    .choices = "16|32|64|128|256|512",
    .help = "channels of the innermost layers at most: fewer are faster and "
            "learn less"},
{LAM, "no-mfs", 0, KIND_OFF, AT(mfs),
    .help = "no motion from sound: movement from noise alone"},
{LAM, "no-sac", 0, KIND_OFF, AT(sac),
    .help = "no sound as content beside the movement"},
{LAM, "no-acin", 0, KIND_OFF, AT(acin),
    .help = "no audio-conditioned normalisation"},
{LAM, "no-noise", 0, KIND_OFF, AT(noise),
    .help = "no noise planes in the generator's layers"},
GROUP(VS | HG, "The model"),
{VS, "width", 0, KIND_SIZE, AT(width), "N", .choices = "16|32|64|128|256|512",
    .help = "channels of its networks; the paper's 512. Fewer are faster and "
            "learn less"},
{VS, "features", 0, KIND_INT, AT(features), "N", 1, 16384,
    .help = "numbers that sight makes of a picture; of feature sets, their own"},
{VS, "sight-channels", 0, KIND_INT, AT(sight_channels), "N", 1, 256,
    .help = "channels of sight's outermost layer"},
{VS, "vocoder", 0, KIND_PATH, AT(vocoder), "FILE",
    .help = "weights of s2v-train hifigan, to become a part of the result; "
            "without, it makes spectrograms only"},
{HG, "variant", 0, KIND_CHOICE, AT(variant), "V", .choices = "v1|v2|v3",
    .help = "the generator: v1 (best), v2 (narrow) or v3 (fastest)"},
{HG, "divide", 0, KIND_SIZE, AT(divide), "N", .choices = "1|2|4|8",
    .help = "take the discriminators' channels by so many fewer, for small "
            "machines"},
GROUP(ALL, "What to write"),
{VS, "output", 'o', KIND_PATH, AT(output), "FILE",
    .help = "the weight file (needed)"},
{HG, "output", 'o', KIND_PATH, AT(output), "FILE",
    .help = "the weight file, for s2v-train varietysound --vocoder (needed)"},
{VS | HG, "preview", 0, KIND_PATH, AT(preview), "FILE.png",
    .help = "mel spectrograms to look at while it learns, real ones above, "
            "made ones below; and FILE.wav to hear, if there is a vocoder"},
{VS | HG, "hold-out-every", 0, KIND_COUNT, AT(hold_out_every), "N", 1, 1e12,
    .help = "make what is held out (--split) every N iterations: the weight "
            "file is then the best so far by its mel's distance"},
{LAM, "output", 'o', KIND_PATH, AT(output), "FILE",
    .help = "the weight file, for s2v=model=FILE (needed)"},
{ALL, "checkpoint-every", 0, KIND_PERIOD, 0, "N",
    .help = "save to FILE and FILE.ckpt every N iterations, or every so many "
            "minutes: 10m (default 1000)"},
{LAM, "preview", 0, KIND_PATH, AT(preview), "FILE.png",
    .help = "a picture to look at while it learns: real frames above, "
            "generated ones below"},
{ALL, "preview-every", 0, KIND_COUNT, AT(preview_every), "N", 1, 1e12,
    .help = "iterations between previews"},
{ALL, "curves", 0, KIND_PATH, AT(curves), "FILE.csv",
    .help = "write every iteration's losses, and plot them as FILE.png"},
{LAM, "hold-out-every", 0, KIND_COUNT, AT(hold_out_every), "N", 1, 1e12,
    .help = "make the frames that are held out (--split) every N iterations: "
            "the weight file is then the best so far by their SSIM, or LPIPS "
            "(--lpips)"},
{ALL, "title", 0, KIND_TEXT, AT(title), "TEXT",
    .help = "what the model shows, for its weight file"},
{ALL, "license", 0, KIND_TEXT, AT(license), "TEXT",
    .help = "licence of the weights, for instance CC-BY-4.0"},
{ALL, "note", 0, KIND_TEXT, AT(note), "TEXT",
    .help = "anything else that should stay with the weights"},
{ALL, "store", 0, KIND_CHOICE, AT(store), "TYPE", .choices = "f32|f16|bf16",
    .help = "numbers in the weight file (a checkpoint's are always f32): f16 "
            "halves it"},
GROUP(ALL, "Running"),
{ALL, "device", 0, KIND_DEVICE, AT(device), "NAME",
    .help = "auto, cpu, ref, cuda or cuda:N (default auto)"},
{ALL, "dtype", 0, KIND_CHOICE, AT(dtype), "TYPE", .choices = "f32|bf16",
    .help = "bf16: mixed precision: numbers are rounded to bf16 before they "
            "are multiplied where the device is faster so; weights, sums and "
            "Adam stay f32 (default f32)"},
{ALL, "threads", 0, KIND_INT, AT(threads), "N", 0, 1024,
    .help = "CPU threads; 0: one for each processor"},
{ALL, "config", 0, KIND_CONFIG, AT(config), "FILE",
    .help = "read options from lines such as `size = 64` and `no-noise = "
            "true`, clips from `clip = FILE`; # starts a comment. The "
            "command line wins"},
{ALL, "quiet", 'q', KIND_ON, AT(quiet), .help = "print errors only"},
{ALL, "verbose", 'v', KIND_ON, AT(verbose), .help = "print details as well"},
{ALL, "help", 'h', KIND_HELP, 0, .help = "print this and stop"},
{ALL, "version", 'V', KIND_VERSION, 0, .help = "print the version and stop"},
};
/* clang-format on */

#define N_ENTRIES ((int)G_N_ELEMENTS(table))

/** A model that can be trained: a word of the command line. */
typedef struct model_entry {
    const char *name, *summary, *about, *examples;
} model_entry;

static const model_entry models[] = {
    {"listen-and-move", "sound to video: re-animates the clip it is trained on",
     "Learns how the picture of one clip, or of several in a row, moves with "
     "its sound, and writes a model that makes such a video from any sound. "
     "Each CLIP is a media file of any kind with picture and sound.",
     "  s2v-train listen-and-move concert.mp4 -o concert.bin\n"
     "  s2v-train listen-and-move take1.mkv take2.mkv -o takes.bin \\\n"
     "      --size 64 --crop 40,0,288,288 --preview takes.png\n"
     "  s2v-train listen-and-move concert.mp4 -o concert.bin \\\n"
     "      --resume concert.bin.ckpt --iterations 80000\n"
     "  ffmpeg -i song.wav -filter_complex s2v=model=concert.bin out.mp4\n"},
    {"varietysound", "video to sound: what is seen becomes what is heard",
     "Learns the sound that goes with pictures, and the timbre it has, from "
     "many clips, and writes a model that makes sound for video. Each CLIP is "
     "a "
     "media file with picture and sound, a feature set (safetensors of "
     "`features` (T,W) and `mel` (80,4 T)), or a folder of either.",
     "  s2v-impacts --count 200 --size 64 --rate 21.5 -o impacts\n"
     "  s2v-train varietysound impacts -o foley.bin --preview foley.png \\\n"
     "      --width 128 --clear 0.8 --vocoder vocoder.bin\n"},
    {"hifigan", "mel spectrogram to sound: varietysound's vocoder",
     "Learns to make sound of VarietySound's mel spectrograms, and writes a "
     "vocoder for s2v-train varietysound --vocoder. Each CLIP is a media file "
     "with sound, or a folder of such.",
     "  s2v-train hifigan impacts -o vocoder.bin --variant v3 --divide 4\n"},
};

/* ------------------------------------------------------------ values -- */

/* Where a value came from: "--size", or "--config 'f' line 3, size". */
typedef struct source {
    const char *where;
    const char *value;
} source;

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static int
refuse(s2v_error *err, const source *from, const char *expected, ...)
{
    va_list args;
    va_start(args, expected);
    char *text = g_strdup_vprintf(expected, args);
    va_end(args);
    int ret = s2vi_error(err, S2V_ERR_INVALID, "%s: expected %s, found '%s'",
                         from->where, text, from->value);
    g_free(text);
    return ret;
}

static bool parse_int64(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *out = value;
    return !errno && end != text && !*end && !g_ascii_isspace(*text);
}

static bool parse_real(const char *text, double *out)
{
    char *end;
    *out = g_ascii_strtod(text, &end); /* a point in every locale */
    return end != text && !*end && !g_ascii_isspace(*text) && isfinite(*out);
}

static int set_count(void *to, const option_entry *e, const source *from,
                     s2v_error *err)
{
    int64_t value;
    if (!parse_int64(from->value, &value) || value < e->min || value > e->max)
        return refuse(err, from, "a whole number from %.0f to %.0f", e->min,
                      e->max);
    if (e->kind == KIND_INT)
        *(int *)to = (int)value;
    else
        *(int64_t *)to = value;
    return S2V_OK;
}

static int set_seed(void *to, const source *from, s2v_error *err)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(from->value, &end, 10);
    /* strtoull() takes a sign. */
    if (!g_ascii_isdigit(*from->value) || errno || *end)
        return refuse(err, from, "a whole number from 0 to %llu",
                      (unsigned long long)UINT64_MAX);
    *(uint64_t *)to = value;
    return S2V_OK;
}

static int set_real(void *to, const option_entry *e, const source *from,
                    s2v_error *err)
{
    double value;
    if (!parse_real(from->value, &value) || value < e->min || value > e->max ||
        (e->above && value == e->min))
        return refuse(err, from, "a number %s %g and at most %g",
                      e->above ? "above" : "from", e->min, e->max);
    *(double *)to = value;
    return S2V_OK;
}

/* "a|b|c" as "a, b or c". */
static char *spell_choices(const char *choices)
{
    char **words = g_strsplit(choices, "|", -1);
    GString *text = g_string_new(words[0]);
    for (int i = 1; words[i]; i++)
        g_string_append_printf(text, "%s%s", words[i + 1] ? ", " : " or ",
                               words[i]);
    g_strfreev(words);
    return g_string_free(text, FALSE);
}

static int set_choice(void *to, const option_entry *e, const source *from,
                      s2v_error *err)
{
    char **words = g_strsplit(e->choices, "|", -1);
    int found = -1;
    for (int i = 0; words[i]; i++)
        if (!strcmp(words[i], from->value))
            found = i;
    g_strfreev(words);
    if (found < 0) {
        char *text = spell_choices(e->choices);
        int ret = refuse(err, from, "%s", text);
        g_free(text);
        return ret;
    }
    *(int *)to = e->kind == KIND_SIZE ? atoi(from->value) : found;
    return S2V_OK;
}

static bool is_device(const char *name)
{
    if (!strcmp(name, "auto") || !strcmp(name, "cpu") || !strcmp(name, "ref") ||
        !strcmp(name, "cuda"))
        return true;
    if (strncmp(name, "cuda:", 5) || !name[5] || strlen(name) > 8)
        return false;
    return !name[5 + strspn(name + 5, "0123456789")];
}

static int set_string(void *to, const option_entry *e, const source *from,
                      s2v_error *err)
{
    if (e->kind == KIND_DEVICE && !is_device(from->value))
        return refuse(err, from, "auto, cpu, ref, cuda or cuda:N");
    if (e->kind == KIND_TEXT && !g_utf8_validate(from->value, -1, NULL))
        return refuse(err, from, "text in UTF-8");
    if (e->kind != KIND_TEXT && !*from->value)
        return refuse(err, from, "the name of a file");
    g_free(*(char **)to);
    *(char **)to = g_strdup(from->value);
    return S2V_OK;
}

static int set_crop(void *to, const source *from, s2v_error *err)
{
    char **words = g_strsplit(from->value, ",", -1);
    bool good = g_strv_length(words) == 4;
    for (int i = 0; i < 4 && good; i++) {
        int64_t value = 0;
        good = parse_int64(words[i], &value) && value >= (i < 2 ? 0 : 1) &&
               value <= 65535;
        ((int *)to)[i] = (int)value;
    }
    g_strfreev(words);
    return good ? S2V_OK
                : refuse(err, from,
                         "X,Y,WIDTH,HEIGHT in whole pixels, 0 to 65535");
}

/* "1000": iterations; "10m" or "10min": minutes. */
static int set_period(s2vi_train_options *o, const source *from, s2v_error *err)
{
    int64_t iterations = 0;
    double minutes = 0;
    size_t digits = strspn(from->value, "0123456789.");
    const char *unit = from->value + digits;
    if (!strcmp(unit, "m") || !strcmp(unit, "min")) {
        char *number = g_strndup(from->value, digits);
        bool good = parse_real(number, &minutes) && minutes > 0;
        g_free(number);
        if (good && minutes <= 1e6) {
            o->checkpoint_every = 0;
            o->checkpoint_seconds = minutes * 60;
            return S2V_OK;
        }
    } else if (parse_int64(from->value, &iterations) && iterations > 0) {
        o->checkpoint_every = iterations;
        o->checkpoint_seconds = 0;
        return S2V_OK;
    }
    return refuse(err, from,
                  "a whole number of iterations above 0, or minutes as in 10m");
}

/* `from->value` is NULL on the command line, a word in a file. */
static int set_switch(void *to, const option_entry *e, const source *from,
                      s2v_error *err)
{
    static const char *const yes[] = {"true", "yes", "on", "1", NULL};
    static const char *const no[] = {"false", "no", "off", "0", NULL};
    bool given = !from->value || g_strv_contains(yes, from->value);
    if (!given && !g_strv_contains(no, from->value))
        return refuse(err, from, "true or false");
    *(bool *)to = given == (e->kind == KIND_ON);
    return S2V_OK;
}

static int set(s2vi_train_options *o, const option_entry *e, const source *from,
               s2v_error *err)
{
    void *to = (char *)o + e->offset;
    switch (e->kind) {
    case KIND_INT:
    case KIND_COUNT: return set_count(to, e, from, err);
    case KIND_SEED: return set_seed(to, from, err);
    case KIND_REAL: return set_real(to, e, from, err);
    case KIND_CHOICE:
    case KIND_SIZE: return set_choice(to, e, from, err);
    case KIND_CROP: return set_crop(to, from, err);
    case KIND_PERIOD: return set_period(o, from, err);
    case KIND_ON:
    case KIND_OFF: return set_switch(to, e, from, err);
    case KIND_PATH:
    case KIND_TEXT:
    case KIND_DEVICE:
    case KIND_CONFIG: return set_string(to, e, from, err);
    case KIND_HELP:
    case KIND_VERSION: break;
    }
    return S2V_OK;
}

/* ------------------------------------------------------ command line -- */

static bool belongs(const s2vi_train_options *o, const option_entry *e)
{
    return e->models >> o->kind & 1;
}

/* ": did you mean --size?", of options of these models; or "". */
static char *suggest(const char *word, int of)
{
    s2vi_nearest nearest = s2vi_nearest_to_option(word);
    for (int i = 0; i < N_ENTRIES; i++)
        if (table[i].name && table[i].models & of)
            s2vi_nearest_try(&nearest, table[i].name);
    return *nearest.best ? g_strdup_printf(": did you mean --%s?", nearest.best)
                         : g_strdup(":");
}

static int refuse_unknown(const s2vi_train_options *o, const char *name,
                          const char *where, s2v_error *err)
{
    char *hint = suggest(name, 1 << o->kind);
    int ret = s2vi_error(err, S2V_ERR_INVALID,
                         "%s: unknown option '%s'%s s2v-train %s --help lists "
                         "them",
                         where, name, hint, o->model);
    g_free(hint);
    return ret;
}

/* The model's entry of that name; or NULL, and a sentence that names `where`
 * the option was given. */
static const option_entry *find_entry(const s2vi_train_options *o,
                                      const char *name, const char *where,
                                      s2v_error *err)
{
    bool known = false;
    for (int i = 0; i < N_ENTRIES; i++) {
        if (!table[i].name || strcmp(table[i].name, name))
            continue;
        if (belongs(o, &table[i]))
            return &table[i];
        known = true;
    }
    if (known)
        s2vi_error(err, S2V_ERR_INVALID,
                   "%s: not an option of %s: s2v-train %s --help lists them",
                   where, o->model, o->model);
    else
        refuse_unknown(o, name, where, err);
    return NULL;
}

/* Whether an entry before has the same name. */
static bool is_repeated(int entry)
{
    for (int i = 0; i < entry; i++)
        if (table[i].name && !strcmp(table[i].name, table[entry].name))
            return true;
    return false;
}

/* The words of the command line, before any is believed. */
typedef struct command_words {
    GPtrArray *plain;             /* the model, then clips */
    const char *value[N_ENTRIES]; /* the last one given */
    bool given[N_ENTRIES];
} command_words;

/* What getopt_long() returns for entry i. */
#define CODE(i) (256 + (i))

static char *letters(void)
{
    /* '-': plain words come in their place, whatever POSIXLY_CORRECT says;
     * ':': a missing value is told from an unknown option. */
    GString *text = g_string_new("-:");
    for (int i = 0; i < N_ENTRIES; i++)
        if (table[i].letter && !is_repeated(i))
            g_string_append_printf(text, "%c%s", table[i].letter,
                                   table[i].argument ? ":" : "");
    return g_string_free(text, FALSE);
}

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
                          "unknown option '-%c': s2v-train MODEL --help lists "
                          "them",
                          optopt);
    char *hint = suggest(word, ALL);
    int ret = s2vi_error(err, S2V_ERR_INVALID,
                         "unknown or ambiguous option '%s'%s s2v-train MODEL "
                         "--help lists them",
                         word, hint);
    g_free(hint);
    return ret;
}

static int split_words(command_words *w, int argc, char *const *argv,
                       s2v_error *err)
{
    struct option list[N_ENTRIES + 1];
    int n = 0, code;
    for (int i = 0; i < N_ENTRIES; i++)
        if (table[i].name && !is_repeated(i))
            list[n++] = (struct option){table[i].name,
                                        table[i].argument ? required_argument
                                                          : no_argument,
                                        NULL, CODE(i)};
    list[n] = (struct option){0};
    char *short_ones = letters();
    int ret = S2V_OK;
    optind = 0; /* start anew, also when called twice */
    opterr = 0;
    while (!ret &&
           (code = getopt_long(argc, argv, short_ones, list, NULL)) != -1) {
        int i = entry_of(code);
        if (code == 1)
            g_ptr_array_add(w->plain, optarg);
        else if (i < 0)
            ret = bad_word(code, argv[optind > 1 ? optind - 1 : 1], err);
        if (i < 0)
            continue;
        w->given[i] = true;
        w->value[i] = optarg;
    }
    for (int i = optind; !ret && i < argc; i++) /* after "--" */
        g_ptr_array_add(w->plain, argv[i]);
    g_free(short_ones);
    return ret;
}

static bool given(const command_words *w, option_kind kind)
{
    for (int i = 0; i < N_ENTRIES; i++)
        if (table[i].name && table[i].kind == kind && w->given[i])
            return true;
    return false;
}

/* ------------------------------------------------- configuration file -- */

/* The option of a line; those that end the parsing stay out of files. */
static int set_named(s2vi_train_options *o, const char *name,
                     const source *from, int number, s2v_error *err)
{
    char *where = g_strdup_printf("--config '%s' line %d", o->config, number);
    const option_entry *e = find_entry(o, name, where, err);
    int ret = S2V_ERR_INVALID;
    if (e && e->kind < KIND_CONFIG)
        ret = set(o, e, from, err);
    else if (e)
        refuse_unknown(o, name, where, err);
    g_free(where);
    return ret;
}

/* One line: `key = value`, with quotes around the value if need be. */
static int read_line(s2vi_train_options *o, GPtrArray *clips, char *line,
                     int number, s2v_error *err)
{
    char *value = strchr(g_strstrip(line), '=');
    if (!*line || *line == '#')
        return S2V_OK;
    if (!value)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--config '%s' line %d: expected key = value, found "
                          "'%s'",
                          o->config, number, line);
    *value++ = '\0';
    g_strchomp(line);
    g_strstrip(value);
    size_t n = strlen(value);
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
        value[n - 1] = '\0';
        value++;
    }
    char *where =
        g_strdup_printf("--config '%s' line %d, %s", o->config, number, line);
    const source from = {where, value};
    int ret = S2V_ERR_AGAIN;
    if (!strcmp(line, "clip")) {
        g_ptr_array_add(clips, g_strdup(value));
        ret = *value ? S2V_OK : refuse(err, &from, "the name of a file");
    }
    if (ret == S2V_ERR_AGAIN)
        ret = set_named(o, line, &from, number, err);
    g_free(where);
    return ret;
}

static int read_config(s2vi_train_options *o, GPtrArray *clips, s2v_error *err)
{
    char *text = NULL;
    gsize size = 0;
    GError *error = NULL;
    if (!g_file_get_contents(o->config, &text, &size, &error)) {
        int ret =
            s2vi_error(err, S2V_ERR_IO, "--config: the file cannot be read: %s",
                       error->message);
        g_error_free(error);
        return ret;
    }
    int ret = S2V_OK;
    if (memchr(text, '\0', size))
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "--config '%s': expected lines of text, found a "
                         "binary file",
                         o->config);
    char **lines = g_strsplit(text, "\n", -1);
    for (int i = 0; !ret && lines[i]; i++)
        ret = read_line(o, clips, lines[i], i + 1, err);
    g_strfreev(lines);
    g_free(text);
    return ret;
}

/* ----------------------------------------------------------- checking -- */

static void set_defaults(s2vi_train_options *o, s2vi_train_model kind)
{
    static const int sizes[] = {128, 64, 0}, sequences[] = {32, 256, 32};
    const bool sound = kind != S2VI_TRAIN_LISTEN_AND_MOVE;
    *o = (s2vi_train_options){
        .kind = kind,
        .size = sizes[kind],
        .track = -1,
        .split = 0.8,
        .sequence = sequences[kind],
        .rate = sound ? 2e-4 : 1e-4,
        .critic_rate = sound ? 2e-4 : 4e-4,
        .alpha = S2VI_ADVERSARIAL_ALPHA,
        .batch = 16,
        .decay = 0.01,
        .motion = S2VI_LM_DILATED,
        .connection = S2VI_LM_RESIDUAL,
        .prediction = S2VI_LM_DIRCONVGRU,
        .critics = true,
        .mfs = true,
        .sac = true,
        .acin = true,
        .noise = true,
        .level = true,
        .level_jitter = 6,
        .spectrum_jitter = 6,
        .channels_max = 512,
        .width = 512,
        .features = 256,
        .sight_channels = 16,
        .variant = 2,
        .divide = 1,
        .checkpoint_every = 1000,
        .preview_every = 500,
    };
}

static int pick_model(s2vi_train_options *o, const char *name, s2v_error *err)
{
    GString *known = g_string_new(NULL);
    s2vi_nearest nearest = s2vi_nearest_to(name ? name : "");
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        s2vi_nearest_try(&nearest, models[i].name);
        if (name && !strcmp(models[i].name, name)) {
            set_defaults(o, (s2vi_train_model)i);
            o->model = g_strdup(name);
        }
        g_string_append_printf(known, "%s%s", i ? ", " : "", models[i].name);
    }
    int ret = S2V_OK;
    if (!o->model)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "expected the model to train as the first word (%s), "
                         "found %s%s%s: %s%s%ssee s2v-train --help",
                         known->str, name ? "'" : "", name ? name : "nothing",
                         name ? "'" : "", *nearest.best ? "did you mean " : "",
                         nearest.best, *nearest.best ? "? " : "");
    g_string_free(known, TRUE);
    return ret;
}

/* A file that is written must not be one that is read, or another output. */
static int check_path(const s2vi_train_options *o, const char *name,
                      const char *written, const char *const *others, int n,
                      s2v_error *err)
{
    bool clash = false;
    for (int i = 0; i < o->n_clips; i++)
        clash |= !g_strcmp0(written, o->clips[i]);
    for (int i = 0; i < n; i++)
        clash |= !g_strcmp0(written, others[i]);
    return written && clash
               ? s2vi_error(err, S2V_ERR_INVALID,
                            "%s: expected a file of its own, found '%s', which "
                            "is another file of this run",
                            name, written)
               : S2V_OK;
}

/* "FILE.csv" as "FILE.png". */
static char *plot_name(const char *curves)
{
    return curves ? g_strdup_printf("%.*s.png", (int)strlen(curves) - 4, curves)
                  : NULL;
}

static int check_paths(const s2vi_train_options *o, s2v_error *err)
{
    char *plot = plot_name(o->curves);
    const char *path[] = {o->perceptual, o->lpips,   o->resume, o->config,
                          o->init,       o->vocoder, o->output, o->preview,
                          o->curves,     plot};
    const char *name[] = {"--output", "--preview", "--curves",
                          "--curves (its plot)"};
    const int n_read = 6;
    int ret = S2V_OK;
    for (int i = 0; i < 4 && !ret; i++)
        ret = check_path(o, name[i], path[n_read + i], path, n_read + i, err);
    g_free(plot);
    return ret;
}

static int check_all(s2vi_train_options *o, s2v_error *err)
{
    if (!o->n_clips)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "no clip to train on: expected s2v-train %s "
                          "CLIP... -o FILE",
                          o->model);
    if (!o->output)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--output: expected the weight file to write (-o "
                          "FILE), found none");
    if (o->kind == S2VI_TRAIN_VARIETYSOUND && o->sequence % 16)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--sequence: expected a multiple of 16, found %d",
                          o->sequence);
    if (!o->mfs && !o->sac && !o->acin)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--no-mfs, --no-sac and --no-acin: expected at most "
                          "two of the three, found all: the model could not "
                          "hear the sound");
    if (o->quiet && o->verbose)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--quiet and --verbose: expected one of the two, "
                          "found both");
    if (o->init && o->resume)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--init and --resume: expected one of the two, found "
                          "both");
    if (o->curves && !g_str_has_suffix(o->curves, ".csv"))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--curves: expected a name that ends in .csv, found "
                          "'%s'",
                          o->curves);
    if (o->hold_out_every && o->split >= 1)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--hold-out-every: expected a part that is held out, "
                          "found --split %g",
                          o->split);
    if (o->lpips && !o->perceptual)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--lpips: expected --perceptual with its network as "
                          "well, found none");
    if (o->lpips && !o->hold_out_every)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--lpips: expected --hold-out-every as well, which "
                          "it chooses by, found none");
    if (!o->iterations)
        o->iterations = o->size > 128 ? 100000 : 50000;
    if (!o->device)
        o->device = g_strdup("auto");
    return check_paths(o, err);
}

/* The clips of the command line, or, if it has none, of the file. */
static void take_clips(s2vi_train_options *o, const command_words *w,
                       GPtrArray *clips)
{
    if (w->plain->len > 1) {
        g_ptr_array_set_size(clips, 0);
        for (guint i = 1; i < w->plain->len; i++)
            g_ptr_array_add(clips, g_strdup(w->plain->pdata[i]));
    }
    o->n_clips = (int)clips->len;
    o->clips = g_new0(char *, clips->len + 1);
    for (guint i = 0; i < clips->len; i++)
        o->clips[i] = g_strdup(clips->pdata[i]);
}

static int apply(s2vi_train_options *o, const command_words *w,
                 bool config_only, s2v_error *err)
{
    for (int i = 0; i < N_ENTRIES; i++) {
        if (!w->given[i] || (table[i].kind == KIND_CONFIG) != config_only)
            continue;
        char *where = g_strconcat("--", table[i].name, NULL);
        const option_entry *e = find_entry(o, table[i].name, where, err);
        int ret =
            e ? set(o, e, &(source){where, w->value[i]}, err) : S2V_ERR_INVALID;
        g_free(where);
        if (ret < 0)
            return ret;
    }
    return S2V_OK;
}

static int parse_run(s2vi_train_options *o, const command_words *w,
                     s2v_error *err)
{
    GPtrArray *clips = g_ptr_array_new_with_free_func(g_free);
    int ret = apply(o, w, true, err);
    if (!ret && o->config)
        ret = read_config(o, clips, err);
    if (!ret)
        ret = apply(o, w, false, err);
    if (!ret) {
        take_clips(o, w, clips);
        ret = check_all(o, err);
    }
    g_ptr_array_free(clips, TRUE);
    return ret;
}

int s2vi_train_options_parse(s2vi_train_options *o, int argc, char *const *argv,
                             s2v_error *err)
{
    command_words w = {.plain = g_ptr_array_new()};
    *o = (s2vi_train_options){0};
    int ret = split_words(&w, argc, argv, err);
    if (ret < 0)
        goto fail;
    const char *model = w.plain->len ? w.plain->pdata[0] : NULL;
    if (given(&w, KIND_VERSION)) {
        o->action = S2VI_TRAIN_VERSION;
    } else if (given(&w, KIND_HELP) && !model) {
        o->action = S2VI_TRAIN_HELP;
    } else if (!(ret = pick_model(o, model, err))) {
        if (given(&w, KIND_HELP))
            o->action = S2VI_TRAIN_MODEL_HELP;
        else
            ret = parse_run(o, &w, err);
    }
fail:
    g_ptr_array_free(w.plain, TRUE);
    if (ret < 0)
        s2vi_train_options_free(o);
    return ret;
}

void s2vi_train_options_free(s2vi_train_options *o)
{
    for (int i = 0; i < N_ENTRIES; i++)
        switch (table[i].kind) {
        case KIND_PATH:
        case KIND_TEXT:
        case KIND_DEVICE:
        case KIND_CONFIG:
            if (table[i].name)
                g_clear_pointer((char **)((char *)o + table[i].offset), g_free);
            break;
        default: break;
        }
    g_free(o->model);
    g_strfreev(o->clips);
    *o = (s2vi_train_options){0};
}

/* --------------------------------------------------------------- help -- */

/* Print words from column `at` on, each line starting at `indent`. */
static void print_wrapped(FILE *out, const char *text, int at, int indent)
{
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (at > indent && at + 1 + n > HELP_WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        }
        at += fprintf(out, "%s%.*s", at > indent ? " " : "", n, text);
        text += n + strspn(text + n, " ");
    }
    fputc('\n', out);
}

/* The entry's default as a user would type it; NULL: nothing to say. */
static char *spell_default(const option_entry *e, s2vi_train_model kind)
{
    s2vi_train_options o;
    set_defaults(&o, kind);
    const void *at = (const char *)&o + e->offset;
    if (strstr(e->help, "(default"))
        return NULL;
    if (e->kind == KIND_INT || e->kind == KIND_SIZE)
        return g_strdup_printf("%d", *(const int *)at);
    if (e->kind == KIND_COUNT)
        return g_strdup_printf("%lld", (long long)*(const int64_t *)at);
    if (e->kind == KIND_SEED)
        return g_strdup("0");
    if (e->kind == KIND_REAL)
        return g_strdup_printf("%g", *(const double *)at);
    if (e->kind != KIND_CHOICE)
        return NULL;
    char **words = g_strsplit(e->choices, "|", -1);
    char *word = g_strdup(words[*(const int *)at]);
    g_strfreev(words);
    return word;
}

static void print_entry(FILE *out, const option_entry *e, s2vi_train_model kind)
{
    if (!e->name) {
        fprintf(out, "\n%s:\n", e->help);
        return;
    }
    char letter[8] = "    ";
    if (e->letter)
        g_snprintf(letter, sizeof(letter), "-%c, ", e->letter);
    int n = fprintf(out, "  %s--%s%s%s", letter, e->name,
                    e->argument ? " " : "", e->argument ? e->argument : "");
    if (n + 2 > HELP_COLUMN)
        n = fprintf(out, "\n") - 1;
    fprintf(out, "%*s", HELP_COLUMN - n, "");
    char *value = spell_default(e, kind);
    char *help = value ? g_strdup_printf("%s (default %s)", e->help, value)
                       : g_strdup(e->help);
    print_wrapped(out, help, HELP_COLUMN, HELP_COLUMN);
    g_free(help);
    g_free(value);
}

static void print_models(FILE *out)
{
    fprintf(out, "Usage: s2v-train MODEL CLIP... -o FILE [options]\n\n"
                 "Trains a model of libs2v on clips and writes its weight "
                 "file.\n\nModels:\n");
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        fprintf(out, "  %-22s%s\n", models[i].name, models[i].summary);
    fprintf(out, "\ns2v-train MODEL --help lists a model's options.\n");
}

static void print_model(FILE *out, const s2vi_train_options *o)
{
    const model_entry *m = &models[o->kind];
    fprintf(out, "Usage: s2v-train %s CLIP... -o FILE [options]\n\n", m->name);
    print_wrapped(out, m->about, 0, 0);
    for (int i = 0; i < N_ENTRIES; i++)
        if (belongs(o, &table[i]))
            print_entry(out, &table[i], o->kind);
    fprintf(out, "\nExamples:\n%s", m->examples);
    fprintf(out, "\nCtrl-C stops and saves; a second Ctrl-C stops at once.\n");
}

void s2vi_train_options_print(const s2vi_train_options *o, FILE *out)
{
    if (o->action == S2VI_TRAIN_VERSION)
        fprintf(out, "s2v-train %s\n", s2v_version());
    if (o->action == S2VI_TRAIN_HELP)
        print_models(out);
    if (o->action == S2VI_TRAIN_MODEL_HELP)
        print_model(out, o);
}
