/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models: a weight file checked, and opened by its family. */
#include "session/session.h"

#include "base/error.h"
#include "base/sized.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ loading -- */

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

/* The family of a file. */
static int find_family(const s2v_weights *w, const s2vi_family **family,
                       s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    const char *kind = s2v_weights_get_metadata(w, "s2v.model");
    char names[S2VI_FAMILY_NAMES];
    if (!kind)
        return s2vi_error(
            err, S2V_ERR_MODEL,
            "%s: not an s2v model (its metadata has no 's2v.model')", path);
    if (ends_with(kind, " state"))
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: the saved state of a session, expected a weight "
                          "file",
                          path);
    if (ends_with(kind, " checkpoint"))
        return s2vi_error(
            err, S2V_ERR_MODEL,
            "%s: a training checkpoint, expected a weight file: s2v-train "
            "writes one under the same name without .ckpt",
            path);
    *family = s2vi_family_find(kind);
    if (*family)
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_MODEL, "%s: a '%.60s' model, expected %s",
                      path, kind, s2vi_family_names(names));
}

/* Bytes of a stream, and of the plans' own constants. */
static void add_memory(const s2v_model *model, size_t *stream,
                       size_t *constants)
{
    s2vi_planned part;
    *stream = *constants = 0;
    for (int i = 0; (part = model->family->plan(model->network, i)).plan; i++) {
        size_t exec, own;
        s2vi_plan_memory(part.plan, &exec, &own);
        *stream += part.rate > 0 ? exec : 0;
        *constants += own;
    }
}

static void announce(const s2v_model *model)
{
    size_t exec, constants;
    const char *path = model->path;
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model_get_info(model, &info);
    add_memory(model, &exec, &constants);
    if (*model->backend->selected)
        s2vi_log(&model->logger, S2V_LOG_INFO, "%s", model->backend->selected);
    if (*model->backend->warning)
        s2vi_log(&model->logger, S2V_LOG_WARNING, "%s: %s", path,
                 model->backend->warning);
    s2vi_log(&model->logger, S2V_LOG_INFO,
             "%s: %s, %dx%d at %.4g frames/s, on %s in %s with %d thread%s; "
             "%.1f MB of weights, %.1f MB a stream",
             path, info.name, info.width, info.height,
             (double)info.fps_num / info.fps_den, info.device, info.dtype,
             model->backend->threads, model->backend->threads > 1 ? "s" : "",
             (double)constants / 1e6, (double)exec / 1e6);
}

static int read_dtype(const char *name, s2vi_dtype *dtype, s2v_error *err)
{
    static const struct {
        const char *name;
        s2vi_dtype dtype;
    } known[] = {
        {"f32", S2VI_F32}, {"bf16", S2VI_BF16}, {"auto", S2VI_FASTEST}};
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (!strcmp(name ? name : "f32", known[i].name)) {
            *dtype = known[i].dtype;
            return S2V_OK;
        }
    return s2vi_error(err, S2V_ERR_INVALID,
                      "dtype \"%.40s\", expected \"f32\", \"bf16\" or "
                      "\"auto\"",
                      name);
}

/* The backend, and a store on it. */
static int open_device(s2v_model *model, const s2v_model_params *params,
                       s2v_error *err)
{
    const int ret = s2vi_backend_open(&model->backend,
                                      params->device ? params->device : "auto",
                                      model->dtype, params->threads, err);
    if (ret < 0)
        return ret;
    model->dtype = model->backend->bf16 ? S2VI_BF16 : S2VI_F32;
    return s2vi_store_create(&model->store, model->backend, err);
}

static int open_network(s2v_model *model, const s2v_weights *w,
                        const s2v_model_params *params,
                        const s2vi_progress *progress, s2v_error *err)
{
    const s2vi_open_params open = {.path = model->path,
                                   .store = model->store,
                                   .logger = &model->logger,
                                   .latency_ms = params->latency_ms,
                                   .size = params->video_size,
                                   .fps = params->fps,
                                   .progress = progress};
    return model->family->open(&model->network, w, &open, err);
}

/* That the family has the options of models that are given. */
static int check_options(const s2vi_family *family,
                         const s2v_model_params *params, s2v_error *err)
{
    return (params->video_size && !s2vi_option_find(family, "size", err)) ||
                   (params->fps && !s2vi_option_find(family, "fps", err))
               ? S2V_ERR_INVALID
               : S2V_OK;
}

/* What a file that may be damaged gives; it is checked beside. */
static int load(s2v_model *model, const s2v_weights *w,
                const s2v_model_params *params, s2v_error *err)
{
    const s2vi_progress all = {params->progress, params->progress_opaque, 0,
                               0.9};
    int ret = s2vi_progress_report(&all, 0, err);
    model->latency_ms = params->latency_ms;
    model->video_size = params->video_size;
    s2vi_weights_identify(w, model->identity);
    if (!ret)
        ret = find_family(w, &model->family, err);
    if (!ret)
        ret = check_options(model->family, params, err);
    if (!ret)
        ret = open_device(model, params, err);
    if (!ret)
        ret = open_network(model, w, params, &all, err);
    return ret;
}

/* Read all bytes, and load them at the same time. That the file is damaged
 * says more than what follows from it. */
