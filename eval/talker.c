/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Talking heads measured on clips. */
#include "talker.h"

#include "base/error.h"
#include "clips.h"
#include "data/face_tracker.h"
#include "measure/mouth_reader.h"
#include "measure/sharpness.h"
#include "measure/vision.h"
#include "talker_truth.h"
#include "terminal/progress.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNIT = 256,   /* pixels of a frame that lengths are given in */
    PARTS = 4,    /* of a clip, for drift: the first and the last... */
    LONGEST = 60, /* ...seconds at most */
    CHIN = 6,
    CHIN_END = 11,   /* landmarks */
    MOUTH = 48,      /* up to the last */
    LEAST_SIDE = 32, /* of the lower face: LPIPS takes no smaller one */
    ROWS = 3,        /* of the sheet: real, made, still */
    COLUMNS = 8,     /* of it */
    REAL_SIZE = 256, /* at least, of frames in which a face is looked for */
};

/* What is gathered of a clip's frames of one kind. */
typedef struct series {
    s2vi_face_marks *marks;   /* (frames) */
    s2vi_mouth_pixels *mouth; /* (frames), where the truth is known */
    double *opening, *height, *ratio;
    double *read; /* the opening, by the mouth's pixels where that is known */
    double colour[2][3]; /* of the first and the last part */
} series;

typedef struct run {
    s2vi_talker_eval *e;
    const s2vi_talker_maker *maker;
    s2vi_face_tracker *tracker;
    s2vi_progress *bar;
    int64_t done;
    /* A clip. */
    s2vi_talker_truth truth;
    int64_t frames, part; /* of drift */
    uint8_t *real;        /* (frames,size,size,3) */
    s2vi_voice *voice;
    series series[S2VI_TALKER_KINDS];
    /* A frame. */
    s2vi_talker_kind kind;
    int64_t at;
    float *of_real, *of_made, *of_portrait; /* (size,size,3) in [0, 1] */
    float *lower_real, *lower_made;         /* the lower face of both */
    uint8_t *packed;                        /* one with packed rows */
    uint8_t *moves;                         /* (size,size) of 0 */
    double *ssim;                           /* scratch */
    float *edges;                           /* likewise */
    /* The sheet: of the first clip. */
    uint8_t *row[ROWS];
} run;

static size_t bytes_of(const run *r)
{
    return (size_t)r->maker->size * (size_t)r->maker->size * 3;
}

static const uint8_t *real_frame(const run *r, int64_t t)
{
    return r->real + (size_t)t * bytes_of(r);
}

/* -------------------------------------------------------------- numbers -- */

double s2vi_talker_jitter(const s2vi_talker_result *r)
{
    return sqrt(s2vi_batched_mean(&r->jerk));
}

double s2vi_talker_blink_rate(const s2vi_talker_result *r)
{
    const int64_t seen = r->frames - r->lost;
    return seen ? (double)r->blinks * S2VI_FACE_RATE / (double)seen : NAN;
}

static double by_voice(const s2vi_batched *b)
{
    return s2vi_batched_mean(&b[S2VI_VOICE_SILENCE]) /
           s2vi_batched_mean(&b[S2VI_VOICE_SPEECH]);
}

double s2vi_talker_silent_opening(const s2vi_talker_result *r)
{
    return by_voice(r->open);
}

double s2vi_talker_silent_motion(const s2vi_talker_result *r)
{
    return by_voice(r->motion);
}

double s2vi_talker_drift(const s2vi_talker_result *r)
{
    return s2vi_batched_mean(&r->upper[1]) / s2vi_batched_mean(&r->upper[0]) -
           1;
}

/* --------------------------------------------------------------- frames -- */

static bool is_lost(const s2vi_face_marks marks)
{
    return isnan(marks[0][0]);
}

/* The truth: that of s2v-talkers, or FaceMesh's of the real frames. */
static s2vi_talker_kind truth_of(const run *r)
{
    return r->truth.frames ? S2VI_TALKER_TRUTH : S2VI_TALKER_REAL;
}

static int add_score(run *r, s2vi_score *score, struct s2vi_vision *vision,
                     const float *real, const float *made, int side,
                     s2v_error *err)
{
    double lpips;
    s2vi_score_add(
        score, s2vi_ssim(real, made, side, side, r->ssim),
        s2vi_square_errors(real, made, (int64_t)side * side, r->moves));
    if (!vision)
        return S2V_OK;
    const int ret =
        s2vi_vision_compare(vision, real, made, &lpips, NULL, NULL, err);
    if (!ret)
        s2vi_batched_add(&score->lpips, lpips);
    return ret;
}

