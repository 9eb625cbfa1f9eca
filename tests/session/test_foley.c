/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound for pictures: as many samples as the film lasts, the same however it
 * is sent, on time, with the timbre that was asked for. */
#include "../device.h"
#include "foley_kit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static void expect_count(s2v_model *model, const film *f, int64_t expected)
{
    sound got = play_film_new(model, f, 1);
    CHECK((int64_t)got.count == expected && got.status == S2V_ERR_EOF,
          "%d pictures at %d/%d give %zu samples and status %d, expected %lld",
          f->count, f->den, f->num, got.count, got.status, (long long)expected);
    free(got.sample);
}

static void test_rates(s2v_model *model)
{
    static const int rate[][2] = {
        {15, 1}, {43, 2}, {24000, 1001}, {25, 1},      {24, 1}, {30000, 1001},
        {30, 1}, {60, 1}, {60000, 1001}, {11025, 512}, {1, 1},  {1, 3}};
    static const int count[] = {1, 2, 3, 17, 50, 101};
    for (size_t r = 0; r < sizeof(rate) / sizeof(*rate); r++)
        for (size_t i = 0; i < sizeof(count) / sizeof(*count); i++) {
            const film f = film_at(rate[r][0], rate[r][1], count[i]);
            if ((int64_t)count[i] * f.num / f.den < 20)
                expect_count(
                    model, &f,
                    divide_up((int64_t)count[i] * FOLEY_RATE * f.num, f.den));
        }
}

/* In milliseconds, with and without durations; an offset changes nothing. */
static void test_variable_times(s2v_model *model)
{
    static const int64_t pts[] = {0,   33,  67,  100, 900, 901,
                                  902, 950, 950, 940, 1500};
    film f = {.count = 11, .num = 1, .den = 1000, .pts = pts};
    expect_count(model, &f, divide_up(2050 * 22050, 1000)); /* 1500 + 550 */
    f.duration = 40;
    expect_count(model, &f, divide_up(1540 * 22050, 1000));
    sound here = play_film_new(model, &f, 1);
    f.offset = INT64_C(1) << 50;
    sound there = play_film_new(model, &f, 1);
    CHECK(sounds_same(&here, &there), "an offset changes the sound");
    free(there.sample);
    f.offset = -5000;
    there = play_film_new(model, &f, 1);
    CHECK(sounds_same(&here, &there), "a negative offset changes the sound");
    free(there.sample);
    free(here.sample);
    f = (film){.count = 1, .num = 1, .den = 25};
    expect_count(model, &f, 0); /* one picture, and no duration */
    f.count = 0;
    expect_count(model, &f, 0);
}

/* The same pictures on display, at another rate: the same sound. */
static void test_rates_agree(s2v_model *model)
{
    enum { N = 60 };
    static int64_t pts[N], often[5 * N];
    uint8_t rgb[3 * WIDTH * HEIGHT];
    s2v_session *session = open_session(model, 0);
    film f = {.count = N, .num = 1, .den = 1000, .pts = pts, .duration = 40};
    for (int i = 0; i < N; i++)
        pts[i] = 40 * i;
    for (int i = 0; i < 5 * N; i++)
        often[i] = 8 * i;
    sound seldom = play_film(session, &f, 1), many = {0};
    s2v_session_flush(session);
    for (int i = 0; i < 5 * N; i++) { /* each one five times */
        s2v_picture p = picture_of(&f, i / 5, rgb);
        p.pts = often[i];
        p.duration = 8;
        CHECK(!s2v_session_send_video(session, &p, NULL), "refused");
    }
    s2v_session_drain(session, NULL);
    many.status = hear_all(session, &many);
    CHECK(sounds_same(&seldom, &many), "25 and 125 pictures a second differ");
    free(seldom.sample);
    free(many.sample);
    s2v_session_close(&session);
}

