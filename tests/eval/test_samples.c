/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_samples S2V-EVAL: StyleGANs measured on pictures, by the program.
 * Pictures that the model itself makes of the seeds from 0 on are at distance
 * 0, and only if seeds, classes and pictures all fall in place.
 */
#include "network_file.h"
#include "scratch.h"
#include "tiny_stylegan.h"

#include "picture/picture.h"
#include "s2v/s2v.h"

#include <jansson.h>
#include <math.h>

enum { SIZE = 32, PICTURES = 12, CLASSES = 3, FRAME = 800 };

static char *program;

/* ------------------------------------------------------------ pictures -- */

static void set(s2v_session *session, const char *name, int value)
{
    s2v_error err = {0};
    char text[16];
    snprintf(text, sizeof(text), "%d", value);
    CHECK(!s2v_session_set_option(session, name, text, &err), "%s",
          err.message);
}

/* The first frame of a walk that stands at the seed. */
static void write_picture(s2v_model *model, int seed, int class,
                          const char *path)
{
    static const float silence[FRAME] = {0};
    s2v_session *session = NULL;
    s2v_video_frame frame = {.size = sizeof(frame)};
    s2v_error err = {0};
    CHECK(!s2v_session_create(&session, model, NULL, &err), "%s", err.message);
    set(session, "seeds", seed);
    set(session, "speed", 0);
    set(session, "psi", 1);
    set(session, "pulse", 0);
    if (class >= 0)
        set(session, "class", class);
    s2v_session_send_audio(session, silence, FRAME, NULL);
    s2v_session_drain(session, NULL);
    CHECK(!s2v_session_receive_video(session, &frame, &err), "%s", err.message);
    CHECK(!s2vi_picture_write_png(path, frame.data, SIZE, SIZE, frame.stride,
                                  &err),
          "%s", err.message);
    s2v_session_close(&session);
}

/* FOLDER.bin and FOLDER/00.png, ...: of seeds from `first` on. */
static void write_pictures(const char *name, stylegan_kind kind, int first)
{
    const s2v_model_params params = {.size = sizeof(params), .threads = 1};
    s2v_model *model = NULL;
    s2v_error err = {0};
    char *pictures = in_folder(name);
    char *path = g_strconcat(pictures, ".bin", NULL);
    CHECK(!tiny_stylegan_write(path, kind, true, &err) &&
              !s2v_model_open(&model, path, &params, &err),
          "%s", err.message);
    g_mkdir(pictures, 0777);
    for (int i = 0; i < PICTURES; i++) {
        char *file = g_strdup_printf("%s/%02d.png", pictures, i);
        write_picture(model, first + i,
                      kind == STYLEGAN2_CLASSES ? i % CLASSES : -1, file);
        g_free(file);
    }
    s2v_model_close(&model);
    g_free(path);
    g_free(pictures);
}

/* --------------------------------------------------------- the program -- */

static json_t *measure(const char *line)
{
    char *out = NULL, *err = NULL;
    char *whole = g_strdup_printf(
        "%s --perceptual network.safetensors --json --threads 1 -q", line);
    const int status = run_program(program, whole, &out, &err);
    CHECK(status == 0 && !*err, "%s: %d: %s", line, status, err);
    json_t *object = json_loads(out, 0, NULL);
    CHECK(json_is_object(object), "%s: %s", line, out);
    g_free(whole);
    g_free(out);
    g_free(err);
    return object;
}

