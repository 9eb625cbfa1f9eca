/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams as a filter would run them: sound a frame at a time, or pictures one
 * by one. Only the public interface is used. */
#include "bench.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    WARM_UP = 10, /* frames that do not count */
    VIDEO_FRAMES = 200,
    PICTURES = 1500, /* a minute's */
    PICTURE_RATE = 25,
    FIFTHS = 5, /* parts of a run, for its noise */
    WIDTH = 256,
    HEIGHT = 256,
};

/* One session and what it has been given so far. */
typedef struct stream {
    s2v_session *session;
    const s2v_model_info *info;
    int64_t sent; /* samples or pictures */
    uint8_t *picture;
    double *ms; /* of each frame that counts */
    int frames, status;
    double seconds; /* of all that count */
    s2v_error err;
} stream;

double bench_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_quantile(double *x, int n, double q)
{
    qsort(x, (size_t)n, sizeof(*x), ascending);
    const int i = (int)ceil(q * n) - 1;
    return x[i < 0 ? 0 : i];
}

/* -------------------------------------------------------------- frames -- */

/* A sound that moves: a tone and its octave, swelling and fading. */
static void make_sound(float *to, int64_t first, int n, int rate)
{
    for (int i = 0; i < n; i++) {
        const double t = (double)(first + i) / rate;
        to[i] = (float)(0.3 * sin(2764.6 * t) * sin(9 * t) +
                        0.2 * sin(5529.2 * t) * sin(7 * t));
    }
}

/* Send sound, a frame's worth at a time, until the next frame is there. */
static int next_frame(stream *s)
{
    float samples[4096];
    s2v_video_frame frame = {.size = sizeof(frame)};
    int hop = s->info->sample_rate * s->info->fps_den / s->info->fps_num, ret;
    if (hop < 1 || hop > 4096)
        hop = 800;
    while ((ret = s2v_session_receive_video(s->session, &frame, &s->err)) ==
           S2V_ERR_AGAIN) {
        make_sound(samples, s->sent, hop, s->info->sample_rate);
        s->sent += hop;
        ret = s2v_session_send_audio(s->session, samples, (size_t)hop, &s->err);
        if (ret < 0)
            return ret;
    }
    return ret;
}

/* A bright square that goes round on grey that changes. */
static void draw(uint8_t *to, int64_t number)
{
    const int x0 = (int)(number * 7 % (WIDTH - 40));
    const int y0 = (int)(number * 5 % (HEIGHT - 40));
    memset(to, (int)(80 + number % 60), 3 * WIDTH * HEIGHT);
    for (int y = y0; y < y0 + 40; y++)
        memset(to + 3 * (y * WIDTH + x0), 240, 3 * 40);
}

static int receive_sound(stream *s)
{
    s2v_audio_frame frame = {.size = sizeof(frame)};
    int ret;
    while (!(ret = s2v_session_receive_audio(s->session, &frame, &s->err)))
        ;
    return ret == S2V_ERR_AGAIN || ret == S2V_ERR_EOF ? S2V_OK : ret;
}

/* Send a picture and take what sound there is. */
static int next_picture(stream *s)
{
    draw(s->picture, s->sent);
    const s2v_picture picture = {.size = sizeof(picture),
                                 .data = s->picture,
                                 .stride = 3 * WIDTH,
                                 .width = WIDTH,
                                 .height = HEIGHT,
                                 .pts = s->sent++,
                                 .time_num = 1,
                                 .time_den = PICTURE_RATE};
    const int ret = s2v_session_send_video(s->session, &picture, &s->err);
    return ret < 0 ? ret : receive_sound(s);
}

static bool is_foley(const stream *s)
{
    return s->info->inputs & S2V_MEDIUM_VIDEO;
}

/* The frames that count; of a film its end as well, whose sound is due. */
static void *run(void *opaque)
{
    stream *s = opaque;
    const double start = bench_now_ms();
    for (int i = 0; i < s->frames && !s->status; i++) {
        const double begin = bench_now_ms();
        s->status = is_foley(s) ? next_picture(s) : next_frame(s);
        s->ms[i] = bench_now_ms() - begin;
    }
    if (is_foley(s) && !s->status) {
        s2v_session_drain(s->session, NULL);
        s->status = receive_sound(s);
    }
    s->seconds = 1e-3 * (bench_now_ms() - start);
    return NULL;
}

static int warm_up(stream *s)
{
    for (int i = 1; i < WARM_UP && !s->status && !is_foley(s); i++)
        s->status = next_frame(s);
    return s->status;
}

/* ------------------------------------------------------------ sessions -- */

/* A model that animates an image is given the first picture, all of it. */
static int set_image(stream *s, s2v_error *err)
{
    draw(s->picture, 0);
    const s2v_picture picture = {.size = sizeof(picture),
                                 .data = s->picture,
                                 .stride = 3 * WIDTH,
                                 .width = WIDTH,
                                 .height = HEIGHT};
    char crop[40];
    snprintf(crop, sizeof(crop), "0:0:%d:%d", WIDTH, HEIGHT);
    const int ret = s2v_session_set_option(s->session, "crop", crop, err);
    return ret ? ret : s2v_session_set_image(s->session, &picture, err);
}

