/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* v2sfoley in a harness: the latency it answers, flushes, new segments, state
 * cycles, times, and what it does without pictures. TAP. */
#include "kit.h"

#include <glib/gstdio.h>
#include <gst/audio/audio.h>
#include <string.h>

enum { SIDE = 32, FOLEY_RATE = 22050 };

/* @param name a property that is set before the element starts, or NULL */
static GstHarness *harness_with(gint fps, gint latency, const char *name,
                                const char *value)
{
    const char *device = g_getenv("S2V_TEST_DEVICE");
    GstElement *element = gst_element_factory_make("v2sfoley", NULL);
    g_object_set(element, "model", g_getenv("S2V_TINY_FOLEY"), "latency",
                 latency, "threads", 1, "device", device ? device : "auto",
                 NULL);
    if (name)
        gst_util_set_object_arg(G_OBJECT(element), name, value);
    GstHarness *h = gst_harness_new_with_element(element, "sink", "src");
    gst_object_unref(element);
    char *caps = g_strdup_printf(
        "video/x-raw, format=RGB, width=%d, height=%d, framerate=%d/1", SIDE,
        SIDE, fps);
    gst_harness_set_src_caps_str(h, caps);
    g_free(caps);
    return h;
}

static GstHarness *harness(gint fps, gint latency)
{
    return harness_with(fps, latency, NULL, NULL);
}

/* Picture i of a film: a line that goes down. */
static GstBuffer *picture(int i, gint fps, GstClockTime start)
{
    GstBuffer *b = gst_buffer_new_allocate(NULL, SIDE * SIDE * 3, NULL);
    GstMapInfo map;
    gst_buffer_map(b, &map, GST_MAP_WRITE);
    memset(map.data, 30, map.size);
    memset(map.data + (i * 5 % SIDE) * SIDE * 3, 240, SIDE * 3);
    gst_buffer_unmap(b, &map);
    GST_BUFFER_PTS(b) = start + gst_util_uint64_scale_int(GST_SECOND, i, fps);
    GST_BUFFER_DURATION(b) = start +
                             gst_util_uint64_scale_int(GST_SECOND, i + 1, fps) -
                             GST_BUFFER_PTS(b);
    return b;
}

/* Take what came: its digest goes on; the samples. */
static gsize take(GstHarness *h, GChecksum *sum)
{
    gsize n = 0;
    for (GstBuffer *b; (b = gst_harness_try_pull(h)); gst_buffer_unref(b)) {
        GstMapInfo map;
        gst_buffer_map(b, &map, GST_MAP_READ);
        g_checksum_update(sum, map.data, (gssize)map.size);
        n += map.size / sizeof(float);
        gst_buffer_unmap(b, &map);
    }
    return n;
}

static gsize play(GstHarness *h, int n, gint fps, GstClockTime start,
                  GChecksum *sum)
{
    for (int i = 0; i < n; i++)
        gst_harness_push(h, picture(i, fps, start));
    return take(h, sum);
}

/* No sample comes later than the answer says, if none waits for more pictures
 * than that; and the first comes hardly sooner. */
static void latency_is_true(gint wanted)
{
    enum { FPS = 50 };
    GstHarness *h = harness(FPS, wanted);
    gst_harness_push(h, picture(0, FPS, 0));
    const GstClockTime answer = gst_harness_query_latency(h);
    GstClockTime worst = 0;
    for (int i = 1; i < 300; i++) {
        GstBuffer *p = picture(i, FPS, 0);
        const GstClockTime now = GST_BUFFER_PTS(p);
        gst_harness_push(h, p);
        for (GstBuffer *b; (b = gst_harness_try_pull(h)); gst_buffer_unref(b))
            worst = MAX(worst, now - GST_BUFFER_PTS(b));
    }
    OK(worst <= answer &&
           (!wanted ||
            worst <= (GstClockTime)wanted * GST_MSECOND + GST_SECOND / FPS),
       "%d ms wanted: waits %" GST_TIME_FORMAT ", answers %" GST_TIME_FORMAT,
       wanted, GST_TIME_ARGS(worst), GST_TIME_ARGS(answer));
    OK(worst + 200 * GST_MSECOND > answer, "and not much more than that");
    gst_harness_teardown(h);
}

