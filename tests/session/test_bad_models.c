/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are no model, or not a usable one: each refused, with a status
 * and one sentence that names the file and what is wrong. */
#define _XOPEN_SOURCE 700
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "bad.bin"

/* One sentence: a line, long enough to say something, no full stop. */
static bool is_sentence(const char *message)
{
    size_t n = strlen(message);
    return n > 15 && n < 1000 && !strpbrk(message, "\n\r") &&
           message[n - 1] != '.' && message[n - 1] != ' ';
}

/* That opening `path` fails so, with `says` (and perhaps `too`) told. */
static void refused(const char *what, const char *path, int status,
                    const char *says, const char *too)
{
    const char *name = strrchr(path, '/');
    s2v_model *model = (s2v_model *)1;
    s2v_error err = {0};
    int ret = s2v_model_open(&model, path, NULL, &err);
    CHECK(ret == status && err.code == status && !model,
          "%s: status %d (%d), expected %d; \"%s\"", what, ret, err.code,
          status, err.message);
    CHECK(is_sentence(err.message), "%s: \"%s\" is no sentence", what,
          err.message);
    CHECK(strstr(err.message, name ? name : path), "%s: \"%s\" names no file",
          what, err.message);
    CHECK(strstr(err.message, says) && (!too || strstr(err.message, too)),
          "%s: \"%s\" lacks \"%s\" or \"%s\"", what, err.message, says,
          too ? too : "");
    CHECK(s2v_model_open(&model, path, NULL, NULL) == status,
          "%s: another status without an error to fill", what);
    if (model)
        s2v_model_close(&model);
    if (getenv("VERBOSE"))
        printf("%-28s %s\n", what, err.message);
}

/* ---------------------------------------------------------- not files -- */

