/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way of the sound: its place in time, the session, frame boundaries.
 *
 * The session takes sound in any pieces and gives the same frames, so none is
 * collected here for its sake. `recent` holds what it heard past the start of
 * the next frame, for a session that takes its place there.
 */
#include "gsts2vgen.h"

#include <string.h>

#define GST_CAT_DEFAULT gst_s2v_gen_debug

#define LONG_JUMP (10 * GST_SECOND) /* no silence is made for more */

/* ------------------------------------------------------------ session -- */

/* For applications: what is used from the next frame on. */
static void announce(GstS2VGen *self, const GstS2VModel *model)
{
    const s2v_model_info *info = &model->info;
    GstStructure *s = gst_structure_new(
        "s2vgen", "model", G_TYPE_STRING, model->path, "kind", G_TYPE_STRING,
        info->name, "device", G_TYPE_STRING, info->device, "width", G_TYPE_INT,
        info->width, "height", G_TYPE_INT, info->height, "framerate",
        GST_TYPE_FRACTION, info->fps_num, info->fps_den, "rate", G_TYPE_INT,
        info->sample_rate, "seed", G_TYPE_INT64, self->session_seed, "latency",
        GST_TYPE_CLOCK_TIME, model->latency, NULL);
    GST_INFO_OBJECT(self, "%" GST_PTR_FORMAT, s);
    gst_element_post_message(GST_ELEMENT(self),
                             gst_message_new_element(GST_OBJECT(self), s));
}

/* What a session is made with. */
typedef struct Wanted {
    gint64 seed;
    char *level;
    GHashTable *options;
} Wanted;

/* A session that has heard what is in `recent`, in place of the one there. */
static int replace_session(GstS2VGen *self, const GstS2VModel *model,
                           const Wanted *wanted, gboolean draining,
                           s2v_error *err)
{
    s2v_session_params params = {.size = sizeof(params),
                                 .level = wanted->level};
    s2v_session *session = NULL;
    params.seed = wanted->seed < 0 ? g_random_int() : (guint64)wanted->seed;
    *err = (s2v_error){0};
    int ret =
        gst_s2v_session_new(&session, model, &params, wanted->options, err);
    if (!ret)
        ret = s2v_session_send_audio(session, (float *)self->recent->data,
                                     self->recent->len, err);
    if (!ret && draining)
        ret = s2v_session_drain(session, err);
    if (ret < 0) {
        err->code = ret;
        s2v_session_close(&session);
        return ret;
    }
    s2v_session_close(&self->base.session);
    self->base.session = session;
    g_hash_table_unref(self->used);
    self->used = gst_s2v_options_copy(wanted->options);
    self->session_seed = (gint64)params.seed;
    self->tagged = FALSE;
    g_array_set_size(self->zeros, 0);
    g_array_set_size(self->zeros,
                     (guint)MAX(gst_s2v_model_samples(model, 1), 1));
    announce(self, model);
    return S2V_OK;
}

/* The time of the session's frame of that number. */
static GstClockTime time_of(const GstS2VGen *self, guint64 frame)
{
    const s2v_model_info *info = &self->base.current->info;
    return self->base.start +
           gst_util_uint64_scale(frame, GST_SECOND * (guint64)info->fps_den,
                                 (guint64)info->fps_num);
}

/* The session's own numbers start anew at the next frame. */
static void rebase(GstS2VGen *self)
{
    if (self->base.started)
        self->base.start = time_of(self, self->made);
    self->made = self->base.state_saves = 0;
    self->heard = self->recent->len;
}

/* The session has refused a value: the property has the one before again,
 * unless another one was set since. */
static void refuse_option(GstS2VGen *self, const char *name, const char *value)
{
    const char *used = g_hash_table_lookup(self->used, name);
    GST_OBJECT_LOCK(self);
    if (g_strcmp0(g_hash_table_lookup(self->options, name), value) == 0) {
        if (used)
            g_hash_table_insert(self->options, g_strdup(name), g_strdup(used));
        else
            g_hash_table_remove(self->options, name);
    }
    GST_OBJECT_UNLOCK(self);
}

