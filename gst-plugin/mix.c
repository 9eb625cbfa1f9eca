/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * v2sfoley: the generated sound, added to the film's own, which comes through
 * the request pad "mix". The film's sound keeps its rate and channels; the
 * generated one is resampled to that rate, and waits for it: both sinks need a
 * thread of their own, as of a queue. Of the film's sound, as much is held as
 * the element's latency and HELD_MOST; more waits, unless the generated one
 * waits for it.
 */
#include "gstv2sfoley.h"

#include <math.h>
#include <string.h>

/* Nanoseconds that a container may round the times of what goes on. */
#define JITTER (20 * GST_MSECOND)

/* How far the sound may be ahead of the pictures, as in a container. */
#define HELD_MOST (10 * GST_SECOND)

/* A buffer of the film's own sound. */
typedef struct piece {
    GstBuffer *buffer;
    GstClockTime time, end;
    guint64 frames;
} piece;

struct GstV2SFoleyMix {
    GstPad *pad;
    GMutex lock; /* of all but `made` and `resampler`; after no other */
    GCond changed;
    GstAudioInfo info; /* of the film's sound, once it has caps */
    GstSegment segment;
    GQueue pieces;
    guint64 held;      /* frames in them */
    GstClockTime end;  /* of the last piece; NONE: there was none */
    GstClockTime from; /* sound before it is not needed; NONE: not known */
    gboolean ended;    /* no more will come */
    gboolean flushing; /* what comes is dropped */
    gboolean stopped;  /* nobody waits */
    gboolean waiting;  /* the generated sound does */
    gboolean over;     /* the pictures have ended: no more is needed */

    /* the streaming thread's */
    GstAudioResampler *resampler;
    GArray *made; /* generated samples that wait, at the film's rate */
    guint64 next; /* number of the first of them since the start */
};

static gpointer free_piece(piece *p)
{
    if (p)
        gst_buffer_unref(p->buffer);
    g_free(p);
    return NULL;
}

/* With the lock: drop what ends by that time. */
static void drop_before(GstV2SFoleyMix *m, GstClockTime time)
{
    for (GList *l = m->pieces.head, *next; l; l = next) {
        piece *p = l->data;
        next = l->next;
        if (p->end > time)
            continue;
        m->held -= p->frames;
        free_piece(p);
        g_queue_delete_link(&m->pieces, l);
    }
}

/* With the lock. */
static void drop_pieces(GstV2SFoleyMix *m)
{
    drop_before(m, GST_CLOCK_TIME_NONE);
    m->end = GST_CLOCK_TIME_NONE;
    m->ended = FALSE;
}

/* ----------------------------------------------------- the film's sound -- */

static GstV2SFoleyMix *mix_of(GstObject *parent)
{
    return GST_V2S_FOLEY(parent)->own;
}

static GstClockTime most_held(GstV2SFoley *self)
{
    GST_OBJECT_LOCK(self);
    const GstClockTime latency =
        self->base.current ? GST_S2V_BASE_GET_CLASS(self)->latency(&self->base)
                           : 0;
    GST_OBJECT_UNLOCK(self);
    return latency + HELD_MOST;
}

/* With the lock: wait until less than that is held. */
static GstFlowReturn wait_for_room(GstV2SFoleyMix *m, GstClockTime most)
{
    while (!m->stopped && !m->flushing && !m->over && !m->waiting && m->held &&
           gst_util_uint64_scale(m->held, GST_SECOND,
                                 (guint64)GST_AUDIO_INFO_RATE(&m->info)) >=
               most)
        g_cond_wait(&m->changed, &m->lock);
    if (m->stopped || m->flushing)
        return GST_FLOW_FLUSHING;
    if (m->over)
        return GST_FLOW_EOS;
    return GST_AUDIO_INFO_IS_VALID(&m->info) ? GST_FLOW_OK
                                             : GST_FLOW_NOT_NEGOTIATED;
}

/* With the lock: hold a buffer, which this consumes. */
static void hold(GstV2SFoleyMix *m, GstBuffer *buffer)
{
    piece *p = g_new0(piece, 1);
    p->buffer = buffer;
    p->frames =
        gst_buffer_get_size(buffer) / (gsize)GST_AUDIO_INFO_BPF(&m->info);
    p->time = GST_BUFFER_PTS(buffer);
    if (!GST_CLOCK_TIME_IS_VALID(p->time) ||
        (GST_CLOCK_TIME_IS_VALID(m->end) &&
         ABS(GST_CLOCK_DIFF(m->end, p->time)) <= JITTER))
        p->time = GST_CLOCK_TIME_IS_VALID(m->end) ? m->end : m->segment.start;
    p->end =
        p->time + gst_util_uint64_scale(p->frames, GST_SECOND,
                                        (guint64)GST_AUDIO_INFO_RATE(&m->info));
    m->end = p->end;
    m->held += p->frames;
    g_queue_push_tail(&m->pieces, p);
    if (GST_CLOCK_TIME_IS_VALID(m->from))
        drop_before(m, m->from);
}

