/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "truth.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "weights/weights.h"

enum { PATH = 4096 };

static const double shortest = 0.5; /* of what has a caption, seconds */

void land_file_name(char *to, size_t size, enum land_scene scene, int number,
                    const char *ending)
{
    snprintf(to, size, "%s-%04d%s", land_kind(scene)->name, number, ending);
}

void land_still_name(char *to, size_t size, bool folders, enum land_scene scene,
                     int number)
{
    const char *folder = folders ? land_kind(scene)->name : "";
    const int n = snprintf(to, size, "%s%s", folder, folders ? "/" : "");
    land_file_name(to + n, size - (size_t)n, scene, number, ".png");
}

int land_frames(const struct land_clip *c)
{
    return (int)ceil(c->seconds * LAND_FPS - 1e-9);
}

/* ------------------------------------------------------------- numbers -- */

struct numbers {
    int frames, events;
    float *intensity, *drive, *level, *event;
    uint8_t *third;
};

static int open_numbers(struct numbers *n, const struct land_clip *c)
{
    const size_t t = (size_t)land_frames(c);

    n->frames = (int)t;
    n->intensity = malloc(t * sizeof(float));
    n->drive = malloc(t * sizeof(float));
    n->level = malloc(t * sizeof(float));
    n->third = malloc(t);
    n->event = malloc(((size_t)c->event_count + 1) * 2 * sizeof(float));
    return n->intensity && n->drive && n->level && n->third && n->event ? 0
                                                                        : -1;
}

static void free_numbers(struct numbers *n)
{
    free(n->intensity);
    free(n->drive);
    free(n->level);
    free(n->third);
    free(n->event);
}

static double level_of(const struct land_truth_params *p, int frame)
{
    const size_t each = (size_t)p->rate / LAND_FPS;
    const size_t from = (size_t)frame * each;
    const size_t to = from + each < p->samples ? from + each : p->samples;
    double sum = 0;

    for (size_t i = from; i < to; i++)
        sum += (double)p->sound[i] * p->sound[i];
    const double mean = to > from ? sum / (double)(to - from) : 0;
    return fmax(10 * log10(mean / (32768.0 * 32768.0) + 1e-20), -100);
}

static void fill_numbers(struct numbers *n, const struct land_clip *c,
                         const struct land_truth_params *p)
{
    for (int t = 0; t < n->frames; t++) {
        const double now = (t + 0.5) / LAND_FPS;
        const double i = land_at(c, c->intensity, now);
        n->intensity[t] = (float)i;
        n->drive[t] = (float)land_at(c, c->drive, now);
        n->level[t] = (float)level_of(p, t);
        n->third[t] = i < 1 / 3.0 ? 0 : i < 2 / 3.0 ? 1 : 2;
    }
    for (int k = 0; k < c->event_count; k++) {
        const struct land_event *e = &c->events[k];
        if (e->time < 0 || e->time >= c->seconds)
            continue;
        n->event[2 * n->events] = (float)e->time;
        n->event[2 * n->events++ + 1] = (float)e->size;
    }
}

static int write_numbers(const char *path, const struct land_clip *c,
                         const struct numbers *n, s2v_error *err)
{
    const int64_t t = n->frames;
    const int32_t scene = (int32_t)c->scene;
    s2vi_writer *w = NULL;

    if (s2vi_writer_create(&w, path, err) < 0)
        return -1;
    s2vi_writer_add(w, "intensity", S2VI_STORED_F32, 1, &t, n->intensity, err);
    s2vi_writer_add(w, "drive", S2VI_STORED_F32, 1, &t, n->drive, err);
    s2vi_writer_add(w, "level", S2VI_STORED_F32, 1, &t, n->level, err);
    s2vi_writer_add_raw(w, "third", S2VI_STORED_U8, 1, &t, n->third, err);
    s2vi_writer_add(w, "events", S2VI_STORED_F32, 2, (int64_t[]){n->events, 2},
                    n->event, err);
    s2vi_writer_add_raw(w, "scene", S2VI_STORED_I32, 1, (int64_t[]){1}, &scene,
                        err);
    return s2vi_writer_commit(&w, err);
}

/* --------------------------------------------------------------- words -- */

/* The captions, each for as long as the intensity stays in its third; what is
 * shorter than `shortest` belongs to the one before. */
static json_t *describe_captions(const struct land_clip *c,
                                 const struct numbers *n)
{
    json_t *list = json_array();
    int begin = 0, third = n->third[0];

    for (int t = 1; t <= n->frames; t++) {
        int length = 1;
        if (t < n->frames && n->third[t] == third)
            continue;
        while (t + length < n->frames && n->third[t + length] == n->third[t])
            length++;
        if (t < n->frames && length < shortest * LAND_FPS)
            continue;
        char text[128];
        const double end = t < n->frames ? (double)t / LAND_FPS : c->seconds;
        land_caption(text, sizeof(text), c, (third + 0.5) / 3);
        json_array_append_new(
            list, json_pack("[f, f, s]", (double)begin / LAND_FPS, end, text));
        begin = t;
        if (t < n->frames)
            third = n->third[t];
    }
    return list;
}

