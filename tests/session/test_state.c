/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved and restored sessions: the same bytes wherever a stream is split, in
 * each family; and what is refused. */
#include "foley_kit.h"
#include "man_kit.h"
#include "stylegan_kit.h"
#include "tiny_semantic.h"

#include "weights/weights.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SOUND = 5 * 16000 + 321, PICTURES = 90, ALL = 1 << 20 };

/* --------------------------------------------------- streams of any kind -- */

/* What is split: a model, its options, and as much input as `length`. */
typedef struct subject {
    const char *name;
    s2v_model *model;
    const char *options; /* "pulse=0 speed=60" */
    int length;          /* samples, or pictures */
    bool film, portrait, reference;
} subject;

static float *voice; /* SOUND samples */

/* What came out: frames or samples, and what ended it. */
typedef struct output {
    uint64_t hash;
    int64_t count;
    int status;
} output;

static bool equal(const output *a, const output *b)
{
    return a->hash == b->hash && a->count == b->count && a->status == b->status;
}

static s2v_session *open_subject(const subject *s)
{
    s2v_session *session = open_session(s->model, 3);
    s2v_error err = {0};
    set_all_options(session, s->options, ' ');
    if (s->portrait) {
        const s2v_picture p = man_picture();
        CHECK(!s2v_session_set_image(session, &p, &err), "%s", err.message);
    }
    if (s->reference)
        CHECK(!s2v_session_set_reference(session, voice, 30000, &err), "%s",
              err.message);
    return session;
}

static void send(const subject *s, s2v_session *session, int at, int n)
{
    const film f = film_at(25, 1, s->length);
    uint8_t rgb[3 * WIDTH * HEIGHT];
    s2v_error err = {0};
    int ret = S2V_OK;
    if (!s->film)
        ret = s2v_session_send_audio(session, voice + at, (size_t)n, &err);
    for (int i = 0; i < n && s->film && !ret; i++) {
        const s2v_picture p = picture_of(&f, at + i, rgb);
        ret = s2v_session_send_video(session, &p, &err);
    }
    CHECK(!ret, "%s: input is refused: %s", s->name, err.message);
}

static void add_bytes(output *to, const void *data, size_t n)
{
    const uint8_t *byte = data;
    for (size_t i = 0; i < n; i++)
        to->hash = (to->hash ^ byte[i]) * 1099511628211u;
}

/* At most so many blocks or frames. */
static void receive(const subject *s, s2v_session *session, int most,
                    output *to)
{
    for (to->status = S2V_OK; most && !to->status; most--) {
        s2v_video_frame frame = {.size = sizeof(frame)};
        s2v_audio_frame sound = {.size = sizeof(sound)};
        to->status = s->film ? s2v_session_receive_audio(session, &sound, NULL)
                             : s2v_session_receive_video(session, &frame, NULL);
        if (to->status)
            return;
        const int64_t pts = s->film ? sound.pts : frame.pts;
        CHECK(pts == to->count, "%s: pts %lld, expected %lld", s->name,
              (long long)pts, (long long)to->count);
        if (s->film)
            add_bytes(to, sound.samples, sound.count * sizeof(float));
        for (int y = 0; !s->film && y < frame.height; y++)
            add_bytes(to, frame.data + y * frame.stride,
                      3 * (size_t)frame.width);
        to->count += s->film ? (int64_t)sound.count : 1;
    }
}

/* ---------------------------------------------------------------- blobs -- */

typedef struct blob {
    void *data;
    size_t size;
} blob;

static blob save(s2v_session *session, const char *note)
{
    const void *data = NULL;
    blob b = {0};
    s2v_error err = {0};
    const int ret = s2v_session_save(session, note, &data, &b.size, &err);
    CHECK(!ret && data, "saving: %d, %s", ret, err.message);
    b.data = malloc(b.size + 1);
    if (!b.data || ret < 0)
        abort();
    memcpy(b.data, data, b.size);
    return b;
}

