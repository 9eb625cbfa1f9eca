/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* StyleGANs measured on pictures. */
#include "samples.h"

#include "base/error.h"
#include "clips.h"
#include "generate.h"
#include "measure/vision.h"
#include "media/folder.h"
#include "models/stylegan2.h"
#include "models/stylegan3.h"
#include "terminal/progress.h"
#include "weights/weights.h"

#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEASURED = 2000, /* pictures at most, evenly spread */
    BATCH = 256,     /* samples of a run of the session: keyframes of a walk */
    COLUMNS = 8,     /* and rows of the sheet */
};

/** The part of the pictures that s2v-train stylegan2 trains on. */
static const double TRAINED = 0.95;

typedef struct run {
    s2vi_samples_eval *e;
    s2v_session *session;
    s2vi_progress *bar;
    s2vi_picture_features made;
    int64_t at;      /* of the samples */
    uint8_t *packed; /* one, with packed rows */
    uint8_t *grid;   /* COLUMNS x COLUMNS of them, or NULL */
} run;

bool s2vi_samples_eval_is_for(const char *family)
{
    return !strcmp(family, S2VI_STYLEGAN2_NAME) ||
           !strcmp(family, S2VI_STYLEGAN3_NAME);
}

/* ------------------------------------------------------------- pictures -- */

static s2vi_picture_source source_of(s2vi_samples_eval *e)
{
    const s2vi_eval_options *o = e->options;
    s2vi_picture_source s = {.ingest = &e->ingest};
    s.clip.crop_x = o->crop[0];
    s.clip.crop_y = o->crop[1];
    s.clip.crop_w = o->crop[2];
    s.clip.crop_h = o->crop[3];
    s.clip.start_ms = (int64_t)(o->start * 1000 + 0.5);
    s.clip.duration_ms = (int64_t)(o->duration * 1000 + 0.5);
    s.clip.fps_num = s.clip.fps_den = 1; /* of clips, as in training */
    return s;
}

/* Folders alone, as s2v-train --classes takes them. */
static bool has_classes(const char *path)
{
    GPtrArray *files = s2vi_folder_files(path, s2vi_folder_pictures);
    GPtrArray *folders = s2vi_folder_folders(path);
    const bool so = !files->len && folders->len;
    g_ptr_array_free(files, TRUE);
    g_ptr_array_free(folders, TRUE);
    return so;
}

static int add(s2vi_pictures *p, const char *path,
               const s2vi_picture_source *source, s2v_error *err)
{
    return has_classes(path) ? s2vi_pictures_add_classes(p, path, source, err)
                             : s2vi_pictures_add(p, path, source, err);
}

static int add_all(s2vi_pictures *p, char *const *names,
                   const s2vi_picture_source *source, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; names[i] && !ret; i++)
        ret = add(p, names[i], source, err);
    return ret;
}

/* Folders, or lists of files. */
static int add_lists(s2vi_pictures *p, char *const *lists,
                     const s2vi_picture_source *source, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; lists[i] && !ret; i++) {
        char **names = NULL;
        if (g_file_test(lists[i], G_FILE_TEST_IS_DIR))
            ret = add(p, lists[i], source, err);
        else
            ret = s2vi_eval_read_list(lists[i], &names, err);
        if (names)
            ret = add_all(p, names, source, err);
        g_strfreev(names);
    }
    return ret;
}

static int load(s2vi_samples_eval *e, s2v_error *err)
{
    const s2vi_eval_options *o = e->options;
    const s2vi_picture_source source = source_of(e);
    const double split = *o->train_lists || *o->train_clips ? 0
                         : o->split_given                   ? o->split
                                                            : TRAINED;
    s2vi_pictures *p = &e->pictures, *others = &e->others;
    p->side = others->side = e->model.width;
    int ret = add_all(p, o->clips, &source, err);
    if (!ret)
        ret = s2vi_ingest_require(&e->ingest, p->files, err);
    if (!ret)
        ret = s2vi_pictures_split(p, split, err);
    if (!ret)
        ret = add_lists(others, o->train_lists, &source, err);
    if (!ret)
        ret = add_all(others, o->train_clips, &source, err);
    if (!ret)
        ret = s2vi_pictures_split(others, 1, err);
    const int64_t held = p->count - p->train;
    e->training = p->train + others->train;
    e->measured = held < MEASURED ? held : MEASURED;
    if (!ret && held < 2)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "--split: expected at least two pictures to measure, "
                         "found %lld of %lld: with 0, all are measured",
                         (long long)held, (long long)p->count);
    return ret;
}

