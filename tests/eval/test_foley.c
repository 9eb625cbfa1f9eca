/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_foley S2V-EVAL S2V-IMPACTS PICTURE-MODEL: models that make sound for
 * pictures, measured by the program. The models are tiny and nobody trained
 * them; the clips are rendered. A clip whose sound the model itself made with
 * some reference is measured as perfect with that reference, and only if
 * pictures, reference and sound all fall in place.
 */
#include "scratch.h"
#include "tiny_foley.h"
#include "write_clip.h"

#include "foley_maker.h"
#include "picture/mel_picture.h"
#include "media/media.h"
#include "data/impact_truth.h"
#include "weights/weights.h"

#include <jansson.h>
#include <math.h>

static const char *evaluate, *render, *pictures;

/* ------------------------------------------------------------ programs -- */

static char *evaluated(const char *line)
{
    char *out = NULL, *err = NULL;
    char *whole = g_strdup_printf("%s -q --threads 1", line);
    int status = run_program(evaluate, whole, &out, &err);
    CHECK(status == 0 && !*err, "%s: %d: %s", line, status, err);
    g_free(whole);
    g_free(err);
    return out;
}

static json_t *measure(const char *line)
{
    char *whole = g_strdup_printf("%s --json", line);
    char *out = evaluated(whole);
    json_t *object = json_loads(out, 0, NULL);
    CHECK(json_is_object(object), "%s: %s", line, out);
    g_free(whole);
    g_free(out);
    return object;
}