/* Where the lower face begins along one axis. */
static int lower_from(const run *r, const s2vi_face_marks marks, int axis)
{
    const int most = r->maker->size - r->e->lower;
    double chin[2], mouth[2];
    s2vi_face_mean(marks, CHIN, CHIN_END, chin);
    s2vi_face_mean(marks, MOUTH, S2VI_FACE_MARKS, mouth);
    const int n = CHIN_END - CHIN, m = S2VI_FACE_MARKS - MOUTH;
    const double at = (n * chin[axis] + m * mouth[axis]) / (n + m);
    return (int)fmax(0, fmin(rint(at - r->e->lower / 2.0), most));
}

static void cut(const run *r, const float *frame, int x, int y, float *out)
{
    const size_t row = (size_t)r->e->lower * 3;
    for (int i = 0; i < r->e->lower; i++)
        memcpy(out + (size_t)i * row,
               frame +
                   3 * ((size_t)(y + i) * (size_t)r->maker->size + (size_t)x),
               row * sizeof(*out));
}

/* A frame, and its lower face, against the real one. */
static int compare(run *r, s2vi_talker_result *result, s2v_error *err)
{
    const int ret = add_score(r, &result->score, r->e->vision, r->of_real,
                              r->of_made, r->maker->size, err);
    const double(*marks)[2] =
        (const double(*)[2])r->series[truth_of(r)].marks[r->at];
    if (ret < 0 || is_lost(marks))
        return ret;
    const int x = lower_from(r, marks, 0), y = lower_from(r, marks, 1);
    cut(r, r->of_real, x, y, r->lower_real);
    cut(r, r->of_made, x, y, r->lower_made);
    return add_score(r, &result->lower, r->e->lower_vision, r->lower_real,
                     r->lower_made, r->e->lower, err);
}

/* What changes from the clip's first part to its last. */
static void follow_drift(run *r, s2vi_talker_result *result)
{
    const int N = r->maker->size;
    const bool last = r->at >= r->frames - r->part;
    if (!last && r->at >= r->part)
        return;
    s2vi_batched_add(&result->upper[last],
                     s2vi_ssim(r->of_portrait, r->of_made, N, N / 2, r->ssim));
    for (int i = 0; i < N * N * 3; i++)
        r->series[r->kind].colour[last][i % 3] +=
            (double)r->of_made[i] / ((double)N * N * (double)r->part);
}

/* For the sheet: frames spread over the clip. */
static void keep(run *r, const uint8_t *rgb)
{
    const int row = r->kind == S2VI_TALKER_REAL    ? 0
                    : r->kind == S2VI_TALKER_RIGHT ? 1
                    : r->kind == S2VI_TALKER_STILL ? 2
                                                   : -1;
    for (int i = 0; i < COLUMNS && row >= 0 && r->row[row]; i++)
        if (r->at == s2vi_preview_frame(r->frames, COLUMNS, i))
            memcpy(r->row[row] + (size_t)i * bytes_of(r), rgb, bytes_of(r));
}

/* The next frame of a kind, with packed rows. */
static int add_frame(run *r, const uint8_t *rgb, s2v_error *err)
{
    const int N = r->maker->size;
    s2vi_talker_result *result = &r->e->result[r->kind];
    series *s = &r->series[r->kind];
    s2vi_frame_to_float(rgb, (ptrdiff_t)N * 3, N, N, r->of_made);
    s2vi_frame_to_float(real_frame(r, r->at), (ptrdiff_t)N * 3, N, N,
                        r->of_real);
    int ret = S2V_OK;
    if (r->kind == S2VI_TALKER_STILL && r->at)
        memcpy(s->marks[r->at], s->marks[0], sizeof(s->marks[0]));
    else
        ret = s2vi_face_tracker_next(r->tracker, rgb, N, s->marks[r->at], err);
    if (r->truth.frames)
        s2vi_mouth_crop(rgb, N, s->marks[r->at], s->mouth[r->at]);
    if (!ret && r->kind != S2VI_TALKER_REAL)
        ret = compare(r, result, err);
    s2vi_batched_add(&result->score.cpbd,
                     s2vi_cpbd(r->of_made, N, N, r->edges));
    follow_drift(r, result);
    keep(r, rgb);
    r->at++;
    s2vi_progress_update(r->bar, ++r->done, NULL, 0);
    return ret;
}

