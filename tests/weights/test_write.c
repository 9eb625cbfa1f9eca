/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files as they are written: round trips, refusals, all or nothing. */
#define _XOPEN_SOURCE 700
#include "harness.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const float some[] = {1.0f, -2.5f, 0.0f, 65504.0f, 0x1p-14f, -0.375f};

/* -------------------------------------------------------- round trip -- */

static int write_every_kind(const char *path, s2v_error *err)
{
    static const uint64_t u64[] = {0, UINT64_MAX, 0x0123456789ABCDEF};
    static const int64_t i64[] = {INT64_MIN, -1, INT64_MAX};
    static const int32_t i32[] = {INT32_MIN, -1, 7};
    static const uint16_t u16[] = {0, 0xFFFF, 0x1234};
    static const uint8_t u8[] = {0, 255, 7};
    static const double f64[] = {1.0 / 3, -1e30, 0};
    static const int64_t three[] = {3}, two_by_three[] = {2, 3};
    static const int64_t none[] = {4, 0, 5};
    static const int64_t eight[] = {1, 2, 1, 1, 3, 1, 1, 1};
    s2vi_writer *w = NULL;
    int ret = s2vi_writer_create(&w, path, err);
    if (ret < 0)
        return ret;
    s2vi_writer_set_metadata(w, "s2v.model", "replaced", NULL);
    s2vi_writer_set_metadata(w, "s2v.model", "t\u00e9st \"quoted\"\n", NULL);
    s2vi_writer_add(w, "z.f32", S2VI_STORED_F32, 2, two_by_three, some, NULL);
    s2vi_writer_add(w, "f16", S2VI_STORED_F16, 2, two_by_three, some, NULL);
    s2vi_writer_add(w, "bf16", S2VI_STORED_BF16, 1, three, some, NULL);
    s2vi_writer_add_raw(w, "u8", S2VI_STORED_U8, 1, three, u8, NULL);
    s2vi_writer_add_raw(w, "bool", S2VI_STORED_BOOL, 0, NULL, u8, NULL);
    s2vi_writer_add_raw(w, "u16", S2VI_STORED_U16, 1, three, u16, NULL);
    s2vi_writer_add_raw(w, "i32", S2VI_STORED_I32, 1, three, i32, NULL);
    s2vi_writer_add_raw(w, "u64", S2VI_STORED_U64, 1, three, u64, NULL);
    s2vi_writer_add_raw(w, "i64", S2VI_STORED_I64, 1, three, i64, NULL);
    s2vi_writer_add_raw(w, "f64", S2VI_STORED_F64, 1, three, f64, NULL);
    s2vi_writer_add(w, "none", S2VI_STORED_F32, 3, none, some, NULL);
    s2vi_writer_add(w, "scalar", S2VI_STORED_F32, 0, NULL, some + 1, NULL);
    s2vi_writer_add(w, "eight", S2VI_STORED_F16, 8, eight, some, NULL);
    return s2vi_writer_commit(&w, err);
}

static void check_values(const s2v_weights *w, const char *name, int rank,
                         size_t n, const float *expected)
{
    float values[8];
    s2v_error err = {0};
    const s2vi_tensor *t = s2vi_weights_find(w, name);
    check(t && t->rank == rank && t->count == n &&
              s2vi_weights_read_f32(w, t, values, &err) == S2V_OK &&
              !memcmp(values, expected, n * sizeof(*values)),
          "\"%s\" is read as it was written", name);
}

static void check_order(const s2v_weights *w)
{
    static const char *const order[] = {"z.f32", "f16", "bf16", "u8", "bool"};
    bool right = s2v_weights_count(w) == 13;
    for (size_t i = 0; right && i < 5; i++) {
        s2v_tensor_info info = {.size = sizeof(info)};
        right = s2v_weights_get_tensor(w, i, &info) == S2V_OK &&
                !strcmp(info.name, order[i]);
    }
    check(right, "tensors come in the order added");
    check(s2vi_weights_at(w, 0)->offset % 64 == 0, "tensor data is aligned");
    check(!s2vi_weights_find(w, "absent") && !s2vi_weights_find(w, ""),
          "a tensor that is not there is not found");
}

