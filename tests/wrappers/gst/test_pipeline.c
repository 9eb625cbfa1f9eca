/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2vgen in pipelines: files, seeks, pauses, live sources, threads. */
#include "kit.h"

#include <stdlib.h>
#include <time.h>

/* ------------------------------------------------------------- pipelines -- */

/* A pipeline with an element `gen`, whose frames are collected. */
typedef struct Run {
    GstElement *pipeline, *gen;
    GstBus *bus;
    GMutex lock;
    Take *take;       /* since the last flush */
    GArray *delays;   /* GstClockTimeDiff: when frames came, past their time */
    GArray *arrivals; /* the same of buffers of sound */
    GArray *shown;    /* the same of frames in a sink */
} Run;

/* How long after its own time a buffer is here. */
static void add_delay(Run *run, GstBuffer *buffer, GArray *delays)
{
    GstClock *clock = gst_element_get_clock(run->gen);
    if (!clock)
        return;
    GstClockTimeDiff delay =
        (GstClockTimeDiff)gst_clock_get_time(clock) -
        (GstClockTimeDiff)gst_element_get_base_time(run->gen) -
        (GstClockTimeDiff)GST_BUFFER_PTS(buffer);
    g_array_append_val(delays, delay);
    gst_object_unref(clock);
}

static GstPadProbeReturn note_sound(GstPad *pad, GstPadProbeInfo *info,
                                    gpointer data)
{
    Run *run = data;
    add_delay(run, GST_PAD_PROBE_INFO_BUFFER(info), run->arrivals);
    (void)pad;
    return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn note(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Run *run = data;
    g_mutex_lock(&run->lock);
    if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
        kit_take_add(run->take, GST_PAD_PROBE_INFO_BUFFER(info));
        add_delay(run, GST_PAD_PROBE_INFO_BUFFER(info), run->delays);
    } else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) ==
               GST_EVENT_FLUSH_STOP) {
        kit_take_free(run->take);
        run->take = kit_take_new();
    }
    g_mutex_unlock(&run->lock);
    (void)pad;
    return GST_PAD_PROBE_OK;
}

static void run_open(Run *run, const char *line)
{
    GError *error = NULL;
    run->pipeline = gst_parse_launch(line, &error);
    if (error)
        g_error("%s", error->message);
    run->bus = gst_element_get_bus(run->pipeline);
    run->gen = gst_bin_get_by_name(GST_BIN(run->pipeline), "gen");
    run->take = kit_take_new();
    run->delays = g_array_new(FALSE, FALSE, sizeof(GstClockTimeDiff));
    run->shown = g_array_new(FALSE, FALSE, sizeof(GstClockTimeDiff));
    run->arrivals = g_array_new(FALSE, FALSE, sizeof(GstClockTimeDiff));
    g_mutex_init(&run->lock);
    GstPad *pad = gst_element_get_static_pad(run->gen, "src");
    gst_pad_add_probe(pad,
                      GST_PAD_PROBE_TYPE_BUFFER |
                          GST_PAD_PROBE_TYPE_EVENT_BOTH |
                          GST_PAD_PROBE_TYPE_EVENT_FLUSH,
                      note, run, NULL);
    gst_object_unref(pad);
    pad = gst_element_get_static_pad(run->gen, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, note_sound, run, NULL);
    gst_object_unref(pad);
}

static void run_close(Run *run)
{
    gst_element_set_state(run->pipeline, GST_STATE_NULL);
    gst_object_unref(run->gen);
    gst_object_unref(run->bus);
    gst_object_unref(run->pipeline);
    kit_take_free(run->take);
    g_array_unref(run->delays);
    g_array_unref(run->arrivals);
    g_array_unref(run->shown);
    g_mutex_clear(&run->lock);
}

static gboolean set_state(Run *run, GstState state)
{
    gst_element_set_state(run->pipeline, state);
    return gst_element_get_state(run->pipeline, NULL, NULL, 20 * GST_SECOND) !=
           GST_STATE_CHANGE_FAILURE;
}

