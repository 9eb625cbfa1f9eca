/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of streams of the families stylegan2, stylegan3 and semantic. */
#include "base/error.h"
#include "session/frame_stream.h"
#include "session/semantic.h"

#include <stdio.h>
#include <string.h>

typedef s2vi_stylegan_stream stream;

static s2vi_walk_options *of(void *opaque)
{
    const stream *s = opaque;
    return s2vi_walk_get_options(s->walk);
}

/* Setters of numbers and whole numbers. */
#define SETTER(name, place, value_of)                                          \
    static int set_##name(void *opaque, const s2vi_value *value,               \
                          s2v_error *err)                                      \
    {                                                                          \
        (void)err;                                                             \
        place = value->value_of;                                               \
        return S2V_OK;                                                         \
    }

SETTER(seed, of(opaque)->seed, integer)
SETTER(psi, of(opaque)->psi, number)
SETTER(psi_react, of(opaque)->psi_react, number)
SETTER(pulse, of(opaque)->pulse, number)
SETTER(release, of(opaque)->release, number)
SETTER(motion, of(opaque)->motion, number)
SETTER(motion_random, of(opaque)->motion_random, number)
SETTER(chroma, of(opaque)->chroma, number)
SETTER(class_react, of(opaque)->class_react, number)
SETTER(class_smooth, of(opaque)->class_smooth, number)
SETTER(contrast, of(opaque)->contrast, number)
SETTER(flash, of(opaque)->flash, number)

/* That a StyleGAN3's camera, which a semantic model's generator may lack, is
 * where it is anyway. */
static int check_camera(const stream *s, const char *name,
                        const s2vi_value *value, double usual, s2v_error *err)
{
    return s->model->transform || value->number == usual
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_INVALID,
                            "%s: the model's generator is a stylegan2, which "
                            "has no camera, found '%.40s'",
                            name, value->text);
}

#define CAMERA_SETTER(name, usual)                                             \
    static int set_##name(void *opaque, const s2vi_value *value,               \
                          s2v_error *err)                                      \
    {                                                                          \
        stream *s = opaque;                                                    \
        const int ret = check_camera(s, #name, value, usual, err);             \
        if (!ret)                                                              \
            s->camera.name = value->number;                                    \
        return ret;                                                            \
    }

CAMERA_SETTER(zoom, 1)
CAMERA_SETTER(rotate, 0)
CAMERA_SETTER(pan_x, 0)
CAMERA_SETTER(pan_y, 0)
CAMERA_SETTER(zoom_react, 0)
CAMERA_SETTER(rotate_react, 0)
CAMERA_SETTER(pan_x_react, 0)
CAMERA_SETTER(pan_y_react, 0)

static int set_loop(void *opaque, const s2vi_value *value, s2v_error *err)
{
    (void)err;
    of(opaque)->loop = value->integer != 0;
    return S2V_OK;
}

static int set_cutoff(void *opaque, const s2vi_value *value, s2v_error *err)
{
    (void)err;
    of(opaque)->cutoff = (int)value->number;
    return S2V_OK;
}

/* One of some words. */
static int set_word(const char *name, const char *const *words,
                    const char *text, int *found, s2v_error *err)
{
    char list[80] = "";
    for (int i = 0; words[i]; i++) {
        if (!strcmp(words[i], text)) {
            *found = i;
            return S2V_OK;
        }
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
                 i ? ", " : "", words[i]);
    }
    return s2vi_error(err, S2V_ERR_INVALID, "%s: expected %s, found '%.40s'",
                      name, list, text);
}

static int set_interp(void *opaque, const s2vi_value *value, s2v_error *err)
{
    static const char *const words[] = {"slerp", "spline", NULL};
    int found = 0;
    const int ret = set_word("interp", words, value->text, &found, err);
    if (!ret)
        of(opaque)->spline = found;
    return ret;
}

