/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makes sound for pictures: a session, or networks on feature sets. */
#include "foley_maker.h"
#include "generate.h"

#include "base/error.h"
#include "data/foley_data.h"
#include "graph/build.h"
#include "measure/motion_onsets.h"
#include "media/media.h"
#include "models/foley.h"
#include "run/exec.h"
#include "session/family.h"
#include "measure/timbre.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum { BANDS = S2VI_FOLEY_MEL_BANDS, HOP = S2VI_FOLEY_MEL_HOP };

/* One of the two: a session, or a store of weights. */
struct s2vi_foley_maker {
    s2v_model *model;
    s2v_session *session;
    s2v_model_info info;
    s2vi_foley_config config;
    s2vi_backend *backend;
    s2vi_store *store;
};

void s2vi_foley_sound_free(s2vi_foley_sound *sound)
{
    free(sound->samples);
    free(sound->mel);
    *sound = (s2vi_foley_sound){0};
}

void s2vi_foley_source_clip_free(s2vi_foley_source_clip *clip)
{
    g_free(clip->path);
    s2vi_foley_sound_free(&clip->real);
    s2vi_onsets_free(&clip->motion);
    *clip = (s2vi_foley_source_clip){0};
}

/* ------------------------------------------------------------- opening -- */

/* Whether a file is a model of sound for pictures, and if it has sight. */
static int look_at(const char *path, bool *foley, s2vi_foley_config *config,
                   s2v_weights **w, s2v_error *err)
{
    int ret = s2v_weights_open(w, path, err);
    if (ret < 0)
        return ret;
    const char *kind = s2v_weights_get_metadata(*w, "s2v.model");
    const s2vi_family *family = kind ? s2vi_family_find(kind) : NULL;
    *foley = family && family->outputs & S2V_MEDIUM_AUDIO;
    return *foley ? s2vi_foley_read(config, *w, err) : S2V_OK;
}

static int open_networks(s2vi_foley_maker *m, const s2v_weights *w,
                         const s2v_model_params *params, s2v_error *err)
{
    int ret = s2v_weights_verify(w, err);
    if (!ret)
        ret = s2vi_backend_open(&m->backend,
                                params->device ? params->device : "auto",
                                S2VI_F32, params->threads, err);
    if (!ret)
        ret = s2vi_store_create(&m->store, m->backend, err);
    return ret < 0 ? ret : s2vi_foley_load(&m->config, w, m->store, err);
}

static int open_session(s2vi_foley_maker *m, const char *path,
                        const s2v_model_params *params, s2v_error *err)
{
    int ret = s2v_model_open(&m->model, path, params, err);
    if (ret < 0)
        return ret;
    m->info.size = sizeof(m->info);
    s2v_model_get_info(m->model, &m->info);
    return s2v_session_create(&m->session, m->model, NULL, err);
}

int s2vi_foley_maker_set(s2vi_foley_maker *m, char *const *set, s2v_error *err)
{
    if (m->session)
        return s2vi_eval_set_options(m->session, set, err);
    return *set ? s2vi_error(err, S2V_ERR_INVALID,
                             "--set: expected a model with a visual encoder, "
                             "found one of feature sets")
                : S2V_OK;
}

int s2vi_foley_maker_open(s2vi_foley_maker **out, const char *path,
                          const s2v_model_params *params, s2v_error *err)
{
    s2v_weights *w = NULL;
    bool foley = false;
    s2vi_foley_maker *m = *out = calloc(1, sizeof(*m));
    if (!m)
        return s2vi_error_nomem(err, "a model");
    int ret = look_at(path, &foley, &m->config, &w, err);
    if (!ret && foley)
        ret = m->config.has_sight ? open_session(m, path, params, err)
                                  : open_networks(m, w, params, err);
    s2v_weights_close(&w);
    if (ret < 0 || !foley)
        s2vi_foley_maker_close(out);
    return ret;
}

void s2vi_foley_maker_close(s2vi_foley_maker **maker)
{
    s2vi_foley_maker *m = *maker;
    if (!m)
        return;
    s2v_session_close(&m->session);
    s2v_model_close(&m->model);
    s2vi_store_close(&m->store);
    s2vi_backend_close(&m->backend);
    free(m);
    *maker = NULL;
}

bool s2vi_foley_maker_wants_sets(const s2vi_foley_maker *m)
{
    return !m->session;
}

const char *s2vi_foley_maker_device(const s2vi_foley_maker *m)
{
    return m->session ? m->info.device : m->backend->table->name;
}

int s2vi_foley_maker_size(const s2vi_foley_maker *m)
{
    return m->session ? m->info.width : 0;
}

/* ------------------------------------------------------------- loading -- */

