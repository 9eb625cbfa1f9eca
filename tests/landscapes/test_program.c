/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_program S2V-LANDSCAPES: the program itself: what it writes, read back,
 * and what it says to mistakes. */
#define _POSIX_C_SOURCE 200809L

#include <jansson.h>
#include <libavutil/log.h>
#include <math.h>

#include "media/media.h"
#include "scratch.h"
#include "weights/weights.h"

static char *program;

static int run(const char *line)
{
    return run_program(program, line, NULL, NULL);
}

static char *read_file(const char *name, gsize *size)
{
    char *path = in_folder(name), *data = NULL;

    *size = 0;
    g_file_get_contents(path, &data, size, NULL);
    CHECK(data, "%s cannot be read", name);
    g_free(path);
    return data;
}

static bool equal(const char *a, const char *b)
{
    gsize n[2];
    char *x = read_file(a, &n[0]), *y = read_file(b, &n[1]);
    const bool same = x && y && n[0] == n[1] && !memcmp(x, y, n[0]);

    g_free(x);
    g_free(y);
    return same;
}

static bool exists(const char *name)
{
    char *path = in_folder(name);
    const bool there = g_file_test(path, G_FILE_TEST_EXISTS);

    g_free(path);
    return there;
}

static json_t *read_json(const char *name)
{
    char *path = in_folder(name);
    json_t *root = json_load_file(path, 0, NULL);

    CHECK(root, "%s cannot be read", name);
    g_free(path);
    return root;
}

static const char *text_of(const json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));

    return text ? text : "";
}

/* ------------------------------------------------------------- the clips -- */

static void check_film(const char *name)
{
    const s2vi_clip_params params = {.size = 48};
    s2vi_clip *clip = NULL;
    s2v_error err = {0};
    char *path = in_folder(name);

    CHECK(!s2vi_clip_load(&clip, path, &params, &err), "%s", err.message);
    if (clip)
        CHECK(clip->frames == 48, "%lld frames", (long long)clip->frames);
    s2vi_clip_close(&clip);
    g_free(path);
}

/* Reads all of a tensor of the shape; a dimension below 0 is any. */
static float *check_tensor(const s2v_weights *w, const char *name, int rank,
                           const int64_t *shape, size_t *count)
{
    const s2vi_tensor *t = s2vi_weights_find(w, name);
    s2v_error err = {0};

    CHECK(t && t->rank == rank, "%s", name);
    if (!t)
        return NULL;
    for (int i = 0; i < rank; i++)
        CHECK(shape[i] < 0 || t->shape[i] == shape[i], "%s: shape[%d] %lld",
              name, i, (long long)t->shape[i]);
    float *data = g_new0(float, t->count + 1);
    if (t->type == S2VI_STORED_F32)
        CHECK(!s2vi_weights_read_f32(w, t, data, &err), "%s", err.message);
    *count = t->count;
    return data;
}

static s2v_weights *open_numbers(const char *name)
{
    s2v_weights *w = NULL;
    s2v_error err = {0};
    char *path = in_folder(name);

    CHECK(!s2v_weights_open(&w, path, &err), "%s", err.message);
    g_free(path);
    if (w)
        CHECK(!s2v_weights_verify(w, &err), "%s", err.message);
    return w;
}

/* The numbers are those of the words. */
static void check_numbers(const char *name, const json_t *words)
{
    const json_t *curve = json_object_get(words, "intensity");
    const json_t *events = json_object_get(words, "events");
    s2v_weights *w = open_numbers(name);
    size_t n;

    if (!w)
        return;
    float *x = check_tensor(w, "intensity", 1, (int64_t[]){48}, &n);
    for (size_t i = 0; x && i < n; i++)
        CHECK(fabs(json_real_value(json_array_get(curve, i)) - (double)x[i]) <
                  1e-6,
              "intensity %zu: %g", i, (double)x[i]);
    g_free(x);
    x = check_tensor(w, "events", 2,
                     (int64_t[]){(int64_t)json_array_size(events), 2}, &n);
    for (size_t i = 0; x && i < n; i += 2)
        CHECK(x[i] >= 0 && x[i] < 2.4f && x[i + 1] >= 0 && x[i + 1] <= 1,
              "event at %g of %g", (double)x[i], (double)x[i + 1]);
    g_free(x);
    x = check_tensor(w, "level", 1, (int64_t[]){48}, &n);
    for (size_t i = 0; x && i < n; i++)
        CHECK(x[i] > -70 && x[i] < 0, "level %g dB", (double)x[i]);
    g_free(x);
    g_free(check_tensor(w, "drive", 1, (int64_t[]){48}, &n));
    g_free(check_tensor(w, "third", 1, (int64_t[]){48}, &n));
    g_free(check_tensor(w, "scene", 1, (int64_t[]){1}, &n));
    s2v_weights_close(&w);
}

