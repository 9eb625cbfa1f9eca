/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2vgen by itself, between the pads of a GstHarness. */
#include "kit.h"

#include <string.h>

#define SMALL kit_model("small")

static GstBus *listen(GstElement *element)
{
    GstBus *bus = gst_bus_new();
    gst_element_set_bus(element, bus);
    return bus;
}

static void unlisten(GstElement *element, GstBus *bus)
{
    gst_element_set_bus(element, NULL);
    gst_object_unref(bus);
}

/* --------------------------------------------------------------- frames -- */

static void same_frames_at_any_size(void)
{
    static const gsize pieces[] = {1,   7,    160,  441,  799,  800,
                                   801, 1024, 1520, 4096, 48123};
    const gsize n = 48123;
    float *sound = kit_sound(0, n);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, n);
    for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
        GstHarness *h = kit_harness(SMALL, "");
        kit_push(h, sound, n, pieces[i], 0);
        gst_harness_push_event(h, gst_event_new_eos());
        g_autoptr(Take) got = kit_pull(h);
        OK(got->digest->len == 61 && kit_same(got, 0, wanted, 0, 61),
           "%" G_GSIZE_FORMAT " samples a buffer", pieces[i]);
        gst_harness_teardown(h);
    }
    g_free(sound);
}

static void every_frame_is_there(void)
{
    static const gsize counts[] = {1,    2,    799,   800,   801,   1519,
                                   1520, 1521, 15999, 16000, 16001, 40000};
    float *sound = kit_sound(0, 40000);
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        GstHarness *h = kit_harness(SMALL, "");
        kit_push(h, sound, counts[i], 333, 0);
        gst_harness_push_event(h, gst_event_new_eos());
        guint got = gst_harness_buffers_received(h);
        OK(got == (counts[i] + STEP - 1) / STEP,
           "%" G_GSIZE_FORMAT " samples: %u frames", counts[i], got);
        gst_harness_teardown(h);
    }
    g_free(sound);
}

static void no_sooner_and_no_later(void)
{
    float *sound = kit_sound(0, 4000);
    GstHarness *h = kit_harness(SMALL, "");
    kit_push(h, sound, SPAN - 1, 100, 0);
    OK(gst_harness_buffers_received(h) == 0, "no frame without its sound");
    kit_push(h, sound + SPAN - 1, 1, 1, kit_time(SPAN - 1));
    OK(gst_harness_buffers_received(h) == 1, "a frame with the last sample");
    kit_push(h, sound + SPAN, STEP, STEP, kit_time(SPAN));
    OK(gst_harness_buffers_received(h) == 2, "the next one a step later");
    gst_harness_teardown(h);
    g_free(sound);
}

static void seeds_differ(void)
{
    float *sound = kit_sound(0, 8000);
    g_autoptr(Take) zero = kit_wanted(SMALL, 0, sound, 8000);
    g_autoptr(Take) seven = kit_wanted(SMALL, 7, sound, 8000);
    GstHarness *h = kit_harness(SMALL, "seed=7");
    kit_push(h, sound, 8000, 8000, 0);
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(kit_same(got, 0, seven, 0, 10), "the seed's frames");
    OK(!kit_same(got, 0, zero, 0, 1), "not another seed's");
    gst_harness_teardown(h);
    g_free(sound);
}

/* Sound that lies at an odd address is read all the same. */
static void unaligned_sound(void)
{
    float *sound = kit_sound(0, 8000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 8000);
    GstHarness *h = kit_harness(SMALL, "");
    guint8 *bytes = g_malloc(8000 * sizeof(float) + 1);
    memcpy(bytes + 1, sound, 8000 * sizeof(float));
    GstBuffer *buffer = gst_buffer_new_wrapped_full(
        GST_MEMORY_FLAG_READONLY, bytes, 8000 * sizeof(float) + 1, 1,
        8000 * sizeof(float), bytes, g_free);
    GST_BUFFER_PTS(buffer) = 0;
    gst_harness_push(h, buffer);
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(kit_same(got, 0, wanted, 0, 10), "the same frames");
    gst_harness_teardown(h);
    g_free(sound);
}

/* ----------------------------------------------------------------- time -- */

static gboolean stamps(const Take *take, GstClockTime base)
{
    for (guint i = 0; i < take->pts->len; i++)
        if (kit_pts(take, i) != base + i * FRAME ||
            g_array_index(take->duration, GstClockTime, i) != FRAME)
            return FALSE;
    return TRUE;
}

static void stamps_follow_the_sound(void)
{
    float *sound = kit_sound(0, 16000);
    const GstClockTime bases[] = {0, 123456789, 3 * GST_SECOND};
    for (guint i = 0; i < G_N_ELEMENTS(bases); i++) {
        GstHarness *h = kit_harness(SMALL, "");
        kit_push(h, sound, 16000, 500, bases[i]);
        gst_harness_push_event(h, gst_event_new_eos());
        g_autoptr(Take) got = kit_pull(h);
        OK(got->pts->len == 20 && stamps(got, bases[i]),
           "from %" GST_TIME_FORMAT " on", GST_TIME_ARGS(bases[i]));
        OK(g_array_index(got->flags, guint, 0) & GST_BUFFER_FLAG_DISCONT &&
               !(g_array_index(got->flags, guint, 1) & GST_BUFFER_FLAG_DISCONT),
           "only the first is a discontinuity");
        gst_harness_teardown(h);
    }
    GstHarness *h = kit_harness(SMALL, "");
    kit_push(h, sound, 16000, 500, GST_CLOCK_TIME_NONE);
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 20 && stamps(got, 0), "without time stamps, from 0 on");
    gst_harness_teardown(h);
    g_free(sound);
}

/* What the frames are when the sound's middle second is silence. */
static Take *muted(const float *sound)
{
    float *mute = g_memdup2(sound, 48000 * sizeof(float));
    memset(mute + 16000, 0, 16000 * sizeof(float));
    Take *wanted = kit_wanted(SMALL, 0, mute, 48000);
    g_free(mute);
    return wanted;
}

