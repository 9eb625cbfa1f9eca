/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the GStreamer plugin share: points in TAP, sound, frames
 * straight from the library to compare with, and a harness around s2vgen. */
#ifndef S2V_TESTS_GST_KIT_H
#define S2V_TESTS_GST_KIT_H

#include <gst/audio/audio.h>
#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <s2v/s2v.h>

enum {
    RATE = 16000,
    STEP = 800,  /* samples from one frame to the next */
    SPAN = 1520, /* samples that a frame hears */
};
#define FRAME (50 * GST_MSECOND)

/* --------------------------------------------------------------- points -- */

/** One point of the test; `format` names it. */
#define OK(holds, ...) kit_point(holds, __func__, __LINE__, __VA_ARGS__)
gboolean kit_point(gboolean holds, const char *where, int line,
                   const char *format, ...) G_GNUC_PRINTF(4, 5);

/** Start GStreamer with the plugin; skips all where that is missing. */
void kit_init(int *argc, char ***argv);

/** Print the plan; the program's exit status. */
int kit_finish(void);

/* --------------------------------------------------------------- models -- */

/** A model made for the tests: "small" (16x16), "wide" (32x32), "other" (of
 * another kind), "nowhere" (not there), or one that kit_broken() wrote. */
const char *kit_model(const char *name);

/** A copy of "small" with only so many bytes, and then `more`. */
const char *kit_broken(const char *name, gsize bytes, const char *more);

/** Open it as the tests' elements do: on one thread of $S2V_TEST_DEVICE. */
s2v_model *kit_open(const char *path);

/* ---------------------------------------------------------------- sound -- */

/** Tones, noise and pauses from sample `first` on; the caller frees. */
float *kit_sound(gsize first, gsize n);

/** A buffer of a part of `sound`, with a time stamp where `time` is one. */
GstBuffer *kit_buffer(const float *sound, gsize n, GstClockTime time);

/** The time of a sample, rounded down. */
GstClockTime kit_time(guint64 sample);

/* --------------------------------------------------------------- frames -- */

/** The frames of a stream, as digests of their bytes. */
typedef struct Take {
    GPtrArray *digest;
    GArray *pts;      /* GstClockTime */
    GArray *duration; /* GstClockTime */
    GArray *flags;    /* guint */
} Take;

Take *kit_take_new(void);
void kit_take_free(Take *take);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Take, kit_take_free)

/** Add what a buffer of packed RGB holds. */
void kit_take_add(Take *take, GstBuffer *buffer);

/** What the library itself makes of sound. */
Take *kit_wanted(const char *model, guint64 seed, const float *sound, gsize n);

/** Whether `got` from `first` on begins with the frames of `wanted` from
 * `from` on, `count` of them. */
gboolean kit_same(const Take *got, guint first, const Take *wanted, guint from,
                  guint count);

GstClockTime kit_pts(const Take *take, guint index);

/* -------------------------------------------------------------- harness -- */

/** s2vgen between two pads, with its caps and a TIME segment from 0 on. */
GstHarness *kit_harness(const char *model, const char *options);
GstHarness *kit_harness_around(GstElement *element);

/** Push sound in pieces of `piece` samples, stamped from `time` on. */
GstFlowReturn kit_push(GstHarness *h, const float *sound, gsize n, gsize piece,
                       GstClockTime time);

/** Let upstream answer latency queries with these, live. */
void kit_answer_latency(GstHarness *h, GstClockTime min, GstClockTime max);

/** What the element answers. */
gboolean kit_latency(GstHarness *h, GstClockTime *min, GstClockTime *max);

/** Check that upstream's greatest latency is passed on, and none stays none,
 * with the element's own, which is `least` or more, on top. */
void kit_most_latency_is_passed_on(GstHarness *h, GstClockTime least);

/** Pull every frame that came out by now. */
Take *kit_pull(GstHarness *h);

/** Next message of a type on the element's or pipeline's bus, or NULL. */
GstMessage *kit_message(GstBus *bus, GstMessageType type);

/** The text of the next error or warning on the bus, "" if none; the caller
 * frees. */
char *kit_said(GstBus *bus, GstMessageType type);

#endif
