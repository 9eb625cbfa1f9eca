/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of s2v-eval: one table holds every option. */
#include "command.h"

#include <glib.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "option/option.h"

/* The models that an option is for; 0: all. PICTURES: CLIPS, of the clip
 * itself, TALKERS, of talking heads, SAMPLES, StyleGANs, and SCENES. */
enum {
    CLIPS = 1,
    TALKERS = 2,
    SAMPLES = 4,
    SOUND = 8,
    SCENES = 16,
    PICTURES = CLIPS | TALKERS | SAMPLES | SCENES,
};

/* ------------------------------------------------------------ values -- */

static bool parse_real(const char *text, double *out)
{
    char *end;
    *out = g_ascii_strtod(text, &end); /* a point in every locale */
    return end != text && !*end && !g_ascii_isspace(*text) && isfinite(*out);
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

static bool are_fractions(const double *v)
{
    return v[0] <= 1 && v[1] <= 1 && v[2] <= 1 && v[3] <= 1;
}

static bool parse_crop(void *to, const option_row *row, const char *text)
{
    double v[4];
    (void)row;
    if (!parse_rectangle(text, v) || !are_whole(v))
        return false;
    for (int i = 0; i < 4; i++)
        ((int *)to)[i] = (int)v[i];
    return true;
}

static bool parse_region(void *to, const option_row *row, const char *text)
{
    const double *v = to;
    (void)row;
    return parse_rectangle(text, to) && (are_fractions(v) || are_whole(v));
}

static bool append(void *to, const option_row *row, const char *text)
{
    char ***list = to;
    const guint n = g_strv_length(*list);
    (void)row;
    *list = g_renew(char *, *list, n + 2);
    (*list)[n] = g_strdup(text);
    (*list)[n + 1] = NULL;
    return *text;
}

static bool append_setting(void *to, const option_row *row, const char *text)
{
    const char *equals = strchr(text, '=');
    return equals && equals != text && append(to, row, text);
}

/* ----------------------------------------------------------- the table -- */

#define AT(member) offsetof(s2vi_eval_options, member)

static const option_row rows[] = {
    {.help = "Compare with another video"},
    {"made", 0, OPTION_STRING, AT(made), "MADE", .of = CLIPS,
     .help = "video with audio to evaluate instead of a model's output; all of "
             "it unless --split is given"},
    {"size", 0, OPTION_INT, AT(size), "N", 0, 4096, .of = CLIPS,
     .help = "frame size at which both are compared, pixels (default 128)"},
    {.help = "Training set, which is not measured"},
    {"split", 0, OPTION_NUMBER, AT(split), "PART", 0, 1, .below = true,
     .of = CLIPS | SAMPLES | SCENES,
     .help = "fraction of all frames, from the beginning, in order of the "
             "clips, as s2v-train --split; it is run, but not measured; 0: "
             "measure everything (default 0.8, of StyleGANs 0.95; 0 with "
             "--train)"},
    {"train", 0, OPTION_PARSED, AT(train_lists), "FOLDER|LIST", .parse = append,
     .of = CLIPS | SAMPLES | SCENES,
     .help = "clips of the training set: a folder, or a text file with one "
             "name per line; may be repeated"},
    {"train-clip", 0, OPTION_PARSED, AT(train_clips), "CLIP", .parse = append,
     .of = CLIPS | SAMPLES | SCENES,
     .help = "clip of the training set; may be repeated"},
    {.help = "Clip options, as for s2v-train"},
    {"start", 0, OPTION_NUMBER, AT(start), "SECONDS", 0, 1e6, .of = PICTURES,
     .help = "skip the beginning of each clip"},
    {"duration", 0, OPTION_NUMBER, AT(duration), "SECONDS", 0, 1e6,
     .of = PICTURES,
     .help = "use at most this much of each clip (default all)"},
    {"crop", 0, OPTION_PARSED, AT(crop), "X,Y,W,H", .parse = parse_crop,
     .expected = "X,Y,WIDTH,HEIGHT in whole pixels, 0 to 65535", .of = PICTURES,
     .help = "region of the frame (default: the largest centred square)"},
    {"track", 0, OPTION_INT, AT(track), "N", 0, 999,
     .help = "audio track of each clip, counted from 0 as in ffmpeg's a:N "
             "(default: the one that ffmpeg selects)"},
    {"skip-bad", 0, OPTION_ON, AT(skip_bad),
     .help = "leave out clips that do not decode, are silent, truncated or "
             "damaged, and list them at the end"},
    {.help = "Measurements"},
    {"shift", 0, OPTION_NUMBER, AT(shift), "SECONDS", 0, 1e6, .of = CLIPS,
     .help =
         "also measure with audio delayed by this time, the end moved to "
         "the beginning; if several clips are too short, with the next clip's "
         "audio; 0: disable (default 5)"},
    {"region", 0, OPTION_PARSED, AT(region), "X,Y,W,H", .parse = parse_region,
     .expected = "X,Y,WIDTH,HEIGHT, all in fractions up to 1 or all in whole "
                 "pixels",
     .of = CLIPS,
     .help = "correlate the brightness of this region over time between "
             "generated and real frames; fractions of the frame (all at most "
             "1) or pixels of the model's frame"},
    {"perceptual", 0, OPTION_STRING, AT(perceptual), "FILE", .of = PICTURES,
     .help = "image network (safetensors: VGG16, VGG19 or SqueezeNet 1.1, "
             "torchvision's names): also measure the Frechet distance of its "
             "last features"},
    {"lpips", 0, OPTION_STRING, AT(lpips), "FILE", .of = CLIPS | TALKERS,
     .help = "LPIPS 0.1 heads for that network: also measure LPIPS"},
    {"sounds", 0, OPTION_PARSED, AT(sounds), "FOLDER", .parse = append,
     .of = CLIPS | SCENES,
     .help = "also generate frames from out-of-domain audio, a file or a "
             "folder: how many resemble no real frame, how much they move, and "
             "with --perceptual the Frechet distance; of scenes, which one "
             "each sound shows; may be repeated"},
    {"level", 0, OPTION_STRING, AT(level), "LEVEL",
     .of = CLIPS | TALKERS | SCENES,
     .help = "loudness of the audio: auto (normalised to the model's), off or "
             "a gain in dB (default auto)"},
    {"limit", 0, OPTION_NUMBER, AT(limit), "SECONDS", 0, 1e6, .of = CLIPS,
     .help = "measure at most this much of each clip"},
    {.help = "Talking heads"},
    {"face-model", 0, OPTION_STRING, AT(face), "FILE", .of = TALKERS,
     .help = "networks that find faces and landmarks, made by scripts/setup "
             "(default face.bin)"},
    {"set", 0, OPTION_PARSED, AT(set), "NAME=VALUE", .parse = append_setting,
     .expected = "NAME=VALUE, an option of the model's sessions",
     .of = TALKERS | SAMPLES | SCENES | SOUND,
     .help = "set an option of the model, for instance motion=0, or of a "
             "video-to-audio model sensitivity=2; may be repeated"},
    {.kind = OPTION_NOTE,
     .help = "Of the options above, they accept --start to --skip-bad, --lpips "
             "and --level."},
    {.kind = OPTION_NOTE,
     .help = "StyleGANs accept --split to --skip-bad, --perceptual and --set; "
             "models of scenes --split to --skip-bad, --perceptual to --level "
             "and --set."},
    {.help = "Video-to-audio models"},
    {"reference", 0, OPTION_STRING, AT(reference), "FILE", .of = SOUND,
     .help = "foreign reference for all clips (default: the next clip's audio, "
             "with other materials if they are known)"},
    {"parts", 0, OPTION_STRING, AT(parts), "FILE", .of = SOUND,
     .help = "measure only the clips of one part; the file has a line \"choose "
             "NAME\" or \"report NAME\" for each clip, such as "
             "models/foley-clips.txt"},
    {"part", 0, OPTION_WORD, AT(part), "PART", .choices = "choose|report",
     .of = SOUND,
     .help = "which one: choose, to select models by, or report, to measure "
             "what was selected, once (default choose)"},
    {"wavs", 0, OPTION_STRING, AT(wavs), "FOLDER", .of = SOUND,
     .help = "write the generated audio: CLIP.own.wav, CLIP.foreign.wav"},
    {.kind = OPTION_NOTE,
     .help = "Of the other options, these models accept --track, --skip-bad, "
             "--set and those below."},
    {.help = "Output"},
    {"json", 'j', OPTION_ON, AT(json),
     .help = "print one JSON object instead of the table"},
    {"sheet", 0, OPTION_STRING, AT(sheet), "FILE.png", .ending = ".png",
     .help =
         "image of real frames above generated ones above their difference "
         "(of talking heads, above the portrait; of StyleGANs, 64 samples); "
         "for audio, spectrograms: real, own and foreign reference"},
    {.help = "General"},
    {"seed", 0, OPTION_SEED, AT(seed), "N",
     .help = "seed of the model's noise; of StyleGANs, of the first sample "
             "(default 0)"},
    {"device", 0, OPTION_STRING, AT(device), "NAME",
     .help = "auto, cpu, ref, cuda or cuda:N (default auto)"},
    {"threads", 0, OPTION_INT, AT(threads), "N", 0, 1024,
     .help = "CPU threads; 0: one per processor"},
    {"quiet", 'q', OPTION_ON, AT(quiet),
     .help = "print errors only, no progress"},
    {"help", 'h', OPTION_HELP, .help = "print this help and exit"},
    {"version", 'V', OPTION_VERSION, .help = "print the version and exit"},
};

static const option_program program = {
    .name = "s2v-eval",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .column = 24,
    .flush = true,
    .usage =
        "Usage: s2v-eval MODEL CLIP... [options]\n"
        "       s2v-eval --made MADE CLIP [options]\n"
        "Measures a model on clips: generates frames from the audio of "
        "each clip and\n"
        "compares them with the real ones. A folder stands for its files. "
        "With --made,\n"
        "compares another video instead.\n"
        "A video-to-audio model is measured by onset timing, by the "
        "timbre with another\n"
        "clip's audio as the reference, and by the distance to the real "
        "audio with the\n"
        "clip's own. Ground truth of s2v-impacts beside the clips (.json) "
        "is used if\n"
        "present. A model without a visual encoder is measured on feature "
        "sets.\n"
        "A model of talking heads gets the first frame of each clip as its "
        "portrait, and\n"
        "is measured by the landmarks of the face as well. Ground truth of "
        "s2v-talkers\n"
        "beside the clips (.json, .safetensors) is used if present.\n"
        "Samples of a StyleGAN are compared with the pictures that it was not "
        "trained on,\n"
        "beside those that it was, and their mean.\n"
        "\n"
        "A model of scenes is measured by a probe that learns scenes and their "
        "intensity on\n"
        "the training set's frames. Captions stand beside the clips (.json, "
        ".txt).\n",
    .notes =
        "\n"
        "SSIM: Gaussian window of 11 x 11, sigma 1.5, mean over R, G and B, "
        "then over\n"
        "frames, followed by the standard deviation over batches of 32 "
        "frames.\n"
        "PSNR: from the mean squared error over all frames. A pixel moves if "
        "the\n"
        "standard deviation of one of its channels over the training set "
        "exceeds 0.05\n"
        "of the range; all its channels are then counted.\n"
        "Onsets: F1 at 50 and 100 ms. MCD: mel-cepstral distortion, "
        "coefficients 1 to "
        "13.\n"
        "Timbre: cosine of the mel's mean and deviation over the sounding "
        "columns.\n"
        "\n"
        "Exit status: 0; 1 if something could not be measured; 2 for a command "
        "line\n"
        "error.\n"
        "\n"
        "Examples:\n"
        "  s2v-eval quintet.bin quintet.mkv --sheet quintet.png\n"
        "  s2v-eval talker.bin held-out/ --set motion=0 --sheet heads.png\n"
        "  s2v-eval mine.bin stills/ --perceptual squeezenet1.1.safetensors "
        "\\\n"
        "      --sheet samples.png\n"
        "  s2v-eval landscape.bin held-out/ --train landscapes/ --sounds "
        "esc10/rain\n"
        "  s2v-eval speaker.bin val/ --train train/ --region 0.25,0.6,0.5,0.3\n"
        "  s2v-eval dancer.bin dancer.mp4 --sounds esc10/ --perceptual \\\n"
        "      squeezenet1.1.safetensors --lpips lpips_squeeze.safetensors\n"
        "  s2v-impacts --count 20 --seed 9000 --sound any -o held-out\n"
        "  s2v-eval foley.bin held-out/ --sheet foley.png --wavs generated\n"
        "  s2v-eval --json quintet.bin quintet.mkv | jq .results.right.psnr\n",
};

/* ----------------------------------------------------- the command line -- */

static int take(void *user, const option_row *row, const char *text,
                s2v_error *err)
{
    s2vi_eval_options *o = user;
    char where[32];
    snprintf(where, sizeof(where), "--%s", row->name);
    if (row->of & PICTURES && !(row->of & SOUND))
        o->picture_option = row->name;
    if (row->of & CLIPS && !(row->of & TALKERS))
        o->frame_option = row->name;
    if (row->of & TALKERS && !(row->of & CLIPS))
        o->talker_option = row->name;
    if (row->of && !(row->of & SAMPLES))
        o->no_samples = row->name;
    if (row->of && !(row->of & SCENES))
        o->no_scenes = row->name;
    if (row->of == SOUND)
        o->sound_option = row->name;
    if (!strcmp(row->name, "split"))
        o->split_given = true;
    return option_set(o, row, where, text, err);
}

/* Two videos: all words are clips, of which there is one. */
static int check_made(s2vi_eval_options *o, s2v_error *err)
{
    if (!o->model || *o->clips)
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "--made: expected one clip to compare it with, found %s",
            o->model ? "several" : "none");
    append(&o->clips, NULL, o->model);
    o->model = NULL;
    if (*o->sounds)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--sounds: expected a model, found --made");
    if (o->size < 16)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--size: expected 16 to 4096 pixels, found %d",
                          o->size);
    if (!o->split_given)
        o->split = 0;
    o->shift = 0;
    return S2V_OK;
}

