/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files as they are read: elements, corrupt files, look-up, checks. */
#define _DEFAULT_SOURCE
#include "../guard.h"
#include "harness.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---------------------------------------------------------- elements -- */

/* All 65,536 values of a 16-bit type survive float and back, and half-way
 * floats round to even. */
static void test_16_bit(s2vi_stored type)
{
    int wrong = 0, wrong_ties = 0;
    for (uint32_t v = 0; v < 0x10000; v++) {
        uint8_t bytes[4] = {(uint8_t)v, (uint8_t)(v >> 8)}, back[2];
        float f[2];
        bool finite = s2vi_stored_find_bad(type, bytes, 1) == 1;
        s2vi_stored_decode(type, bytes, 1, &f[0]);
        s2vi_stored_encode(type, f, 1, back);
        wrong += !isnan(f[0]) && memcmp(bytes, back, 2);
        wrong += finite != (bool)isfinite(f[0]);
        wrong += finite && (double)f[0] != s2vi_stored_value(type, bytes, 0);
        /* the middle between v and v + 1 goes to the even one */
        bytes[2] = (uint8_t)(v + 1), bytes[3] = (uint8_t)((v + 1) >> 8);
        s2vi_stored_decode(type, bytes + 2, 1, &f[1]);
        if ((v & 0x7FFF) == 0x7FFF || !isfinite(f[0]) || !isfinite(f[1]))
            continue;
        float middle = (float)(((double)f[0] + (double)f[1]) / 2);
        s2vi_stored_encode(type, &middle, 1, back);
        wrong_ties += memcmp(v & 1 ? bytes + 2 : bytes, back, 2) != 0;
    }
    check(!wrong, "every %s value survives", s2vi_stored_name(type));
    check(!wrong_ties, "halves between %s values go to the even one",
          s2vi_stored_name(type));
}

static void test_half_limits(void)
{
    static const struct {
        float value;
        uint16_t half, bfloat;
    } cases[] = {
        {65504.0f, 0x7BFF, 0x4780},    {65519.996f, 0x7BFF, 0x4780},
        {65520.0f, 0x7C00, 0x4780},    {0x1p-24f, 0x0001, 0x3380},
        {0x1p-25f, 0x0000, 0x3300},    {0x1.000002p-25f, 0x0001, 0x3300},
        {-0x1p-14f, 0x8400, 0xB880},   {0x1.ffcp-15f, 0x0400, 0x3880},
        {-0.0f, 0x8000, 0x8000},       {1.0f, 0x3C00, 0x3F80},
        {3.4e38f, 0x7C00, 0x7F80},     {-INFINITY, 0xFC00, 0xFF80},
        {0.333333343f, 0x3555, 0x3EAB}};
    int wrong = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t h[2], b[2];
        s2vi_stored_encode(S2VI_STORED_F16, &cases[i].value, 1, h);
        s2vi_stored_encode(S2VI_STORED_BF16, &cases[i].value, 1, b);
        if ((h[0] | h[1] << 8) != cases[i].half ||
            (b[0] | b[1] << 8) != cases[i].bfloat) {
            printf("# %a: F16 %02x%02x, BF16 %02x%02x\n",
                   (double)cases[i].value, h[1], h[0], b[1], b[0]);
            wrong++;
        }
    }
    check(!wrong, "floats at F16's and BF16's limits round as IEEE 754 says");
}

static void test_integers(void)
{
    static const uint8_t bytes[] = {0xFE, 0xFF, 0xFF, 0xFF,
                                    0xFF, 0xFF, 0xFF, 0xFF};
    static const double expected[S2VI_STORED_F16] = {
        [S2VI_STORED_BOOL] = 254, [S2VI_STORED_U8] = 254,
        [S2VI_STORED_I8] = -2,    [S2VI_STORED_U16] = 65534,
        [S2VI_STORED_I16] = -2,   [S2VI_STORED_U32] = 4294967294.0,
        [S2VI_STORED_I32] = -2,   [S2VI_STORED_U64] = 0x1p64,
        [S2VI_STORED_I64] = -2};
    for (int t = 0; t < S2VI_STORED_F16; t++) {
        float f;
        s2vi_stored_decode((s2vi_stored)t, bytes, 1, &f);
        check(f == (float)expected[t] &&
                  s2vi_stored_value((s2vi_stored)t, bytes, 0) == expected[t],
              "%s is little-endian and signed as it should be",
              s2vi_stored_name((s2vi_stored)t));
    }
}

