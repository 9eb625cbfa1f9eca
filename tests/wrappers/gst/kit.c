/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the GStreamer plugin share. */
#include "kit.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef KIT_STATIC
GST_PLUGIN_STATIC_DECLARE(s2v);
#endif

static int points, failures;
static char *folder;

gboolean kit_point(gboolean holds, const char *where, int line,
                   const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *name = g_strdup_vprintf(format, args);
    va_end(args);
    points++;
    failures += !holds;
    printf("%sok %d - %s: %s\n", holds ? "" : "not ", points, where, name);
    if (!holds)
        printf("# line %d\n", line);
    fflush(stdout);
    g_free(name);
    return holds;
}

static void skip_all(const char *why)
{
    printf("1..0 # SKIP %s\n", why);
    exit(0);
}

static const char *device(void)
{
    const char *named = g_getenv("S2V_TEST_DEVICE");
    return named ? named : "auto";
}

void kit_init(int *argc, char ***argv)
{
    static const char *const needed[] = {
        "s2vgen",        "audiotestsrc", "audioconvert",
        "audioresample", "decodebin",    "rawaudioparse",
        "videoconvert",  "wavenc",       "wavparse"};
    gst_init(argc, argv);
#ifdef KIT_STATIC
    GST_PLUGIN_STATIC_REGISTER(s2v);
#endif
    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++) {
        GstElementFactory *factory = gst_element_factory_find(needed[i]);
        if (!factory) {
            char why[64]; /* of a string of its own, a leak would be told */
            g_snprintf(why, sizeof(why), "there is no element %s", needed[i]);
            skip_all(why);
        }
        gst_object_unref(factory);
    }
    if (!g_getenv("S2V_GST_MODELS"))
        skip_all("S2V_GST_MODELS names no folder");
    folder = g_dir_make_tmp("s2v-gst-XXXXXX", NULL);
}

int kit_finish(void)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(dir)))
        g_unlink(kit_model(name));
    g_dir_close(dir);
    g_rmdir(folder);
    g_free(folder);
    printf("1..%d\n", points);
    return failures != 0;
}

/* --------------------------------------------------------------- models -- */