/* Another session in place of this one, with its state. */
static void hand_over(const subject *s, s2v_session **session)
{
    s2v_session_info before = {.size = sizeof(before)};
    s2v_session_info after = {.size = sizeof(after)};
    s2v_error err = {0};
    const char *note = NULL;
    blob b = save(*session, "from here");
    s2v_session_get_info(*session, &before);
    s2v_session_close(session);
    *session = open_subject(s);
    const int ret = s2v_session_restore(*session, b.data, b.size, &note, &err);
    CHECK(!ret, "%s: restoring: %s", s->name, err.message);
    CHECK(note && !strcmp(note, "from here"), "note '%s'", note ? note : "");
    s2v_session_get_info(*session, &after);
    CHECK(before.sent == after.sent && before.received == after.received,
          "%s: %lld sent and %lld received, expected %lld and %lld", s->name,
          (long long)after.sent, (long long)after.received,
          (long long)before.sent, (long long)before.received);
    free(b.data);
}

/* ---------------------------------------------------------------- splits -- */

/* All of it, split before input `split` with `queued` blocks not received; -1:
 * not at all. */
static output play_split(const subject *s, int split, int queued)
{
    output to = {.hash = 14695981039346656037u};
    s2v_session *session = open_subject(s);
    const int first = split < 0 ? 0 : split;
    send(s, session, 0, first);
    receive(s, session, queued < 0 ? ALL : queued, &to);
    if (split >= 0)
        hand_over(s, &session);
    send(s, session, first, s->length - first);
    receive(s, session, ALL, &to);
    s2v_session_drain(session, NULL);
    receive(s, session, ALL, &to);
    s2v_session_close(&session);
    return to;
}

/* In random pieces, split after each of them, and after the drain. */
static output play_in_pieces(const subject *s, uint32_t seed, int pieces)
{
    output to = {.hash = 14695981039346656037u};
    s2v_session *session = open_subject(s);
    uint32_t state = seed;
    for (int at = 0, n; at < s->length; at += n) {
        n = 1 + (int)next_random(&state, 2 * (uint32_t)(s->length / pieces));
        n = n < s->length - at ? n : s->length - at;
        send(s, session, at, n);
        receive(s, session, (int)next_random(&state, 5), &to);
        hand_over(s, &session);
    }
    s2v_session_drain(session, NULL);
    for (to.status = S2V_OK; !to.status || to.status == S2V_ERR_AGAIN;) {
        hand_over(s, &session);
        receive(s, session, s->film ? 3 : 7, &to);
    }
    s2v_session_close(&session);
    return to;
}

static void test_splits(const subject *s)
{
    const output whole = play_split(s, -1, -1);
    CHECK(whole.count >= 50 && whole.status == S2V_ERR_EOF,
          "%s: %lld frames or samples, status %d", s->name,
          (long long)whole.count, whole.status);
    for (int i = 0; i < 8; i++) {
        const int split = s->length * i / 7, queued = i % 3 ? -1 : i;
        const output t = play_split(s, split, queued);
        CHECK(equal(&t, &whole), "%s: split at %d of %d: other bytes", s->name,
              split, s->length);
    }
    for (uint32_t seed = 1; seed < 3; seed++) {
        const output t = play_in_pieces(s, seed, 20);
        CHECK(equal(&t, &whole), "%s: pieces of seed %u: other bytes", s->name,
              seed);
    }
}

/* Saving changes nothing, and its size does not grow. */
static void test_saving(const subject *s)
{
    const output whole = play_split(s, -1, -1);
    output to = {.hash = 14695981039346656037u};
    s2v_session *session = open_subject(s);
    size_t half = 0, size = 0;
    for (int at = 0; at < s->length; at += s->length / 30) {
        const int left = s->length - at, step = s->length / 30;
        send(s, session, at, left < step ? left : step);
        receive(s, session, ALL, &to);
        blob b = save(session, NULL);
        size = b.size > size ? b.size : size;
        half = at < s->length / 2 ? size : half;
        free(b.data);
    }
    s2v_session_drain(session, NULL);
    receive(s, session, ALL, &to);
    CHECK(equal(&to, &whole), "%s: saving changes the output", s->name);
    CHECK(size < half + half / 10, "%s: %zu bytes, then %zu", s->name, half,
          size);
    printf("%s: a state has up to %zu bytes\n", s->name, size);
    s2v_session_close(&session);
}

