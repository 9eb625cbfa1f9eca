/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of s2v-train.
 *
 * One table holds every option: its word, its kind and limits, where it goes
 * and what the help says. The command line, the configuration file and --help
 * all come from it, so that they cannot disagree.
 */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "recipes/listen_and_move_adversarial.h"
#include "base/error.h"
#include "base/nearest.h"
#include "option/option.h"

/* Which models an option belongs to. */
enum {
    LAM = 1 << S2VI_TRAIN_LISTEN_AND_MOVE,
    VS = 1 << S2VI_TRAIN_VARIETYSOUND,
    HG = 1 << S2VI_TRAIN_HIFIGAN,
    ALL = LAM | VS | HG,
};

/* ------------------------------------------------------------ values -- */

static bool parse_text(void *to, const option_row *row, const char *text)
{
    (void)row;
    *(const char **)to = text;
    return g_utf8_validate(text, -1, NULL);
}

static bool parse_device(void *to, const option_row *row, const char *text)
{
    (void)row;
    *(const char **)to = text;
    if (!strcmp(text, "auto") || !strcmp(text, "cpu") || !strcmp(text, "ref") ||
        !strcmp(text, "cuda"))
        return true;
    if (strncmp(text, "cuda:", 5) || !text[5] || strlen(text) > 8)
        return false;
    return !text[5 + strspn(text + 5, "0123456789")];
}

static bool parse_int64(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *out = value;
    return !errno && end != text && !*end && !g_ascii_isspace(*text);
}

static bool parse_crop(void *to, const option_row *row, const char *text)
{
    char **words = g_strsplit(text, ",", -1);
    bool good = g_strv_length(words) == 4;
    (void)row;
    for (int i = 0; i < 4 && good; i++) {
        int64_t value = 0;
        good = parse_int64(words[i], &value) && value >= (i < 2 ? 0 : 1) &&
               value <= 65535;
        ((int *)to)[i] = (int)value;
    }
    g_strfreev(words);
    return good;
}

/* "1000": iterations; "10m" or "10min": minutes. @param to the options */
static bool parse_period(void *to, const option_row *row, const char *text)
{
    s2vi_train_options *o = to;
    const size_t digits = strspn(text, "0123456789.");
    const char *unit = text + digits;
    int64_t iterations = 0;
    double minutes = 0;
    (void)row;
    if (!strcmp(unit, "m") || !strcmp(unit, "min")) {
        char *end;
        minutes = g_ascii_strtod(text, &end);
        if (end != unit || !(minutes > 0 && minutes <= 1e6))
            return false;
    } else if (!parse_int64(text, &iterations) || iterations < 1) {
        return false;
    }
    o->checkpoint_every = iterations;
    o->checkpoint_seconds = minutes * 60;
    return true;
}

/* ----------------------------------------------------------- the table -- */

#define AT(member) offsetof(s2vi_train_options, member)
#define PARSED_OPTION(at, placeholder, parser, what)                           \
    OPTION_PARSED, at, placeholder, .parse = parser, .expected = what
#define FILE_OPTION(at, placeholder)                                           \
    OPTION_STRING, at, placeholder, .expected = "the name of a file"
#define TEXT_OPTION(at, placeholder)                                           \
    PARSED_OPTION(at, placeholder, parse_text, "text in UTF-8")

