/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Talking heads: streams of made-up models, by their bytes; options; errors. */
#include "harness.h"

#include "audio/speech.h"
#include "man_kit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    W = 96,
    H = 80,                   /* of the image */
    MSTEP = S2VI_SPEECH_STEP, /* samples a frame */
    FRAMES = 30,
    SAMPLES = FRAMES * MSTEP - 77,
};

static float *sound;

static take talk(s2v_model *model, uint64_t seed, const char *name,
                 const char *value)
{
    s2v_session *session = open_talker(model, seed);
    if (name)
        man_set(session, name, value);
    const take t = play(session, sound, SAMPLES, 0);
    s2v_session_close(&session);
    return t;
}

/* ------------------------------------------------------------- streams -- */

static void test_info(const s2v_model *model)
{
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model_get_info(model, &info);
    CHECK(!strcmp(info.name, "man") && info.sample_rate == 16000 &&
              info.fps_num == 25 && info.fps_den == 1 && info.width == 32 &&
              info.latency_samples == 2368,
          "%s, %d Hz, %d/%d, %d, %d", info.name, info.sample_rate, info.fps_num,
          info.fps_den, info.width, (int)info.latency_samples);
    CHECK(info.required == (S2V_MEDIUM_AUDIO | S2V_MEDIUM_IMAGE) &&
              info.outputs == S2V_MEDIUM_VIDEO,
          "inputs %u, outputs %u", info.required, info.outputs);
}

/* A frame waits for 2368 samples from its beginning, and for no more. */
static void test_latency(s2v_model *model)
{
    s2v_session *session = open_talker(model, 1);
    s2v_video_frame frame = {.size = sizeof(frame)};
    for (int t = 0; t < 4; t++) {
        const size_t sent = t ? 2367 + MSTEP * ((size_t)t - 1) + 1 : 0;
        const size_t most = 2367 + MSTEP * (size_t)t;
        s2v_session_send_audio(session, sound + sent, most - sent, NULL);
        CHECK(s2v_session_receive_video(session, &frame, NULL) == S2V_ERR_AGAIN,
              "frame %d without its last sample", t);
        s2v_session_send_audio(session, sound + most, 1, NULL);
        CHECK(!s2v_session_receive_video(session, &frame, NULL),
              "no frame %d after 2368 samples", t);
    }
    s2v_session_close(&session);
}

static void test_chunks(s2v_model *model)
{
    s2v_session *session = open_talker(model, 3);
    const take whole = play(session, sound, SAMPLES, SAMPLES);
    CHECK(whole.count == FRAMES && whole.status == S2V_ERR_EOF,
          "%d frames, status %d", whole.count, whole.status);
    for (size_t piece = 0; piece < 2000; piece = 2 * piece + 159) {
        s2v_session_flush(session);
        const take t = play(session, sound, SAMPLES, piece);
        CHECK(same(&t, &whole), "pieces of %zu differ", piece);
    }
    const take other = talk(model, 3, NULL, NULL);
    CHECK(same(&other, &whole), "another session differs");
    /* A flush in the middle: frame 0 again, whatever was before. */
    s2v_session_flush(session);
    s2v_session_send_audio(session, sound + 5000, 9000, NULL);
    s2v_video_frame frame = {.size = sizeof(frame)};
    while (!s2v_session_receive_video(session, &frame, NULL))
        ;
    s2v_session_flush(session);
    const take again = play(session, sound, SAMPLES, 0);
    CHECK(same(&again, &whole), "a flush leaves something");
    s2v_session_close(&session);
    const take seeded = talk(model, 4, NULL, NULL);
    CHECK(!same(&seeded, &whole), "the seed changes nothing");
}

/* Frames, ceil(duration x 25), of sounds of any length. */
static void test_lengths(s2v_model *model)
{
    static const size_t lengths[] = {1, 639, 640, 641, 2368, 2369, 3201};
    s2v_session *session = open_talker(model, 1);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        const size_t n = lengths[i];
        s2v_session_flush(session);
        const take t = play(session, sound, n, 0);
        CHECK(t.count == (int)((n + MSTEP - 1) / MSTEP), "%zu samples: %d", n,
              t.count);
    }
    s2v_session_close(&session);
}

/* ------------------------------------------------------------- options -- */