/* Those that were unset are the model's defaults again. */
static void unset_options(GstS2VGen *self, GHashTable *options)
{
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, self->used);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        if (!gst_s2v_option_is_live(name) ||
            g_hash_table_contains(options, name))
            continue;
        s2v_session_set_option(
            self->base.session, name,
            gst_s2v_option_default(name, self->base.current->info.name), NULL);
        g_hash_table_iter_remove(&iter);
    }
}

/* Options of the session that goes on: those that have changed. */
static void change_options(GstS2VGen *self, GHashTable *options)
{
    GHashTableIter iter;
    gpointer name, value;
    s2v_error err = {0};
    unset_options(self, options);
    g_hash_table_iter_init(&iter, options);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        if (!gst_s2v_option_is_live(name) ||
            !g_strcmp0(g_hash_table_lookup(self->used, name), value))
            continue;
        if (!s2v_session_set_option(self->base.session, name, value, &err)) {
            g_hash_table_insert(self->used, g_strdup(name), g_strdup(value));
            continue;
        }
        gst_s2v_post_warning(GST_ELEMENT(self), &err);
        refuse_option(self, name, value);
    }
}

/* Properties with a controller get their values of the next frame. */
static void sync_options(GstS2VGen *self)
{
    if (!self->base.started ||
        !gst_object_has_active_control_bindings(GST_OBJECT(self)))
        return;
    GstClockTime time = gst_segment_to_stream_time(
        &self->base.segment, GST_FORMAT_TIME, time_of(self, self->made));
    if (GST_CLOCK_TIME_IS_VALID(time))
        gst_object_sync_values(GST_OBJECT(self), time);
}

/*
 * At a frame boundary: a session for the first frame, and another one where a
 * model, a seed or a level was set since. What cannot be used leaves the old
 * one there.
 */
static GstFlowReturn renew_session(GstS2VGen *self, gboolean draining)
{
    s2v_error err;
    Wanted wanted = {0};
    GST_OBJECT_LOCK(self);
    GstS2VModel *next = self->base.next;
    gboolean any = next || self->renew || !self->base.session;
    gboolean changed = self->changed;
    if (any)
        wanted = (Wanted){self->seed, g_strdup(self->level), NULL};
    if (any || changed)
        wanted.options = gst_s2v_options_copy(self->options);
    self->base.next = NULL;
    self->renew = self->changed = FALSE;
    GST_OBJECT_UNLOCK(self);
    if (!any) {
        if (changed)
            change_options(self, wanted.options);
        g_clear_pointer(&wanted.options, g_hash_table_unref);
        return GST_FLOW_OK;
    }
    int ret = next ? gst_s2v_gen_check_peer(self, next, &err) : S2V_OK;
    if (!ret)
        ret = replace_session(self, next ? next : self->base.current, &wanted,
                              draining, &err);
    g_free(wanted.level);
    g_hash_table_unref(wanted.options);
    if (ret < 0) {
        gst_s2v_base_refuse_model(&self->base, next);
        if (self->base.session) {
            gst_s2v_post_warning(GST_ELEMENT(self), &err);
            return GST_FLOW_OK;
        }
        gst_s2v_post_error(GST_ELEMENT(self), &err);
        return GST_FLOW_ERROR;
    }
    rebase(self);
    if (next)
        gst_s2v_base_use_model(&self->base, next);
    return GST_FLOW_OK;
}

void gst_s2v_gen_restart(GstS2VBase *base)
{
    GstS2VGen *self = GST_S2V_GEN(base);
    self->heard = self->made = 0;
    g_array_set_size(self->recent, 0);
}

/* ------------------------------------------------------------- frames -- */

/* The sound of a frame that was made is not needed any more. */
static void forget_frame(GstS2VGen *self)
{
    guint64 samples =
        gst_s2v_model_samples(self->base.current, self->made + 1) -
        gst_s2v_model_samples(self->base.current, self->made);
    g_array_remove_range(self->recent, 0,
                         (guint)MIN(samples, self->recent->len));
    self->made++;
}