static void a_gap_is_silence(void)
{
    float *sound = kit_sound(0, 48000);
    g_autoptr(Take) wanted = muted(sound);
    static const gsize pieces[] = {160, 1000, 16000};
    for (guint i = 0; i < 3; i++)
        for (int how = 0; how < 3; how++) {
            static const char *const names[] = {"a jump", "a gap event",
                                                "gap events of 20 ms"};
            GstHarness *h = kit_harness(SMALL, "");
            kit_push(h, sound, 16000, pieces[i], 0);
            GstClockTime length = how == 1 ? GST_SECOND : 20 * GST_MSECOND;
            for (GstClockTime t = GST_SECOND; how && t < 2 * GST_SECOND;
                 t += length)
                gst_harness_push_event(h, gst_event_new_gap(t, length));
            kit_push(h, sound + 32000, 16000, pieces[i], 2 * GST_SECOND);
            gst_harness_push_event(h, gst_event_new_eos());
            g_autoptr(Take) got = kit_pull(h);
            OK(got->pts->len == 60 && kit_same(got, 0, wanted, 0, 60) &&
                   stamps(got, 0),
               "%s, %" G_GSIZE_FORMAT " samples a buffer", names[how],
               pieces[i]);
            gst_harness_teardown(h);
        }
    g_free(sound);
}

static void a_gap_first_and_a_gap_last(void)
{
    float *zeros = g_new0(float, 16000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, zeros, 16000);
    GstHarness *h = kit_harness(SMALL, "");
    gst_harness_push_event(h, gst_event_new_gap(GST_SECOND, GST_SECOND));
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 20 && kit_same(got, 0, wanted, 0, 20) &&
           stamps(got, GST_SECOND),
       "frames of a gap alone");
    gst_harness_teardown(h);
    g_free(zeros);
}

/* Half a second of it was heard already: only the rest is silence. */
static void a_gap_that_overlaps_sound(void)
{
    float *sound = kit_sound(0, 24000);
    memset(sound + 16000, 0, 8000 * sizeof(float));
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 24000);
    GstHarness *h = kit_harness(SMALL, "");
    kit_push(h, sound, 16000, 1000, 0);
    gst_harness_push_event(h, gst_event_new_gap(500 * GST_MSECOND, GST_SECOND));
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 30 && kit_same(got, 0, wanted, 0, 30) && stamps(got, 0),
       "1 s of sound, a gap from 0.5 to 1.5 s: %u frames", got->pts->len);
    gst_harness_teardown(h);
    g_free(sound);
}

static void jitter_changes_nothing(void)
{
    float *sound = kit_sound(0, 16000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 16000);
    GstHarness *h = kit_harness(SMALL, "");
    for (guint i = 0; i < 20; i++)
        kit_push(h, sound + i * 800, 800, 800,
                 i * FRAME + (i % 2) * 40 * GST_MSECOND);
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(kit_same(got, 0, wanted, 0, 20) && got->pts->len == 20 && stamps(got, 0),
       "less than a frame of it");
    gst_harness_teardown(h);
    g_free(sound);
}

/* A source that lost its place says so; time tells whether sound is missing. */
static void a_discontinuity(void)
{
    float *sound = kit_sound(0, 48000);
    g_autoptr(Take) whole = kit_wanted(SMALL, 0, sound, 48000);
    g_autoptr(Take) without = muted(sound);
    for (guint missing = 0; missing < 2; missing++) {
        GstHarness *h = kit_harness(SMALL, "");
        for (gsize i = 0; i < 48000; i += 1000) {
            GstBuffer *buffer = kit_buffer(sound + i, 1000, kit_time(i));
            if (i == 32000)
                GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT |
                                                GST_BUFFER_FLAG_RESYNC);
            if (missing && i >= 16000 && i < 32000)
                gst_buffer_unref(buffer);
            else
                gst_harness_push(h, buffer);
        }
        gst_harness_push_event(h, gst_event_new_eos());
        g_autoptr(Take) got = kit_pull(h);
        OK(got->pts->len == 60 && stamps(got, 0) &&
               kit_same(got, 0, missing ? without : whole, 0, 60),
           "%s", missing ? "with a second missing" : "by its flag alone");
        gst_harness_teardown(h);
    }
    g_free(sound);
}

static void overlap_is_left_out(void)
{
    float *sound = kit_sound(0, 48000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 48000);
    GstHarness *h = kit_harness(SMALL, "");
    kit_push(h, sound, 32000, 1000, 0);
    kit_push(h, sound + 28000, 20000, 1000, kit_time(28000));
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 60 && kit_same(got, 0, wanted, 0, 60) && stamps(got, 0),
       "a quarter of a second that came twice");
    gst_harness_teardown(h);
    g_free(sound);
}

/* Heard is 2 to 3 s; then comes 1 to 2.5 s. */
static void sound_before_the_start_is_left_out(void)
{
    float *sound = kit_sound(0, 24000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 16000);
    GstHarness *h = kit_harness(SMALL, "");
    kit_push(h, sound, 16000, 1000, 2 * GST_SECOND);
    kit_push(h, sound, 24000, 24000, GST_SECOND);
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 20 && kit_same(got, 0, wanted, 0, 20) &&
           stamps(got, 2 * GST_SECOND),
       "%u frames", got->pts->len);
    gst_harness_teardown(h);
    g_free(sound);
}

static void a_long_jump_starts_anew(void)
{
    float *sound = kit_sound(0, 16100);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 16100);
    const GstClockTime to[] = {3600 * GST_SECOND, 5 * GST_SECOND};
    GstHarness *h = kit_harness(SMALL, "");
    kit_push(h, sound, 16100, 700, 20 * GST_SECOND);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(Take) before = kit_pull(h);
        kit_push(h, sound, 16100, 700, to[i]);
        g_autoptr(Take) got = kit_pull(h);
        guint tail = 21 - before->pts->len;
        OK(kit_same(got, 0, wanted, before->pts->len, tail),
           "the tail of what was before comes first");
        OK(kit_pts(got, tail) == to[i] && kit_same(got, tail, wanted, 0, 10),
           "then a new stream");
        OK(g_array_index(got->flags, guint, tail) & GST_BUFFER_FLAG_DISCONT,
           "which is marked");
        kit_push(h, sound, 0, 1, 0);
        g_autoptr(Take) rest G_GNUC_UNUSED = kit_pull(h);
        /* so that the next round's count of what was before is whole */
        gst_harness_push_event(h, gst_event_new_flush_start());
        gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_harness_push_event(h, gst_event_new_segment(&segment));
        kit_push(h, sound, 16100, 700, 20 * GST_SECOND);
    }
    gst_harness_teardown(h);
    g_free(sound);
}