static void test_options(s2v_model *model)
{
    static const char *const changes[][2] = {
        {"motion", "1"}, {"still", "1"},      {"blink", "4"}, {"z", "0"},
        {"z", "1"},      {"expression", "2"}, {"level", "6"},
    };
    static const char *const defaults[][2] = {
        {"motion", "0.5"}, {"still", "0"},      {"blink", "1"},
        {"z", "0.5"},      {"expression", "1"}, {"level", "auto"},
    };
    const take plain = talk(model, 1, NULL, NULL);
    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        const take t = talk(model, 1, changes[i][0], changes[i][1]);
        CHECK(t.count == FRAMES && !same(&t, &plain), "%s=%s changes nothing",
              changes[i][0], changes[i][1]);
    }
    for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++) {
        const take t = talk(model, 1, defaults[i][0], defaults[i][1]);
        CHECK(same(&t, &plain), "value %zu is not the default", i);
    }
}

/* Another crop, another portrait; a stream that has begun keeps its own. */
static void test_crop(s2v_model *model)
{
    const s2v_picture p = man_picture();
    s2v_error err = {0};
    const take plain = talk(model, 1, NULL, NULL);
    s2v_session *session = open_talker(model, 1);
    man_set(session, "crop", "0:0:80:80");
    CHECK(s2v_session_send_audio(session, sound, 10, &err) == S2V_ERR_INVALID &&
              !strcmp(err.message,
                      "options of the image were set after it: set "
                      "the image again"),
          "%s", err.message);
    CHECK(!s2v_session_set_image(session, &p, &err), "%s", err.message);
    const take other = play(session, sound, SAMPLES, 0);
    CHECK(other.count == FRAMES && !same(&other, &plain), "the same portrait");
    CHECK(s2v_session_set_option(session, "crop", "", &err) == S2V_ERR_INVALID,
          "a crop in a stream");
    s2v_session_flush(session);
    const take again = play(session, sound, SAMPLES, 0);
    CHECK(same(&again, &other), "a flush changes the portrait");
    s2v_session_close(&session);
}

/* ----------------------------------------------------------- full frame -- */

static void test_full(s2v_model *model)
{
    const s2v_picture p = man_picture();
    s2v_session_info info = {.size = sizeof(info)};
    s2v_video_frame frame = {.size = sizeof(frame)};
    s2v_error err = {0};
    s2v_session *session = open_session(model, 1);
    man_set(session, "full", "1");
    man_set(session, "crop", "10|5|64|64"); /* as good as ':' */
    CHECK(!s2v_session_get_info(session, &info) && info.width == 32 &&
              info.height == 32,
          "%dx%d before the image", info.width, info.height);
    CHECK(!s2v_session_set_image(session, &p, &err), "%s", err.message);
    CHECK(!s2v_session_get_info(session, &info) && info.width == W &&
              info.height == H,
          "%dx%d", info.width, info.height);
    s2v_session_send_audio(session, sound, SAMPLES, NULL);
    for (int t = 0; t < 5; t++) {
        int inside = 0;
        CHECK(!s2v_session_receive_video(session, &frame, &err), "%s",
              err.message);
        CHECK(frame.width == W && frame.height == H && frame.pts == t,
              "%dx%d, pts %d", frame.width, frame.height, (int)frame.pts);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                const bool in = x >= 10 && x < 74 && y >= 5 && y < 69;
                const bool equal =
                    !memcmp(frame.data + y * frame.stride + 3 * x,
                            p.data + y * p.stride + 3 * x, 3);
                CHECK(in || equal, "frame %d: %d,%d changed", t, x, y);
                inside += in && !equal;
            }
        CHECK(inside > 1500, "frame %d: %d pixels changed", t, inside);
    }
    man_set(session, "blink", "0");
    s2v_session_close(&session);
}

/* --------------------------------------------------------------- errors -- */

static void refused_image(s2v_model *model, const char *const (*options)[2],
                          const char *message)
{
    const s2v_picture p = man_picture();
    s2v_error err = {0};
    s2v_session *session = open_session(model, 1);
    for (; (*options)[0]; options++)
        man_set(session, (*options)[0], (*options)[1]);
    CHECK(s2v_session_set_image(session, &p, &err) < 0 &&
              !strncmp(err.message, message, strlen(message)),
          "\"%s\", expected \"%s\"", err.message, message);
    s2v_session_close(&session);
}

static void refused_option(s2v_session *session, const char *name,
                           const char *value, const char *message)
{
    s2v_error err = {0};
    CHECK(s2v_session_set_option(session, name, value, &err) ==
                  S2V_ERR_INVALID &&
              !strcmp(err.message, message),
          "%s=%s: \"%s\", expected \"%s\"", name, value, err.message, message);
}