void test_dtypes(void)
{
    test_16_bit(S2VI_STORED_F16);
    test_16_bit(S2VI_STORED_BF16);
    test_half_limits();
    test_integers();
}

/* ----------------------------------------------------- corrupt files -- */

/* What the reader says of each bad file; the good ones are not listed. */
static const struct {
    const char *name, *part;
} sentences[] = {
    {"empty", "the file is empty, expected a safetensors"},
    {"one-byte", "found only 1 byte"},
    {"short", "found only 5 bytes"},
    {"length-only", "found only 8 bytes"},
    {"truncated-header", "truncated within its header, expected 57"},
    {"truncated-data", "ends at byte 16 of the data, found only 13 bytes"},
    {"trailing", "found 2 more after the last tensor"},
    {"header-huge", "found a length of 9223372036854775808"},
    {"header-over-limit", "found a length of 100000001"},
    {"header-at-limit", "expected 100000000 bytes of header, found 2"},
    {"header-one-more", "truncated within its header, expected 3 bytes of "
                        "header, found 2"},
    {"header-one", "found a length of 1"},
    {"header-zero", "found a length of 0"},
    {"header-array", "expected '{' at byte 8, found 0x5b"},
    {"header-not-json", "not valid UTF-8 JSON: invalid token near 'oops'"},
    {"header-unclosed", "not valid UTF-8 JSON: '}' expected"},
    {"header-two-values", "not valid UTF-8 JSON: end of file expected"},
    {"header-not-utf8", "unable to decode byte 0xff"},
    {"header-nul", "NUL byte in object key"},
    {"header-deep", "nests deeper than 8 brackets"},
    {"depth-eight", "not described by dtype, shape and data_offsets"},
    {"depth-nine", "nests deeper than 8 brackets"},
    {"items-256", "has 256 dimensions, expected at most 8"},
    {"items-257", "an array of more than 256 items"},
    {"header-long-array", "an array of more than 256 items"},
    {"duplicate-name", "duplicate name"},
    {"metadata-number", "metadata \"a\" is not a string"},
    {"metadata-list", "\"__metadata__\" is not a JSON object of strings"},
    {"tensor-number", "not described by dtype, shape and data_offsets"},
    {"tensor-no-shape", "not described by dtype, shape and data_offsets"},
    {"tensor-extra-key", "not described by dtype, shape and data_offsets"},
    {"dtype-unknown", "tensor \"w\" is of dtype \"F7\", expected BOOL"},
    {"rank-nine", "has 9 dimensions, expected at most 8"},
    {"dim-negative", "dimension 0 of tensor \"w\" is not a whole number"},
    {"dim-real", "dimension 0 of tensor \"w\" is not a whole number"},
    {"dim-too-big", "too big integer"},
    {"shape-overflow", "more elements than can be counted"},
    {"shape-wraps", "more elements than can be counted"},
    {"shape-bytes-wrap", "more elements than can be counted"},
    {"shape-mismatch", "needs 12 bytes, but its data_offsets span 16"},
    {"offsets-reversed", "not [begin, end] with 0 <= begin <= end"},
    {"offsets-negative", "not [begin, end] with 0 <= begin <= end"},
    {"offsets-one", "not [begin, end] with 0 <= begin <= end"},
    {"offsets-outside", "ends at byte 32 of the data, found only 16 bytes"},
    {"gap", "tensor \"b\" leaves a gap before it: expected it to start at "
            "byte 4 of the data, found 8"},
    {"overlap", "tensor \"b\" overlaps the one before: expected it to start "
                "at byte 8 of the data, found 4"},
    {"same-bytes", "tensor \"b\" overlaps the one before"},
    {"nan", "holds nan at index 2 of 4, expected finite floats"},
    {"inf", "holds -inf at index 1 of 4, expected finite floats"},
    {"nan-f16", "holds nan at index 1 of 2"},
    {"inf-bf16", "holds inf at index 1 of 2"},
    {"f64-range", "holds 1e+300 at index 0 of 1"},
    {"sha256", "expected tensor bytes of SHA-256 0000000000000000000000000"},
    {"sha256-short", "expected tensor bytes of SHA-256 abc, found ad73b9ac"},
    {"control-name", "tensor \"?[31m?red?\""},
    {"zip", "this is a zip archive, as PyTorch's pickle checkpoints"},
    {"pickle", "this is a Python pickle"},
    {"torch-pickle", "this is a legacy PyTorch pickle checkpoint"},
    {"gguf", "this is a GGUF file"},
    {"mp4", "this is an MP4 or QuickTime file"},
    {"matroska", "this is a Matroska or WebM file"},
    {"wave", "this is a WAVE sound file"},
    {"png", "this is a PNG picture"},
    {"hdf5", "this is an HDF5 file"},
    {"npy", "this is a NumPy array"},
    {"onnx", "this is an ONNX model"},
    {"gzip", "this is a gzip file"},
    {"elf", "this is a program or library"},
    {"lfs", "this is a Git LFS pointer"},
    {"html", "this is a web page"},
    {"json", "this is JSON text"},
    {"text", "this is text, expected a safetensors container"},
    {"zeros", "this is zero bytes"},
    {"noise", "this is not a safetensors container: expected '{' at byte 8"},
};