/* ------------------------------------------------------------- segments -- */

static void push_segment(GstHarness *h, GstClockTime start, GstClockTime stop,
                         GstClockTime base)
{
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.position = segment.time = start;
    segment.stop = stop;
    segment.base = base;
    gst_harness_push_event(h, gst_event_new_segment(&segment));
}

static void sound_outside_the_segment(void)
{
    float *sound = kit_sound(0, 48000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound + 8100, 16000);
    GstHarness *h = kit_harness(SMALL, "");
    push_segment(h, kit_time(8100), kit_time(24100), 0);
    kit_push(h, sound, 48000, 1111, 0);
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 20 && kit_same(got, 0, wanted, 0, 20) &&
           stamps(got, kit_time(8100)),
       "is cut off, to the sample");
    gst_harness_teardown(h);
    g_free(sound);
}

static void a_segment_that_continues(void)
{
    float *sound = kit_sound(0, 48000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 48000);
    GstHarness *h = kit_harness(SMALL, "");
    push_segment(h, 0, GST_CLOCK_TIME_NONE, 0);
    kit_push(h, sound, 20000, 1000, 0);
    push_segment(h, 0, 100 * GST_SECOND, 0);
    kit_push(h, sound + 20000, 28000, 1000, kit_time(20000));
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 60 && kit_same(got, 0, wanted, 0, 60),
       "changes no frame");
    gst_harness_teardown(h);
    g_free(sound);
}

/* From the next frame's time on, 0.95 s, with the running time that it has. */
static void a_segment_of_another_rate(void)
{
    float *sound = kit_sound(0, 16000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 16000);
    for (guint rate = 1; rate <= 2; rate++) {
        GstHarness *h = kit_harness(SMALL, "");
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        kit_push(h, sound, 16000, 1000, 0);
        segment.rate = rate;
        segment.start = segment.position = segment.time = segment.base =
            19 * FRAME;
        gst_harness_push_event(h, gst_event_new_segment(&segment));
        g_autoptr(Take) got = kit_pull(h);
        OK(got->pts->len == 18 + rate &&
               kit_same(got, 0, wanted, 0, got->pts->len),
           "rate %u: %u frames of a second before it", rate, got->pts->len);
        gst_harness_teardown(h);
    }
    g_free(sound);
}

static void a_segment_of_its_own(void)
{
    float *sound = kit_sound(0, 20000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 20000);
    GstHarness *h = kit_harness(SMALL, "");
    for (guint i = 0; i < 3; i++) {
        push_segment(h, 0, GST_CLOCK_TIME_NONE, i * 1250 * GST_MSECOND);
        kit_push(h, sound, 20000, 1000, 0);
    }
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 75, "every loop's tail: %u frames", got->pts->len);
    for (guint i = 0; i < 3; i++)
        OK(kit_same(got, 25 * i, wanted, 0, 25) && !kit_pts(got, 25 * i),
           "loop %u is as the first", i);
    gst_harness_teardown(h);
    g_free(sound);
}

static void a_segment_in_bytes(void)
{
    float *sound = kit_sound(0, 16000);
    GstHarness *h = kit_harness(SMALL, "");
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_BYTES);
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    kit_push(h, sound, 16000, 1000, GST_CLOCK_TIME_NONE);
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 20 && stamps(got, 0), "counts from zero");
    gst_harness_teardown(h);
    g_free(sound);
}

static void flush(GstHarness *h)
{
    gst_harness_push_event(h, gst_event_new_flush_start());
    gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
    push_segment(h, 0, GST_CLOCK_TIME_NONE, 0);
}

static void a_flush_forgets(void)
{
    float *sound = kit_sound(0, 16000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 16000);
    GstHarness *h = kit_harness(SMALL, "");
    kit_push(h, sound + 100, 5000, 1000, 0);
    for (guint i = 0; i < 3; i++) {
        flush(h);
        g_autoptr(Take) old G_GNUC_UNUSED = kit_pull(h);
        kit_push(h, sound, 16000, 1000, 7 * GST_SECOND);
        gst_harness_push_event(h, gst_event_new_eos());
        g_autoptr(Take) got = kit_pull(h);
        OK(got->pts->len == 20 && kit_same(got, 0, wanted, 0, 20) &&
               stamps(got, 7 * GST_SECOND),
           "as new, time %u", i);
    }
    gst_harness_teardown(h);
    g_free(sound);
}

static void a_new_stream_drains(void)
{
    float *sound = kit_sound(0, 10000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 10000);
    GstHarness *h = kit_harness(SMALL, "");
    kit_push(h, sound, 10000, 1000, 0);
    gst_harness_push_event(h, gst_event_new_stream_start("another"));
    OK(gst_harness_buffers_received(h) == 13, "the tail comes out");
    push_segment(h, 0, GST_CLOCK_TIME_NONE, 625 * GST_MSECOND);
    kit_push(h, sound, 10000, 1000, 0);
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 26 && kit_same(got, 13, wanted, 0, 13),
       "the second stream is as the first");
    gst_harness_teardown(h);
    g_free(sound);
}

static void a_segment_done_drains(void)
{
    float *sound = kit_sound(0, 10000);
    GstHarness *h = kit_harness(SMALL, "");
    kit_push(h, sound, 10000, 1000, 0);
    gst_harness_push_event(
        h, gst_event_new_segment_done(GST_FORMAT_TIME, GST_SECOND));
    OK(gst_harness_buffers_received(h) == 13, "the tail comes out");
    gst_harness_teardown(h);
    g_free(sound);
}

/* ------------------------------------------------------------------ caps -- */

static void caps_are_the_models(void)
{
    GstHarness *h = kit_harness(kit_model("wide"), "");
    GstPad *pad = gst_element_get_static_pad(h->element, "sink");
    GstCaps *caps = gst_pad_query_caps(pad, NULL);
    GstStructure *s = gst_caps_get_structure(caps, 0);
    int rate, width;
    OK(gst_structure_get_int(s, "rate", &rate) && rate == RATE,
       "sound at its rate");
    gst_caps_unref(caps);
    gst_object_unref(pad);
    pad = gst_element_get_static_pad(h->element, "src");
    caps = gst_pad_query_caps(pad, NULL);
    s = gst_caps_get_structure(caps, 0);
    OK(gst_structure_get_int(s, "width", &width) && width == 32,
       "frames of its size");
    gst_caps_unref(caps);
    gst_element_set_state(h->element, GST_STATE_NULL);
    caps = gst_pad_query_caps(pad, NULL);
    OK(!gst_caps_is_fixed(caps), "any, where no model is open");
    gst_caps_unref(caps);
    gst_object_unref(pad);
    gst_harness_teardown(h);
}

