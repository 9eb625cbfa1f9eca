/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs built with an older or a newer header, and what else the header
 * promises beside the frames: through the shared library. */
#include "../check.h"
#include "s2v/s2v.h"

#include <stdio.h>
#include <string.h>

static void *const rubbish = (void *)(uintptr_t)0x5a5a5a5a;

typedef struct newer_params {
    s2v_model_params known;
    char added[64];
} newer_params;

/* Open with such params, expect the status. */
static void open_with(const char *path, const s2v_model_params *params,
                      int status, const char *says)
{
    s2v_model *model = NULL;
    s2v_error err = {0};
    int ret = s2v_model_open(&model, path, params, &err);
    CHECK(ret == status && strstr(err.message, says), "status %d: %s", ret,
          err.message);
    s2v_model_close(&model);
}

static void test_model_params(const char *path)
{
    s2v_model_params p = {.threads = 1};
    open_with(path, &p, S2V_ERR_INVALID, "s2v_model_params.size");
    p.size = sizeof(p.size) - 1;
    open_with(path, &p, S2V_ERR_INVALID, "s2v_model_params.size");
    /* An older client has members after these, of another meaning. */
    p = (s2v_model_params){.size = sizeof(p.size),
                           .device = rubbish,
                           .threads = -7,
                           .log = (s2v_log_fn)(uintptr_t)rubbish};
    open_with(path, &p, S2V_OK, "");
    p.size = offsetof(s2v_model_params, threads);
    p.device = "ref";
    open_with(path, &p, S2V_OK, "");
    p.size = offsetof(s2v_model_params, log);
    open_with(path, &p, S2V_ERR_INVALID, "threads is -7");
    p.threads = 1025;
    open_with(path, &p, S2V_ERR_INVALID, "threads is 1025");
    p = (s2v_model_params){.size = offsetof(s2v_model_params, latency_ms),
                           .latency_ms = -1};
    open_with(path, &p, S2V_OK, "");
    p.size = sizeof(p);
    open_with(path, &p, S2V_ERR_INVALID, "latency_ms is -1");
    newer_params newer = {.known = {.size = sizeof(newer), .threads = 1}};
    memset(newer.added, 0x5a, sizeof(newer.added));
    open_with(path, &newer.known, S2V_OK, "");
}

static void test_session_params(s2v_model *model)
{
    static const size_t sizes[] = {0,
                                   sizeof(size_t) - 1,
                                   sizeof(size_t),
                                   offsetof(s2v_session_params, log),
                                   sizeof(s2v_session_params),
                                   2 * sizeof(s2v_session_params)};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        s2v_session_params p[2] = {{.size = sizes[i], .seed = 1}};
        s2v_session *session = NULL;
        s2v_error err = {0};
        int ret = s2v_session_create(&session, model, p, &err);
        bool sound = sizes[i] >= sizeof(size_t);
        CHECK(ret == (sound ? S2V_OK : S2V_ERR_INVALID) && !session == !sound,
              "size %zu: status %d", sizes[i], ret);
        CHECK(sound || strstr(err.message, "s2v_session_params.size"),
              "size %zu: \"%s\"", sizes[i], err.message);
        s2v_session_close(&session);
    }
}