enum { SENTENCES = sizeof(sentences) / sizeof(sentences[0]) };

/* Open, verify and read every tensor: the first failure. */
static int read_whole(const char *path, s2v_error *err)
{
    s2v_weights *w = NULL;
    int ret = s2v_weights_open(&w, path, err);
    if (ret >= 0)
        ret = s2v_weights_verify(w, err);
    for (size_t i = 0; ret >= 0 && i < s2v_weights_count(w); i++) {
        const s2vi_tensor *t = s2vi_weights_at(w, i);
        float *values = malloc((t->count + 1) * sizeof(*values));
        ret = s2vi_weights_read_f32(w, t, values, err);
        free(values);
    }
    s2v_weights_close(&w);
    return ret;
}

static void test_bad_file(const char *path, const char *name, int *seen)
{
    s2v_error err = {0};
    int ret = read_whole(path, &err);
    for (int i = 0; i < SENTENCES; i++) {
        size_t n = strlen(sentences[i].name);
        if (strncmp(name + 4, sentences[i].name, n) ||
            strcmp(name + 4 + n, ".bin"))
            continue;
        ++*seen;
        check_error(name, ret, S2V_ERR_FORMAT, &err, sentences[i].part);
        check(strstr(err.message, name), "%s is named in its error", name);
        return;
    }
    check(false, "%s has an expected sentence in test_read.c", name);
}

/* A tensor that is not finite is told of, also where those after it are. */
static void test_first_of_two(void)
{
    const char header[] =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}";
    const size_t n = sizeof(header) - 1;
    const uint8_t numbers[] = {0, 0, 0xC0, 0x7F, 0, 0, 0x80, 0x3F}; /* nan, 1 */
    uint8_t bytes[8 + sizeof(header) - 1 + sizeof(numbers)] = {(uint8_t)n};
    s2v_weights *w = NULL;
    s2v_error err = {0};
    memcpy(bytes + 8, header, n);
    memcpy(bytes + 8 + n, numbers, sizeof(numbers));
    int ret = s2vi_weights_open_memory(&w, bytes, sizeof(bytes), "two", &err);
    check(ret == S2V_OK, "two tensors are opened: %s", err.message);
    ret = ret < 0 ? ret : s2v_weights_verify(w, &err);
    check_error("the first of two", ret, S2V_ERR_FORMAT, &err,
                "tensor \"a\" holds nan");
    s2v_weights_close(&w);
}

void test_corpus(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int good = 0, bad = 0;
    if (!check(dir != NULL, "the corpus is there"))
        return;
    while ((entry = readdir(dir))) {
        char path[2048];
        s2v_error err = {0};
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (!strncmp(entry->d_name, "bad-", 4))
            test_bad_file(path, entry->d_name, &bad);
        else if (!strncmp(entry->d_name, "good-", 5) && ++good)
            check(read_whole(path, &err) == S2V_OK, "%s is read%s%s",
                  entry->d_name, err.code ? ": " : "", err.message);
    }
    closedir(dir);
    check(bad == SENTENCES, "the corpus has each of the %d bad files",
          SENTENCES);
    check(good >= 13, "the corpus has the good files");
    test_first_of_two();
}

