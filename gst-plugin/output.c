/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way out: caps, tags, buffers, and lateness. */
#include "gsts2vgen.h"

#include <string.h>

#define GST_CAT_DEFAULT gst_s2v_gen_debug

/* -------------------------------------------------------- negotiation -- */

void gst_s2v_gen_video_info(const GstS2VModel *model, GstVideoInfo *info)
{
    gst_video_info_init(info);
    gst_video_info_set_format(info, GST_VIDEO_FORMAT_RGB,
                              (guint)model->info.width,
                              (guint)model->info.height);
    GST_VIDEO_INFO_FPS_N(info) = model->info.fps_num;
    GST_VIDEO_INFO_FPS_D(info) = model->info.fps_den;
}

/* Whether downstream answers that it takes such frames; consumes nothing. */
static gboolean peer_takes(GstS2VGen *self, GstCaps *caps)
{
    GstCaps *taken = gst_pad_peer_query_caps(self->base.srcpad, caps);
    gboolean takes = !gst_caps_is_empty(taken);
    gst_caps_unref(taken);
    return takes;
}

int gst_s2v_gen_check_peer(GstS2VGen *self, const GstS2VModel *model,
                           s2v_error *err)
{
    GstVideoInfo info;
    gst_s2v_gen_video_info(model, &info);
    if (gst_video_info_is_equal(&info, &self->vinfo))
        return S2V_OK;
    GstCaps *caps = gst_video_info_to_caps(&info);
    gboolean takes = peer_takes(self, caps);
    gst_caps_unref(caps);
    if (takes)
        return S2V_OK;
    err->code = S2V_ERR_MODEL;
    g_snprintf(err->message, sizeof(err->message),
               "%s: generates frames of %dx%d at %d/%d frames/s, which the "
               "next element does not accept",
               model->path, info.width, info.height, info.fps_n, info.fps_d);
    return S2V_ERR_MODEL;
}

/* Told once: upstream tries again. */
static void post_refused(GstS2VGen *self)
{
    const GstVideoInfo *v = &self->vinfo;
    if (self->base.refused)
        return;
    self->base.refused = TRUE;
    GST_ELEMENT_ERROR(self, CORE, NEGOTIATION,
                      ("The model generates RGB frames of %dx%d at %d/%d "
                       "frames/s, which the next element does not accept: put "
                       "videoconvert ! videoscale ! videorate between.",
                       v->width, v->height, v->fps_n, v->fps_d),
                      (NULL));
}

static GstFlowReturn set_caps(GstS2VGen *self)
{
    GstCaps *caps = gst_video_info_to_caps(&self->vinfo);
    gboolean ok =
        peer_takes(self, caps) &&
        gst_pad_push_event(self->base.srcpad, gst_event_new_caps(caps));
    gst_caps_unref(caps);
    if (!ok && GST_PAD_IS_FLUSHING(self->base.srcpad))
        return GST_FLOW_FLUSHING;
    if (!ok)
        post_refused(self);
    return ok ? GST_FLOW_OK : GST_FLOW_NOT_NEGOTIATED;
}

/* Consumes `pool`; FALSE if it cannot serve frames of this size. */
static gboolean try_pool(GstS2VGen *self, GstBufferPool *pool, GstQuery *query,
                         GstCaps *caps, guint size, guint min, guint max)
{
    GstStructure *config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_set_params(config, caps, size, min, max);
    if (gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL))
        gst_buffer_pool_config_add_option(config,
                                          GST_BUFFER_POOL_OPTION_VIDEO_META);
    if (gst_buffer_pool_set_config(pool, config) &&
        gst_buffer_pool_set_active(pool, TRUE)) {
        self->pool = pool;
        return TRUE;
    }
    gst_object_unref(pool);
    return FALSE;
}

/* The pool that downstream proposes, or our own. */
static gboolean set_pool(GstS2VGen *self)
{
    GstCaps *caps = gst_pad_get_current_caps(self->base.srcpad);
    GstQuery *query = gst_query_new_allocation(caps, TRUE);
    GstBufferPool *pool = NULL;
    guint need = (guint)self->vinfo.size, size = need, min = 0, max = 0;
    gst_pad_peer_query(self->base.srcpad, query);
    if (gst_query_get_n_allocation_pools(query) > 0)
        gst_query_parse_nth_allocation_pool(query, 0, &pool, &size, &min, &max);
    gst_s2v_gen_release_pool(self);
    gboolean ok =
        pool && try_pool(self, pool, query, caps, MAX(size, need), min, max);
    if (!ok)
        ok = try_pool(self, gst_video_buffer_pool_new(), query, caps, need, min,
                      0);
    gst_query_unref(query);
    gst_caps_unref(caps);
    return ok;
}

void gst_s2v_gen_release_pool(GstS2VGen *self)
{
    if (self->pool)
        gst_buffer_pool_set_active(self->pool, FALSE);
    g_clear_pointer(&self->pool, gst_object_unref);
}

/* What made the pictures, so that they can be made again. */
static void push_tags(GstS2VGen *self)
{
    char *program = g_strdup_printf("s2v %s", s2v_version());
    char *file = g_path_get_basename(self->base.current->path);
    char *model = g_strdup_printf("s2v-model=%s", file);
    char *seed =
        g_strdup_printf("s2v-seed=%" G_GINT64_FORMAT, self->session_seed);
    GstTagList *tags = gst_tag_list_new(GST_TAG_APPLICATION_NAME, program,
                                        GST_TAG_EXTENDED_COMMENT, model,
                                        GST_TAG_EXTENDED_COMMENT, seed, NULL);
    gst_pad_push_event(self->base.srcpad, gst_event_new_tag(tags));
    g_free(program);
    g_free(file);
    g_free(model);
    g_free(seed);
}