/* A name may come more than once, for other models each time. */
static const option_row table[] = {
    {.of = ALL, .help = "Training data"},
    {"size", 0, OPTION_SIZE, AT(size), "N", .choices = "64|128|256", .of = LAM,
     .help = "frame size in pixels: 64, 128 or 256"},
    {"crop", 0,
     PARSED_OPTION(AT(crop), "X,Y,W,H", parse_crop,
                   "X,Y,WIDTH,HEIGHT in whole pixels, 0 to 65535"),
     .of = LAM,
     .help = "region of the frame to learn, in pixels of the clip, scaled to N "
             "x N (default: the largest centred square)"},
    {"start", 0, OPTION_NUMBER, AT(start), "SECONDS", 0, 1e6, .of = LAM | VS,
     .help = "skip the beginning of each clip"},
    {"duration", 0, OPTION_NUMBER, AT(duration), "SECONDS", 0, 1e6,
     .above = true, .of = LAM | VS,
     .help = "use at most this much of each clip (default: all)"},
    {"track", 0, OPTION_INT, AT(track), "N", 0, 999, .of = ALL,
     .help = "audio track of each clip, counted from 0 as in ffmpeg's a:N "
             "(default: the one that ffmpeg selects)"},
    {"skip-bad", 0, OPTION_ON, AT(skip_bad), .of = ALL,
     .help = "leave out clips that do not decode, are silent, truncated or "
             "damaged, and list them at the end"},
    {"size", 0, OPTION_SIZE, AT(size), "N", .choices = "16|32|64|128", .of = VS,
     .help = "size of the visual encoder's input in pixels"},
    {"crop", 0,
     PARSED_OPTION(AT(crop), "X,Y,W,H", parse_crop,
                   "X,Y,WIDTH,HEIGHT in whole pixels, 0 to 65535"),
     .of = VS,
     .help = "region of the frame to use, in pixels of the clip, scaled to N x "
             "N (default: the whole frame, as in inference)"},
    {"split", 0, OPTION_NUMBER, AT(split), "PART", 0, 1, .above = true,
     .of = ALL,
     .help = "fraction of the frames, from the beginning, to train on; the "
             "rest is the held-out set"},
    {.of = ALL, .help = "Training"},
    {"iterations", 0, OPTION_COUNT, AT(iterations), "N", 1, 1e12, .of = LAM,
     .help = "total number of iterations, including those before --resume "
             "(default 50000; 100000 at size 256)"},
    {"iterations", 0, OPTION_COUNT, AT(iterations), "N", 1, 1e12, .of = VS | HG,
     .help = "total number of iterations, including those before --resume "
             "(default 50000)"},
    {"sequence", 0, OPTION_INT, AT(sequence), "T", 64, 4096, .of = VS,
     .help = "window length in columns of mel, 86.13 per second; a multiple of "
             "16. The paper's is 860, 10 s"},
    {"sequence", 0, OPTION_INT, AT(sequence), "T", 8, 4096, .of = HG,
     .help = "length of an audio segment in columns of mel, 256 samples each"},
    {"batch", 0, OPTION_INT, AT(batch), "N", 2, 1024, .of = VS,
     .help = "windows per iteration; the paper's is 48"},
    {"batch", 0, OPTION_INT, AT(batch), "N", 1, 1024, .of = HG,
     .help = "audio segments per iteration"},
    {"sequence", 0, OPTION_INT, AT(sequence), "T", 2, 4096, .of = LAM,
     .help = "consecutive frames per iteration, at 20 per second"},
    {"stretch", 0, OPTION_INT, AT(stretch), "N", 0, 1000000, .of = LAM,
     .help =
         "jump to another position in the clips after N sequences, so that "
         "consecutive iterations are less correlated; 0: whole clips in order"},
    {"rate", 0, OPTION_NUMBER, AT(rate), "X", 0, 1, .above = true, .of = LAM,
     .help = "learning rate of Adam"},
    {"clear", 0, OPTION_NUMBER, AT(clear), "PART", 0, 1, .of = VS,
     .help = "fraction of the windows to train without background, as in "
             "inference: for clips whose sound rises from silence. The paper's "
             "is 0"},
    {"loss", 0, OPTION_CHOICE, AT(loss), "KIND", .choices = "l1|l2", .of = VS,
     .help = "reconstruction loss: l1 (the paper's) or l2 (learns onset times "
             "better if most of the audio is silent)"},
    {"balance", 0, OPTION_ON, AT(balance), .of = VS,
     .help = "divide the loss by the energy of each window: weights short "
             "sounds as much as long ones"},
    {"no-critics", 0, OPTION_OFF, AT(critics), .of = VS | HG,
     .help = "train without discriminators, by the reconstruction loss alone: "
             "softer results, in half the time"},
    {"rate", 0, OPTION_NUMBER, AT(rate), "X", 0, 1, .above = true,
     .of = VS | HG, .help = "learning rate of AdamW"},
    {"critic-rate", 0, OPTION_NUMBER, AT(critic_rate), "X", 0, 1, .above = true,
     .of = VS | HG, .help = "learning rate of the discriminators"},
    {"decay", 0, OPTION_NUMBER, AT(decay), "X", 0, 1, .of = VS | HG,
     .help = "weight decay of AdamW"},
    {"seed", 0, OPTION_SEED, AT(seed), "N", .of = ALL,
     .help = "random seed: the same seed gives the same result"},
    {"perceptual", 0, FILE_OPTION(AT(perceptual), "FILE"), .of = LAM,
     .help = "image network for a perceptual loss (safetensors: VGG16, VGG19 "
             "or SqueezeNet 1.1, torchvision's names); without it, multi-scale "
             "L1, which learns less detail"},
    {"lpips", 0, FILE_OPTION(AT(lpips), "FILE"), .of = LAM,
     .help = "LPIPS 0.1 heads for that network: --hold-out-every then selects "
             "by LPIPS instead of SSIM, which favours blur"},
    {"loss", 0, OPTION_CHOICE, AT(loss), "KIND", .choices = "l1|l2", .of = LAM,
     .help = "reconstruction loss without --perceptual: l1 (multi-scale "
             "absolute differences) or l2 (multi-scale squared differences: "
             "lower average error, softer image)"},
    {"adversarial", 0, OPTION_ON, AT(adversarial), .of = LAM,
     .help = "train with two discriminators, of frames and of sequences, as in "
             "the paper: sharper and slower"},
    {"critic-rate", 0, OPTION_NUMBER, AT(critic_rate), "X", 0, 1, .above = true,
     .of = LAM, .help = "learning rate of the discriminators"},
    {"alpha", 0, OPTION_NUMBER, AT(alpha), "X", 0, 1e6, .above = true,
     .of = LAM,
     .help = "with --adversarial: weight of the reconstruction loss relative "
             "to the adversarial loss"},
    {"average", 0, OPTION_NUMBER, AT(average), "D", 0, 0.99999, .of = ALL,
     .help =
         "write the exponential moving average (EMA) of the weights with this "
         "decay per iteration, for instance 0.999; 0: the last weights"},
    {"sound-noise", 0, OPTION_NUMBER, AT(sound_noise), "SD", 0, 10, .of = LAM,
     .help = "standard deviation of Gaussian noise added to the audio features "
             "(logarithms) in training; reduces overfitting, for instance 0.5"},
    {"level-jitter", 0, OPTION_NUMBER, AT(level_jitter), "DB", 0, 40, .of = LAM,
     .help = "random gain for each stretch (or each pass over a clip), at most "
             "this much up or down: makes the model independent of the level"},
    {"spectrum-jitter", 0, OPTION_NUMBER, AT(spectrum_jitter), "DB", 0, 40,
     .of = LAM,
     .help = "random spectral tilt and curvature as well, at most this much at "
             "the lowest and highest frequency: makes the model independent of "
             "the timbre"},
    {"no-level", 0, OPTION_OFF, AT(level), .of = LAM,
     .help = "do not normalise the loudness in training and inference; by "
             "default, all audio is normalised to the common loudness of the "
             "clips (EBU R 128)"},
    {"init", 0, FILE_OPTION(AT(init), "FILE"), .of = ALL,
     .help = "initialise the weights from this model instead of at random"},
    {"resume", 0, FILE_OPTION(AT(resume), "FILE"), .of = ALL,
     .help = "resume from a checkpoint (.ckpt); the result is that of an "
             "uninterrupted training"},
    {.of = LAM, .help = "The model"},
    {"motion", 0, OPTION_CHOICE, AT(motion), "KIND", .choices = "dilated|gru",
     .of = LAM,
     .help = "recurrent network: gru or dilated (residual dilated GRU)"},
    {"prediction", 0, OPTION_CHOICE, AT(prediction), "KIND",
     .choices = "dirconvgru|convgru|none", .of = LAM,
     .help = "video prediction layer: none, convgru or dirconvgru"},
    {"connection", 0, OPTION_CHOICE, AT(connection), "KIND",
     .choices = "residual|skip|none", .of = LAM,
     .help =
         "connections between the generator's layers: residual, skip or none"},
    {"channels-max", 0, OPTION_SIZE, AT(channels_max), "N",
     .choices = "16|32|64|128|256|512", .of = LAM,
     .help = "maximum number of channels in the innermost layers: fewer are "
             "faster and learn less"},
    {"no-mfs", 0, OPTION_OFF, AT(mfs), .of = LAM,
     .help = "disable motion from sound (MfS): motion from noise alone"},
    {"no-sac", 0, OPTION_OFF, AT(sac), .of = LAM,
     .help = "disable sound as content (SaC)"},
    {"no-acin", 0, OPTION_OFF, AT(acin), .of = LAM,
     .help = "disable audio-conditioned instance normalisation (acIN)"},
    {"no-noise", 0, OPTION_OFF, AT(noise), .of = LAM,
     .help = "disable the noise planes in the generator's layers"},
    {.of = VS | HG, .help = "The model"},
    {"width", 0, OPTION_SIZE, AT(width), "N", .choices = "16|32|64|128|256|512",
     .of = VS,
     .help = "channels of the networks; the paper's is 512. Fewer are faster "
             "and learn less"},
    {"features", 0, OPTION_INT, AT(features), "N", 1, 16384, .of = VS,
     .help =
         "dimension of the visual encoder's output; with feature sets, theirs"},
    {"sight-channels", 0, OPTION_INT, AT(sight_channels), "N", 1, 256, .of = VS,
     .help = "channels of the visual encoder's first layer"},
    {"vocoder", 0, FILE_OPTION(AT(vocoder), "FILE"), .of = VS,
     .help = "weight file of s2v-train hifigan to include; without it, the "
             "model outputs spectrograms only"},
    {"variant", 0, OPTION_CHOICE, AT(variant), "V", .choices = "v1|v2|v3",
     .of = HG, .help = "generator: v1 (best), v2 (narrow) or v3 (fastest)"},
    {"divide", 0, OPTION_SIZE, AT(divide), "N", .choices = "1|2|4|8", .of = HG,
     .help = "divide the number of channels of the discriminators by this, for "
             "small machines"},
    {.of = ALL, .help = "Output"},
    {"output", 'o', FILE_OPTION(AT(output), "FILE"), .of = VS,
     .help = "weight file (required)"},
    {"output", 'o', FILE_OPTION(AT(output), "FILE"), .of = HG,
     .help = "weight file, for s2v-train varietysound --vocoder (required)"},
    {"preview", 0, FILE_OPTION(AT(preview), "FILE.png"), .of = VS | HG,
     .help = "preview of mel spectrograms, real ones above generated ones, and "
             "of their audio, FILE.wav, if there is a vocoder"},
    {"hold-out-every", 0, OPTION_COUNT, AT(hold_out_every), "N", 1, 1e12,
     .of = VS | HG,
     .help = "generate the held-out set (--split) every N iterations; the "
             "weight file is then the best so far by mel distance"},
    {"output", 'o', FILE_OPTION(AT(output), "FILE"), .of = LAM,
     .help = "weight file, for s2v=model=FILE (required)"},
    {"checkpoint-every", 0,
     PARSED_OPTION(
         0, "N", parse_period,
         "a whole number of iterations above 0, or minutes as in 10m"),
     .of = ALL,
     .help = "save FILE and FILE.ckpt every N iterations, or every N minutes: "
             "10m (default 1000)"},
    {"preview", 0, FILE_OPTION(AT(preview), "FILE.png"), .of = LAM,
     .help = "preview image: real frames above generated ones"},
    {"preview-every", 0, OPTION_COUNT, AT(preview_every), "N", 1, 1e12,
     .of = ALL, .help = "iterations between previews"},
    {"curves", 0, FILE_OPTION(AT(curves), "FILE.csv"), .of = ALL,
     .help = "write the losses of every iteration, and plot them as FILE.png"},
    {"hold-out-every", 0, OPTION_COUNT, AT(hold_out_every), "N", 1, 1e12,
     .of = LAM,
     .help =
         "generate the held-out frames (--split) every N iterations; the "
         "weight file is then the best so far by SSIM, or by LPIPS (--lpips)"},
    {"title", 0, TEXT_OPTION(AT(title), "TEXT"), .of = ALL,
     .help = "title of the model, stored in the weight file"},
    {"license", 0, TEXT_OPTION(AT(license), "TEXT"), .of = ALL,
     .help = "licence of the weights, for instance CC-BY-4.0"},
    {"note", 0, TEXT_OPTION(AT(note), "TEXT"), .of = ALL,
     .help = "any other information to store in the weight file"},
    {"store", 0, OPTION_CHOICE, AT(store), "TYPE", .choices = "f32|f16|bf16",
     .of = ALL,
     .help = "data type of the weight file: f16 and bf16 halve its size. "
             "Checkpoints are always f32"},
    {.of = ALL, .help = "General"},
    {"device", 0,
     PARSED_OPTION(AT(device), "NAME", parse_device,
                   "auto, cpu, ref, cuda or cuda:N"),
     .of = ALL, .help = "auto, cpu, ref, cuda or cuda:N (default auto)"},
    {"dtype", 0, OPTION_CHOICE, AT(dtype), "TYPE", .choices = "f32|bf16",
     .of = ALL,
     .help =
         "compute precision; bf16: mixed precision, operands of convolutions "
         "and matrix products are bf16 where that is faster on the device; "
         "accumulation, weights and Adam stay f32 (default f32)"},
    {"threads", 0, OPTION_INT, AT(threads), "N", 0, 1024, .of = ALL,
     .help = "CPU threads; 0: one per processor"},
    {"config", 0, FILE_OPTION(AT(config), "FILE"), .of = ALL,
     .help = "read options from lines such as `size = 64` and `no-noise = "
             "true`, clips from `clip = FILE`; # starts a comment. The command "
             "line takes precedence"},
    {"quiet", 'q', OPTION_ON, AT(quiet), .of = ALL,
     .help = "print errors only"},
    {"verbose", 'v', OPTION_ON, AT(verbose), .of = ALL,
     .help = "print more information"},
    {"help", 'h', OPTION_HELP, 0, .of = ALL,
     .help = "print this help and exit"},
    {"version", 'V', OPTION_VERSION, 0, .of = ALL,
     .help = "print the version and exit"},
};