/* The first n bytes of a file, before a page that may not be read. */
static bool try_start(const uint8_t *bytes, size_t n)
{
    s2v_weights *w = NULL;
    s2v_error err = {0};
    guarded g = guarded_copy(bytes, n);
    if (!g.data)
        return false;
    const int ret = s2vi_weights_open_memory(&w, g.data, n, "start", &err);
    if (!ret)
        s2v_weights_verify(w, &err);
    s2v_weights_close(&w);
    guarded_free(&g);
    return ret == S2V_OK || (ret == S2V_ERR_FORMAT && *err.message);
}

/* No start of any file makes the reader read beyond it. */
void test_starts(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int starts = 0, failed = 0;
    while (dir && (entry = readdir(dir))) {
        char path[2048];
        size_t size = 0;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        uint8_t *bytes = entry->d_name[0] == '.' ? NULL : slurp(path, &size);
        for (size_t n = 0; bytes && n <= size; n++, starts++)
            failed += !try_start(bytes, n);
        free(bytes);
    }
    if (dir)
        closedir(dir);
    check(starts > 5000 && !failed, "%d starts of files are read or refused",
          starts);
}

/* ------------------------------------------------ expected and found -- */

static const s2vi_expect model[] = {
    {"g.weight", 4, {8, 4, 3, 3}},
    {"g.bias", 1, {8}},
    {"scale", 0, {0}},
};

/* A file of what `model` expects, but for `change`. */
static s2v_weights *write_model(int change)
{
    static const int64_t swapped[] = {4, 8, 3, 3};
    float zeros[288] = {0};
    s2v_error err = {0};
    s2vi_writer *writer = NULL;
    s2v_weights *w = NULL;
    s2vi_writer_create(&writer, scratch("model.bin"), &err);
    for (int i = 0; i < 3; i++)
        if (change != i + 1)
            s2vi_writer_add(writer, model[i].name, S2VI_STORED_F32,
                            model[i].rank, model[i].shape, zeros, NULL);
    if (change == 1)
        s2vi_writer_add(writer, "g.weight", S2VI_STORED_F16, 4, swapped, zeros,
                        NULL);
    if (change == 2)
        s2vi_writer_add_raw(writer, "g.bias", S2VI_STORED_I32, 1,
                            model[1].shape, zeros, NULL);
    for (int i = 0; change == 4 && i < 40; i++) {
        char name[64];
        snprintf(name, sizeof(name), "optimizer.%02d.exp_avg", i);
        s2vi_writer_add(writer, name, S2VI_STORED_BF16, 0, NULL, zeros, NULL);
    }
    if (s2vi_writer_commit(&writer, &err) < 0 ||
        s2v_weights_open(&w, scratch("model.bin"), &err) < 0)
        check(false, "a model file is written: %s", err.message);
    return w;
}

static void check_changed(int change, const char *const *ignore,
                          const char *name, const char *part)
{
    s2v_error err = {0};
    s2v_weights *w = write_model(change);
    int ret = s2vi_weights_check(w, model, 3, ignore, &err);
    if (part)
        check_error(name, ret, S2V_ERR_MODEL, &err, part);
    else
        check(ret == S2V_OK, "%s is accepted %s", name, err.message);
    s2v_weights_close(&w);
}

void test_check(void)
{
    static const char *const optimizer[] = {"optimizer.*", NULL};
    static const char *const moments[] = {"x*", "*.exp*avg", NULL};
    s2v_error err = {0};
    check_changed(0, NULL, "what a model expects", NULL);
    check_changed(1, NULL, "a swapped shape",
                  "model.bin: these are not the model's tensors: wrong "
                  "\"g.weight\" is [4, 8, 3, 3], expected [8, 4, 3, 3]");
    check_changed(2, NULL, "integers for floats",
                  "\"g.bias\" is of type I32, expected floats");
    check_changed(3, NULL, "a missing scalar", "missing \"scale\"");
    check_changed(4, NULL, "a surplus of tensors",
                  "unexpected \"optimizer.00.exp_avg\", \"optimizer.01.exp");
    check_changed(4, NULL, "what does not fit is counted", " more");
    check_changed(4, optimizer, "an ignored prefix", NULL);
    check_changed(4, moments, "an ignored suffix", NULL);

    s2v_weights *w = write_model(1);
    const s2vi_expect other[] = {{"a", 1, {1}}, {"g.weight", 1, {7}}};
    int ret = s2vi_weights_check(w, other, 2, NULL, &err);
    check_error("another model", ret, S2V_ERR_MODEL, &err,
                "missing \"a\"; unexpected \"g.bias\", \"scale\"; wrong "
                "\"g.weight\" is [4, 8, 3, 3], expected [7]");
    s2v_weights_close(&w);
}