static int take(void *opaque, const s2v_video_frame *frame, s2v_error *err)
{
    run *r = opaque;
    const int N = r->maker->size;
    if (frame->width != N || frame->height != N)
        return s2vi_error(err, S2V_ERR_INTERNAL,
                          "the model generated a frame of %dx%d: expected "
                          "%dx%d",
                          frame->width, frame->height, N, N);
    for (int y = 0; y < N; y++)
        memcpy(r->packed + (size_t)y * (size_t)N * 3,
               frame->data + y * frame->stride, (size_t)N * 3);
    return add_frame(r, r->packed, err);
}

/* Whatever comes before the first frame of a kind. */
static void begin(run *r, s2vi_talker_kind kind)
{
    r->kind = kind;
    r->at = 0;
    s2vi_face_tracker_rewind(r->tracker);
}

static int add_frames(run *r, s2vi_talker_kind kind, bool still, s2v_error *err)
{
    int ret = S2V_OK;
    begin(r, kind);
    for (int64_t t = 0; t < r->frames && !ret; t++)
        ret = add_frame(r, real_frame(r, still ? 0 : t), err);
    return ret;
}

static int make_frames(run *r, s2vi_talker_kind kind, const s2vi_clip *clip,
                       s2v_error *err)
{
    const int64_t hop = S2VI_CLIP_RATE / S2VI_FACE_RATE;
    const s2vi_eval_sound sound = {
        .samples = clip->sound,
        .count = clip->samples,
        .delay = kind == S2VI_TALKER_WRONG ? r->frames / 2 * hop : 0,
        .length = clip->samples};
    begin(r, kind);
    return r->maker->make(r->maker->opaque, real_frame(r, 0), &sound, r->frames,
                          take, r, err);
}

/* --------------------------------------------------------------- series -- */

/* The numbers of each frame. */
static void derive(run *r, s2vi_talker_kind kind)
{
    series *s = &r->series[kind];
    for (int64_t t = 0; t < r->frames; t++) {
        s->opening[t] = s->read[t] = s2vi_mouth_opening(s->marks[t]);
        s->height[t] = s2vi_mouth_height(s->marks[t]);
        s->ratio[t] = s2vi_eye_ratio(s->marks[t]);
    }
}

/* Openings from the mouth's pixels, where the real ones' are known. A reader is
 * fitted to real frames: of made ones it tells how the mouth moves better than
 * FaceMesh, but not how far from shut it is. */
static int read_mouths(run *r, s2v_error *err)
{
    const series *truth = &r->series[S2VI_TALKER_TRUTH];
    const series *real = &r->series[S2VI_TALKER_REAL];
    const s2vi_mouth_pixels *mouth = (const s2vi_mouth_pixels *)real->mouth;
    s2vi_mouth_reader reader;
    int ret = s2vi_mouth_reader_fit(&reader, mouth, truth->opening, r->frames,
                                    0, 0, err);
    for (int k = S2VI_TALKER_RIGHT; k < S2VI_TALKER_KINDS && !ret; k++)
        for (int64_t t = 0; t < r->frames; t++)
            r->series[k].read[t] =
                s2vi_mouth_reader_read(&reader, r->series[k].mouth[t]);
    return ret ? ret
               : s2vi_mouth_reader_cross(mouth, truth->opening, r->frames,
                                         real->read, err);
}

/* Openings are from shut lips on; those of what is not exact are the real
 * frames'. */
static void describe(run *r, s2vi_talker_kind kind)
{
    const series *s = &r->series[kind];
    const bool exact = kind == S2VI_TALKER_TRUTH;
    s2vi_talker_result *result = &r->e->result[kind];
    const double unit = (double)UNIT / r->maker->size;
    const double shut = s2vi_least_opening(
        r->series[exact ? kind : S2VI_TALKER_REAL].opening, r->frames);
    result->frames += r->frames;
    for (int64_t t = 0; t < r->frames; t++) {
        if (is_lost(s->marks[t])) {
            result->lost++;
            continue;
        }
        s2vi_batched_add(&result->open[r->voice[t]], s->opening[t] - shut);
        if (t && !is_lost(s->marks[t - 1]))
            s2vi_batched_add(&result->motion[r->voice[t]],
                             fabs(s->read[t] - s->read[t - 1]));
        if (t > 1 && !is_lost(s->marks[t - 1]) && !is_lost(s->marks[t - 2]))
            s2vi_batched_add(&result->jerk,
                             unit * unit *
                                 s2vi_square_jerk(s->marks[t - 2],
                                                  s->marks[t - 1],
                                                  s->marks[t]));
    }
    result->blinks += s2vi_count_blinks(
        s->ratio, r->frames,
        r->truth.frames && !exact ? S2VI_BLINK_RENDERED : S2VI_BLINK);
}