static void check_info(const s2v_weights *w, const char *path)
{
    uint64_t size;
    struct stat st;
    s2v_tensor_info info = {.size = sizeof(info)}, half;
    check(!strcmp(s2v_weights_get_path(w, &size), path) && !stat(path, &st) &&
              (uint64_t)st.st_size == size,
          "path and size are told");
    check(!strcmp(s2v_weights_get_metadata(w, "s2v.model"),
                  "t\u00e9st \"quoted\"\n") &&
              strlen(s2v_weights_get_metadata(w, "s2v.sha256")) == 64 &&
              !s2v_weights_get_metadata(w, "s2v.none"),
          "metadata is read as it was written");
    check(!strcmp(s2v_weights_get_metadata_key(w, 0), "s2v.model") &&
              !strcmp(s2v_weights_get_metadata_key(w, 1), "s2v.sha256") &&
              !s2v_weights_get_metadata_key(w, 2),
          "metadata keys are listed in order");
    check(s2v_weights_get_tensor(w, 0, &info) == S2V_OK && info.rank == 2 &&
              info.shape[0] == 2 && info.shape[1] == 3 &&
              !strcmp(info.dtype, "F32") && info.byte_size == 24,
          "a tensor's properties are told");
    check(s2v_weights_get_tensor(w, 99, &info) == S2V_ERR_INVALID,
          "a tensor past the last is refused");
    memset(&half, 0x5A, sizeof(half));
    half.size = offsetof(s2v_tensor_info, rank);
    check(s2v_weights_get_tensor(w, 0, &half) == S2V_OK &&
              half.rank == 0x5A5A5A5A && !strcmp(half.dtype, "F32"),
          "an older caller's smaller struct is not overrun");
}

void test_round_trip(void)
{
    static const float bf16[] = {1, -2.5f, 0},
                       u64[] = {0, 0x1p64f, 0x1.234568p56f},
                       i64[] = {-0x1p63f, -1, 0x1p63f}, one[] = {0};
    s2v_error err = {0};
    s2v_weights *w = NULL;
    size_t size[2] = {0, 1};
    int ret = write_every_kind(scratch("a.bin"), &err);
    if (!check(ret == S2V_OK, "a file of every kind is written %s",
               err.message))
        return;
    ret = s2v_weights_open(&w, scratch("a.bin"), &err);
    if (!check(ret == S2V_OK && s2v_weights_verify(w, &err) == S2V_OK,
               "it opens and verifies %s", err.message))
        return;
    check_values(w, "z.f32", 2, 6, some);
    check_values(w, "f16", 2, 6, some);
    check_values(w, "bf16", 1, 3, bf16);
    check_values(w, "u8", 1, 3, (const float[]){0, 255, 7});
    check_values(w, "bool", 0, 1, one);
    check_values(w, "u16", 1, 3, (const float[]){0, 65535, 0x1234});
    check_values(w, "i32", 1, 3, (const float[]){-0x1p31f, -1, 7});
    check_values(w, "u64", 1, 3, u64);
    check_values(w, "i64", 1, 3, i64);
    check_values(w, "f64", 1, 3, (const float[]){1.0f / 3, -1e30f, 0});
    check_values(w, "none", 3, 0, one);
    check_values(w, "scalar", 0, 1, some + 1);
    check_values(w, "eight", 8, 6, some);
    check_order(w);
    check_info(w, scratch("a.bin"));
    s2v_weights_close(&w);
    check(!w, "closing sets the pointer to NULL");
    s2v_weights_close(&w);
    write_every_kind(scratch("b.bin"), &err);
    uint8_t *a = slurp(scratch("a.bin"), &size[0]);
    uint8_t *b = slurp(scratch("b.bin"), &size[1]);
    check(a && b && size[0] == size[1] && !memcmp(a, b, size[0]),
          "the same tensors make the same bytes");
    if (b)
        b[size[1] - 1] ^= 1;
    ret = s2vi_weights_open_memory(&w, b, size[1], "flipped.bin", &err);
    if (check(ret == S2V_OK, "a flipped bit is not looked for at opening"))
        check_error("a flipped bit", s2v_weights_verify(w, &err),
                    S2V_ERR_FORMAT, &err, "flipped.bin: the file is damaged");
    s2v_weights_close(&w);
    free(a);
    free(b);
    remove(scratch("a.bin"));
    remove(scratch("b.bin"));
}

/* --------------------------------------------------------- arguments -- */

