/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2vgen with a walk through a StyleGAN, or with a scene: options as
 * properties, set, changed and controlled while playing, its frames against the
 * library's. */
#include "kit.h"

#include <gst/controller/controller.h>
#include <string.h>

enum {
    SAMPLES = 24 * STEP,
    HALF = 12 * STEP,
    BEFORE = (HALF - SPAN) / STEP + 1, /* frames of the first half */
};

#define LAYERS "chroma_layers=all" /* of 32 pixels, none is fine */

static char *two, *three, *man, *scene;

/* ------------------------------------------------------- the library's -- */

static void set(s2v_session *session, const char *name, const char *value)
{
    s2v_error err;
    if (s2v_session_set_option(session, name, value, &err) < 0)
        g_error("%s", err.message);
}

/* Options as "pulse=0 speed=60". */
static s2v_session *session_with(s2v_model *model, const char *options)
{
    s2v_session *session = NULL;
    g_auto(GStrv) all = g_strsplit(options, " ", -1);
    if (s2v_session_create(&session, model, NULL, NULL) < 0)
        g_error("no session");
    for (char **o = all; *o && **o; o++) {
        char *value = strchr(*o, '=');
        *value = '\0';
        set(session, *o, value + 1);
    }
    return session;
}

static gboolean receive(s2v_session *session, Take *take)
{
    s2v_video_frame f = {.size = sizeof(f)};
    if (s2v_session_receive_video(session, &f, NULL))
        return FALSE;
    GstBuffer *buffer =
        gst_buffer_new_memdup(f.data, (gsize)f.stride * (gsize)f.height);
    kit_take_add(take, buffer);
    gst_buffer_unref(buffer);
    return TRUE;
}

/* All of the sound, with an option set where the first half has been made. */
static Take *wanted(const char *path, const char *options, const float *sound,
                    const char *name, const char *value)
{
    s2v_model *model = kit_open(path);
    s2v_session *session = session_with(model, options);
    Take *take = kit_take_new();
    s2v_session_send_audio(session, sound, HALF, NULL);
    while (receive(session, take))
        ;
    if (name)
        set(session, name, value);
    s2v_session_send_audio(session, sound + HALF, SAMPLES - HALF, NULL);
    s2v_session_drain(session, NULL);
    while (receive(session, take))
        ;
    s2v_session_close(&session);
    s2v_model_close(&model);
    return take;
}

/* --------------------------------------------------------- the element -- */

static Take *play(GstHarness *h, const float *sound, gsize piece,
                  const char *name, const char *value)
{
    kit_push(h, sound, HALF, piece, 0);
    if (name)
        gst_util_set_object_arg(G_OBJECT(h->element), name, value);
    kit_push(h, sound + HALF, SAMPLES - HALF, piece, kit_time(HALF));
    gst_harness_push_event(h, gst_event_new_eos());
    return kit_pull(h);
}

static GParamSpec *property(GObject *element, const char *name)
{
    return g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);
}

/* ------------------------------------------------------------- tests -- */

/* By the library's words, and those of numbers with a controller. */
static void each_option_is_a_property(void)
{
    GstElement *element =
        gst_object_ref_sink(gst_element_factory_make("s2vgen", NULL));
    s2v_family_info family = {.size = sizeof(family)};
    s2v_option o = {.size = sizeof(o)};
    guint count = 0;
    for (size_t i = 0; !s2v_family_get_info(i, &family); i++)
        for (size_t k = 0; (g_str_has_prefix(family.name, "stylegan") ||
                            !strcmp(family.name, "semantic")) &&
                           !s2v_family_get_option(i, k, &o);
             k++) {
            const GParamSpec *spec = property(G_OBJECT(element), o.name);
            const gboolean controlled = o.kind != S2V_OPTION_TEXT &&
                                        o.when == S2V_OPTION_RUNNING &&
                                        strcmp(o.name, "seed") != 0;
            count++;
            if (!spec || controlled != !!(spec->flags & GST_PARAM_CONTROLLABLE))
                OK(FALSE, "%s of %s", o.name, family.name);
        }
    OK(count > 50, "%u options", count);
    gst_object_unref(element);
}

