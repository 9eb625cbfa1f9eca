/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* References: a sound of any format. */
#include "decode.h"
#include "gstv2sfoley.h"

typedef struct Reference {
    GArray *samples;
    guint most;
} Reference;

/* All channels count the same, without the 3 dB that a usual mix adds to two.
 */
static gboolean take(gpointer data, GstBuffer *buffer, GstCaps *caps)
{
    Reference *r = data;
    GstAudioInfo info;
    GstMapInfo map;
    if (!gst_audio_info_from_caps(&info, caps) ||
        !gst_buffer_map(buffer, &map, GST_MAP_READ))
        return TRUE;
    const gfloat *from = (const gfloat *)map.data;
    const gsize frames = map.size / (gsize)info.bpf;
    for (gsize i = 0; i < frames && r->samples->len < r->most; i++) {
        gdouble sum = 0;
        for (gint c = 0; c < info.channels; c++)
            sum += from[i * (gsize)info.channels + (gsize)c];
        const gfloat mean = (gfloat)(sum / info.channels);
        g_array_append_val(r->samples, mean);
    }
    gst_buffer_unmap(buffer, &map);
    return r->samples->len < r->most;
}

GArray *gst_v2s_foley_read_reference(const char *ref, gint rate, guint most,
                                     s2v_error *err)
{
    static const char *const elements[] = {"audioconvert", "audioresample",
                                           NULL};
    Reference r = {g_array_new(FALSE, FALSE, sizeof(gfloat)), most};
    char *caps = g_strdup_printf("audio/x-raw, format=" GST_AUDIO_NE(
                                     F32) ", layout=interleaved, rate=%d",
                                 rate);
    const GstS2VDecoding decoding = {.file = ref,
                                     .what = "reference",
                                     .medium = "audio",
                                     .elements = elements,
                                     .caps = caps,
                                     .take = take,
                                     .data = &r};
    if (gst_s2v_decode(&decoding, err) < 0)
        g_clear_pointer(&r.samples, g_array_unref);
    g_free(caps);
    return r.samples;
}
