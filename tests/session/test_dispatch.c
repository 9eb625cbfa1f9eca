/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls of a session reach the functions of its model's family, with what was
 * checked before; of what the family does not take or make, one sentence is
 * left. The family is one of this test's own.
 */
#include "harness.h"

#include "session/session.h"

#include <stdlib.h>
#include <string.h>

/* What the family's functions were given last. */
typedef struct fake {
    int strength;
    double weight;
    char word[40];
    char text[40];
    int width, samples, pictures, flushes;
} fake;

/* ------------------------------------------------------------ a family -- */

static int create(void **stream, const void *network, const s2vi_logger *logger,
                  s2v_error *err)
{
    (void)network, (void)logger, (void)err;
    *stream = calloc(1, sizeof(fake));
    return *stream ? S2V_OK : S2V_ERR_NOMEM;
}

static int send_audio(void *stream, const float *samples, size_t count,
                      s2v_error *err)
{
    (void)samples, (void)err;
    ((fake *)stream)->samples += (int)count;
    return S2V_OK;
}

static int set_image(void *stream, const s2v_picture *picture, s2v_error *err)
{
    (void)err;
    ((fake *)stream)->width = picture->width;
    return S2V_OK;
}

static int set_text(void *stream, const char *text, s2v_error *err)
{
    fake *f = stream;
    (void)err;
    snprintf(f->text, sizeof(f->text), "%s", text);
    return S2V_OK;
}

static int drain(void *stream, s2v_error *err)
{
    (void)stream, (void)err;
    return S2V_OK;
}

static void flush(void *stream)
{
    ((fake *)stream)->flushes++;
}

static void say_nothing(const void *stream, const s2vi_logger *logger)
{
    (void)stream, (void)logger;
}

static void close_network(void *network)
{
    (void)network;
}

static int set_strength(void *stream, const s2vi_value *value, s2v_error *err)
{
    (void)err;
    ((fake *)stream)->strength = (int)value->integer;
    return S2V_OK;
}

static int set_weight(void *stream, const s2vi_value *value, s2v_error *err)
{
    (void)err;
    ((fake *)stream)->weight = value->number;
    return S2V_OK;
}

static int set_word(void *stream, const s2vi_value *value, s2v_error *err)
{
    fake *f = stream;
    (void)err;
    snprintf(f->word, sizeof(f->word), "%s", value->text);
    return S2V_OK;
}

static const s2vi_option options[] = {
    {{.name = "strength",
      .kind = S2V_OPTION_INTEGER,
      .when = S2V_OPTION_START,
      .minimum = -3,
      .maximum = 12,
      .default_value = "4"},
     set_strength},
    {{.name = "weight",
      .kind = S2V_OPTION_NUMBER,
      .when = S2V_OPTION_RUNNING,
      .minimum = -0.5,
      .maximum = 1,
      .default_value = "0.25",
      .unit = "kg"},
     set_weight},
    {{.name = "word",
      .kind = S2V_OPTION_TEXT,
      .when = S2V_OPTION_RUNNING,
      .default_value = "so"},
     set_word},
    {{0}, NULL},
};

static const s2vi_family talker = {
    .name = "talker",
    .inputs = S2V_MEDIUM_AUDIO | S2V_MEDIUM_IMAGE | S2V_MEDIUM_TEXT,
    .required = S2V_MEDIUM_AUDIO | S2V_MEDIUM_IMAGE | S2V_MEDIUM_TEXT,
    .outputs = S2V_MEDIUM_VIDEO,
    .options = options,
    .close = close_network,
    .create = create,
    .close_stream = free,
    .send_audio = send_audio,
    .set_image = set_image,
    .set_text = set_text,
    .drain = drain,
    .flush = flush,
    .report = say_nothing,
};

/* ---------------------------------------------------------------- tests -- */