static void options_are_the_librarys(const float *sound)
{
    static const char *const options[] = {
        "seeds=0-3 pulse=0.7 speed=120",
        "motion=0.8 chroma=0.3 chroma_layers=all",
        "seeds=3,5-7 interp=spline speed=4beat bpm=90 kick=20 snare=21",
        "mix=0-3:5,4-:9 contrast=1 flash=0.5 noise=react loop=0 cutoff=4"};
    g_autoptr(Take) plain = wanted(two, "", sound, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autoptr(Take) want = wanted(two, options[i], sound, NULL, NULL);
        for (gsize piece = 100; piece <= HALF; piece *= 96) {
            GstHarness *h = kit_harness(two, options[i]);
            g_autoptr(Take) got = play(h, sound, piece, NULL, NULL);
            OK(got->pts->len == 24 && kit_same(got, 0, want, 0, 24) &&
                   !kit_same(got, 0, plain, 0, 24),
               "%s, %zu samples a buffer", options[i], piece);
            gst_harness_teardown(h);
        }
    }
    g_autoptr(Take) want =
        wanted(three, "zoom=2 rotate=90 pan_x=0.1", sound, NULL, NULL);
    GstHarness *h = kit_harness(three, "zoom=2 rotate=90 pan-x=0.1");
    g_autoptr(Take) got = play(h, sound, 500, NULL, NULL);
    OK(got->pts->len == 24 && kit_same(got, 0, want, 0, 24), "the camera");
    gst_harness_teardown(h);
}

/* A start and a text, and others while it plays. */
static void scenes_are_the_librarys(const float *sound)
{
    static const char *const options[][3] = {
        {"start=fire morph=0.3", "text", "rain"},
        {"text=deep blend=0.5 pulse=1", "start", "waves"},
        {"text=fire", "text", "none"},
        {"seed=3 psi=0.5", "start", "rain"}};
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        const char *name = options[i][1], *value = options[i][2];
        g_autoptr(Take) want = wanted(scene, options[i][0], sound, name, value);
        GstHarness *h = kit_harness(scene, options[i][0]);
        g_autoptr(Take) got = play(h, sound, 500, name, value);
        OK(got->pts->len == 24 && kit_same(got, 0, want, 0, 24), "%s, %s=%s",
           options[i][0], name, value);
        gst_harness_teardown(h);
    }
}

static void options_count_from_the_next_frame(const float *sound)
{
    static const char *const options[][2] = {
        {"psi", "0"},    {"pulse", "3"},       {"speed", "600"},
        {"motion", "2"}, {"chroma", "1"},      {"kick", "77"},
        {"seeds", "50"}, {"noise", "none"},    {"psi_react", "1"},
        {"mix", "4-:8"}, {"pulse-layers", "0"}};
    g_autoptr(Take) plain = wanted(two, LAYERS, sound, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        const char *name = options[i][0], *value = options[i][1];
        g_autofree char *word = g_strdelimit(g_strdup(name), "-", '_');
        g_autoptr(Take) want = wanted(two, LAYERS, sound, word, value);
        GstHarness *h = kit_harness(two, LAYERS);
        g_autoptr(Take) got = play(h, sound, 500, name, value);
        OK(got->pts->len == 24 && kit_same(got, 0, want, 0, 24) &&
               kit_same(got, 0, plain, 0, BEFORE) &&
               !kit_same(got, BEFORE, plain, BEFORE, 24 - BEFORE),
           "%s=%s: the library's frames, from the next on", name, value);
        gst_harness_teardown(h);
    }
}

/* psi goes from 0 to 1 in a second, of the frames' own times. */
static void a_controller_sets_each_frame(const float *sound)
{
    GstControlSource *source = gst_interpolation_control_source_new();
    g_object_set(source, "mode", GST_INTERPOLATION_MODE_LINEAR, NULL);
    gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(source),
                                       0, 0);
    gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(source),
                                       GST_SECOND, 1);
    s2v_model *model = kit_open(two);
    s2v_session *session = session_with(model, "speed=0");
    g_autoptr(Take) want = kit_take_new();
    s2v_session_send_audio(session, sound, SAMPLES, NULL);
    s2v_session_drain(session, NULL);
    for (guint i = 0; i < 24; i++) {
        gdouble psi = 0;
        char text[G_ASCII_DTOSTR_BUF_SIZE];
        gst_control_source_get_value(source, i * FRAME, &psi);
        set(session, "psi", g_ascii_dtostr(text, sizeof(text), psi));
        receive(session, want);
    }
    s2v_session_close(&session);
    s2v_model_close(&model);
    OK(!kit_same(want, 1, want, 0, 1) && !kit_same(want, 19, want, 18, 1),
       "frames differ");
    for (gsize piece = 77; piece < SAMPLES; piece *= 60) {
        GstHarness *h = kit_harness(two, "speed=0");
        gst_object_add_control_binding(
            GST_OBJECT(h->element), gst_direct_control_binding_new_absolute(
                                        GST_OBJECT(h->element), "psi", source));
        g_autoptr(Take) got = play(h, sound, piece, NULL, NULL);
        OK(got->pts->len == 24 && kit_same(got, 0, want, 0, 24),
           "%zu samples a buffer: the library's", piece);
        gst_harness_teardown(h);
    }
    gst_object_unref(source);
}