/* --------------------------------------------------------------- refused -- */

/* A blob with another value of a key, or of the first number of a variable. */
typedef struct change {
    const char *key, *value; /* NULL: none */
    size_t variable;         /* SIZE_MAX: none */
    double number;
    bool all; /* of its numbers */
} change;

static void change_tensor(const s2vi_tensor *t, const change *c, void *data)
{
    const size_t n = c->all ? t->count : 1;
    for (size_t i = 0; i < n && i < t->count; i++)
        if (t->type == S2VI_STORED_F32)
            ((float *)data)[i] = (float)c->number;
        else if (t->type == S2VI_STORED_F64)
            ((double *)data)[i] = c->number;
        else
            ((int64_t *)data)[i] = c->number > 9e18    ? INT64_MAX
                                   : c->number < -9e18 ? INT64_MIN
                                                       : (int64_t)c->number;
}

static blob rewrite(const blob *from, const change *c)
{
    s2v_weights *w = NULL;
    s2vi_writer *out = NULL;
    s2v_error err = {0};
    blob b = {0};
    if (s2vi_weights_open_memory(&w, from->data, from->size, "blob", &err) ||
        s2vi_writer_create_memory(&out, "blob", &err))
        abort();
    const char *key;
    for (size_t i = 0; (key = s2v_weights_get_metadata_key(w, i)); i++)
        if (strcmp(key, "s2v.sha256"))
            s2vi_writer_set_metadata(out, key,
                                     c->key && !strcmp(c->key, key)
                                         ? c->value
                                         : s2v_weights_get_metadata(w, key),
                                     NULL);
    for (size_t i = 0; i < s2v_weights_count(w); i++) {
        const s2vi_tensor *t = s2vi_weights_at(w, i);
        void *data = malloc(t->bytes + 8);
        if (!data)
            abort();
        s2vi_stored_copy(t->type, s2vi_weights_data(w, t), t->count, data);
        if (i == c->variable)
            change_tensor(t, c, data);
        s2vi_writer_add_raw(out, t->name, t->type, t->rank, t->shape, data,
                            NULL);
        free(data);
    }
    s2vi_writer_commit_memory(&out, &b.data, &b.size, &err);
    s2v_weights_close(&w);
    return b;
}

static void refuse(s2v_session *session, const blob *b, int status,
                   const char *part)
{
    s2v_error err = {0};
    const char *note = "old";
    const int ret = s2v_session_restore(session, b->data, b->size, &note, &err);
    CHECK(ret == status && err.code == ret && strstr(err.message, part) &&
              !note,
          "status %d, '%s', expected %d and '%s'", ret, err.message, status,
          part);
}

static blob half_of(const subject *s)
{
    output to = {0};
    s2v_session *session = open_subject(s);
    send(s, session, 0, s->length / 2);
    receive(s, session, ALL, &to);
    blob b = save(session, NULL);
    s2v_session_close(&session);
    return b;
}

/* In place of the value that was saved. */
static void refuse_key(s2v_session *session, const blob *b, const char *key,
                       const char *value, int status, const char *part)
{
    const change c = {.key = key, .value = value, .variable = SIZE_MAX};
    blob other = rewrite(b, &c);
    refuse(session, &other, status, part);
    free(other.data);
}