static void relate(run *r, s2vi_talker_kind kind)
{
    const series *s = &r->series[kind], *truth = &r->series[truth_of(r)];
    s2vi_talker_result *result = &r->e->result[kind];
    const double unit = (double)UNIT / r->maker->size;
    for (int64_t t = 0; t < r->frames; t++)
        if (!is_lost(s->marks[t]) && !is_lost(truth->marks[t]))
            s2vi_batched_add(
                &result->mouth,
                unit * s2vi_mouth_distance(s->marks[t], truth->marks[t]));
    s2vi_lagged_add(&result->opening, s->read, truth->read, r->frames);
    s2vi_lagged_add(&result->height, s->height, truth->height, r->frames);
    double change = 0;
    for (int c = 0; c < 3; c++)
        change = fmax(change, fabs(s->colour[1][c] - s->colour[0][c]));
    if (kind != S2VI_TALKER_TRUTH)
        s2vi_batched_add(&result->colour, change);
}

/* Of the p, b and m that the truth shows, those that the others do; the level
 * of what FaceMesh sees is that of the real frames. */
static void count_closures(run *r)
{
    const double *const truth = r->series[S2VI_TALKER_TRUTH].opening;
    const double exact = s2vi_closed_level(truth, r->frames);
    const double level = s2vi_matching_level(
        r->series[S2VI_TALKER_REAL].opening, truth, r->frames, exact);
    for (int i = 0; i < r->truth.segments; i++) {
        const s2vi_talker_segment *s = &r->truth.segment[i];
        if (!s->closed ||
            !s2vi_shows_closure(truth, r->frames, exact, s->from, s->to))
            continue;
        r->e->closures++;
        for (int k = 0; k < S2VI_TALKER_KINDS; k++)
            r->e->result[k].closures += s2vi_shows_closure(
                r->series[k].opening, r->frames,
                k == S2VI_TALKER_TRUTH ? exact : level, s->from, s->to);
    }
}

static int mark_voice(run *r, const s2vi_clip *clip, s2v_error *err)
{
    uint8_t *speaks = malloc((size_t)r->frames);
    if (!speaks)
        return s2vi_error_nomem(err, clip->path);
    if (r->truth.frames)
        for (int64_t t = 0; t < r->frames; t++)
            speaks[t] = s2vi_talker_speaks(&r->truth, t);
    else
        s2vi_mark_speech(clip->sound, clip->samples,
                         S2VI_CLIP_RATE / S2VI_FACE_RATE, r->frames, speaks);
    s2vi_mark_silence(speaks, r->frames, r->voice);
    free(speaks);
    return S2V_OK;
}

/* ---------------------------------------------------------------- clips -- */

static void free_clip(run *r)
{
    for (int k = 0; k < S2VI_TALKER_KINDS; k++) {
        free(r->series[k].marks);
        free(r->series[k].mouth);
        free(r->series[k].opening);
        free(r->series[k].read);
        free(r->series[k].height);
        free(r->series[k].ratio);
        r->series[k] = (series){0};
    }
    free(r->real);
    free(r->voice);
    r->real = NULL;
    r->voice = NULL;
    s2vi_talker_truth_free(&r->truth);
}

static int allocate(run *r, const s2vi_clip *clip, s2v_error *err)
{
    const size_t n = (size_t)r->frames;
    bool good = (r->real = malloc(n * bytes_of(r))) &&
                (r->voice = malloc(n * sizeof(*r->voice)));
    for (int k = 0; k < S2VI_TALKER_KINDS; k++) {
        series *s = &r->series[k];
        s->marks = malloc(n * sizeof(*s->marks));
        s->mouth = malloc(n * sizeof(*s->mouth));
        s->opening = malloc(n * sizeof(*s->opening));
        s->read = malloc(n * sizeof(*s->read));
        s->height = malloc(n * sizeof(*s->height));
        s->ratio = malloc(n * sizeof(*s->ratio));
        good = good && s->marks && s->mouth && s->opening && s->read &&
               s->height && s->ratio;
    }
    return good ? S2V_OK : s2vi_error_nomem(err, clip->path);
}