static void what_is_wrong_changes_nothing(const float *sound)
{
    static const struct {
        const char *name, *value, *now, *sentence;
    } wrong[] = {
        {"seeds", "a", "4-6", "seeds: expected seeds as 0-11"},
        {"kick", "drum", "none", "kick: expected none or a seed"},
        {"classes", "1", "none", "classes: the model has no classes"},
        {"blink", "2", "1.0", "has no option 'blink': it is one of 'man'"},
        {"size", "20", "0", "size: the model makes frames of 32 pixels"},
        {"fps", "61", "20", "fps: expected 1 to 60 frames a second"},
    };
    g_autoptr(Take) want = wanted(two, "seeds=4-6", sound, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        GstHarness *h = kit_harness(two, "seeds=4-6");
        GstBus *bus = gst_bus_new();
        GValue now = G_VALUE_INIT;
        gst_element_set_bus(h->element, bus);
        g_autoptr(Take) got =
            play(h, sound, 500, wrong[i].name, wrong[i].value);
        g_value_init(&now, G_TYPE_STRING);
        GValue value = G_VALUE_INIT;
        g_value_init(&value,
                     property(G_OBJECT(h->element), wrong[i].name)->value_type);
        g_object_get_property(G_OBJECT(h->element), wrong[i].name, &value);
        g_value_transform(&value, &now);
        g_autofree char *said = kit_said(bus, GST_MESSAGE_WARNING);
        g_autofree char *again = kit_said(bus, GST_MESSAGE_WARNING);
        OK(strstr(said, wrong[i].sentence) && !*again, "%s", said);
        OK(g_str_has_prefix(g_value_get_string(&now), wrong[i].now),
           "%s is still %s", wrong[i].name, g_value_get_string(&now));
        OK(got->pts->len == 24 && kit_same(got, 0, want, 0, 24),
           "it goes on as before");
        g_value_unset(&now);
        g_value_unset(&value);
        gst_element_set_bus(h->element, NULL);
        gst_object_unref(bus);
        gst_harness_teardown(h);
    }
}

static void size_is_of_the_frames(const float *sound)
{
    GstHarness *h = kit_harness(two, "size=16");
    kit_push(h, sound, SAMPLES, 500, 0);
    GstBuffer *buffer = gst_harness_pull(h);
    OK(gst_buffer_get_size(buffer) == 16 * 16 * 3, "16x16");
    gst_buffer_unref(buffer);
    gst_harness_teardown(h);
}

/* The rate of what comes out. */
static gboolean has_rate(GstHarness *h, int num, int den)
{
    GstCaps *caps = gst_pad_get_current_caps(h->sinkpad);
    int n = 0, d = 0;
    gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &n,
                               &d);
    gst_caps_unref(caps);
    return n == num && d == den;
}

/* Caps, times and frames are those of the rate: 1.2 s. */
static void fps_is_of_the_frames(const float *sound)
{
    static const struct {
        const char *fps;
        int num, den;
        guint frames;
    } rates[] = {
        {"12", 12, 1, 15}, {"25", 25, 1, 30}, {"30000/1001", 30000, 1001, 36}};
    for (guint i = 0; i < G_N_ELEMENTS(rates); i++) {
        const s2v_model_params params = {.size = sizeof(params),
                                         .device = "ref",
                                         .threads = 1,
                                         .fps = rates[i].fps};
        s2v_model *model = NULL;
        g_assert_true(!s2v_model_open(&model, two, &params, NULL));
        s2v_session *session = session_with(model, "speed=60 motion=0.2");
        g_autoptr(Take) want = kit_take_new();
        s2v_session_send_audio(session, sound, SAMPLES, NULL);
        s2v_session_drain(session, NULL);
        while (receive(session, want))
            ;
        s2v_session_close(&session);
        s2v_model_close(&model);
        g_autofree char *options = g_strdup_printf(
            "device=ref speed=60 motion=0.2 fps=%s", rates[i].fps);
        for (gsize piece = 100; piece <= HALF; piece *= 96) {
            GstHarness *h = kit_harness(two, options);
            g_autoptr(Take) got = play(h, sound, piece, NULL, NULL);
            OK(got->pts->len == rates[i].frames &&
                   kit_same(got, 0, want, 0, rates[i].frames),
               "fps=%s: %u frames", rates[i].fps, got->pts->len);
            OK(has_rate(h, rates[i].num, rates[i].den), "fps=%s: caps",
               rates[i].fps);
            guint right = 0;
            for (guint k = 0; k < got->pts->len; k++)
                right +=
                    g_array_index(got->pts, GstClockTime, k) ==
                    gst_util_uint64_scale(k, GST_SECOND * (guint64)rates[i].den,
                                          (guint64)rates[i].num);
            OK(right == rates[i].frames, "fps=%s: %u times", rates[i].fps,
               right);
            gst_harness_teardown(h);
        }
    }
}

