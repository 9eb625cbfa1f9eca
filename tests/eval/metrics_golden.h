/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Written by tests/reference/metrics.py: do not edit. */
/* clang-format off */
static const struct pair {
    const char *name;
    int width, height;
    const char *a, *b;
    double ssim, psnr;
} pairs[] = {
    {"smallest", 11, 11, "noise", "noise", 0.033890699, 8.152521098},
    {"noise", 24, 17, "noise", "noise", 0.070616083, 7.712246945},
    {"ramp and noise", 40, 32, "ramp", "ramp+noise", 0.738875655, 24.213382303},
    {"ramp and flat", 16, 30, "ramp", "flat", 0.400208808, 13.034522682},
    {"dark", 20, 20, "dark", "dark+noise", 0.150314631, 23.093203109},
    {"large", 64, 64, "ramp", "dark", 0.019410271, 0.981940331},
};

static const struct single {
    const char *name;
    int width, height;
    const char *kind;
    double cpbd;
} singles[] = {
    {"noise", 64, 64, "noise", 0.957446809},
    {"flat", 64, 64, "flat", 0.000000000},
    {"small", 40, 30, "bars3", 1.000000000},
    {"two blocks and a rest", 150, 70, "bars3+noise", 0.216545012},
    {"bars of 1", 128, 64, "bars1", 1.000000000},
    {"bars of 2", 128, 64, "bars2", 1.000000000},
    {"bars of 3", 128, 64, "bars3", 1.000000000},
    {"bars of 4", 128, 64, "bars4", 0.000000000},
    {"bars of 5", 128, 64, "bars5", 0.000000000},
    {"bars of 6", 128, 64, "bars6", 0.000000000},
    {"bars of 7", 128, 64, "bars7", 0.000000000},
};

enum { MOVIE_W = 16, MOVIE_H = 12, MOVIE_FRAMES = 40 };
static const int golden_moving = 127;
static const double golden_movie_psnr = 24.620236576;
static const double golden_movie_psnr_moving = 22.985998908;
static const double golden_movie_ssim = 0.825921523;
static const double golden_movie_mean = 0.356730154;
static const double golden_movie_r[] = {0.595260457, 0.775268607};
static const double golden_movie_r_pooled = 0.685641048;