/* On top of what upstream answers. */
static void the_most_latency_is_passed_on(void)
{
    GstHarness *h = harness(25, 400);
    kit_most_latency_is_passed_on(h, 40 * GST_MSECOND);
    gst_harness_teardown(h);
}

static void flush_starts_anew(void)
{
    GstHarness *h = harness(25, 500);
    GChecksum *a = g_checksum_new(G_CHECKSUM_MD5);
    GChecksum *b = g_checksum_new(G_CHECKSUM_MD5);
    GstSegment segment;
    gsize first = play(h, 50, 25, 0, a);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(h, gst_event_new_flush_start());
    gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    gsize second = play(h, 50, 25, 0, b);
    OK(first > 0 && first == second &&
           !strcmp(g_checksum_get_string(a), g_checksum_get_string(b)),
       "%" G_GSIZE_FORMAT " and %" G_GSIZE_FORMAT " samples", first, second);
    g_checksum_free(a);
    g_checksum_free(b);
    gst_harness_teardown(h);
}

/* The tail comes out before the new segment, and all of the next film. */
static void segment_drains(void)
{
    GstHarness *h = harness(25, 0);
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    GstSegment segment;
    play(h, 25, 25, 0, sum);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = 10 * GST_SECOND;
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    GstBuffer *b = gst_harness_try_pull(h);
    OK(b && GST_BUFFER_PTS(b) == 0, "the tail begins at the film's beginning");
    gsize n = take(h, sum);
    n += b ? gst_buffer_get_size(b) / sizeof(float) : 0;
    gst_clear_buffer(&b);
    OK(n == FOLEY_RATE, "%" G_GSIZE_FORMAT " samples before the segment", n);
    play(h, 10, 25, 9800 * GST_MSECOND, sum);
    gst_harness_push_event(h, gst_event_new_eos());
    b = gst_harness_try_pull(h);
    OK(b && GST_BUFFER_PTS(b) == 10 * GST_SECOND,
       "what lies before the segment is left out");
    n = take(h, sum) + (b ? gst_buffer_get_size(b) / sizeof(float) : 0);
    gst_clear_buffer(&b);
    OK(n == FOLEY_RATE / 5, "%" G_GSIZE_FORMAT " samples after it", n);
    g_checksum_free(sum);
    gst_harness_teardown(h);
}

/* All the sound comes out where the segment is done, and a film that begins
 * again in the same segment sounds the same. */
static void segments_loop(void)
{
    GstHarness *h = harness(25, 500);
    GChecksum *sums[2];
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    for (int i = 0; i < 2; i++) {
        sums[i] = g_checksum_new(G_CHECKSUM_MD5);
        gst_harness_push_event(h, gst_event_new_segment(&segment));
        gsize n = play(h, 25, 25, 0, sums[i]);
        gst_harness_push_event(
            h, gst_event_new_segment_done(GST_FORMAT_TIME, GST_SECOND));
        n += take(h, sums[i]);
        OK(n == FOLEY_RATE, "loop %d: %" G_GSIZE_FORMAT " samples", i, n);
    }
    OK(!strcmp(g_checksum_get_string(sums[0]), g_checksum_get_string(sums[1])),
       "the second is as the first");
    g_checksum_free(sums[0]);
    g_checksum_free(sums[1]);
    gst_harness_teardown(h);
}

/* Upstream that can do anything: seeks, and answers in any format. */
static gboolean seek_anywhere(GstPad *pad, GstObject *parent, GstEvent *event)
{
    (void)pad, (void)parent;
    gst_event_unref(event);
    return TRUE;
}

static gboolean answer_anything(GstPad *pad, GstObject *parent, GstQuery *query)
{
    GstFormat format;
    if (GST_QUERY_TYPE(query) == GST_QUERY_DURATION) {
        gst_query_parse_duration(query, &format, NULL);
        gst_query_set_duration(query, format, 75);
    } else if (GST_QUERY_TYPE(query) == GST_QUERY_POSITION) {
        gst_query_parse_position(query, &format, NULL);
        gst_query_set_position(query, format, 25);
    } else {
        return gst_pad_query_default(pad, parent, query);
    }
    return TRUE;
}

static gboolean seeks(GstPad *pad, gdouble rate, GstFormat format)
{
    return gst_pad_send_event(
        pad, gst_event_new_seek(rate, format, GST_SEEK_FLAG_FLUSH,
                                GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0));
}