#define N_ENTRIES OPTION_ROWS(table)

static const option_program program = {.name = "s2v-train",
                                       .command = "s2v-train MODEL",
                                       .rows = table,
                                       .n_rows = N_ENTRIES};

/** A model that can be trained: a word of the command line. */
typedef struct model_entry {
    const char *name, *summary, *about, *examples;
} model_entry;

static const model_entry models[] = {
    {"listen-and-move", "audio to video: re-animates the training clip",
     "Trains a model on how the picture of one clip, or of several in a row, "
     "moves with its audio; the model then generates such a video from any "
     "audio. Each CLIP is a media file of any format with video and audio.",
     "  s2v-train listen-and-move concert.mp4 -o concert.bin\n"
     "  s2v-train listen-and-move take1.mkv take2.mkv -o takes.bin \\\n"
     "      --size 64 --crop 40,0,288,288 --preview takes.png\n"
     "  s2v-train listen-and-move concert.mp4 -o concert.bin \\\n"
     "      --resume concert.bin.ckpt --iterations 80000\n"
     "  ffmpeg -i song.wav -filter_complex s2v=model=concert.bin out.mp4\n"},
    {"varietysound", "video to audio: generates the sounds of visible events",
     "Trains a model on many clips to generate audio for video, in the timbre "
     "of a reference. Each CLIP is a media file with video and audio, a "
     "feature set (safetensors of `features` (T,W) and `mel` (80,4 T)), or a "
     "folder of either.",
     "  s2v-impacts --count 200 --size 64 --rate 21.5 -o impacts\n"
     "  s2v-train varietysound impacts -o foley.bin --preview foley.png \\\n"
     "      --width 128 --clear 0.8 --vocoder vocoder.bin\n"},
    {"hifigan", "mel spectrogram to audio: varietysound's vocoder",
     "Trains a vocoder, which converts VarietySound's mel spectrograms to "
     "audio, for s2v-train varietysound --vocoder. Each CLIP is a media file "
     "with audio, or a folder of such.",
     "  s2v-train hifigan impacts -o vocoder.bin --variant v3 --divide 4\n"},
};