/* Wait for the end or another message; FALSE for an error or nothing. */
static gboolean wait_for(Run *run, GstMessageType type)
{
    GstMessage *message = gst_bus_timed_pop_filtered(run->bus, 60 * GST_SECOND,
                                                     type | GST_MESSAGE_ERROR);
    gboolean good = message && GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR;
    if (message && !good) {
        GError *error;
        gst_message_parse_error(message, &error, NULL);
        g_print("# %s\n", error->message);
        g_error_free(error);
    }
    g_clear_pointer(&message, gst_message_unref);
    return good;
}

static gboolean play_out(Run *run)
{
    gst_element_set_state(run->pipeline, GST_STATE_PLAYING);
    return wait_for(run, GST_MESSAGE_EOS);
}

static char *gen(const char *model)
{
    const char *device = g_getenv("S2V_TEST_DEVICE");
    return g_strdup_printf("s2vgen name=gen model=%s threads=1 device=%s",
                           kit_model(model), device ? device : "auto");
}

/* ----------------------------------------------------------------- files -- */

enum { SONG = 48123 };
static float *song;
static char *song_file, *element;

static void write_song(void)
{
    song = kit_sound(0, SONG);
    song_file = g_strdup(kit_model("song.wav"));
    element = gen("small");
    char *raw = g_strdup(kit_model("song.raw"));
    g_assert_true(g_file_set_contents(raw, (char *)song, SONG * 4, NULL));
    char *line = g_strdup_printf(
        "filesrc location=%s blocksize=4000 ! rawaudioparse format=pcm "
        "pcm-format=f32le sample-rate=16000 num-channels=1 ! "
        "wavenc ! filesink location=%s",
        raw, song_file);
    GstElement *pipeline = gst_parse_launch(line, NULL);
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    gst_message_unref(
        gst_bus_timed_pop_filtered(bus, 20 * GST_SECOND, GST_MESSAGE_EOS));
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    g_free(line);
    g_free(raw);
}

static void open_song(Run *run, const char *sink)
{
    char *line = g_strdup_printf("filesrc location=%s ! wavparse ! %s ! %s",
                                 song_file, element, sink);
    run_open(run, line);
    g_free(line);
}

static void a_file(void)
{
    g_autoptr(Take) wanted = kit_wanted(kit_model("small"), 0, song, SONG);
    Run run;
    gint64 duration = 0;
    open_song(&run, "fakesink sync=false");
    OK(play_out(&run), "plays to its end");
    OK(run.take->pts->len == 61 && kit_same(run.take, 0, wanted, 0, 61),
       "has the library's frames");
    gst_element_query_duration(run.pipeline, GST_FORMAT_TIME, &duration);
    OK((GstClockTime)duration == kit_time(SONG), "its duration is the sound's");
    run_close(&run);
}

static void a_line_with_decodebin(void)
{
    g_autoptr(Take) wanted = kit_wanted(kit_model("small"), 0, song, SONG);
    char *line = g_strdup_printf(
        "filesrc location=%s ! decodebin ! audioconvert ! audioresample ! %s ! "
        "videoconvert ! video/x-raw,format=RGB ! fakesink",
        song_file, element);
    Run run;
    run_open(&run, line);
    OK(play_out(&run), "plays to its end");
    OK(run.take->pts->len == 61 && kit_same(run.take, 0, wanted, 0, 61),
       "has the library's frames");
    run_close(&run);
    g_free(line);
}

/* Raw sound from a file, in bytes and without time stamps. */
static void pieces_of_a_file(void)
{
    static const gsize sizes[] = {1, 7, 160, 800, 1024, SONG};
    g_autoptr(Take) wanted = kit_wanted(kit_model("small"), 0, song, SONG);
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        char *line = g_strdup_printf(
            "filesrc location=%s blocksize=%" G_GSIZE_FORMAT
            " ! audio/x-raw,format=F32LE,layout=interleaved,rate=16000,"
            "channels=1 ! %s ! fakesink",
            kit_model("song.raw"), sizes[i] * sizeof(float), element);
        Run run;
        run_open(&run, line);
        OK(play_out(&run) && run.take->pts->len == 61 &&
               kit_same(run.take, 0, wanted, 0, 61),
           "%" G_GSIZE_FORMAT " samples a buffer", sizes[i]);
        run_close(&run);
        g_free(line);
    }
}