const char *kit_model(const char *name)
{
    static char path[1024];
    if (!strchr(name, '.'))
        g_snprintf(path, sizeof(path), "%s/gst-%s.bin",
                   g_getenv("S2V_GST_MODELS"), name);
    else
        g_snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

const char *kit_broken(const char *name, gsize bytes, const char *more)
{
    char *data;
    gsize size;
    g_assert_true(g_file_get_contents(kit_model("small"), &data, &size, NULL));
    GString *text = g_string_new_len(data, (gssize)MIN(bytes, size));
    g_string_append(text, more);
    g_assert_true(g_file_set_contents(kit_model(name), text->str,
                                      (gssize)text->len, NULL));
    g_string_free(text, TRUE);
    g_free(data);
    return kit_model(name);
}

s2v_model *kit_open(const char *path)
{
    const s2v_model_params params = {
        .size = sizeof(params), .device = device(), .threads = 1};
    s2v_model *model;
    s2v_error err;
    if (s2v_model_open(&model, path, &params, &err) < 0)
        g_error("%s", err.message);
    return model;
}

/* ---------------------------------------------------------------- sound -- */

float *kit_sound(gsize first, gsize n)
{
    float *sound = g_new(float, n + 1);
    for (gsize k = 0; k < n; k++) {
        gsize i = first + k, part = i / 4000;
        double t = 6.283185307179586 * (double)i / RATE;
        guint32 noise = (guint32)i * 2654435761u;
        noise = (noise ^ (noise >> 15)) * 2246822519u;
        double f = 200.0 + (double)(part * 7919 % 3000);
        sound[k] =
            (float)(part % 4 == 0   ? 0.3 * ((double)noise / 2147483648.0 - 1.0)
                    : part % 4 == 1 ? 0.0
                                    : 0.5 * sin(t * f));
    }
    return sound;
}

GstClockTime kit_time(guint64 sample)
{
    return gst_util_uint64_scale(sample, GST_SECOND, RATE);
}

GstBuffer *kit_buffer(const float *sound, gsize n, GstClockTime time)
{
    GstBuffer *buffer = gst_buffer_new_memdup(sound, n * sizeof(float));
    GST_BUFFER_PTS(buffer) = time;
    GST_BUFFER_DURATION(buffer) = kit_time(n);
    return buffer;
}

/* --------------------------------------------------------------- frames -- */

Take *kit_take_new(void)
{
    Take *take = g_new0(Take, 1);
    take->digest = g_ptr_array_new_with_free_func(g_free);
    take->pts = g_array_new(FALSE, FALSE, sizeof(GstClockTime));
    take->duration = g_array_new(FALSE, FALSE, sizeof(GstClockTime));
    take->flags = g_array_new(FALSE, FALSE, sizeof(guint));
    return take;
}

void kit_take_free(Take *take)
{
    g_ptr_array_unref(take->digest);
    g_array_unref(take->pts);
    g_array_unref(take->duration);
    g_array_unref(take->flags);
    g_free(take);
}

void kit_take_add(Take *take, GstBuffer *buffer)
{
    GstMapInfo map;
    guint flags = GST_BUFFER_FLAGS(buffer);
    g_assert_true(gst_buffer_map(buffer, &map, GST_MAP_READ));
    g_ptr_array_add(take->digest, g_compute_checksum_for_data(
                                      G_CHECKSUM_SHA1, map.data, map.size));
    gst_buffer_unmap(buffer, &map);
    g_array_append_val(take->pts, GST_BUFFER_PTS(buffer));
    g_array_append_val(take->duration, GST_BUFFER_DURATION(buffer));
    g_array_append_val(take->flags, flags);
}

static void add_picture(Take *take, const s2v_video_frame *picture)
{
    gsize row = (gsize)picture->width * 3;
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA1);
    for (int y = 0; y < picture->height; y++)
        g_checksum_update(sum, picture->data + y * picture->stride,
                          (gssize)row);
    g_ptr_array_add(take->digest, g_strdup(g_checksum_get_string(sum)));
    g_checksum_free(sum);
}

Take *kit_wanted(const char *path, guint64 seed, const float *sound, gsize n)
{
    const s2v_session_params params = {.size = sizeof(params), .seed = seed};
    s2v_model *model = kit_open(path);
    s2v_session *session;
    s2v_video_frame picture = {.size = sizeof(picture)};
    s2v_error err;
    Take *take = kit_take_new();
    if (s2v_session_create(&session, model, &params, &err) < 0 ||
        s2v_session_send_audio(session, sound, n, &err) < 0 ||
        s2v_session_drain(session, &err) < 0)
        g_error("%s", err.message);
    while (s2v_session_receive_video(session, &picture, &err) == S2V_OK)
        add_picture(take, &picture);
    s2v_session_close(&session);
    s2v_model_close(&model);
    return take;
}

gboolean kit_same(const Take *got, guint first, const Take *wanted, guint from,
                  guint count)
{
    for (guint i = 0; i < count; i++) {
        if (first + i >= got->digest->len || from + i >= wanted->digest->len) {
            printf("# %u frames, expected %u from %u on\n", got->digest->len,
                   count, first);
            return FALSE;
        }
        if (strcmp(got->digest->pdata[first + i],
                   wanted->digest->pdata[from + i])) {
            printf("# frame %u differs from %u\n", first + i, from + i);
            return FALSE;
        }
    }
    return TRUE;
}

GstClockTime kit_pts(const Take *take, guint index)
{
    return index < take->pts->len
               ? g_array_index(take->pts, GstClockTime, index)
               : GST_CLOCK_TIME_NONE;
}

/* -------------------------------------------------------------- harness -- */

