/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Made frames beside the nearest real one: values worked out by hand. */
#include "check.h"
#include "likeness.h"

#include <math.h>

enum { SIDE = 64, BYTES = SIDE * SIDE * 3, CLIP = 4 };

/* Frame t of the clip is all of the byte 40 + 20 t. */
static void make_data(s2vi_dataset *data, s2vi_dataset_clip *dc,
                      s2vi_clip *clip)
{
    *clip = (s2vi_clip){.size = SIDE, .frames = CLIP};
    clip->rgb = malloc(CLIP * BYTES);
    for (int t = 0; t < CLIP; t++)
        memset(clip->rgb + t * BYTES, 40 + 20 * t, BYTES);
    *dc = (s2vi_dataset_clip){.clip = clip};
    *data =
        (s2vi_dataset){.clip = dc, .count = 1, .size = SIDE, .frames = CLIP};
}

static void add(s2vi_likeness *l, const s2vi_real_frames *real, int byte,
                int every)
{
    static uint8_t rgb[BYTES];
    memset(rgb, byte, BYTES);
    const s2v_video_frame frame = {
        .data = rgb, .stride = SIDE * 3, .width = SIDE, .height = SIDE};
    CHECK(!s2vi_likeness_add(l, real, &frame, every, NULL), "add");
}

static double psnr(double difference)
{
    return 20 * log10(255 / difference);
}

int main(void)
{
    s2vi_dataset data;
    s2vi_dataset_clip dc;
    s2vi_clip clip;
    s2vi_real_frames real;
    s2vi_likeness l = {0}, still = {0}, none = {0};
    make_data(&data, &dc, &clip);
    CHECK(!s2vi_real_frames_make(&real, &data, NULL), "real frames");
    CHECK(real.count == CLIP, "%d", real.count);
    CHECK(fabs(real.motion - 20) < 1e-9, "%g", real.motion);

    /* 24 dB are a difference of 16.09: 16 is near, 17 far. */
    add(&l, &real, 60, 1);
    add(&l, &real, 24, 1);  /* 16 below the first */
    add(&l, &real, 117, 1); /* 17 above the last */
    CHECK(l.frames == 3 && l.compared == 3, "%d", (int)l.compared);
    CHECK(fabs(s2vi_likeness_far(&l) - 1.0 / 3) < 1e-9, "%g",
          s2vi_likeness_far(&l));
    const double mean = (100 + psnr(16) + psnr(17)) / 3;
    CHECK(fabs(s2vi_likeness_nearest(&l) - mean) < 1e-3, "%g, not %g",
          s2vi_likeness_nearest(&l), mean);
    /* 36 and 93 of 20 a frame. */
    CHECK(fabs(s2vi_likeness_motion(&l, &real) - (36 + 93) / 2.0 / 20) < 1e-9,
          "%g", s2vi_likeness_motion(&l, &real));

    for (int i = 0; i < 9; i++)
        add(&still, &real, 200, 4); /* frames 0, 4 and 8 are compared */
    CHECK(still.compared == 3 && still.far == 3, "%d", (int)still.compared);
    CHECK(s2vi_likeness_motion(&still, &real) == 0, "a still");
    CHECK(isnan(s2vi_likeness_far(&none)), "of nothing");
    s2vi_likeness_free(&l);
    s2vi_likeness_free(&still);
    s2vi_real_frames_free(&real);
    free(clip.rgb);
    return check_done();
}
