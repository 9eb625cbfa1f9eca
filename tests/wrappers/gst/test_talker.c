/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2vgen with a talking head: options and images that change while playing,
 * its frames against the library's. */
#include "kit.h"

#include <stdio.h>

#include <string.h>

enum {
    TSTEP = 640,  /* samples a frame */
    TSPAN = 2368, /* samples that a frame needs */
    SAMPLES = 24 * TSTEP,
    HALF = 12 * TSTEP,
    BEFORE = (HALF - TSPAN) / TSTEP + 1, /* frames of the first half */
    W = 80,
    H = 64,
};
#define CROP "8:4:50:50"

static char *image, *model;
static guint8 pixels[W * H * 3];

/* What the library sees of the image: RGB as the element decodes it. */
static void take_pixels(GstElement *sink, GstBuffer *buffer, GstPad *pad,
                        gpointer data)
{
    (void)sink;
    (void)pad;
    (void)data;
    for (guint y = 0; y < H; y++)
        gst_buffer_extract(buffer, y * W * 3, pixels + y * W * 3, W * 3);
}

static gboolean run(const char *line)
{
    GError *error = NULL;
    GstElement *pipeline = gst_parse_launch(line, &error);
    if (error) {
        g_error_free(error);
        gst_clear_object(&pipeline);
        return FALSE;
    }
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "pixels");
    if (sink)
        g_signal_connect(sink, "handoff", G_CALLBACK(take_pixels), NULL);
    gst_clear_object(&sink);
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstMessage *m = gst_bus_timed_pop_filtered(
        bus, 20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    gboolean ok = m && GST_MESSAGE_TYPE(m) == GST_MESSAGE_EOS;
    gst_clear_message(&m);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    return ok;
}

static gboolean make_image(void)
{
    g_autofree char *write = g_strdup_printf(
        "videotestsrc num-buffers=1 ! video/x-raw,format=RGB,width=%d,"
        "height=%d ! pngenc ! filesink location=%s",
        W, H, image);
    g_autofree char *read = g_strdup_printf(
        "filesrc location=%s ! pngdec ! videoconvert ! "
        "video/x-raw,format=RGB ! fakesink name=pixels signal-handoffs=true",
        image);
    return run(write) && run(read);
}

/* ------------------------------------------------------- the library's -- */

static s2v_session *session_of(s2v_model *m, const char *crop)
{
    s2v_session *session = NULL;
    const s2v_picture p = {.size = sizeof(p),
                           .data = pixels,
                           .stride = W * 3,
                           .width = W,
                           .height = H};
    if (s2v_session_create(&session, m, NULL, NULL) < 0 ||
        s2v_session_set_option(session, "crop", crop, NULL) < 0 ||
        s2v_session_set_image(session, &p, NULL) < 0)
        g_error("no session");
    return session;
}

static void receive(s2v_session *session, Take *take)
{
    s2v_video_frame f = {.size = sizeof(f)};
    while (!s2v_session_receive_video(session, &f, NULL)) {
        GstBuffer *buffer =
            gst_buffer_new_memdup(f.data, (gsize)f.stride * (gsize)f.height);
        kit_take_add(take, buffer);
        gst_buffer_unref(buffer);
    }
}

/* All of the sound, with an option set where the first half has been made. */
static Take *wanted(const char *crop, const float *sound, gsize n,
                    const char *name, const char *value)
{
    s2v_model *m = kit_open(model);
    s2v_session *session = session_of(m, crop);
    Take *take = kit_take_new();
    s2v_session_send_audio(session, sound, HALF, NULL);
    receive(session, take);
    if (name)
        s2v_session_set_option(session, name, value, NULL);
    s2v_session_send_audio(session, sound + HALF, n - HALF, NULL);
    s2v_session_drain(session, NULL);
    receive(session, take);
    s2v_session_close(&session);
    s2v_model_close(&m);
    return take;
}

/* --------------------------------------------------------- the element -- */

static GstHarness *harness(void)
{
    g_autofree char *options = g_strdup_printf("image=%s crop=" CROP, image);
    return kit_harness(model, options);
}

static Take *play(GstHarness *h, const float *sound, const char *name,
                  const char *value)
{
    kit_push(h, sound, HALF, 500, 0);
    if (name)
        gst_util_set_object_arg(G_OBJECT(h->element), name, value);
    kit_push(h, sound + HALF, SAMPLES - HALF, 500, kit_time(HALF));
    gst_harness_push_event(h, gst_event_new_eos());
    return kit_pull(h);
}