static int set_noise(void *opaque, const s2vi_value *value, s2v_error *err)
{
    static const char *const words[] = {"const", "none", "react", NULL};
    stream *s = opaque;
    int found = 0;
    int ret = set_word("noise", words, value->text, &found, err);
    if (!ret && found && s->model->transform)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "noise: the model's generator is a stylegan3, which "
                         "has none, found '%.40s'",
                         value->text);
    if (!ret) {
        s->noise = (s2vi_stylegan_noise)found;
        s->noise_written = false;
    }
    return ret;
}

static int set_camera(void *opaque, const s2vi_value *value, s2v_error *err)
{
    static const char *const words[] = {"free", "still", NULL};
    stream *s = opaque;
    int found = 0;
    const int ret = set_word("camera", words, value->text, &found, err);
    if (!ret)
        s->camera.still = found;
    return ret;
}

static int set_source(const char *name, const s2vi_value *value,
                      s2vi_walk_source *source, s2v_error *err)
{
    static const char *const words[] = {"perc", "low",  "high",
                                        "full", "harm", NULL};
    int found = 0;
    const int ret = set_word(name, words, value->text, &found, err);
    if (!ret)
        *source = (s2vi_walk_source)found;
    return ret;
}

static int set_pulse_source(void *opaque, const s2vi_value *v, s2v_error *err)
{
    return set_source("pulse_source", v, &of(opaque)->pulse_source, err);
}

static int set_motion_source(void *opaque, const s2vi_value *v, s2v_error *err)
{
    return set_source("motion_source", v, &of(opaque)->motion_source, err);
}

static int set_pulse_layers(void *opaque, const s2vi_value *v, s2v_error *err)
{
    const stream *s = opaque;
    return s2vi_walk_parse_layers("pulse_layers", v->text, s->model->codes,
                                  &of(opaque)->pulse_layers, err);
}

static int set_chroma_layers(void *opaque, const s2vi_value *v, s2v_error *err)
{
    const stream *s = opaque;
    return s2vi_walk_parse_layers("chroma_layers", v->text, s->model->codes,
                                  &of(opaque)->chroma_layers, err);
}

/* Texts that the walk reads. */
#define TEXT_SETTER(name)                                                      \
    static int set_##name(void *opaque, const s2vi_value *value,               \
                          s2v_error *err)                                      \
    {                                                                          \
        const stream *s = opaque;                                              \
        return s2vi_walk_set_##name(s->walk, value->text, err);                \
    }

TEXT_SETTER(seeds)
TEXT_SETTER(class)
TEXT_SETTER(classes)
TEXT_SETTER(chroma_seeds)
TEXT_SETTER(speed)
TEXT_SETTER(bpm)
TEXT_SETTER(mix)

#define SEED_SETTER(name)                                                      \
    static int set_##name(void *opaque, const s2vi_value *value,               \
                          s2v_error *err)                                      \
    {                                                                          \
        return s2vi_walk_parse_seed(#name, value->text, &of(opaque)->name,     \
                                    err);                                      \
    }

SEED_SETTER(center)
SEED_SETTER(kick)
SEED_SETTER(snare)

/* Rows of the table. */
#define ROW(option, type, low, high, value, of_unit, text)                     \
    {                                                                          \
        .about = {.name = #option,                                             \
                  .kind = S2V_OPTION_##type,                                   \
                  .when = S2V_OPTION_RUNNING,                                  \
                  .minimum = (low),                                            \
                  .maximum = (high),                                           \
                  .default_value = (value),                                    \
                  .unit = (of_unit),                                           \
                  .help = (text)},                                             \
        .set = set_##option                                                    \
    }
#define NUMBER(option, low, high, value, unit, text)                           \
    ROW(option, NUMBER, low, high, value, unit, text)
#define TEXT(option, value, text) ROW(option, TEXT, 0, 0, value, NULL, text)

/* Of all three. */
#define PSI                                                                    \
    NUMBER(psi, -2, 2, "0.7", NULL,                                            \
           "set the truncation: distance from the average picture"),           \
        NUMBER(psi_react, -2, 2, "0", NULL,                                    \
               "set what the loudness adds to psi"),                           \
        ROW(cutoff, INTEGER, -1, S2VI_WALK_CODES, "-1", NULL,                  \
            "set the style codes that are truncated: those below; -1: all"),   \
        TEXT(center, "average",                                                \
             "set the picture that psi is the distance from: average or a "    \
             "seed")