static void refuse(const char *line, const char *part)
{
    char *out, *err;
    char *whole = g_strdup_printf("%s -q --threads 1", line);
    int status = run_program(evaluate, whole, &out, &err);
    CHECK(status == 1 && !*out && strstr(err, part) &&
              g_str_has_prefix(err, "s2v-eval: ") &&
              strchr(err, '\n') == err + strlen(err) - 1,
          "%s: exit %d: '%s' without '%s'", line, status, err, part);
    g_free(whole);
    g_free(out);
    g_free(err);
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

/* --------------------------------------------------------------- files -- */

static void make_model(const char *name, bool whole)
{
    char *path = in_folder(name);
    s2v_error err = {0};
    tiny_foley spec = tiny_foley_defaults();
    spec.config.has_sight = spec.config.has_vocoder = whole;
    CHECK(!tiny_foley_write(path, &spec, &err), "%s", err.message);
    g_free(path);
}

static void render_clip(const char *name, int seed, const char *sound)
{
    char *out, *err;
    char *line = g_strdup_printf("--size 32 --seconds 3 --rate 21.5 --seed %d "
                                 "--sound %s -o %s",
                                 seed, sound, name);
    CHECK(!run_program(render, line, &out, &err), "%s: %s", line, err);
    g_free(line);
    g_free(out);
    g_free(err);
}

/* The pictures of a clip with what the model makes of them, as WAV and as a
 * film that has the same pictures for the model. */
static void make_perfect(const char *from, const char *reference,
                         const char *to)
{
    char *model = in_folder("tiny.bin"), *clip = in_folder(from);
    char *ref = in_folder(reference), *path = in_folder(to);
    const s2v_model_params params = {.size = sizeof(params), .threads = 1};
    s2vi_foley_maker *maker;
    s2vi_foley_source_clip source = {0}, timbre = {0};
    s2vi_foley_sound sound;
    s2vi_clip *film;
    s2v_error err = {0};
    const s2vi_clip_params as_seen = {.size = 16,
                                      .fps_num = 11025,
                                      .fps_den = 512,
                                      .sound = s2vi_sound_foley};
    CHECK(!s2vi_foley_maker_open(&maker, model, &params, &err) && maker &&
              !s2vi_foley_maker_load(maker, clip, &source, &err) &&
              !s2vi_foley_maker_load_reference(maker, ref, &timbre, &err) &&
              !s2vi_foley_make(maker, &source, &timbre.real, &sound, &err) &&
              !s2vi_clip_load(&film, clip, &as_seen, &err),
          "%s", err.message);
    int16_t *samples = calloc(sound.count, sizeof(*samples));
    for (size_t i = 0; i < sound.count; i++)
        samples[i] =
            (int16_t)lrintf(32767 * fmaxf(-1, fminf(1, sound.samples[i])));
    write_clip_at(path, film->rgb, (int)film->frames, 16,
                  (clip_rate){11025, 512, S2VI_FOLEY_RATE}, samples,
                  (int)sound.count);
    free(samples);
    s2vi_clip_close(&film);
    s2vi_foley_sound_free(&sound);
    s2vi_foley_source_clip_free(&source);
    s2vi_foley_source_clip_free(&timbre);
    s2vi_foley_maker_close(&maker);
    g_free(model);
    g_free(clip);
    g_free(ref);
    g_free(path);
}

/* A film with a stream of sound, and nothing in it. */
static void make_mute(const char *name)
{
    static uint8_t rgb[40 * 16 * 16 * 3];
    const int16_t none = 0;
    char *path = in_folder(name);
    write_clip(path, rgb, 40, 16, &none, 0);
    g_free(path);
}

/* Features that change all the time, and a mel that beats. */
static void make_set(const char *name, int width, int units, int seed)
{
    char *path = in_folder(name);
    const int columns = 4 * units;
    const int64_t of[2] = {units, width}, mel_shape[2] = {80, columns};
    s2v_error err = {0};
    s2vi_writer *w;
    float *features = calloc((size_t)(units * width), sizeof(float));
    float *mel = calloc((size_t)(80 * columns), sizeof(float));
    for (int i = 0; i < units * width; i++)
        features[i] = sinf((float)(i * (seed + 1)));
    for (int i = 0; i < 80 * columns; i++)
        mel[i] = 0.2f + 0.6f * expf((float)-(i % columns % 30) / 8) *
                            (float)(i / columns + 5 * seed) / 100;
    CHECK(!s2vi_writer_create(&w, path, &err), "%s", err.message);
    s2vi_writer_add(w, "features", S2VI_STORED_F32, 2, of, features, NULL);
    s2vi_writer_add(w, "mel", S2VI_STORED_F32, 2, mel_shape, mel, NULL);
    CHECK(!s2vi_writer_commit(&w, &err), "%s", err.message);
    free(features);
    free(mel);
    g_free(path);
}

/* --------------------------------------------------------------- tests -- */

static void test_rendered(void)
{
    char *one = evaluated("tiny.bin imp --json --sheet s.png --wavs made");
    char *two = evaluated("tiny.bin imp --json --set sensitivity=1");
    CHECK(!strcmp(one, two), "not the same twice:\n%s\n%s", one, two);
    g_free(two);
    two = evaluated("tiny.bin imp --json --set sensitivity=0.2");
    CHECK(strcmp(one, two), "an option of the model changes nothing");
    json_t *j = json_loads(one, 0, NULL);
    /* The detector knows rendered sound; the truth is read, pooled, matched. */
    CHECK(get(j, "onsets.real.f1") > 0.9, "%g", get(j, "onsets.real.f1"));
    CHECK(get(j, "onsets.real.truth") == get(j, "onsets.own.truth") &&
              get(j, "onsets.own.truth") == get(j, "onsets.foreign.truth") &&
              get(j, "onsets.own.truth") > 5,
          "%g", get(j, "onsets.own.truth"));
    for (int i = 0; i < 2; i++) {
        const char *at = i ? "onsets_100ms" : "onsets";
        json_t *o = json_object_get(j, at);
        CHECK(get(o, "tolerance") == (i ? 0.1 : 0.05), "%s", at);
        CHECK(get(o, "motion_energy.truth") == get(o, "own.truth") &&
                  get(o, "motion_energy.found") > 0,
              "%s: the plain detector", at);
        /* Each of three clips against both others. */
        CHECK(get(o, "wrong_truth.truth") == 2 * get(o, "own.truth"),
              "%s: %g of chance", at, get(o, "wrong_truth.truth"));
    }
    CHECK(get(j, "onsets_100ms.motion_energy.matched") >=
                  get(j, "onsets.motion_energy.matched") &&
              get(j, "onsets_100ms.real.matched") >=
                  get(j, "onsets.real.matched"),
          "the wider tolerance matches less");
    CHECK(get(j, "timbre.clips") == 3 && get(j, "mcd.clips") == 3, "%s", one);
    CHECK(get(j, "mcd.mean") > 1 &&
              fabs(get(j, "mcd.mean") / get(j, "mcd.on_mel_scale") -
                   5 * log(10)) < 1e-9,
          "%g, %g", get(j, "mcd.mean"), get(j, "mcd.on_mel_scale"));
    /* Wood, wood, glass: the reference of both woods is the glass. */
    for (int i = 0; i < 3; i++) {
        json_t *clip = json_array_get(json_object_get(j, "clips"), (size_t)i);
        const char *want = i < 2 ? "imp/c.mkv" : "imp/a.mkv";
        CHECK(!strcmp(json_string_value(json_object_get(clip, "reference")),
                      want),
              "%d: %s", i,
              json_string_value(json_object_get(clip, "reference")));
    }
    char *png = in_folder("s.png"), *wav = in_folder("made/b.mkv.foreign.wav");
    CHECK(g_file_test(png, G_FILE_TEST_EXISTS), "no sheet");
    CHECK(g_file_test(wav, G_FILE_TEST_EXISTS), "no sound");
    g_free(png);
    g_free(wav);
    json_decref(j);
    g_free(one);
    g_free(two);
}

static void test_perfect(void)
{
    json_t *j = measure("tiny.bin perfect.nut --reference imp/c.mkv");
    CHECK(get(j, "timbre.to_itself") > 0.9999, "%.9f",
          get(j, "timbre.to_itself"));
    CHECK(get(j, "onsets.foreign.truth") > 0 &&
              get(j, "onsets.foreign.f1") > 0.99,
          "%g of %g", get(j, "onsets.foreign.f1"),
          get(j, "onsets.foreign.truth"));
    json_decref(j);
    j = measure("tiny.bin perfect.nut --reference imp/a.mkv");
    CHECK(get(j, "timbre.to_itself") < 0.9999, "another reference: %.9f",
          get(j, "timbre.to_itself"));
    json_decref(j);
}

static void test_sets(void)
{
    json_t *j = measure("sets.bin sets");
    CHECK(get(j, "mcd.clips") == 2 && get(j, "mcd.mean") > 0, "%g",
          get(j, "mcd.mean"));
    CHECK(json_is_null(
              json_object_get(json_object_get(j, "onsets"), "motion_energy")),
          "no frames, no motion");
    CHECK(get(j, "model.size") == 0 && get(j, "clips.1.mel_distance") > 0,
          "no visual encoder");
    json_decref(j);
    char *out = evaluated("sets.bin sets");
    CHECK(strstr(out, "of feature sets") && strstr(out, "MCD"), "%s", out);
    g_free(out);
}

/* The first half of a clip, as of a copy that broke off. */
static void test_cut(void)
{
    char *from = in_folder("imp/a.mkv"), *to = in_folder("cut.mkv");
    char *data = NULL, *out, *err;
    gsize size = 0;
    g_file_get_contents(from, &data, &size, NULL);
    g_file_set_contents(to, data, (gssize)(size / 2), NULL);
    refuse("tiny.bin cut.mkv", "'cut.mkv' is truncated");
    refuse("tiny.bin imp/a.mkv --track 1", "no audio track 1: found 1");
    CHECK(!run_program(evaluate,
                       "tiny.bin cut.mkv imp --skip-bad -q --threads 1", &out,
                       &err),
          "%s", err);
    CHECK(strstr(err, "clips left out (--skip-bad): 1\n  'cut.mkv' is trunc"),
          "%s", err);
    g_free(out);
    g_free(err);
    g_free(data);
    g_free(from);
    g_free(to);
}

/* Clips by parts: the clips of one, and what is in none. */
static void test_parts(void)
{
    char *path = in_folder("parts.txt"), *bad = in_folder("bad.txt");
    g_file_set_contents(path, "# two\nchoose a.mkv\nreport b.mp4\nchoose  c\n",
                        -1, NULL);
    json_t *j = measure("tiny.bin imp --parts parts.txt --part report");
    CHECK(json_array_size(json_object_get(j, "clips")) == 1 &&
              !strcmp(
                  json_string_value(json_object_get(
                      json_array_get(json_object_get(j, "clips"), 0), "path")),
                  "imp/b.mkv"),
          "the part to report");
    json_decref(j);
    j = measure("tiny.bin imp --parts parts.txt");
    CHECK(json_array_size(json_object_get(j, "clips")) == 2, "to choose by");
    json_decref(j);
    g_file_set_contents(bad, "choose a\nreport b\n", -1, NULL);
    refuse("tiny.bin imp --parts bad.txt", "'imp/c.mkv' is in no part");
    g_file_set_contents(bad, "choose a\nreport a\n", -1, NULL);
    refuse("tiny.bin imp --parts bad.txt", "'a' twice");
    g_file_set_contents(bad, "choosea\n", -1, NULL);
    refuse("tiny.bin imp --parts bad.txt", "found \"choosea\"");
    g_free(path);
    g_free(bad);
}

static void test_bad(void)
{
    char *truth = in_folder("imp/b.json"), *kept = in_folder("b.kept");
    refuse("tiny.bin imp --region 0,0,1,1", "--region");
    refuse("tiny.bin imp --set motion=0", "motion");
    refuse("sets.bin sets --set gain=1", "a visual encoder");
    refuse("tiny.bin imp --reference none.wav", "none.wav");
    refuse("tiny.bin sound.wav", "no video");
    refuse("tiny.bin mute.nut", "mute.nut");
    refuse("tiny.bin empty", "found no file");
    refuse("sets.bin imp", "feature sets");
    refuse("sets.bin imp/a.mkv", "imp/a.mkv");
    refuse("sets.bin wide.safetensors", "13 wide");
    char *line = g_strdup_printf("'%s' imp/a.mkv --wavs made", pictures);
    refuse(line, "--wavs");
    g_free(line);
    g_rename(truth, kept);
    refuse("tiny.bin imp", "imp/b.mkv");
    g_file_set_contents(truth, "{\"impacts\":[{\"time\":-1}]}", -1, NULL);
    refuse("tiny.bin imp", "impact 0");
    g_file_set_contents(truth, "[", -1, NULL);
    refuse("tiny.bin imp", "imp/b.json");
    g_rename(kept, truth);
    g_free(truth);
    g_free(kept);
}

static void make_folders(void)
{
    static const char *const names[] = {"imp", "sets", "empty"};
    for (int i = 0; i < 3; i++) {
        char *path = in_folder(names[i]);
        g_mkdir(path, 0777);
        g_free(path);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: test_foley S2V-EVAL S2V-IMPACTS MODEL\n");
        return 2;
    }
    char *here = g_get_current_dir();
    evaluate = g_canonicalize_filename(argv[1], here);
    render = g_canonicalize_filename(argv[2], here);
    pictures = g_canonicalize_filename(argv[3], here);
    make_folder();
    make_folders();
    make_model("tiny.bin", true);
    make_model("sets.bin", false);
    render_clip("imp/a.mkv", 11, "wood");
    render_clip("imp/b.mkv", 12, "wood");
    render_clip("imp/c.mkv", 13, "glass");
    render_clip("sound.wav", 14, "glass");
    make_set("sets/a.safetensors", 12, 40, 1);
    make_set("sets/b.safetensors", 12, 50, 2);
    make_set("wide.safetensors", 13, 40, 1);
    make_mute("mute.nut");
    make_perfect("imp/a.mkv", "imp/c.mkv", "perfect.nut");
    test_rendered();
    test_perfect();
    test_sets();
    test_cut();
    test_parts();
    test_bad();
    remove_folder();
    g_free(here);
    return check_done();
}
