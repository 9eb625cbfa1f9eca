/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preview pictures: PNG files, and the sheet of real over generated frames. */
#define _POSIX_C_SOURCE 200809L

#include "picture/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <libavcodec/avcodec.h>

#include "base/error.h"
#include "video/pixel.h"

#define GAP      2  /* pixels between frames of a sheet */
#define GAP_GREY 32 /* their brightness */

/* Copy the rows into a frame of the encoder's own. */
static AVFrame *make_frame(const uint8_t *rgb, int width, int height,
                           ptrdiff_t stride)
{
    AVFrame *frame = av_frame_alloc();
    if (!frame)
        return NULL;
    frame->format = AV_PIX_FMT_RGB24;
    frame->width = width;
    frame->height = height;
    if (av_frame_get_buffer(frame, 0) < 0) {
        av_frame_free(&frame);
        return NULL;
    }
    for (int y = 0; y < height; y++)
        memcpy(frame->data[0] + (ptrdiff_t)y * frame->linesize[0],
               rgb + y * stride, (size_t)width * 3);
    return frame;
}

/* Encode into `packet`; an AVERROR on failure. */
static int encode_png(AVPacket *packet, const AVFrame *frame)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
    if (!codec)
        return AVERROR_ENCODER_NOT_FOUND;
    AVCodecContext *encoder = avcodec_alloc_context3(codec);
    if (!encoder)
        return AVERROR(ENOMEM);
    encoder->width = frame->width;
    encoder->height = frame->height;
    encoder->pix_fmt = frame->format;
    encoder->time_base = (AVRational){1, 1};
    encoder->thread_count = 1;
    int ret = avcodec_open2(encoder, codec, NULL);
    if (ret >= 0)
        ret = avcodec_send_frame(encoder, frame);
    if (ret >= 0)
        ret = avcodec_send_frame(encoder, NULL);
    if (ret >= 0)
        ret = avcodec_receive_packet(encoder, packet);
    avcodec_free_context(&encoder);
    return ret;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Write beside the file, then rename: readers see the old or the new one. */
static int write_file(const char *path, const uint8_t *data, size_t size,
                      s2v_error *err)
{
    int ret = S2V_OK, error = 0;
    char *temporary = g_strconcat(path, ".XXXXXX", NULL);
    int fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0) {
        error = errno;
        goto fail;
    }
    if (write_all(fd, data, size) < 0)
        error = errno;
    if (close(fd) < 0 && !error)
        error = errno;
    if (!error && rename(temporary, path) < 0)
        error = errno;
    if (error)
        unlink(temporary);
fail:
    g_free(temporary);
    if (error)
        ret = s2vi_error(err, S2V_ERR_IO, "image '%s' cannot be written: %s",
                         path, g_strerror(error));
    return ret;
}

int s2vi_picture_write_png(const char *path, const uint8_t *rgb, int width,
                           int height, ptrdiff_t stride, s2v_error *err)
{
    if (width < 1 || height < 1 || width > 32767 || height > 32767)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "image '%s' cannot be written: expected sides of 1 "
                          "to 32767 pixels, found %dx%d",
                          path, width, height);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = make_frame(rgb, width, height, stride);
    int ret = packet && frame ? encode_png(packet, frame) : AVERROR(ENOMEM);
    if (ret >= 0)
        ret = write_file(path, packet->data, (size_t)packet->size, err);
    else if (ret == AVERROR(ENOMEM))
        ret = s2vi_error_nomem(err, "a picture");
    else
        ret = s2vi_error(err, S2V_ERR_DEVICE,
                         "image '%s' cannot be written: expected FFmpeg's PNG "
                         "encoder, found: %s",
                         path, av_err2str(ret));
    av_frame_free(&frame);
    av_packet_free(&packet);
    return ret;
}

int64_t s2vi_preview_frame(int64_t frames, int columns, int column)
{
    return columns > 1 ? (frames - 1) * column / (columns - 1) : 0;
}

/* Copy one frame to (x, y) of the sheet. */
static void place(s2vi_picture *sheet, int x, int y,
                  const s2vi_preview_row *row, int64_t frame, int size)
{
    const size_t line = (size_t)size * 3;
    const size_t start = (size_t)frame * size * line;
    for (int i = 0; i < size; i++) {
        uint8_t *to = sheet->rgb + ((size_t)(y + i) * sheet->width + x) * 3;
        const size_t from = start + i * line;
        if (row->bytes)
            memcpy(to, row->bytes + from, line);
        for (size_t j = 0; !row->bytes && j < line; j++)
            to[j] = s2vi_pixel_byte(row->floats[from + j]);
    }
}

int s2vi_preview_sheet(s2vi_picture *sheet, const s2vi_preview_row *rows,
                       int n_rows, int64_t frames, int size, int columns,
                       s2v_error *err)
{
    *sheet = (s2vi_picture){0};
    if (frames < 1 || size < 1 || size > 4096 || n_rows < 1 ||
        n_rows > S2VI_PREVIEW_ROWS || columns < 1)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "no preview of %d rows of %lld frames of %d pixels",
                          n_rows, (long long)frames, size);
    columns = (int)MIN(MIN(columns, frames), 32767 / (size + GAP));
    sheet->width = columns * (size + GAP) - GAP;
    sheet->height = n_rows * (size + GAP) - GAP;
    size_t bytes = (size_t)sheet->width * sheet->height * 3;
    sheet->rgb = malloc(bytes);
    if (!sheet->rgb)
        return s2vi_error_nomem(err, "a preview");
    memset(sheet->rgb, GAP_GREY, bytes);
    for (int r = 0; r < n_rows; r++)
        for (int c = 0; c < columns; c++)
            place(sheet, c * (size + GAP), r * (size + GAP), &rows[r],
                  s2vi_preview_frame(frames, columns, c), size);
    return S2V_OK;
}

void s2vi_picture_free(s2vi_picture *picture)
{
    free(picture->rgb);
    *picture = (s2vi_picture){0};
}