/* Add one tensor; then the commit must fail with the same sentence. */
static void check_refused(const char *what, const char *name, s2vi_stored type,
                          int rank, const int64_t *shape, const float *src,
                          const char *part)
{
    s2v_error err = {0}, later = {0};
    s2vi_writer *w = NULL;
    int64_t one = 1;
    s2vi_writer_create(&w, scratch("refused.bin"), &err);
    s2vi_writer_add(w, "there", S2VI_STORED_F32, 1, &one, some, &err);
    int ret = s2vi_writer_add(w, name, type, rank, shape, src, &err);
    check_error(what, ret, S2V_ERR_INVALID, &err, part);
    ret = s2vi_writer_commit(&w, &later);
    check(ret == S2V_ERR_INVALID && !strcmp(err.message, later.message) &&
              access(scratch("refused.bin"), F_OK),
          "%s: the commit says so again and writes nothing", what);
}

void test_writer_arguments(void)
{
    static const float nan_at_1[] = {0, NAN, 0}, big[] = {1, 2, 65520.0f},
                       huge[] = {3.4e38f, 0, 0}, inf[] = {-INFINITY, 0, 0};
    static const int64_t three[] = {3}, negative[] = {-1};
    static const int64_t vast[] = {INT64_MAX, INT64_MAX, 3};
    s2vi_writer *w = NULL;
    s2v_error err = {0};
    check_refused("a name twice", "there", S2VI_STORED_F32, 1, three, some,
                  "tensor \"there\" is added twice");
    check_refused("a reserved name", "__metadata__", S2VI_STORED_F32, 1, three,
                  some, "cannot be a tensor's name");
    check_refused("a name that is not UTF-8", "\xff", S2VI_STORED_F32, 1, three,
                  some, "\"?\" cannot be a tensor's name");
    check_refused("floats as integers", "w", S2VI_STORED_U8, 1, three, some,
                  "floats cannot be stored as U8");
    check_refused("nine dimensions", "w", S2VI_STORED_F32, 9, three, some,
                  "more than 8 dimensions");
    check_refused("a negative dimension", "w", S2VI_STORED_F32, 1, negative,
                  some, "a negative one");
    check_refused("a vast tensor", "w", S2VI_STORED_F32, 3, vast, some,
                  "too many elements");
    check_refused("NaN", "w", S2VI_STORED_F32, 1, three, nan_at_1,
                  "tensor \"w\" holds nan at index 1 of 3");
    check_refused("an infinity", "w", S2VI_STORED_BF16, 1, three, inf,
                  "holds -inf at index 0 of 3");
    check_refused("a number past F16", "w", S2VI_STORED_F16, 1, three, big,
                  "holds 65520 at index 2 of 3, expected numbers that are "
                  "finite as F16");
    check_refused("a number past BF16", "w", S2VI_STORED_BF16, 1, three, huge,
                  "holds 3.4e+38 at index 0 of 3");
    s2vi_writer_create(&w, scratch("refused.bin"), &err);
    int ret = s2vi_writer_set_metadata(w, "s2v.sha256", "0", &err);
    check_error("a given checksum", ret, S2V_ERR_INVALID, &err, "computed");
    s2vi_writer_abort(&w);
    check(!w && access(scratch("refused.bin"), F_OK),
          "aborting writes nothing and sets the pointer to NULL");
    s2vi_writer_abort(&w);
}

/* ---------------------------------------------------- all or nothing -- */

static int write_large(const char *path, s2v_error *err)
{
    static const int64_t shape[] = {64, 1024};
    float *values = calloc(64 * 1024, sizeof(*values));
    s2vi_writer *w = NULL;
    int ret = s2vi_writer_create(&w, path, err);
    if (ret >= 0) {
        s2vi_writer_add(w, "large", S2VI_STORED_F32, 2, shape, values, err);
        ret = s2vi_writer_commit(&w, err);
    }
    free(values);
    return ret;
}

static void check_survives(const char *why)
{
    size_t size = 0;
    uint8_t *data = slurp(scratch("old.bin"), &size);
    check(data && size == 8 && !memcmp(data, "previous", 8),
          "%s: the previous file is whole", why);
    check(count_scratch_files() == 1, "%s: no other file is left", why);
    free(data);
}