GstFlowReturn gst_s2v_gen_negotiate(GstS2VGen *self)
{
    GstVideoInfo wanted;
    gboolean again = gst_pad_check_reconfigure(self->base.srcpad);
    GstFlowReturn ret = GST_FLOW_OK;
    gst_s2v_gen_video_info(self->base.current, &wanted);
    if (again || !self->pool ||
        !gst_video_info_is_equal(&wanted, &self->vinfo)) {
        self->vinfo = wanted;
        ret = set_caps(self);
        if (!ret && !set_pool(self)) {
            GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS,
                              ("Cannot set up the buffers for frames."),
                              (NULL));
            ret = GST_FLOW_ERROR;
        }
    }
    if (ret != GST_FLOW_OK)
        gst_pad_mark_reconfigure(self->base.srcpad);
    else
        self->base.refused = FALSE;
    return ret;
}

/* ----------------------------------------------------------- lateness -- */

void gst_s2v_gen_reset_qos(GstS2VGen *self)
{
    GST_OBJECT_LOCK(self);
    self->proportion = 1.0;
    self->earliest = GST_CLOCK_TIME_NONE;
    GST_OBJECT_UNLOCK(self);
    self->dropped_in_row = 0;
}

static void post_dropped(GstS2VGen *self, GstClockTime time,
                         GstClockTime running, GstClockTime duration,
                         GstClockTimeDiff jitter, gdouble proportion)
{
    GstClockTime stream_time =
        gst_segment_to_stream_time(&self->base.segment, GST_FORMAT_TIME, time);
    GstMessage *message = gst_message_new_qos(GST_OBJECT(self), FALSE, running,
                                              stream_time, time, duration);
    gst_message_set_qos_values(message, jitter, proportion, 1000000);
    gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, self->processed,
                              self->dropped);
    gst_element_post_message(GST_ELEMENT(self), message);
}

/*
 * Whether downstream would throw this frame away. It was made all the same,
 * since the next one's state follows from it. One a second always passes, or
 * a machine that is too slow would show nothing at all.
 */
static gboolean is_late(GstS2VGen *self, GstClockTime time,
                        GstClockTime duration)
{
    GstClockTime running =
        gst_segment_to_running_time(&self->base.segment, GST_FORMAT_TIME, time);
    GST_OBJECT_LOCK(self);
    gboolean qos = self->qos;
    GstClockTime earliest = self->earliest;
    gdouble proportion = self->proportion;
    GST_OBJECT_UNLOCK(self);
    if (!qos || !GST_CLOCK_TIME_IS_VALID(earliest) ||
        !GST_CLOCK_TIME_IS_VALID(running) || running > earliest ||
        self->dropped_in_row * GST_VIDEO_INFO_FPS_D(&self->vinfo) >=
            GST_VIDEO_INFO_FPS_N(&self->vinfo)) {
        self->dropped_in_row = 0;
        return FALSE;
    }
    self->dropped++;
    self->dropped_in_row++;
    GST_DEBUG_OBJECT(self,
                     "late: %" GST_TIME_FORMAT " is before %" GST_TIME_FORMAT,
                     GST_TIME_ARGS(running), GST_TIME_ARGS(earliest));
    post_dropped(self, time, running, duration,
                 GST_CLOCK_DIFF(running, earliest), proportion);
    return TRUE;
}

/* ------------------------------------------------------------ buffers -- */

static gboolean fill(GstS2VGen *self, GstBuffer *buffer,
                     const s2v_video_frame *picture)
{
    GstVideoFrame frame;
    if (!gst_video_frame_map(&frame, &self->vinfo, buffer, GST_MAP_WRITE))
        return FALSE;
    guint8 *row = GST_VIDEO_FRAME_PLANE_DATA(&frame, 0);
    for (int y = 0; y < picture->height; y++) {
        memcpy(row, picture->data + y * picture->stride,
               3 * (gsize)picture->width);
        row += GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
    }
    gst_video_frame_unmap(&frame);
    return TRUE;
}

GstFlowReturn gst_s2v_gen_push(GstS2VGen *self, const s2v_video_frame *picture,
                               GstClockTime time, GstClockTime end)
{
    GstBuffer *buffer = NULL;
    GstFlowReturn ret = gst_s2v_gen_negotiate(self);
    if (ret != GST_FLOW_OK)
        return ret;
    if (!self->tagged)
        push_tags(self);
    self->tagged = TRUE;
    guint64 number = self->frame++;
    self->processed++;
    if (is_late(self, time, end - time)) {
        self->base.discont = TRUE;
        return GST_FLOW_OK;
    }
    ret = gst_buffer_pool_acquire_buffer(self->pool, &buffer, NULL);
    if (ret != GST_FLOW_OK)
        return ret;
    if (!fill(self, buffer, picture)) {
        gst_buffer_unref(buffer);
        GST_ELEMENT_ERROR(self, RESOURCE, WRITE,
                          ("Cannot write to a frame's buffer."), (NULL));
        return GST_FLOW_ERROR;
    }
    GST_BUFFER_PTS(buffer) = time;
    GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
    GST_BUFFER_DURATION(buffer) = end - time;
    GST_BUFFER_OFFSET(buffer) = number;
    GST_BUFFER_OFFSET_END(buffer) = number + 1;
    if (self->base.discont)
        GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    self->base.discont = FALSE;
    return gst_pad_push(self->base.srcpad, buffer);
}