/* Pictures are not samples: counts of upstream's do not hold downstream. */
static void only_time_goes_upstream(void)
{
    GstHarness *h = harness(25, 0);
    GstPad *pad = gst_element_get_static_pad(h->element, "src");
    gint64 n;
    gst_pad_set_query_function(h->srcpad, answer_anything);
    gst_pad_set_event_function(h->srcpad, seek_anywhere);
    OK(gst_pad_query_duration(pad, GST_FORMAT_TIME, &n) && n == 75, "time");
    OK(!gst_pad_query_duration(pad, GST_FORMAT_BYTES, &n), "no bytes");
    OK(!gst_pad_query_position(pad, GST_FORMAT_DEFAULT, &n), "no samples");
    OK(seeks(pad, 1.0, GST_FORMAT_TIME), "a seek forwards, in time");
    OK(!seeks(pad, -1.0, GST_FORMAT_TIME), "none backwards");
    OK(!seeks(pad, 1.0, GST_FORMAT_DEFAULT), "none in samples");
    gst_object_unref(pad);
    gst_harness_teardown(h);
}

static void backwards_is_told(void)
{
    GstHarness *h = harness(25, 0);
    GstBus *bus = gst_bus_new();
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.rate = -1.0;
    gst_element_set_bus(h->element, bus);
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    char *said = kit_said(bus, GST_MESSAGE_WARNING);
    OK(strstr(said, "in reverse") != NULL, "%s", said);
    g_free(said);
    gst_element_set_bus(h->element, NULL);
    gst_object_unref(bus);
    gst_harness_teardown(h);
}

/* The next progress message on the bus, or what is none. */
static GstProgressType progress(GstBus *bus)
{
    GstProgressType type = GST_PROGRESS_TYPE_CANCELED;
    GstMessage *message = kit_message(bus, GST_MESSAGE_PROGRESS);
    if (message)
        gst_message_parse_progress(message, &type, NULL, NULL);
    g_clear_pointer(&message, gst_message_unref);
    return type;
}

static void opening_is_told(const char *model, GstProgressType end)
{
    GstElement *element = gst_element_factory_make("v2sfoley", NULL);
    GstBus *bus = gst_bus_new();
    gst_object_ref_sink(element);
    gst_element_set_bus(element, bus);
    g_object_set(element, "model", model, "device", "ref", NULL);
    gst_element_set_state(element, GST_STATE_READY);
    OK(progress(bus) == GST_PROGRESS_TYPE_START, "%s: opening", model);
    OK(progress(bus) == end, "%s: opened, or not", model);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
    gst_object_unref(bus);
    gst_object_unref(element);
}

typedef struct Lines {
    GstElement *element;
    guint own, others;
} Lines;

/* A line of the element's: of its own category, or of another plugin element's.
 */
static void count_line(GstDebugCategory *category, GstDebugLevel level,
                       const gchar *file, const gchar *function, gint line,
                       GObject *object, GstDebugMessage *message, gpointer data)
{
    Lines *lines = data;
    const char *name = gst_debug_category_get_name(category);
    (void)level, (void)file, (void)function, (void)line, (void)message;
    if (object != (GObject *)lines->element)
        return;
    lines->own += !strcmp(name, "v2sfoley");
    lines->others += !strcmp(name, "s2vgen");
}

/* The library's log lines have the category of the element that opens. */
static void lines_have_the_elements_category(void)
{
    Lines lines = {.element = gst_element_factory_make("v2sfoley", NULL)};
    gst_object_ref_sink(lines.element);
    g_object_set(lines.element, "model", g_getenv("S2V_TINY_FOLEY"), "device",
                 "ref", NULL);
    gst_debug_remove_log_function(gst_debug_log_default);
    gst_debug_add_log_function(count_line, &lines, NULL);
    gst_debug_set_threshold_from_string("v2sfoley:5,s2vgen:5", TRUE);
    gst_element_set_state(lines.element, GST_STATE_READY);
    gst_element_set_state(lines.element, GST_STATE_NULL);
    gst_debug_set_threshold_from_string("", TRUE);
    gst_debug_remove_log_function(count_line);
    gst_debug_add_log_function(gst_debug_log_default, NULL, NULL);
    OK(lines.own > 0 && lines.others == 0, "%u of v2sfoley, %u of s2vgen",
       lines.own, lines.others);
    gst_object_unref(lines.element);
}