static int check_all(s2vi_eval_options *o, s2v_error *err)
{
    bool others = *o->train_clips || *o->train_lists;
    if (others && o->split_given && o->split > 0)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--split and --train: expected one of the two, found "
                          "both");
    if (others)
        o->split = 0;
    if (o->lpips && !o->perceptual)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--lpips: expected --perceptual as well, with the "
                          "network of these heads, found none");
    if (o->part && !o->parts)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--part: expected --parts as well, with the clips of "
                          "each part, found none");
    if (!o->part)
        o->part = "choose";
    if (o->made)
        return check_made(o, err);
    if (!o->model || !*o->clips)
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "expected a weight file and clips (MODEL CLIP...), found %s",
            o->model ? "no clip" : "neither");
    return S2V_OK;
}

/* The words of the command line, to be changed and kept: strings stay in it. */
static int read_words(s2vi_eval_options *o, int argc, char *const *argv,
                      s2v_error *err)
{
    char **words = g_new0(char *, argc + 1);
    o->words = g_new0(char *, argc + 1);
    for (int i = 0; i < argc; i++)
        words[i] = o->words[i] = g_strdup(argv[i]);
    const int ret = option_scan(&program, words, take, o, err);
    if (!ret && words[0] && words[1]) {
        o->model = words[1];
        for (int i = 2; words[i]; i++)
            append(&o->clips, NULL, words[i]);
    }
    g_free(words);
    return ret;
}

