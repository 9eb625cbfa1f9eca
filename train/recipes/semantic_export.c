/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is written of a training of a semantic model (semantic_trainer.c): what
 * a checkpoint is known by, and a model's metadata, frozen parts and gallery.
 */
#include "recipes/semantic_trainer_internal.h"

#include "base/error.h"
#include "files.h"
#include "models/param_file.h"
#include "recipes/embedding_trainer.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *s2vi_semantic_config_of(const s2vi_trainer *trainer, bool exported)
{
    const s2vi_semantic_trainer *t = trainer->self;
    (void)exported;
    return s2vi_semantic_config_text(&t->params.config);
}

static const char *hash_of(const s2v_weights *w)
{
    return w ? s2v_weights_get_metadata(w, "s2v.sha256") : NULL;
}

json_t *s2vi_semantic_identity_of(const s2vi_trainer *trainer)
{
    const s2vi_semantic_trainer *t = trainer->self;
    const s2vi_semantic_trainer_params *p = &t->params;
    const s2vi_semantic_weights *w = &p->weights;
    return json_pack(
        "{s:s, s:i, s:i, s:I, s:s?, s:s?, s:s?, s:f, s:f, s:f, s:f, s:f, s:f, "
        "s:f, s:f, s:f, s:f, s:f, s:b, s:i, s:i, s:i}",
        "clips", p->data->hash, "batch", s2vi_trainer_all(trainer, p->batch),
        "sequence", p->sequence, "trained_frames", (json_int_t)p->data->train,
        "generator", hash_of(p->generator), "embedding", hash_of(p->embedding),
        "network", t->lpips ? s2vi_perceptual_name(t->phi) : NULL, "psi",
        p->psi, "alone", p->alone, "clip", w->clip, "intensity", w->intensity,
        "identity", w->identity, "encoder", w->encoder, "mse", w->mse, "lpips",
        w->lpips, "length", w->length, "spread", w->spread, "adversary",
        w->adversary, "still", p->still, "critic_channels", p->critics.channels,
        "dv", (int)p->critics.dv, "starts", p->embedding ? p->starts : 0);
}

json_t *s2vi_semantic_training(const s2vi_trainer *trainer)
{
    const s2vi_semantic_trainer *t = trainer->self;
    json_t *root = s2vi_semantic_identity_of(trainer);
    bool good = !json_object_set_new(root, "critic_rate",
                                     json_real(t->params.trainer.critic_rate));
    good = good && !json_object_set_new(root, "average",
                                        json_real(t->params.trainer.average));
    if (good)
        return root;
    json_decref(root);
    return NULL;
}

int s2vi_semantic_metadata(const s2vi_trainer *trainer, s2vi_writer *w,
                           s2v_error *err)
{
    const s2vi_semantic_trainer *t = trainer->self;
    return s2vi_scene_metadata(t->params.data, t->params.embedding, w, err);
}

/* A part's tensors, under a prefix, as they are in the store. */
static int export_part(const s2vi_trainer *trainer, const s2vi_param_list *list,
                       const char *prefix, s2vi_writer *w, s2v_error *err)
{
    char name[2 * S2VI_PARAM_NAME];
    int ret = S2V_OK;
    for (int i = 0; i < list->count && !ret; i++) {
        const s2vi_param *p = &list->param[i];
        snprintf(name, sizeof(name), "%s%s", prefix, p->name);
        ret = s2vi_file_add(w, trainer->store, p->name, name, p,
                            trainer->params.store, err);
    }
    return ret;
}

/* The deviation of w, which the walk's pulse is measured by. */
static int export_deviation(const s2vi_semantic_trainer *t, s2vi_writer *w,
                            s2v_error *err)
{
    const s2vi_tensor *std =
        s2vi_weights_find(t->params.generator, "mapping.w_std");
    if (!std)
        return S2V_OK;
    float *x = malloc((size_t)std->count * sizeof(*x));
    int ret = x ? s2vi_weights_read_f32(t->params.generator, std, x, err)
                : s2vi_error_nomem(err, "w_std");
    if (!ret)
        ret = s2vi_writer_add(w, S2VI_SEMANTIC_GENERATOR "mapping.w_std",
                              S2VI_STORED_F32, std->rank, std->shape, x, err);
    free(x);
    return ret;
}

/* A scene's starts, NAME, NAME-2 .., and where its sound lies. */
static int export_scene(const s2vi_semantic_trainer *t, int scene,
                        const char *name, s2vi_writer *w, s2v_error *err)
{
    const s2vi_inversion_config *c = &t->params.config.inversion;
    const int64_t shape[] = {c->codes, c->w};
    const int64_t width = t->params.config.embedding.width;
    const float *codes = t->gallery.codes + (size_t)scene * S2VI_SEMANTIC_EACH *
                                                s2vi_semantic_start_size(t);
    const float *seen = t->gallery.seen + scene * S2VI_SEMANTIC_EACH * width;
    char full[2 * S2VI_GALLERY_NAME], number[16] = "";
    int ret = S2V_OK;
    for (int k = 0; k < S2VI_SEMANTIC_EACH && !ret; k++) {
        if (k)
            snprintf(number, sizeof(number), "-%d", k + 1);
        snprintf(full, sizeof(full), S2VI_SEMANTIC_GALLERY "%s%s", name,
                 number);
        ret = s2vi_writer_add(w, full, S2VI_STORED_F32, 2, shape,
                              codes + (size_t)k * s2vi_semantic_start_size(t),
                              err);
        snprintf(full, sizeof(full), S2VI_SEMANTIC_SEEN "%s%s", name, number);
        if (!ret)
            ret = s2vi_writer_add(w, full, S2VI_STORED_F32, 1, &width,
                                  seen + k * width, err);
    }
    snprintf(full, sizeof(full), S2VI_SEMANTIC_HEARD "%s", name);
    return ret ? ret
               : s2vi_writer_add(w, full, S2VI_STORED_F32, 1, &width,
                                 t->gallery.heard + scene * width, err);
}

/* Of scenes that would have the same name, the first. */
static bool is_taken(const s2vi_scene_clips *data, int scene, const char *name)
{
    char other[S2VI_GALLERY_NAME];
    for (int i = 0; i < scene; i++) {
        s2vi_gallery_name(data->scene[i], other);
        if (!strcmp(name, other))
            return true;
    }
    return false;
}

static int export_gallery(s2vi_semantic_trainer *t, s2vi_writer *w,
                          s2v_error *err)
{
    const s2vi_scene_clips *data = t->params.data;
    char name[S2VI_GALLERY_NAME];
    int ret = s2vi_semantic_make_gallery(t, err);
    for (int i = 0; t->gallery.codes && i < data->scenes && !ret; i++) {
        s2vi_gallery_name(data->scene[i], name);
        if (*name && !is_taken(data, i, name))
            ret = export_scene(t, i, name, w, err);
    }
    return ret;
}

int s2vi_semantic_export(const s2vi_trainer *trainer, s2vi_writer *w,
                         s2v_error *err)
{
    s2vi_semantic_trainer *t = trainer->self;
    int ret = export_part(trainer, &t->frozen, S2VI_SEMANTIC_GENERATOR, w, err);
    if (!ret)
        ret = export_part(trainer, &t->embedding, "", w, err);
    if (!ret)
        ret = export_deviation(t, w, err);
    return ret ? ret : export_gallery(t, w, err);
}