/* Push all frames that the session can make. */
static GstFlowReturn make_frames(GstS2VGen *self, gboolean draining)
{
    for (;;) {
        s2v_video_frame picture = {.size = sizeof(picture)};
        s2v_error err = {0};
        sync_options(self);
        GstFlowReturn flow = renew_session(self, draining);
        if (flow != GST_FLOW_OK)
            return flow;
        int ret = s2v_session_receive_video(self->base.session, &picture, &err);
        if (ret == S2V_ERR_AGAIN || ret == S2V_ERR_EOF)
            return GST_FLOW_OK;
        if (ret < 0) {
            gst_s2v_post_error(GST_ELEMENT(self), &err);
            return GST_FLOW_ERROR;
        }
        GstClockTime time = time_of(self, self->made);
        GstClockTime end = time_of(self, self->made + 1);
        forget_frame(self);
        if (!draining)
            gst_s2v_base_save_state(&self->base, self->made, self->heard);
        flow = gst_s2v_gen_push(self, &picture, time, end);
        if (flow != GST_FLOW_OK)
            return flow;
    }
}

/* -------------------------------------------------------------- sound -- */

/* Send sound and push frames, a frame's worth at a time. */
static GstFlowReturn feed(GstS2VGen *self, const guint8 *samples, guint64 count)
{
    GstFlowReturn flow = GST_FLOW_OK;
    while (count > 0 && flow == GST_FLOW_OK) {
        guint n = (guint)MIN(count, self->zeros->len);
        guint before = self->recent->len;
        s2v_error err = {0};
        g_array_append_vals(self->recent, samples, n);
        /* from there, since a buffer's memory need not be aligned */
        if (s2v_session_send_audio(self->base.session,
                                   &g_array_index(self->recent, float, before),
                                   n, &err) < 0) {
            gst_s2v_post_error(GST_ELEMENT(self), &err);
            return GST_FLOW_ERROR;
        }
        self->heard += n;
        self->base.empty = FALSE;
        samples += n * sizeof(float);
        count -= n;
        flow = make_frames(self, FALSE);
    }
    return flow;
}

static GstFlowReturn feed_silence(GstS2VGen *self, guint64 count)
{
    GstFlowReturn flow = GST_FLOW_OK;
    while (count > 0 && flow == GST_FLOW_OK) {
        guint64 n = MIN(count, self->zeros->len);
        flow = feed(self, (guint8 *)self->zeros->data, n);
        count -= n;
    }
    return flow;
}

/* --------------------------------------------------------------- time -- */

/* Samples from the end of what was heard to `time`. */
static gint64 samples_until(const GstS2VGen *self, GstClockTime time)
{
    guint64 rate = (guint64)self->base.current->info.sample_rate;
    if (time < self->base.start)
        return -(gint64)gst_util_uint64_scale_round(self->base.start - time,
                                                    rate, GST_SECOND) -
               (gint64)self->heard;
    return (gint64)gst_util_uint64_scale_round(time - self->base.start, rate,
                                               GST_SECOND) -
           (gint64)self->heard;
}

/* What the session is to hear from the next frame's start on, should another
 * one take its place: silence, for what it has heard is not in the state. */
static void fill_recent(GstS2VGen *self)
{
    guint64 start = gst_s2v_model_samples(self->base.current, self->made);
    const float zero = 0;
    g_array_set_size(self->recent, 0);
    for (; start < self->heard; start++)
        g_array_append_val(self->recent, zero);
}

gboolean gst_s2v_gen_resume(GstS2VBase *base, guint64 made, guint64 heard)
{
    GstS2VGen *self = GST_S2V_GEN(base);
    if (gst_s2v_model_samples(base->current, made) > heard)
        return FALSE;
    self->made = made;
    self->heard = heard;
    fill_recent(self);
    return TRUE;
}

/* After a state was restored: what the session had is skipped, to the sample,
 * and silence takes the place of what is missing. */
static GstFlowReturn catch_up(GstS2VGen *self, GstClockTime time,
                              guint64 *overlap)
{
    const gint64 jump = samples_until(self, time);
    if (jump < 0) {
        *overlap = (guint64)-jump;
        return GST_FLOW_OK;
    }
    self->base.resuming = FALSE;
    return feed_silence(self, (guint64)jump);
}

/*
 * Make what was heard end where sound of that time begins: silence takes the
 * place of what is missing, and after a long jump a new stream begins.
 *
 * @param overlap receives how many samples were heard already
 */