static void other_sound_is_refused(void)
{
    GstHarness *h = kit_harness(SMALL, "");
    gst_harness_set_src_caps_str(
        h, "audio/x-raw, format=" GST_AUDIO_NE(F32) ", layout=interleaved, "
                                                    "rate=44100, channels=1");
    float *sound = kit_sound(0, 100);
    OK(kit_push(h, sound, 100, 100, 0) == GST_FLOW_NOT_NEGOTIATED,
       "at another rate");
    g_free(sound);
    gst_harness_teardown(h);
}

static void refused_frames_are_an_error(void)
{
    GstElement *element =
        gst_object_ref_sink(gst_element_factory_make("s2vgen", NULL));
    g_object_set(element, "model", SMALL, "threads", 1, NULL);
    GstBus *bus = listen(element);
    GstHarness *h = kit_harness_around(element);
    gst_harness_set_sink_caps_str(h, "video/x-raw, format=I420");
    float *sound = kit_sound(0, 3000);
    OK(kit_push(h, sound, 3000, 3000, 0) == GST_FLOW_NOT_NEGOTIATED, "flow");
    g_free(sound);
    char *said = kit_said(bus, GST_MESSAGE_ERROR);
    OK(strstr(said, "RGB frames of 16x16 at 20/1") != NULL, "%s", said);
    g_free(said);
    said = kit_said(bus, GST_MESSAGE_ERROR);
    OK(!*said, "once");
    g_free(said);
    gst_harness_push_event(h, gst_event_new_eos());
    said = kit_said(bus, GST_MESSAGE_WARNING);
    OK(!*said, "no other reason is given");
    g_free(said);
    unlisten(h->element, bus);
    gst_harness_teardown(h);
    gst_object_unref(element);
}

static void renegotiation_changes_no_frame(void)
{
    float *sound = kit_sound(0, 48000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 48000);
    GstHarness *h = kit_harness(SMALL, "");
    GstCaps *caps = gst_pad_get_current_caps(h->srcpad);
    for (guint i = 0; i < 6; i++) {
        kit_push(h, sound + i * 8000, 8000, 1000, kit_time(i * 8000));
        gst_harness_push_upstream_event(h, gst_event_new_reconfigure());
        if (i % 2)
            gst_pad_push_event(h->srcpad, gst_event_new_caps(caps));
    }
    gst_caps_unref(caps);
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 60 && kit_same(got, 0, wanted, 0, 60),
       "caps again, and reconfigure");
    gst_harness_teardown(h);
    g_free(sound);
}

/* ------------------------------------------------------ queries, events -- */

static void latency_is_added(void)
{
    GstHarness *h = kit_harness(SMALL, "");
    gst_harness_set_upstream_latency(h, 30 * GST_MSECOND);
    GstClockTime latency = gst_harness_query_latency(h);
    OK(latency > 125 * GST_MSECOND && latency <= 135 * GST_MSECOND,
       "%" GST_TIME_FORMAT " on top of 30 ms", GST_TIME_ARGS(latency));
    GstQuery *query = gst_query_new_latency();
    GstPad *pad = gst_element_get_static_pad(h->element, "src");
    gboolean live;
    OK(gst_pad_query(pad, query), "answered");
    gst_query_parse_latency(query, &live, NULL, NULL);
    OK(live, "live as upstream is");
    gst_query_unref(query);
    gst_object_unref(pad);
    gst_harness_teardown(h);
}

static void the_most_latency_is_passed_on(void)
{
    GstHarness *h = kit_harness(SMALL, "");
    kit_most_latency_is_passed_on(h, 95 * GST_MSECOND);
    gst_harness_teardown(h);
}

static void only_time_is_answered(void)
{
    GstHarness *h = kit_harness(SMALL, "");
    GstPad *pad = gst_element_get_static_pad(h->element, "src");
    gint64 n;
    OK(!gst_pad_query_duration(pad, GST_FORMAT_BYTES, &n), "no bytes");
    OK(!gst_pad_query_position(pad, GST_FORMAT_DEFAULT, &n), "no samples");
    OK(!gst_pad_send_event(pad, gst_event_new_seek(-1.0, GST_FORMAT_TIME,
                                                   GST_SEEK_FLAG_FLUSH,
                                                   GST_SEEK_TYPE_SET, 0,
                                                   GST_SEEK_TYPE_NONE, 0)),
       "no seek backwards");
    gst_object_unref(pad);
    gst_harness_teardown(h);
}

/* The event that carries a stream's name, tags and so on out. */
static GstEvent *pull_event(GstHarness *h, GstEventType type)
{
    GstEvent *event;
    while ((event = gst_harness_try_pull_event(h))) {
        if (GST_EVENT_TYPE(event) == type)
            return event;
        gst_event_unref(event);
    }
    return NULL;
}

static void events_are_in_order(void)
{
    static const GstEventType order[] = {GST_EVENT_STREAM_START, GST_EVENT_CAPS,
                                         GST_EVENT_SEGMENT, GST_EVENT_TAG,
                                         GST_EVENT_EOS};
    float *sound = kit_sound(0, 3000);
    GstHarness *h = kit_harness(SMALL, "seed=5");
    kit_push(h, sound, 3000, 3000, 0);
    gst_harness_push_event(h, gst_event_new_eos());
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        GstEvent *event = gst_harness_try_pull_event(h);
        OK(event && GST_EVENT_TYPE(event) == order[i], "%s",
           gst_event_type_get_name(order[i]));
        if (event && order[i] == GST_EVENT_TAG) {
            GstTagList *tags;
            gchar *text = NULL;
            gst_event_parse_tag(event, &tags);
            OK(gst_tag_list_get_string_index(tags, GST_TAG_EXTENDED_COMMENT, 1,
                                             &text) &&
                   !strcmp(text, "s2v-seed=5"),
               "the seed is a tag");
            g_free(text);
        }
        if (event)
            gst_event_unref(event);
    }
    gst_harness_teardown(h);
    g_free(sound);
}

