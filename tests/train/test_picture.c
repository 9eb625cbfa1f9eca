/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures: written, read back and compared; sheets; failures. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <sys/stat.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <libavcodec/avcodec.h>

#include "check.h"
#include "picture/picture.h"

static char *folder;

/* Decode a PNG with libavcodec; NULL on failure. */
static AVFrame *read_png(const char *path)
{
    char *data = NULL;
    gsize size = 0;
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    AVCodecContext *c =
        avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_PNG));
    bool good = g_file_get_contents(path, &data, &size, NULL) &&
                av_new_packet(packet, (int)size) >= 0;
    if (good) {
        memcpy(packet->data, data, size);
        good = avcodec_open2(c, NULL, NULL) >= 0 &&
               avcodec_send_packet(c, packet) >= 0 &&
               avcodec_send_packet(c, NULL) >= 0 &&
               avcodec_receive_frame(c, frame) >= 0;
    }
    if (!good)
        av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&c);
    g_free(data);
    return frame;
}

static int count_files(void)
{
    int n = 0;
    GDir *dir = g_dir_open(folder, 0, NULL);
    while (g_dir_read_name(dir))
        n++;
    g_dir_close(dir);
    return n;
}

static void check_round_trip(int width, int height, bool upside_down)
{
    const ptrdiff_t stride = width * 3 + 5;
    uint8_t *rgb = malloc((size_t)(stride * height));
    for (int i = 0; i < stride * height; i++)
        rgb[i] = (uint8_t)(i * 7919 >> 3);
    const uint8_t *top = upside_down ? rgb + stride * (height - 1) : rgb;
    const ptrdiff_t step = upside_down ? -stride : stride;
    char *path = g_build_filename(folder, "a.png", NULL);
    s2v_error err = {0};
    int ret = s2vi_picture_write_png(path, top, width, height, step, &err);
    CHECK(!ret, "%s", err.message);
    AVFrame *frame = read_png(path);
    CHECK(frame && frame->width == width && frame->height == height &&
              frame->format == AV_PIX_FMT_RGB24,
          "%s does not decode as %dx%d RGB", path, width, height);
    for (int y = 0; frame && y < height; y++)
        CHECK(!memcmp(frame->data[0] + y * frame->linesize[0], top + y * step,
                      (size_t)width * 3),
              "%dx%d: row %d differs", width, height, y);
    CHECK(count_files() == 1, "%d files", count_files());
    struct stat st = {0};
    mode_t mask = umask(0);
    umask(mask);
    CHECK(!stat(path, &st) && (st.st_mode & 0777) == (0666 & ~mask), "mode %o",
          st.st_mode & 0777);
    av_frame_free(&frame);
    g_free(path);
    free(rgb);
}

static void test_failures(void)
{
    const uint8_t pixel[3] = {1, 2, 3};
    s2v_error err = {0};
    char *nowhere = g_build_filename(folder, "no", "such", "a.png", NULL);
    int ret = s2vi_picture_write_png(nowhere, pixel, 1, 1, 3, &err);
    CHECK(ret == S2V_ERR_IO && strstr(err.message, nowhere), "%d %s", ret,
          err.message);
    g_free(nowhere);
    ret = s2vi_picture_write_png("x.png", pixel, 0, 1, 3, &err);
    CHECK(ret == S2V_ERR_INVALID, "%d", ret);
    /* A folder in the way: the rename fails, and nothing is left behind. */
    char *path = g_build_filename(folder, "d.png", NULL);
    g_mkdir(path, 0777);
    int before = count_files();
    ret = s2vi_picture_write_png(path, pixel, 1, 1, 3, &err);
    CHECK(ret == S2V_ERR_IO, "%d", ret);
    CHECK(count_files() == before, "%d files", count_files() - before);
    g_rmdir(path);
    g_free(path);
}

static void test_sheet(void)
{
    enum { SIZE = 4, FRAMES = 9, BYTES = SIZE * SIZE * 3 };
    static uint8_t real[FRAMES * BYTES];
    static float made[FRAMES * BYTES];
    for (int i = 0; i < FRAMES * BYTES; i++) {
        real[i] = (uint8_t)(i / BYTES * 10);
        made[i] = (float)real[i] / 127.5f - 1;
    }
    made[0] = NAN;
    made[1] = 7;
    const s2vi_preview_row rows[] = {{.bytes = real}, {.floats = made}};
    s2vi_picture sheet;
    s2v_error err = {0};
    int ret = s2vi_preview_sheet(&sheet, rows, 2, FRAMES, SIZE, 5, &err);
    CHECK(!ret && sheet.width == 5 * 6 - 2 && sheet.height == 2 * 6 - 2,
          "%dx%d %s", sheet.width, sheet.height, err.message);
    for (int row = 0; row < 2; row++)
        for (int c = 0; c < 5; c++) {
            const uint8_t *p =
                sheet.rgb + ((row * 6 + 3) * sheet.width + c * 6 + 3) * 3;
            CHECK(*p == c * 20, "row %d column %d: %d", row, c, *p);
        }
    const uint8_t *first = sheet.rgb + 6 * sheet.width * 3;
    CHECK(first[0] == 0 && first[1] == 255, "%d %d", first[0], first[1]);
    CHECK(sheet.rgb[4 * 3] == 32, "separator %d", sheet.rgb[4 * 3]);
    s2vi_picture_free(&sheet);
    ret = s2vi_preview_sheet(&sheet, rows, 2, 3, SIZE, 8, &err);
    CHECK(!ret && sheet.width == 3 * 6 - 2, "%d wide", sheet.width);
    s2vi_picture_free(&sheet);
    ret = s2vi_preview_sheet(&sheet, rows, 2, 0, SIZE, 8, &err);
    CHECK(ret == S2V_ERR_INVALID && !sheet.rgb, "%d", ret);
    s2vi_preview_row many[30]; /* two of each of nine scenes, and more */
    for (int i = 0; i < 30; i++)
        many[i] = rows[0];
    ret = s2vi_preview_sheet(&sheet, many, 30, FRAMES, SIZE, 2, &err);
    CHECK(!ret && sheet.height == 30 * 6 - 2, "%d high", sheet.height);
    s2vi_picture_free(&sheet);
}

static void test_columns(void)
{
    const int64_t expected[] = {0, 10, 20, 31};
    for (int c = 0; c < 4; c++)
        CHECK(s2vi_preview_frame(32, 4, c) == expected[c], "column %d: %lld", c,
              (long long)s2vi_preview_frame(32, 4, c));
    CHECK(s2vi_preview_frame(32, 1, 0) == 0, "one column");
}

int main(void)
{
    folder = g_dir_make_tmp("s2v-picture-XXXXXX", NULL);
    if (!folder)
        return EXIT_FAILURE;
    check_round_trip(1, 1, false);
    check_round_trip(67, 33, false);
    check_round_trip(40, 21, true);
    test_failures();
    test_sheet();
    test_columns();
    char *path = g_build_filename(folder, "a.png", NULL);
    g_remove(path);
    g_rmdir(folder);
    g_free(path);
    g_free(folder);
    return check_done();
}
