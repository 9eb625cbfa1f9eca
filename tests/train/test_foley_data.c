/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Windows of sound and pictures: the split, what is drawn, what is held out. */
#include "check.h"
#include "data/foley_data.h"

enum { COUNT = 3, UNITS = 6, SEED = 5, DRAWS = 4000 };

/* Clips of 10, 4 and 20 units, whose contents nothing here looks at. */
static s2vi_foley_data make(s2vi_foley_clip *clips)
{
    static const int64_t units[COUNT] = {10, 4, 20};
    s2vi_foley_data data = {.clip = clips, .count = COUNT, .columns = 4};
    for (int i = 0; i < COUNT; i++) {
        clips[i] = (s2vi_foley_clip){.units = units[i]};
        data.units += units[i];
    }
    return data;
}

static void test_split(void)
{
    static const struct {
        double part;
        int64_t train[COUNT];
    } cases[] = {{1, {10, 4, 20}}, {0.5, {10, 4, 3}}, {0.9, {10, 4, 16}}};
    s2vi_foley_clip clips[COUNT];
    s2vi_foley_data data = make(clips);
    s2v_error err = {0};
    for (int c = 0; c < 3; c++) {
        int ret = s2vi_foley_data_split(&data, cases[c].part, UNITS, &err);
        CHECK(!ret, "%s", err.message);
        for (int i = 0; i < COUNT; i++)
            CHECK(clips[i].train == cases[c].train[i], "part %g, clip %d: %lld",
                  cases[c].part, i, (long long)clips[i].train);
    }
    int ret = s2vi_foley_data_split(&data, 0.1, UNITS, &err);
    CHECK(ret == S2V_ERR_INVALID && strstr(err.message, "24 columns"), "%d %s",
          ret, err.message);
}

/* Each of the 5 + 11 places about as often, and no other. */
static void test_draw(void)
{
    s2vi_foley_clip clips[COUNT];
    s2vi_foley_data data = make(clips);
    int times[COUNT][20] = {{0}}, others = 0;
    s2vi_foley_data_split(&data, 0.9, UNITS, NULL);
    for (uint64_t k = 0; k < DRAWS; k++) {
        const s2vi_foley_window w = s2vi_foley_data_draw(&data, SEED, k, UNITS);
        const s2vi_foley_window again =
            s2vi_foley_data_draw(&data, SEED, k, UNITS);
        CHECK(w.clip == again.clip && w.unit == again.unit, "draw %d", (int)k);
        if (w.clip < clips || w.clip >= clips + COUNT || w.unit < 0 ||
            w.unit + UNITS > w.clip->train)
            others++;
        else
            times[w.clip - clips][w.unit]++;
    }
    CHECK(!others, "%d beside", others);
    for (int i = 0; i < 16; i++) {
        const int n = i < 5 ? times[0][i] : times[2][i - 5];
        CHECK(n > DRAWS / 16 / 2 && n < DRAWS / 16 * 2, "place %d: %d", i, n);
    }
}

static void test_held_out(void)
{
    s2vi_foley_clip clips[COUNT];
    s2vi_foley_data data = make(clips);
    s2vi_foley_window w;
    s2vi_foley_data_split(&data, 0.5, UNITS, NULL);
    for (int i = 0; i < 2; i++)
        CHECK(s2vi_foley_data_held_out(&data, i, UNITS, &w) &&
                  w.clip == &clips[2] && w.unit == 3 + i * UNITS,
              "window %d", i);
    CHECK(!s2vi_foley_data_held_out(&data, 2, UNITS, &w), "a third");
}

int main(void)
{
    test_split();
    test_draw();
    test_held_out();
    return check_done();
}