static void a_portrait_speaks(const float *sound)
{
    GstClockTime min, max;
    g_autoptr(Take) want = wanted(CROP, sound, SAMPLES, NULL, NULL);
    GstHarness *h = harness();
    g_autoptr(Take) got = play(h, sound, NULL, NULL);
    OK(got->pts->len == 24 && kit_same(got, 0, want, 0, 24),
       "24 frames, the library's");
    OK(kit_pts(got, 1) == 40 * GST_MSECOND, "25 a second");
    OK(kit_latency(h, &min, &max) && min >= 148 * GST_MSECOND,
       "a latency of 148 ms or more");
    gst_harness_teardown(h);
}

static void options_count_from_the_next_frame(const float *sound)
{
    static const char *const options[][2] = {
        {"still", "1"}, {"motion", "1"}, {"expression", "2"}, {"z", "0"}};
    g_autoptr(Take) plain = wanted(CROP, sound, SAMPLES, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        const char *name = options[i][0], *value = options[i][1];
        g_autoptr(Take) want = wanted(CROP, sound, SAMPLES, name, value);
        GstHarness *h = harness();
        g_autoptr(Take) got = play(h, sound, name, value);
        OK(got->pts->len == 24 && kit_same(got, 0, want, 0, 24),
           "%s=%s: the library's frames", name, value);
        OK(kit_same(got, 0, plain, 0, BEFORE) &&
               !kit_same(got, BEFORE, plain, BEFORE, 24 - BEFORE),
           "which change");
        gst_harness_teardown(h);
    }
}

static void a_crop_counts_from_the_next_frame(const float *sound)
{
    const gsize at = BEFORE * TSTEP;
    g_autoptr(Take) first = wanted(CROP, sound, SAMPLES, NULL, NULL);
    g_autoptr(Take) second =
        wanted("0:0:64:64", sound + at, SAMPLES - at, NULL, NULL);
    GstHarness *h = harness();
    g_autoptr(Take) got = play(h, sound, "crop", "0:0:64:64");
    OK(got->pts->len == 24 && kit_same(got, 0, first, 0, BEFORE) &&
           kit_same(got, BEFORE, second, 0, 24 - BEFORE),
       "%d of the old, the others of the new", BEFORE);
    gst_harness_teardown(h);
}

static void what_is_wrong_changes_nothing(const float *sound)
{
    static const struct {
        const char *name, *value, *now, *sentence;
    } wrong[] = {
        {"crop", "50:4:50:50", CROP, "crop=50:4:50:50 is not inside"},
        {"crop", "x", CROP, "crop: expected x:y:width:height"},
        {"image", "/nowhere.png", NULL, "The image '/nowhere.png' cannot be"},
    };
    g_autoptr(Take) want = wanted(CROP, sound, SAMPLES, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        GstHarness *h = harness();
        GstBus *bus = gst_bus_new();
        g_autofree char *now = NULL;
        gst_element_set_bus(h->element, bus);
        g_autoptr(Take) got = play(h, sound, wrong[i].name, wrong[i].value);
        g_object_get(h->element, wrong[i].name, &now, NULL);
        g_autofree char *said = kit_said(bus, GST_MESSAGE_WARNING);
        OK(strstr(said, wrong[i].sentence) != NULL, "%s", said);
        OK(!g_strcmp0(now, wrong[i].now ? wrong[i].now : image),
           "%s is still %s", wrong[i].name, now);
        OK(got->pts->len == 24 && kit_same(got, 0, want, 0, 24),
           "it goes on as before");
        gst_element_set_bus(h->element, NULL);
        gst_object_unref(bus);
        gst_harness_teardown(h);
    }
}

int main(int argc, char **argv)
{
    kit_init(&argc, &argv);
    g_autofree char *folder = g_dir_make_tmp("s2v-talker-XXXXXX", NULL);
    image = g_build_filename(folder, "face.png", NULL);
    model = g_strdup(g_getenv("S2V_TINY_MAN"));
    if (!make_image()) {
        printf("1..0 # SKIP there is no videotestsrc, pngenc or pngdec\n");
        return 0;
    }
    float *sound = kit_sound(0, SAMPLES);
    a_portrait_speaks(sound);
    options_count_from_the_next_frame(sound);
    a_crop_counts_from_the_next_frame(sound);
    what_is_wrong_changes_nothing(sound);
    g_free(sound);
    remove(image);
    remove(folder);
    g_free(image);
    g_free(model);
    return kit_finish();
}