static GstFlowReturn move_to(GstS2VGen *self, GstClockTime time,
                             guint64 *overlap)
{
    const gboolean first = !self->base.session;
    GstFlowReturn flow = first ? renew_session(self, FALSE) : GST_FLOW_OK;
    *overlap = 0;
    if (flow != GST_FLOW_OK)
        return flow;
    if (first && !gst_s2v_base_load_state(&self->base))
        return GST_FLOW_ERROR;
    if (self->base.resuming && GST_CLOCK_TIME_IS_VALID(time))
        return catch_up(self, time, overlap);
    if (self->base.started && !GST_CLOCK_TIME_IS_VALID(time))
        return GST_FLOW_OK;
    gint64 most = (gint64)gst_util_uint64_scale(
        LONG_JUMP, (guint64)self->base.current->info.sample_rate, GST_SECOND);
    gint64 jump = self->base.started ? samples_until(self, time) : 0;
    if (ABS(jump) > most) {
        GST_WARNING_OBJECT(
            self,
            "the time stamps of the audio jump by %" G_GINT64_FORMAT
            " samples: starting anew",
            jump);
        flow = gst_s2v_base_drain(&self->base);
    }
    if (!self->base.started) {
        self->base.start =
            GST_CLOCK_TIME_IS_VALID(time) ? time : self->base.segment.start;
        self->base.started = TRUE;
    } else if (jump > (gint64)self->zeros->len) {
        GST_INFO_OBJECT(self,
                        "%" G_GINT64_FORMAT
                        " samples of silence inserted at %" GST_TIME_FORMAT,
                        jump, GST_TIME_ARGS(time));
        flow = feed_silence(self, (guint64)jump);
    } else if (jump < -(gint64)self->zeros->len) {
        GST_WARNING_OBJECT(
            self,
            "the time stamps of the audio go back by %" G_GINT64_FORMAT
            " samples, which are dropped",
            -jump);
        *overlap = (guint64)-jump;
    }
    return flow;
}

gboolean gst_s2v_gen_continues(GstS2VBase *base, const GstSegment *segment)
{
    GstS2VGen *self = GST_S2V_GEN(base);
    GstClockTime next = time_of(self, self->made);
    GstClockTime before =
        gst_segment_to_running_time(&self->base.segment, GST_FORMAT_TIME, next);
    return segment->rate == self->base.segment.rate &&
           GST_CLOCK_TIME_IS_VALID(before) &&
           before ==
               gst_segment_to_running_time(segment, GST_FORMAT_TIME, next);
}

/* -------------------------------------------------------------- input -- */

GstFlowReturn gst_s2v_gen_take_sound(GstS2VBase *base, GstBuffer *buffer)
{
    GstS2VGen *self = GST_S2V_GEN(base);
    GstMapInfo map;
    guint64 skip;
    buffer = gst_audio_buffer_clip(buffer, &self->base.segment,
                                   self->base.current->info.sample_rate,
                                   sizeof(float));
    if (!buffer)
        return GST_FLOW_OK;
    GstFlowReturn flow = move_to(self, GST_BUFFER_PTS(buffer), &skip);
    if (flow == GST_FLOW_OK && !gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        GST_ELEMENT_ERROR(self, RESOURCE, READ,
                          ("Cannot read an audio buffer."), (NULL));
        flow = GST_FLOW_ERROR;
    } else if (flow == GST_FLOW_OK) {
        guint64 count = map.size / sizeof(float);
        skip = MIN(skip, count);
        flow = feed(self, map.data + skip * sizeof(float), count - skip);
        gst_buffer_unmap(buffer, &map);
    }
    gst_buffer_unref(buffer);
    return flow;
}

GstFlowReturn gst_s2v_gen_take_gap(GstS2VGen *self, GstClockTime time,
                                   GstClockTime duration)
{
    guint64 overlap;
    GstFlowReturn flow = move_to(self, time, &overlap);
    if (flow != GST_FLOW_OK || !GST_CLOCK_TIME_IS_VALID(duration))
        return flow;
    gint64 count = samples_until(self, time + duration);
    return count > 0 ? feed_silence(self, (guint64)count) : GST_FLOW_OK;
}

GstFlowReturn gst_s2v_gen_drain(GstS2VBase *base)
{
    GstS2VGen *self = GST_S2V_GEN(base);
    GstFlowReturn flow = GST_FLOW_OK;
    s2v_error err = {0};
    if (self->base.session && self->heard > 0) {
        s2v_session_drain(self->base.session, &err);
        flow = make_frames(self, TRUE);
    }
    return flow;
}