static int analyse(s2vi_foley_sound *s, const char *path, s2v_error *err)
{
    s->columns = s2vi_foley_mel_columns(s->count);
    s->mel = malloc(s->columns * BANDS * sizeof(*s->mel));
    return s->mel
               ? s2vi_foley_mel(s->samples, s->count, s->mel, s->columns, err)
               : s2vi_error_nomem(err, path);
}

/* The pictures as the model sees them, and the sound on their clock. */
static int load_media(const s2vi_foley_maker *m,
                      const s2vi_foley_source_clip *c, s2vi_clip **clip,
                      s2v_error *err)
{
    const s2vi_clip_params params = {.size = m->info.width,
                                     .fps_num = m->info.fps_num,
                                     .fps_den = m->info.fps_den,
                                     .sound = s2vi_sound_foley,
                                     .track = c->track,
                                     .whole = true};
    return s2vi_clip_load(clip, c->path, &params, err);
}

static int load_clip(const s2vi_foley_maker *m, s2vi_foley_source_clip *c,
                     s2v_error *err)
{
    s2vi_clip *clip = NULL;
    int ret = load_media(m, c, &clip, err);
    if (ret < 0)
        return ret;
    c->facts = clip->facts;
    c->real.samples = clip->sound;
    c->real.count = (size_t)clip->frames * S2VI_VISUAL_ENCODER_HOP;
    clip->sound = NULL;
    ret = s2vi_onsets_of_motion(&c->motion, clip->rgb, clip->frames, clip->size,
                                (double)m->info.fps_num / m->info.fps_den, err);
    s2vi_clip_close(&clip);
    return ret < 0 ? ret : analyse(&c->real, c->path, err);
}

/* A feature set alone in `data`. */
static int load_set(const s2vi_foley_maker *m, const char *path,
                    s2vi_foley_data *data, s2v_error *err)
{
    const s2vi_foley_source source = {.least = 1};
    const int width = m->config.generator.features;
    *data = (s2vi_foley_data){.columns = S2VI_VS_RATIO};
    if (!g_str_has_suffix(path, ".safetensors"))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "'%s': expected a feature set (.safetensors), since "
                          "the model has no visual encoder",
                          path);
    int ret = s2vi_foley_data_add(data, path, &source, err);
    if (!ret && data->features != width)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "%s: `features` are %d wide, expected the model's %d",
                         path, data->features, width);
    return ret;
}

static int load_mel(const s2vi_foley_maker *m, s2vi_foley_source_clip *c,
                    s2v_error *err)
{
    s2vi_foley_data data;
    int ret = load_set(m, c->path, &data, err);
    if (!ret) {
        c->real.columns = (size_t)(data.clip->units * S2VI_VS_RATIO);
        c->real.mel = data.clip->mel;
        data.clip->mel = NULL;
    }
    s2vi_foley_data_close(&data);
    return ret;
}

static void find_silence(s2vi_foley_source_clip *c)
{
    s2vi_timbre timbre;
    s2vi_timbre_of_mel(&timbre, c->real.mel, c->real.columns);
    c->silent = !timbre.columns;
}

int s2vi_foley_maker_load(s2vi_foley_maker *m, const char *path,
                          s2vi_foley_source_clip *c, s2v_error *err)
{
    c->path = g_strdup(path);
    int ret = m->session ? load_clip(m, c, err) : load_mel(m, c, err);
    if (!ret)
        find_silence(c);
    return ret;
}

int s2vi_foley_maker_load_reference(s2vi_foley_maker *m, const char *path,
                                    s2vi_foley_source_clip *c, s2v_error *err)
{
    int64_t count = 0;
    if (!m->session)
        return s2vi_foley_maker_load(m, path, c, err);
    c->path = g_strdup(path);
    int ret =
        s2vi_sound_load(path, s2vi_sound_foley, &c->real.samples, &count, err);
    c->real.count = (size_t)count;
    if (!ret)
        ret = analyse(&c->real, path, err);
    if (!ret)
        find_silence(c);
    return ret;
}

/* -------------------------------------------------------------- making -- */

static int receive(s2v_session *session, s2vi_foley_sound *to, size_t room,
                   s2v_error *err)
{
    s2v_audio_frame frame = {.size = sizeof(frame)};
    int ret;
    while (!(ret = s2v_session_receive_audio(session, &frame, err))) {
        if (frame.count > room - to->count)
            return s2vi_error(err, S2V_ERR_INTERNAL,
                              "the model generated more than %zu samples",
                              room);
        memcpy(to->samples + to->count, frame.samples,
               frame.count * sizeof(*to->samples));
        to->count += frame.count;
    }
    return ret == S2V_ERR_AGAIN || ret == S2V_ERR_EOF ? S2V_OK : ret;
}