static void expect(const char *what, int ret, const s2v_error *err, int status,
                   const char *message)
{
    CHECK(ret == status && (!ret || err->code == ret), "%s: status %d, not %d",
          what, ret, status);
    if (ret)
        CHECK(!strcmp(err->message, message), "%s: \"%s\", expected \"%s\"",
              what, err->message, message);
}

#define OK(call)                                                               \
    do {                                                                       \
        s2v_error err = {0};                                                   \
        expect(#call, call, &err, S2V_OK, "");                                 \
    } while (0)
#define REFUSED(call, message)                                                 \
    do {                                                                       \
        s2v_error err = {0};                                                   \
        expect(#call, call, &err, S2V_ERR_INVALID, message);                   \
    } while (0)

static void test_media(s2v_session *s, const fake *f)
{
    static const float samples[4];
    static const uint8_t pixels[3];
    const s2v_picture wrong = {.size = sizeof(wrong), .data = pixels};
    const s2v_picture unset = {.data = pixels, .width = 1, .height = 1};
    const s2v_picture p = {.size = sizeof(p),
                           .data = pixels,
                           .stride = 3,
                           .width = 1,
                           .height = 1};
    s2v_audio_frame sound = {.size = sizeof(sound)};
    REFUSED(s2v_session_send_audio(s, samples, 4, &err),
            "s2v_session_send_audio: a 'talker' model requires an image and "
            "text, which was not set");
    REFUSED(s2v_session_set_image(s, &unset, &err),
            "s2v_picture.size is not set");
    REFUSED(s2v_session_set_image(s, &wrong, &err),
            "a picture of 0x0, expected 1x1 to 32768x32768");
    OK(s2v_session_set_image(s, &p, &err));
    CHECK(f->width == 1, "the image does not arrive");
    OK(s2v_session_set_text(s, "heavy r\xc3\xa4in", &err));
    CHECK(!strcmp(f->text, "heavy r\xc3\xa4in"), "text '%s'", f->text);
    REFUSED(s2v_session_set_text(s, "\xff", &err),
            "s2v_session_set_text: the text is not UTF-8");
    OK(s2v_session_set_text(s, NULL, &err));
    CHECK(!*f->text, "text '%s'", f->text);
    REFUSED(s2v_session_send_audio(s, samples, 4, &err),
            "s2v_session_send_audio: a 'talker' model requires text, which was "
            "not set");
    OK(s2v_session_set_text(s, "sun", &err));
    REFUSED(
        s2v_session_send_video(s, &p, &err),
        "s2v_session_send_video: a 'talker' model takes audio, an image and "
        "text, expected one that takes video");
    REFUSED(s2v_session_set_reference(s, samples, 4, &err),
            "s2v_session_set_reference: a 'talker' model takes audio, an image "
            "and text, expected one that takes a reference sound");
    REFUSED(s2v_session_receive_audio(s, &sound, &err),
            "s2v_session_receive_audio: a 'talker' model makes video, expected "
            "one that makes audio");
    OK(s2v_session_send_audio(s, samples, 4, &err));
    CHECK(f->samples == 4, "%d samples", f->samples);
    REFUSED(s2v_session_set_image(s, &p, &err),
            "s2v_session_set_image: it came after the first input: flush the "
            "session to start anew with it");
    REFUSED(s2v_session_set_text(s, "late", &err),
            "s2v_session_set_text: it came after the first input: flush the "
            "session to start anew with it");
    s2v_session_flush(s);
    CHECK(f->flushes == 1, "%d flushes", f->flushes);
    OK(s2v_session_send_audio(s, samples, 0, &err)); /* all is kept */
    OK(s2v_session_set_text(s, "none was sent", &err));
    OK(s2v_session_drain(s, &err));
}

static void test_values(s2v_session *s, const fake *f)
{
    static const char range[] =
        "strength: expected an integer from -3 to 12, found ";
    static const char *const bad[] = {
        "13", "-4",  "1.5", "",  " 1",  "1 ",
        "x",  "0x1", "--1", "-", "+-1", "99999999999999999999"};
    CHECK(f->strength == 4 && f->weight == 0.25 && !strcmp(f->word, "so"),
          "defaults: %d, %g, '%s'", f->strength, f->weight, f->word);
    OK(s2v_session_set_option(s, "strength", "-3", &err));
    CHECK(f->strength == -3, "strength %d", f->strength);
    OK(s2v_session_set_option(s, "strength", "12", &err));
    OK(s2v_session_set_option(s, "weight", "-0.5", &err));
    OK(s2v_session_set_option(s, "weight", "1e-1", &err));
    CHECK(f->weight == 0.1, "weight %g", f->weight);
    OK(s2v_session_set_option(s, "word", "a word, and another", &err));
    CHECK(!strcmp(f->word, "a word, and another"), "word '%s'", f->word);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char message[200];
        snprintf(message, sizeof(message), "%s'%s'", range, bad[i]);
        REFUSED(s2v_session_set_option(s, "strength", bad[i], &err), message);
    }
    CHECK(f->strength == 12, "a bad value is taken: %d", f->strength);
    REFUSED(s2v_session_set_option(s, "weight", "1.01", &err),
            "weight: expected a number from -0.5 to 1 kg, found '1.01'");
    REFUSED(s2v_session_set_option(s, "weight", "nan", &err),
            "weight: expected a number from -0.5 to 1 kg, found 'nan'");
    REFUSED(s2v_session_set_option(s, "weight", "0,5", &err),
            "weight: expected a number from -0.5 to 1 kg, found '0,5'");
    REFUSED(s2v_session_set_option(s, "word", NULL, &err),
            "word: the value is NULL");
    REFUSED(s2v_session_set_option(s, "wight", "1", &err),
            "a 'talker' model has no option 'wight': did you mean 'weight'?");
    REFUSED(s2v_session_set_option(s, "colour", "1", &err),
            "a 'talker' model has no option 'colour'");
    REFUSED(s2v_session_set_option(s, NULL, "1", &err),
            "a 'talker' model has no option ''");
}

/* An option for the start is refused while running, others are not. */
static void test_when(s2v_session *s, const fake *f)
{
    static const float samples[4];
    s2v_session_flush(s);
    OK(s2v_session_set_option(s, "strength", "5", &err));
    OK(s2v_session_send_audio(s, samples, 0, &err));
    OK(s2v_session_set_option(s, "strength", "6", &err));
    OK(s2v_session_send_audio(s, samples, 1, &err));
    REFUSED(s2v_session_set_option(s, "strength", "7", &err),
            "strength: it was set after the first input: flush the session to "
            "start anew with it");
    OK(s2v_session_set_option(s, "weight", "0.75", &err));
    s2v_session_flush(s);
    CHECK(f->strength == 6 && f->weight == 0.75, "%d, %g", f->strength,
          f->weight);
    OK(s2v_session_set_option(s, "strength", "7", &err));
}

static void test_listing(const s2v_model *model)
{
    s2v_option o = {.size = sizeof(o), .name = "none"};
    CHECK(!s2v_model_get_option(model, 1, &o) && !strcmp(o.name, "weight") &&
              o.kind == S2V_OPTION_NUMBER && o.when == S2V_OPTION_RUNNING &&
              o.minimum == -0.5 && o.maximum == 1 && !strcmp(o.unit, "kg") &&
              !strcmp(o.default_value, "0.25") && o.size == sizeof(o),
          "option 1 is %s", o.name);
    CHECK(s2v_model_get_option(model, 3, &o) == S2V_ERR_EOF &&
              s2v_model_get_option(model, SIZE_MAX, &o) == S2V_ERR_EOF,
          "more options than there are");
    o.size = 0;
    CHECK(s2v_model_get_option(model, 0, &o) == S2V_ERR_INVALID,
          "an option without size is filled");
}

static void test_use(const s2v_model *model)
{
    s2v_error err = {0};
    const unsigned all = S2V_MEDIUM_AUDIO | S2V_MEDIUM_IMAGE | S2V_MEDIUM_TEXT;
    CHECK(!s2v_model_check_media(model, all, S2V_MEDIUM_VIDEO, &err) &&
              !s2v_model_check_media(model, ~0u, S2V_MEDIUM_VIDEO, &err),
          "%s", err.message);
    int ret =
        s2v_model_check_media(model, S2V_MEDIUM_AUDIO, S2V_MEDIUM_VIDEO, &err);
    CHECK(
        ret == S2V_ERR_MODEL &&
            !strcmp(
                err.message,
                "talker.bin: a 'talker' model makes video from audio, "
                "an image and text, expected one that makes video from audio"),
        "%d: \"%s\"", ret, err.message);
    ret = s2v_model_check_media(model, all, S2V_MEDIUM_AUDIO, &err);
    CHECK(ret == S2V_ERR_MODEL && strstr(err.message, "makes audio from audio"),
          "%d: \"%s\"", ret, err.message);
}

/* The families that there are, each with its flags. */
static void test_families(void)
{
    s2v_family_info info = {.size = sizeof(info), .name = "none"};
    CHECK(!s2v_family_get_info(0, &info) &&
              !strcmp(info.name, "listen-and-move") &&
              info.inputs == S2V_MEDIUM_AUDIO &&
              info.required == S2V_MEDIUM_AUDIO &&
              info.outputs == S2V_MEDIUM_VIDEO,
          "family 0 is %s", info.name);
    CHECK(!s2v_family_get_info(1, &info) && !strcmp(info.name, "man") &&
              info.required == (S2V_MEDIUM_AUDIO | S2V_MEDIUM_IMAGE),
          "family 1 is %s", info.name);
    CHECK(!s2v_family_get_info(2, &info) && !strcmp(info.name, "varietysound"),
          "family 2 is %s", info.name);
    size_t n = 0;
    while (s2vi_families[n])
        n++;
    CHECK(s2v_family_get_info(n, &info) == S2V_ERR_EOF, "a family %zu", n);
    info.size = 0;
    CHECK(s2v_family_get_info(0, &info) == S2V_ERR_INVALID,
          "an info without size is filled");
    for (int i = 0; s2vi_families[i]; i++) {
        const s2vi_family *f = s2vi_families[i];
        CHECK(!(f->required & ~f->inputs) &&
                  !f->send_audio == !(f->inputs & S2V_MEDIUM_AUDIO) &&
                  !f->send_video == !(f->inputs & S2V_MEDIUM_VIDEO) &&
                  !f->set_image == !(f->inputs & S2V_MEDIUM_IMAGE) &&
                  !f->set_text == !(f->inputs & S2V_MEDIUM_TEXT) &&
                  !f->set_reference == !(f->inputs & S2V_MEDIUM_REFERENCE) &&
                  !f->receive_audio == !(f->outputs & S2V_MEDIUM_AUDIO) &&
                  !f->receive_video == !(f->outputs & S2V_MEDIUM_VIDEO),
              "%s: flags and functions differ", f->name);
    }
}

int main(void)
{
    struct s2v_model model = {.family = &talker, .path = strdup("talker.bin")};
    s2v_model *shared = &model;
    s2v_session *session = NULL;
    s2v_error err = {0};
    atomic_init(&model.references, 2); /* it is not to be freed here */
    CHECK(!s2v_session_create(&session, shared, NULL, &err), "%s", err.message);
    if (session) {
        const fake *f = session->stream;
        test_values(session, f);
        test_media(session, f);
        test_when(session, f);
    }
    s2v_session_close(&session);
    CHECK(atomic_load(&model.references) == 2, "the model is still held");
    test_listing(&model);
    test_use(&model);
    test_families();
    free(model.path);
    return report("dispatch");
}