static int verify_and_load(s2v_model *model, const s2v_weights *w,
                           const s2v_model_params *params, s2v_error *err)
{
    const s2vi_progress all = {params->progress, params->progress_opaque, 0, 1};
    const s2vi_progress loaded = s2vi_progress_part(&all, 0.9, 1);
    s2vi_verification *verification;
    s2v_error damage = {0};
    int ret = s2vi_verification_begin(&verification, w, err);
    if (!ret)
        ret = load(model, w, params, err);
    const bool cancelled = ret == S2V_ERR_CANCELLED;
    const int damaged =
        s2vi_verification_end(&verification, cancelled, &loaded, &damage);
    if (damaged && !cancelled) {
        ret = damaged;
        if (err)
            *err = damage;
    }
    if (!ret)
        ret = s2vi_progress_report(&loaded, 1, err);
    if (!ret)
        announce(model);
    return ret;
}

static int open_file(s2v_model *model, const char *path,
                     const s2v_model_params *params, s2v_error *err)
{
    s2v_weights *w = NULL;
    int ret = s2v_weights_open(&w, path, err);
    if (ret < 0)
        return ret;
    model->path = strdup(s2v_weights_get_path(w, NULL));
    ret = model->path ? verify_and_load(model, w, params, err)
                      : s2vi_error_nomem(err, "a path");
    s2v_weights_close(&w);
    return ret;
}

/* ------------------------------------------------------------- public -- */

static int read_params(s2v_model_params *params, const s2v_model_params *given,
                       s2v_error *err)
{
    *params = (s2v_model_params){0};
    const int ret = s2vi_sized_read(params, sizeof(*params), given,
                                    "s2v_model_params", err);
    if (ret < 0)
        return ret;
    if (params->threads < 0 || params->threads > 1024)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "threads is %d, expected 0 (all) to 1024",
                          params->threads);
    if (params->latency_ms < 0)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "latency_ms is %d, expected 0 (best quality) or more",
                          params->latency_ms);
    if (params->video_size < 0)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "video_size is %d, expected 0 (the model's) or more",
                          params->video_size);
    return S2V_OK;
}

int s2v_model_open(s2v_model **out, const char *path,
                   const s2v_model_params *given, s2v_error *err)
{
    s2v_model_params params;
    *out = NULL;
    int ret = read_params(&params, given, err);
    if (ret < 0)
        return ret;
    if (!path || !*path)
        return s2vi_error(err, S2V_ERR_INVALID, "no model file given");
    s2v_model *model = *out = calloc(1, sizeof(*model));
    if (!model)
        return s2vi_error_nomem(err, "a model");
    atomic_init(&model->references, 1);
    model->logger = (s2vi_logger){params.log, params.log_opaque};
    ret = read_dtype(params.dtype, &model->dtype, err);
    if (!ret)
        ret = open_file(model, path, &params, err);
    s2vi_backend_release_threads(model->backend);
    if (ret < 0)
        s2v_model_close(out);
    return ret;
}

int s2v_model_get_info(const s2v_model *model, s2v_model_info *info)
{
    s2v_model_info all = {
        .name = model->family->name,
        .device = model->backend->table->name,
        .inputs = model->family->inputs,
        .required = model->family->required,
        .outputs = model->family->outputs,
        .dtype = model->dtype == S2VI_BF16 ? "bf16" : "f32",
    };
    if (s2vi_sized_check(info, "s2v_model_info", NULL) < 0)
        return S2V_ERR_INVALID;
    model->family->info(model->network, &all);
    s2vi_sized_fill(info, &all, sizeof(all));
    return S2V_OK;
}

static int get_option(const s2vi_family *family, size_t index,
                      s2v_option *option)
{
    const s2vi_option *o = family->options;
    if (s2vi_sized_check(option, "s2v_option", NULL) < 0)
        return S2V_ERR_INVALID;
    for (; index && o->about.name; index--)
        o++;
    if (!o->about.name)
        return S2V_ERR_EOF;
    s2vi_sized_fill(option, &o->about, sizeof(o->about));
    return S2V_OK;
}

int s2v_model_get_option(const s2v_model *model, size_t index,
                         s2v_option *option)
{
    return get_option(model->family, index, option);
}

int s2v_family_get_option(size_t family, size_t index, s2v_option *option)
{
    const s2vi_family *const *f = s2vi_families;
    for (; family && *f; family--)
        f++;
    return *f ? get_option(*f, index, option) : S2V_ERR_EOF;
}

int s2v_model_check_media(const s2v_model *model, unsigned inputs,
                          unsigned outputs, s2v_error *err)
{
    const s2vi_family *f = model->family;
    char text[4][S2VI_MEDIA_TEXT];
    if (!(f->required & ~inputs) && !(outputs & ~f->outputs))
        return S2V_OK;
    return s2vi_error(
        err, S2V_ERR_MODEL,
        "%s: a '%s' model makes %s from %s, expected one that "
        "makes %s from %s",
        model->path, f->name, s2vi_media_text(text[0], f->outputs),
        s2vi_media_text(text[1], f->required),
        s2vi_media_text(text[2], outputs), s2vi_media_text(text[3], inputs));
}

void s2vi_model_ref(s2v_model *model)
{
    atomic_fetch_add(&model->references, 1);
}

void s2v_model_close(s2v_model **out)
{
    s2v_model *model = out ? *out : NULL;
    if (!model)
        return;
    *out = NULL;
    if (atomic_fetch_sub(&model->references, 1) > 1)
        return;
    if (model->family)
        model->family->close(model->network);
    s2vi_store_close(&model->store);
    s2vi_backend_close(&model->backend);
    free(model->path);
    free(model);
}