/* The crop of training: of the first frame, for all of them. */
static int choose_crop(run *r, const s2vi_clip *clip, s2vi_head_crop *crop,
                       s2v_error *err)
{
    if (r->e->options->crop[2]) {
        *crop = s2vi_head_crop_all(clip->size);
        return S2V_OK;
    }
    if (r->truth.frames) {
        *crop = s2vi_head_crop_of(r->truth.marks[0]);
        return S2V_OK;
    }
    return s2vi_face_tracker_start(r->tracker, clip->rgb, clip->size,
                                   clip->path, crop, err);
}

static int read_frames(run *r, const s2vi_clip *clip, s2v_error *err)
{
    const int N = r->maker->size;
    s2vi_head_crop crop;
    int ret = choose_crop(r, clip, &crop, err);
    for (int64_t t = 0; t < r->frames && !ret; t++) {
        const size_t from = (size_t)t * (size_t)clip->size * (size_t)clip->size;
        s2vi_head_crop_read(&crop, clip->rgb + 3 * from, clip->size, N,
                            r->of_made, r->real + (size_t)t * bytes_of(r));
        s2vi_face_marks *known = &r->series[S2VI_TALKER_TRUTH].marks[t];
        if (r->truth.frames) {
            memcpy(known, r->truth.marks[t], sizeof(*known));
            s2vi_head_crop_move(&crop, N, *known);
        }
    }
    if (!ret)
        ret = s2vi_face_tracker_start(r->tracker, r->real, N, clip->path, NULL,
                                      err);
    return ret;
}

static int load(run *r, const char *path, s2vi_clip **clip, s2v_error *err)
{
    const s2vi_eval_options *o = r->e->options;
    const int N = r->maker->size;
    int ret = s2vi_talker_truth_read(&r->truth, path, err);
    if (ret < 0)
        return ret;
    if (r->truth.frames && (o->crop[2] || o->start > 0))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "'%s' has the truth of s2v-talkers beside it: "
                          "expected neither --crop nor --start",
                          path);
    const s2vi_clip_params params = {.size = r->truth.frames     ? r->truth.size
                                             : o->crop[2]        ? N
                                             : N * 2 > REAL_SIZE ? N * 2
                                                                 : REAL_SIZE,
                                     .fps_num = S2VI_FACE_RATE,
                                     .fps_den = 1,
                                     .track = o->track + 1,
                                     .crop_x = o->crop[0],
                                     .crop_y = o->crop[1],
                                     .crop_w = o->crop[2],
                                     .crop_h = o->crop[3],
                                     .start_ms = (int64_t)(o->start * 1000),
                                     .duration_ms =
                                         (int64_t)(o->duration * 1000),
                                     .min_frames = PARTS};
    return s2vi_ingest_clip(&r->e->ingest, clip, path, &params, false, err);
}

static int measure_frames(run *r, const s2vi_clip *clip, s2v_error *err)
{
    const int N = r->maker->size;
    s2vi_frame_to_float(r->real, (ptrdiff_t)N * 3, N, N, r->of_portrait);
    int ret = add_frames(r, S2VI_TALKER_REAL, false, err);
    if (!ret)
        ret = make_frames(r, S2VI_TALKER_RIGHT, clip, err);
    if (!ret)
        ret = make_frames(r, S2VI_TALKER_WRONG, clip, err);
    if (!ret)
        ret = add_frames(r, S2VI_TALKER_STILL, true, err);
    return ret;
}

static int lay_out(run *r, s2v_error *err)
{
    const s2vi_preview_row rows[ROWS] = {
        {.bytes = r->row[0]}, {.bytes = r->row[1]}, {.bytes = r->row[2]}};
    const int ret = s2vi_preview_sheet(&r->e->sheet, rows, ROWS, COLUMNS,
                                       r->maker->size, COLUMNS, err);
    for (int i = 0; i < ROWS; i++) {
        free(r->row[i]);
        r->row[i] = NULL;
    }
    return ret;
}