/* ----------------------------------------------------------------- seeks -- */

/* Whether all frames since the flush are those of the sound from there on. */
static gboolean is_song_from(Run *run, gsize first, gsize last)
{
    g_mutex_lock(&run->lock);
    g_autoptr(Take) wanted =
        kit_wanted(kit_model("small"), 0, song + first, last - first);
    guint count = wanted->digest->len;
    gboolean same = run->take->digest->len == count &&
                    kit_same(run->take, 0, wanted, 0, count);
    for (guint i = 0; i < count && same; i++)
        same = kit_pts(run->take, i) == kit_time(first) + i * FRAME;
    if (!same)
        g_print("# %u frames from %" GST_TIME_FORMAT " on, expected %u\n",
                run->take->digest->len, GST_TIME_ARGS(kit_pts(run->take, 0)),
                count);
    g_mutex_unlock(&run->lock);
    return same;
}

static gboolean seek(Run *run, gsize first, gint64 last, GstSeekFlags flags)
{
    return gst_element_seek(run->pipeline, 1.0, GST_FORMAT_TIME,
                            flags | GST_SEEK_FLAG_ACCURATE, GST_SEEK_TYPE_SET,
                            (gint64)kit_time(first),
                            last < 0 ? GST_SEEK_TYPE_NONE : GST_SEEK_TYPE_SET,
                            last < 0 ? 0 : (gint64)kit_time((guint64)last));
}

static void seeks(void)
{
    static const gsize places[] = {0, 16000, 1234 * 16, 40000, 3200};
    Run run;
    open_song(&run, "fakesink sync=false");
    OK(set_state(&run, GST_STATE_PAUSED), "prerolls");
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        OK(seek(&run, places[i], -1, GST_SEEK_FLAG_FLUSH), "is taken");
        OK(play_out(&run) && is_song_from(&run, places[i], SONG),
           "to sample %" G_GSIZE_FORMAT ": as a song from there", places[i]);
    }
    set_state(&run, GST_STATE_PAUSED);
    OK(seek(&run, 32000, -1, GST_SEEK_FLAG_FLUSH), "while paused");
    OK(set_state(&run, GST_STATE_PAUSED) &&
           kit_pts(run.take, 0) == 2 * GST_SECOND,
       "shows the frame of that place");
    OK(!gst_element_seek(run.pipeline, -1.0, GST_FORMAT_TIME,
                         GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0,
                         GST_SEEK_TYPE_SET, GST_SECOND),
       "backwards is refused");
    OK(seek(&run, 8000, 24000, GST_SEEK_FLAG_FLUSH), "with an end is taken");
    OK(play_out(&run) && is_song_from(&run, 8000, 24000), "stops there");
    run_close(&run);
}

static void seeks_at_random(void)
{
    GRand *rand = g_rand_new_with_seed(1);
    Run run;
    open_song(&run, "fakesink sync=false");
    set_state(&run, GST_STATE_PAUSED);
    gst_element_set_state(run.pipeline, GST_STATE_PLAYING);
    gsize place = 0;
    for (guint i = 0; i < 40; i++) {
        place = (gsize)g_rand_int_range(rand, 0, 40) * 1000;
        seek(&run, place, -1, GST_SEEK_FLAG_FLUSH);
        g_usleep((gulong)g_rand_int_range(rand, 0, 3000));
    }
    gst_bus_set_flushing(run.bus, TRUE);
    gst_bus_set_flushing(run.bus, FALSE);
    seek(&run, place, -1, GST_SEEK_FLAG_FLUSH);
    OK(wait_for(&run, GST_MESSAGE_EOS) && is_song_from(&run, place, SONG),
       "after 41 seeks, the frames of the last");
    run_close(&run);
    g_rand_free(rand);
}