/* Structs that the library fills: no byte past the client's, none unset. */
static void test_info(s2v_model *model)
{
    union {
        s2v_model_info info;
        unsigned char bytes[2 * sizeof(s2v_model_info)];
    } u;
    const size_t all = sizeof(u.info);
    const size_t sizes[] = {sizeof(size_t), offsetof(s2v_model_info, width),
                            all, all + 16};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        memset(&u, 0x5a, sizeof(u));
        u.info.size = sizes[i];
        s2v_model_get_info(model, &u.info);
        CHECK(u.info.size == sizes[i], "size becomes %zu", u.info.size);
        for (size_t k = sizes[i]; k < sizeof(u.bytes); k++)
            CHECK(u.bytes[k] == 0x5a, "size %zu: byte %zu is written", sizes[i],
                  k);
        for (size_t k = all; k < sizes[i]; k++)
            CHECK(!u.bytes[k], "size %zu: byte %zu is unset", sizes[i], k);
    }
    u.info.size = all;
    s2v_model_get_info(model, &u.info);
    CHECK(!strcmp(u.info.name, "listen-and-move"), "name %s", u.info.name);
    CHECK(u.info.sample_rate == 16000 && u.info.fps_num == 20 &&
              u.info.fps_den == 1 && u.info.width == 64 &&
              u.info.height == 64 && u.info.latency_samples == 1520 &&
              u.info.inputs == S2V_MEDIUM_AUDIO &&
              u.info.required == S2V_MEDIUM_AUDIO &&
              u.info.outputs == S2V_MEDIUM_VIDEO,
          "%d Hz, %d/%d frames/s, %dx%d", u.info.sample_rate, u.info.fps_num,
          u.info.fps_den, u.info.width, u.info.height);
}

/* A size that was forgotten is told of: zero, or what lay in memory. */
static void test_unset_sizes(s2v_model *model)
{
    static const size_t sizes[] = {0, sizeof(size_t) - 1, 4097, SIZE_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        s2v_model_info info = {.size = sizes[i], .width = 7};
        s2v_option option = {.size = sizes[i]};
        s2v_family_info family = {.size = sizes[i]};
        CHECK(s2v_model_get_info(model, &info) == S2V_ERR_INVALID &&
                  info.width == 7,
              "an info of size %zu is filled", sizes[i]);
        CHECK(s2v_model_get_option(model, 0, &option) == S2V_ERR_INVALID,
              "an option of size %zu is filled", sizes[i]);
        CHECK(s2v_family_get_info(0, &family) == S2V_ERR_INVALID,
              "a family of size %zu is filled", sizes[i]);
    }
    CHECK(s2v_model_get_info(model, NULL) == S2V_ERR_INVALID, "NULL is filled");
}

/* Frames of an older and a newer client; one whose size is not set stays in the
 * session. */
static void test_frames(s2v_model *model)
{
    static const float silence[1600];
    union {
        s2v_video_frame frame;
        unsigned char bytes[2 * sizeof(s2v_video_frame)];
    } u;
    const size_t all = sizeof(u.frame);
    const size_t sizes[] = {offsetof(s2v_video_frame, pts), all, all + 24};
    static const size_t unset[] = {0, 7, 5000, SIZE_MAX};
    s2v_session *session = NULL;
    s2v_error err = {0};
    CHECK(!s2v_session_create(&session, model, NULL, &err), "%s", err.message);
    for (size_t i = 0; session && i < sizeof(sizes) / sizeof(*sizes); i++) {
        s2v_session_flush(session);
        s2v_session_send_audio(session, silence, 1600, NULL);
        for (size_t k = 0; k < sizeof(unset) / sizeof(*unset); k++) {
            u.frame.size = unset[k];
            CHECK(s2v_session_receive_video(session, &u.frame, &err) ==
                          S2V_ERR_INVALID &&
                      strstr(err.message, "s2v_video_frame.size is not set"),
                  "size %zu: \"%s\"", unset[k], err.message);
        }
        CHECK(s2v_session_receive_video(session, NULL, &err) == S2V_ERR_INVALID,
              "NULL is filled");
        memset(&u, 0x5a, sizeof(u));
        u.frame.size = sizes[i];
        CHECK(!s2v_session_receive_video(session, &u.frame, &err), "%s",
              err.message);
        CHECK(u.frame.size == sizes[i] && u.frame.width == 64 &&
                  u.frame.height == 64 && u.frame.stride == 192,
              "size %zu: %dx%d", sizes[i], u.frame.width, u.frame.height);
        CHECK(sizes[i] < all ? u.bytes[sizes[i]] == 0x5a : !u.frame.pts,
              "size %zu: the wrong frame, or beyond", sizes[i]);
        for (size_t k = all; k < sizeof(u.bytes); k++)
            CHECK(u.bytes[k] == (k < sizes[i] ? 0 : 0x5a),
                  "size %zu: byte %zu is %d", sizes[i], k, u.bytes[k]);
    }
    s2v_session_close(&session);
}