static void test_metadata(const subject *s)
{
    static const struct {
        const char *key, *value, *part;
        int status;
    } wrong[] = {
        {"s2v.model", "gpt state", "kind is gpt state", S2V_ERR_INVALID},
        {"s2v.state", "2", "format is 2, expected 1", S2V_ERR_INVALID},
        {"s2v.version", "9.9.9", "version of s2v is 9.9.9", S2V_ERR_INVALID},
        {"s2v.weights", "abc", "model is abc", S2V_ERR_INVALID},
        {"s2v.device", "abacus", "device is abacus", S2V_ERR_INVALID},
        {"s2v.dtype", "bf16", "dtype is bf16, expected f32", S2V_ERR_INVALID},
        {"s2v.latency", "7", "latency is 7", S2V_ERR_INVALID},
        {"s2v.size", "7", "size is 7", S2V_ERR_INVALID},
        {"s2v.option.seed", "7", "seed is 7, expected 3", S2V_ERR_INVALID},
        {"s2v.sent", "-1", "'s2v.sent' is '-1'", S2V_ERR_FORMAT},
        {"s2v.received", "x", "'s2v.received' is 'x'", S2V_ERR_FORMAT},
    };
    s2v_session *session = open_subject(s);
    blob b = half_of(s);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        refuse_key(session, &b, wrong[i].key, wrong[i].value, wrong[i].status,
                   wrong[i].part);
    const output whole = play_split(s, -1, -1);
    output to = {.hash = 14695981039346656037u};
    send(s, session, 0, s->length);
    s2v_session_drain(session, NULL);
    receive(s, session, ALL, &to);
    CHECK(equal(&to, &whole), "%s: refused states leave a trace", s->name);
    s2v_session_close(&session);
    free(b.data);
}

static void test_options(const subject *s)
{
    blob b = half_of(s);
    s2v_session *session = open_subject(s);
    s2v_error err = {0};
    man_set(session, "level", "6");
    refuse(session, &b, S2V_ERR_INVALID, "level is auto, expected 6");
    man_set(session, "level", "auto");
    man_set(session, "seed", "03"); /* the same number */
    CHECK(!s2v_session_restore(session, b.data, b.size, NULL, &err), "%s",
          err.message);
    s2v_session_close(&session);
    free(b.data);
}

static void test_inputs(const subject *man, const subject *foley)
{
    s2v_picture p = man_picture();
    s2v_error err = {0};
    blob b = half_of(man);
    s2v_session *session = open_session(man->model, 3);
    set_all_options(session, man->options, ' ');
    refuse(session, &b, S2V_ERR_INVALID, "expected none");
    p.height--;
    CHECK(!s2v_session_set_image(session, &p, &err), "%s", err.message);
    refuse(session, &b, S2V_ERR_INVALID, "its image is ");
    p.height++;
    CHECK(!s2v_session_set_image(session, &p, &err), "%s", err.message);
    CHECK(!s2v_session_restore(session, b.data, b.size, NULL, &err), "%s",
          err.message);
    s2v_session_close(&session);
    free(b.data);

    b = half_of(foley);
    session = open_session(foley->model, 3);
    set_all_options(session, foley->options, ' ');
    CHECK(!s2v_session_set_reference(session, voice + 9, 30000, &err), "%s",
          err.message);
    refuse(session, &b, S2V_ERR_INVALID, "its reference is ");
    s2v_session_close(&session);
    free(b.data);
}

static void test_other_models(const subject *a, const subject *b)
{
    blob state = half_of(a);
    s2v_session *session = open_subject(b);
    refuse(session, &state, S2V_ERR_INVALID, "state, expected");
    refuse(session, &(blob){NULL, 0}, S2V_ERR_FORMAT, "state");
    s2v_session_close(&session);
    FILE *file = fopen(scratch("state.bin"), "wb");
    s2v_model *model = NULL;
    s2v_error err = {0};
    CHECK(file && fwrite(state.data, state.size, 1, file) == 1, "no file");
    fclose(file);
    const int ret = s2v_model_open(&model, scratch("state.bin"), NULL, &err);
    CHECK(ret == S2V_ERR_MODEL && strstr(err.message, "saved state"),
          "a state as a model: %d, %s", ret, err.message);
    free(state.data);
}

/* ---------------------------------------------------------------- broken -- */

/* Whatever it is, nothing crashes, and if it is taken, the stream goes on. */
static bool try_blob(const subject *s, s2v_session *session, const void *data,
                     size_t size)
{
    s2v_error err = {0};
    const int ret = s2v_session_restore(session, data, size, NULL, &err);
    CHECK(ret <= 0 && (!ret || (err.code == ret && strlen(err.message) > 10)),
          "status %d, '%s'", ret, err.message);
    if (ret < 0)
        return false;
    for (int i = 0; i < 20; i++) {
        s2v_video_frame frame = {.size = sizeof(frame)};
        s2v_audio_frame sound = {.size = sizeof(sound)};
        if (i == 10)
            s2v_session_drain(session, NULL);
        if (!s->film)
            s2v_session_send_audio(session, voice, 700, NULL);
        else if (!i)
            send(s, session, 0, 0);
        if (s->film)
            s2v_session_receive_audio(session, &sound, NULL);
        else
            s2v_session_receive_video(session, &frame, NULL);
    }
    return true;
}