/* As size does, it opens the model anew: the next frame is of the new rate. */
static void fps_while_playing(const float *sound)
{
    GstHarness *h = kit_harness(two, "");
    g_autoptr(Take) got = play(h, sound, 500, "fps", "10");
    const guint after = got->pts->len - BEFORE;
    OK(has_rate(h, 10, 1), "fps=10 while playing: caps");
    OK(after > 6 && after < 9, "%u frames of the half second after %d", after,
       (int)BEFORE);
    OK(g_array_index(got->pts, GstClockTime, BEFORE + 1) -
               g_array_index(got->pts, GstClockTime, BEFORE) ==
           100 * GST_MSECOND,
       "100 ms apart");
    gst_harness_teardown(h);
}

/* The default that is read is the model's. */
static void motion_is_of_two_families(void)
{
    gdouble motion = -1;
    GstHarness *h = kit_harness(two, "");
    g_object_get(h->element, "motion", &motion, NULL);
    OK(motion == 0, "stylegan2: %g", motion);
    gst_harness_teardown(h);
    GstElement *element =
        gst_object_ref_sink(gst_element_factory_make("s2vgen", NULL));
    GstBus *bus = gst_bus_new();
    gst_element_set_bus(element, bus);
    g_object_set(element, "model", man, "crop", "0:0:9:9", "motion", 5.0, NULL);
    OK(gst_element_set_state(element, GST_STATE_READY) ==
           GST_STATE_CHANGE_FAILURE,
       "man: 5 is refused");
    gst_element_set_bus(element, NULL);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(element);
}

/* By its default: frames are those of the default, and a model without the
 * option may follow. */
static void a_default_unsets_an_option(const float *sound)
{
    static const char *const options[][3] = {
        {"psi", "0", "0.7"}, {"noise", "none", "const"}, {"kick", "3", "none"}};
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        const char *name = options[i][0];
        g_autofree char *set_so = g_strjoin("=", name, options[i][1], NULL);
        g_autofree char *all = g_strjoin(" ", LAYERS, set_so, NULL);
        g_autoptr(Take) want = wanted(two, all, sound, name, options[i][2]);
        GstHarness *h = kit_harness(two, all);
        g_autoptr(Take) got = play(h, sound, 500, name, options[i][2]);
        OK(got->pts->len == 24 && kit_same(got, 0, want, 0, 24),
           "%s unset: the default's frames, from the next on", name);
        gst_harness_teardown(h);
    }
    GstBus *bus = gst_bus_new();
    GstHarness *h = kit_harness(three, "zoom=2");
    gst_element_set_bus(h->element, bus);
    gst_util_set_object_arg(G_OBJECT(h->element), "zoom", "1");
    g_object_set(h->element, "model", two, NULL);
    g_autoptr(Take) got = play(h, sound, 500, NULL, NULL);
    g_autofree char *said = kit_said(bus, GST_MESSAGE_WARNING);
    g_autoptr(Take) want = wanted(two, "", sound, NULL, NULL);
    OK(!*said, "a model without zoom: '%s'", said);
    OK(got->pts->len == 24 && kit_same(got, 0, want, 0, 24), "its frames");
    gst_element_set_bus(h->element, NULL);
    gst_object_unref(bus);
    gst_harness_teardown(h);
}

int main(int argc, char **argv)
{
    kit_init(&argc, &argv);
    two = g_strdup(g_getenv("S2V_TINY_STYLEGAN2"));
    three = g_strdup(g_getenv("S2V_TINY_STYLEGAN3"));
    scene = g_strdup(g_getenv("S2V_TINY_SEMANTIC"));
    man = g_strdup(g_getenv("S2V_TINY_MAN"));
    float *sound = kit_sound(0, SAMPLES);
    each_option_is_a_property();
    options_are_the_librarys(sound);
    scenes_are_the_librarys(sound);
    options_count_from_the_next_frame(sound);
    a_controller_sets_each_frame(sound);
    what_is_wrong_changes_nothing(sound);
    size_is_of_the_frames(sound);
    fps_is_of_the_frames(sound);
    fps_while_playing(sound);
    motion_is_of_two_families();
    a_default_unsets_an_option(sound);
    g_free(sound);
    g_free(two);
    g_free(three);
    g_free(man);
    g_free(scene);
    return kit_finish();
}
