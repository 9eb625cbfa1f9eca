/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the session tests share. */
#define _XOPEN_SOURCE 700
#include "harness.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int checks, failures;
static char folder[1024];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool check_that(bool holds, const char *where, int line, const char *format,
                ...)
{
    va_list args;
    pthread_mutex_lock(&lock);
    checks++;
    if (!holds && ++failures <= 50) {
        va_start(args, format);
        fprintf(stderr, "FAIL %s:%d: ", where, line);
        vfprintf(stderr, format, args);
        fputc('\n', stderr);
        va_end(args);
    }
    pthread_mutex_unlock(&lock);
    return holds;
}

int report(const char *name)
{
    printf("%s: %d checks, %d failed\n", name, checks, failures);
    return failures != 0;
}

void skip_all(const char *why)
{
    printf("SKIP: %s\n", why);
    exit(77);
}

static _Noreturn void give_up(const char *what, const s2v_error *err)
{
    fprintf(stderr, "cannot %s: %s\n", what, err->message);
    exit(1);
}

/* ----------------------------------------------------- scratch folder -- */

static void remove_folder(void)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            remove(scratch(entry->d_name));
    if (dir)
        closedir(dir);
    rmdir(folder);
}

static void make_folder(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/s2v-session-XXXXXX",
             base && *base ? base : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(1);
    }
    atexit(remove_folder);
}

const char *scratch(const char *name)
{
    static char path[1400];
    if (!*folder)
        make_folder();
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

/* ------------------------------------------------------------- models -- */

tiny_model small_model(void)
{
    tiny_model spec = tiny_model_defaults();
    spec.config.size = 16;
    spec.config.channels_min = 2;
    spec.config.channels_max = 8;
    return spec;
}

s2v_model *open_model(const tiny_model *spec, const char *device, int threads)
{
    const s2v_model_params params = {
        .size = sizeof(params), .device = device, .threads = threads};
    s2v_model *model = NULL;
    s2v_error err = {0};
    const char *path = scratch("model.bin");
    if (tiny_model_write(path, spec, &err) < 0)
        give_up("write a model", &err);
    if (s2v_model_open(&model, path, &params, &err) < 0)
        give_up("open a model", &err);
    return model;
}

s2v_session *open_session(s2v_model *model, uint64_t seed)
{
    const s2v_session_params params = {.size = sizeof(params), .seed = seed};
    s2v_session *session = NULL;
    s2v_error err = {0};
    if (s2v_session_create(&session, model, &params, &err) < 0)
        give_up("start a session", &err);
    return session;
}

void set_all_options(s2v_session *session, const char *options, char between)
{
    char text[512], *next = text;
    snprintf(text, sizeof(text), "%s", options ? options : "");
    while (next && *next) {
        s2v_error err = {0};
        char *name = next, *value = strchr(name, '=');
        next = strchr(name, between);
        if (next)
            *next++ = '\0';
        *value++ = '\0';
        CHECK(!s2v_session_set_option(session, name, value, &err), "%s=%s: %s",
              name, value, err.message);
    }
}

/* -------------------------------------------------------------- sound -- */

uint32_t next_random(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)*state * below >> 32);
}

/* A quarter of a second each: two tones, noise, or nothing. */
float *make_sound(size_t n, uint32_t seed)
{
    float *sound = malloc((n + 1) * sizeof(*sound));
    uint32_t state = seed, a = 0, b = 0, kind = 0;
    if (!sound)
        abort();
    for (size_t i = 0; i < n; i++) {
        if (i % 4000 == 0) {
            kind = next_random(&state, 4);
            a = 100 + next_random(&state, 1000);
            b = 1000 + next_random(&state, 5000);
        }
        double t = 6.283185307179586 * (double)i / 16000.0;
        double noise = (double)next_random(&state, 65536) / 32768.0 - 1.0;
        double tones = sin(t * a) + 0.5 * sin(t * b);
        sound[i] = (float)(kind == 0   ? 0.3 * noise
                           : kind == 1 ? 0.0
                                       : 0.4 * tones);
    }
    return sound;
}

/* ------------------------------------------------------------- frames -- */

/* FNV-1a over the rows' bytes. */
uint64_t hash_frame(const s2v_video_frame *frame)
{
    uint64_t h = 14695981039346656037u;
    for (int y = 0; y < frame->height; y++) {
        const uint8_t *row = frame->data + y * frame->stride;
        for (int x = 0; x < frame->width * 3; x++)
            h = (h ^ row[x]) * 1099511628211u;
    }
    return h;
}

int receive_all(s2v_session *session, take *take)
{
    s2v_video_frame frame = {.size = sizeof(frame)};
    s2v_error err = {0};
    int ret;
    while (!(ret = s2v_session_receive_video(session, &frame, &err))) {
        if (take->count == MOST)
            return S2V_ERR_INTERNAL;
        CHECK(frame.pts == take->count, "frame %d has pts %lld", take->count,
              (long long)frame.pts);
        CHECK(frame.width > 0 && frame.width == frame.height &&
                  frame.stride >= frame.width * 3,
              "a frame of %dx%d, stride %td", frame.width, frame.height,
              frame.stride);
        take->hash[take->count++] = hash_frame(&frame);
    }
    CHECK(err.code == ret && *err.message, "status %d without a sentence", ret);
    return ret;
}

take play(s2v_session *session, const float *sound, size_t n, size_t piece)
{
    take t = {0};
    uint32_t state = 99;
    s2v_error err = {0};
    for (size_t at = 0, size; at < n; at += size) {
        size = piece ? piece : next_random(&state, 3000);
        size = size < n - at ? size : n - at;
        int ret = s2v_session_send_audio(session, sound + at, size, &err);
        CHECK(!ret, "sound is refused: %s", err.message);
        ret = receive_all(session, &t);
        CHECK(ret == S2V_ERR_AGAIN, "status %d before the drain", ret);
    }
    CHECK(!s2v_session_drain(session, &err), "drain: %s", err.message);
    t.status = receive_all(session, &t);
    return t;
}

take play_new(s2v_model *model, uint64_t seed, const float *sound, size_t n,
              size_t piece)
{
    s2v_session *session = open_session(model, seed);
    take t = play(session, sound, n, piece);
    s2v_session_close(&session);
    return t;
}

bool same(const take *a, const take *b)
{
    return a->count == b->count && a->status == b->status &&
           !memcmp(a->hash, b->hash, (size_t)a->count * sizeof(*a->hash));
}
