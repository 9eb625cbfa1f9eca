/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images: a picture of any format, or a film's first frame, upright. */
#include "decode.h"

#include <gst/video/video.h>
#include <string.h>

static GstS2VImage *copy(GstVideoFrame *frame)
{
    GstS2VImage *image = g_new0(GstS2VImage, 1);
    const guint8 *from = GST_VIDEO_FRAME_PLANE_DATA(frame, 0);
    const gint stride = GST_VIDEO_FRAME_PLANE_STRIDE(frame, 0);
    g_atomic_ref_count_init(&image->refs);
    image->width = GST_VIDEO_FRAME_WIDTH(frame);
    image->height = GST_VIDEO_FRAME_HEIGHT(frame);
    const gsize row = (gsize)image->width * 3;
    image->rgb = g_malloc(row * (gsize)image->height);
    for (gint y = 0; y < image->height; y++)
        memcpy(image->rgb + (gsize)y * row, from + (gssize)y * stride, row);
    return image;
}

static gboolean take(gpointer data, GstBuffer *buffer, GstCaps *caps)
{
    GstS2VImage **image = data;
    GstVideoInfo info;
    GstVideoFrame frame;
    if (!gst_video_info_from_caps(&info, caps) ||
        !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ))
        return TRUE;
    *image = copy(&frame);
    gst_video_frame_unmap(&frame);
    return FALSE;
}

GstS2VImage *gst_s2v_image_read(const char *file, s2v_error *err)
{
    static const char *const elements[] = {"videoconvert", NULL};
    static const char *const upright[] = {"videoflip", "videoconvert", NULL};
    GstS2VImage *image = NULL;
    const GstS2VDecoding decoding = {.file = file,
                                     .what = "image",
                                     .medium = "video",
                                     .elements = elements,
                                     .optional = upright,
                                     .caps = "video/x-raw, format=RGB",
                                     .take = take,
                                     .data = &image};
    if (gst_s2v_decode(&decoding, err) < 0)
        g_clear_pointer(&image, gst_s2v_image_unref);
    else if (!image) {
        err->code = S2V_ERR_IO;
        g_snprintf(err->message, sizeof(err->message),
                   "The image '%s' cannot be read: it has no frame", file);
    }
    if (image)
        image->name = g_strdup(file);
    return image;
}

GstS2VImage *gst_s2v_image_ref(GstS2VImage *image)
{
    if (image)
        g_atomic_ref_count_inc(&image->refs);
    return image;
}

void gst_s2v_image_unref(GstS2VImage *image)
{
    if (!image || !g_atomic_ref_count_dec(&image->refs))
        return;
    g_free(image->rgb);
    g_free(image->name);
    g_free(image);
}
