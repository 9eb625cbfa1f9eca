/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faces that a talking head's session finds: drawn ones, which are not in the
 * repository; the folder in S2V_TEST_DATA holds weights/ and goldens/man/. */
#include "harness.h"

#include "face_file.h"
#include "tiny_man.h"
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 128, W = 400, H = 260, SAMPLES = 8 * 640 };

static uint8_t two_faces[W * H * 3];
static float *sound;
static char logged[4][200];
static int lines;

static void keep_line(void *opaque, s2v_log_level level, const char *line)
{
    (void)opaque;
    if (level <= S2V_LOG_INFO && lines < 4)
        snprintf(logged[lines++], sizeof(*logged), "%s", line);
}

static bool was_logged(const char *text)
{
    for (int i = 0; i < lines; i++)
        if (strstr(logged[i], text))
            return true;
    return false;
}

/* A drawn face, `times` as large, at (x,y). */
static void paste(const uint8_t *from, int times, int x, int y)
{
    for (int i = 0; i < SIDE * times; i++)
        for (int j = 0; j < SIDE * times; j++)
            memcpy(two_faces + ((y + i) * W + x + j) * 3,
                   from + (i / times * SIDE + j / times) * 3, 3);
}

static void draw(const char *data)
{
    s2v_weights *golden = face_file_open(data, "goldens/man/blazeface");
    if (!golden)
        skip_all("S2V_TEST_DATA has no goldens/man/blazeface.safetensors");
    const uint8_t *all =
        s2vi_weights_data(golden, s2vi_weights_find(golden, "pictures"));
    memset(two_faces, 128, sizeof(two_faces));
    paste(all, 1, 10, 70);
    paste(all + 2 * SIDE * SIDE * 3, 2, 140, 2);
    s2v_weights_close(&golden);
}

static s2v_picture part(int x, int y, int width, int height)
{
    return (s2v_picture){.size = sizeof(s2v_picture),
                         .data = two_faces + 3 * (y * W + x),
                         .stride = 3 * W,
                         .width = width,
                         .height = height};
}

static s2v_session *open_with(s2v_model *model, const char *const (*options)[2])
{
    const s2v_session_params params = {.size = sizeof(params),
                                       .log = keep_line};
    s2v_session *session = NULL;
    s2v_error err = {0};
    lines = 0;
    CHECK(!s2v_session_create(&session, model, &params, &err), "%s",
          err.message);
    for (; options && (*options)[0]; options++)
        CHECK(!s2v_session_set_option(session, (*options)[0], (*options)[1],
                                      &err),
              "%s", err.message);
    return session;
}

static take talk(s2v_model *model, const char *const (*options)[2])
{
    const s2v_picture p = part(0, 0, W, H);
    s2v_error err = {0};
    s2v_session *session = open_with(model, options);
    CHECK(!s2v_session_set_image(session, &p, &err), "%s", err.message);
    const take t = play(session, sound, SAMPLES, 0);
    s2v_session_close(&session);
    return t;
}

#define OPTIONS(...) ((const char *const[][2]){__VA_ARGS__, {0}})

static void test_faces(s2v_model *model)
{
    const take first = talk(model, NULL);
    CHECK(was_logged("2 faces found in the image: number 1 by size is used"),
          "%s", logged[0]);
    const take same_one = talk(model, OPTIONS({"face", "1"}));
    const take second = talk(model, OPTIONS({"face", "2"}));
    const take wider = talk(model, OPTIONS({"pad", "1.2"}));
    const take crop = talk(model, OPTIONS({"crop", "150:20:200:200"}));
    CHECK(first.count == 8 && same(&first, &same_one), "face=1 differs");
    CHECK(!same(&first, &second), "face=2 is face=1");
    CHECK(!same(&first, &wider), "pad changes nothing");
    CHECK(!same(&first, &crop), "crop changes nothing");
}

static void refused(s2v_model *model, const s2v_picture *p,
                    const char *const (*options)[2], const char *message)
{
    s2v_error err = {0};
    s2v_session *session = open_with(model, options);
    CHECK(s2v_session_set_image(session, p, &err) == S2V_ERR_INVALID &&
              !strcmp(err.message, message),
          "\"%s\", expected \"%s\"", err.message, message);
    s2v_session_close(&session);
}