static GstFlowReturn take_sound(GstPad *pad, GstObject *parent,
                                GstBuffer *buffer)
{
    GstV2SFoleyMix *m = mix_of(parent);
    const GstClockTime most = most_held(GST_V2S_FOLEY(parent));
    (void)pad;
    g_mutex_lock(&m->lock);
    const GstFlowReturn flow = wait_for_room(m, most);
    if (flow == GST_FLOW_OK)
        hold(m, buffer);
    g_cond_broadcast(&m->changed);
    g_mutex_unlock(&m->lock);
    if (flow != GST_FLOW_OK)
        gst_buffer_unref(buffer);
    return flow;
}

static gboolean take_caps(GstV2SFoleyMix *m, GstEvent *event)
{
    GstCaps *caps;
    GstAudioInfo info;
    gst_event_parse_caps(event, &caps);
    if (!gst_audio_info_from_caps(&info, caps))
        return FALSE;
    /* The output has these caps already. */
    if (GST_AUDIO_INFO_IS_VALID(&m->info) &&
        !gst_audio_info_is_equal(&m->info, &info))
        return FALSE;
    m->info = info;
    return TRUE;
}

/* None of it concerns the output. */
static gboolean take_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    GstV2SFoleyMix *m = mix_of(parent);
    gboolean ok = TRUE;
    (void)pad;
    g_mutex_lock(&m->lock);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: ok = take_caps(m, event); break;
    case GST_EVENT_SEGMENT: gst_event_copy_segment(event, &m->segment); break;
    case GST_EVENT_FLUSH_START: m->flushing = TRUE; break;
    case GST_EVENT_STREAM_START:
    case GST_EVENT_FLUSH_STOP:
        drop_pieces(m);
        m->flushing = FALSE;
        break;
    case GST_EVENT_EOS: m->ended = TRUE; break;
    default: break;
    }
    g_cond_broadcast(&m->changed);
    g_mutex_unlock(&m->lock);
    gst_event_unref(event);
    return ok;
}

/* -------------------------------------------------------------- mixing -- */

static GstClockTime time_of(const GstV2SFoley *self, guint64 sample)
{
    return self->base.start +
           gst_util_uint64_scale(
               sample, GST_SECOND,
               (guint64)GST_AUDIO_INFO_RATE(&self->own->info));
}

/* With the lock: wait for the film's sound up to a time, or its end; of NONE,
 * for its caps alone. FALSE: it is not to be waited for. */
static gboolean wait_for(GstV2SFoleyMix *m, GstClockTime time)
{
    const gboolean sound = GST_CLOCK_TIME_IS_VALID(time);
    m->waiting = TRUE;
    g_cond_broadcast(&m->changed);
    while (!m->stopped && !m->ended &&
           (!GST_AUDIO_INFO_IS_VALID(&m->info) ||
            (sound && (!GST_CLOCK_TIME_IS_VALID(m->end) || m->end < time))))
        g_cond_wait(&m->changed, &m->lock);
    m->waiting = FALSE;
    return !m->stopped;
}

/* Add what of a piece lies in [first, first + n) of the output. */
static void add_piece(const GstV2SFoley *self, const piece *p, guint64 first,
                      gsize n, gfloat scale, gfloat *to)
{
    const GstAudioInfo *info = &self->own->info;
    const gint channels = GST_AUDIO_INFO_CHANNELS(info);
    const GstClockTimeDiff late = GST_CLOCK_DIFF(self->base.start, p->time);
    const gint64 at = (gint64)floor(
        (gdouble)late * GST_AUDIO_INFO_RATE(info) / GST_SECOND + 0.5);
    GstMapInfo map;
    if (!gst_buffer_map(p->buffer, &map, GST_MAP_READ))
        return;
    const gfloat *from = (const gfloat *)map.data;
    const gint64 begin = MAX(at, (gint64)first);
    const gint64 end = MIN(at + (gint64)p->frames, (gint64)(first + n));
    for (gint64 k = begin * channels; k < end * channels; k++)
        to[k - (gint64)first * channels] += scale * from[k - at * channels];
    gst_buffer_unmap(p->buffer, &map);
}

/* Whether the generated sound is heard in a channel: of mono and stereo in
 * all, otherwise in the centre, or in front. */