/* Captions without a gap, the first at the begin and the last to the end. */
static void check_words(const json_t *words, const char *scene)
{
    const json_t *captions = json_object_get(words, "captions"), *one;
    double at = 0;
    size_t i;

    CHECK(!strcmp(text_of(words, "scene"), scene), "scene %s",
          text_of(words, "scene"));
    CHECK(!strcmp(text_of(words, "program"), "s2v-landscapes"), "program");
    CHECK(json_integer_value(json_object_get(words, "frames")) == 48, "frames");
    CHECK(json_integer_value(json_object_get(words, "rate")) == 16000, "rate");
    CHECK(strchr(text_of(words, "caption"), ' '), "caption");
    json_array_foreach(captions, i, one)
    {
        CHECK(json_real_value(json_array_get(one, 0)) == at, "caption %zu", i);
        at = json_real_value(json_array_get(one, 1));
        CHECK(json_is_string(json_array_get(one, 2)), "caption %zu", i);
    }
    CHECK(i > 0 && fabs(at - 2.4) < 1e-9, "captions end at %g", at);
}

static void test_clips(void)
{
    char *said = NULL;
    int status = run_program(program, "-n 9 -s 48 -d 2.4 -o a", &said, NULL);
    CHECK(status == 0, "status %d", status);
    CHECK(said && g_str_has_prefix(said, "rain-0001: 2.40 s, ") &&
              strstr(said, "\nwaves-0009: ") && strstr(said, " s a second)"),
          "%s", said);
    g_free(said);
    CHECK(run("--scenes fire --first 4 --count 1 -s 48 -d 2.4 -o b") == 0, "b");
    CHECK(equal("a/fire-0004.mkv", "b/fire-0004.mkv"), "the film differs");
    CHECK(equal("a/fire-0004.safetensors", "b/fire-0004.safetensors"),
          "numbers differ");
    CHECK(equal("a/fire-0004.json", "b/fire-0004.json"), "words differ");
    check_film("a/waves-0009.mkv");
    json_t *words = read_json("a/underwater-0008.json");
    check_words(words, "underwater");
    check_numbers("a/underwater-0008.safetensors", words);
    json_decref(words);
}

/* Another seed is another clip; the sound alone has the same truth. */
static void test_others(void)
{
    CHECK(run("--scenes wind --first 3 -s 48 -d 2.4 --seed 2 -o c") == 0, "c");
    CHECK(!equal("a/wind-0003.mkv", "c/wind-0003.mkv"), "seeds: the same");
    CHECK(run("--scenes wind --first 3 -s 48 -d 2.4 --format wav -o d") == 0,
          "d");
    CHECK(exists("d/wind-0003.wav") && !exists("d/wind-0003.mkv"), "no .wav");
    CHECK(equal("a/wind-0003.safetensors", "d/wind-0003.safetensors"),
          "truth of .wav");
    CHECK(run("--scenes rain,brook --time dusk --intensity 0.9 --rate 48000 "
              "-s 48 -d 1 -o e") == 0,
          "e");
    json_t *words = read_json("e/brook-0002.json");
    CHECK(!strcmp(text_of(words, "time"), "dusk"), "time");
    CHECK(json_integer_value(json_object_get(words, "rate")) == 48000, "rate");
    CHECK(fabs(json_real_value(
                   json_array_get(json_object_get(words, "intensity"), 5)) -
               0.9) < 1e-6,
          "intensity");
    json_decref(words);
}

static void test_stills(void)
{
    gsize n;

    CHECK(run("--stills 11 -s 32 -o s") == 0, "stills");
    CHECK(run("--stills 1 --first 11 -s 32 -o t") == 0, "the eleventh");
    CHECK(equal("s/thunder-0011.png", "t/thunder-0011.png"), "stills differ");
    CHECK(!equal("s/thunder-0002.png", "s/thunder-0011.png"), "all the same");
    char *png = read_file("s/waves-0009.png", &n);
    CHECK(png && n > 24 && !memcmp(png + 16, "\0\0\0\x20\0\0\0\x20", 8),
          "not 32 x 32");
    g_free(png);
    CHECK(run("--stills 2 --folders --scenes fire,rain -s 32 -o f") == 0,
          "in folders");
    json_t *named = read_json("f/stills-0001-0002.json");
    const json_t *one = json_array_get(json_object_get(named, "stills"), 1);
    CHECK(one && !strcmp(json_string_value(json_object_get(one, "file")),
                         "fire/fire-0002.png"),
          "another name than the file's");
    json_decref(named);
    CHECK(equal("f/fire/fire-0002.png", "f/fire/fire-0002.png"),
          "no still in its folder");
    char *no_folder = in_folder("f/wind");
    CHECK(!g_file_test(no_folder, G_FILE_TEST_EXISTS), "a folder of no scene");
    g_free(no_folder);
    json_t *words = read_json("s/stills-0001-0011.json");
    const json_t *list = json_object_get(words, "stills");
    const json_t *last = json_array_get(list, 10);
    CHECK(json_array_size(list) == 11, "%zu stills", json_array_size(list));
    CHECK(!strcmp(text_of(last, "file"), "thunder-0011.png"), "file");
    CHECK(!strcmp(text_of(last, "scene"), "thunder"), "scene");
    CHECK(strlen(text_of(last, "caption")) > 8, "caption");
    s2v_weights *w = open_numbers("s/stills-0001-0011.safetensors");
    if (w) {
        float *x = check_tensor(w, "intensity", 1, (int64_t[]){11}, &n);
        CHECK(x && fabs((double)x[10] - json_real_value(json_object_get(
                                            last, "intensity"))) < 1e-6,
              "intensity");
        g_free(x);
        g_free(check_tensor(w, "scene", 1, (int64_t[]){11}, &n));
    }
    s2v_weights_close(&w);
    json_decref(words);
}

