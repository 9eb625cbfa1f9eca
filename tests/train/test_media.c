/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips: which picture is each frame, and is the sound where it belongs. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <libavutil/log.h>

#include "check.h"
#include "media/ingest.h"
#include "make_media.h"
#include "media/media.h"

static char *folder;

/* A path in the test's folder, for free(). */
static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static s2vi_clip *load(const char *path, const s2vi_clip_params *params)
{
    s2vi_clip *clip = NULL;
    s2v_error err = {0};
    int ret = s2vi_clip_load(&clip, path, params, &err);
    CHECK(!ret && clip, "%s", err.message);
    return clip;
}

static int64_t peak(const float *sound, int64_t n)
{
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++)
        if (fabsf(sound[i]) > fabsf(sound[at]))
            at = i;
    return at;
}

/* The number of the picture in frame t, from its lower right corner. */
static int shown(const s2vi_clip *clip, int64_t t)
{
    int64_t pixels = (int64_t)clip->size * clip->size;
    return picture_number(clip->rgb + ((t + 1) * pixels - 1) * 3);
}

/*
 * The picture on display at t / 20 s after the first: the last one whose time
 * stamp is not later. `unit` is the container's own time base.
 */
static int expected(const media_spec *s, AVRational unit, double fps, int64_t t)
{
    int found = 0;
    int64_t first = s->pts ? s->pts[0] : s->first;
    for (int i = 0; i < s->pictures; i++) {
        int64_t pts = s->pts ? s->pts[i] : s->first + i;
        int64_t at = av_rescale_q(pts, s->time_base, unit) -
                     av_rescale_q(first, s->time_base, unit);
        if (av_compare_ts(at, unit, t, av_d2q(1 / fps, 1000)) <= 0)
            found = i;
    }
    return found;
}

static void check_pictures(const char *name, const media_spec *s,
                           AVRational unit, int64_t frames)
{
    char *path = in_folder(name);
    make_media(path, s);
    const s2vi_clip_params params = {.size = 16};
    s2vi_clip *clip = load(path, &params);
    if (clip) {
        CHECK(clip->frames == frames, "%s: %lld frames, expected %lld", name,
              (long long)clip->frames, (long long)frames);
        for (int64_t t = 0; t < clip->frames; t++)
            CHECK(shown(clip, t) == expected(s, unit, 20, t),
                  "%s frame %lld: picture %d, expected %d", name, (long long)t,
                  shown(clip, t), expected(s, unit, 20, t));
        CHECK(clip->samples >= clip->frames * 800 &&
                  clip->samples <= clip->frames * 800 + 1520,
              "%s: %lld samples", name, (long long)clip->samples);
    }
    s2vi_clip_close(&clip);
    g_free(path);
}

