/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A decoded picture becomes a square RGB one: turned upright, cropped, scaled.
 */
#include "media/media_scale.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/mathematics.h>
#include <libavutil/pixdesc.h>

#include "base/error.h"

/* One of the eight ways to show a stored picture. */
typedef struct orientation {
    bool transpose;      /* stored rows are shown as columns */
    bool flip_x, flip_y; /* then mirrored along the shown axes */
} orientation;

int s2vi_scaler_init(s2vi_scaler *s, s2v_error *err)
{
    s->part = av_frame_alloc();
    s->turned = malloc((size_t)s->size * s->size * 3);
    if (!s->part || !s->turned)
        return s2vi_error_nomem(err, "scaling pictures");
    return S2V_OK;
}

/*
 * A display matrix maps a stored point (p, q) to (a p + c q, b p + d q), with
 * a = m[0], b = m[1], c = m[3], d = m[4]. Angles between right angles are
 * taken as the nearest.
 */
static orientation get_orientation(const s2vi_scaler *s, const AVFrame *in)
{
    const AVFrameSideData *side =
        av_frame_get_side_data(in, AV_FRAME_DATA_DISPLAYMATRIX);
    const int32_t *m = side ? (const int32_t *)side->data : s->matrix;
    orientation o = {0};
    if (!m)
        return o;
    int64_t straight = llabs((long long)m[0]) + llabs((long long)m[4]);
    int64_t across = llabs((long long)m[1]) + llabs((long long)m[3]);
    o.transpose = across > straight;
    o.flip_x = (o.transpose ? m[3] : m[0]) < 0;
    o.flip_y = (o.transpose ? m[1] : m[4]) < 0;
    return o;
}

/* The largest centred rectangle that is square when shown. */
static s2vi_rect centre_square(int w, int h, AVRational aspect)
{
    s2vi_rect r = {0, 0, w, h};
    if (aspect.num <= 0 || aspect.den <= 0)
        aspect = (AVRational){1, 1};
    if ((int64_t)w * aspect.num > (int64_t)h * aspect.den)
        r.w = FFMAX(1, (int)av_rescale(h, aspect.den, aspect.num));
    else
        r.h = FFMAX(1, (int)av_rescale(w, aspect.num, aspect.den));
    r.x = (w - r.w) / 2;
    r.y = (h - r.h) / 2;
    return r;
}

/* The rectangle of the stored picture to scale, on whole chroma samples. */
static int stored_rect(s2vi_rect *out, const s2vi_scaler *s, const AVFrame *in,
                       orientation o, s2v_error *err)
{
    int w = o.transpose ? in->height : in->width;
    int h = o.transpose ? in->width : in->height;
    AVRational aspect = in->sample_aspect_ratio;
    if (o.transpose)
        aspect = av_inv_q(aspect);
    s2vi_rect r = s->crop.w  ? s->crop
                  : s->whole ? (s2vi_rect){0, 0, w, h}
                             : centre_square(w, h, aspect);
    if (r.x < 0 || r.y < 0 || r.w <= 0 || r.h <= 0 || r.w > w || r.h > h ||
        r.x > w - r.w || r.y > h - r.h)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "crop %d,%d,%d,%d does not fit '%s': expected a "
                          "rectangle inside its frame, found %dx%d pixels",
                          r.x, r.y, r.w, r.h, s->path, w, h);
    int x = o.flip_x ? w - r.x - r.w : r.x;
    int y = o.flip_y ? h - r.y - r.h : r.y;
    *out =
        o.transpose ? (s2vi_rect){y, x, r.h, r.w} : (s2vi_rect){x, y, r.w, r.h};
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(in->format);
    out->x &= -(1 << desc->log2_chroma_w);
    out->y &= -(1 << desc->log2_chroma_h);
    return S2V_OK;
}

/* Formats with several pixels in a byte cannot be cropped in place. */
static int unpack(s2vi_scaler *s, const AVFrame *in)
{
    s->unpack = sws_getCachedContext(
        s->unpack, in->width, in->height, in->format, in->width, in->height,
        AV_PIX_FMT_RGB24, SWS_POINT | SWS_BITEXACT, NULL, NULL, NULL);
    if (!s->unpack)
        return AVERROR(ENOMEM);
    s->part->format = AV_PIX_FMT_RGB24;
    s->part->width = in->width;
    s->part->height = in->height;
    int ret = av_frame_get_buffer(s->part, 0);
    if (ret < 0)
        return ret;
    ret = sws_scale(s->unpack, (const uint8_t *const *)in->data, in->linesize,
                    0, in->height, s->part->data, s->part->linesize);
    return ret < 0 ? ret : 0;
}