static void tags_of_the_sound_stay(void)
{
    GstHarness *h = kit_harness(SMALL, "");
    GstTagList *own = gst_tag_list_new(GST_TAG_AUDIO_CODEC, "opus", NULL);
    GstTagList *all = gst_tag_list_new(GST_TAG_TITLE, "song", NULL);
    gst_tag_list_set_scope(all, GST_TAG_SCOPE_GLOBAL);
    gst_harness_push_event(h, gst_event_new_tag(own));
    gst_harness_push_event(h, gst_event_new_tag(all));
    GstEvent *event = pull_event(h, GST_EVENT_TAG);
    GstTagList *tags = NULL;
    if (event)
        gst_event_parse_tag(event, &tags);
    OK(tags && gst_tag_list_get_tag_size(tags, GST_TAG_TITLE) == 1,
       "the title goes on, the codec does not");
    g_clear_pointer(&event, gst_event_unref);
    gst_harness_teardown(h);
}

static void unknown_events_go_on(void)
{
    GstHarness *h = kit_harness(SMALL, "");
    gst_harness_push_event(
        h, gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                                gst_structure_new_empty("tick")));
    GstEvent *event = pull_event(h, GST_EVENT_CUSTOM_DOWNSTREAM);
    OK(event != NULL, "downstream");
    g_clear_pointer(&event, gst_event_unref);
    gst_harness_push_upstream_event(
        h, gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM,
                                gst_structure_new_empty("tock")));
    gboolean found = FALSE;
    while ((event = gst_harness_try_pull_upstream_event(h))) {
        found |= GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_UPSTREAM;
        gst_event_unref(event);
    }
    OK(found, "upstream");
    gst_harness_teardown(h);
}

/* -------------------------------------------------------------- lateness -- */

static void late_frames_are_dropped(void)
{
    float *sound = kit_sound(0, 48000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 48000);
    GstHarness *h = kit_harness(SMALL, "");
    GstBus *bus = listen(h->element);
    kit_push(h, sound, 10400, 1000, 0); /* 12 frames: 0 to 550 ms */
    gst_harness_push_upstream_event(
        h, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2.0, 125 * GST_MSECOND,
                             550 * GST_MSECOND)); /* up to 800 ms */
    kit_push(h, sound + 10400, 37600, 1000, kit_time(10400));
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 55, "5 of 60: %u are left", got->pts->len);
    OK(kit_same(got, 0, wanted, 0, 12) && kit_same(got, 12, wanted, 17, 43),
       "the others are what they would be");
    OK(kit_pts(got, 12) == 850 * GST_MSECOND, "at their own time");
    OK(g_array_index(got->flags, guint, 12) & GST_BUFFER_FLAG_DISCONT,
       "after a discontinuity");
    guint64 processed = 0, dropped = 0;
    guint messages = 0;
    GstMessage *message;
    while ((message = kit_message(bus, GST_MESSAGE_QOS))) {
        messages++;
        gst_message_parse_qos_stats(message, NULL, &processed, &dropped);
        gst_message_unref(message);
    }
    OK(messages == 5 && dropped == 5 && processed == 17, "told on the bus");
    gboolean upstream = FALSE;
    GstEvent *event;
    while ((event = gst_harness_try_pull_upstream_event(h))) {
        upstream |= GST_EVENT_TYPE(event) == GST_EVENT_QOS;
        gst_event_unref(event);
    }
    OK(upstream, "the event goes on upstream");
    unlisten(h->element, bus);
    gst_harness_teardown(h);
    g_free(sound);
}

static guint frames_when_very_late(const char *options, gboolean flushed)
{
    float *sound = kit_sound(0, 48000);
    GstHarness *h = kit_harness(SMALL, options);
    gst_harness_push_upstream_event(
        h, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 9.0, 60 * GST_SECOND, 0));
    if (flushed)
        flush(h);
    kit_push(h, sound, 48000, 1000, 0);
    gst_harness_push_event(h, gst_event_new_eos());
    guint n = gst_harness_buffers_received(h);
    gst_harness_teardown(h);
    g_free(sound);
    return n;
}

static void lateness_has_limits(void)
{
    OK(frames_when_very_late("", FALSE) == 2, "one a second at least");
    OK(frames_when_very_late("qos=false", FALSE) == 60, "all with qos=false");
    OK(frames_when_very_late("", TRUE) == 60, "a flush forgets it");
}

/* ---------------------------------------------------------------- models -- */

static void a_model_is_swapped_between_frames(void)
{
    static const gsize pieces[] = {1, 800, 1111};
    float *sound = kit_sound(0, 48000);
    char *wide = g_strdup(kit_model("wide"));
    g_autoptr(Take) first = kit_wanted(SMALL, 0, sound, 48000);
    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
        GstHarness *h = kit_harness(SMALL, "");
        GstBus *bus = listen(h->element);
        kit_push(h, sound, 20000, pieces[i], 0);
        guint k = gst_harness_buffers_received(h);
        g_object_set(h->element, "model", wide, NULL);
        kit_push(h, sound + 20000, 28000, pieces[i], kit_time(20000));
        gst_harness_push_event(h, gst_event_new_eos());
        g_autoptr(Take) second =
            kit_wanted(wide, 0, sound + k * STEP, 48000 - k * STEP);
        g_autoptr(Take) got = kit_pull(h);
        OK(got->pts->len == 60 && stamps(got, 0), "no frame more or less");
        OK(kit_same(got, 0, first, 0, k), "%u of the old model", k);
        OK(kit_same(got, k, second, 0, 60 - k), "then the new model's, anew");
        GstCaps *caps = gst_pad_get_current_caps(h->sinkpad);
        int width = 0;
        gst_structure_get_int(gst_caps_get_structure(caps, 0), "width", &width);
        OK(width == 32, "in its size");
        gst_caps_unref(caps);
        unlisten(h->element, bus);
        gst_harness_teardown(h);
    }
    g_free(wide);
    g_free(sound);
}