#define PULSE(value)                                                           \
    NUMBER(release, 0, 10000, "150", "ms",                                     \
           "set how slowly what the audio does fades"),                        \
        NUMBER(pulse, 0, 10, value, NULL,                                      \
               "set how far onsets move the picture"),                         \
        TEXT(pulse_source, "perc",                                             \
             "set what the pulse follows: perc, low, high, full or harm"),     \
        TEXT(pulse_layers, "coarse+mid",                                       \
             "set the layers of the pulse: coarse, mid, fine, all, or as "     \
             "0-3,8-")

#define PICTURE                                                                \
    NUMBER(chroma, 0, 1, "0", NULL,                                            \
           "set how much tones mix the pictures of chroma_seeds in"),          \
        TEXT(chroma_seeds, "100-111",                                          \
             "set the pictures of the tones from C on: twelve seeds"),         \
        TEXT(chroma_layers, "fine", "set the layers of chroma"),               \
        TEXT(kick, "none",                                                     \
             "set the picture that low onsets show: none or a seed"),          \
        TEXT(snare, "none",                                                    \
             "set the picture that high onsets show: none or a seed"),         \
        TEXT(mix, "none",                                                      \
             "set layers that are of other pictures, as 0-3:SEED,8-:SEED"),    \
        NUMBER(contrast, 0, 10, "0", NULL,                                     \
               "set what the loudness adds to the contrast"),                  \
        NUMBER(flash, 0, 2, "0", NULL,                                         \
               "set what the loudness adds to the brightness")

#define NOISE                                                                  \
    TEXT(noise, "const",                                                       \
         "set the noise: const (the file's planes), none or react (turned by " \
         "onsets)")

#define SIZE                                                                   \
    {                                                                          \
        {.name = "size",                                                       \
         .kind = S2V_OPTION_INTEGER,                                           \
         .when = S2V_OPTION_OPEN,                                              \
         .maximum = 1024,                                                      \
         .default_value = "0",                                                 \
         .help =                                                               \
             "set the size of the frames, a smaller power of 2; 0: whole"},    \
            NULL                                                               \
    }

/* Of models that streams may walk through at any rate. */
#define FPS                                                                    \
    {                                                                          \
        {.name = "fps",                                                        \
         .kind = S2V_OPTION_TEXT,                                              \
         .when = S2V_OPTION_OPEN,                                              \
         .default_value = "20",                                                \
         .help = "set the frames a second: 1 to 60, as 12 or 30000/1001"},     \
            NULL                                                               \
    }

#define CAMERA                                                                 \
    NUMBER(zoom, 0.1, 10, "1", NULL, "set the camera's magnification"),        \
        NUMBER(rotate, -3600, 3600, "0", "degrees/s",                          \
               "set how fast the camera turns"),                               \
        NUMBER(pan_x, -10, 10, "0", NULL,                                      \
               "set where the camera looks, in widths of the picture"),        \
        NUMBER(pan_y, -10, 10, "0", NULL,                                      \
               "set where the camera looks, in heights of the picture"),       \
        NUMBER(zoom_react, -10, 10, "0", NULL,                                 \
               "set what the loudness adds to zoom"),                          \
        NUMBER(rotate_react, -3600, 3600, "0", "degrees/s",                    \
               "set what the loudness adds to rotate"),                        \
        NUMBER(pan_x_react, -10, 10, "0", NULL,                                \
               "set what the loudness adds to pan_x"),                         \
        NUMBER(pan_y_react, -10, 10, "0", NULL,                                \
               "set what the loudness adds to pan_y")