static void test_errors(s2v_model *model)
{
    s2v_error err = {0};
    s2v_session *session = open_session(model, 1);
    CHECK(s2v_session_send_audio(session, sound, 10, &err) == S2V_ERR_INVALID &&
              !strcmp(err.message,
                      "s2v_session_send_audio: a 'man' model requires an "
                      "image, which was not set"),
          "%s", err.message);
    refused_option(session, "crop", "1:2:3",
                   "crop: expected x:y:width:height in pixels of the image, "
                   "found '1:2:3'");
    refused_option(session, "crop", "1:2:3:4x",
                   "crop: expected x:y:width:height in pixels of the image, "
                   "found '1:2:3:4x'");
    refused_option(session, "crop", "1::2:3:4",
                   "crop: expected x:y:width:height in pixels of the image, "
                   "found '1::2:3:4'");
    refused_option(session, "motion", "2",
                   "motion: expected a number from 0 to 1, found '2'");
    s2v_session_close(&session);
    refused_image(model, (const char *const[][2]){{"crop", "50:5:64:64"}, {0}},
                  "crop=50:5:64:64 is not inside the picture, which has 96x80 "
                  "pixels");
    s2v_weights *faces = NULL; /* where they are installed */
    const bool found = s2v_weights_open(&faces, "face.bin", NULL) >= 0;
    s2v_weights_close(&faces);
    refused_image(model, (const char *const[][2]){{0}},
                  found ? "no face found in the image; give crop=x:y:w:h"
                        : "face.bin was not found, by which faces are found in "
                          "images: make it with scripts/import-face, name it "
                          "with face-model=FILE, or give crop=x:y:w:h (");
    refused_image(model, (const char *const[][2]){{"face-model", "/no"}, {0}},
                  "cannot open /no: No such file");
    refused_image(
        model,
        (const char *const[][2]){{"detail", "1"}, {"crop", "0:0:64:64"}, {0}},
        "detail=1 is for full=1: ");
    refused_image(
        model,
        (const char *const[][2]){
            {"detail", "1"}, {"full", "1"}, {"crop", "0:0:64:64"}, {0}},
        "detail=1 needs a face that is found in the image");
}

/* Without a flow there is none to scale. */
static void test_ablations(const char *device)
{
    static const s2vi_man_geometry geometries[] = {
        S2VI_MAN_FLOW, S2VI_MAN_KEYPOINTS, S2VI_MAN_CONTOURS};
    for (size_t i = 0; i < sizeof(geometries) / sizeof(*geometries); i++) {
        tiny_man spec = tiny_man_defaults();
        spec.config.geometry = geometries[i];
        spec.config.warp = 0;
        spec.config.controls = spec.config.z = i > 1 ? 4 : 0;
        spec.config.controls = i > 1;
        s2v_model *model = open_man(&spec, device);
        const take t = talk(model, 1, NULL, NULL);
        CHECK(t.count == FRAMES, "geometry %d: %d frames", geometries[i],
              t.count);
        s2v_session *session = open_talker(model, 1);
        if (geometries[i] != S2VI_MAN_FLOW)
            refused_option(session, "expression", "1.5",
                           "expression: this model predicts no flow, which it "
                           "scales");
        s2v_session_close(&session);
        s2v_model_close(&model);
    }
    tiny_man spec = tiny_man_defaults();
    spec.config.modalities = 1 << S2VI_MAN_IMAGE | 1 << S2VI_MAN_AMF;
    spec.config.warp = 0;
    s2v_model *model = open_man(&spec, device);
    const take t = talk(model, 1, NULL, NULL);
    CHECK(t.count == FRAMES, "image and AMF alone: %d frames", t.count);
    s2v_model_close(&model);
}

int main(int argc, char **argv)
{
    const char *device = argc > 1 ? argv[1] : "cpu";
    const tiny_man spec = tiny_man_defaults();
    unsetenv("S2V_MODEL_PATH");
    sound = make_sound(SAMPLES + 4 * MSTEP, 3);
    s2v_model *model = open_man(&spec, device);
    test_info(model);
    test_latency(model);
    test_chunks(model);
    test_lengths(model);
    test_options(model);
    test_crop(model);
    test_full(model);
    test_errors(model);
    test_ablations(device);
    s2v_model_close(&model);
    free(sound);
    return report("man");
}