static int send(s2vi_foley_maker *m, const s2vi_clip *clip,
                s2vi_foley_sound *sound, size_t room, s2v_error *err)
{
    const size_t bytes = (size_t)clip->size * (size_t)clip->size * 3;
    int ret = S2V_OK;
    for (int64_t k = 0; k < clip->frames && !ret; k++) {
        const s2v_picture picture = {.size = sizeof(picture),
                                     .data = clip->rgb + (size_t)k * bytes,
                                     .stride = (ptrdiff_t)clip->size * 3,
                                     .width = clip->size,
                                     .height = clip->size,
                                     .pts = k,
                                     .duration = 1,
                                     .time_num = m->info.fps_den,
                                     .time_den = m->info.fps_num};
        ret = s2v_session_send_video(m->session, &picture, err);
        if (!ret)
            ret = receive(m->session, sound, room, err);
    }
    if (!ret)
        ret = s2v_session_drain(m->session, err);
    return ret < 0 ? ret : receive(m->session, sound, room, err);
}

static int play(s2vi_foley_maker *m, const s2vi_foley_source_clip *c,
                const s2vi_foley_sound *reference, s2vi_foley_sound *sound,
                s2v_error *err)
{
    s2vi_clip *clip = NULL;
    s2v_session_flush(m->session);
    int ret = s2v_session_set_reference(m->session, reference->samples,
                                        reference->count, err);
    if (!ret)
        ret = load_media(m, c, &clip, err);
    if (ret < 0)
        return ret;
    sound->samples = calloc(c->real.count, sizeof(*sound->samples));
    ret = sound->samples ? send(m, clip, sound, c->real.count, err)
                         : s2vi_error_nomem(err, "sound");
    s2vi_clip_close(&clip);
    if (!ret && sound->count != c->real.count)
        ret = s2vi_error(err, S2V_ERR_INTERNAL,
                         "%s: the model generated %zu samples, expected %zu",
                         c->path, sound->count, c->real.count);
    return ret < 0 ? ret : analyse(sound, c->path, err);
}

/* Run the networks once: features (1,units,W) and a reference's mel. */
static int run(s2vi_foley_maker *m, const s2vi_foley_clip *set,
               const s2vi_foley_sound *reference, float *mel, s2v_error *err)
{
    const s2vi_vs_config *c = &m->config.generator;
    const int64_t units = set->units, columns = units * S2VI_VS_RATIO;
    const s2vi_clock clock = {0};
    s2vi_vs_graph net = {0};
    s2vi_plan *plan = NULL;
    s2vi_exec *exec = NULL;
    s2vi_graph *g = s2vi_graph_create();
    if (!g)
        return s2vi_error_nomem(err, "a graph");
    s2vi_node *heard = s2vi_input(
        g, "reference", S2VI_SHAPE(1, (int64_t)reference->columns, BANDS));
    s2vi_node *seen =
        s2vi_input(g, "features", S2VI_SHAPE(1, units, c->features));
    s2vi_node *none = s2vi_fill(g, 0, S2VI_SHAPE(1, columns, BANDS));
    int ret = s2vi_vs_record_timbre(g, c, NULL, heard, &net, err);
    if (!ret)
        ret = s2vi_vs_record_background(g, c, none, &net, err);
    if (!ret)
        ret = s2vi_vs_record_mel(g, c, NULL, seen, &net, err);
    const s2vi_plan_params params = {
        .outputs = &net.mel, .n_outputs = 1, .frozen = true};
    if (!ret)
        ret = s2vi_plan_create(&plan, g, m->store, &params, err);
    if (!ret)
        ret = s2vi_exec_create(&exec, plan, err);
    if (!ret) {
        s2vi_exec_write(exec, heard, reference->mel);
        s2vi_exec_write(exec, seen, set->features);
        ret = s2vi_exec_run(exec, &clock, err);
    }
    if (!ret)
        ret = s2vi_exec_read(exec, net.mel, mel);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
    return ret;
}

static int make_mel(s2vi_foley_maker *m, const s2vi_foley_source_clip *c,
                    const s2vi_foley_sound *reference, s2vi_foley_sound *sound,
                    s2v_error *err)
{
    s2vi_foley_data data;
    int ret = load_set(m, c->path, &data, err);
    sound->columns = c->real.columns;
    sound->mel = malloc(sound->columns * BANDS * sizeof(*sound->mel));
    if (!ret)
        ret = sound->mel ? run(m, data.clip, reference, sound->mel, err)
                         : s2vi_error_nomem(err, "a mel");
    s2vi_foley_data_close(&data);
    return ret;
}

int s2vi_foley_make(s2vi_foley_maker *m, const s2vi_foley_source_clip *clip,
                    const s2vi_foley_sound *reference, s2vi_foley_sound *sound,
                    s2v_error *err)
{
    *sound = (s2vi_foley_sound){0};
    int ret = m->session ? play(m, clip, reference, sound, err)
                         : make_mel(m, clip, reference, sound, err);
    if (ret < 0)
        s2vi_foley_sound_free(sound);
    return ret;
}