static void an_unusable_model_changes_nothing(void)
{
    float *sound = kit_sound(0, 48000);
    char *small = g_strdup(SMALL), *now;
    g_autoptr(Take) wanted = kit_wanted(small, 0, sound, 48000);
    GstHarness *h = kit_harness(small, "");
    GstBus *bus = listen(h->element);
    const char *const bad[] = {"nowhere", "other", "empty.bin", NULL};
    kit_broken("empty.bin", 0, "");
    for (guint i = 0; i < 4; i++) {
        kit_push(h, sound + i * 12000, 12000, 1000, kit_time(i * 12000));
        g_object_set(h->element, "model", bad[i] ? kit_model(bad[i]) : NULL,
                     NULL);
        char *said = kit_said(bus, GST_MESSAGE_WARNING);
        OK(strstr(said, bad[i] ? bad[i] : "No model was given") != NULL,
           "a warning: %s", said);
        g_free(said);
        g_object_get(h->element, "model", &now, NULL);
        OK(!strcmp(now, small), "the property names the one in use");
        g_free(now);
    }
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 60 && kit_same(got, 0, wanted, 0, 60),
       "the old model's frames");
    char *said = kit_said(bus, GST_MESSAGE_ERROR);
    OK(!*said, "no error");
    g_free(said);
    unlisten(h->element, bus);
    gst_harness_teardown(h);
    g_free(small);
    g_free(sound);
}

/* The next element takes 16x16 alone, and the new model makes 32x32. */
static void a_model_that_does_not_fit_changes_nothing(void)
{
    float *sound = kit_sound(0, 16000);
    char *wide = g_strdup(kit_model("wide")), *small = g_strdup(SMALL), *now;
    g_autoptr(Take) wanted = kit_wanted(small, 0, sound, 16000);
    GstHarness *h = kit_harness(small, "");
    GstBus *bus = listen(h->element);
    gst_harness_set_sink_caps_str(h, "video/x-raw, width=16");
    kit_push(h, sound, 8000, 1000, 0);
    g_object_set(h->element, "model", wide, NULL);
    kit_push(h, sound + 8000, 8000, 1000, kit_time(8000));
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 20 && kit_same(got, 0, wanted, 0, 20),
       "the old model's frames");
    char *said = kit_said(bus, GST_MESSAGE_WARNING);
    OK(strstr(said, wide) && strstr(said, "32x32"), "a warning: %s", said);
    g_free(said);
    said = kit_said(bus, GST_MESSAGE_ERROR);
    OK(!*said, "no error");
    g_free(said);
    g_object_get(h->element, "model", &now, NULL);
    OK(!strcmp(now, small), "the property names the one in use");
    g_free(now);
    unlisten(h->element, bus);
    gst_harness_teardown(h);
    g_free(wide);
    g_free(small);
    g_free(sound);
}

static void a_seed_counts_from_the_next_frame(void)
{
    float *sound = kit_sound(0, 32000);
    g_autoptr(Take) first = kit_wanted(SMALL, 0, sound, 32000);
    GstHarness *h = kit_harness(SMALL, "");
    kit_push(h, sound, 16720, 1000, 0);
    g_object_set(h->element, "seed", (gint64)9, NULL);
    kit_push(h, sound + 16720, 15280, 1000, kit_time(16720));
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) second =
        kit_wanted(SMALL, 9, sound + 20 * STEP, 32000 - 20 * STEP);
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 40 && kit_same(got, 0, first, 0, 20) &&
           kit_same(got, 20, second, 0, 20),
       "20 of the old, 20 of the new");
    gst_harness_teardown(h);
    g_free(sound);
}

/* The library's own frames, at any buffer size; and off, those of a file
 * without a level. */
static void sound_is_levelled(void)
{
    static const gsize pieces[] = {1, 7, 80, 333, 16000};
    const gsize n = 32043;
    float *loud = kit_sound(0, n);
    char *level = g_strdup(kit_model("level"));
    for (gsize i = 0; i < n; i++)
        loud[i] *= 3.0f;
    g_autoptr(Take) levelled = kit_wanted(level, 0, loud, n);
    g_autoptr(Take) plain = kit_wanted(SMALL, 0, loud, n);
    for (gsize i = 0; i < 2 * G_N_ELEMENTS(pieces); i++) {
        GstHarness *h = kit_harness(level, i % 2 ? "level=off" : "");
        kit_push(h, loud, n, pieces[i / 2], 0);
        gst_harness_push_event(h, gst_event_new_eos());
        g_autoptr(Take) got = kit_pull(h);
        OK(got->digest->len == 41 &&
               kit_same(got, 0, i % 2 ? plain : levelled, 0, 41),
           "%s, %" G_GSIZE_FORMAT " samples a buffer", i % 2 ? "off" : "auto",
           pieces[i / 2]);
        gst_harness_teardown(h);
    }
    OK(strcmp(levelled->digest->pdata[30], plain->digest->pdata[30]),
       "which differ");
    g_free(level);
    g_free(loud);
}

static void a_level_counts_from_the_next_frame(void)
{
    float *sound = kit_sound(0, 32000);
    char *model = g_strdup(kit_model("level")), *now;
    g_autoptr(Take) first = kit_wanted(model, 0, sound, 32000);
    g_autoptr(Take) second =
        kit_wanted(SMALL, 0, sound + 20 * STEP, 32000 - 20 * STEP);
    GstHarness *h = kit_harness(model, "");
    g_object_get(h->element, "level", &now, NULL);
    OK(!g_strcmp0(now, "auto"), "auto at first");
    g_free(now);
    kit_push(h, sound, 16720, 1000, 0);
    g_object_set(h->element, "level", "off", NULL);
    kit_push(h, sound + 16720, 15280, 1000, kit_time(16720));
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    OK(got->pts->len == 40 && kit_same(got, 0, first, 0, 20) &&
           kit_same(got, 20, second, 0, 20),
       "20 of the old, 20 of the new");
    gst_harness_teardown(h);
    g_free(model);
    g_free(sound);
}

static const char *const bad_levels[] = {"x", "", "61", "-12.5 dB"};

static char *level_sentence(const char *level)
{
    return g_strdup_printf("level: expected auto, off or a gain from -60 to 60 "
                           "dB, found '%s'",
                           level);
}

/* A warning, at once; and the property names what is used. */
static void refuse_level(GstElement *element, GstBus *bus, const char *level,
                         const char *used)
{
    g_autofree char *sentence = level_sentence(level);
    g_autofree char *now = NULL;
    g_object_set(element, "level", level, NULL);
    g_object_get(element, "level", &now, NULL);
    OK(!g_strcmp0(now, used), "'%s' leaves %s: %s", level, used, now);
    g_autofree char *said = kit_said(bus, GST_MESSAGE_WARNING);
    OK(strstr(said, sentence) != NULL, "%s", said);
}