/* The i-th of n that are evenly spread over what is held out, and over what is
 * trained on. */
static const uint8_t *held_out(const s2vi_samples_eval *e, int64_t i, int64_t n)
{
    const s2vi_pictures *p = &e->pictures;
    return s2vi_pictures_at(p,
                            p->order[p->train + i * (p->count - p->train) / n]);
}

static const uint8_t *trained(const s2vi_samples_eval *e, int64_t i, int64_t n)
{
    const s2vi_pictures *p = e->pictures.train ? &e->pictures : &e->others;
    return s2vi_pictures_at(p, p->order[i * p->train / n]);
}

/* ------------------------------------------------------------- baselines -- */

typedef const uint8_t *(*picture_fn)(const s2vi_samples_eval *e, int64_t i,
                                     int64_t n);

static int look(s2vi_samples_eval *e, picture_fn at, int64_t n,
                s2vi_picture_features *out, s2v_error *err)
{
    int ret = s2vi_picture_features_open(out, e->vision, e->model.width, err);
    for (int64_t i = 0; i < n && !ret; i++)
        ret = s2vi_picture_features_take_rgb(out, at(e, i, n), err);
    return ret < 0 ? ret : s2vi_picture_features_end(out, err);
}

static int compare(s2vi_samples_eval *e, const s2vi_picture_features *made,
                   s2vi_samples_kind kind, s2v_error *err)
{
    return s2vi_picture_features_compare(&e->real, made, &e->result[kind], err);
}

static int measure_training(s2vi_samples_eval *e, s2v_error *err)
{
    const int64_t n = e->training < e->measured ? e->training : e->measured;
    s2vi_picture_features seen;
    int ret = look(e, trained, n, &seen, err);
    if (!ret)
        ret = compare(e, &seen, S2VI_SAMPLES_TRAINING, err);
    s2vi_picture_features_close(&seen);
    return ret;
}

/* As often as there are samples: what has no spread. */
static int measure_mean(s2vi_samples_eval *e, s2v_error *err)
{
    const picture_fn at = e->training ? trained : held_out;
    const int64_t n = e->training ? e->training : e->measured;
    s2vi_picture_features mean;
    int ret = s2vi_picture_features_open(&mean, e->vision, e->model.width, err);
    double *sum = calloc(mean.numbers + 1, sizeof(*sum));
    if (!ret && !sum)
        ret = s2vi_error_nomem(err, "a mean picture");
    for (int64_t i = 0; i < n && !ret; i++) {
        const uint8_t *rgb = at(e, i, n);
        for (size_t k = 0; k < mean.numbers; k++)
            sum[k] += rgb[k];
    }
    for (int64_t i = 0; i < e->measured && !ret; i++) {
        float *to = s2vi_picture_features_room(&mean);
        for (size_t k = 0; k < mean.numbers; k++)
            to[k] = (float)(sum[k] / (255.0 * (double)n));
        ret = s2vi_picture_features_take(&mean, err);
    }
    if (!ret)
        ret = s2vi_picture_features_end(&mean, err);
    if (!ret)
        ret = compare(e, &mean, S2VI_SAMPLES_MEAN, err);
    free(sum);
    s2vi_picture_features_close(&mean);
    return ret;
}

/* -------------------------------------------------------------- samples -- */

