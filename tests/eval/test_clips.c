/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which frames are measured, where the mean frame comes from, which sound is
 * heard. */
#include "clips.h"

#include "scratch.h"
#include "write_clip.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>

enum { SIZE = 16, FRAME = SIZE * SIZE * 3 };

static const s2v_model_info model = {
    .width = SIZE, .height = SIZE, .fps_num = 20, .fps_den = 1};

/* Frame t is of the brightness first + t. */
static char *make_clip(const char *name, int frames, int first)
{
    char *path = in_folder(name);
    uint8_t *rgb = malloc((size_t)frames * FRAME);
    int16_t *sound = malloc((size_t)frames * 1600);
    for (int t = 0; t < frames; t++)
        memset(rgb + t * FRAME, first + t, FRAME);
    make_sound(sound, frames * 800, (unsigned)first);
    write_clip(path, rgb, frames, SIZE, sound, frames * 800);
    free(rgb);
    free(sound);
    return path;
}

static int load(s2vi_eval_clips *c, s2v_error *err, const char *format, ...)
{
    va_list args;
    int count;
    char **words;
    s2vi_eval_options o;
    va_start(args, format);
    char *line = g_strdup_vprintf(format, args);
    va_end(args);
    g_shell_parse_argv(line, &count, &words, NULL);
    int ret = s2vi_eval_options_parse(&o, count, words, err);
    CHECK(!ret, "%s: %s", line, err->message);
    ret = s2vi_eval_clips_load(c, &o, &model, err);
    s2vi_eval_options_free(&o);
    g_strfreev(words);
    g_free(line);
    return ret;
}

#define RANGE(c, i, from, to)                                                  \
    CHECK((c).range[i].first == (from) && (c).range[i].last == (to),           \
          "clip %d: %lld to %lld", i, (long long)(c).range[i].first,           \
          (long long)(c).range[i].last)

/* The mean frame is flat; its value in bytes. */
static double mean_byte(const s2vi_eval_clips *c)
{
    return c->mean[FRAME - 1] * 255.0;
}

static void test_split(const char *a, const char *b)
{
    s2vi_eval_clips c;
    s2v_error err = {0};
    /* 33 frames and 60: floor(0.8 x 93) = 74 are trained on. */
    CHECK(!load(&c, &err, "e m %s %s", a, b), "%s", err.message);
    RANGE(c, 0, 33, 33);
    RANGE(c, 1, 41, 60);
    CHECK(c.measured == 19 && c.measured_clips == 1 && c.generated == 60,
          "%lld frames, %lld made", (long long)c.measured,
          (long long)c.generated);
    CHECK(c.source == S2VI_EVAL_SPLIT && c.training_frames == 74 &&
              c.training_clips == 2,
          "%lld frames", (long long)c.training_frames);
    /* Brightness 10 ... 42 and 100 ... 140. */
    double mean = (33 * 26.0 + 41 * 120.0) / 74;
    CHECK(fabs(mean_byte(&c) - mean) < 1e-3, "%g", mean_byte(&c));
    CHECK(c.moving == SIZE * SIZE, "%lld move", (long long)c.moving);
    s2vi_eval_clips_free(&c);

    CHECK(!load(&c, &err, "e m %s %s --split 0.2 --limit 1", a, b), "%s",
          err.message); /* floor(18.6) = 18 */
    RANGE(c, 0, 18, 33);
    RANGE(c, 1, 0, 20);
    s2vi_eval_clips_free(&c);

    CHECK(!load(&c, &err, "e m %s --split 0 --start 0.5 --duration 1", a), "%s",
          err.message);
    RANGE(c, 0, 0, 20);
    CHECK(c.source == S2VI_EVAL_MEASURED, "source %d", c.source);
    CHECK(fabs(mean_byte(&c) - 29.5) < 1e-3, "%g", mean_byte(&c));
    /* Bytes 20 ... 39: deviation 5.77 of 255 is 0.023. */
    CHECK(c.moving == 0, "%lld move", (long long)c.moving);
    s2vi_eval_clips_free(&c);
}