/* Point s->part at the rectangle of `in`. */
static int crop(s2vi_scaler *s, const AVFrame *in, s2vi_rect r)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(in->format);
    av_frame_unref(s->part);
    int ret = desc->flags & AV_PIX_FMT_FLAG_BITSTREAM
                  ? unpack(s, in)
                  : av_frame_ref(s->part, in);
    if (ret < 0)
        return ret;
    s->part->crop_left = r.x;
    s->part->crop_top = r.y;
    s->part->crop_right = in->width - r.x - r.w;
    s->part->crop_bottom = in->height - r.y - r.h;
    return av_frame_apply_cropping(s->part, AV_FRAME_CROP_UNALIGNED);
}

/* swscale takes all video for BT.601 unless it is told. */
static void set_colours(struct SwsContext *sws, const AVFrame *in)
{
    int *table, *out_table, range, out_range, brightness, contrast, saturation;
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(in->format);
    if ((desc->flags & AV_PIX_FMT_FLAG_RGB) || desc->nb_components < 3)
        return;
    if (sws_getColorspaceDetails(sws, &table, &range, &out_table, &out_range,
                                 &brightness, &contrast, &saturation) < 0)
        return;
    int space = in->colorspace;
    if (space == AVCOL_SPC_UNSPECIFIED && in->height >= 720)
        space = AVCOL_SPC_BT709; /* as players guess */
    if (in->color_range != AVCOL_RANGE_UNSPECIFIED)
        range = in->color_range == AVCOL_RANGE_JPEG;
    sws_setColorspaceDetails(sws, sws_getCoefficients(space), range, out_table,
                             out_range, brightness, contrast, saturation);
}

static int scale(s2vi_scaler *s, uint8_t *out)
{
    const AVFrame *p = s->part;
    /* Area averages, without ringing, but cannot enlarge smoothly. */
    bool shrink = p->width >= s->size && p->height >= s->size;
    int flags = (shrink ? SWS_AREA : SWS_BICUBIC) | SWS_ACCURATE_RND |
                SWS_BITEXACT | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
    s->sws = sws_getCachedContext(s->sws, p->width, p->height, p->format,
                                  s->size, s->size, AV_PIX_FMT_RGB24, flags,
                                  NULL, NULL, NULL);
    if (!s->sws)
        return AVERROR(EINVAL);
    set_colours(s->sws, p);
    uint8_t *planes[4] = {out};
    int strides[4] = {s->size * 3};
    int ret = sws_scale(s->sws, (const uint8_t *const *)p->data, p->linesize, 0,
                        p->height, planes, strides);
    return ret < 0 ? ret : 0;
}

static void turn(uint8_t *out, const uint8_t *in, int n, orientation o)
{
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++) {
            int u = o.flip_x ? n - 1 - x : x, v = o.flip_y ? n - 1 - y : y;
            size_t from = o.transpose ? (size_t)u * n + v : (size_t)v * n + u;
            memcpy(out + ((size_t)y * n + x) * 3, in + from * 3, 3);
        }
}

int s2vi_scaler_run(s2vi_scaler *s, const AVFrame *in, uint8_t *out,
                    s2v_error *err)
{
    orientation o = get_orientation(s, in);
    bool upright = !o.transpose && !o.flip_x && !o.flip_y;
    s2vi_rect rect = {0};
    int ret = stored_rect(&rect, s, in, o, err);
    if (ret < 0)
        return ret;
    ret = crop(s, in, rect);
    if (ret >= 0)
        ret = scale(s, upright ? out : s->turned);
    if (ret == AVERROR(ENOMEM))
        return s2vi_error_nomem(err, "scaling pictures");
    if (ret < 0)
        return s2vi_error(
            err, S2V_ERR_FORMAT,
            "a frame of '%s' cannot be scaled: %dx%d pixels of format %s: %s",
            s->path, in->width, in->height, av_get_pix_fmt_name(in->format),
            av_err2str(ret));
    if (!upright)
        turn(out, s->turned, s->size, o);
    return S2V_OK;
}

void s2vi_scaler_free(s2vi_scaler *s)
{
    sws_freeContext(s->sws);
    sws_freeContext(s->unpack);
    av_frame_free(&s->part);
    free(s->turned);
    *s = (s2vi_scaler){0};
}