static void states_cycle(void)
{
    GstElement *element = gst_element_factory_make("v2sfoley", NULL);
    gst_object_ref_sink(element);
    g_object_set(element, "model", g_getenv("S2V_TINY_FOLEY"), "device", "ref",
                 NULL);
    gboolean ok = TRUE;
    for (int i = 0; i < 3; i++) {
        ok &= gst_element_set_state(element, GST_STATE_PAUSED) !=
              GST_STATE_CHANGE_FAILURE;
        ok &= gst_element_set_state(element, GST_STATE_READY) !=
              GST_STATE_CHANGE_FAILURE;
        ok &= gst_element_set_state(element, GST_STATE_NULL) !=
              GST_STATE_CHANGE_FAILURE;
    }
    OK(ok, "three times");
    g_object_set(element, "model", "nowhere.bin", NULL);
    OK(gst_element_set_state(element, GST_STATE_READY) ==
           GST_STATE_CHANGE_FAILURE,
       "a missing model stops it");
    gst_element_set_state(element, GST_STATE_NULL);
    g_object_set(element, "model", g_getenv("S2V_TINY_FOLEY"), "ref",
                 "nowhere.wav", NULL);
    OK(gst_element_set_state(element, GST_STATE_READY) ==
           GST_STATE_CHANGE_FAILURE,
       "a missing reference, too");
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
}

static void nothing_gives_nothing(void)
{
    GstHarness *h = harness(25, 0);
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    gst_harness_push_event(h, gst_event_new_eos());
    OK(take(h, sum) == 0, "no picture, no sound");
    g_checksum_free(sum);
    gst_harness_teardown(h);
}

/* Two seconds of a film with options as text; `live` is set after half of it.
 */
static char *edited(const char *name, const char *value, gboolean live)
{
    GstHarness *h = harness_with(25, 500, live ? NULL : name, value);
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    for (int i = 0; i < 50; i++) {
        if (live && i == 25)
            gst_util_set_object_arg(G_OBJECT(h->element), name, value);
        gst_harness_push(h, picture(i, 25, 0));
    }
    gst_harness_push_event(h, gst_event_new_eos());
    const gsize n = take(h, sum);
    OK(n == 2 * FOLEY_RATE, "%s=%s: %" G_GSIZE_FORMAT " samples", name, value,
       n);
    char *text = g_strdup(g_checksum_get_string(sum));
    g_checksum_free(sum);
    gst_harness_teardown(h);
    return text;
}

static void check_edited(const char *plain, const char *name, const char *value,
                         gboolean live, gboolean same)
{
    char *got = edited(name, value, live);
    OK((strcmp(plain, got) == 0) == same, "%s=%s%s: %s", name, value,
       live ? " while playing" : "", same ? "the same" : "another sound");
    g_free(got);
}

/* The library's options, by the same words. */
static void a_film_is_edited(void)
{
    char *folder = g_dir_make_tmp("s2v-test-XXXXXX", NULL);
    char *path = g_build_filename(folder, "onsets.txt", NULL);
    char *text = NULL, *plain = edited("gain", "0", FALSE);
    check_edited(plain, "sensitivity", "1", FALSE, TRUE);
    check_edited(plain, "sensitivity", "0.2", FALSE, FALSE);
    check_edited(plain, "sensitivity", "0.2", TRUE, FALSE);
    check_edited(plain, "regions", "0:0:32:32", FALSE, TRUE);
    check_edited(plain, "regions", "0|0|0.5|0.5", FALSE, FALSE);
    check_edited(plain, "regions", "0:0:0.5:0.5", TRUE, FALSE);
    check_edited(plain, "regions", "nonsense", TRUE, TRUE);
    check_edited(plain, "synthesis", "vocoder", FALSE, TRUE);
    check_edited(plain, "onsets", path, FALSE, TRUE);
    g_file_get_contents(path, &text, NULL, NULL);
    OK(text != NULL, "the file of onsets is there");
    g_file_set_contents(path, "0.5\n", -1, NULL);
    check_edited(plain, "onsets", path, FALSE, FALSE);
    g_free(text);
    g_file_get_contents(path, &text, NULL, NULL);
    OK(!g_strcmp0(text, "0.5\n"), "what was read is as it was");
    g_remove(path);
    g_rmdir(folder);
    g_free(text);
    g_free(plain);
    g_free(path);
    g_free(folder);
}