static void test_refused(s2v_model *model)
{
    static const char none[] = "no face found in the image; give crop=x:y:w:h";
    s2v_picture both = part(0, 0, W, H), corner = part(0, 0, 16, 16);
    refused(model, &both, OPTIONS({"face", "3"}),
            "face=3: there are 2 faces in the image");
    refused(model, &corner, NULL, none);
    both.name = "two.png";
    corner.name = "corner.png";
    refused(model, &both, OPTIONS({"face", "3"}),
            "face=3: there are 2 faces in two.png");
    refused(model, &corner, NULL,
            "no face found in corner.png; give crop=x:y:w:h");
    enum { LARGE = 8192 };
    uint8_t *black = calloc((size_t)LARGE * LARGE, 3);
    const s2v_picture large = {.size = sizeof(large),
                               .data = black,
                               .stride = 3 * LARGE,
                               .width = LARGE,
                               .height = LARGE};
    refused(model, &large, NULL, none);
    free(black);
}

/* The face's left half: it is found or not, and the log says that it is cut. */
static void test_cut(s2v_model *model)
{
    const s2v_picture half = part(140, 2, 150, 256);
    s2v_error err = {0};
    s2v_session *session = open_with(model, NULL);
    if (!s2v_session_set_image(session, &half, &err))
        CHECK(was_logged("the face is cut off at the image's edge"), "%s",
              logged[0]);
    else
        CHECK(strstr(err.message, "give crop="), "%s", err.message);
    s2v_session_close(&session);
}

/* In a small image and a crop of a few pixels the frames are soft, and said to
 * be. */
static void test_small(s2v_model *model)
{
    const s2v_picture corner = part(200, 100, 16, 16);
    s2v_error err = {0};
    s2v_session *session = open_with(model, OPTIONS({"crop", "2:2:8:8"}));
    CHECK(!s2v_session_set_image(session, &corner, &err), "%s", err.message);
    CHECK(was_logged("has 8x8 pixels of the image, and is enlarged to 32x32"),
          "%s", logged[0]);
    s2v_session_close(&session);
}

/* The face moves, what is far from it does not; and detail is another frame. */
static void test_full(s2v_model *model)
{
    static const char *const detail[] = {"0", "1"};
    uint64_t hash[2];
    for (int i = 0; i < 2; i++) {
        const s2v_picture p = part(0, 0, W, H);
        s2v_video_frame frame = {.size = sizeof(frame)};
        s2v_error err = {0};
        int changed = 0, far = 0;
        s2v_session *session =
            open_with(model, OPTIONS({"full", "1"}, {"detail", detail[i]}));
        CHECK(!s2v_session_set_image(session, &p, &err), "%s", err.message);
        s2v_session_send_audio(session, sound, SAMPLES, NULL);
        CHECK(!s2v_session_receive_video(session, &frame, &err), "%s",
              err.message);
        CHECK(frame.width == W && frame.height == H, "%dx%d", frame.width,
              frame.height);
        for (int j = 0; j < W * H; j++) {
            const bool equal =
                !memcmp(frame.data + 3 * j, two_faces + 3 * j, 3);
            changed += !equal;
            far += !equal && j % W < 140;
        }
        CHECK(changed > 2000 && !far, "%d pixels changed, %d far off", changed,
              far);
        hash[i] = hash_frame(&frame);
        s2v_session_close(&session);
    }
    CHECK(hash[0] != hash[1], "detail changes nothing");
}

int main(int argc, char **argv)
{
    const s2v_model_params params = {.size = sizeof(params),
                                     .device = argc > 1 ? argv[1] : "cpu",
                                     .threads = 1};
    const char *data = getenv("S2V_TEST_DATA");
    const tiny_man spec = tiny_man_defaults();
    s2v_model *model = NULL;
    s2v_error err = {0};
    if (!data || !*data)
        skip_all("S2V_TEST_DATA does not name the folder of real data");
    draw(data);
    sound = make_sound(SAMPLES, 3);
    if (tiny_man_write(scratch("man.bin"), &spec, &err) < 0 ||
        face_file_write(scratch("face.bin"), data, "face", &err) < 0 ||
        s2v_model_open(&model, scratch("man.bin"), &params, &err) < 0) {
        fprintf(stderr, "cannot open a model: %s\n", err.message);
        return 1;
    }
    test_faces(model);
    test_refused(model);
    test_cut(model);
    test_small(model);
    test_full(model);
    s2v_model_close(&model);
    free(sound);
    return report("faces of man");
}