static void loops(void)
{
    g_autoptr(Take) wanted = kit_wanted(kit_model("small"), 0, song, 16000);
    Run run;
    open_song(&run, "fakesink sync=false");
    set_state(&run, GST_STATE_PAUSED);
    seek(&run, 0, 16000, GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_SEGMENT);
    gst_element_set_state(run.pipeline, GST_STATE_PLAYING);
    for (guint i = 0; i < 3; i++) {
        OK(wait_for(&run, GST_MESSAGE_SEGMENT_DONE), "loop %u ends", i);
        seek(&run, 0, 16000, i < 2 ? GST_SEEK_FLAG_SEGMENT : 0);
    }
    OK(wait_for(&run, GST_MESSAGE_EOS), "the last one with EOS");
    OK(run.take->pts->len == 80, "%u frames", run.take->pts->len);
    for (guint i = 0; i < 4; i++)
        OK(kit_same(run.take, 20 * i, wanted, 0, 20), "loop %u is the same", i);
    run_close(&run);
}

/* --------------------------------------------------------- pause, states -- */

static void pauses(void)
{
    g_autoptr(Take) wanted = kit_wanted(kit_model("small"), 0, song, SONG);
    Run run;
    open_song(&run, "fakesink sync=true qos=false");
    for (guint i = 0; i < 6; i++) {
        set_state(&run, i % 2 ? GST_STATE_PAUSED : GST_STATE_PLAYING);
        g_usleep(150000);
    }
    OK(play_out(&run) && run.take->pts->len == 61 &&
           kit_same(run.take, 0, wanted, 0, 61),
       "change no frame");
    run_close(&run);
}

static void states_at_random(void)
{
    static const GstState states[] = {GST_STATE_NULL, GST_STATE_READY,
                                      GST_STATE_PAUSED, GST_STATE_PLAYING};
    g_autoptr(Take) wanted = kit_wanted(kit_model("small"), 0, song, SONG);
    GRand *rand = g_rand_new_with_seed(2);
    Run run;
    gboolean good = TRUE;
    open_song(&run, "fakesink sync=false");
    for (guint i = 0; i < 60; i++) {
        gst_element_set_state(run.pipeline,
                              states[g_rand_int_range(rand, 0, 4)]);
        g_usleep((gulong)g_rand_int_range(rand, 0, 4000));
    }
    good = set_state(&run, GST_STATE_READY);
    kit_take_free(run.take);
    run.take = kit_take_new();
    gst_bus_set_flushing(run.bus, TRUE);
    gst_bus_set_flushing(run.bus, FALSE);
    OK(good && play_out(&run) && run.take->pts->len == 61 &&
           kit_same(run.take, 0, wanted, 0, 61),
       "after 60 changes, as new");
    run_close(&run);
    g_rand_free(rand);
}

/* Closing must not wait for a song: one buffer holds an hour of it. */
static void stops_at_once(void)
{
    char *line = g_strdup_printf(
        "audiotestsrc samplesperbuffer=57600000 num-buffers=1 ! "
        "audio/x-raw,rate=16000,format=F32LE ! %s ! fakesink sync=true",
        element);
    Run run;
    run_open(&run, line);
    set_state(&run, GST_STATE_PLAYING);
    gint64 start = g_get_monotonic_time();
    gst_element_set_state(run.pipeline, GST_STATE_NULL);
    gint64 took = (g_get_monotonic_time() - start) / 1000;
    OK(took < 5000, "within a frame or so: %d ms", (int)took);
    run_close(&run);
    g_free(line);
}

/* ------------------------------------------------------------- instances -- */

static void two_at_once(void)
{
    g_autoptr(Take) wanted = kit_wanted(kit_model("small"), 0, song, SONG);
    char *line = g_strdup_printf(
        "filesrc location=%s ! wavparse ! tee name=t ! queue ! %s ! fakesink "
        "t. ! queue ! s2vgen model=%s threads=1 seed=4 ! fakesink",
        song_file, element, kit_model("wide"));
    Run run;
    run_open(&run, line);
    OK(play_out(&run) && run.take->pts->len == 61 &&
           kit_same(run.take, 0, wanted, 0, 61),
       "do not disturb each other");
    run_close(&run);
    g_free(line);
}