GstHarness *kit_harness(const char *model, const char *options)
{
    char *line = g_strdup_printf("s2vgen model=%s device=%s threads=1 %s",
                                 model, device(), options);
    GstElement *element = gst_object_ref_sink(gst_parse_launch(line, NULL));
    GstHarness *h = kit_harness_around(element);
    gst_object_unref(element);
    g_free(line);
    return h;
}

GstHarness *kit_harness_around(GstElement *element)
{
    GstHarness *h = gst_harness_new_with_element(element, "sink", "src");
    gst_harness_set_src_caps_str(
        h, "audio/x-raw, format=" GST_AUDIO_NE(F32) ", layout=interleaved, "
                                                    "rate=16000, channels=1");
    return h;
}

GstFlowReturn kit_push(GstHarness *h, const float *sound, gsize n, gsize piece,
                       GstClockTime time)
{
    GstFlowReturn flow = GST_FLOW_OK;
    for (gsize i = 0; i < n && flow == GST_FLOW_OK; i += piece)
        flow = gst_harness_push(h, kit_buffer(sound + i, MIN(piece, n - i),
                                              GST_CLOCK_TIME_IS_VALID(time)
                                                  ? time + kit_time(i)
                                                  : time));
    return flow;
}

typedef struct Latency {
    GstClockTime min, max;
} Latency;

static gboolean answer(GstPad *pad, GstObject *parent, GstQuery *query)
{
    const Latency *l = pad->querydata;
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
        return gst_pad_query_default(pad, parent, query);
    gst_query_set_latency(query, TRUE, l->min, l->max);
    return TRUE;
}

void kit_answer_latency(GstHarness *h, GstClockTime min, GstClockTime max)
{
    Latency *l = g_new(Latency, 1);
    *l = (Latency){.min = min, .max = max};
    gst_pad_set_query_function_full(h->srcpad, answer, l, g_free);
}

gboolean kit_latency(GstHarness *h, GstClockTime *min, GstClockTime *max)
{
    GstQuery *query = gst_query_new_latency();
    gboolean live, ok = gst_pad_peer_query(h->sinkpad, query);
    gst_query_parse_latency(query, &live, min, max);
    gst_query_unref(query);
    return ok && live;
}

void kit_most_latency_is_passed_on(GstHarness *h, GstClockTime least)
{
    GstClockTime min, max, own;
    kit_answer_latency(h, 30 * GST_MSECOND, 200 * GST_MSECOND);
    OK(kit_latency(h, &min, &max), "answered, live");
    own = min - 30 * GST_MSECOND;
    OK(own >= least && max == 200 * GST_MSECOND + own,
       "200 ms and %" GST_TIME_FORMAT " of its own: %" GST_TIME_FORMAT,
       GST_TIME_ARGS(own), GST_TIME_ARGS(max));
    kit_answer_latency(h, 30 * GST_MSECOND, GST_CLOCK_TIME_NONE);
    OK(kit_latency(h, &min, &max) && max == GST_CLOCK_TIME_NONE,
       "no limit stays none");
}

Take *kit_pull(GstHarness *h)
{
    Take *take = kit_take_new();
    GstBuffer *buffer;
    while ((buffer = gst_harness_try_pull(h))) {
        kit_take_add(take, buffer);
        gst_buffer_unref(buffer);
    }
    return take;
}

GstMessage *kit_message(GstBus *bus, GstMessageType type)
{
    return gst_bus_pop_filtered(bus, type);
}

char *kit_said(GstBus *bus, GstMessageType type)
{
    GstMessage *message = kit_message(bus, type);
    GError *error = NULL;
    if (!message)
        return g_strdup("");
    if (type == GST_MESSAGE_ERROR)
        gst_message_parse_error(message, &error, NULL);
    else
        gst_message_parse_warning(message, &error, NULL);
    char *text = g_strdup(error->message);
    g_error_free(error);
    gst_message_unref(message);
    return text;
}