/* Classes in turn, by name where they have one: a name may be a number. */
static int choose_class(run *r, s2v_error *err)
{
    const s2vi_samples_eval *e = r->e;
    char number[16];
    if (!e->classes)
        return S2V_OK;
    const int class = (int)(r->at % e->classes);
    snprintf(number, sizeof(number), "%d", class);
    const char *name =
        json_string_value(json_array_get(e->names, (size_t) class));
    return s2v_session_set_option(r->session, "class", name ? name : number,
                                  err);
}

static int take(void *opaque, const s2v_video_frame *frame, s2v_error *err)
{
    run *r = opaque;
    const size_t row = (size_t)frame->width * 3;
    for (int y = 0; y < frame->height; y++)
        memcpy(r->packed + (size_t)y * row, frame->data + y * frame->stride,
               row);
    if (r->grid && r->at < COLUMNS * COLUMNS)
        memcpy(r->grid + (size_t)r->at * r->made.numbers, r->packed,
               r->made.numbers);
    int ret = s2vi_picture_features_take_rgb(&r->made, r->packed, err);
    r->at++;
    s2vi_progress_update(r->bar, r->at, NULL, 0);
    return ret < 0 ? ret : choose_class(r, err);
}

/* A walk of a keyframe a frame, which nothing moves from its way. */
static int still(run *r, s2v_error *err)
{
    static const char *const settings[][2] = {
        {"speed", "1200"}, {"psi", "1"},          {"pulse", "0"},
        {"motion", "0"},   {"class_smooth", "0"},
    };
    int ret = S2V_OK;
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings) && !ret; i++)
        ret = s2v_session_set_option(r->session, settings[i][0], settings[i][1],
                                     err);
    if (!ret)
        ret = s2vi_eval_set_options(r->session, r->e->options->set, err);
    return ret;
}

/* Samples of seeds from `at` on. */
static int make_batch(run *r, int64_t n, s2v_error *err)
{
    const s2v_model_info *m = &r->e->model;
    const float silence = 0;
    const int64_t hop = (int64_t)m->sample_rate * m->fps_den / m->fps_num;
    const s2vi_eval_sound sound = {
        .samples = &silence, .count = 1, .length = n * hop};
    const uint64_t first = r->e->options->seed + (uint64_t)r->at;
    char seeds[64];
    snprintf(seeds, sizeof(seeds), "%llu-%llu", (unsigned long long)first,
             (unsigned long long)(first + (uint64_t)n - 1));
    int ret = s2v_session_set_option(r->session, "seeds", seeds, err);
    if (!ret)
        ret = choose_class(r, err);
    return ret < 0
               ? ret
               : s2vi_eval_generate(r->session, &sound, n, hop, take, r, err);
}

static int make(run *r, s2v_error *err)
{
    const int64_t all = r->e->measured;
    const int64_t shown = r->grid ? COLUMNS * COLUMNS : 0;
    const int64_t last = all > shown ? all : shown;
    int ret = still(r, err);
    while (r->at < all && !ret)
        ret = make_batch(r, all - r->at < BATCH ? all - r->at : BATCH, err);
    if (!ret)
        ret = s2vi_picture_features_end(&r->made, err);
    if (!ret)
        ret = compare(r->e, &r->made, S2VI_SAMPLES_MADE, err);
    /* Few pictures: the sheet has more samples than are measured. */
    return ret < 0 || r->at >= last ? ret : make_batch(r, last - r->at, err);
}

static int lay_out(run *r, s2v_error *err)
{
    s2vi_preview_row row[COLUMNS];
    for (int i = 0; i < COLUMNS; i++)
        row[i] = (s2vi_preview_row){.bytes = r->grid + (size_t)(i * COLUMNS) *
                                                           r->made.numbers};
    return s2vi_preview_sheet(&r->e->sheet, row, COLUMNS, COLUMNS,
                              r->e->model.width, COLUMNS, err);
}