/* ------------------------------------------------------------------ live -- */

static GstClockTime answered(Run *run, const char *name)
{
    GstElement *e = gst_bin_get_by_name(GST_BIN(run->pipeline), name);
    GstPad *pad = gst_element_get_static_pad(e, "src");
    GstQuery *query = gst_query_new_latency();
    GstClockTime latency = GST_CLOCK_TIME_NONE;
    gboolean live = FALSE;
    if (gst_pad_query(pad, query))
        gst_query_parse_latency(query, &live, &latency, NULL);
    OK(live, "live");
    gst_query_unref(query);
    gst_object_unref(pad);
    gst_object_unref(e);
    return latency;
}

static int by_size(gconstpointer a, gconstpointer b)
{
    GstClockTimeDiff x = *(const GstClockTimeDiff *)a;
    GstClockTimeDiff y = *(const GstClockTimeDiff *)b;
    return (x > y) - (x < y);
}

/* The delay that so many in a hundred do not exceed, in milliseconds. */
static double delay_of(GArray *delays, guint percent)
{
    g_array_sort(delays, by_size);
    return delays->len ? (double)g_array_index(delays, GstClockTimeDiff,
                                               delays->len * percent / 100) /
                             1e6
                       : 0.0;
}

/* What a measurement of a live pipeline gave. */
typedef struct Timing {
    double said, took; /* milliseconds */
    guint frames;
    gboolean ended;
} Timing;

/* How much measured delays may differ from what was answered. */
static gboolean is_true(const Timing *timing)
{
    return timing->ended && timing->took < timing->said + 10.0 &&
           timing->took > timing->said - 10.0;
}

/*
 * Others may keep the machine busy just then: up to four times. What is wrong
 * by itself is wrong each time.
 */
static void in_one_of_four(void (*measure)(const char *samples, Timing *timing),
                           const char *samples, guint least)
{
    Timing timing;
    for (guint i = 0; i < 4; i++) {
        timing = (Timing){0};
        measure(samples, &timing);
        if (timing.frames >= least && is_true(&timing))
            break;
        g_print("# busy? %u frames, answered %.1f ms, measured %.1f ms\n",
                timing.frames, timing.said, timing.took);
    }
    OK(timing.frames >= least, "%s samples a buffer: %u frames", samples,
       timing.frames);
    OK(is_true(&timing), "answered %.1f ms, measured %.1f ms", timing.said,
       timing.took);
}

/*
 * What the element answers on top of its source is a bound that frames come
 * close to: those are the latest whose last sample comes first in a buffer.
 */
static void latency_is_true(const char *samples, Timing *timing)
{
    char *line = g_strdup_printf(
        "audiotestsrc name=source is-live=true samplesperbuffer=%s "
        "num-buffers=%d ! audio/x-raw,rate=16000 ! %s ! fakesink sync=false",
        samples, 48000 / atoi(samples), element);
    Run run;
    run_open(&run, line);
    gst_element_set_state(run.pipeline, GST_STATE_PLAYING);
    g_usleep(500000);
    timing->said =
        (double)(answered(&run, "gen") - answered(&run, "source")) / 1e6;
    timing->ended = wait_for(&run, GST_MESSAGE_EOS);
    /* the drained tail comes with the end */
    if (run.delays->len > 2)
        g_array_set_size(run.delays, run.delays->len - 2);
    timing->frames = run.delays->len;
    timing->took = delay_of(run.delays, 50) - delay_of(run.arrivals, 50);
    run_close(&run);
    g_free(line);
}

static void note_shown(GstElement *sink, GstBuffer *buffer, GstPad *pad,
                       gpointer data)
{
    add_delay(data, buffer, ((Run *)data)->shown);
    (void)sink, (void)pad;
}