int s2vi_eval_options_parse(s2vi_eval_options *o, int argc, char *const *argv,
                            s2v_error *err)
{
    *o = (s2vi_eval_options){
        .split = 0.8, .shift = 5, .size = 128, .track = -1, .face = "face.bin"};
    o->clips = g_new0(char *, 1);
    o->set = g_new0(char *, 1);
    o->sounds = g_new0(char *, 1);
    o->train_clips = g_new0(char *, 1);
    o->train_lists = g_new0(char *, 1);
    int ret = read_words(o, argc, argv, err);
    if (ret == OPTION_HELP)
        o->action = S2VI_EVAL_HELP;
    if (ret == OPTION_VERSION)
        o->action = S2VI_EVAL_VERSION;
    if (!ret)
        ret = check_all(o, err);
    if (ret < 0)
        s2vi_eval_options_free(o);
    return ret < 0 ? ret : S2V_OK;
}

static int pixel(double v)
{
    return (int)(v + 0.5);
}

int s2vi_eval_options_region(const s2vi_eval_options *o, int size,
                             s2vi_eval_region *region, s2v_error *err)
{
    const double *v = o->region, unit = are_fractions(v) ? size : 1;
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
    option_print_help(&program, out);
}

void s2vi_eval_options_free(s2vi_eval_options *o)
{
    g_strfreev(o->words);
    g_strfreev(o->sounds);
    g_strfreev(o->set);
    g_strfreev(o->clips);
    g_strfreev(o->train_clips);
    g_strfreev(o->train_lists);
    *o = (s2vi_eval_options){0};
}