static int open_stream(stream *s, s2v_model *model, const s2v_model_info *info,
                       int frames, s2v_error *err)
{
    *s = (stream){.info = info, .frames = frames};
    s->ms = calloc((size_t)frames, sizeof(*s->ms));
    s->picture = malloc(3 * WIDTH * HEIGHT);
    if (!s->ms || !s->picture) {
        snprintf(err->message, sizeof(err->message), "out of memory");
        return S2V_ERR_NOMEM;
    }
    const int ret = s2v_session_create(&s->session, model, NULL, err);
    return ret || !(info->required & S2V_MEDIUM_IMAGE) ? ret
                                                       : set_image(s, err);
}

static void close_streams(stream *s, int n)
{
    for (int i = 0; s && i < n; i++) {
        s2v_session_close(&s[i].session);
        free(s[i].ms);
        free(s[i].picture);
    }
    free(s);
}

/* All at once; the first one on this thread. */
static void run_all(stream *s, int n)
{
    pthread_t *thread = calloc((size_t)n, sizeof(*thread));
    for (int i = 1; i < n; i++)
        if (!thread || pthread_create(&thread[i], NULL, run, &s[i]))
            s[i].status = S2V_ERR_NOMEM;
    run(&s[0]);
    for (int i = 1; i < n; i++)
        if (s[i].status != S2V_ERR_NOMEM || s[i].seconds > 0)
            pthread_join(thread[i], NULL);
    free(thread);
}

/* Frames a second of part k of FIFTHS, of all sessions. */
static double fps_of_part(const stream *s, int sessions, int k)
{
    const int first = s[0].frames * k / FIFTHS;
    const int end = s[0].frames * (k + 1) / FIFTHS;
    double fps = 0;
    for (int i = 0; i < sessions; i++) {
        double ms = 0;
        for (int j = first; j < end; j++)
            ms += s[i].ms[j];
        fps += 1e3 * (end - first) / ms;
    }
    return fps;
}

static void find_range(const stream *s, int sessions, bench_row *row)
{
    for (int k = 0; k < FIFTHS && s[0].frames >= FIFTHS; k++) {
        const double fps = fps_of_part(s, sessions, k);
        row->fps_low = k && row->fps_low < fps ? row->fps_low : fps;
        row->fps_high = k && row->fps_high > fps ? row->fps_high : fps;
    }
}

/* Everyone's times, together. */
static int sum_up(const bench_job *job, const stream *s, bench_row *row)
{
    const int frames = s[0].frames, n = job->sessions * frames;
    double *all = malloc((size_t)n * sizeof(*all));
    double slowest = 0, fastest = HUGE_VAL;
    if (!all)
        return S2V_ERR_NOMEM;
    for (int i = 0; i < job->sessions; i++) {
        memcpy(all + i * frames, s[i].ms, (size_t)frames * sizeof(*all));
        slowest = fmax(slowest, s[i].seconds);
        fastest = fmin(fastest, s[i].seconds);
    }
    row->fps = n / slowest;
    row->spread = slowest / fastest;
    find_range(s, job->sessions, row);
    row->median = bench_quantile(all, n, 0.5);
    row->p99 = bench_quantile(all, n, 0.99);
    free(all);
    return S2V_OK;
}

static double peak_memory(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_maxrss / 1024;
}

/* MB that the process holds now; 0 where the system does not say. */
static double memory_now(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*d %ld", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static void print_line(void *opaque, s2v_log_level level, const char *message)
{
    (void)opaque;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

static int measure(const bench_job *job, s2v_model *model, double begin,
                   stream *s, bench_row *row, s2v_error *err)
{
    const bool foley = row->info.inputs & S2V_MEDIUM_VIDEO;
    const int frames = job->frames ? job->frames
                       : foley     ? PICTURES
                                   : VIDEO_FRAMES;
    const double before = memory_now();
    int ret = S2V_OK;
    row->rate =
        foley ? PICTURE_RATE : (double)row->info.fps_num / row->info.fps_den;
    for (int i = 0; i < job->sessions && !ret; i++) {
        ret = open_stream(&s[i], model, &row->info, frames, err);
        if (!ret && !i && !foley) {
            ret = next_frame(&s[0]);
            row->start = bench_now_ms() - begin;
        }
        if (!ret && !job->start)
            ret = warm_up(&s[i]);
        if (ret < 0 && *s[i].err.message)
            *err = s[i].err;
    }
    if (foley)
        row->start = bench_now_ms() - begin;
    row->memory = peak_memory();
    if (ret < 0 || job->start)
        return ret;
    run_all(s, job->sessions);
    row->memory = peak_memory();
    row->each = fmax(memory_now() - before, 0) / job->sessions;
    for (int i = 0; i < job->sessions; i++)
        if (s[i].status < 0) {
            *err = s[i].err;
            return s[i].status;
        }
    return sum_up(job, s, row);
}

int bench_streams(const bench_job *job, s2v_model **model, bench_row *row,
                  s2v_error *err)
{
    const s2v_model_params params = {.size = sizeof(params),
                                     .device = job->device,
                                     .dtype = job->dtype,
                                     .threads = job->threads,
                                     .fps = job->fps,
                                     .log = job->profile ? print_line : NULL};
    const double begin = bench_now_ms();
    int ret = s2v_model_open(model, job->path, &params, err);
    if (ret < 0)
        return ret;
    row->info.size = sizeof(row->info);
    s2v_model_get_info(*model, &row->info);
    stream *s = calloc((size_t)job->sessions, sizeof(*s));
    ret = s ? measure(job, *model, begin, s, row, err) : S2V_ERR_NOMEM;
    close_streams(s, job->sessions);
    return ret;
}
