/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips of scenes: what is said of them, and what is held out. */
#include "../check.h"
#include "../must.h"
#include "data/scene_words.h"

#include <glib.h>

/* What the words of a clip of `frames` are read as. */
static int read_words(s2vi_scene_clips *data, s2vi_scene_clip *c, char *path,
                      int64_t frames, double start, s2v_error *err)
{
    *c = (s2vi_scene_clip){.path = path, .frames = frames};
    return s2vi_scene_words_read(data, c, start, err);
}

static void write_file(const char *path, const char *text)
{
    if (!g_file_set_contents(path, text, -1, NULL))
        exit(99);
}

static void forget(s2vi_scene_clip *c)
{
    free(c->caption);
    free(c->intensity);
}

static void test_lines(char *folder)
{
    s2vi_scene_clips data = {0};
    s2vi_scene_clip c, other;
    s2v_error err = {0};
    char *clip = g_build_filename(folder, "a.b.mp4", NULL);
    char *text = g_build_filename(folder, "a.b.txt", NULL);
    CHECK(read_words(&data, &c, clip, 10, 0, &err) == S2V_ERR_FORMAT &&
              strstr(err.message, "a.b.txt") && strstr(err.message, "neither"),
          "%s", err.message);
    write_file(text, "  Rain at dusk \r\n\n rain falls\n");
    must(read_words(&data, &c, clip, 10, 0, &err), &err);
    CHECK(c.captions == 2 &&
              !strcmp(data.text[c.caption[0].text], "Rain at dusk"),
          "%d captions", c.captions);
    CHECK(c.caption[1].from == 0 && c.caption[1].to == 10, "of the whole clip");
    CHECK(s2vi_scene_text(&c, 3, 0) == c.caption[0].text &&
              s2vi_scene_text(&c, 3, 1) == c.caption[1].text,
          "each in its turn");
    CHECK(!c.intensity && !s2vi_scene_third(&c, 0), "no intensity");
    /* The same, from an editor that marks the byte order. */
    write_file(text, "\xEF\xBB\xBFRain at dusk\r\n");
    must(read_words(&data, &other, clip, 10, 0, &err), &err);
    CHECK(other.scene == c.scene && data.scenes == 1, "one scene");
    forget(&c);
    forget(&other);
    write_file(text, " \n");
    CHECK(read_words(&data, &c, clip, 10, 0, &err) == S2V_ERR_FORMAT &&
              strstr(err.message, "found none"),
          "%s", err.message);
    forget(&c);
    write_file(text, "rain \xFF\n");
    CHECK(read_words(&data, &c, clip, 10, 0, &err) == S2V_ERR_FORMAT &&
              strstr(err.message, "expected UTF-8"),
          "%s", err.message);
    forget(&c);
    s2vi_scene_clips_close(&data);
    g_free(clip);
    g_free(text);
}

static void test_json(char *folder)
{
    s2vi_scene_clips data = {0};
    s2vi_scene_clip c;
    s2v_error err = {0};
    char *clip = g_build_filename(folder, "c.mkv", NULL);
    char *json = g_build_filename(folder, "c.json", NULL);
    write_file(json, "{\"scene\": \"fire\", \"captions\": [[0, 1, \"gentle "
                     "fire\"], [1, 9, \"fierce fire\"]], \"intensity\": [0.1, "
                     "0.5, 0.9]}");
    must(read_words(&data, &c, clip, 40, 0, &err), &err);
    CHECK(c.captions == 2 && c.caption[0].to == 20 && c.caption[1].to == 40,
          "captions cut to the frames");
    CHECK(s2vi_scene_text(&c, 19, 7) == c.caption[0].text &&
              s2vi_scene_text(&c, 20, 7) == c.caption[1].text,
          "each at its time");
    CHECK(s2vi_scene_third(&c, 0) == 0 && s2vi_scene_third(&c, 1) == 1 &&
              s2vi_scene_third(&c, 39) == 2,
          "thirds");
    forget(&c);
    must(read_words(&data, &c, clip, 40, 0.5, &err), &err);
    CHECK(c.caption[0].to == 10, "half a second was left out: %lld",
          (long long)c.caption[0].to);
    CHECK(s2vi_scene_third(&c, 0) == 2, "the intensity of then");
    forget(&c);
    write_file(json, "{\"scene\": \"fire\", \"captions\": [[0, 1]]}");
    CHECK(read_words(&data, &c, clip, 40, 0, &err) == S2V_ERR_FORMAT &&
              strstr(err.message, "[begin, end, text]"),
          "%s", err.message);
    forget(&c);
    s2vi_scene_clips_close(&data);
    g_free(clip);
    g_free(json);
}

/* Clips of `frames` each: scene by scene. */
static void test_split(void)
{
    static const int scene[] = {0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0};
    s2vi_scene_clip clip[12];
    s2vi_scene_clips data = {.clip = clip, .count = 12, .scenes = 2};
    s2v_error err;
    int whole = 0;
    for (int i = 0; i < 12; i++)
        clip[i] = (s2vi_scene_clip){.frames = 100, .scene = scene[i]};
    data.frames = 1200;
    must(s2vi_scene_clips_split(&data, 0.8, &err), &err);
    for (int i = 0; i < 12; i++)
        if (!scene[i])
            whole += !clip[i].train;
    CHECK(whole == 2 && !clip[4].train && !clip[11].train,
          "%d clips held out of ten", whole);
    CHECK(clip[5].train == 80 && clip[6].train == 80, "the end of few");
    CHECK(data.train == 960, "%lld frames", (long long)data.train);
    int64_t frame;
    CHECK(s2vi_scene_frame(&data, true, 0, &frame) == &clip[4] && !frame,
          "the first that is held out");
    CHECK(s2vi_scene_frame(&data, true, 101, &frame) == &clip[5] && frame == 81,
          "frame %lld", (long long)frame);
    CHECK(s2vi_scene_frame(&data, false, 959, &frame) == &clip[10] &&
              frame == 99,
          "the last that is trained on");
    CHECK(!s2vi_scene_frame(&data, false, 960, &frame), "no more");
    must(s2vi_scene_clips_split(&data, 1, &err), &err);
    CHECK(data.train == 1200, "all");
}

int main(void)
{
    char *folder = g_dir_make_tmp("s2v-scene-XXXXXX", NULL);
    if (!folder)
        return 99;
    test_lines(folder);
    test_json(folder);
    test_split();
    for (const char *const *name =
             (const char *const[]){"a.b.txt", "c.json", NULL};
         *name; name++) {
        char *path = g_build_filename(folder, *name, NULL);
        remove(path);
        g_free(path);
    }
    remove(folder);
    g_free(folder);
    return check_done();
}