static gboolean is_heard(const GstAudioInfo *info, gint channel)
{
    const gint channels = GST_AUDIO_INFO_CHANNELS(info);
    for (gint c = 0; channels > 2 && c < channels; c++)
        if (GST_AUDIO_INFO_POSITION(info, c) ==
            GST_AUDIO_CHANNEL_POSITION_FRONT_CENTER)
            return c == channel;
    return channels < 3 || channel < 2;
}

/* With the lock. */
static void add_all(GstV2SFoley *self, gfloat *to, gsize n, gfloat scale)
{
    GstV2SFoleyMix *m = self->own;
    const gint channels = GST_AUDIO_INFO_CHANNELS(&m->info);
    for (gsize i = 0; i < n; i++)
        for (gint c = 0; c < channels; c++)
            to[i * (gsize)channels + (gsize)c] =
                is_heard(&m->info, c) ? g_array_index(m->made, gfloat, i) : 0;
    for (GList *l = m->pieces.head; l; l = l->next)
        add_piece(self, l->data, m->next, n, scale, to);
    m->from = time_of(self, m->next + n);
    drop_before(m, m->from);
    g_cond_broadcast(&m->changed);
}

static GstFlowReturn push_mixed(GstV2SFoley *self, gfloat scale)
{
    GstV2SFoleyMix *m = self->own;
    const gsize n = m->made->len;
    const gsize size = n * (gsize)GST_AUDIO_INFO_BPF(&m->info);
    GstMapInfo map;
    if (!n)
        return GST_FLOW_OK;
    GstBuffer *out = gst_buffer_new_allocate(NULL, size, NULL);
    gst_buffer_map(out, &map, GST_MAP_WRITE);
    g_mutex_lock(&m->lock);
    const gboolean ok = wait_for(m, time_of(self, m->next + n));
    if (ok)
        add_all(self, (gfloat *)map.data, n, scale);
    g_mutex_unlock(&m->lock);
    gst_buffer_unmap(out, &map);
    if (!ok) {
        gst_buffer_unref(out);
        return GST_FLOW_FLUSHING;
    }
    GST_BUFFER_PTS(out) = time_of(self, m->next);
    GST_BUFFER_DURATION(out) = time_of(self, m->next + n) - GST_BUFFER_PTS(out);
    GST_BUFFER_OFFSET(out) = m->next;
    GST_BUFFER_OFFSET_END(out) = m->next + n;
    if (self->base.discont)
        GST_BUFFER_FLAG_SET(out, GST_BUFFER_FLAG_DISCONT);
    self->base.discont = FALSE;
    m->next += n;
    g_array_set_size(m->made, 0);
    return gst_pad_push(self->base.srcpad, out);
}

/* Samples of the model's, NULL for what the resampler still holds. */
static void resample(GstV2SFoleyMix *m, const gfloat *samples, gsize count,
                     gfloat scale)
{
    const gsize before = m->made->len;
    if (!m->resampler) { /* one rate */
        for (gsize i = 0; samples && i < count; i++) {
            const gfloat x = scale * samples[i];
            g_array_append_val(m->made, x);
        }
        return;
    }
    if (!samples)
        count = gst_audio_resampler_get_max_latency(m->resampler);
    const gsize n = gst_audio_resampler_get_out_frames(m->resampler, count);
    g_array_set_size(m->made, (guint)(before + n));
    gpointer in[] = {(gpointer)samples};
    gpointer out[] = {&g_array_index(m->made, gfloat, before)};
    gst_audio_resampler_resample(m->resampler, samples ? in : NULL, count, out,
                                 n);
    for (gsize i = before; i < before + n; i++)
        g_array_index(m->made, gfloat, i) *= scale;
}

/* A film without sound has no caps: then the output is as without a mix. */
gboolean gst_v2s_foley_mix_negotiate(GstV2SFoley *self)
{
    GstV2SFoleyMix *m = self->own;
    const gint rate = self->base.current->info.sample_rate;
    g_mutex_lock(&m->lock);
    const gboolean ok = wait_for(m, GST_CLOCK_TIME_NONE);
    if (ok && !GST_AUDIO_INFO_IS_VALID(&m->info))
        gst_audio_info_set_format(&m->info, GST_AUDIO_FORMAT_F32, rate, 1,
                                  NULL);
    GstCaps *caps = ok ? gst_audio_info_to_caps(&m->info) : NULL;
    g_mutex_unlock(&m->lock);
    if (!ok)
        return FALSE;
    if (!gst_pad_has_current_caps(self->base.srcpad))
        gst_pad_push_event(self->base.srcpad, gst_event_new_caps(caps));
    gst_caps_unref(caps);
    if (!m->resampler && rate != GST_AUDIO_INFO_RATE(&m->info))
        m->resampler = gst_audio_resampler_new(
            GST_AUDIO_RESAMPLER_METHOD_KAISER, GST_AUDIO_RESAMPLER_FLAG_NONE,
            GST_AUDIO_FORMAT_F32, 1, rate, GST_AUDIO_INFO_RATE(&m->info), NULL);
    return TRUE;
}

