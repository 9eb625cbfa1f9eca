/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of sound for pictures share. */
#include "foley_kit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

film film_at(int num, int den, int n)
{
    return (film){.count = n, .num = den, .den = num, .duration = 1};
}

/* A bright square on a gradient: another place every fifth of a second, and
 * falling in between. */
void draw(uint8_t *rgb, double seconds)
{
    const int beat = (int)floor(seconds * 5);
    uint32_t state = (uint32_t)beat * 7919u + 1u;
    const int x0 = (int)next_random(&state, WIDTH - 8);
    const int y0 = (int)(fmod(seconds * 5, 1.0) * (HEIGHT - 8));
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            const bool in = x >= x0 && x < x0 + 8 && y >= y0 && y < y0 + 8;
            uint8_t *p = rgb + 3 * (y * WIDTH + x);
            p[0] = in ? 250 : (uint8_t)(3 * x);
            p[1] = in ? 220 : (uint8_t)(5 * y);
            p[2] = in ? (uint8_t)(40 * (beat & 3)) : 60;
        }
}

s2v_picture picture_of(const film *f, int i, uint8_t *rgb)
{
    const int64_t at = f->pts ? f->pts[i] : i;
    draw(rgb, (double)at * f->num / f->den);
    return (s2v_picture){.size = sizeof(s2v_picture),
                         .data = rgb,
                         .stride = 3 * WIDTH,
                         .width = WIDTH,
                         .height = HEIGHT,
                         .pts = f->offset + at,
                         .duration = f->duration,
                         .time_num = f->num,
                         .time_den = f->den};
}

s2v_model *open_foley(const tiny_foley *spec, const char *device, int threads,
                      int latency)
{
    const s2v_model_params params = {.size = sizeof(params),
                                     .device = device,
                                     .threads = threads,
                                     .latency_ms = latency};
    s2v_model *model = NULL;
    s2v_error err = {0};
    const char *path = scratch("foley.bin");
    if (tiny_foley_write(path, spec, &err) < 0 ||
        s2v_model_open(&model, path, &params, &err) < 0) {
        fprintf(stderr, "cannot open a model: %s\n", err.message);
        exit(1);
    }
    return model;
}

int hear_all(s2v_session *session, sound *to)
{
    s2v_audio_frame frame = {.size = sizeof(frame)};
    s2v_error err = {0};
    int ret;
    while (!(ret = s2v_session_receive_audio(session, &frame, &err))) {
        CHECK(frame.pts == (int64_t)to->count && frame.count > 0,
              "%zu samples with pts %lld, expected %zu", frame.count,
              (long long)frame.pts, to->count);
        to->sample = realloc(to->sample,
                             (to->count + frame.count) * sizeof(*to->sample));
        if (!to->sample)
            abort();
        memcpy(to->sample + to->count, frame.samples,
               frame.count * sizeof(*to->sample));
        to->count += frame.count;
    }
    CHECK(err.code == ret && *err.message, "status %d without a sentence", ret);
    return ret;
}

sound play_film(s2v_session *session, const film *f, int piece)
{
    uint8_t rgb[3 * WIDTH * HEIGHT];
    sound got = {0};
    uint32_t state = 77;
    s2v_error err = {0};
    for (int i = 0, left = 0; i < f->count; i++) {
        const s2v_picture p = picture_of(f, i, rgb);
        int ret = s2v_session_send_video(session, &p, &err);
        CHECK(!ret, "a picture is refused: %s", err.message);
        if (left-- > 0)
            continue;
        left = piece ? piece - 1 : (int)next_random(&state, 30);
        ret = hear_all(session, &got);
        CHECK(ret == S2V_ERR_AGAIN, "status %d before the drain", ret);
    }
    CHECK(!s2v_session_drain(session, &err), "drain: %s", err.message);
    got.status = hear_all(session, &got);
    return got;
}

sound play_film_new(s2v_model *model, const film *f, int piece)
{
    s2v_session *session = open_session(model, 0);
    sound got = play_film(session, f, piece);
    s2v_session_close(&session);
    return got;
}

bool sounds_same(const sound *a, const sound *b)
{
    return a->count == b->count && a->status == b->status &&
           (!a->count ||
            !memcmp(a->sample, b->sample, a->count * sizeof(*a->sample)));
}

double loudness(const sound *a)
{
    double sum = 0;
    for (size_t i = 0; i < a->count; i++)
        sum += (double)a->sample[i] * a->sample[i];
    return a->count ? sqrt(sum / (double)a->count) : 0;
}
