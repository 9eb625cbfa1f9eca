/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_program S2V-EVAL MODEL: the program itself, on clips whose frames the
 * model made from their sound. Such a clip is measured as perfect, and only
 * if frame and frame, state and split all fall in place.
 */
#include "network_file.h"
#include "scratch.h"
#include "write_clip.h"

#include "measure/metrics.h"
#include "s2v/s2v.h"

#include <jansson.h>
#include <math.h>

enum { SIZE = 64, FRAME = SIZE * SIZE * 3 };

static const char *program, *model_path;

/* ----------------------------------------------------------- the clips -- */

static void play(const int16_t *sound, int frames, uint8_t *rgb)
{
    const s2v_model_params params = {.size = sizeof(params), .threads = 1};
    s2v_model *model = NULL;
    s2v_session *session = NULL;
    s2v_video_frame frame = {.size = sizeof(frame)};
    s2v_error err = {0};
    float piece[800];
    int n = 0;
    CHECK(!s2v_model_open(&model, model_path, &params, &err) &&
              !s2v_session_create(&session, model, NULL, &err),
          "%s", err.message);
    for (int t = 0; t < frames; t++) {
        for (int i = 0; i < 800; i++)
            piece[i] = sound[t * 800 + i] / 32768.0f;
        s2v_session_send_audio(session, piece, 800, NULL);
    }
    s2v_session_drain(session, NULL);
    while (!s2v_session_receive_video(session, &frame, NULL) && n < frames) {
        for (int y = 0; y < SIZE; y++)
            memcpy(rgb + n * FRAME + y * SIZE * 3,
                   frame.data + y * frame.stride, SIZE * 3);
        n++;
    }
    CHECK(n == frames, "%d frames of %d", n, frames);
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* `spoil` is added to every byte of one frame. */
static void make_clip(const char *name, int frames, unsigned seed, int spoilt,
                      int spoil)
{
    char *path = in_folder(name);
    uint8_t *rgb = malloc((size_t)frames * FRAME);
    int16_t *sound = malloc((size_t)frames * 1600);
    make_sound(sound, frames * 800, seed);
    play(sound, frames, rgb);
    for (int i = 0; i < FRAME && spoil; i++) {
        uint8_t *p = &rgb[spoilt * FRAME + i];
        *p = (uint8_t)(*p < 128 ? *p + spoil : *p - spoil);
    }
    write_clip(path, rgb, frames, SIZE, sound, frames * 800);
    free(rgb);
    free(sound);
    g_free(path);
}

/* --------------------------------------------------------- the program -- */

static int run(const char *line, char **out, char **err)
{
    return run_program(program, line, out, err);
}

/* `run --json`, with the model and one thread put in. */
static json_t *measure(const char *line)
{
    char *out = NULL, *err = NULL;
    char *whole =
        g_strdup_printf("'%s' %s --json --threads 1 -q", model_path, line);
    int status = run(whole, &out, &err);
    CHECK(status == 0 && !*err, "%s: %d: %s", line, status, err);
    json_t *object = json_loads(out, 0, NULL);
    CHECK(json_is_object(object), "%s: %s", line, out);
    g_free(whole);
    g_free(out);
    g_free(err);
    return object;
}

/* A number by its path; NaN for null or nothing. */
static double get(json_t *object, const char *path)
{
    char **keys = g_strsplit(path, ".", -1);
    for (int i = 0; keys[i]; i++)
        object = g_ascii_isdigit(*keys[i])
                     ? json_array_get(object, (size_t)atoi(keys[i]))
                     : json_object_get(object, keys[i]);
    g_strfreev(keys);
    return json_is_number(object) ? json_number_value(object) : NAN;
}

#define EQUAL(object, path, expected)                                          \
    CHECK(fabs(get(object, path) - (expected)) < 1e-9, "%s: %.12g", path,      \
          get(object, path))

static void test_perfect(void)
{
    json_t *j = measure("long.nut --region 0.2,0.2,0.6,0.6 --shift 2");
    EQUAL(j, "results.right.frames", 30); /* 150 - floor(0.8 x 150) */
    EQUAL(j, "clips.0.first", 120);
    EQUAL(j, "training.frames", 120);
    EQUAL(j, "results.right.ssim", 1);
    EQUAL(j, "results.right.mse", 0);
    CHECK(isnan(get(j, "results.right.psnr")), "an infinite psnr");
    EQUAL(j, "results.right.correlation.mean", 1);
    EQUAL(j, "results.right.correlation.pooled", 1);
    EQUAL(j, "shift.seconds", 2);
    EQUAL(j, "results.shifted.frames", 30);
    CHECK(get(j, "results.shifted.ssim") < 0.999, "%g",
          get(j, "results.shifted.ssim"));
    CHECK(get(j, "results.shifted.correlation.mean") < 0.95, "%g",
          get(j, "results.shifted.correlation.mean"));
    CHECK(get(j, "results.mean_frame.mse") > 1e-4, "%g",
          get(j, "results.mean_frame.mse"));
    CHECK(isnan(get(j, "results.mean_frame.correlation.mean")),
          "a mean frame does not move");
    EQUAL(j, "region.x", 13);
    EQUAL(j, "region.width", 38);
    json_decref(j);
    /* Another seed, another noise. */
    j = measure("long.nut --seed 7 --shift 0");
    CHECK(get(j, "results.right.mse") > 0, "seed 7 made seed 0's frames");
    CHECK(isnan(get(j, "results.shifted.mse")), "no shift was asked for");
    json_decref(j);
}

/* One frame of the measured ones is off by 8: all else follows. */
static void test_spoilt(void)
{
    const double mse = 64 / (255.0 * 255) / 10; /* 1 frame of 10 */
    json_t *j = measure("spoilt.nut --split 0.75");
    EQUAL(j, "results.right.frames", 10);
    CHECK(fabs(get(j, "results.right.mse") - mse) < 1e-9, "%.12g",
          get(j, "results.right.mse"));
    CHECK(fabs(get(j, "results.right.psnr") - 10 * log10(1 / mse)) < 1e-4,
          "%.9f", get(j, "results.right.psnr"));
    CHECK(fabs(get(j, "results.right.mse_moving") - mse) < 1e-9, "%.12g",
          get(j, "results.right.mse_moving"));
    json_decref(j);
    j = measure("spoilt.nut --split 0.775"); /* 31: it is trained on */
    EQUAL(j, "results.right.frames", 9);
    EQUAL(j, "results.right.mse", 0);
    json_decref(j);
}

static void test_several(void)
{
    json_t *j = measure("short.nut spoilt.nut --train-clip long.nut "
                        "--region 10,10,20,20");
    EQUAL(j, "results.right.frames", 100);
    EQUAL(j, "training.frames", 150);
    EQUAL(j, "results.right.mse", 64 / (255.0 * 255) / 100);
    CHECK(!g_strcmp0(json_string_value(
                         json_object_get(json_object_get(j, "shift"), "kind")),
                     "foreign"),
          "kind");
    CHECK(get(j, "results.shifted.mse") > 10 * get(j, "results.right.mse"),
          "%g", get(j, "results.shifted.mse"));
    EQUAL(j, "results.right.correlation.by_clip.0", 1);
    EQUAL(j, "results.right.correlation.clips", 2);
    EQUAL(j, "results.right.correlation.frames", 100);
    json_decref(j);
}

/* What an image network says of the perfect model, and of foreign sound. */
static void test_network(void)
{
    char *network = in_folder("net.safetensors");
    char *heads = in_folder("heads.safetensors");
    network_file_write(network, "squeezenet1.1", NULL, false);
    heads_file_write(heads, "squeezenet1.1", 0);
    json_t *j = measure("long.nut --shift 2 --perceptual net.safetensors "
                        "--lpips heads.safetensors --sounds long.nut");
    EQUAL(j, "results.right.lpips", 0);
    /* Roots of eigenvalues that rounding alone keeps from 0. */
    CHECK(get(j, "results.right.frechet") < 1e-4, "%g",
          get(j, "results.right.frechet"));
    CHECK(get(j, "results.shifted.lpips") > 1e-3, "%g",
          get(j, "results.shifted.lpips"));
    CHECK(get(j, "results.shifted.frechet") > 1e-2, "%g",
          get(j, "results.shifted.frechet"));
    CHECK(get(j, "results.mean_frame.lpips") > 1e-3, "%g",
          get(j, "results.mean_frame.lpips"));
    EQUAL(j, "results.foreign.sounds", 1);
    EQUAL(j, "results.foreign.frames", 150);
    CHECK(get(j, "results.foreign.frechet") > 1e-2, "%g",
          get(j, "results.foreign.frechet"));
    json_decref(j);
    g_unlink(network);
    g_unlink(heads);
    g_free(network);
    g_free(heads);
}

/* Two videos: a clip against itself is the same, a shorter one an error. */
static void test_made(void)
{
    char *out, *err;
    CHECK(!run("--made long.nut long.nut --size 32 --json --threads 1", &out,
               &err),
          "%s", err);
    json_t *j = json_loads(out, 0, NULL);
    EQUAL(j, "results.right.ssim", 1);
    EQUAL(j, "results.right.mse", 0);
    EQUAL(j, "results.right.frames", 150);
    EQUAL(j, "results.right.cpbd", get(j, "results.real.cpbd"));
    EQUAL(j, "model.width", 32);
    CHECK(get(j, "results.mean_frame.mse") > 1e-4, "%g",
          get(j, "results.mean_frame.mse"));
    json_decref(j);
    g_free(out);
    g_free(err);
    CHECK(run("--made short.nut long.nut --size 32 -q", &out, &err) == 1 &&
              strstr(err, "expected the 150 frames") &&
              strstr(err, "short.nut"),
          "%s", err);
    g_free(out);
    g_free(err);
}

static void test_table(void)
{
    char *out, *err;
    char *line = g_strdup_printf("'%s' short.nut spoilt.nut --split 0 "
                                 "--region 0,0,1,1 --sheet s.png --threads 1",
                                 model_path);
    CHECK(!run(line, &out, &err), "%s", err);
    static const char *const parts[] = {
        "SSIM",
        "PSNR",
        "CPBD",
        "the real frames have 0.",
        "matching audio",
        "foreign audio",
        "mean measured frame",
        "pooled",
        "Measured  100 of 100 frames, in 2 of 2 clips"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        CHECK(strstr(out, parts[i]), "no '%s' in\n%s", parts[i], out);
    const char *row = strstr(out, "matching audio");
    double ssim =
        row ? g_ascii_strtod(row + strlen("matching audio"), NULL) : 0;
    CHECK(ssim > 0.99 && ssim < 1, "one frame of 100 is spoilt: %g", ssim);
    char *path = in_folder("s.png"), *png = NULL;
    gsize size = 0;
    CHECK(g_file_get_contents(path, &png, &size, NULL) && size > 24, "no png");
    /* Eight columns, three rows, lines of two pixels between. */
    CHECK(png && !memcmp(png + 16, "\0\0\x02\x0e\0\0\0\xc4", 8), "its size");
    g_free(png);
    g_free(path);
    g_free(line);
    g_free(out);
    g_free(err);
}

/* ------------------------------------------------------------ bad input -- */

static void refuse(const char *line, int expected, const char *part)
{
    char *out, *err;
    int status = run(line, &out, &err);
    CHECK(status == expected, "%s: exit %d: %s", line, status, err);
    CHECK(strstr(err, part), "%s: '%s' without '%s'", line, err, part);
    CHECK(g_str_has_prefix(err, "s2v-eval: ") &&
              strchr(err, '\n') == err + strlen(err) - 1,
          "%s: not one sentence: %s", line, err);
    CHECK(!*out, "%s: %s", line, out);
    g_free(out);
    g_free(err);
}

static void refuse_with_model(const char *line, int expected, const char *part)
{
    char *whole = g_strdup_printf("'%s' %s -q --threads 1", model_path, line);
    refuse(whole, expected, part);
    g_free(whole);
}

static void test_bad(void)
{
    char *path = in_folder("text.nut");
    g_file_set_contents(path, "not a clip\n", -1, NULL);
    g_free(path);
    refuse("none.bin short.nut", 1, "none.bin");
    refuse("text.nut short.nut", 1, "text.nut");
    refuse_with_model("none.nut", 1, "none.nut");
    refuse_with_model("text.nut", 1, "text.nut");
    refuse_with_model("short.nut --train-clip none.nut", 1, "none.nut");
    refuse_with_model("short.nut --region 60,0,10,10", 1, "64x64");
    refuse_with_model("short.nut --device tpu", 1, "tpu");
    refuse_with_model("short.nut --crop 0,0,400,400", 1, "400");
    refuse_with_model("short.nut --set motion=0", 1,
                      "--set: expected a model of talking heads");
    refuse_with_model("short.nut --set motion", 2, "NAME=VALUE");
    refuse_with_model("short.nut --bogus", 2, "--bogus");
    refuse_with_model("short.nut --split 2", 2, "--split");
    refuse_with_model("", 2, "no clip");
}

/* One that is silent is refused, or left out and named at the end. */
static void test_bad_clips(void)
{
    static uint8_t rgb[40 * FRAME];
    static int16_t none[40 * 800];
    char *path = in_folder("mute.nut"), *out, *err;
    write_clip(path, rgb, 40, SIZE, none, 40 * 800);
    refuse_with_model("long.nut mute.nut", 1, "'mute.nut' is silent");
    refuse_with_model("long.nut --train-clip mute.nut", 1, "'mute.nut'");
    refuse_with_model("long.nut --track 1", 1,
                      "'long.nut' has no audio track 1: found 1");
    char *line = g_strdup_printf("'%s' mute.nut long.nut text.nut --skip-bad "
                                 "-q --json --threads 1 --shift 0",
                                 model_path);
    CHECK(!run(line, &out, &err), "%s", err);
    json_t *j = json_loads(out, 0, NULL);
    EQUAL(j, "results.right.frames", 30);
    EQUAL(j, "results.right.ssim", 1);
    CHECK(strstr(err, "s2v-eval: clips left out (--skip-bad): 2\n"
                      "  'mute.nut' is silent") &&
              strstr(err, "\n  'text.nut' cannot be read"),
          "%s", err);
    json_decref(j);
    g_free(line);
    g_free(out);
    g_free(err);
    CHECK(!run("--made long.nut mute.nut --size 32 -q --threads 1", &out, &err),
          "%s", err); /* of two videos nobody listens */
    g_free(out);
    g_free(err);
    g_free(path);
}

/* The numbers are there all the same. */
static void test_bad_sheet(void)
{
    char *out, *err;
    char *line = g_strdup_printf(
        "'%s' short.nut --sheet none/s.png -q --json --threads 1", model_path);
    CHECK(run(line, &out, &err) == 1, "%s", err);
    CHECK(strstr(err, "none/s.png"), "%s", err);
    CHECK(strstr(out, "\"psnr\""), "%s", out);
    g_free(line);
    g_free(out);
    g_free(err);
}

static void test_words(void)
{
    char *out, *err;
    CHECK(!run("--help", &out, &err) && g_str_has_prefix(out, "Usage:"), "%s",
          out);
    g_free(out);
    g_free(err);
    CHECK(!run("--version", &out, &err) && g_str_has_prefix(out, "s2v-eval "),
          "%s", out);
    g_free(out);
    g_free(err);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: test_program S2V-EVAL MODEL\n");
        return 2;
    }
    char *here = g_get_current_dir();
    program = g_canonicalize_filename(argv[1], here);
    model_path = g_canonicalize_filename(argv[2], here);
    make_folder();
    make_clip("long.nut", 150, 1, 0, 0);
    make_clip("short.nut", 60, 2, 0, 0);
    make_clip("spoilt.nut", 40, 3, 30, 8);
    test_perfect();
    test_spoilt();
    test_several();
    test_network();
    test_made();
    test_table();
    test_bad();
    test_bad_clips();
    test_bad_sheet();
    test_words();
    remove_folder();
    g_free(here);
    return check_done();
}