/* Of walks. */
#define WALK                                                                   \
    ROW(seed, INTEGER, 0, (double)UINT64_MAX, "0", NULL,                       \
        "set the seed of the random numbers"),                                 \
        TEXT(seeds, "0-11",                                                    \
             "set the keyframes: seeds and ranges of them, as 0-11 or "        \
             "3,7,12-15"),                                                     \
        TEXT(speed, "12",                                                      \
             "set the speed: keyframes a minute, or what one lasts, as 4beat " \
             "or 1bar"),                                                       \
        TEXT(bpm, "auto",                                                      \
             "set the tempo that beats and bars are of: auto (the audio's), "  \
             "off (120) or a number"),                                         \
        TEXT(interp, "slerp",                                                  \
             "set the way between keyframes: slerp (of z) or spline (of w)"),  \
        ROW(loop, INTEGER, 0, 1, "1", NULL,                                    \
            "set whether the last keyframe is followed by the first"),         \
        PSI,                                                                   \
        TEXT(class, "0",                                                       \
             "set the class, of a model that has some: its number or name"),   \
        TEXT(classes, "none",                                                  \
             "set the classes of the tones from C on: none or twelve"),        \
        NUMBER(class_react, 0, 1, "0.5", NULL,                                 \
               "set how much tones mix their classes in"),                     \
        NUMBER(class_smooth, 0, 60, "1", "s",                                  \
               "set how slowly classes change"),                               \
        PULSE("0.5"),                                                          \
        NUMBER(motion, 0, 10, "0", NULL,                                       \
               "set how fast the audio moves the picture on"),                 \
        TEXT(motion_source, "harm",                                            \
             "set what the motion follows: perc, low, high, full or harm"),    \
        NUMBER(motion_random, 0, 1, "0.5", NULL,                               \
               "set how unevenly the motion moves"),                           \
        PICTURE

const s2vi_option s2vi_stylegan2_options[] = {
    WALK, NOISE, SIZE, FPS, {{0}, NULL}};

const s2vi_option s2vi_stylegan3_options[] = {WALK, CAMERA, FPS, {{0}, NULL}};

/* A text that the family reads; merges and clip come before text, which is
 * read by them. */
#define SEMANTIC(option, time, value, text)                                    \
    {                                                                          \
        .about = {.name = #option,                                             \
                  .kind = S2V_OPTION_TEXT,                                     \
                  .when = S2V_OPTION_##time,                                   \
                  .default_value = (value),                                    \
                  .help = (text)},                                             \
        .set = s2vi_semantic_set_##option                                      \
    }

const s2vi_option s2vi_semantic_options[] = {
    S2VI_SEED_OPTION(s2vi_semantic_set_seed),
    S2VI_LEVEL_OPTION(s2vi_semantic_set_level),
    SEMANTIC(merges, START, "",
             "set CLIP's list of merges, bpe_simple_vocab_16e6.txt.gz; by "
             "default the one beside clip"),
    SEMANTIC(clip, START, "",
             "set a weight file of CLIP (scripts/import-clip), which "
             "understands the text instead of the model's own embedding"),
    SEMANTIC(start, RUNNING, "auto",
             "set the picture to start with: auto (one of the scene that is "
             "heard, if the model knows), a name of the model's gallery, a "
             "number, or seed (that of option seed)"),
    SEMANTIC(text, RUNNING, "none",
             "set a text, which chooses the start from the gallery: none or "
             "words"),
    {.about = {.name = "morph",
               .kind = S2V_OPTION_NUMBER,
               .when = S2V_OPTION_RUNNING,
               .maximum = 600,
               .default_value = "2",
               .unit = "s",
               .help = "set how long the walk to another start lasts"},
     .set = s2vi_semantic_set_morph},
    SEMANTIC(blend, RUNNING, "auto",
             "set the part of the new style codes in a frame's: auto (the "
             "model's), or a number up to 1; smaller is slower"),
    SEMANTIC(layers, RUNNING, "all",
             "set the layers that the sound moves, the others being as in the "
             "start: coarse, mid, fine, all, or as 0-3"),
    PSI,
    PULSE("0"),
    PICTURE,
    NOISE,
    SIZE,
    TEXT(camera, "free",
         "set the camera of a stylegan3: free (as the model was trained, by "
         "default with a camera that is still), or still"),
    CAMERA,
    {{0}, NULL}};