static void test_frame_rates(void)
{
    const struct {
        const char *name;
        AVRational time_base, unit;
        int64_t first;
    } cases[] = {
        {"r15.avi", {1, 15}, {1, 15}, 0},
        {"r23.nut", {1001, 24000}, {1001, 24000}, 0},
        {"r23.mkv", {1001, 24000}, {1, 1000}, 0},
        {"r25.avi", {1, 25}, {1, 25}, 0},
        {"r25.mkv", {1, 25}, {1, 1000}, 3},
        {"r29.nut", {1001, 30000}, {1001, 30000}, 7},
        {"r29.mkv", {1001, 30000}, {1, 1000}, 0},
        {"r20.nut", {1, 20}, {1, 20}, 0},
        {"r60.nut", {1, 60}, {1, 60}, 11},
        {"r5.nut", {1, 5}, {1, 5}, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const AVRational tb = cases[i].time_base;
        const double seconds = 3.2;
        media_spec s = {.time_base = tb,
                        .pictures = (int)(seconds / av_q2d(tb)),
                        .first = cases[i].first,
                        .rate = 48000,
                        .channels = 1,
                        .samples = 48000 * 4};
        s.sound_first = av_rescale_q(s.first, tb, (AVRational){1, 48000});
        int64_t frames = (int64_t)ceil(s.pictures * av_q2d(tb) * 20 - 1e-9);
        check_pictures(cases[i].name, &s, cases[i].unit, frames);
    }
}

/* Pictures that come when they like; the sound ends before the last does. */
static void test_variable_rate(void)
{
    static const int64_t pts[] = {40,  41,  100, 140, 190, 240,  241,
                                  242, 340, 590, 990, 991, 1140, 1290};
    media_spec s = {.time_base = {1, 1000},
                    .pictures = G_N_ELEMENTS(pts),
                    .pts = pts,
                    .rate = 16000,
                    .channels = 1,
                    .sound_first = 640,
                    .samples = 16000};
    check_pictures("variable.nut", &s, (AVRational){1, 1000}, 20);
    s.samples = 16001; /* one sample begins one more frame */
    check_pictures("variable.mkv", &s, (AVRational){1, 1000}, 21);
}

/* The clock jumps by two hours: no two hours of one picture. */
static void test_clock_jump(void)
{
    int64_t pts[50];
    for (int i = 0; i < 50; i++)
        pts[i] = i + (i >= 25 ? 25 * 7200 : 0);
    media_spec s = {.time_base = {1, 25},
                    .pictures = 50,
                    .pts = pts,
                    .rate = 16000,
                    .channels = 1,
                    .samples = 32000};
    char *path = in_folder("jump.mkv");
    make_media(path, &s);
    const s2vi_clip_params params = {.size = 8};
    s2vi_clip *clip = load(path, &params);
    if (clip) {
        CHECK(clip->frames == 40, "%lld frames", (long long)clip->frames);
        for (int t = 0; t < clip->frames; t++)
            CHECK(shown(clip, t) == t * 5 / 4, "frame %d: picture %d", t,
                  shown(clip, t));
    }
    s2vi_clip_close(&clip);
    g_free(path);
}

/* A sound's impulse at `seconds` after the pictures' start. */
static void check_sound(const char *name, const media_spec *s, double seconds)
{
    char *path = in_folder(name);
    make_media(path, s);
    const s2vi_clip_params params = {.size = 8};
    s2vi_clip *clip = load(path, &params);
    if (clip) {
        int64_t at = peak(clip->sound, clip->samples);
        CHECK(llabs(at - llround(seconds * 16000)) <= 1,
              "%s: impulse at sample %lld, expected %.1f", name, (long long)at,
              seconds * 16000);
        CHECK(fabsf(clip->sound[at]) > 0.1f, "%s: peak %g", name,
              clip->sound[at]);
    }
    s2vi_clip_close(&clip);
    g_free(path);
}

static void test_sound_alignment(void)
{
    media_spec s = {.time_base = {1, 25},
                    .pictures = 50,
                    .rate = 44100,
                    .channels = 2,
                    .samples = 44100 * 2,
                    .impulse = 44100};
    check_sound("stereo.nut", &s, 1);
    check_sound("stereo.mkv", &s, 1);
    check_sound("stereo.avi", &s, 1);
    s.sound_first = 4410; /* the sound begins later */
    check_sound("late.nut", &s, 1.1);
    s.sound_first = 0;
    s.first = 10; /* the sound begins earlier */
    check_sound("early.nut", &s, 0.6);
    s.first = 250; /* both begin late */
    s.sound_first = 441000 + 441;
    check_sound("both.mkv", &s, 1.01);
    s = (media_spec){.time_base = {1, 25},
                     .pictures = 50,
                     .rate = 8000,
                     .channels = 1,
                     .samples = 16000,
                     .impulse = 12000};
    check_sound("mono8k.nut", &s, 1.5);
    s.gap_at = 6000;
    s.gap = 2000; /* a quarter of a second is missing */
    check_sound("gap.nut", &s, 1.75);
    check_sound("gap.mkv", &s, 1.75);
    s.channels = 6;
    s.rate = 96000;
    s.gap = 0;
    s.samples = 96000 * 2;
    s.impulse = 96000;
    check_sound("surround.nut", &s, 1);
}

static void test_silence_in_gap(void)
{
    char *path = in_folder("gap.nut");
    const s2vi_clip_params params = {.size = 8};
    s2vi_clip *clip = load(path, &params);
    float most = 0;
    for (int64_t i = 12000 + 400; clip && i < 16000 - 400; i++)
        most = fmaxf(most, fabsf(clip->sound[i]));
    CHECK(most == 0, "a gap has sound of %g", most);
    s2vi_clip_close(&clip);
    g_free(path);
}

static void test_look_ahead(void)
{
    /* Pictures of 1 s; sound of 1 s, a little more, and much more. */
    const struct {
        int64_t samples, kept;
    } cases[] = {{16000, 16000},
                 {15999, 16000},
                 {16100, 16100},
                 {17520, 17520},
                 {30000, 17520}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        media_spec s = {.time_base = {1, 25},
                        .pictures = 25,
                        .rate = 16000,
                        .channels = 1,
                        .samples = cases[i].samples};
        char *path = in_folder("ahead.nut");
        make_media(path, &s);
        const s2vi_clip_params params = {.size = 8};
        s2vi_clip *clip = load(path, &params);
        CHECK(clip && clip->frames == 20 && clip->samples == cases[i].kept,
              "%lld samples kept of %lld, %lld frames",
              clip ? (long long)clip->samples : 0, (long long)s.samples,
              clip ? (long long)clip->frames : 0);
        s2vi_clip_close(&clip);
        g_free(path);
    }
}

static void test_same_bytes(void)
{
    char *path = in_folder("r25.mkv");
    const s2vi_clip_params params = {.size = 24};
    s2vi_clip *a = load(path, &params), *b = load(path, &params);
    if (a && b) {
        CHECK(strlen(a->hash) == 64, "hash '%s'", a->hash);
        CHECK(!strcmp(a->hash, b->hash), "%s, then %s", a->hash, b->hash);
        CHECK(a->samples == b->samples &&
                  !memcmp(a->sound, b->sound, a->samples * sizeof(float)),
              "sound differs");
        CHECK(!strcmp(a->path, path), "path '%s'", a->path);
        CHECK(a->facts.damaged == 0, "%lld damaged",
              (long long)a->facts.damaged);
    }
    s2vi_clip_close(&a);
    s2vi_clip_close(&b);
    g_free(path);
}

static void test_span(void)
{
    media_spec s = {.time_base = {1, 25},
                    .pictures = 100,
                    .rate = 16000,
                    .channels = 1,
                    .samples = 64000,
                    .impulse = 24000};
    char *path = in_folder("span.nut");
    make_media(path, &s);
    const s2vi_clip_params params = {
        .size = 8, .start_ms = 1000, .duration_ms = 1500};
    s2vi_clip *clip = load(path, &params);
    if (clip) {
        CHECK(clip->frames == 30, "%lld frames", (long long)clip->frames);
        CHECK(clip->samples == 25520, "%lld samples", (long long)clip->samples);
        CHECK(shown(clip, 0) == 25, "begins with picture %d", shown(clip, 0));
        CHECK(shown(clip, 1) == 26, "then picture %d", shown(clip, 1));
        int64_t at = peak(clip->sound, clip->samples);
        CHECK(at == 8000, "impulse at %lld", (long long)at);
    }
    s2vi_clip_close(&clip);
    g_free(path);
}

/* Whether the pixel (x, y) of frame 0 is of the dark quarter. */
static int dark(const s2vi_clip *clip, int x, int y)
{
    return clip->rgb[(y * clip->size + x) * 3] % 32 < 16;
}

static void check_quarters(const char *name, const s2vi_clip_params *params,
                           const int expected_dark[4])
{
    char *path = in_folder(name);
    s2vi_clip *clip = load(path, params);
    const int n = params->size, at[2] = {n / 8, n - 1 - n / 8};
    for (int i = 0; clip && i < 4; i++)
        CHECK(dark(clip, at[i % 2], at[i / 2]) == expected_dark[i],
              "%s, crop %d,%d,%d,%d: corner %d", name, params->crop_x,
              params->crop_y, params->crop_w, params->crop_h, i);
    s2vi_clip_close(&clip);
    g_free(path);
}

static void test_crop(void)
{
    media_spec s = {.time_base = {1, 25},
                    .pictures = 25,
                    .width = 96,
                    .height = 64,
                    .rate = 16000,
                    .channels = 1,
                    .samples = 16000};
    char *path = in_folder("crop.nut");
    make_media(path, &s); /* dark: 0 <= x < 48, 0 <= y < 32 */
    g_free(path);
    s2vi_clip_params params = {.size = 16};
    check_quarters("crop.nut", &params, (const int[]){1, 0, 0, 0});
    params = (s2vi_clip_params){
        .size = 16, .crop_x = 48, .crop_w = 32, .crop_h = 32};
    check_quarters("crop.nut", &params, (const int[]){0, 0, 0, 0});
    params = (s2vi_clip_params){
        .size = 16, .crop_x = 15, .crop_y = 0, .crop_w = 33, .crop_h = 32};
    check_quarters("crop.nut", &params, (const int[]){1, 1, 1, 1});
    params = (s2vi_clip_params){
        .size = 32, .crop_x = 32, .crop_y = 31, .crop_w = 32, .crop_h = 32};
    check_quarters("crop.nut", &params, (const int[]){0, 0, 0, 0});
    params = (s2vi_clip_params){
        .size = 32, .crop_x = 8, .crop_y = 16, .crop_w = 40, .crop_h = 32};
    check_quarters("crop.nut", &params, (const int[]){1, 1, 0, 0});
}

/* What stands at the edge is outside of the centred square. */
static void test_whole(void)
{
    media_spec s = {.time_base = {1, 25},
                    .pictures = 25,
                    .width = 96,
                    .height = 64,
                    .dark_width = 16,
                    .rate = 16000,
                    .channels = 1,
                    .samples = 16000};
    char *path = in_folder("whole.nut");
    make_media(path, &s);
    g_free(path);
    s2vi_clip_params params = {.size = 16};
    check_quarters("whole.nut", &params, (const int[]){0, 0, 0, 0});
    params.whole = true;
    check_quarters("whole.nut", &params, (const int[]){1, 0, 0, 0});
    params = (s2vi_clip_params){
        .size = 16, .whole = true, .crop_x = 32, .crop_w = 64, .crop_h = 64};
    check_quarters("whole.nut", &params, (const int[]){0, 0, 0, 0});
}

/* A phone's video: stored on its side, with a matrix that says so. */
static void test_rotation(void)
{
    const int32_t one = 1 << 16, w = 1 << 30;
    const struct {
        const char *name;
        int32_t matrix[9];
        int corner; /* where the stored upper left quarter is shown */
    } cases[] = {
        {"turn90.mov", {0, one, 0, -one, 0, 0, 0, 0, w}, 1},
        {"turn180.mov", {-one, 0, 0, 0, -one, 0, 0, 0, w}, 3},
        {"turn270.mov", {0, -one, 0, one, 0, 0, 0, 0, w}, 2},
        {"mirror.mov", {-one, 0, 0, 0, one, 0, 0, 0, w}, 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        media_spec s = {.time_base = {1, 25},
                        .pictures = 25,
                        .width = 96,
                        .height = 64,
                        .rate = 16000,
                        .channels = 1,
                        .samples = 16000,
                        .codec = AV_CODEC_ID_PNG,
                        .form = AV_PIX_FMT_RGB24,
                        .matrix = cases[i].matrix};
        char *path = in_folder(cases[i].name);
        make_media(path, &s);
        g_free(path);
        int quarters[4] = {0};
        quarters[cases[i].corner] = 1;
        s2vi_clip_params params = {.size = 16};
        check_quarters(cases[i].name, &params, quarters);
    }
    /* A crop is given in the picture as it is shown, 64 wide and 96 high. */
    const s2vi_clip_params params = {
        .size = 16, .crop_x = 32, .crop_y = 0, .crop_w = 32, .crop_h = 48};
    check_quarters("turn90.mov", &params, (const int[]){1, 1, 1, 1});
}

/* --------------------------------------------------------- bad input -- */

static void refused(const char *path, const s2vi_clip_params *params, int code,
                    const char *text)
{
    s2vi_clip *clip = NULL;
    s2v_error err = {0};
    int ret = s2vi_clip_load(&clip, path, params, &err);
    printf("  %s\n", err.message);
    CHECK(ret == code && !clip, "status %d, expected %d", ret, code);
    CHECK(strstr(err.message, text), "'%s' lacks '%s'", err.message, text);
    CHECK(code == S2V_ERR_INVALID || strstr(err.message, path),
          "'%s' lacks the path", err.message);
    s2vi_clip_close(&clip);
}

static void test_no_media(void)
{
    const s2vi_clip_params params = {.size = 16};
    char *missing = in_folder("missing.mkv"), *empty = in_folder("empty.mkv");
    char *foreign = in_folder("foreign.mkv");
    g_file_set_contents(empty, "", 0, NULL);
    g_file_set_contents(foreign, "This is no media file at all.\n", -1, NULL);
    refused(missing, &params, S2V_ERR_IO, "No such file");
    refused(empty, &params, S2V_ERR_FORMAT, "0 bytes");
    refused(foreign, &params, S2V_ERR_FORMAT, "cannot be read as media");
    refused(folder, &params, S2V_ERR_IO, "directory");
    refused("http://localhost:1/x", &params, S2V_ERR_IO, "No such file");
    g_free(missing);
    g_free(empty);
    g_free(foreign);
}

static void test_missing_streams(void)
{
    s2vi_clip_params params = {.size = 16};
    media_spec s = {.time_base = {1, 25}, .pictures = 25};
    char *path = in_folder("silent.mkv");
    make_media(path, &s);
    refused(path, &params, S2V_ERR_FORMAT, "has no sound");
    g_free(path);
    s = (media_spec){.rate = 44100, .channels = 2, .samples = 44100};
    path = in_folder("blind.wav");
    make_media(path, &s);
    refused(path, &params, S2V_ERR_FORMAT, "has no video");
    g_free(path);
    s = (media_spec){.time_base = {1, 25},
                     .pictures = 25,
                     .rate = 16000,
                     .channels = 1,
                     .samples = 8000};
    path = in_folder("short.nut");
    make_media(path, &s);
    params.min_frames = 11; /* half a second of sound is ten */
    refused(path, &params, S2V_ERR_FORMAT, "is too short");
    params.min_frames = 26;
    refused(path, &params, S2V_ERR_FORMAT, "at least 26 frames");
    params.min_frames = 10;
    s2vi_clip *clip = load(path, &params);
    s2vi_clip_close(&clip);
    params.start_ms = 5000;
    refused(path, &params, S2V_ERR_FORMAT, "is too short");
    /* Sound that begins when the pictures have ended. */
    s.sound_first = 16000 * 9;
    make_media(path, &s);
    params = (s2vi_clip_params){.size = 16};
    refused(path, &params, S2V_ERR_FORMAT, "is too short");
    g_free(path);
}

static int stop(void *opaque, double fraction)
{
    CHECK(fraction <= 1, "fraction %g", fraction);
    return ++*(int *)opaque >= 5;
}

static void test_bad_params(void)
{
    char *path = in_folder("r25.mkv");
    s2vi_clip_params params = {.size = 0};
    refused(path, &params, S2V_ERR_INVALID, "found 0");
    params = (s2vi_clip_params){.size = 16, .fps_num = 30, .fps_den = 1};
    refused(path, &params, S2V_ERR_INVALID, "30/1");
    params =
        (s2vi_clip_params){.size = 16, .crop_x = 1, .crop_w = 32, .crop_h = 32};
    refused(path, &params, S2V_ERR_INVALID, "32x32");
    params = (s2vi_clip_params){.size = 16, .crop_x = 1};
    refused(path, &params, S2V_ERR_INVALID, "empty");
    params = (s2vi_clip_params){.size = 16, .start_ms = -1};
    refused(path, &params, S2V_ERR_INVALID, "-1 ms");
    int calls = 0;
    params = (s2vi_clip_params){
        .size = 16, .progress = stop, .progress_opaque = &calls};
    refused(path, &params, S2V_ERR_CANCELLED, "cancelled");
    CHECK(calls == 5, "%d calls", calls);
    g_free(path);
}

/* Cut a file at every tenth of its length: a shorter clip or a sentence. */
static void test_truncated(void)
{
    const char *names[] = {"r25.mkv", "r25.avi", "r29.nut", "mirror.mov"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *whole = in_folder(names[i]), *data = NULL;
        gsize size = 0;
        g_file_get_contents(whole, &data, &size, NULL);
        char *path = g_strdup_printf("%s/cut-%s", folder, names[i]);
        int64_t before = 0;
        for (int part = 0; part <= 10; part++) {
            g_file_set_contents(path, data, (gssize)(size * part / 10), NULL);
            const s2vi_clip_params params = {.size = 8};
            s2vi_clip *clip = NULL;
            s2v_error err = {0};
            int ret = s2vi_clip_load(&clip, path, &params, &err);
            CHECK((ret < 0) == !clip && (ret < 0) == !!*err.message,
                  "%s: %d '%s'", path, ret, err.message);
            int64_t frames = clip ? clip->frames : 0;
            CHECK(frames >= before, "%s: %lld frames at %d/10", path,
                  (long long)frames, part);
            before = frames;
            s2vi_clip_close(&clip);
        }
        CHECK(before > 0, "%s: no frames", path);
        g_free(path);
        g_free(data);
        g_free(whole);
    }
}

static void test_sound_load(void)
{
    float *samples = NULL;
    int64_t n = 0;
    s2v_error err = {0};
    media_spec s = {
        .rate = 44100, .channels = 2, .samples = 44100, .impulse = 22050};
    char *path = in_folder("sound.wav");
    make_media(path, &s);
    int ret = s2vi_sound_load(path, s2vi_sound_listen, &samples, &n, &err);
    CHECK(!ret && n == 16000, "%d, %lld samples %s", ret, (long long)n,
          err.message);
    if (!ret)
        CHECK(peak(samples, n) == 8000, "impulse at %lld",
              (long long)peak(samples, n));
    free(samples);
    g_free(path);
    path = in_folder("both.mkv"); /* begins at its own first sample */
    ret = s2vi_sound_load(path, s2vi_sound_listen, &samples, &n, &err);
    CHECK(!ret && llabs(peak(samples, n) - 16000) <= 1, "%d %s", ret,
          err.message);
    free(samples);
    g_free(path);
    path = in_folder("silent.mkv");
    ret = s2vi_sound_load(path, s2vi_sound_listen, &samples, &n, &err);
    CHECK(ret == S2V_ERR_FORMAT && !samples, "%d", ret);
    g_free(path);
}

/* VarietySound's: any rate and any channels become 22,050 Hz, averaged. */
static void test_foley_sound(void)
{
    static const int rates[] = {8000, 16000, 22050, 44100, 48000, 96000};
    static const int channels[] = {1, 2, 6};
    for (size_t i = 0; i < G_N_ELEMENTS(rates) * 3; i++) {
        const int rate = rates[i / 3];
        media_spec s = {.rate = rate,
                        .channels = channels[i % 3],
                        .samples = 2 * rate,
                        .impulse = rate};
        char *name = g_strdup_printf("foley%zu.wav", i);
        char *path = in_folder(name);
        float *samples = NULL;
        int64_t n = 0;
        s2v_error err = {0};
        make_media(path, &s);
        int ret = s2vi_sound_load(path, s2vi_sound_foley, &samples, &n, &err);
        CHECK(!ret && llabs(n - 44100) <= 1, "%s: %d, %lld samples %s", name,
              ret, (long long)n, err.message);
        if (!ret) {
            double sum = 0;
            for (int64_t k = 0; k < n; k++)
                sum += samples[k];
            /* All channels have the same impulse, of 24576: so has the mean. */
            double level = sum * rate / 22050.0 * 32768.0;
            CHECK(llabs(peak(samples, n) - 22050) <= 1, "%s: impulse at %lld",
                  name, (long long)peak(samples, n));
            CHECK(fabs(level - 24576) < 1, "%s: level %g", name, level);
        }
        free(samples);
        g_free(path);
        g_free(name);
    }
}

static void test_bad_rate(void)
{
    float *samples = NULL;
    int64_t n = 0;
    s2v_error err = {0};
    char *path = in_folder("sound.wav");
    const s2vi_sound_form form = {.rate = -1};
    int ret = s2vi_sound_load(path, form, &samples, &n, &err);
    CHECK(ret == S2V_ERR_INVALID && strstr(err.message, "found -1"), "%d %s",
          ret, err.message);
    g_free(path);
}

/* ------------------------------------------------------- sound tracks -- */

enum { FIRST = 4000, SECOND = 9000 }; /* samples that are not 0 */

/* Which of the two sounds is heard: that with this sample. */
static void check_heard(const char *path, int track, int expected)
{
    const s2vi_clip_params params = {.size = 16, .track = track};
    const int at = expected ? SECOND : FIRST;
    s2vi_clip *clip = load(path, &params);
    if (!clip)
        return;
    CHECK(clip->facts.track == expected && clip->facts.tracks == 2,
          "%s: track %d of %d, expected %d", path, clip->facts.track,
          clip->facts.tracks, expected);
    CHECK(llabs(peak(clip->sound, clip->samples) - at) <= 1,
          "%s: impulse at %lld, expected %d", path,
          (long long)peak(clip->sound, clip->samples), at);
    s2vi_clip_close(&clip);
}

/* As ffmpeg's map_auto_audio() chooses: the default disposition outweighs
 * channels, more channels come before fewer, of equals the first. */
static void test_tracks(void)
{
    static const struct {
        int channels[2];
        bool standard[2];
        int expected;
    } cases[] = {
        {{1, 1}, {false, false}, 0}, {{1, 2}, {false, false}, 1},
        {{2, 1}, {false, false}, 0}, {{1, 2}, {true, false}, 0},
        {{2, 1}, {false, true}, 1},  {{1, 2}, {true, true}, 1},
        {{2, 2}, {true, true}, 0},   {{6, 2}, {false, true}, 1},
    };
    s2vi_clip_params params = {.size = 16, .track = 3};
    char *path = in_folder("two.nut");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const media_spec s = {.pictures = 20,
                              .time_base = {1, 20},
                              .rate = 16000,
                              .samples = 16000,
                              .impulse = FIRST,
                              .second_impulse = SECOND,
                              .channels = cases[i].channels[0],
                              .second = cases[i].channels[1],
                              .standard = cases[i].standard[0],
                              .second_standard = cases[i].standard[1],
                              .second_bytes = true};
        make_media(path, &s);
        check_heard(path, 0, cases[i].expected);
        check_heard(path, 1, 0);
        check_heard(path, 2, 1);
    }
    refused(path, &params, S2V_ERR_FORMAT,
            "has no audio track 2: found 2 audio tracks, counted from 0");
    float *samples = NULL;
    int64_t n = 0;
    s2vi_media_facts facts;
    s2v_error err = {0};
    int ret = s2vi_sound_load_track(path, s2vi_sound_listen, 2, &samples, &n,
                                    &facts, &err);
    CHECK(!ret && facts.track == 1 && llabs(peak(samples, n) - SECOND) <= 1,
          "%d %s", ret, err.message);
    free(samples);
    g_free(path);
}

/* ---------------------------------------------------------- bad clips -- */

static void check_bad(const char *path, const char *text)
{
    const s2vi_clip_params params = {.size = 16};
    const s2vi_ingest in = {.program = "test", .quiet = true};
    s2v_error err = {0};
    s2vi_clip *clip = load(path, &params);
    int ret =
        clip ? s2vi_ingest_check(&in, path, &clip->facts, &err) : S2V_ERR_IO;
    CHECK(ret == (text ? S2V_ERR_FORMAT : S2V_OK), "%s: %d %s", path, ret,
          err.message);
    CHECK(!text || (strstr(err.message, text) && strstr(err.message, path)),
          "'%s' lacks '%s' or the path", err.message, text);
    s2vi_clip_close(&clip);
}

/* Its first 81 of 120 pictures, with their sound. */
static void cut(const char *from, const char *to)
{
    char *data = NULL;
    gsize size = 0;
    g_file_get_contents(from, &data, &size, NULL);
    g_file_set_contents(to, data, (gssize)(size * 81 / 120), NULL);
    g_free(data);
}

static void test_cut_short(void)
{
    static const char *const names[] = {"whole.mkv", "whole.avi"};
    const media_spec s = {.pictures = 120,
                          .time_base = {1, 20},
                          .rate = 16000,
                          .samples = 6 * 16000,
                          .channels = 1,
                          .impulse = FIRST};
    media_spec more = s;
    more.samples = 9 * 16000; /* sound that lasts longer is nothing bad */
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *path = in_folder(names[i]);
        char *short_path = g_strdup_printf("%s/short-%s", folder, names[i]);
        make_media(path, &s);
        check_bad(path, NULL);
        cut(path, short_path);
        check_bad(short_path, "is truncated: expected 6.00 s as in its header, "
                              "found 4.");
        make_media(path, &more);
        check_bad(path, NULL);
        g_free(short_path);
        g_free(path);
    }
}

