/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_program S2V-TALKERS: the program itself: what it writes, read back, and
 * what it says to mistakes. */
#define _POSIX_C_SOURCE 200809L

#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <libavutil/log.h>
#include <sys/wait.h>

#include "check.h"
#include "media/media.h"
#include "weights/weights.h"

static char *program;
static char *folder;

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* Runs the program in the folder; the exit status. The texts may be NULL. */
static int run(const char *arguments, char **out, char **err)
{
    char *line = g_strdup_printf("%s %s", program, arguments);
    char **argv = NULL, *said[2] = {NULL, NULL};
    int status = -1;

    g_shell_parse_argv(line, NULL, &argv, NULL);
    g_spawn_sync(folder, argv, NULL, 0, NULL, NULL, &said[0], &said[1], &status,
                 NULL);
    if (out)
        *out = said[0];
    else
        g_free(said[0]);
    if (err)
        *err = said[1];
    else
        g_free(said[1]);
    g_strfreev(argv);
    g_free(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
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

/* -------------------------------------------------------------- the clip -- */

static void check_film(const char *name)
{
    const s2vi_clip_params params = {.size = 48};
    s2vi_clip *clip = NULL;
    s2v_error err = {0};
    char *path = in_folder(name);

    CHECK(!s2vi_clip_load(&clip, path, &params, &err), "%s", err.message);
    if (clip) /* at 20 frames a second */
        CHECK(clip->frames == 48, "%lld frames", (long long)clip->frames);
    s2vi_clip_close(&clip);
    g_free(path);
}

static void check_tensor(const s2v_weights *w, const char *name,
                         s2vi_stored type, int rank, const int64_t *shape)
{
    const s2vi_tensor *t = s2vi_weights_find(w, name);

    CHECK(t && t->type == type && t->rank == rank, "%s", name);
    for (int i = 0; t && i < rank; i++)
        CHECK(shape[i] < 0 || t->shape[i] == shape[i], "%s: shape[%d] %lld",
              name, i, (long long)t->shape[i]);
}

static void check_numbers(const char *name)
{
    s2v_weights *w = NULL;
    s2v_error err = {0};
    char *path = in_folder(name);

    CHECK(!s2v_weights_open(&w, path, &err), "%s", err.message);
    g_free(path);
    if (!w)
        return;
    CHECK(!s2v_weights_verify(w, &err), "%s", err.message);
    check_tensor(w, "landmarks", S2VI_STORED_F32, 3, (int64_t[]){60, 68, 2});
    check_tensor(w, "irises", S2VI_STORED_F32, 3, (int64_t[]){60, 2, 2});
    check_tensor(w, "visible", S2VI_STORED_U8, 2, (int64_t[]){60, 70});
    check_tensor(w, "q", S2VI_STORED_F32, 2, (int64_t[]){60, 4});
    check_tensor(w, "face", S2VI_STORED_F32, 2, (int64_t[]){60, 12});
    check_tensor(w, "mesh", S2VI_STORED_F32, 3, (int64_t[]){60, -1, 2});
    check_tensor(w, "triangles", S2VI_STORED_I32, 2, (int64_t[]){-1, 3});
    check_tensor(w, "flow_portrait", S2VI_STORED_F16, 4,
                 (int64_t[]){60, 64, 64, 2});
    check_tensor(w, "flow_previous", S2VI_STORED_F16, 4,
                 (int64_t[]){60, 64, 64, 2});
    const s2vi_tensor *t = s2vi_weights_find(w, "landmarks");
    float *p = g_new(float, t->count);
    CHECK(!s2vi_weights_read_f32(w, t, p, &err), "%s", err.message);
    for (size_t i = 0; i < t->count; i++)
        CHECK(p[i] > 0 && p[i] < 48, "landmark at %g", (double)p[i]);
    g_free(p);
    s2v_weights_close(&w);
}

static json_t *check_words(const char *name, int identity, bool held_out)
{
    char *path = in_folder(name);
    json_t *root = json_load_file(path, 0, NULL);
    json_t *segments = json_object_get(root, "segments"), *one;
    double at = 0;
    size_t i;

    CHECK(json_integer_value(json_object_get(root, "identity")) == identity,
          "identity");
    CHECK(json_is_true(json_object_get(root, "held_out")) == held_out,
          "held_out");
    CHECK(json_integer_value(json_object_get(root, "frames")) == 60, "frames");
    json_array_foreach(segments, i, one)
    {
        CHECK(json_real_value(json_array_get(one, 1)) == at, "segment %zu", i);
        at = json_real_value(json_array_get(one, 2));
    }
    CHECK(json_array_size(segments) > 3, "%d says nothing", identity);
    CHECK(at > 2.39 && at < 2.41, "segments end at %g", at);
    g_free(path);
    return root;
}

static void test_clips(void)
{
    char *said = NULL;
    int status = run("-i 3-4 -s 48 -d 2.4 -o a", NULL, NULL);

    CHECK(status == 0, "status %d", status);
    status = run("--identities=4 -s 48 -d 2.4 -o b", &said, NULL);
    CHECK(status == 0 && said && g_str_has_prefix(said, "0004: 2.40 s, cmu_us"),
          "%d %s", status, said);
    g_free(said);
    CHECK(equal("a/0004.mkv", "b/0004.mkv"), "the film differs");
    CHECK(equal("a/0004.safetensors", "b/0004.safetensors"), "numbers differ");
    CHECK(equal("a/0004.json", "b/0004.json"), "words differ");
    check_film("a/0003.mkv");
    check_numbers("a/0003.safetensors");
    json_decref(check_words("a/0003.json", 3, false));
}

/* Another seed, and held-out speech, are other clips; the face of the latter
 * is the same. */
static void test_others(void)
{
    CHECK(run("-i 4 -s 48 -d 2.4 --seed 2 -o c", NULL, NULL) == 0, "c");
    CHECK(run("-i 4 -s 48 -d 2.4 --held-out -o d", NULL, NULL) == 0, "d");
    CHECK(!equal("a/0004.mkv", "c/0004.mkv"), "seeds give the same");
    json_t *a = check_words("a/0004.json", 4, false);
    json_t *d = check_words("d/0004.json", 4, true);
    CHECK(!json_equal(json_object_get(a, "voice"), json_object_get(d, "voice")),
          "the held-out voice is the other");
    json_decref(a);
    json_decref(d);
    CHECK(run("-i 4 -s 48 -d 2.4 --format wav -o e", NULL, NULL) == 0, "e");
    CHECK(equal("a/0004.safetensors", "e/0004.safetensors"), "truth of .wav");
    char *path = in_folder("e/0004.wav");
    CHECK(g_file_test(path, G_FILE_TEST_EXISTS), "no .wav");
    g_free(path);
}

static void test_sheets(void)
{
    gsize n;

    CHECK(run("-s 32 --sheet sheet.png --visemes mouths.png", NULL, NULL) == 0,
          "sheets");
    char *sheet = read_file("sheet.png", &n);
    CHECK(sheet && n > 24 && !memcmp(sheet + 16, "\0\0\1\0\0\0\1\0", 8),
          "not 256 x 256");
    g_free(sheet);
    g_free(read_file("mouths.png", &n));
    CHECK(n > 1000, "%zu bytes", n);
}

static void test_mistakes(void)
{
    static const struct {
        const char *arguments;
        int status;
        const char *says;
    } cases[] = {
        {"", 2, "no output given; use -o, --sheet or --visemes"},
        {"-o x word", 2, "unexpected argument \"word\""},
        {"-o x -s 33", 2, "--size: expected an even number, found 33"},
        {"-o x -s 16", 2,
         "--size: expected a whole number from 32 to 1024, found '16'"},
        {"-o x -d 0.5", 2, "--seconds: expected a number from 1 to 600"},
        {"-o x -i 0-3", 2,
         "--identities: expected N or A-B, from 1 to 999999, A <= B, found "
         "'0-3'"},
        {"-o x -i 5-3", 2, "found '5-3'"},
        {"-o x -i 5-", 2, "found '5-'"},
        {"-o x -i 1-2-3", 2, "found '1-2-3'"},
        {"-o x -i two", 2, "found 'two'"},
        {"-o x --format avi", 2,
         "--format: expected mkv, mp4 or wav, found 'avi'"},
        {"-o x --seed -1", 2, "--seed"},
        {"--sheet x.jpg", 2,
         "--sheet: expected a file name that ends in .png, found 'x.jpg'"},
        {"--visemes x.jpg", 2, "found 'x.jpg'"},
        {"-o a/0003.mkv", 1, "a/0003.mkv"},
        {"-s 32 --sheet no/sheet.png", 1,
         "no/sheet.png: cannot write the sheet"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *said = NULL;
        const int status = run(cases[i].arguments, NULL, &said);
        CHECK(status == cases[i].status && said &&
                  strstr(said, cases[i].says) &&
                  g_str_has_prefix(said, "s2v-talkers: "),
              "%s: %d %s", cases[i].arguments, status, said);
        g_free(said);
    }
    CHECK(run("--help", NULL, NULL) == 0, "help");
    CHECK(run("--version", NULL, NULL) == 0, "version");
}

static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        char *inner = g_build_filename(path, name, NULL);
        if (g_file_test(inner, G_FILE_TEST_IS_DIR))
            remove_tree(inner);
        g_remove(inner);
        g_free(inner);
    }
    if (dir)
        g_dir_close(dir);
    g_rmdir(path);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    program = g_canonicalize_filename(argv[1], NULL);
    av_log_set_level(AV_LOG_QUIET);
    folder = g_dir_make_tmp("s2v-talkers-XXXXXX", NULL);
    test_clips();
    test_others();
    test_sheets();
    test_mistakes();
    remove_tree(folder);
    g_free(folder);
    g_free(program);
    return check_done();
}