/* Two seconds of pictures; the last flow. */
static gpointer push_pictures(gpointer data)
{
    GstFlowReturn flow = GST_FLOW_OK;
    for (int i = 0; i < 50 && flow == GST_FLOW_OK; i++)
        flow = gst_harness_push(data, picture(i, 25, 0));
    return GINT_TO_POINTER(flow);
}

/* An element with the film's own sound, of one channel at OWN_RATE. */
enum { OWN_RATE = 8000 };

typedef struct Mixed {
    GstHarness *h; /* of the pictures, without caps yet */
    GstElement *element;
    GstPad *mix;
    gint seconds; /* of the film's sound to push */
    gint pushed;  /* of them, atomic */
} Mixed;

static Mixed mixed(gint seconds)
{
    GstElement *element = gst_element_factory_make("v2sfoley", NULL);
    g_object_set(element, "model", g_getenv("S2V_TINY_FOLEY"), "latency", 500,
                 "threads", 1, NULL);
    Mixed m = {.element = element, .seconds = seconds};
    m.mix = gst_element_request_pad_simple(element, "mix");
    OK(m.mix != NULL, "a pad for the film's own sound");
    m.h = gst_harness_new_with_element(element, "sink", "src");
    GstCaps *caps = gst_caps_new_simple(
        "audio/x-raw", "format", G_TYPE_STRING, GST_AUDIO_NE(F32), "layout",
        G_TYPE_STRING, "interleaved", "channels", G_TYPE_INT, 1, "rate",
        G_TYPE_INT, OWN_RATE, NULL);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_send_event(m.mix, gst_event_new_stream_start("own"));
    gst_pad_send_event(m.mix, gst_event_new_caps(caps));
    gst_pad_send_event(m.mix, gst_event_new_segment(&segment));
    gst_caps_unref(caps);
    return m;
}

static void start_pictures(Mixed *m)
{
    gst_harness_set_src_caps_str(
        m->h, "video/x-raw, format=RGB, width=32, height=32, framerate=25/1");
}

static void end_mixed(Mixed *m)
{
    gst_object_unref(m->mix);
    gst_object_unref(m->element);
    gst_harness_teardown(m->h);
}

/* The film's own sound, then its end; the last flow. */
static gpointer push_own(gpointer data)
{
    Mixed *m = data;
    GstFlowReturn flow = GST_FLOW_OK;
    for (int i = 0; i < m->seconds && flow == GST_FLOW_OK; i++) {
        GstBuffer *buffer =
            gst_buffer_new_allocate(NULL, OWN_RATE * sizeof(float), NULL);
        gst_buffer_memset(buffer, 0, 0, OWN_RATE * sizeof(float));
        GST_BUFFER_PTS(buffer) = (GstClockTime)i * GST_SECOND;
        flow = gst_pad_chain(m->mix, buffer);
        if (flow == GST_FLOW_OK)
            g_atomic_int_inc(&m->pushed);
    }
    if (flow == GST_FLOW_OK)
        gst_pad_send_event(m->mix, gst_event_new_eos());
    return GINT_TO_POINTER(flow);
}

/* Seconds of the film's sound that were taken, once no more is. */
static gint taken_of(Mixed *m)
{
    gint before = -1, now;
    while ((now = g_atomic_int_get(&m->pushed)) != before) {
        before = now;
        g_usleep(300000);
    }
    return now;
}

static gsize samples_out(GstHarness *h)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    const gsize n = take(h, sum);
    g_checksum_free(sum);
    return n;
}

/* While no picture comes, no more of the film's sound is held than ten seconds
 * and the latency; pictures that come late get all of it. */
static void the_mix_is_bounded(void)
{
    Mixed m = mixed(16);
    GThread *thread = g_thread_new("own", push_own, &m);
    const gint held = taken_of(&m);
    OK(held >= 10 && held < 13, "%d s are held, expected 10 to 12", held);
    start_pictures(&m);
    for (int i = 0; i < 16 * 25; i++)
        gst_harness_push(m.h, picture(i, 25, 0));
    gst_harness_push_event(m.h, gst_event_new_eos());
    const int flow = GPOINTER_TO_INT(g_thread_join(thread));
    OK(flow == GST_FLOW_OK && m.pushed == 16, "all of it is taken: %s, %d s",
       gst_flow_get_name((GstFlowReturn)flow), m.pushed);
    const gsize n = samples_out(m.h);
    OK(n == 16 * OWN_RATE, "%" G_GSIZE_FORMAT " samples, expected 16 s", n);
    end_mixed(&m);
}

