/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make_shards KIND FOLDER COUNT SIZE FRAMES: shards of COUNT synthetic clips,
 * as docs/scale.md has them, written without the data sets that read them.
 */
#include "data/shard_writer.h"

#include "base/philox.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LANDMARKS = 68, BANDS = 80, HOP = 256 };

typedef struct made {
    int size, frames;
    uint8_t *bytes; /* enough for any array */
    float *numbers;
} made;

static void fill(made *m, size_t bytes, size_t numbers, uint64_t clip)
{
    const s2vi_philox key = {1, 2, clip};
    s2vi_philox_uniform(&key, 0, numbers, m->numbers);
    for (size_t i = 0; i < numbers; i++)
        m->numbers[i] = 0.2F * (m->numbers[i] - 0.5F);
    for (size_t i = 0; i < bytes; i++)
        m->bytes[i] = (uint8_t)(i * 7 + clip * 31);
}

static void put_clip(s2vi_shard_item *item, const made *m, int hop)
{
    const int64_t rgb[] = {m->frames, m->size, m->size, 3};
    const int64_t samples = (int64_t)m->frames * hop;
    s2vi_shard_put(item, "rgb", S2VI_STORED_U8, m->bytes, 4, rgb);
    s2vi_shard_put(item, "sound", S2VI_STORED_F32, m->numbers, 1, &samples);
    json_object_set_new(item->facts, "frames", json_integer(m->frames));
    json_object_set_new(item->facts, "samples", json_integer(samples));
}

static void put_foley(s2vi_shard_item *item, const made *m)
{
    const int64_t rgb[] = {m->frames, m->size, m->size, 3};
    const int64_t mel[] = {4 * m->frames, BANDS};
    s2vi_shard_put(item, "rgb", S2VI_STORED_U8, m->bytes, 4, rgb);
    s2vi_shard_put(item, "mel", S2VI_STORED_F32, m->numbers, 2, mel);
    json_object_set_new(item->facts, "units", json_integer(m->frames));
}

static void put_sound(s2vi_shard_item *item, const made *m)
{
    const int64_t mel[] = {m->frames, BANDS}, sound[] = {m->frames * HOP};
    s2vi_shard_put(item, "mel", S2VI_STORED_F32, m->numbers, 2, mel);
    s2vi_shard_put(item, "sound", S2VI_STORED_F32, m->numbers, 1, sound);
    json_object_set_new(item->facts, "units", json_integer(m->frames));
}

static void put_face(s2vi_shard_item *item, const made *m)
{
    static const int32_t triangle[1][3] = {{0, 1, 2}};
    static const uint8_t shut[4096];
    const int64_t T = m->frames;
    const int64_t marks[] = {T, LANDMARKS, 2}, controls[] = {T, 4};
    const int64_t mesh[] = {T, 3, 2}, triangles[] = {1, 3};
    put_clip(item, m, 640);
    s2vi_shard_put(item, "landmarks", S2VI_STORED_F32, m->numbers, 3, marks);
    s2vi_shard_put(item, "controls", S2VI_STORED_F32, m->numbers, 2, controls);
    s2vi_shard_put(item, "mesh", S2VI_STORED_F32, m->numbers, 3, mesh);
    s2vi_shard_put(item, "triangle", S2VI_STORED_I32, triangle, 2, triangles);
    s2vi_shard_put(item, "shut", S2VI_STORED_U8, shut, 1, &T);
    json_object_set_new(item->facts, "points", json_integer(3));
    json_object_set_new(item->facts, "triangles", json_integer(1));
}

static void put_picture(s2vi_shard_item *item, const made *m)
{
    const int64_t rgb[] = {m->frames, m->size, m->size, 3};
    s2vi_shard_put(item, "rgb", S2VI_STORED_U8, m->bytes, 4, rgb);
    json_object_set_new(item->facts, "frames", json_integer(m->frames));
}

static void put_scene(s2vi_shard_item *item, const made *m, int clip)
{
    put_clip(item, m, 800);
    json_object_set_new(item->facts, "scene",
                        json_string(clip % 2 ? "rain" : "fire"));
    json_object_set_new(item->facts, "captions",
                        json_pack("[[i, i, s]]", 0, m->frames,
                                  clip % 2 ? "heavy rain" : "a small fire"));
}

static const s2vi_shards_kind *kind_of(const char *name)
{
    const s2vi_shards_kind *const all[] = {
        &s2vi_shards_clips, &s2vi_shards_foley,    &s2vi_shards_sounds,
        &s2vi_shards_faces, &s2vi_shards_pictures, &s2vi_shards_scenes};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (!strcmp(all[i]->name, name))
            return all[i];
    return NULL;
}

static int add(s2vi_shard_writer *w, const char *kind, const made *m, int clip,
               s2v_error *err)
{
    char path[32], hash[65];
    snprintf(path, sizeof(path), "clip-%06d.mkv", clip);
    snprintf(hash, sizeof(hash), "%064x", (unsigned)clip);
    s2vi_shard_item item = {.facts = json_pack("{s:s}", "hash", hash)};
    if (!strcmp(kind, "clips"))
        put_clip(&item, m, 800);
    else if (!strcmp(kind, "foley"))
        put_foley(&item, m);
    else if (!strcmp(kind, "sounds"))
        put_sound(&item, m);
    else if (!strcmp(kind, "faces"))
        put_face(&item, m);
    else if (!strcmp(kind, "pictures"))
        put_picture(&item, m);
    else
        put_scene(&item, m, clip);
    const int ret = s2vi_shard_writer_add(w, path, &item, err);
    json_decref(item.facts);
    return ret;
}

int main(int argc, char **argv)
{
    s2v_error err = {.message = "usage: make_shards KIND FOLDER COUNT SIZE "
                                "FRAMES"};
    s2vi_shard_writer *w = NULL;
    const s2vi_shards_kind *known = argc == 6 ? kind_of(argv[1]) : NULL;
    int ret = known ? S2V_OK : S2V_ERR_INVALID;
    if (!known)
        goto out;
    s2vi_shards_kind kind = *known;
    made m = {atoi(argv[4]), atoi(argv[5]), NULL, NULL};
    const size_t bytes = (size_t)m.frames * (size_t)(3 * m.size * m.size);
    const size_t numbers = (size_t)m.frames * 1024;
    kind.size = m.size;
    m.bytes = malloc(bytes + 1);
    m.numbers = malloc(numbers * sizeof(float));
    json_t *options = json_object();
    ret = s2vi_shard_writer_open(&w, argv[2], &kind, options, 8 << 20, &err);
    for (int i = 0; i < atoi(argv[3]) && !ret; i++) {
        fill(&m, bytes, numbers, (uint64_t)i);
        ret = add(w, kind.name, &m, i, &err);
    }
    if (!ret)
        ret = s2vi_shard_writer_flush(w, &err);
    s2vi_shard_writer_close(&w);
    json_decref(options);
    free(m.bytes);
    free(m.numbers);
out:
    if (ret < 0)
        fprintf(stderr, "make_shards: %s\n", err.message);
    return ret < 0;
}