/* ------------------------------------------------------ command line -- */

static bool belongs(const s2vi_train_options *o, const option_row *e)
{
    return e->of >> o->kind & 1;
}

/* ": did you mean --size?", of options of these models; or "". */
static char *suggest(const char *word, int of)
{
    s2vi_nearest nearest = s2vi_nearest_to_option(word);
    for (int i = 0; i < N_ENTRIES; i++)
        if (table[i].name && table[i].of & of)
            s2vi_nearest_try(&nearest, table[i].name);
    return *nearest.best ? g_strdup_printf(": did you mean --%s?", nearest.best)
                         : g_strdup(":");
}

static int refuse_unknown(const s2vi_train_options *o, const char *name,
                          const char *where, s2v_error *err)
{
    char *hint = suggest(name, 1 << o->kind);
    int ret = s2vi_error(err, S2V_ERR_INVALID,
                         "%s: unknown option '%s'%s see s2v-train %s --help",
                         where, name, hint, o->model);
    g_free(hint);
    return ret;
}

/* The model's entry of that name; or NULL, and a sentence that names `where`
 * the option was given. */
static const option_row *find_entry(const s2vi_train_options *o,
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
                   "%s: not an option of %s: see s2v-train %s --help", where,
                   o->model, o->model);
    else
        refuse_unknown(o, name, where, err);
    return NULL;
}