static json_t *describe_curve(const float *curve, int n)
{
    json_t *list = json_array();

    for (int i = 0; i < n; i++)
        json_array_append_new(list, json_real((double)curve[i]));
    return list;
}

static json_t *describe_events(const struct numbers *n)
{
    json_t *list = json_array();

    for (int i = 0; i < n->events; i++)
        json_array_append_new(list, json_pack("[f, f]", (double)n->event[2 * i],
                                              (double)n->event[2 * i + 1]));
    return list;
}

static json_t *describe(const struct land_clip *c, const struct numbers *n,
                        const struct land_truth_params *p)
{
    char seed[24], caption[128];

    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)p->seed);
    land_caption(caption, sizeof(caption), c, land_mean(c, c->intensity));
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:f, s:i, s:i, s:i, s:i, s:o, "
        "s:o, s:o}",
        "clip", p->clip, "program", "s2v-landscapes", "seed", seed, "scene",
        land_kind(c->scene)->name, "number", c->number, "time",
        land_time_name(c->time), "caption", caption, "seconds", c->seconds,
        "size", p->size, "fps", LAND_FPS, "rate", p->rate, "frames", n->frames,
        "captions", describe_captions(c, n), "intensity",
        describe_curve(n->intensity, n->frames), "events", describe_events(n));
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

/* Frees the words. */
static int write_words(const char *path, json_t *root)
{
    const int ret = root ? write_json(root, path) : -ENOMEM;

    json_decref(root);
    if (ret < 0)
        fprintf(stderr, "s2v-landscapes: %s: cannot write the truth: %s\n",
                path, strerror(-ret));
    return ret < 0 ? -1 : 0;
}

static int no_memory(void)
{
    fprintf(stderr, "s2v-landscapes: not enough memory\n");
    return -1;
}

int land_truth_write(const char *stem, const struct land_clip *c,
                     const struct land_truth_params *p)
{
    struct numbers n = {0};
    s2v_error err = {0};
    char path[PATH];
    int ret = open_numbers(&n, c);

    if (ret < 0) {
        free_numbers(&n);
        return no_memory();
    }
    fill_numbers(&n, c, p);
    snprintf(path, sizeof(path), "%s.safetensors", stem);
    ret = write_numbers(path, c, &n, &err);
    if (ret < 0) {
        fprintf(stderr, "s2v-landscapes: %s\n", err.message);
        free_numbers(&n);
        return -1;
    }
    snprintf(path, sizeof(path), "%s.json", stem);
    ret = write_words(path, describe(c, &n, p));
    free_numbers(&n);
    return ret;
}

/* -------------------------------------------------------------- stills -- */

static json_t *describe_stills(uint64_t seed, int size, bool folders,
                               const struct land_record *r, int n)
{
    json_t *list = json_array();
    char text[64];

    for (int i = 0; i < n; i++) {
        land_still_name(text, sizeof(text), folders, r[i].scene, r[i].number);
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:f, s:s}", "file", text, "scene",
                            land_kind(r[i].scene)->name, "time",
                            land_time_name(r[i].time), "intensity",
                            r[i].intensity, "caption", r[i].caption));
    }
    snprintf(text, sizeof(text), "%llu", (unsigned long long)seed);
    return json_pack("{s:s, s:s, s:i, s:o}", "program", "s2v-landscapes",
                     "seed", text, "size", size, "stills", list);
}

int land_truth_stills(const char *stem, uint64_t seed, int size, bool folders,
                      const struct land_record *r, int n)
{
    const size_t count = (size_t)n;
    float *intensity = malloc(count * sizeof(*intensity));
    int32_t *scene = malloc(count * sizeof(*scene));
    s2vi_writer *w = NULL;
    s2v_error err = {0};
    char path[PATH];

    if (!intensity || !scene) {
        free(intensity);
        free(scene);
        return no_memory();
    }
    for (int i = 0; i < n; i++) {
        intensity[i] = (float)r[i].intensity;
        scene[i] = (int32_t)r[i].scene;
    }
    const int64_t shape = n;
    snprintf(path, sizeof(path), "%s.safetensors", stem);
    int ret = s2vi_writer_create(&w, path, &err);
    if (!ret) {
        s2vi_writer_add(w, "intensity", S2VI_STORED_F32, 1, &shape, intensity,
                        &err);
        s2vi_writer_add_raw(w, "scene", S2VI_STORED_I32, 1, &shape, scene,
                            &err);
        ret = s2vi_writer_commit(&w, &err);
    }
    free(intensity);
    free(scene);
    if (ret < 0) {
        fprintf(stderr, "s2v-landscapes: %s\n", err.message);
        return -1;
    }
    snprintf(path, sizeof(path), "%s.json", stem);
    return write_words(path, describe_stills(seed, size, folders, r, n));
}