static void check_training(const char *option, const char *from, const char *b,
                           int clips)
{
    s2vi_eval_clips c;
    s2v_error err = {0};
    CHECK(!load(&c, &err, "e m %s %s %s", b, option, from), "%s", err.message);
    CHECK(c.source == S2VI_EVAL_OTHERS && c.training_clips == clips, "%d clips",
          c.training_clips);
    double mean = clips == 1 ? 26 : (33 * 26.0 + 60 * 129.5) / 93;
    CHECK(fabs(mean_byte(&c) - mean) < 1e-3, "%s %s: %g", option, from,
          mean_byte(&c));
    RANGE(c, 0, 0, 60);
    s2vi_eval_clips_free(&c);
}

static void test_training(const char *a, const char *b)
{
    char *sub = in_folder("empty");
    char *list = in_folder(".list");
    char *text = g_strdup_printf("# clips\n\n  %s\n%s\n", a, b);
    s2vi_eval_clips c;
    s2v_error err = {0};
    g_mkdir(sub, 0700);
    CHECK(g_file_set_contents(list, text, -1, NULL), "%s", list);
    check_training("--train-clip", a, b, 1);
    check_training("--train", folder, b, 2);
    check_training("--train", list, b, 2);
    CHECK(load(&c, &err, "e m %s --train %s", a, sub) == S2V_ERR_IO &&
              strstr(err.message, "no file"),
          "%s", err.message);
    s2vi_eval_clips_free(&c);
    CHECK(load(&c, &err, "e m %s --train %s", a, a) == S2V_ERR_FORMAT &&
              strstr(err.message, "binary"),
          "%s", err.message);
    s2vi_eval_clips_free(&c);
    CHECK(load(&c, &err, "e m %s --train %s/none", a, sub) == S2V_ERR_IO &&
              strstr(err.message, "none"),
          "%s", err.message);
    s2vi_eval_clips_free(&c);
    CHECK(!load(&c, &err, "e m %s --split 0", folder) && c.data.count == 2,
          "a folder of clips: %s", err.message);
    s2vi_eval_clips_free(&c);
    g_free(sub);
    g_free(list);
    g_free(text);
}

static void test_shift(const char *a, const char *b)
{
    s2vi_eval_clips c;
    s2v_error err = {0};
    CHECK(!load(&c, &err, "e m %s %s --split 0", a, b), "%s", err.message);
    s2vi_eval_shift s = s2vi_eval_choose_shift(&c, 5);
    s2vi_eval_sound sound = s2vi_eval_sound_of(&c, 1, &s);
    CHECK(s.kind == S2VI_EVAL_FOREIGN, "kind %d", s.kind);
    CHECK(sound.samples == c.data.clip[0].clip->sound && !sound.delay &&
              sound.length == 48000,
          "the next clip's sound, %lld samples", (long long)sound.length);
    s = s2vi_eval_choose_shift(&c, 0.5);
    CHECK(s.kind == S2VI_EVAL_ROTATED && s.delay == 8000, "%d %lld", s.kind,
          (long long)s.delay);
    sound = s2vi_eval_sound_of(&c, 1, &s);
    CHECK(sound.samples == c.data.clip[1].clip->sound && sound.delay == 8000,
          "its own sound");
    CHECK(s2vi_eval_choose_shift(&c, 0).kind == S2VI_EVAL_NONE, "none");
    s2vi_eval_clips_free(&c);
    CHECK(!load(&c, &err, "e m %s %s", a, b), "%s", err.message);
    s = s2vi_eval_choose_shift(&c, 5); /* one clip is measured, of 3 s */
    CHECK(s.kind == S2VI_EVAL_ROTATED && s.delay == 24000, "%d %lld", s.kind,
          (long long)s.delay);
    s2vi_eval_clips_free(&c);
}

static void test_rotation(void)
{
    const float samples[] = {0, 1, 2, 3, 4};
    s2vi_eval_sound sound = {samples, 5, 2, 12};
    float out[12];
    s2vi_eval_sound_read(&sound, 0, 7, out);
    s2vi_eval_sound_read(&sound, 7, 5, out + 7);
    for (int i = 0; i < 12; i++)
        CHECK(out[i] == (float)((i + 3) % 5), "%d: %g", i, out[i]);
    sound.delay = 13;
    s2vi_eval_sound_read(&sound, 0, 1, out);
    CHECK(out[0] == 2, "%g", out[0]);
}

int main(void)
{
    make_folder();
    char *a = make_clip("a.nut", 33, 10);
    char *b = make_clip("b.nut", 60, 100);
    test_split(a, b);
    test_training(a, b);
    test_shift(a, b);
    test_rotation();
    remove_folder();
    g_free(a);
    g_free(b);
    return check_done();
}