/* The words of the command line, before any is believed. */
typedef struct command_words {
    char **plain;                 /* the model, then clips; NULL-terminated */
    const char *value[N_ENTRIES]; /* the last one given */
    bool given[N_ENTRIES];
} command_words;

static int take(void *user, const option_row *row, const char *text,
                s2v_error *err)
{
    command_words *w = user;
    (void)err;
    w->given[row - table] = true;
    w->value[row - table] = text;
    return S2V_OK;
}

/* The words are kept in the options, whose strings lie in them. */
static int split_words(s2vi_train_options *o, command_words *w, int argc,
                       char *const *argv, s2v_error *err)
{
    char **words = g_new0(char *, argc + 2);
    o->words = g_new0(char *, argc + 1);
    for (int i = 0; i < argc; i++)
        words[i] = o->words[i] = g_strdup(argv[i]);
    w->plain = words;
    return option_scan(&program, words, take, w, err);
}

static bool given(const command_words *w, option_kind kind)
{
    for (int i = 0; i < N_ENTRIES; i++)
        if (table[i].name && table[i].kind == kind && w->given[i])
            return true;
    return false;
}

/* ------------------------------------------------- configuration file -- */

/* The option of a line; --config and those that end the parsing stay out of
 * files. */
static int set_named(s2vi_train_options *o, const char *name, const char *value,
                     int number, s2v_error *err)
{
    char *where = g_strdup_printf("--config '%s' line %d", o->config, number);
    const option_row *e = find_entry(o, name, where, err);
    int ret = S2V_ERR_INVALID;
    if (e && e->kind < OPTION_HELP && strcmp(name, "config")) {
        char *option = g_strdup_printf("%s, %s", where, name);
        ret = option_set(o, e, option, value, err);
        g_free(option);
    } else if (e) {
        refuse_unknown(o, name, where, err);
    }
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
    if (strcmp(line, "clip"))
        return set_named(o, line, value, number, err);
    if (!*value)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--config '%s' line %d, clip: expected the name of a "
                          "file, found ''",
                          o->config, number);
    g_ptr_array_add(clips, g_strdup(value));
    return S2V_OK;
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
    o->lines = g_strsplit(text, "\n", -1); /* strings lie in them */
    for (int i = 0; !ret && o->lines[i]; i++)
        ret = read_line(o, clips, o->lines[i], i + 1, err);
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
            char **words = o->words;
            set_defaults(o, (s2vi_train_model)i);
            o->words = words;
            o->model = models[i].name;
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
                            "%s: expected a distinct file, found '%s', which "
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
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "--no-mfs, --no-sac and --no-acin: expected at most two of the "
            "three, found all: the model would not depend on the audio");
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
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "--hold-out-every: expected a held-out set, found --split %g",
            o->split);
    if (o->lpips && !o->perceptual)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--lpips: expected --perceptual as well, with the "
                          "network of these heads, found none");
    if (o->lpips && !o->hold_out_every)
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "--lpips: expected --hold-out-every as well, found none");
    if (!o->iterations)
        o->iterations = o->size > 128 ? 100000 : 50000;
    if (!o->device)
        o->device = "auto";
    return check_paths(o, err);
}