static double get(const json_t *object, const char *kind, const char *name)
{
    const json_t *of =
        json_object_get(json_object_get(object, "results"), kind);
    const json_t *value = json_object_get(of, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int count(const json_t *object, const char *name)
{
    return (int)json_integer_value(json_object_get(object, name));
}

/* All are measured: samples are the pictures. */
static void test_same(const char *line, int classes)
{
    json_t *j = measure(line);
    CHECK(count(j, "pictures") == PICTURES, "%s", line);
    CHECK(count(json_object_get(j, "model"), "classes") == classes, "%s", line);
    CHECK(fabs(get(j, "samples", "frechet")) < 1e-6, "%s: %g", line,
          get(j, "samples", "frechet"));
    CHECK(get(j, "samples", "precision") == 1, "%s", line);
    CHECK(get(j, "samples", "recall") == 1, "%s", line);
    CHECK(isnan(get(j, "training", "frechet")), "%s: no training set", line);
    CHECK(get(j, "mean", "frechet") > 1e-4, "%s: %g", line,
          get(j, "mean", "frechet"));
    json_decref(j);
}

static void test_others(void)
{
    json_t *j = measure("two.bin two --split 0.5");
    CHECK(count(j, "pictures") == PICTURES / 2, "a half");
    CHECK(count(j, "training") == PICTURES / 2, "the other");
    CHECK(get(j, "samples", "frechet") > 1e-4, "other seeds: %g",
          get(j, "samples", "frechet"));
    CHECK(get(j, "mean", "recall") == 0, "a point is nowhere else: %g",
          get(j, "mean", "recall"));
    json_decref(j);
    /* The training pictures are those measured. */
    j = measure("two.bin two --train two --seed 100");
    CHECK(fabs(get(j, "training", "frechet")) < 1e-6, "%g",
          get(j, "training", "frechet"));
    CHECK(get(j, "training", "recall") == 1, "the same");
    CHECK(get(j, "samples", "frechet") > 1e-4, "from seed 100 on");
    json_decref(j);
    j = measure("two.bin two --split 0 --set psi=0");
    CHECK(get(j, "samples", "recall") == 0, "all are the average");
    json_decref(j);
}

static void refuse(const char *line, const char *part)
{
    char *out, *err;
    char *whole = g_strdup_printf("%s -q --threads 1", line);
    const int status = run_program(program, whole, &out, &err);
    CHECK(status == 1 && !*out && strstr(err, part) &&
              strchr(err, '\n') == err + strlen(err) - 1,
          "%s: exit %d: '%s' without '%s'", line, status, err, part);
    g_free(whole);
    g_free(out);
    g_free(err);
}

/* Pictures in a folder of each class: moved, so that it is the last. */
static void test_folders(void)
{
    char *to = in_folder("folders"), *from = in_folder("classes");
    g_mkdir(to, 0777);
    for (int k = 0; k < CLASSES; k++) {
        char *class = g_strdup_printf("%s/%d", to, k);
        g_mkdir(class, 0777);
        for (int i = k; i < PICTURES; i += CLASSES) {
            char *old = g_strdup_printf("%s/%02d.png", from, i);
            char *new = g_strdup_printf("%s/%02d.png", class, i);
            CHECK(!g_rename(old, new), "%s", new);
            g_free(old);
            g_free(new);
        }
        g_free(class);
    }
    test_same("classes.bin folders --split 0", CLASSES);
    g_free(to);
    g_free(from);
}

static void test_refusals(void)
{
    const char *network = "--perceptual network.safetensors";
    char *line = g_strdup_printf("two.bin two %s --split 0.99", network);
    refuse("two.bin two",
           "'two.bin' is a StyleGAN: expected --perceptual FILE");
    refuse("two.bin two --shift 1",
           "--shift: expected a model of another kind");
    refuse("two.bin two --level 3",
           "--level: expected a model of another kind");
    refuse("two.bin two --wavs x", "--wavs: expected a video-to-audio model");
    refuse(line, "--split: expected at least two pictures to measure, found 0 "
                 "of 12");
    g_free(line);
    line = g_strdup_printf("two.bin two %s --split 0 --set rotate=1", network);
    refuse(line, "a 'stylegan2' model has no option 'rotate'");
    g_free(line);
}

/* Eight by eight, also of fewer measured ones. */
static void test_sheet(void)
{
    char *out, *sheet = in_folder("sheet.png"), *png;
    gsize size;
    const int status = run_program(
        program,
        "three.bin three --split 0 --perceptual network.safetensors "
        "--sheet sheet.png -q",
        &out, NULL);
    CHECK(status == 0 && strstr(out, "\nsamples  ") &&
              strstr(out, "\nmean picture  "),
          "%d: %s", status, out);
    CHECK(g_file_get_contents(sheet, &png, &size, NULL) && size > 32, "a PNG");
    const int width = (uint8_t)png[18] << 8 | (uint8_t)png[19];
    CHECK(width >= 8 * SIZE && width < 9 * SIZE, "%d pixels wide", width);
    g_free(png);
    g_free(sheet);
    g_free(out);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    program = g_canonicalize_filename(argv[1], NULL);
    make_folder();
    char *network = in_folder("network.safetensors");
    network_file_write(network, "squeezenet1.1", NULL, false);
    g_free(network);
    write_pictures("two", STYLEGAN2, 0);
    write_pictures("classes", STYLEGAN2_CLASSES, 0);
    write_pictures("three", STYLEGAN3, 5);
    test_same("two.bin two --split 0", 0);
    test_same("classes.bin classes --split 0", CLASSES);
    test_same("three.bin three --split 0 --seed 5", 0);
    test_others();
    test_refusals();
    test_sheet();
    test_folders();
    remove_folder();
    g_free(program);
    return check_done();
}
