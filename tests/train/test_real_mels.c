/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VarietySound's mel of real clips against the published mels, which are not in
 * the repository: the folder in S2V_TEST_DATA holds vas/.
 *
 * What the bounds mean: one decibel is 0.01. The mono clips agree to a few
 * tenths of one. The stereo clips do so on the average (no other mix or gain
 * comes nearer), but the published sound had been encoded once more, which we
 * do not have. A clip shorter than 10 s was looped: its first pass counts.
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>

#include <glib.h>
#include <libavutil/log.h>

#include "audio/foley_mel.h"
#include "check.h"
#include "media/media.h"
#include "weights/weights.h"

#define SKIPPED 77

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    COLUMNS = 860,
};

/* The first columns of a clip, (columns, 80); how many, 0 on failure. */
static int measure_mel(const char *path, float *mel)
{
    float *sound = NULL;
    int64_t n = 0;
    s2v_error err = {0};
    int ret = s2vi_sound_load(path, s2vi_sound_foley, &sound, &n, &err);
    CHECK(!ret, "%s", err.message);
    if (ret)
        return 0;
    /* The last columns' windows would reach the end. */
    int columns = (int)(n / S2VI_FOLEY_MEL_HOP) - 3;
    columns = columns < COLUMNS ? columns : COLUMNS;
    ret = s2vi_foley_mel(sound, (size_t)n, mel, (size_t)columns, &err);
    CHECK(!ret, "%s", err.message);
    free(sound);
    return ret ? 0 : columns;
}

/* The published mel, (80, 860); NULL on failure. */
static float *load_mel(const char *path)
{
    s2v_weights *file = NULL;
    s2v_error err = {0};
    float *mel = calloc(BANDS * COLUMNS, sizeof(*mel));
    int ret = s2v_weights_open(&file, path, &err);
    const s2vi_tensor *tensor = ret ? NULL : s2vi_weights_find(file, "mel");
    if (tensor && mel && tensor->count == BANDS * COLUMNS)
        ret = s2vi_weights_read_f32(file, tensor, mel, &err);
    else if (!ret)
        ret = S2V_ERR_FORMAT;
    CHECK(!ret, "%s: %d %s", path, ret, err.message);
    s2v_weights_close(&file);
    if (ret) {
        free(mel);
        return NULL;
    }
    return mel;
}

static void check_clip(const char *data, const char *name, double most)
{
    static float ours[COLUMNS * BANDS];
    char *clip = g_strdup_printf("%s/vas/%s.mp4", data, name);
    char *features = g_strdup_printf("%s/vas/%s.safetensors", data, name);
    float *published = load_mel(features);
    int columns = measure_mel(clip, ours);
    if (published && columns) {
        double sum = 0, bias = 0;
        for (int t = 0; t < columns; t++)
            for (int b = 0; b < BANDS; b++) {
                double d = ours[t * BANDS + b] - published[b * COLUMNS + t];
                sum += fabs(d);
                bias += d;
            }
        double mean = sum / (columns * BANDS);
        bias /= columns * BANDS;
        printf("%s: mean error %.4f, bias %+.4f\n", name, mean, bias);
        CHECK(mean <= most, "%s: mean error %.4f", name, mean);
        CHECK(fabs(bias) <= 0.005, "%s: bias %.4f", name, bias);
    }
    free(published);
    g_free(clip);
    g_free(features);
}

int main(void)
{
    const char *data = getenv("S2V_TEST_DATA");
    char *vas = g_strdup_printf("%s/vas", data ? data : "");
    if (!data || !g_file_test(vas, G_FILE_TEST_IS_DIR)) {
        printf("skipped: S2V_TEST_DATA does not name a folder that holds "
               "vas/\n");
        g_free(vas);
        return SKIPPED;
    }
    g_free(vas);
    av_log_set_level(AV_LOG_QUIET);
    const double mono = 0.005, stereo = 0.016;
    check_clip(data, "baby_video_01951", mono);
    check_clip(data, "cough_video_00331", mono);
    check_clip(data, "drum_video_02480", mono);
    check_clip(data, "dog_video_02677", stereo);
    check_clip(data, "fireworks_video_02997", stereo);
    check_clip(data, "gun_video_00819", stereo);
    check_clip(data, "hammer_video_00323", stereo);
    return check_done();
}