GstFlowReturn gst_v2s_foley_mix_push(GstV2SFoley *self,
                                     const s2v_audio_frame *sound, gfloat gain,
                                     gfloat own)
{
    if (!gst_v2s_foley_mix_negotiate(self))
        return GST_FLOW_FLUSHING;
    resample(self->own, sound->samples, sound->count, gain);
    return push_mixed(self, own);
}

GstFlowReturn gst_v2s_foley_mix_drain(GstV2SFoley *self, guint64 count,
                                      gfloat gain, gfloat own)
{
    GstV2SFoleyMix *m = self->own;
    if (!count)
        return GST_FLOW_OK;
    resample(m, NULL, 0, gain);
    const guint64 total = gst_util_uint64_scale_ceil(
        count, (guint64)GST_AUDIO_INFO_RATE(&m->info),
        (guint64)self->base.current->info.sample_rate);
    const guint before = m->made->len;
    const guint left = (guint)(total > m->next ? total - m->next : 0);
    g_array_set_size(m->made, left);
    if (left > before)
        memset(&g_array_index(m->made, gfloat, before), 0,
               (left - before) * sizeof(gfloat));
    return push_mixed(self, own);
}

/* ------------------------------------------------------------ lifetime -- */

void gst_v2s_foley_mix_stop(GstV2SFoley *self, gboolean stopped)
{
    GstV2SFoleyMix *m = self->own;
    g_mutex_lock(&m->lock);
    m->stopped = stopped;
    m->over = m->flushing = FALSE;
    drop_pieces(m);
    g_cond_broadcast(&m->changed);
    g_mutex_unlock(&m->lock);
}

void gst_v2s_foley_mix_start(GstV2SFoley *self)
{
    gst_audio_info_init(&self->own->info);
    gst_v2s_foley_mix_stop(self, FALSE);
}

void gst_v2s_foley_mix_restart(GstV2SFoley *self)
{
    GstV2SFoleyMix *m = self->own;
    g_clear_pointer(&m->resampler, gst_audio_resampler_free);
    g_array_set_size(m->made, 0);
    m->next = 0;
    g_mutex_lock(&m->lock);
    m->from = GST_CLOCK_TIME_NONE;
    g_mutex_unlock(&m->lock);
}

void gst_v2s_foley_mix_begin(GstV2SFoley *self, GstClockTime time)
{
    GstV2SFoleyMix *m = self->own;
    g_mutex_lock(&m->lock);
    m->from = time;
    drop_before(m, time);
    g_cond_broadcast(&m->changed);
    g_mutex_unlock(&m->lock);
}

void gst_v2s_foley_mix_end(GstV2SFoley *self, gboolean over)
{
    GstV2SFoleyMix *m = self->own;
    g_mutex_lock(&m->lock);
    m->over = over;
    g_cond_broadcast(&m->changed);
    g_mutex_unlock(&m->lock);
}

GstPad *gst_v2s_foley_mix_request(GstV2SFoley *self, GstPadTemplate *templ)
{
    GstV2SFoleyMix *m = g_new0(GstV2SFoleyMix, 1);
    g_mutex_init(&m->lock);
    g_cond_init(&m->changed);
    g_queue_init(&m->pieces);
    gst_audio_info_init(&m->info);
    gst_segment_init(&m->segment, GST_FORMAT_TIME);
    m->end = m->from = GST_CLOCK_TIME_NONE;
    m->made = g_array_new(FALSE, FALSE, sizeof(gfloat));
    m->pad = gst_pad_new_from_template(templ, "mix");
    gst_pad_set_chain_function(m->pad, take_sound);
    gst_pad_set_event_function(m->pad, take_event);
    self->own = m;
    gst_element_add_pad(GST_ELEMENT(self), m->pad);
    return m->pad;
}

void gst_v2s_foley_mix_free(GstV2SFoleyMix *m)
{
    if (!m)
        return;
    drop_pieces(m);
    g_clear_pointer(&m->resampler, gst_audio_resampler_free);
    g_array_unref(m->made);
    g_mutex_clear(&m->lock);
    g_cond_clear(&m->changed);
    g_free(m);
}