static void a_live_sink_is_in_time(const char *samples, Timing *timing)
{
    char *line = g_strdup_printf(
        "audiotestsrc is-live=true samplesperbuffer=%s num-buffers=%d ! "
        "audio/x-raw,rate=16000 ! %s ! "
        "fakesink name=sink sync=true signal-handoffs=true",
        samples, 48000 / atoi(samples), element);
    Run run;
    run_open(&run, line);
    GstElement *sink = gst_bin_get_by_name(GST_BIN(run.pipeline), "sink");
    g_signal_connect(sink, "handoff", G_CALLBACK(note_shown), &run);
    GstQuery *query = gst_query_new_latency();
    gst_element_set_state(run.pipeline, GST_STATE_PLAYING);
    g_usleep(500000);
    GstClockTime latency = 0;
    if (gst_element_query(run.pipeline, query))
        gst_query_parse_latency(query, NULL, &latency, NULL);
    timing->ended = wait_for(&run, GST_MESSAGE_EOS);
    timing->frames = run.shown->len;
    timing->said = (double)latency / 1e6;
    timing->took = delay_of(run.shown, 50);
    gst_query_unref(query);
    gst_object_unref(sink);
    run_close(&run);
    g_free(line);
}

static void dawdle(GstElement *sink, GstBuffer *buffer, GstPad *pad,
                   gpointer data)
{
    g_usleep(120000);
    (void)sink, (void)buffer, (void)pad, (void)data;
}

/* A sink that needs 120 ms for each frame of 50 ms: 7.2 s for all 60. */
static void a_slow_sink(void)
{
    const char *source = "audiotestsrc wave=ticks num-buffers=300 "
                         "samplesperbuffer=160";
    char *line = g_strdup_printf("%s ! audio/x-raw,rate=16000 ! %s ! fakesink",
                                 source, element);
    Run whole, run;
    run_open(&whole, line);
    play_out(&whole);
    g_free(line);
    line = g_strdup_printf(
        "%s is-live=true ! audio/x-raw,rate=16000 ! queue ! %s ! fakesink "
        "name=sink sync=true qos=true signal-handoffs=true",
        source, element);
    run_open(&run, line);
    GstElement *sink = gst_bin_get_by_name(GST_BIN(run.pipeline), "sink");
    g_signal_connect(sink, "handoff", G_CALLBACK(dawdle), NULL);
    gint64 start = g_get_monotonic_time();
    OK(play_out(&run), "ends");
    gint64 took = (g_get_monotonic_time() - start) / 1000;
    guint n = run.take->pts->len;
    gboolean same = TRUE;
    for (guint i = 0; i < n; i++)
        same &= kit_same(run.take, i, whole.take,
                         (guint)(kit_pts(run.take, i) / FRAME), 1);
    OK(n < 50, "frames are dropped: %u of 60 are left", n);
    OK(same, "those left are what they would be");
    OK(took < 6000, "3 s of sound took %d ms", (int)took);
    gst_object_unref(sink);
    run_close(&run);
    run_close(&whole);
    g_free(line);
}

/* 128x128 at full width. The processors' time counts: others may be busy. */
static void faster_than_real_time(void)
{
    char *line = g_strdup_printf(
        "audiotestsrc wave=pink-noise num-buffers=100 samplesperbuffer=1600 ! "
        "audio/x-raw,rate=16000 ! s2vgen name=gen model=%s ! fakesink "
        "sync=false",
        kit_model("full"));
    Run run;
    run_open(&run, line);
    set_state(&run, GST_STATE_PAUSED);
    gint64 start = g_get_monotonic_time();
    clock_t used = clock();
    gboolean end = play_out(&run);
    double took = (double)(g_get_monotonic_time() - start) / 1e6;
    double work = (double)(clock() - used) / CLOCKS_PER_SEC;
    OK(end && run.take->pts->len == 200, "200 frames of 128x128");
    OK(work < 10.0, "10 s of sound took %.2f s of work, %.2f s in all", work,
       took);
    run_close(&run);
    g_free(line);
}

