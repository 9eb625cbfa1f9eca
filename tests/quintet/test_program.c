/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_program S2V-QUINTET: equal options give equal bytes, another seed other
 * pictures and another sound. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "media/media.h"
#include "media/media_stream.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <sys/wait.h>

static char *program;
static char *folder;

static void render(const char *arguments, const char *name)
{
    char *line = g_strdup_printf("%s -s 32 -d 2 %s -o %s/%s", program,
                                 arguments, folder, name);
    char *err = NULL;
    int status = -1;
    g_spawn_command_line_sync(line, NULL, &err, &status, NULL);
    CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "%s: %s", line, err);
    g_free(err);
    g_free(line);
}

/* SHA-256 of a file's bytes; the file is removed. */
static char *take(const char *name)
{
    char *path = g_build_filename(folder, name, NULL), *bytes = NULL;
    gsize n = 0;
    CHECK(g_file_get_contents(path, &bytes, &n, NULL) && n > 1000,
          "%s: %zu bytes", name, (size_t)n);
    char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)bytes,
                                            bytes ? n : 0);
    g_remove(path);
    g_free(bytes);
    g_free(path);
    return sum;
}

static void same_seed_same_bytes(void)
{
    static const char *const names[] = {"a.mkv", "a.mp4", "a.wav"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *sum[3];
        for (int k = 0; k < 3; k++) {
            render(k == 2 ? "" : "--seed 1", names[i]); /* 1 is the default */
            sum[k] = take(names[i]);
        }
        CHECK(!strcmp(sum[0], sum[1]), "%s: seed 1 twice", names[i]);
        CHECK(!strcmp(sum[0], sum[2]), "%s: seed 1 and none", names[i]);
        for (int k = 0; k < 3; k++)
            g_free(sum[k]);
    }
}

/* A checksum of the decoded pictures alone. */
static uint32_t pictures(const char *name)
{
    s2vi_media_stream m = {0};
    s2v_error err = {0};
    char *path = g_build_filename(folder, name, NULL);
    uint32_t sum = 0;
    int frames = 0;
    int ret = s2vi_media_stream_open(&m, path, AVMEDIA_TYPE_VIDEO, &err);
    for (; !ret && !(ret = s2vi_media_stream_next(&m, &err)); frames++) {
        CHECK(m.frame->format == AV_PIX_FMT_0RGB32, "not four bytes a pixel");
        for (int y = 0; y < m.frame->height; y++)
            for (int x = 0; x < 4 * m.frame->width; x++)
                sum = sum * 31 + m.frame->data[0][y * m.frame->linesize[0] + x];
    }
    CHECK(ret == S2V_ERR_EOF && frames == 40, "%s: %d frames, %s", name, frames,
          err.message);
    s2vi_media_stream_close(&m);
    g_free(path);
    return sum;
}

/* Pictures follow from the score alone, whose seed so counts. */
static void another_seed(void)
{
    static const char *const options[] = {"--seed 1", "--seed 2",
                                          "--seed 1 --song"};
    uint32_t seen[3];
    char *heard[3];
    for (int i = 0; i < 3; i++) {
        render(options[i], "a.mkv");
        seen[i] = pictures("a.mkv");
        g_free(take("a.mkv"));
        render(options[i], "a.wav");
        heard[i] = take("a.wav");
    }
    for (int i = 0; i < 3; i++) {
        const int k = (i + 1) % 3;
        CHECK(seen[i] != seen[k], "%s, %s: the same pictures", options[i],
              options[k]);
        CHECK(strcmp(heard[i], heard[k]), "%s, %s: the same sound", options[i],
              options[k]);
    }
    for (int i = 0; i < 3; i++)
        g_free(heard[i]);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    program = g_canonicalize_filename(argv[1], NULL);
    folder = g_dir_make_tmp("s2v-quintet-XXXXXX", NULL);
    same_seed_same_bytes();
    another_seed();
    CHECK(!g_rmdir(folder), "%s: not empty", folder);
    g_free(folder);
    g_free(program);
    return check_done();
}