/* A film's sound that is longer than its picture, or has none, does not wait
 * for more of it. */
static void the_picture_ends_first(gint pictures)
{
    Mixed m = mixed(40);
    GThread *thread = g_thread_new("own", push_own, &m);
    OK(taken_of(&m) < 13, "the film's sound waits");
    start_pictures(&m);
    for (int i = 0; i < pictures; i++)
        gst_harness_push(m.h, picture(i, 25, 0));
    gst_harness_push_event(m.h, gst_event_new_eos());
    const int flow = GPOINTER_TO_INT(g_thread_join(thread));
    OK(flow == GST_FLOW_EOS, "after %d pictures it ends with %s", pictures,
       gst_flow_get_name((GstFlowReturn)flow));
    const gsize n = samples_out(m.h);
    OK(n == (gsize)pictures * OWN_RATE / 25,
       "%" G_GSIZE_FORMAT " samples of %d pictures", n, pictures);
    end_mixed(&m);
}

/* Both come of one demuxer, the pictures from 30 s on: what of the sound lies
 * before is not held. */
static void the_picture_starts_late(void)
{
    Mixed m = mixed(32);
    start_pictures(&m);
    gst_harness_push_event(m.h, gst_event_new_gap(0, 30 * GST_SECOND));
    const int flow = GPOINTER_TO_INT(push_own(&m));
    OK(flow == GST_FLOW_OK, "32 s are taken in one thread: %s",
       gst_flow_get_name((GstFlowReturn)flow));
    for (int i = 0; i < 50; i++)
        gst_harness_push(m.h, picture(i, 25, 30 * GST_SECOND));
    gst_harness_push_event(m.h, gst_event_new_eos());
    const gsize n = samples_out(m.h);
    OK(n == 2 * OWN_RATE, "%" G_GSIZE_FORMAT " samples, expected 2 s", n);
    end_mixed(&m);
}

/* A pad that is flushed does not wait. */
static void a_flush_ends_waiting(void)
{
    Mixed m = mixed(40);
    GThread *thread = g_thread_new("own", push_own, &m);
    OK(taken_of(&m) < 13, "the film's sound waits");
    gst_pad_send_event(m.mix, gst_event_new_flush_start());
    const int flow = GPOINTER_TO_INT(g_thread_join(thread));
    OK(flow == GST_FLOW_FLUSHING, "it ends with %s",
       gst_flow_get_name((GstFlowReturn)flow));
    end_mixed(&m);
}

/* The film's own sound has caps, and nothing else: what waits for it is ended
 * by a stop. */
static void a_stop_ends_waiting(void)
{
    Mixed m = mixed(0);
    GstHarness *h = m.h;
    start_pictures(&m);
    GThread *thread = g_thread_new("pictures", push_pictures, h);
    g_usleep(300000); /* it waits by now; if not, that is tested less */
    gst_element_set_state(m.element, GST_STATE_NULL);
    const int flow = GPOINTER_TO_INT(g_thread_join(thread));
    OK(flow == GST_FLOW_FLUSHING, "pictures end with %s",
       gst_flow_get_name((GstFlowReturn)flow));
    end_mixed(&m);
}

int main(int argc, char **argv)
{
    kit_init(&argc, &argv);
    latency_is_true(0);
    latency_is_true(400);
    latency_is_true(1000);
    the_most_latency_is_passed_on();
    flush_starts_anew();
    segment_drains();
    segments_loop();
    only_time_goes_upstream();
    backwards_is_told();
    opening_is_told(g_getenv("S2V_TINY_FOLEY"), GST_PROGRESS_TYPE_COMPLETE);
    opening_is_told("nowhere.bin", GST_PROGRESS_TYPE_ERROR);
    lines_have_the_elements_category();
    states_cycle();
    nothing_gives_nothing();
    a_film_is_edited();
    a_stop_ends_waiting();
    a_flush_ends_waiting();
    the_mix_is_bounded();
    the_picture_ends_first(50);
    the_picture_ends_first(0);
    the_picture_starts_late();
    return kit_finish();
}