/* The clips of the command line, or, if it has none, of the file. */
static void take_clips(s2vi_train_options *o, const command_words *w,
                       GPtrArray *clips)
{
    if (w->plain[1] && w->plain[2]) {
        g_ptr_array_set_size(clips, 0);
        for (int i = 2; w->plain[i]; i++)
            g_ptr_array_add(clips, g_strdup(w->plain[i]));
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
        if (!w->given[i] || (table[i].offset == AT(config)) != config_only)
            continue;
        char *where = g_strconcat("--", table[i].name, NULL);
        const option_row *e = find_entry(o, table[i].name, where, err);
        int ret =
            e ? option_set(o, e, where, w->value[i], err) : S2V_ERR_INVALID;
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
    command_words w = {0};
    *o = (s2vi_train_options){0};
    int ret = split_words(o, &w, argc, argv, err);
    if (ret < 0)
        goto fail;
    const char *model = w.plain[0] ? w.plain[1] : NULL;
    if (given(&w, OPTION_VERSION)) {
        o->action = S2VI_TRAIN_VERSION;
    } else if (given(&w, OPTION_HELP) && !model) {
        o->action = S2VI_TRAIN_HELP;
    } else if (!(ret = pick_model(o, model, err))) {
        if (given(&w, OPTION_HELP))
            o->action = S2VI_TRAIN_MODEL_HELP;
        else
            ret = parse_run(o, &w, err);
    }
fail:
    g_free(w.plain);
    if (ret < 0)
        s2vi_train_options_free(o);
    return ret;
}

void s2vi_train_options_free(s2vi_train_options *o)
{
    g_strfreev(o->clips);
    g_strfreev(o->words);
    g_strfreev(o->lines);
    *o = (s2vi_train_options){0};
}

/* --------------------------------------------------------------- help -- */

/* The entry's default as a user would type it; NULL: nothing to say. */
static char *spell_default(const option_row *e, s2vi_train_model kind)
{
    s2vi_train_options o;
    set_defaults(&o, kind);
    const void *at = (const char *)&o + e->offset;
    if (strstr(e->help, "(default"))
        return NULL;
    if (e->kind == OPTION_INT || e->kind == OPTION_SIZE)
        return g_strdup_printf("%d", *(const int *)at);
    if (e->kind == OPTION_COUNT)
        return g_strdup_printf("%lld", (long long)*(const int64_t *)at);
    if (e->kind == OPTION_SEED)
        return g_strdup("0");
    if (e->kind == OPTION_NUMBER)
        return g_strdup_printf("%g", *(const double *)at);
    if (e->kind != OPTION_CHOICE)
        return NULL;
    char **words = g_strsplit(e->choices, "|", -1);
    char *word = g_strdup(words[*(const int *)at]);
    g_strfreev(words);
    return word;
}

/* The rows of a model, and their defaults. */
static void print_options(FILE *out, const s2vi_train_options *o)
{
    option_row rows[N_ENTRIES];
    char *texts[N_ENTRIES];
    option_program own = program;
    own.usage = "";
    own.rows = rows;
    own.n_rows = 0;
    own.column = 26;
    for (int i = 0; i < N_ENTRIES; i++) {
        if (!belongs(o, &table[i]))
            continue;
        const int n = own.n_rows++;
        char *value = table[i].name ? spell_default(&table[i], o->kind) : NULL;
        rows[n] = table[i];
        rows[n].help = texts[n] =
            value ? g_strdup_printf("%s (default %s)", table[i].help, value)
                  : g_strdup(table[i].help);
        g_free(value);
    }
    option_print_help(&own, out);
    for (int i = 0; i < own.n_rows; i++)
        g_free(texts[i]);
}

static void print_models(FILE *out)
{
    fprintf(out,
            "Usage: s2v-train MODEL CLIP... -o FILE [options]\n"
            "\n"
            "Trains a model of libs2v on clips and writes its weight file.\n"
            "\n"
            "Models:\n");
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        fprintf(out, "  %-22s%s\n", models[i].name, models[i].summary);
    fprintf(out, "\n"
                 "See s2v-train MODEL --help for the options of a model.\n");
}

static void print_model(FILE *out, const s2vi_train_options *o)
{
    const model_entry *m = &models[o->kind];
    fprintf(out, "Usage: s2v-train %s CLIP... -o FILE [options]\n\n", m->name);
    option_print_wrapped(out, m->about, 0, 0);
    print_options(out, o);
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