static void spill(const void *bytes, size_t n)
{
    FILE *f = fopen(scratch(FILE_NAME), "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
        abort();
}

static void test_not_files(void)
{
    s2v_model *model = NULL;
    s2v_error err = {0};
    refused("missing", scratch("nowhere.bin"), S2V_ERR_IO, "No such file",
            NULL);
    refused("missing, bare name", "no-such-model-anywhere.bin", S2V_ERR_IO,
            "looked in", "S2V_MODEL_PATH");
    const char *folder = scratch("folder");
    mkdir(folder, 0777);
    refused("a folder", folder, S2V_ERR_IO, "folder", NULL);
    const char *pipe = scratch("pipe");
    if (!mkfifo(pipe, 0666))
        refused("a pipe", pipe, S2V_ERR_IO, "pipe", NULL);
    refused("a device", "/dev/null", S2V_ERR_IO, "device", NULL);
    if (geteuid()) {
        spill("{}", 2);
        chmod(scratch(FILE_NAME), 0);
        refused("unreadable", scratch(FILE_NAME), S2V_ERR_IO, "denied", NULL);
        remove(scratch(FILE_NAME));
    }
    int ret = s2v_model_open(&model, NULL, NULL, &err);
    CHECK(ret == S2V_ERR_INVALID && is_sentence(err.message), "NULL: %d", ret);
    ret = s2v_model_open(&model, "", NULL, &err);
    CHECK(ret == S2V_ERR_INVALID && is_sentence(err.message), "\"\": %d", ret);
}

static void test_foreign(void)
{
    static const struct {
        const char *what, *bytes;
        size_t n;
        const char *says;
    } files[] = {
        {"empty", "", 0, "empty"},
        {"one byte", "\x08", 1, "safetensors"},
        {"text", "hello, this is a letter\n", 24, "text"},
        {"PNG", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16, "PNG"},
        {"wave", "RIFF\x24\0\0\0WAVEfmt ", 16, "this is"},
        {"zip", "PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0", 14, "this is"},
        {"header that lies", "\xff\xff\xff\0\0\0\0\0{\"a\":1}", 15,
         "truncated"},
        {"broken JSON", "\x07\0\0\0\0\0\0\0{\"a\":1,", 15, "JSON"},
        {"no metadata", "\x02\0\0\0\0\0\0\0{}", 10, "s2v.model"},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        bool sound = !strcmp(files[i].what, "no metadata");
        spill(files[i].bytes, files[i].n);
        refused(files[i].what, scratch(FILE_NAME),
                sound ? S2V_ERR_MODEL : S2V_ERR_FORMAT, files[i].says, NULL);
    }
}

/* --------------------------------------------------------- bent models -- */

static tiny_model smallest(void)
{
    tiny_model spec = small_model();
    spec.config.size = 8;
    return spec;
}

static size_t write_model(const tiny_model *spec)
{
    struct stat st;
    s2v_error err = {0};
    if (tiny_model_write(scratch(FILE_NAME), spec, &err) < 0 ||
        stat(scratch(FILE_NAME), &st)) {
        fprintf(stderr, "cannot write a model: %s\n", err.message);
        exit(1);
    }
    return (size_t)st.st_size;
}

static void test_cut(void)
{
    tiny_model spec = smallest();
    size_t n = write_model(&spec);
    for (size_t part = 1; part < 16; part++) {
        write_model(&spec);
        if (truncate(scratch(FILE_NAME), (long)(n * part / 16)))
            abort();
        refused("cut short", scratch(FILE_NAME), S2V_ERR_FORMAT, "truncated",
                NULL);
    }
    write_model(&spec);
    if (truncate(scratch(FILE_NAME), (long)n + 1))
        abort();
    refused("one byte more", scratch(FILE_NAME), S2V_ERR_FORMAT, "1 more",
            NULL);
}

static void test_flipped_byte(void)
{
    tiny_model spec = smallest();
    size_t n = write_model(&spec);
    FILE *f = fopen(scratch(FILE_NAME), "r+b");
    if (!f || fseek(f, (long)n - 400, SEEK_SET))
        abort();
    int c = fgetc(f);
    fseek(f, (long)n - 400, SEEK_SET);
    fputc(c ^ 1, f);
    fclose(f);
    refused("a flipped bit", scratch(FILE_NAME), S2V_ERR_FORMAT, "damaged",
            "SHA-256");
}

static void refused_spec(const char *what, const tiny_model *spec, int status,
                         const char *says, const char *too)
{
    write_model(spec);
    refused(what, scratch(FILE_NAME), status, says, too);
}

static void test_metadata(void)
{
    tiny_model spec = smallest();
    spec.kind = "fireworks";
    refused_spec("another kind", &spec, S2V_ERR_MODEL, "'fireworks'",
                 "'listen-and-move'");
    spec.kind = "";
    refused_spec("no kind", &spec, S2V_ERR_MODEL, "s2v.model", NULL);
    spec = smallest();
    spec.config_text = "";
    refused_spec("no config", &spec, S2V_ERR_MODEL, "s2v.config", NULL);
}

/* What a file says of the sound that its model was trained on. */
static void test_hearing(void)
{
    static const char *const levels[] = {"",    "loud", "-70.1",    "10.1",
                                         "nan", "inf",  "-23 LUFS", "1e9"};
    static const char *const features[][2] = {
        {"", "'s2v.features' is not JSON"},
        {"loud", "'s2v.features' is not JSON"},
        {"{}", "expected 64 numbers in 'low', found 0"},
        {"{\"low\":[1,2,3],\"high\":[4]}",
         "expected 64 numbers in 'low', found 3"},
    };
    for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
        tiny_model spec = smallest();
        char says[80];
        snprintf(says, sizeof(says),
                 "'s2v.level' is '%s', expected LUFS from -70 to 10",
                 levels[i]);
        spec.level = levels[i];
        refused_spec(levels[i], &spec, S2V_ERR_MODEL, says, NULL);
    }
    for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++) {
        tiny_model spec = smallest();
        spec.features = features[i][0];
        refused_spec(features[i][0], &spec, S2V_ERR_MODEL, features[i][1],
                     NULL);
    }
    tiny_model dull = smallest();
    dull.spectrum = "[1, 2]";
    refused_spec("a short spectrum", &dull, S2V_ERR_MODEL,
                 "'s2v.spectrum': expected a JSON list of 64 numbers, found "
                 "'[1, 2]'",
                 NULL);
    static const char *const good[] = {"-70", "10", "-21.37"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        tiny_model spec = smallest();
        spec.level = good[i];
        s2v_model *model = open_model(&spec, "auto", 1);
        s2v_model_close(&model);
    }
    tiny_model spec = smallest();
    spec.features = tiny_model_features(1.0f, -1.0f);
    refused_spec("a range upside down", &spec, S2V_ERR_MODEL,
                 "band 0 has 'low' 1 above 'high' -1", NULL);
}

static void test_tensors(void)
{
    tiny_model spec = smallest();
    spec.missing = "g.rgb.weight";
    refused_spec("a missing tensor", &spec, S2V_ERR_MODEL, "missing",
                 "\"g.rgb.weight\"");
    spec.extra = "g.surplus";
    refused_spec("missing and extra", &spec, S2V_ERR_MODEL,
                 "missing \"g.rgb.weight\"", "unexpected \"g.surplus\"");
    spec = smallest();
    spec.extra = "g.surplus";
    refused_spec("an extra tensor", &spec, S2V_ERR_MODEL, "unexpected",
                 "\"g.surplus\"");
    spec = smallest();
    spec.flat = "g.rgb.weight";
    refused_spec("a flat tensor", &spec, S2V_ERR_MODEL,
                 "\"g.rgb.weight\" is [6]", "expected [3, 2, 1, 1]");
    spec = smallest();
    spec.nan = "r.layers.1.bias_hh";
    refused_spec("a NaN", &spec, S2V_ERR_FORMAT, "\"r.layers.1.bias_hh\"",
                 "index 0");
}

/* ------------------------------------------------------------- configs -- */