/* Before the first sound, while frames are made, and with another model that
 * is set afterwards. */
static void bad_levels_are_refused(void)
{
    float *sound = kit_sound(0, 32000);
    char *model = g_strdup(kit_model("level"));
    g_autoptr(Take) first = kit_wanted(SMALL, 0, sound, 32000);
    g_autoptr(Take) second =
        kit_wanted(SMALL, 0, sound + 20 * STEP, 32000 - 20 * STEP);
    for (guint i = 0; i < G_N_ELEMENTS(bad_levels); i++) {
        GstHarness *h = kit_harness(model, "level=off");
        GstBus *bus = listen(h->element);
        refuse_level(h->element, bus, bad_levels[i], "off");
        kit_push(h, sound, 16720, 1000, 0);
        refuse_level(h->element, bus, bad_levels[i], "off");
        kit_push(h, sound + 16720, 15280, 1000, kit_time(16720));
        gst_harness_push_event(h, gst_event_new_eos());
        g_autoptr(Take) got = kit_pull(h);
        OK(got->pts->len == 40 && kit_same(got, 0, first, 0, 40),
           "it goes on as before");
        unlisten(h->element, bus);
        gst_harness_teardown(h);
    }
    GstHarness *h = kit_harness(model, "level=off");
    GstBus *bus = listen(h->element);
    kit_push(h, sound, 16720, 1000, 0);
    refuse_level(h->element, bus, "x", "off");
    g_object_set(h->element, "model", SMALL, NULL);
    kit_push(h, sound + 16720, 15280, 1000, kit_time(16720));
    gst_harness_push_event(h, gst_event_new_eos());
    g_autoptr(Take) got = kit_pull(h);
    g_autofree char *said = kit_said(bus, GST_MESSAGE_WARNING);
    g_autofree char *now = NULL;
    g_object_get(h->element, "model", &now, NULL);
    OK(!*said && !g_strcmp0(now, SMALL), "another model: %s, %s", now, said);
    OK(got->pts->len == 40 && kit_same(got, 0, first, 0, 20) &&
           kit_same(got, 20, second, 0, 20),
       "20 frames of the old, 20 of the new");
    unlisten(h->element, bus);
    gst_harness_teardown(h);
    g_free(model);
    g_free(sound);
}

/* Set before READY, it is an error of that state change. */
static void bad_levels_do_not_start(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(bad_levels); i++) {
        g_autofree char *sentence = level_sentence(bad_levels[i]);
        GstElement *element =
            gst_object_ref_sink(gst_element_factory_make("s2vgen", NULL));
        GstBus *bus = listen(element);
        g_object_set(element, "model", SMALL, "level", bad_levels[i], NULL);
        OK(gst_element_set_state(element, GST_STATE_READY) ==
               GST_STATE_CHANGE_FAILURE,
           "level '%s'", bad_levels[i]);
        g_autofree char *said = kit_said(bus, GST_MESSAGE_ERROR);
        OK(strstr(said, sentence) != NULL, "%s", said);
        g_object_set(element, "level", "-12.5", NULL);
        OK(gst_element_set_state(element, GST_STATE_READY) ==
               GST_STATE_CHANGE_SUCCESS,
           "and a right one starts");
        gst_element_set_state(element, GST_STATE_NULL);
        unlisten(element, bus);
        gst_object_unref(element);
    }
}

static void messages_tell_what_runs(void)
{
    float *sound = kit_sound(0, 3000);
    GstElement *element =
        gst_object_ref_sink(gst_element_factory_make("s2vgen", NULL));
    GstBus *bus = listen(element);
    g_object_set(element, "model", SMALL, "seed", (gint64)3, "threads", 1,
                 NULL);
    GstHarness *h = kit_harness_around(element);
    gst_harness_play(h);
    kit_push(h, sound, 3000, 3000, 0);
    for (guint i = 0; i < 2; i++) {
        GstMessage *message = kit_message(bus, GST_MESSAGE_PROGRESS);
        GstProgressType type = GST_PROGRESS_TYPE_ERROR;
        if (message)
            gst_message_parse_progress(message, &type, NULL, NULL);
        OK(type == (i ? GST_PROGRESS_TYPE_COMPLETE : GST_PROGRESS_TYPE_START),
           "progress: %s", i ? "opened" : "opening");
        g_clear_pointer(&message, gst_message_unref);
    }
    GstMessage *message = kit_message(bus, GST_MESSAGE_ELEMENT);
    const GstStructure *s = message ? gst_message_get_structure(message) : NULL;
    gint64 seed = 0;
    int width = 0;
    OK(s && gst_structure_get_int64(s, "seed", &seed) && seed == 3, "seed");
    OK(s && gst_structure_get_int(s, "width", &width) && width == 16, "width");
    g_clear_pointer(&message, gst_message_unref);
    unlisten(element, bus);
    gst_harness_teardown(h);
    gst_object_unref(element);
    g_free(sound);
}

static void bad_models_are_refused(void)
{
    const struct {
        const char *name, *path, *said;
    } cases[] = {
        {"none", NULL, "No model was given"},
        {"an empty name", "", "No model was given"},
        {"missing", kit_model("nowhere"), "nowhere"},
    };
    const struct {
        const char *name;
        gsize bytes;
        const char *more;
    } broken[] = {
        {"empty.bin", 0, ""},          {"five.bin", 5, ""},
        {"header.bin", 100, ""},       {"short.bin", 20000, ""},
        {"long.bin", G_MAXSIZE, "\n"}, {"foreign.bin", 0, "RIFF....WAVEfmt "}};
    for (guint i = 0; i < G_N_ELEMENTS(cases) + G_N_ELEMENTS(broken); i++) {
        guint b = i - G_N_ELEMENTS(cases);
        gboolean own = i >= G_N_ELEMENTS(cases);
        GstElement *element =
            gst_object_ref_sink(gst_element_factory_make("s2vgen", NULL));
        GstBus *bus = listen(element);
        g_object_set(
            element, "model",
            own ? kit_broken(broken[b].name, broken[b].bytes, broken[b].more)
                : cases[i].path,
            NULL);
        OK(gst_element_set_state(element, GST_STATE_PLAYING) ==
               GST_STATE_CHANGE_FAILURE,
           "%s: fails", own ? broken[b].name : cases[i].name);
        char *said = kit_said(bus, GST_MESSAGE_ERROR);
        OK(strstr(said, own ? broken[b].name : cases[i].said) != NULL, "%s",
           said);
        g_free(said);
        gst_element_set_state(element, GST_STATE_NULL);
        unlisten(element, bus);
        gst_object_unref(element);
    }
}

