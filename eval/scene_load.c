/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clips that a model of scenes is measured on, and those that its probe
 * learns on. */
#include "scene.h"

#include "base/error.h"
#include "clips.h"
#include "media/folder.h"

s2vi_clip_params s2vi_scene_eval_clip(const s2vi_eval_options *o, int size)
{
    return (s2vi_clip_params){
        .size = size,
        .fps_num = S2VI_SCENE_RATE,
        .fps_den = 1,
        .crop_x = o->crop[0],
        .crop_y = o->crop[1],
        .crop_w = o->crop[2],
        .crop_h = o->crop[3],
        .track = o->track + 1,
        .start_ms = (int64_t)(o->start * 1000 + 0.5),
        .duration_ms = (int64_t)(o->duration * 1000 + 0.5),
    };
}

typedef struct loading {
    s2vi_scene_eval *e;
    s2vi_scene_source source;
} loading;

static int add_clip(void *self, const char *path, s2v_error *err)
{
    loading *l = self;
    return s2vi_scene_clips_add(&l->e->data, path, &l->source, err);
}

/* Files, and folders of them. */
static int add_all(loading *l, char *const *names, s2v_error *err)
{
    int ret = S2V_OK;
    for (; *names && !ret; names++)
        ret = s2vi_folder_each(*names, add_clip, l, err);
    return ret;
}

/* Folders, and lists of files. */
static int add_lists(loading *l, char *const *names, s2v_error *err)
{
    int ret = S2V_OK;
    for (; *names && !ret; names++) {
        char **lines = NULL;
        if (g_file_test(*names, G_FILE_TEST_IS_DIR))
            ret = s2vi_folder_each(*names, add_clip, l, err);
        else if (!(ret = s2vi_eval_read_list(*names, &lines, err)))
            ret = add_all(l, lines, err);
        g_strfreev(lines);
    }
    return ret;
}

/* Clips [0,measured) are measured, the others trained on; or, without others, a
 * part of each scene's. */
static int part(s2vi_scene_clips *d, int measured, double split, s2v_error *err)
{
    if (d->count == measured && split > 0)
        return s2vi_scene_clips_split(d, split, err);
    for (int i = 0; i < d->count; i++) {
        d->clip[i].train = i < measured ? 0 : d->clip[i].frames;
        d->train += d->clip[i].train;
    }
    return S2V_OK;
}

int s2vi_scene_eval_load(s2vi_scene_eval *e, int side, s2v_error *err)
{
    s2vi_scene_clips *d = &e->data;
    const s2vi_eval_options *o = e->options;
    loading l = {e, {s2vi_scene_eval_clip(o, 0), &e->ingest}};
    d->side = side;
    int ret = add_all(&l, o->clips, err);
    const int measured = d->count;
    if (!ret)
        ret = add_all(&l, o->train_clips, err);
    if (!ret)
        ret = add_lists(&l, o->train_lists, err);
    if (!ret)
        ret = s2vi_ingest_require(&e->ingest, measured, err);
    if (!ret)
        ret = part(d, measured, o->split, err);
    if (!ret && (!d->train || d->train == d->frames))
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "--split: expected clips to measure and others for "
                         "the probe to learn on, found all of them %s",
                         d->train ? "to learn on" : "to measure");
    return ret ? ret : s2vi_scene_clips_prepare(d, err);
}