static int measure(run *r, const s2vi_clip *clip, s2v_error *err)
{
    r->frames = clip->frames;
    if (r->truth.frames && r->truth.frames < r->frames)
        r->frames = r->truth.frames;
    r->part = r->frames / PARTS;
    if (r->part > LONGEST * S2VI_FACE_RATE)
        r->part = LONGEST * S2VI_FACE_RATE;
    int ret = allocate(r, clip, err);
    if (!ret)
        ret = read_frames(r, clip, err);
    if (!ret)
        ret = mark_voice(r, clip, err);
    if (!ret)
        ret = measure_frames(r, clip, err);
    if (ret < 0)
        return ret;
    const int first = truth_of(r);
    for (int k = first; k < S2VI_TALKER_KINDS; k++)
        derive(r, (s2vi_talker_kind)k);
    if (r->truth.frames)
        ret = read_mouths(r, err);
    if (ret < 0)
        return ret;
    for (int k = first; k < S2VI_TALKER_KINDS; k++)
        describe(r, (s2vi_talker_kind)k);
    for (int k = first; k < S2VI_TALKER_KINDS; k++)
        relate(r, (s2vi_talker_kind)k);
    if (r->truth.frames)
        count_closures(r);
    r->e->clips++;
    r->e->known += r->truth.frames > 0;
    r->e->frames += r->frames;
    return r->row[0] ? lay_out(r, err) : S2V_OK;
}

/* A folder's files of another kind are not meant; a file named is. */
static bool is_meant(const s2vi_talker_eval *e, const char *path)
{
    for (int i = 0; e->options->clips[i]; i++)
        if (!strcmp(e->options->clips[i], path))
            return true;
    return !g_str_has_suffix(path, ".json") &&
           !g_str_has_suffix(path, ".safetensors");
}

static int measure_clips(run *r, s2v_error *err)
{
    char **paths = NULL;
    int ret = s2vi_eval_expand(r->e->options->clips, &paths, err);
    for (int i = 0; !ret && paths[i]; i++) {
        s2vi_clip *clip = NULL;
        if (!is_meant(r->e, paths[i]))
            continue;
        ret = load(r, paths[i], &clip, err);
        if (!ret && clip)
            ret = measure(r, clip, err);
        s2vi_clip_close(&clip);
        free_clip(r);
    }
    g_strfreev(paths);
    return ret ? ret : s2vi_ingest_require(&r->e->ingest, r->e->clips, err);
}

/* ----------------------------------------------------------- all of it -- */

static int open_networks(run *r, s2v_error *err)
{
    const s2vi_eval_options *o = r->e->options;
    s2vi_vision_params vision = {.network = o->perceptual,
                                 .heads = o->lpips,
                                 .width = r->maker->size,
                                 .height = r->maker->size,
                                 .device = o->device,
                                 .threads = o->threads};
    int ret = s2vi_face_tracker_open(&r->tracker, o->face, o->device, err);
    if (ret < 0 || !o->lpips)
        return ret;
    ret = s2vi_vision_open(&r->e->vision, &vision, err);
    vision.width = vision.height = r->e->lower;
    if (!ret)
        ret = s2vi_vision_open(&r->e->lower_vision, &vision, err);
    if (!ret)
        r->e->network = s2vi_vision_network(r->e->vision);
    return ret;
}

static int init(run *r, s2v_error *err)
{
    const s2vi_eval_options *o = r->e->options;
    const int N = r->maker->size;
    const size_t values = bytes_of(r);
    r->e->lower = N * 3 / 8 > LEAST_SIDE ? N * 3 / 8
                  : N < LEAST_SIDE       ? N
                                         : LEAST_SIDE;
    r->e->ingest = s2vi_eval_ingest(o);
    r->of_real = malloc(values * sizeof(float));
    r->of_made = malloc(values * sizeof(float));
    r->of_portrait = malloc(values * sizeof(float));
    r->lower_real = malloc(values * sizeof(float));
    r->lower_made = malloc(values * sizeof(float));
    r->packed = malloc(values);
    r->moves = calloc(values, 1);
    r->ssim = malloc(s2vi_ssim_scratch(N, N) * sizeof(double));
    r->edges = malloc(s2vi_cpbd_scratch(N, N) * sizeof(float));
    bool good = r->of_real && r->of_made && r->of_portrait && r->lower_real &&
                r->lower_made && r->packed && r->moves && r->ssim && r->edges;
    for (int i = 0; i < ROWS && o->sheet; i++)
        good = good && (r->row[i] = calloc(COLUMNS, values));
    if (!good)
        return s2vi_error_nomem(err, "frames");
    const int ret = open_networks(r, err);
    r->bar = s2vi_progress_new(
        &(s2vi_progress_params){.unit = "frames", .quiet = o->quiet});
    return ret;
}