static void test_pieces(s2v_model *model, int n)
{
    static const int piece[] = {2, 7, 64, 100000, 0};
    const film f = film_at(30000, 1001, n);
    sound whole = play_film_new(model, &f, 1);
    for (size_t i = 0; i < sizeof(piece) / sizeof(*piece); i++) {
        sound got = play_film_new(model, &f, piece[i]);
        CHECK(sounds_same(&got, &whole),
              "receiving after %d pictures gives other sound (0: random)",
              piece[i]);
        free(got.sample);
    }
    CHECK(loudness(&whole) > 1e-3, "it is quiet: %g", loudness(&whole));
    free(whole.sample);
}

/* What is seen decides what is heard. */
static void test_pictures_matter(s2v_model *model)
{
    film f = film_at(25, 1, 60);
    static int64_t pts[60];
    sound one = play_film_new(model, &f, 1);
    for (int i = 0; i < 60; i++)
        pts[i] = i < 30 ? i : 30; /* then it stands still */
    uint8_t rgb[3 * WIDTH * HEIGHT];
    s2v_session *session = open_session(model, 0);
    sound other = {0};
    for (int i = 0; i < 60; i++) {
        film g = f;
        g.pts = pts;
        s2v_picture p = picture_of(&g, i, rgb);
        p.pts = i;
        s2v_session_send_video(session, &p, NULL);
    }
    s2v_session_drain(session, NULL);
    other.status = hear_all(session, &other);
    double difference = 0;
    for (size_t i = 0; i < one.count && i < other.count; i++)
        difference += fabs((double)one.sample[i] - other.sample[i]);
    CHECK(one.count == other.count &&
              difference / (double)one.count > 0.01 * loudness(&one),
          "a film that stops sounds the same: %g of %g",
          difference / (double)one.count, loudness(&one));
    free(one.sample);
    free(other.sample);
    s2v_session_close(&session);
}

/* No sample waits longer than the model says, but for the next picture; and
 * one does wait as long. */
static void test_latency(const tiny_foley *spec, int latency)
{
    enum { FPS = 50, STEP50 = FOLEY_RATE / FPS };
    s2v_model *model = open_foley(spec, "ref", 1, latency);
    s2v_model_info info = {.size = sizeof(info)};
    uint8_t rgb[3 * WIDTH * HEIGHT];
    s2v_model_get_info(model, &info);
    s2v_session *session = open_session(model, 0);
    const film f = film_at(FPS, 1, 400);
    int64_t worst = 0;
    CHECK(!latency || info.latency_samples <= latency * 22050LL / 1000,
          "%lld samples for %d ms", (long long)info.latency_samples, latency);
    sound got = {0};
    for (int i = 0; i < f.count; i++) {
        const s2v_picture p = picture_of(&f, i, rgb);
        const int64_t now = (int64_t)i * STEP50, from = (int64_t)got.count;
        s2v_session_send_video(session, &p, NULL);
        hear_all(session, &got);
        if ((int64_t)got.count > from && now - from > worst)
            worst = now - from;
    }
    CHECK(worst >= info.latency_samples &&
              worst <= info.latency_samples + STEP50,
          "latency %d ms: a sample waits %lld samples, the model says %lld",
          latency, (long long)worst, (long long)info.latency_samples);
    free(got.sample);
    s2v_session_close(&session);
    s2v_model_close(&model);
}

static void expect_refused(int ret, const s2v_error *err, int code,
                           const char *part)
{
    CHECK(ret == code && err->code == code && strstr(err->message, part),
          "status %d, \"%s\", expected %d and \"%s\"", ret, err->message, code,
          part);
}

