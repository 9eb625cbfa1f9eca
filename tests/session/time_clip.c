/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * time_clip WEIGHTS MERGES THREADS COUNT [PICTURE OUT]: times CLIP's towers,
 * for bench/peer_clip.py.
 *
 * COUNT pictures of 224 x 224 and prompts, one after the other, what is done to
 * them before the towers included. Prints one JSON object: milliseconds of
 * each, medians and the processor time of all threads, and the prompt's tokens.
 * With PICTURE, 224 x 224 bytes of RGB, its embedding and the prompt's are
 * written to OUT, f32.
 */
#include "base/error.h"
#include "session/clip_encoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIDE = 224, BYTES = 3 * SIDE * SIDE, MOST = 10000 };

static const char prompt[] = "a photo of heavy rain over a lake at dusk";

typedef struct timing {
    s2vi_clip_encoder *clip;
    uint8_t *rgb;
    float *place;
    int tokens;
} timing;

static double now_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int encode(timing *t, bool picture, s2v_error *err)
{
    const s2vi_image image = {t->rgb, (ptrdiff_t)SIDE * 3, SIDE, SIDE};
    return picture ? s2vi_clip_encode_picture(t->clip, &image, t->place, err)
                   : s2vi_clip_encode_text(t->clip, prompt, t->place,
                                           &t->tokens, err);
}

static int time_all(timing *t, bool picture, int count, s2v_error *err)
{
    static double ms[MOST];
    int ret = encode(t, picture, err); /* it does not count */
    const double cpu = now_ms(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < count && !ret; i++) {
        const double from = now_ms(CLOCK_MONOTONIC);
        ret = encode(t, picture, err);
        ms[i] = now_ms(CLOCK_MONOTONIC) - from;
    }
    const double used = now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    qsort(ms, (size_t)count, sizeof(*ms), compare);
    printf("\"%s_ms\": %.3f, \"%s_cpu_ms\": %.3f, ",
           picture ? "picture" : "prompt", ms[count / 2],
           picture ? "picture" : "prompt", used / count);
    return ret;
}

/* The embeddings of the picture and of the prompt, to be compared. */
static int write_places(timing *t, const char *from, const char *to,
                        s2v_error *err)
{
    const size_t width = (size_t)s2vi_clip_encoder_config(t->clip)->embedding;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    int ret =
        in && out && fread(t->rgb, 1, BYTES, in) == BYTES
            ? S2V_OK
            : s2vi_error(err, S2V_ERR_IO, "%s or %s cannot be used", from, to);
    for (int picture = 1; picture >= 0 && !ret; picture--) {
        ret = encode(t, picture, err);
        if (!ret && fwrite(t->place, sizeof(float), width, out) != width)
            ret = s2vi_error(err, S2V_ERR_IO, "%s cannot be written", to);
    }
    if (in)
        fclose(in);
    if (out)
        fclose(out);
    return ret;
}

static int run(timing *t, char **arg, int n, s2v_error *err)
{
    const int count = atoi(arg[3]);
    int ret = n > 5 ? write_places(t, arg[4], arg[5], err) : S2V_OK;
    printf("{");
    if (!ret)
        ret = time_all(t, true, count, err);
    if (!ret)
        ret = time_all(t, false, count, err);
    printf("\"tokens\": %d}\n", t->tokens);
    return ret;
}

int main(int argc, char **argv)
{
    timing t = {.rgb = calloc(1, BYTES), .place = calloc(4096, sizeof(float))};
    s2vi_backend *backend = NULL;
    s2v_weights *w = NULL;
    s2v_error err = {0};
    if (argc < 5 || atoi(argv[4]) < 1 || atoi(argv[4]) > MOST || !t.rgb ||
        !t.place) {
        fprintf(stderr, "usage: time_clip WEIGHTS MERGES THREADS COUNT "
                        "[PICTURE OUT]\n");
        return 2;
    }
    for (int i = 0; i < BYTES; i++)
        t.rgb[i] = (uint8_t)(i * 7919 >> 5);
    int ret = s2vi_backend_open(&backend, "cpu", S2VI_F32, atoi(argv[3]), &err);
    if (!ret)
        ret = s2v_weights_open(&w, argv[1], &err);
    if (!ret)
        ret = s2vi_clip_encoder_open(&t.clip, w, S2VI_CLIP_BOTH, argv[2],
                                     backend, &err);
    if (!ret)
        ret = run(&t, argv + 1, argc - 1, &err);
    if (ret < 0)
        fprintf(stderr, "time_clip: %s\n", err.message);
    s2vi_clip_encoder_close(&t.clip);
    s2v_weights_close(&w);
    s2vi_backend_close(&backend);
    free(t.rgb);
    free(t.place);
    return ret < 0;
}