static int open_run(run *r, s2v_model *model, s2v_error *err)
{
    const s2vi_eval_options *o = r->e->options;
    const s2v_session_params params = {.size = sizeof(params)};
    r->bar = s2vi_progress_new(&(s2vi_progress_params){
        .unit = "samples", .total = r->e->measured, .quiet = o->quiet});
    int ret = s2vi_picture_features_open(&r->made, r->e->vision,
                                         r->e->model.width, err);
    r->packed = malloc(r->made.numbers + 1);
    if (o->sheet)
        r->grid = calloc(COLUMNS * COLUMNS, r->made.numbers + 1);
    if (!ret && (!r->packed || (o->sheet && !r->grid)))
        ret = s2vi_error_nomem(err, "samples");
    return ret < 0 ? ret : s2v_session_create(&r->session, model, &params, err);
}

static int measure_made(s2vi_samples_eval *e, s2v_model *model, s2v_error *err)
{
    run r = {.e = e};
    int ret = open_run(&r, model, err);
    if (!ret)
        ret = make(&r, err);
    if (!ret && r.grid)
        ret = lay_out(&r, err);
    s2vi_progress_close(&r.bar);
    s2v_session_close(&r.session);
    s2vi_picture_features_close(&r.made);
    free(r.packed);
    free(r.grid);
    return ret;
}

/* ----------------------------------------------------------- all of it -- */

/* The API does not tell classes. */
static int read_classes(s2vi_samples_eval *e, s2v_error *err)
{
    s2v_weights *w = NULL;
    const int ret = s2v_weights_open(&w, e->options->model, err);
    if (ret < 0)
        return ret;
    const char *config = s2vi_weights_config(w, err);
    json_t *json = config ? json_loads(config, 0, NULL) : NULL;
    e->classes = (int)json_integer_value(json_object_get(json, "classes"));
    json_decref(json);
    const char *names = s2v_weights_get_metadata(w, S2VI_STYLEGAN_CLASSES);
    e->names = names ? json_loads(names, 0, NULL) : NULL;
    s2v_weights_close(&w);
    return config ? S2V_OK : S2V_ERR_MODEL;
}

static int check(const s2vi_samples_eval *e, s2v_error *err)
{
    const s2vi_eval_options *o = e->options;
    if (o->no_samples)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--%s: expected a model of another kind, found '%s', "
                          "which is a StyleGAN",
                          o->no_samples, o->model);
    return o->perceptual ? S2V_OK
                         : s2vi_error(err, S2V_ERR_INVALID,
                                      "'%s' is a StyleGAN: expected "
                                      "--perceptual FILE, whose network "
                                      "measures, found none",
                                      o->model);
}

static int open_vision(s2vi_samples_eval *e, s2v_error *err)
{
    const s2vi_eval_options *o = e->options;
    const s2vi_vision_params params = {.network = o->perceptual,
                                       .width = e->model.width,
                                       .height = e->model.height,
                                       .device = o->device,
                                       .threads = o->threads};
    return s2vi_vision_open(&e->vision, &params, err);
}

int s2vi_samples_eval_run(s2vi_samples_eval *e, s2v_model *model,
                          s2v_error *err)
{
    e->model.size = sizeof(e->model);
    s2v_model_get_info(model, &e->model);
    e->ingest = s2vi_eval_ingest(e->options);
    int ret = check(e, err);
    if (!ret)
        ret = read_classes(e, err);
    if (!ret)
        ret = open_vision(e, err);
    if (!ret)
        ret = load(e, err);
    if (!ret)
        ret = look(e, held_out, e->measured, &e->real, err);
    if (!ret && e->training)
        ret = measure_training(e, err);
    if (!ret)
        ret = measure_mean(e, err);
    return ret < 0 ? ret : measure_made(e, model, err);
}

void s2vi_samples_eval_free(s2vi_samples_eval *e)
{
    s2vi_picture_features_close(&e->real);
    s2vi_vision_close(&e->vision);
    s2vi_pictures_close(&e->pictures);
    s2vi_pictures_close(&e->others);
    s2vi_picture_free(&e->sheet);
    s2vi_ingest_close(&e->ingest);
    json_decref(e->names);
    *e = (s2vi_samples_eval){0};
}