static void test_damage(const subject *s)
{
    blob b = half_of(s);
    s2v_session *session = open_subject(s);
    uint8_t *byte = b.data;
    uint32_t state = 5;
    int taken = 0;
    for (int i = 0; i < 200; i++) {
        const size_t size =
            i < 100 ? (size_t)i * b.size / 100 : b.size - 1 - (size_t)(i - 100);
        void *cut = malloc(size + 1); /* where reading past it is found */
        if (!cut)
            abort();
        memcpy(cut, b.data, size);
        taken += try_blob(s, session, cut, size);
        free(cut);
    }
    CHECK(!taken, "%s: %d states that were cut are taken", s->name, taken);
    for (int i = 0; i < 300; i++) {
        /* the header, which is a few thousand bytes, as often as the rest */
        const size_t at = i % 2 ? next_random(&state, (uint32_t)b.size)
                                : next_random(&state, 4000);
        const uint8_t old = byte[at];
        byte[at] ^= (uint8_t)(1 + next_random(&state, 255));
        taken += try_blob(s, session, b.data, b.size);
        byte[at] = old;
    }
    CHECK(taken < 30, "%s: %d damaged states are taken", s->name, taken);
    s2v_session_close(&session);
    free(b.data);
}

/* Each variable in turn is what it never is, in a blob that is sound. */
static void test_hostile(const subject *s)
{
    static const double number[] = {0, -1, 7, 1e4, 1e30, -3e38};
    blob b = half_of(s);
    s2v_session *session = open_subject(s);
    s2v_weights *w = NULL;
    int taken = 0, tried = 0;
    if (s2vi_weights_open_memory(&w, b.data, b.size, "blob", NULL))
        abort();
    for (size_t i = 0; i < s2v_weights_count(w); i++)
        for (size_t k = 0; k < 2 * sizeof(number) / sizeof(*number); k++) {
            const change c = {
                .variable = i, .number = number[k / 2], .all = k % 2};
            blob other = rewrite(&b, &c);
            taken += try_blob(s, session, other.data, other.size);
            tried++;
            free(other.data);
        }
    printf("%s: %d of %d hostile states are taken\n", s->name, taken, tried);
    s2v_weights_close(&w);
    s2v_session_close(&session);
    free(b.data);
}

/* --------------------------------------------------------------- failing -- */

static void test_failing(const subject *foley)
{
    s2v_session *session = open_session(foley->model, 0);
    const void *data = "";
    size_t size = 1;
    s2v_error err = {0};
    man_set(session, "onsets", scratch("onsets.txt"));
    int ret = s2v_session_save(session, NULL, &data, &size, &err);
    CHECK(ret == S2V_ERR_INVALID && strstr(err.message, "being written") &&
              !data && !size,
          "status %d, '%s'", ret, err.message);
    man_set(session, "onsets", "none");
    ret = s2v_session_save(session, "\xff", &data, &size, &err);
    CHECK(ret == S2V_ERR_INVALID && strstr(err.message, "UTF-8"),
          "status %d, '%s'", ret, err.message);
    s2v_session_close(&session);
}

static s2v_model *open_walk(stylegan_kind kind, const char *fps)
{
    const s2v_model_params params = {
        .size = sizeof(params), .threads = 1, .fps = fps};
    s2v_model *model = NULL;
    s2v_error err = {0};
    if (s2v_model_open(&model, write_stylegan(kind, true), &params, &err) < 0)
        skip_all(err.message);
    return model;
}