static void test_reference(s2v_model *model)
{
    enum { N = 70 * FOLEY_RATE };
    const film f = film_at(25, 1, 40);
    s2v_session *session = open_session(model, 0);
    s2v_error err = {0};
    float *tone = make_sound(N, 3), *other = make_sound(N, 4);
    static float zeros[4096];
    sound mean = play_film(session, &f, 1);
    s2v_session_flush(session);
    CHECK(!s2v_session_set_reference(session, tone, N, &err), "refused: %s",
          err.message);
    sound first = play_film(session, &f, 1);
    CHECK(!sounds_same(&mean, &first), "a reference changes nothing");
    s2v_session_flush(session);
    expect_refused(s2v_session_set_reference(session, zeros, 4096, &err), &err,
                   S2V_ERR_INVALID, "silent");
    expect_refused(s2v_session_set_reference(session, tone, 1, &err), &err,
                   S2V_ERR_INVALID, "has 1 sample, expected at least 1024");
    expect_refused(s2v_session_set_reference(session, NULL, 0, &err), &err,
                   S2V_ERR_INVALID, "has 0 samples");
    sound again = play_film(session, &f, 1);
    CHECK(sounds_same(&first, &again), "a flush forgets the reference");
    free(again.sample);
    s2v_session_flush(session);
    memcpy(tone + 60 * FOLEY_RATE, other, 10 * FOLEY_RATE * sizeof(*tone));
    s2v_session_set_reference(session, tone, N, NULL);
    again = play_film(session, &f, 1);
    CHECK(sounds_same(&first, &again), "what is beyond a minute is heard");
    free(again.sample);
    s2v_session_flush(session);
    s2v_session_set_reference(session, other, 2000, NULL);
    again = play_film(session, &f, 1);
    CHECK(!sounds_same(&first, &again), "another reference sounds the same");
    free(again.sample);
    free(first.sample);
    free(mean.sample);
    free(tone);
    free(other);
    s2v_session_close(&session);
}

/* A reference that is set while running: until then all is as with the one
 * before, and a window later all is as with it alone. */
static void test_other_reference(s2v_model *model)
{
    enum { N = 2 * FOLEY_RATE, LATER = 80 };
    uint8_t rgb[3 * WIDTH * HEIGHT];
    const film f = film_at(25, 1, 160);
    float *tone[2] = {make_sound(N, 3), make_sound(N, 4)};
    s2v_model_info info = {.size = sizeof(info)};
    sound alone[2], got = {0};
    s2v_model_get_info(model, &info);
    s2v_session *session = open_session(model, 0);
    for (int k = 0; k < 2; k++) {
        s2v_session_set_reference(session, tone[k], N, NULL);
        alone[k] = play_film(session, &f, 1);
        s2v_session_flush(session);
    }
    s2v_session_set_reference(session, tone[0], N, NULL);
    size_t before = 0;
    for (int i = 0; i < f.count; i++) {
        const s2v_picture p = picture_of(&f, i, rgb);
        if (i == LATER) {
            CHECK(s2v_session_set_reference(session, tone[0], 1, NULL) ==
                      S2V_ERR_INVALID,
                  "1 sample");
            CHECK(!s2v_session_set_reference(session, tone[1], N, NULL),
                  "refused while running");
            before = got.count;
        }
        s2v_session_send_video(session, &p, NULL);
        hear_all(session, &got);
    }
    s2v_session_drain(session, NULL);
    hear_all(session, &got);
    const size_t after = before + 2 * (size_t)info.latency_samples;
    const size_t size = sizeof(*got.sample);
    CHECK(before && after < got.count && got.count == alone[0].count,
          "set at sample %zu of %zu", before, got.count);
    CHECK(!memcmp(got.sample, alone[0].sample, before * size),
          "what was made before is another");
    CHECK(!memcmp(got.sample + after, alone[1].sample + after,
                  (got.count - after) * size),
          "not as with the new reference from sample %zu on", after);
    CHECK(memcmp(alone[0].sample + after, alone[1].sample + after,
                 (got.count - after) * size) != 0,
          "both references sound the same");
    for (int k = 0; k < 2; k++) {
        free(alone[k].sample);
        free(tone[k]);
    }
    free(got.sample);
    s2v_session_close(&session);
}

/* A quiet reference is as good as a loud one: powers of two, so to the bit. */
static void test_quiet_reference(s2v_model *model)
{
    enum { N = 2 * FOLEY_RATE };
    const film f = film_at(25, 1, 40);
    s2v_session *session = open_session(model, 0);
    float *tone = make_sound(N, 3);
    sound got[2];
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < N; i++)
            tone[i] /= k ? 4.0f : 256.0f;
        s2v_session_flush(session);
        CHECK(!s2v_session_set_reference(session, tone, N, NULL), "refused");
        got[k] = play_film(session, &f, 1);
    }
    CHECK(sounds_same(&got[0], &got[1]), "12 dB less sound otherwise");
    free(got[0].sample);
    free(got[1].sample);
    free(tone);
    s2v_session_close(&session);
}