/* Values that each setting cannot have. */
static const struct {
    const char *key, *values[8];
} bad_settings[] = {
    {"size", {"0", "-8", "4", "48", "2048", "8.0", "\"8\"", "null"}},
    {"channels_min", {"0", "-1", "1025", "1e99", "[]"}},
    {"channels_max", {"1", "-1", "5000", "true", "1099511627776"}},
    {"bands", {"0", "63", "65", "128", "{}"}},
    {"noise_e", {"0", "-2", "1025", "2.5"}},
    {"motion_layers", {"0", "9", "1000000", "-1", "\"3\""}},
    {"motion", {"\"lstm\"", "0", "null", "\"\"", "\"Dilated\""}},
    {"mfs", {"1", "\"true\"", "null"}},
    {"sac", {"0", "\"\"", "[true]"}},
    {"acin", {"1", "{}"}},
    {"noise", {"2", "\"on\""}},
    {"connection", {"\"dense\"", "1", "false"}},
    {"prediction", {"\"lstm\"", "-1", "[]"}},
    {"prediction_kernel", {"0", "1", "4", "5", "\"3\""}},
};

static void test_settings(void)
{
    for (size_t i = 0; i < sizeof(bad_settings) / sizeof(*bad_settings); i++)
        for (int k = 0; k < 8 && bad_settings[i].values[k]; k++) {
            char text[200], what[100];
            tiny_model spec = smallest();
            bool is_size = !strcmp(bad_settings[i].key, "size");
            snprintf(text, sizeof(text),
                     "{%s\"channels_min\":2,\"channels_max\":8,\"%s\":%s}",
                     is_size ? "" : "\"size\":8,", bad_settings[i].key,
                     bad_settings[i].values[k]);
            /* No key twice: that is another mistake. */
            if (!strncmp(bad_settings[i].key, "channels", 8))
                snprintf(text, sizeof(text), "{\"size\":8,\"%s\":8,\"%s\":%s}",
                         strcmp(bad_settings[i].key, "channels_min")
                             ? "channels_min"
                             : "channels_max",
                         bad_settings[i].key, bad_settings[i].values[k]);
            snprintf(what, sizeof(what), "%s: %s", bad_settings[i].key,
                     bad_settings[i].values[k]);
            spec.config_text = text;
            refused_spec(what, &spec, S2V_ERR_MODEL, bad_settings[i].key,
                         "listen-and-move");
        }
}

static void test_configs(void)
{
    static const char *const configs[][2] = {
        {"{", "s2v.config"},
        {"[1]", "an array"},
        {"8", "s2v.config"},
        {"\"size\"", "s2v.config"},
        {"null", "s2v.config"},
        {"{\"size\":8,\"size\":8}", "s2v.config"},
        {"{\"size\":8}{", "s2v.config"},
        {"{\"size\":8,\"depth\":3}", "unknown setting 'depth'"},
        {"{\"Size\":8}", "unknown setting 'Size'"},
        {"{\"size\":1024,\"channels_min\":1024,\"channels_max\":4096}",
         "not the model's tensors"},
        {"{\"size\":16,\"channels_min\":2,\"channels_max\":8}",
         "\"g.layers.1.conv1.weight\""},
        {"{\"size\":8,\"channels_min\":9,\"channels_max\":8}",
         "channels_max is 8, expected 9"},
        {"{}", "not the model's tensors"},
    };
    for (size_t i = 0; i < sizeof(configs) / sizeof(*configs); i++) {
        tiny_model spec = smallest();
        spec.config_text = configs[i][0];
        refused_spec(configs[i][0], &spec, S2V_ERR_MODEL, configs[i][1], NULL);
    }
    char deep[4001];
    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    tiny_model spec = smallest();
    spec.config_text = deep;
    refused_spec("4000 brackets", &spec, S2V_ERR_MODEL, "s2v.config", NULL);
}

/* Every configuration that may be is one that runs. */
static void test_good_configs(void)
{
    for (int i = 0; i < 54; i++) {
        tiny_model spec = smallest();
        spec.config.connection = (s2vi_lm_connection)(i % 3);
        spec.config.prediction = (s2vi_lm_prediction)(i / 3 % 3);
        spec.config.motion = (s2vi_lm_motion)(i / 9 % 2);
        spec.config.mfs = i / 18 != 1;
        spec.config.sac = i / 18 != 2;
        spec.config.acin = spec.config.noise = i / 18 == 0;
        spec.config.motion_layers = 1 + i % 4;
        s2v_model *model = open_model(&spec, "auto", 1);
        float *sound = make_sound(2000, 1);
        take t = play_new(model, 0, sound, 2000, 1000);
        CHECK(t.count == 3 && t.status == S2V_ERR_EOF,
              "configuration %d: %d frames, status %d", i, t.count, t.status);
        free(sound);
        s2v_model_close(&model);
    }
}

int main(void)
{
    test_not_files();
    test_foreign();
    test_cut();
    test_flipped_byte();
    test_metadata();
    test_hearing();
    test_tensors();
    test_settings();
    test_configs();
    test_good_configs();
    return report("bad models");
}