static void test_tensor_info(const char *path)
{
    struct {
        s2v_tensor_info info;
        unsigned char after[16];
    } t;
    s2v_weights *w = NULL;
    CHECK(!s2v_weights_open(&w, path, NULL), "weights do not open");
    if (!w)
        return;
    memset(&t, 0x5a, sizeof(t));
    t.info.size = offsetof(s2v_tensor_info, rank);
    CHECK(!s2v_weights_get_tensor(w, 0, &t.info) && t.info.rank == 0x5a5a5a5a,
          "an older tensor info is overrun");
    t.info.size = sizeof(t);
    CHECK(!s2v_weights_get_tensor(w, 0, &t.info) && !t.after[0],
          "a newer tensor info is not cleared");
    t.info.size = 0;
    CHECK(s2v_weights_get_tensor(w, 0, &t.info) == S2V_ERR_INVALID,
          "a tensor info without size is taken");
    CHECK(s2v_weights_get_metadata(w, "s2v.license") != NULL, "no licence");
    CHECK(!s2v_weights_verify(w, NULL), "does not verify");
    s2v_weights_close(&w);
    CHECK(!w, "close leaves the pointer");
    s2v_weights_close(&w);
    s2v_weights_close(NULL);
}

static void test_words(void)
{
    char version[32];
    snprintf(version, sizeof(version), "%d.%d.%d", S2V_VERSION_MAJOR,
             S2V_VERSION_MINOR, S2V_VERSION_MICRO);
    CHECK(!strcmp(version, s2v_version()), "version %s", s2v_version());
    for (int a = S2V_OK; a >= S2V_ERR_INTERNAL; a--)
        for (int b = a - 1; b >= S2V_ERR_INTERNAL - 1; b--)
            CHECK(strcmp(s2v_status_string(a), s2v_status_string(b)) != 0,
                  "statuses %d and %d are both \"%s\"", a, b,
                  s2v_status_string(a));
    CHECK(*s2v_status_string(1) && *s2v_status_string(-12345),
          "an unknown status has no words");
}

/* ---------------------------------------------------------------- log -- */

typedef struct lines {
    int count;
    bool names_device, has_newline;
} lines;

static void log_line(void *opaque, s2v_log_level level, const char *message)
{
    lines *l = opaque;
    l->count++;
    l->names_device |= level == S2V_LOG_INFO && strstr(message, " on ref");
    l->has_newline |= strchr(message, '\n') != NULL;
}

static void test_log(const char *path)
{
    lines l = {0}, other = {0};
    s2v_model *model = NULL;
    s2v_model_params p = {
        .size = sizeof(p), .device = "ref", .log = log_line, .log_opaque = &l};
    CHECK(!s2v_model_open(&model, path, &p, NULL), "does not open");
    CHECK(l.count && l.names_device && !l.has_newline,
          "%d log lines, the device %snamed", l.count,
          l.names_device ? "" : "not ");
    p.log_opaque = &other;
    int before = l.count;
    s2v_model_close(&model);
    CHECK(!s2v_model_open(&model, path, &p, NULL), "does not open");
    CHECK(l.count == before && other.count, "lines go to another model's log");
    s2v_model_close(&model);
}

int main(int argc, char **argv)
{
    s2v_model *model = NULL;
    s2v_error err = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: test_abi TINY_MODEL\n");
        return 2;
    }
    test_words();
    test_model_params(argv[1]);
    if (s2v_model_open(&model, argv[1], NULL, &err) < 0) {
        fprintf(stderr, "FAIL: %s\n", err.message);
        return 1;
    }
    test_session_params(model);
    test_info(model);
    test_unset_sizes(model);
    test_frames(model);
    s2v_model_close(&model);
    test_tensor_info(argv[1]);
    test_log(argv[1]);
    return check_done();
}