static void test_silent(void)
{
    const media_spec s = {.pictures = 40,
                          .time_base = {1, 20},
                          .rate = 16000,
                          .samples = 2 * 16000,
                          .channels = 1,
                          .impulse = -1};
    char *path = in_folder("mute.mkv");
    make_media(path, &s);
    check_bad(path, "is silent");
    g_free(path);
}

/* One packet in ten may be damaged, not more. */
static void test_damaged(void)
{
    const s2vi_ingest in = {.program = "test", .quiet = true};
    s2vi_media_facts facts = {.packets = 120, .damaged = 12};
    s2v_error err = {0};
    CHECK(!s2vi_ingest_check(&in, "a.mkv", &facts, &err), "%s", err.message);
    facts.damaged = 13;
    CHECK(s2vi_ingest_check(&in, "a.mkv", &facts, &err) == S2V_ERR_FORMAT &&
              strstr(err.message, "'a.mkv' is damaged: 13 of its 120 packets"),
          "%s", err.message);
}

static void test_left_out(void)
{
    s2vi_ingest in = {.program = "test", .quiet = true};
    s2v_error err = {.message = "'a.mkv' is silent"};
    bool skipped = true;
    int ret = s2vi_ingest_settle(&in, S2V_ERR_FORMAT, &skipped, &err);
    CHECK(ret == S2V_ERR_FORMAT && !skipped && !in.left_out, "%d", ret);
    in.skip_bad = true;
    ret = s2vi_ingest_settle(&in, S2V_ERR_IO, &skipped, &err);
    CHECK(ret == S2V_ERR_IO && !skipped && !in.left_out, "%d", ret);
    ret = s2vi_ingest_settle(&in, S2V_ERR_FORMAT, &skipped, &err);
    CHECK(!ret && skipped && !strcmp(in.left_out[0], err.message) &&
              !in.left_out[1],
          "%d", ret);
    CHECK(!s2vi_ingest_require(&in, 1, &err), "%s", err.message);
    CHECK(s2vi_ingest_require(&in, 0, &err) == S2V_ERR_INVALID, "none left");
    s2vi_ingest_close(&in);
}

static void remove_folder(void)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        char *path = in_folder(name);
        g_remove(path);
        g_free(path);
    }
    if (dir)
        g_dir_close(dir);
    g_rmdir(folder);
    g_free(folder);
}

int main(void)
{
    av_log_set_level(AV_LOG_QUIET);
    folder = g_dir_make_tmp("s2v-media-XXXXXX", NULL);
    if (!folder)
        return EXIT_FAILURE;
    test_frame_rates();
    test_variable_rate();
    test_clock_jump();
    test_sound_alignment();
    test_silence_in_gap();
    test_look_ahead();
    test_same_bytes();
    test_span();
    test_crop();
    test_whole();
    test_rotation();
    test_no_media();
    test_missing_streams();
    test_bad_params();
    test_truncated();
    test_sound_load();
    test_foley_sound();
    test_bad_rate();
    test_tracks();
    test_cut_short();
    test_silent();
    test_damaged();
    test_left_out();
    remove_folder();
    return check_done();
}
