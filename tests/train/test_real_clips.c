/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real clips, which are not in the repository: the folder in S2V_TEST_DATA
 * holds grid_s1/, dancer/ and hits/. Lengths as `ffmpeg -vf fps=20:round=up`
 * and `-ar 16000` give them, cut to the shorter of picture and sound.
 */
#define _POSIX_C_SOURCE 200809L

#include <glib.h>
#include <libavutil/log.h>

#include "check.h"
#include "media/media.h"

#define SKIPPED 77

static void check_clip(const char *data, const char *name, int64_t frames,
                       int64_t samples)
{
    char *path = g_build_filename(data, name, NULL);
    const s2vi_clip_params params = {.size = 32, .min_frames = 32};
    s2vi_clip *clip = NULL;
    s2v_error err = {0};
    int ret = s2vi_clip_load(&clip, path, &params, &err);
    CHECK(!ret, "%s", err.message);
    if (!ret) {
        CHECK(clip->frames == frames && clip->samples == samples,
              "%s: %lld frames, %lld samples", name, (long long)clip->frames,
              (long long)clip->samples);
        CHECK(clip->facts.damaged == 0, "%s: %lld damaged", name,
              (long long)clip->facts.damaged);
    }
    s2vi_clip_close(&clip);
    g_free(path);
}

static void check_silent(const char *data, const char *name)
{
    char *path = g_build_filename(data, name, NULL);
    const s2vi_clip_params params = {.size = 32};
    s2vi_clip *clip = NULL;
    s2v_error err = {0};
    int ret = s2vi_clip_load(&clip, path, &params, &err);
    CHECK(ret == S2V_ERR_FORMAT && strstr(err.message, "has no sound"), "%d %s",
          ret, err.message);
    g_free(path);
}

int main(void)
{
    const char *data = getenv("S2V_TEST_DATA");
    if (!data || !g_file_test(data, G_FILE_TEST_IS_DIR)) {
        printf("skipped: S2V_TEST_DATA does not name the folder of real "
               "clips\n");
        return SKIPPED;
    }
    av_log_set_level(AV_LOG_QUIET);
    check_clip(data, "grid_s1/train/bbas3a.mpg", 60, 48000);
    check_clip(data, "grid_s1/train/bbbm1s.mpg", 60, 48000);
    check_clip(data, "dancer/dancer.avi", 1258, 1006446);
    check_clip(data, "hits/CondFoleyGen_hitting_bag.mp4", 120, 96148);
    check_clip(data, "hits/FoleyCrafter_0.mp4", 201, 160800);
    check_silent(data, "hits/CondFoleyGen_tennis.mp4");
    return check_done();
}
