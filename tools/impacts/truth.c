/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The truth of a clip as JSON: what stands where, what is struck and when. */
#include "impacts.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "file.h"

/* A place as fractions of the picture's width and height. */
static json_t *place(const struct impacts_scene *s, struct point p, double time)
{
    cairo_matrix_t camera;

    impacts_camera(s, time, &camera);
    cairo_matrix_transform_point(&camera, &p.x, &p.y);
    return json_pack("[f, f]", p.x / 256, p.y / 256);
}

static const char *sounds_as(const struct impacts_truth_params *p,
                             enum impacts_material seen)
{
    return impacts_material_name(
        p->sound.material < 0 ? seen
                              : (enum impacts_material)p->sound.material);
}

static json_t *objects(const struct impacts_scene *s,
                       const struct impacts_truth_params *p)
{
    json_t *list = json_array();

    for (int i = 0; i < s->object_count; i++) {
        const struct impacts_object *o = &s->objects[i];
        const struct point middle = {o->x, o->base - o->height / 2};
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:o, s:f, s:f}", "material",
                            impacts_material_name(o->material), "sound",
                            sounds_as(p, o->material), "position",
                            place(s, middle, 0), "width", o->width / 256,
                            "height", o->height / 256));
    }
    return list;
}

static json_t *swings(const struct impacts_scene *s,
                      const struct impacts_truth_params *p, bool hits)
{
    json_t *list = json_array();

    for (int i = 0; i < s->event_count; i++) {
        const struct impacts_event *e = &s->events[i];
        const enum impacts_material seen = s->objects[e->object].material;
        if (e->hit != hits)
            continue;
        json_t *one =
            json_pack("{s:f, s:i, s:s, s:o}", "time", e->time, "object",
                      e->object, "material", impacts_material_name(seen),
                      "position", place(s, e->point, e->time));
        if (hits) {
            json_object_set_new(one, "sound", json_string(sounds_as(p, seen)));
            json_object_set_new(one, "strength", json_real(e->strength));
            json_object_set_new(one, "along", json_real(e->along));
        }
        json_array_append_new(list, one);
    }
    return list;
}

/* 0 or -errno. */
static int write_json(const json_t *root, const char *path)
{
    struct render_file file;
    int ret = render_file_open(&file, path);

    if (ret < 0)
        return ret;
    errno = 0;
    if (json_dump_file(root, file.path,
                       JSON_INDENT(1) | JSON_REAL_PRECISION(9)) < 0) {
        ret = errno ? -errno : -EIO;
        render_file_drop(&file);
        return ret;
    }
    return render_file_commit(&file);
}

int impacts_truth_write(const char *path, const struct impacts_scene *scene,
                        const struct impacts_truth_params *p)
{
    char rate[40], seed[24];

    snprintf(rate, sizeof(rate), "%d/%d", p->fps_num, p->fps_den);
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)scene->seed);
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:f, s:s, s:i, s:i, s:o, s:o, s:o}", "clip",
                  p->clip, "program", "s2v-impacts", "seed", seed, "seconds",
                  scene->seconds, "rate", rate, "size", p->size, "sample_rate",
                  IMPACTS_RATE, "objects", objects(scene, p), "impacts",
                  swings(scene, p, true), "misses", swings(scene, p, false));
    if (!root) {
        fprintf(stderr, "s2v-impacts: not enough memory\n");
        return -1;
    }
    return impacts_truth_write_json(root, path);
}

int impacts_truth_write_json(json_t *root, const char *path)
{
    const int ret = write_json(root, path);
    json_decref(root);
    if (ret < 0)
        fprintf(stderr, "s2v-impacts: %s: cannot write the ground truth: %s\n",
                path, strerror(-ret));
    return ret < 0 ? -1 : 0;
}
