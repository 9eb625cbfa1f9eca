/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips as each model's training has them. */
#include "kinds.h"

#include "base/error.h"
#include "data/dataset.h"
#include "data/foley_data.h"
#include "data/pictures.h"
#include "data/scene_clips.h"
#include "data/talking_heads.h"
#include "media/folder.h"
#include "models/varietysound.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

struct loaded {
    s2vi_shard_item item;
    s2vi_ingest ingest;
    /* One of these has it. */
    s2vi_clip *clip;
    s2vi_foley_data foley;
    s2vi_talking_heads faces;
    s2vi_pictures pictures;
    s2vi_scene_clips scenes;
};

static int load_clip(loaded *l, const char *path, const s2vi_clip_params *p,
                     s2v_error *err)
{
    const int ret = s2vi_ingest_clip(&l->ingest, &l->clip, path, p, false, err);
    return ret < 0 || !l->clip ? ret
                               : s2vi_dataset_pack(l->clip, &l->item, err);
}

static int load_foley(loaded *l, const char *path, const s2vi_clip_params *p,
                      bool sound_only, s2v_error *err)
{
    const s2vi_foley_source source = {
        .clip = *p, .ingest = &l->ingest, .sound_only = sound_only, .least = 1};
    l->foley.columns = sound_only ? 1 : S2VI_VS_RATIO;
    const int ret = s2vi_foley_data_add(&l->foley, path, &source, err);
    return ret < 0 || !l->foley.count
               ? ret
               : s2vi_foley_data_pack(&l->foley, 0, &l->item, err);
}

static int load_seen(loaded *l, const char *path, const s2vi_clip_params *p,
                     s2v_error *err)
{
    return load_foley(l, path, p, false, err);
}

static int load_sound(loaded *l, const char *path, const s2vi_clip_params *p,
                      s2v_error *err)
{
    return load_foley(l, path, p, true, err);
}

static int load_face(loaded *l, const char *path, const s2vi_clip_params *p,
                     s2v_error *err)
{
    const s2vi_talking_source source = {*p, &l->ingest};
    l->faces.side = p->size;
    const int ret = s2vi_talking_heads_add(&l->faces, path, &source, err);
    return ret < 0 || !l->faces.count
               ? ret
               : s2vi_talking_heads_pack(&l->faces, 0, &l->item, err);
}

static int load_pictures(loaded *l, const char *path, const s2vi_clip_params *p,
                         s2v_error *err)
{
    const s2vi_picture_source source = {*p, &l->ingest};
    l->pictures.side = p->size;
    const int ret = s2vi_pictures_add(&l->pictures, path, &source, err);
    return ret < 0 || !l->pictures.files
               ? ret
               : s2vi_pictures_pack(&l->pictures, &l->item, err);
}

static int load_scene(loaded *l, const char *path, const s2vi_clip_params *p,
                      s2v_error *err)
{
    const s2vi_scene_source source = {*p, &l->ingest};
    l->scenes.side = p->size;
    const int ret = s2vi_scene_clips_add(&l->scenes, path, &source, err);
    return ret < 0 || !l->scenes.count
               ? ret
               : s2vi_scene_clips_pack(&l->scenes, 0, &l->item, err);
}

const shard_model shard_models[] = {
    {"listen-and-move", &s2vi_shards_clips, 128, NULL, s2vi_folder_media,
     load_clip},
    {"varietysound", &s2vi_shards_foley, 64, NULL, s2vi_folder_media,
     load_seen},
    {"hifigan", &s2vi_shards_sounds, 0, NULL, s2vi_folder_media, load_sound},
    {"man", &s2vi_shards_faces, 128, s2vi_talking_heads_side, s2vi_folder_media,
     load_face},
    {"stylegan2", &s2vi_shards_pictures, 128, NULL, s2vi_folder_pictures,
     load_pictures},
    {"embedding", &s2vi_shards_scenes, 64, NULL, s2vi_folder_media, load_scene},
    {"semantic", &s2vi_shards_scenes, 128, NULL, s2vi_folder_media, load_scene},
    {NULL, NULL, 0, NULL, NULL, NULL},
};

const shard_model *shard_model_find(const char *name)
{
    for (const shard_model *m = shard_models; m->name; m++)
        if (!strcmp(m->name, name))
            return m;
    return NULL;
}

int loaded_open(loaded **out, const shard_model *model, const char *path,
                const s2vi_clip_params *params, s2v_error *err)
{
    loaded *l = *out = calloc(1, sizeof(*l));
    if (!l)
        return s2vi_error_nomem(err, "a clip");
    /* What is wrong with a clip is kept, not printed. */
    l->ingest =
        (s2vi_ingest){.program = "s2v-shards", .quiet = true, .skip_bad = true};
    const int ret = model->load(l, path, params, err);
    return ret || l->item.facts
               ? ret
               : s2vi_error(err, S2V_ERR_FORMAT, "%s",
                            l->ingest.left_out ? l->ingest.left_out[0]
                                               : "nothing is in it");
}

void loaded_close(loaded **clip)
{
    loaded *l = *clip;
    if (!l)
        return;
    json_decref(l->item.facts);
    g_strfreev(l->ingest.left_out);
    s2vi_clip_close(&l->clip);
    s2vi_foley_data_close(&l->foley);
    s2vi_talking_heads_close(&l->faces);
    s2vi_pictures_close(&l->pictures);
    s2vi_scene_clips_close(&l->scenes);
    free(l);
    *clip = NULL;
}

const s2vi_shard_item *loaded_item(const loaded *clip)
{
    return &clip->item;
}