static void free_run(run *r)
{
    s2vi_progress_close(&r->bar);
    s2vi_face_tracker_close(&r->tracker);
    free(r->of_real);
    free(r->of_made);
    free(r->of_portrait);
    free(r->lower_real);
    free(r->lower_made);
    free(r->packed);
    free(r->moves);
    free(r->ssim);
    free(r->edges);
    for (int i = 0; i < ROWS; i++)
        free(r->row[i]);
}

int s2vi_talker_eval_with(s2vi_talker_eval *e, const s2vi_talker_maker *maker,
                          s2v_error *err)
{
    run r = {.e = e, .maker = maker};
    int ret = init(&r, err);
    if (!ret)
        ret = measure_clips(&r, err);
    free_run(&r);
    return ret;
}

/* -------------------------------------------------------------- a model -- */

typedef struct generator {
    const s2vi_eval_options *options;
    s2v_model *model;
    int size;
} generator;

/* The portrait is the crop already: all of it is taken. */
static int generate(void *opaque, const uint8_t *portrait,
                    const s2vi_eval_sound *sound, int64_t frames,
                    s2vi_eval_frame_fn fn, void *fn_opaque, s2v_error *err)
{
    const generator *g = opaque;
    const s2v_session_params params = {.size = sizeof(params),
                                       .seed = g->options->seed,
                                       .level = g->options->level};
    const s2v_picture image = {.size = sizeof(image),
                               .data = portrait,
                               .stride = (ptrdiff_t)g->size * 3,
                               .width = g->size,
                               .height = g->size,
                               .time_num = 1,
                               .time_den = S2VI_FACE_RATE};
    s2v_session *session = NULL;
    char crop[64];
    g_snprintf(crop, sizeof(crop), "0:0:%d:%d", g->size, g->size);
    int ret = s2v_session_create(&session, g->model, &params, err);
    if (!ret)
        ret = s2v_session_set_option(session, "crop", crop, err);
    if (!ret)
        ret = s2vi_eval_set_options(session, g->options->set, err);
    if (!ret)
        ret = s2v_session_set_image(session, &image, err);
    if (!ret)
        ret = s2vi_eval_generate(session, sound, frames,
                                 S2VI_CLIP_RATE / S2VI_FACE_RATE, fn, fn_opaque,
                                 err);
    s2v_session_close(&session);
    return ret;
}

static int check(const s2vi_talker_eval *e, s2v_error *err)
{
    const s2v_model_info *m = &e->model;
    if (e->options->frame_option)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--%s: expected a model of the clip itself, found "
                          "'%s', which is of talking heads",
                          e->options->frame_option, e->options->model);
    if (e->options->perceptual && !e->options->lpips)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--perceptual: expected --lpips as well, since of "
                          "talking heads LPIPS is measured, found none");
    if (m->width == m->height && m->width >= 2 * S2VI_SSIM_WINDOW &&
        m->sample_rate == S2VI_CLIP_RATE &&
        m->fps_num == S2VI_FACE_RATE * m->fps_den)
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_MODEL,
                      "%s: expected a model of square frames, %d a second, and "
                      "of audio at %d Hz, found %dx%d, %d/%d, %d Hz",
                      e->options->model, S2VI_FACE_RATE, S2VI_CLIP_RATE,
                      m->width, m->height, m->fps_num, m->fps_den,
                      m->sample_rate);
}

int s2vi_talker_eval_run(s2vi_talker_eval *e, s2v_model *model, s2v_error *err)
{
    e->model.size = sizeof(e->model);
    s2v_model_get_info(model, &e->model);
    generator g = {e->options, model, e->model.width};
    const s2vi_talker_maker maker = {g.size, generate, &g};
    const int ret = check(e, err);
    return ret ? ret : s2vi_talker_eval_with(e, &maker, err);
}

void s2vi_talker_eval_free(s2vi_talker_eval *e)
{
    s2vi_ingest_close(&e->ingest);
    s2vi_picture_free(&e->sheet);
    s2vi_vision_close(&e->vision);
    s2vi_vision_close(&e->lower_vision);
    *e = (s2vi_talker_eval){0};
}