/* Without pauses, which would not count, 40 whole windows reach to 59.4 s. */
static void test_last_second(s2v_model *model)
{
    enum { N = 60 * FOLEY_RATE };
    const film f = film_at(25, 1, 40);
    float *tone = make_sound(N, 3);
    sound heard[2];
    for (int i = 0; i < N; i++)
        tone[i] += 0.1f * sinf(0.3f * (float)(i % FOLEY_RATE));
    for (int k = 0; k < 2; k++) {
        s2v_session *session = open_session(model, 0);
        CHECK(!s2v_session_set_reference(session, tone, N, NULL), "refused");
        heard[k] = play_film(session, &f, 1);
        s2v_session_close(&session);
        for (int i = N - FOLEY_RATE; i < N; i++)
            tone[i] = 0.5f * sinf(0.9f * (float)(i % FOLEY_RATE));
    }
    CHECK(!sounds_same(&heard[0], &heard[1]), "second 59 is not heard");
    free(heard[0].sample);
    free(heard[1].sample);
    free(tone);
}

static void test_wrong_way(s2v_model *foley)
{
    const tiny_model spec = small_model();
    s2v_model *model = open_model(&spec, "ref", 1);
    s2v_session *to_video = open_session(model, 0);
    s2v_session *to_sound = open_session(foley, 0);
    s2v_error err = {0};
    s2v_video_frame frame = {.size = sizeof(frame)};
    s2v_audio_frame sound = {.size = sizeof(sound)};
    uint8_t rgb[3 * WIDTH * HEIGHT];
    const film f = film_at(25, 1, 1);
    const s2v_picture p = picture_of(&f, 0, rgb);
    const float one = 0;
    expect_refused(s2v_session_send_video(to_video, &p, &err), &err,
                   S2V_ERR_INVALID,
                   "s2v_session_send_video: a 'listen-and-move' model takes "
                   "audio, expected one that takes video");
    expect_refused(s2v_session_receive_audio(to_video, &sound, &err), &err,
                   S2V_ERR_INVALID,
                   "s2v_session_receive_audio: a 'listen-and-move' model makes "
                   "video, expected one that makes audio");
    expect_refused(s2v_session_set_reference(to_video, &one, 1, &err), &err,
                   S2V_ERR_INVALID,
                   "s2v_session_set_reference: a 'listen-and-move' model takes "
                   "audio, expected one that takes a reference sound");
    expect_refused(s2v_session_send_audio(to_sound, &one, 1, &err), &err,
                   S2V_ERR_INVALID,
                   "s2v_session_send_audio: a 'varietysound' model takes video "
                   "and a reference sound, expected one that takes audio");
    expect_refused(s2v_session_receive_video(to_sound, &frame, &err), &err,
                   S2V_ERR_INVALID,
                   "s2v_session_receive_video: a 'varietysound' model makes "
                   "audio, expected one that makes video");
    s2v_session_close(&to_video);
    s2v_session_close(&to_sound);
    s2v_model_close(&model);
}

static void test_bad_pictures(s2v_model *model)
{
    s2v_session *session = open_session(model, 0);
    s2v_error err = {0};
    uint8_t rgb[3 * WIDTH * HEIGHT];
    const film f = film_at(25, 1, 1);
    const s2v_picture good = picture_of(&f, 0, rgb);
    const struct {
        s2v_picture picture;
        const char *part;
    } bad[] = {
        {{.size = 0}, "s2v_picture.size is not set"},
        {{.size = sizeof(good), .time_num = 1, .time_den = 25},
         "a picture of 0x0 without data"},
        {{.size = sizeof(good), .data = rgb, .width = 40000, .height = 1},
         "a picture of 40000x1, expected 1x1 to 32768x32768"},
        {{.size = sizeof(good), .data = rgb, .width = 4, .height = 4},
         "a time base of 0/0"},
        {{.size = sizeof(good),
          .data = rgb,
          .width = 4,
          .height = 4,
          .time_num = 1,
          .time_den = 30},
         "a time base of 1/30 after one of 1/25"},
    };
    CHECK(!s2v_session_send_video(session, &good, &err), "%s", err.message);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        expect_refused(s2v_session_send_video(session, &bad[i].picture, &err),
                       &err, S2V_ERR_INVALID, bad[i].part);
    s2v_session_drain(session, NULL);
    expect_refused(s2v_session_send_video(session, &good, &err), &err,
                   S2V_ERR_EOF, "after the drain");
    s2v_session_close(&session);
}