static void settings_are_checked(void)
{
    GstElement *element =
        gst_object_ref_sink(gst_element_factory_make("s2vgen", NULL));
    GstBus *bus = listen(element);
    const char *const devices[] = {"abacus", "cuda:99"};
    for (guint i = 0; i < 2; i++) {
        g_object_set(element, "model", SMALL, "device", devices[i], NULL);
        OK(gst_element_set_state(element, GST_STATE_READY) ==
               GST_STATE_CHANGE_FAILURE,
           "device %s", devices[i]);
        char *said = kit_said(bus, GST_MESSAGE_ERROR);
        OK(strstr(said, devices[i]) != NULL, "%s", said);
        g_free(said);
    }
    const char *const dtypes[] = {"f16", ""};
    for (guint i = 0; i < 2; i++) {
        g_object_set(element, "device", "auto", "dtype", dtypes[i], NULL);
        OK(gst_element_set_state(element, GST_STATE_READY) ==
               GST_STATE_CHANGE_FAILURE,
           "dtype %s", dtypes[i]);
        char *said = kit_said(bus, GST_MESSAGE_ERROR);
        char *wanted = g_strdup_printf(
            "dtype \"%s\", expected \"f32\", \"bf16\" or \"auto\"", dtypes[i]);
        OK(strstr(said, wanted) != NULL, "%s", said);
        g_free(wanted);
        g_free(said);
    }
    gst_element_set_state(element, GST_STATE_NULL);
    unlisten(element, bus);
    gst_object_unref(element);
}

/* ---------------------------------------------------------------- states -- */

static void states_go_round(void)
{
    float *sound = kit_sound(0, 16000);
    g_autoptr(Take) wanted = kit_wanted(SMALL, 0, sound, 16000);
    GstHarness *h = kit_harness(SMALL, "");
    const GstState down[] = {GST_STATE_READY, GST_STATE_NULL};
    for (guint i = 0; i < 6; i++) {
        /* left in the middle of a stream */
        kit_push(h, sound + 40, 7000, 1000, 0);
        gst_element_set_state(h->element, down[i % 2]);
        OK(gst_element_set_state(h->element, GST_STATE_PLAYING) ==
               GST_STATE_CHANGE_SUCCESS,
           "up again, time %u", i);
        gst_pad_push_event(h->srcpad, gst_event_new_stream_start("again"));
        GstCaps *caps = gst_pad_get_current_caps(h->srcpad);
        gst_pad_push_event(h->srcpad, gst_event_new_caps(caps));
        gst_caps_unref(caps);
        push_segment(h, 0, GST_CLOCK_TIME_NONE, 0);
        g_autoptr(Take) old G_GNUC_UNUSED = kit_pull(h);
        kit_push(h, sound, 16000, 1000, 0);
        gst_harness_push_event(h, gst_event_new_eos());
        g_autoptr(Take) got = kit_pull(h);
        OK(got->pts->len == 20 && kit_same(got, 0, wanted, 0, 20),
           "as new, time %u", i);
        flush(h);
    }
    gst_harness_teardown(h);
    g_free(sound);
}

static void no_sound_is_told(void)
{
    GstHarness *h = kit_harness(SMALL, "");
    GstBus *bus = listen(h->element);
    gst_harness_push_event(h, gst_event_new_eos());
    char *said = kit_said(bus, GST_MESSAGE_WARNING);
    OK(gst_harness_buffers_received(h) == 0, "no frames");
    OK(strstr(said, "No audio was received") != NULL, "%s", said);
    g_free(said);
    unlisten(h->element, bus);
    gst_harness_teardown(h);
}

static void hostile_sound(void)
{
    float *sound = kit_sound(0, 16000);
    GstHarness *h = kit_harness(SMALL, "");
    for (guint i = 0; i < 16000; i++)
        sound[i] = i % 3 ? (i % 5 ? G_MAXFLOAT : -1.0f / 0.0f) : 0.0f / 0.0f;
    kit_push(h, sound, 16000, 1000, 0);
    gst_harness_push(h, gst_buffer_new());
    gst_harness_push(h, gst_buffer_new_memdup("abcdefg", 7));
    gst_harness_push_event(h, gst_event_new_eos());
    OK(gst_harness_buffers_received(h) == 21, "one sample more is one frame");
    gst_harness_teardown(h);
    g_free(sound);
}

int main(int argc, char **argv)
{
    kit_init(&argc, &argv);
    same_frames_at_any_size();
    every_frame_is_there();
    no_sooner_and_no_later();
    seeds_differ();
    unaligned_sound();
    stamps_follow_the_sound();
    a_gap_is_silence();
    a_gap_first_and_a_gap_last();
    a_gap_that_overlaps_sound();
    jitter_changes_nothing();
    a_discontinuity();
    overlap_is_left_out();
    sound_before_the_start_is_left_out();
    a_long_jump_starts_anew();
    sound_outside_the_segment();
    a_segment_that_continues();
    a_segment_of_another_rate();
    a_segment_of_its_own();
    a_segment_in_bytes();
    a_flush_forgets();
    a_new_stream_drains();
    a_segment_done_drains();
    caps_are_the_models();
    other_sound_is_refused();
    refused_frames_are_an_error();
    renegotiation_changes_no_frame();
    latency_is_added();
    the_most_latency_is_passed_on();
    only_time_is_answered();
    events_are_in_order();
    tags_of_the_sound_stay();
    unknown_events_go_on();
    late_frames_are_dropped();
    lateness_has_limits();
    a_model_is_swapped_between_frames();
    an_unusable_model_changes_nothing();
    a_model_that_does_not_fit_changes_nothing();
    a_seed_counts_from_the_next_frame();
    sound_is_levelled();
    a_level_counts_from_the_next_frame();
    bad_levels_are_refused();
    bad_levels_do_not_start();
    messages_tell_what_runs();
    bad_models_are_refused();
    settings_are_checked();
    states_go_round();
    no_sound_is_told();
    hostile_sound();
    return kit_finish();
}