/* ----------------------------------------------------------- look up -- */

static void check_found(const char *what, const char *name,
                        const char *expected)
{
    char *found = NULL;
    s2v_error err = {0};
    int ret = s2vi_weights_find_path(&found, name, &err);
    check(ret == S2V_OK && found && !strcmp(found, expected), "%s%s%s", what,
          err.code ? ": " : "", err.message);
    free(found);
}

static void check_special_files(void)
{
    s2v_weights *w = NULL;
    s2v_error err = {0};
    int ret = s2v_weights_open(&w, scratch("."), &err);
    check_error("a folder", ret, S2V_ERR_IO, &err, "this is a folder");
    if (!mkfifo(scratch("pipe"), 0600)) {
        ret = s2v_weights_open(&w, scratch("pipe"), &err);
        check_error("a pipe", ret, S2V_ERR_IO, &err, "a pipe or device");
    } else {
        skip("a pipe is refused", "no pipes here");
    }
    ret = s2v_weights_open(&w, scratch("none.bin"), &err);
    check_error("a missing file", ret, S2V_ERR_IO, &err,
                "none.bin: No such file or directory");
    ret = s2v_weights_open(&w, "", &err);
    check_error("an empty name", ret, S2V_ERR_INVALID, &err,
                "no weight file given");
    check(!w, "nothing is left open");
}

void test_paths(void)
{
    char list[3000], home[1024], bare[64], wanted[1400];
    char *found = NULL;
    s2v_error err = {0};
    snprintf(bare, sizeof(bare), "s2v-test-%ld.bin", (long)getpid());
    spill(scratch(bare), "x", 1);
    snprintf(wanted, sizeof(wanted), "%s", scratch(bare));
    snprintf(list, sizeof(list), "/no/such/folder::%s:/never", scratch("."));
    list[strlen(list) - strlen("/.:/never")] = '\0';
    strcat(list, ":/never");
    setenv("S2V_MODEL_PATH", list, 1);
    check_found("a bare name is found in S2V_MODEL_PATH", bare, wanted);
    check_found("a name with '/' stands as it is", "./x.bin", "./x.bin");
    int ret = s2vi_weights_find_path(&found, "s2v-none.bin", &err);
    check_error("a name that is nowhere", ret, S2V_ERR_IO, &err,
                "looked in: the current folder, /no/such/folder, ");
    check(strstr(err.message, ", /never"), "the last place is named too");
    check(!strstr(err.message, "did you mean"), "nothing is near it");
    bare[strlen(bare) - strlen(".bin")] = '\0';
    ret = s2vi_weights_find_path(&found, bare, &err);
    strcat(bare, ".bin");
    check_error("a name without its ending", ret, S2V_ERR_IO, &err,
                ": no such file (did you mean s2v-test-");
    check(strstr(err.message, ".bin?); looked in"), "the near name is whole");
    spill(scratch("s2v-near.txt"), "x", 1);
    ret = s2vi_weights_find_path(&found, "s2v-neer.txt", &err);
    check_error("a near name that is no weight file's", ret, S2V_ERR_IO, &err,
                "s2v-neer.txt: no such file; looked in");
    memset(list, 'x', sizeof(list) - 1);
    list[sizeof(list) - 1] = '\0';
    for (size_t i = 100; i < sizeof(list); i += 100)
        list[i] = ':';
    setenv("S2V_MODEL_PATH", list, 1);
    ret = s2vi_weights_find_path(&found, "s2v-none.bin", &err);
    check_error("a name that is in none of many places", ret, S2V_ERR_IO, &err,
                ", ... (S2V_MODEL_PATH");
    if (getcwd(home, sizeof(home)) && !chdir(scratch("."))) {
        check_found("a bare name is found as given", bare, bare);
        ret = chdir(home);
    }
    unsetenv("S2V_MODEL_PATH");
    remove(scratch(bare));
    check_special_files();
}