static void test_bad_models(void)
{
    static const struct {
        const char *window;
        bool no_sight, no_vocoder;
        int latency;
        const char *part;
    } bad[] = {
        {"many", false, false, 0, "s2v.window is 'many', expected 16 to 4096"},
        {"15", false, false, 0, "s2v.window is '15'"},
        {"32", true, false, 0, "it has no visual encoder"},
        {"32", false, true, 0, "it has no vocoder"},
        {"32", false, false, 20, "a latency of 20 ms, expected 0"},
        {"32", false, false, -1, "latency_ms is -1"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        const s2v_model_params params = {.size = sizeof(params),
                                         .device = "ref",
                                         .latency_ms = bad[i].latency};
        tiny_foley spec = tiny_foley_defaults();
        s2v_model *model = NULL;
        s2v_error err = {0};
        spec.window = bad[i].window;
        spec.config.has_sight = !bad[i].no_sight;
        spec.config.has_vocoder = !bad[i].no_vocoder;
        CHECK(!tiny_foley_write(scratch("bad.bin"), &spec, &err), "%s",
              err.message);
        int ret = s2v_model_open(&model, scratch("bad.bin"), &params, &err);
        CHECK(ret < 0 && !model && strstr(err.message, bad[i].part),
              "status %d, \"%s\", expected \"%s\"", ret, err.message,
              bad[i].part);
    }
}

static void test_info(s2v_model *model)
{
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model_get_info(model, &info);
    CHECK(!strcmp(info.name, "varietysound") &&
              info.sample_rate == FOLEY_RATE &&
              info.inputs == (S2V_MEDIUM_VIDEO | S2V_MEDIUM_REFERENCE) &&
              info.required == S2V_MEDIUM_VIDEO &&
              info.outputs == S2V_MEDIUM_AUDIO && info.width == 16 &&
              info.fps_num == 11025 && info.fps_den == 512,
          "%s, %d Hz, %u to %u, %d wide, %d/%d", info.name, info.sample_rate,
          info.inputs, info.outputs, info.width, info.fps_num, info.fps_den);
    /* A caller built before `inputs` was there. */
    memset(&info, 7, sizeof(info));
    info.size = offsetof(s2v_model_info, inputs);
    s2v_model_get_info(model, &info);
    CHECK(info.inputs == 0x07070707 && info.sample_rate == FOLEY_RATE,
          "an older caller's memory is written to");
}

/* ---------------------------------------------------------- hard films -- */

/* What a picture shows at a time. */
typedef void paint(uint8_t *rgb, double seconds);

static void fill(uint8_t *rgb, int seed)
{
    uint32_t state = (uint32_t)seed * 2654435761u + 1u;
    for (int i = 0; i < 3 * WIDTH * HEIGHT; i++)
        rgb[i] = (uint8_t)next_random(&state, 256);
}

static void paint_black(uint8_t *rgb, double seconds)
{
    (void)seconds;
    memset(rgb, 0, 3 * WIDTH * HEIGHT);
}

static void paint_still(uint8_t *rgb, double seconds)
{
    (void)seconds;
    fill(rgb, 7);
}

static void paint_strobe(uint8_t *rgb, double seconds)
{
    memset(rgb, (int)floor(seconds * 25 + 0.5) & 1 ? 255 : 0,
           3 * WIDTH * HEIGHT);
}

static void paint_cuts(uint8_t *rgb, double seconds)
{
    fill(rgb, (int)floor(seconds + 1e-6));
}

/* Sent all at once, or picture by picture. */
static sound play_painted(s2v_model *model, paint *painter, int n, bool pieces)
{
    uint8_t rgb[3 * WIDTH * HEIGHT];
    s2v_session *session = open_session(model, 0);
    const film f = film_at(25, 1, n);
    sound got = {0};
    for (int i = 0; i < n; i++) {
        const s2v_picture p = picture_of(&f, i, rgb);
        painter(rgb, i / 25.0);
        CHECK(!s2v_session_send_video(session, &p, NULL), "refused");
        if (pieces)
            hear_all(session, &got);
    }
    s2v_session_drain(session, NULL);
    got.status = hear_all(session, &got);
    s2v_session_close(&session);
    return got;
}

static sound test_painted(s2v_model *model, paint *painter, const char *name,
                          int n)
{
    sound got = play_painted(model, painter, n, true);
    sound again = play_painted(model, painter, n, false);
    bool finite = true;
    for (size_t i = 0; i < got.count; i++)
        finite = finite && fabsf(got.sample[i]) <= 1;
    CHECK((int64_t)got.count == (int64_t)n * FOLEY_RATE / 25 && finite,
          "%s: %zu samples of %d pictures, all within 1: %d", name, got.count,
          n, finite);
    CHECK(sounds_same(&got, &again), "%s: sent at once it sounds otherwise",
          name);
    free(again.sample);
    return got;
}

/* Without motion, without light, strobing, with cuts every second, of a single
 * frame. Front-ends of motion hear nothing in what stands still, whatever it
 * is. */
static void test_hard_films(const tiny_foley *spec)
{
    const bool motion = spec->config.sight.front_end;
    s2v_model *model = open_foley(spec, "auto", 1, 0);
    sound black = test_painted(model, paint_black, "black", 100);
    sound still = test_painted(model, paint_still, "still", 100);
    sound strobe = test_painted(model, paint_strobe, "strobing", 100);
    sound cuts = test_painted(model, paint_cuts, "cuts", 100);
    sound one = test_painted(model, paint_still, "one frame", 1);
    CHECK(sounds_same(&black, &still) == motion, "what stands still is %sseen",
          motion ? "" : "not ");
    CHECK(!sounds_same(&strobe, &still) && !sounds_same(&cuts, &still),
          "strobes and cuts are not seen");
    free(black.sample);
    free(still.sample);
    free(strobe.sample);
    free(cuts.sample);
    free(one.sample);
    s2v_model_close(&model);
}

/* A front-end that remembers what it has seen. */
static void test_motion(tiny_foley spec)
{
    spec.config.sight.size = 32;
    spec.config.sight.front_end = S2VI_FRONT_END_MOTION;
    s2v_model *model = open_foley(&spec, "auto", 1, 0);
    s2v_session *session = open_session(model, 0);
    const film f = film_at(25, 1, 90);
    test_pieces(model, 90);
    test_rates_agree(model);
    sound first = play_film(session, &f, 3);
    s2v_session_flush(session);
    sound again = play_film(session, &f, 3);
    CHECK(sounds_same(&first, &again), "after a flush it remembers the film");
    free(first.sample);
    free(again.sample);
    s2v_session_close(&session);
    s2v_model_close(&model);
    test_latency(&spec, 700);
    test_hard_films(&spec);
}

int main(void)
{
    device_is_automatic(S2VI_F32);
    tiny_foley spec = tiny_foley_defaults();
    s2v_model *model = open_foley(&spec, "auto", 1, 0);
    s2v_model *live = open_foley(&spec, "auto", 1, 700);
    test_info(model);
    test_rates(model);
    test_rates(live);
    test_variable_times(model);
    test_variable_times(live);
    test_rates_agree(model);
    test_pieces(model, 150);
    test_pieces(live, 150);
    test_pictures_matter(model);
    test_reference(model);
    test_other_reference(model);
    test_quiet_reference(model);
    test_last_second(model);
    test_wrong_way(model);
    test_bad_pictures(model);
    test_bad_models();
    test_latency(&spec, 0);
    test_latency(&spec, 400);
    test_latency(&spec, 700);
    test_latency(&spec, 1000);
    test_hard_films(&spec);
    test_motion(spec);
    s2v_model_close(&model);
    s2v_model_close(&live);
    return report("foley");
}