static void test_sheets(void)
{
    gsize n;

    CHECK(run("-s 32 -d 1 --sheet a.png --spectrograms b.png") == 0, "sheets");
    char *sheet = read_file("a.png", &n);
    CHECK(sheet && n > 24 && !memcmp(sheet + 16, "\0\0\1\x40\0\0\1\x20", 8),
          "not 320 x 288");
    g_free(sheet);
    sheet = read_file("b.png", &n);
    CHECK(sheet && n > 24 && !memcmp(sheet + 16, "\0\0\5\xa0\0\0\2\x58", 8),
          "not 1440 x 600");
    g_free(sheet);
}

static void test_mistakes(void)
{
    static const struct {
        const char *arguments;
        int status;
        const char *says;
    } cases[] = {
        {"", 2, "no output given; use -o, --sheet or --spectrograms"},
        {"-o x word", 2, "unexpected argument \"word\""},
        {"--sheet x.jpg", 2, "a file name that ends in .png, found 'x.jpg'"},
        {"--spectrograms x.jpg", 2, "found 'x.jpg'"},
        {"-o x -s 33", 2, "--size: expected an even number, found 33"},
        {"-o x -s 16", 2,
         "--size: expected a whole number from 32 to 1024, found '16'"},
        {"-o x -d 0.5", 2, "--seconds: expected a number from 1 to 600"},
        {"-o x --scenes rain,snow", 2,
         "--scenes: expected some of "
         "rain,thunder,wind,fire,volcano,waterfall,brook,underwater,waves, "
         "found 'rain,snow'"},
        {"-o x --scenes rain,", 2, "found 'rain,'"},
        {"-o x --time noon", 2,
         "--time: expected dawn, day, dusk, night or any, found 'noon'"},
        {"-o x --intensity 1.5", 2,
         "--intensity: expected a number from 0 to 1, found '1.5'"},
        {"-o x --rate 44100", 2,
         "--rate: expected 16000 or 48000, found '44100'"},
        {"-o x --format avi", 2,
         "--format: expected mkv, mp4 or wav, found 'avi'"},
        {"-o x --count 0", 2, "--count: expected a whole number from 1"},
        {"-o x --first 999999 --count 2", 2,
         "2 from number 999999 on: numbers end at 999999"},
        {"-o x --stills 2 --count 2", 2,
         "--count is of clips, --stills of pictures: give one"},
        {"-o x --stills 2 --format wav", 2,
         "--format is of clips: stills are PNG"},
        {"-o x --folders", 2, "--folders is of stills: give --stills N, too"},
        {"--stills 2 --sheet x.png", 2,
         "--count and --stills need a folder; use -o"},
        {"-o x --seed -1", 2, "--seed"},
        {"-o a/rain-0001.mkv", 1, "a/rain-0001.mkv"},
        {"-s 32 --sheet no/sheet.png", 1,
         "no/sheet.png: cannot write the picture"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *said = NULL;
        const int status =
            run_program(program, cases[i].arguments, NULL, &said);
        CHECK(status == cases[i].status && said &&
                  strstr(said, cases[i].says) &&
                  g_str_has_prefix(said, "s2v-landscapes: ") &&
                  strchr(said, '\n') == said + strlen(said) - 1,
              "%s: %d %s", cases[i].arguments, status, said);
        g_free(said);
    }
    CHECK(run("--help") == 0, "help");
    CHECK(run("--version") == 0, "version");
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    program = g_canonicalize_filename(argv[1], NULL);
    av_log_set_level(AV_LOG_QUIET);
    make_folder();
    test_clips();
    test_others();
    test_stills();
    test_sheets();
    test_mistakes();
    remove_folder();
    g_free(program);
    return check_done();
}