/* ---------------------------------------------------------------- threads --
 */

static gint done;

static gpointer swap_models(gpointer data)
{
    static const char *const names[] = {"small", "wide", "nowhere"};
    static const char *const levels[] = {"auto", "-3", "x"};
    char *path[3];
    for (guint i = 0; i < 3; i++)
        path[i] = g_strdup_printf("%s/gst-%s.bin", g_getenv("S2V_GST_MODELS"),
                                  names[i]);
    for (guint i = 0; !g_atomic_int_get(&done); i++)
        g_object_set(data, "model", path[i % 3], "level", levels[i % 3], "seed",
                     (gint64)i, NULL);
    for (guint i = 0; i < 3; i++)
        g_free(path[i]);
    return NULL;
}

static gpointer ask(gpointer data)
{
    GstPad *sink = gst_element_get_static_pad(data, "sink");
    GstPad *src = gst_element_get_static_pad(data, "src");
    while (!g_atomic_int_get(&done)) {
        char *path;
        GstQuery *query = gst_query_new_latency();
        gst_pad_query(src, query);
        gst_query_unref(query);
        gst_caps_unref(gst_pad_query_caps(sink, NULL));
        gst_caps_unref(gst_pad_query_caps(src, NULL));
        g_object_get(data, "model", &path, NULL);
        g_free(path);
        gst_pad_send_event(src, gst_event_new_qos(GST_QOS_TYPE_OVERFLOW, 1.0,
                                                  -(GstClockTimeDiff)FRAME,
                                                  GST_SECOND));
        g_usleep(200);
    }
    gst_object_unref(sink);
    gst_object_unref(src);
    return NULL;
}

/* Models, levels, seeds, queries and seeks from other threads, while frames are
 * made and states change. */
static void many_threads(void)
{
    Run run;
    open_song(&run, "fakesink sync=false");
    set_state(&run, GST_STATE_READY);
    g_atomic_int_set(&done, 0);
    GThread *threads[] = {g_thread_new("swap", swap_models, run.gen),
                          g_thread_new("swap", swap_models, run.gen),
                          g_thread_new("ask", ask, run.gen)};
    gboolean good = TRUE;
    for (guint i = 0; i < 12; i++) {
        good &= set_state(&run, GST_STATE_PAUSED);
        gst_element_set_state(run.pipeline, GST_STATE_PLAYING);
        g_usleep(10000);
        seek(&run, i * 3000, -1, GST_SEEK_FLAG_FLUSH);
        g_usleep(10000);
        if (i % 3 == 2)
            set_state(&run, GST_STATE_READY);
    }
    g_atomic_int_set(&done, 1);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    OK(good, "it went on");
    gst_bus_set_flushing(run.bus, TRUE);
    gst_bus_set_flushing(run.bus, FALSE);
    set_state(&run, GST_STATE_READY);
    char *small = g_strdup(kit_model("small"));
    g_object_set(run.gen, "model", small, "level", "auto", "seed", (gint64)0,
                 NULL);
    g_free(small);
    g_mutex_lock(&run.lock);
    kit_take_free(run.take);
    run.take = kit_take_new();
    g_mutex_unlock(&run.lock);
    OK(play_out(&run) && is_song_from(&run, 0, SONG), "and plays as new");
    run_close(&run);
}

int main(int argc, char **argv)
{
    kit_init(&argc, &argv);
    write_song();
    a_file();
    a_line_with_decodebin();
    pieces_of_a_file();
    seeks();
    seeks_at_random();
    loops();
    pauses();
    states_at_random();
    stops_at_once();
    two_at_once();
    many_threads();
    if (!g_getenv("S2V_TEST_NO_CLOCK")) {
        in_one_of_four(latency_is_true, "16", 50);
        in_one_of_four(latency_is_true, "160", 50);
        in_one_of_four(a_live_sink_is_in_time, "160", 60);
        faster_than_real_time();
    }
    a_slow_sink();
    g_free(song);
    g_free(song_file);
    g_free(element);
    return kit_finish();
}