/* The same file at another frame rate: its frames are at other times. */
static void test_other_rate(const subject *s)
{
    blob state = half_of(s);
    subject usual = *s;
    usual.model = open_walk(STYLEGAN3, NULL);
    s2v_session *session = open_subject(&usual);
    refuse(session, &state, S2V_ERR_INVALID, "fps is 12/1, expected 20/1");
    s2v_session_close(&session);
    s2v_model_close(&usual.model);
    free(state.data);
}

/* One that listens for its scenes; the sounds of both lie anywhere. */
static s2v_model *open_scene(void)
{
    float heard[2][TINY_WIDTH] = {{1}, {0, 1}};
    const s2v_model_params params = {.size = sizeof(params), .threads = 1};
    const char *path = scratch("scene.bin");
    const tiny_semantic spec = {.previous = true, .heard = heard[0]};
    s2v_model *model = NULL;
    s2v_error err = {0};
    if (tiny_semantic_write(path, &spec, &err) < 0 ||
        s2v_model_open(&model, path, &params, &err) < 0)
        skip_all(err.message);
    return model;
}

int main(void)
{
    tiny_model lm = small_model();
    const tiny_man talker = tiny_man_defaults();
    const tiny_foley foley = tiny_foley_defaults();
    tiny_foley moving = foley;
    moving.config.sight.size = 32;
    moving.config.sight.front_end = S2VI_FRONT_END_MOTION;
    lm.level = "-20";
    lm.spectrum = tiny_model_spectrum(20.0f);
    lm.features = tiny_model_features(-4.0f, 2.0f);
    voice = make_sound(SOUND, 4);
    FILE *onsets = fopen(scratch("times.txt"), "w");
    if (!onsets)
        abort();
    fputs("0.5\t0.5\t0.4\n1.2\t1.2\n2.0\t2.0\t2.1\n", onsets);
    fclose(onsets);
    char edited[1500];
    snprintf(edited, sizeof(edited), "onsets=%s", scratch("times.txt"));
    const subject all[] = {
        {"listen_and_move", open_model(&lm, "auto", 1), NULL, SOUND / 2, 0, 0,
         0},
        {"man", open_man(&talker, "auto"), "crop=10:5:64:64 z=1 level=off",
         SOUND / 2, .portrait = true},
        {"man, full", open_man(&talker, "auto"),
         "crop=10:5:64:64 full=1 blink=4", SOUND / 2, .portrait = true},
        {"stylegan2", open_walk(STYLEGAN2, NULL),
         "seeds=3-9 speed=1beat noise=react motion=0.3 pulse=0.5 kick=8", SOUND,
         0, 0, 0},
        {"stylegan2, classes", open_walk(STYLEGAN2_CLASSES, "30000/1001"),
         "seeds=3-9 interp=spline classes=0,1,2,0,1,2,0,1,2,0,1,2 chroma=0.5",
         SOUND / 2, 0, 0, 0},
        {"stylegan3", open_walk(STYLEGAN3, "12"),
         "seeds=3-9 loop=1 rotate=20 contrast=0.5", SOUND, 0, 0, 0},
        {"varietysound", open_foley(&foley, "auto", 1, 0), NULL, PICTURES,
         .film = true, .reference = true},
        {"varietysound, edited", open_foley(&foley, "auto", 1, 0), edited,
         PICTURES, .film = true},
        {"varietysound, motion", open_foley(&moving, "auto", 1, 0), NULL,
         PICTURES, .film = true},
        {"semantic", open_scene(), "start=3 blend=0.7 contrast=0.5", SOUND / 2,
         0, 0, 0},
        {"semantic, by sound", open_scene(), "morph=0.5", SOUND / 2, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        test_splits(&all[i]);
        test_saving(&all[i]);
    }
    test_metadata(&all[0]);
    test_options(&all[0]);
    test_inputs(&all[1], &all[6]);
    test_other_models(&all[0], &all[3]);
    test_other_rate(&all[5]);
    test_failing(&all[6]);
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        s2v_model *model = all[i].model;
        if (i == 0 || i == 1 || i == 3 || i == 6)
            test_damage(&all[i]);
        if (i == 0 || i == 1 || i == 3 || i >= 6)
            test_hostile(&all[i]);
        s2v_model_close(&model);
    }
    free(voice);
    return report("state");
}