/* A disk that fills up, as far as write() can tell. */
static void test_full_disk(void)
{
    struct rlimit before, small;
    s2v_error err = {0};
    if (getrlimit(RLIMIT_FSIZE, &before)) {
        skip("a full disk is refused", "no RLIMIT_FSIZE here");
        return;
    }
    fflush(stdout);
    small = before;
    small.rlim_cur = 5000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    int ret = write_large(scratch("old.bin"), &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    check_error("a file past the limit", ret, S2V_ERR_IO, &err,
                "old.bin: writing failed: File too large");
    check_survives("past the limit");
}

static void test_crash(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        s2vi_writer *w = NULL;
        int64_t one = 1;
        s2vi_writer_create(&w, scratch("old.bin"), NULL);
        s2vi_writer_add(w, "w", S2VI_STORED_F32, 1, &one, some, NULL);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    check(child > 0 && waitpid(child, &status, 0) == child &&
              WIFSIGNALED(status),
          "a writer is killed before its commit");
    char name[64];
    snprintf(name, sizeof(name), ".s2v-%ld-0.tmp", (long)child);
    check(!remove(scratch(name)), "a crash leaves a file named .s2v-*.tmp");
    check_survives("a crash");
}

static void test_unwritable(void)
{
    s2v_error err = {0};
    int ret = write_large(scratch("no/such.bin"), &err);
    check_error("a folder that is not there", ret, S2V_ERR_IO, &err,
                "such.bin: No such file or directory");
    ret = write_large(scratch("old.bin/x.bin"), &err);
    check_error("a file for a folder", ret, S2V_ERR_IO, &err,
                "Not a directory");
    ret = write_large(scratch("."), &err);
    check_error("a folder for a file", ret, S2V_ERR_IO, &err,
                "it is a folder, expected a file");
    ret = write_large("/dev/null", &err);
    check_error("a device", ret, S2V_ERR_IO, &err,
                "cannot write /dev/null: it is a pipe or device");
    /* root may write anywhere, so be nobody for a moment */
    if (!geteuid() && seteuid(65534)) {
        skip("a read-only folder is refused", "runs as root");
        return;
    }
    if (geteuid() == getuid())
        chmod(scratch("."), 0555);
    ret = write_large(scratch("old.bin"), &err);
    if (geteuid() != getuid() && seteuid(getuid()))
        abort();
    chmod(scratch("."), 0700);
    check_error("a read-only folder", ret, S2V_ERR_IO, &err,
                "old.bin: Permission denied");
    check_survives("an unwritable place");
}

static void test_link_and_mode(void)
{
    s2v_error err = {0};
    struct stat st;
    s2v_weights *w = NULL;
    chmod(scratch("old.bin"), 0640);
    if (symlink("old.bin", scratch("link.bin"))) {
        skip("a link stays a link", "no links here");
        return;
    }
    int ret = write_large(scratch("link.bin"), &err);
    check(ret == S2V_OK && !lstat(scratch("link.bin"), &st) &&
              S_ISLNK(st.st_mode),
          "a link stays a link %s", err.message);
    check(!stat(scratch("old.bin"), &st) && (st.st_mode & 0777) == 0640,
          "the file behind it keeps its permissions");
    check(s2v_weights_open(&w, scratch("old.bin"), &err) == S2V_OK,
          "the file behind it is replaced %s", err.message);
    check(count_scratch_files() == 2, "no other file is left");
    /* what is open stays as it was when the name is written anew */
    ret = write_every_kind(scratch("old.bin"), &err);
    check(ret == S2V_OK && s2v_weights_count(w) == 1 &&
              s2v_weights_verify(w, &err) == S2V_OK,
          "an open file outlives its replacement");
    s2v_weights_close(&w);
    remove(scratch("link.bin"));
}

static void test_long_name(void)
{
    char name[256];
    s2v_error err = {0};
    memset(name, 'n', 255);
    name[255] = '\0';
    int ret = write_large(scratch(name), &err);
    check(ret == S2V_OK, "the longest name is written %s", err.message);
    remove(scratch(name));
}

void test_all_or_nothing(void)
{
    remove_scratch();
    make_scratch();
    spill(scratch("old.bin"), "previous", 8);
    test_unwritable();
    test_full_disk();
    test_crash();
    test_link_and_mode();
    test_long_name();
}
