/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is trained on: the split, and the order in which sequences come. */
#include "check.h"
#include "make_clip.h"

#include "audio/lms.h"

enum { SIZE = 4, SEED = 3 };

/* Clips of these lengths, the first `part` to train on. */
static int make(s2vi_dataset *data, const int64_t *frames, int n, double part,
                int T, s2v_error *err)
{
    *data = (s2vi_dataset){0};
    for (int i = 0; i < n; i++)
        add_clip(data, SIZE, frames[i], (unsigned)i);
    return s2vi_dataset_split(data, part, T, err);
}

/* The first part of all frames in order, wherever clips end. */
static void test_split(void)
{
    static const struct {
        double part;
        int64_t train[3];
    } cases[] = {
        {1, {10, 30, 20}},    {0.5, {10, 20, 0}}, {0.8, {10, 30, 8}},
        {0.1, {6, 0, 0}},     {0.01, {0, 0, 0}},  {0.6, {10, 26, 0}},
        {0.99, {10, 30, 19}},
    };
    const int64_t frames[3] = {10, 30, 20};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        s2vi_dataset data;
        int64_t sum = 0;
        make(&data, frames, 3, cases[i].part, 2, NULL);
        for (int c = 0; c < 3; c++) {
            CHECK(data.clip[c].train == cases[i].train[c],
                  "part %g, clip %d: %lld", cases[i].part, c,
                  (long long)data.clip[c].train);
            sum += data.clip[c].train;
        }
        CHECK(data.train == sum && data.frames == 60, "%lld of %lld",
              (long long)data.train, (long long)data.frames);
        s2vi_dataset_close(&data);
    }
}

/* Features are the clip's own; the hash tells clips and their order apart. */
static void test_add(void)
{
    s2vi_dataset a, b, c;
    make(&a, (const int64_t[]){10, 30}, 2, 1, 2, NULL);
    make(&b, (const int64_t[]){10, 30}, 2, 1, 2, NULL);
    make(&c, (const int64_t[]){10}, 1, 1, 2, NULL);
    CHECK(!a.clip[0].features, "features before they are needed");
    CHECK(!s2vi_dataset_features(&a, NULL), "features");
    float features[10 * S2VI_LMS_BANDS];
    const s2vi_clip *clip = a.clip[0].clip;
    s2vi_lms_features(clip->sound, (size_t)clip->samples, features, 10, NULL);
    CHECK(!memcmp(features, a.clip[0].features, sizeof(features)), "features");
    CHECK(!strcmp(a.hash, b.hash) && strlen(a.hash) == 64, "%s", a.hash);
    CHECK(strcmp(a.hash, c.hash), "%s", c.hash);
    s2vi_dataset_close(&a);
    s2vi_dataset_close(&b);
    s2vi_dataset_close(&c);
    s2vi_dataset_close(&c); /* again: nothing */
    for (unsigned i = 2; i-- > 0;)
        add_clip(&c, SIZE, 10, i);
    add_clip(&a, SIZE, 10, 0);
    add_clip(&a, SIZE, 10, 1);
    CHECK(strcmp(a.hash, c.hash), "order: %s", c.hash);
    s2vi_dataset_close(&a);
    s2vi_dataset_close(&c);
}

/* One time through: clips in order, frames in order, none twice, no more
 * sequences than fit and no fewer; states begin anew with each clip. */
static void check_epoch(const s2vi_dataset *data, s2vi_cursor *cursor, int T,
                        int epoch)
{
    for (int c = 0; c < data->count; c++) {
        int64_t fit = data->clip[c].train / T, from = 0;
        for (int64_t i = 0; i < fit; i++) {
            s2vi_sequence s = s2vi_dataset_next(data, cursor, T, SEED);
            CHECK(s.from == &data->clip[c], "clip %d, sequence %lld", c,
                  (long long)i);
            CHECK(s.fresh == (i == 0), "clip %d, sequence %lld", c,
                  (long long)i);
            CHECK(i ? s.frame == from : s.frame <= data->clip[c].train % T,
                  "frame %lld", (long long)s.frame);
            CHECK(s.frame >= 0 && s.frame + T <= data->clip[c].train,
                  "frame %lld", (long long)s.frame);
            CHECK(cursor->epoch == epoch, "epoch %lld",
                  (long long)cursor->epoch);
            from = s.frame + T;
        }
    }
}

static void test_order(void)
{
    s2vi_dataset data;
    s2vi_cursor cursor = {.frame = -1};
    /* The third clip is too short for a sequence: passed over. */
    make(&data, (const int64_t[]){11, 30, 3, 8}, 4, 1, 4, NULL);
    for (int epoch = 0; epoch < 10; epoch++) {
        check_epoch(&data, &cursor, 4, epoch);
        s2vi_cursor next = cursor;
        s2vi_dataset_next(&data, &next, 4, SEED);
        CHECK(next.epoch == epoch + 1 && !next.clip, "epoch %lld",
              (long long)next.epoch);
    }
    s2vi_dataset_close(&data);
}

/* Every frame to train on gets its turn, and no other. */
static void test_coverage(void)
{
    enum { T = 8, FRAMES = 45, TRAIN = 36 };
    int seen[FRAMES] = {0};
    s2vi_dataset data;
    s2vi_cursor cursor = {.frame = -1};
    make(&data, (const int64_t[]){FRAMES}, 1, 0.8, T, NULL);
    while (cursor.epoch < 40) {
        s2vi_sequence s = s2vi_dataset_next(&data, &cursor, T, SEED);
        for (int64_t i = s.frame; i < s.frame + T; i++)
            seen[i]++;
    }
    for (int i = 0; i < FRAMES; i++)
        CHECK(!seen[i] == (i >= TRAIN), "frame %d: %d times", i, seen[i]);
    s2vi_dataset_close(&data);
}

/* Stretches: so many sequences in a row, fewer only at a clip's end, from
 * anywhere in what is trained on; a clip that is too short is passed over. */
static void test_stretches(void)
{
    enum { T = 4, STRETCH = 3, DRAWS = 4000 };
    int seen[3][30] = {{0}}, begun[30] = {0}, run = 0;
    s2vi_dataset data;
    s2vi_cursor cursor = {.frame = -1};
    s2vi_sequence last = {0};
    make(&data, (const int64_t[]){11, 3, 30}, 3, 0.75, T, NULL);
    data.stretch = STRETCH;
    for (int i = 0; i < DRAWS; i++) {
        s2vi_sequence s = s2vi_dataset_next(&data, &cursor, T, SEED);
        const int clip = (int)(s.from - data.clip);
        CHECK(s.fresh || (s.from == last.from && s.frame == last.frame + T),
              "sequence %d: frame %lld", i, (long long)s.frame);
        CHECK(!s.fresh || !i || run == STRETCH ||
                  last.frame + 2 * T > last.from->train,
              "a stretch of %d", run);
        run = s.fresh ? 1 : run + 1;
        CHECK(run <= STRETCH, "a stretch of %d", run);
        begun[clip == 2 && s.fresh ? s.frame : 29]++;
        for (int64_t k = s.frame; k < s.frame + T; k++)
            seen[clip][k]++;
        last = s;
    }
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < data.clip[c].clip->frames; k++)
            CHECK(!seen[c][k] == (k >= data.clip[c].train || c == 1),
                  "clip %d, frame %d: %d times", c, k, seen[c][k]);
    for (int k = 0; k + T <= data.clip[2].train; k++)
        CHECK(begun[k] > 40, "begun at %d %d times", k, begun[k]);
    s2vi_dataset_close(&data);
}

/* From any cursor on: what would have come next anyway. */
static void test_resume(int stretch)
{
    enum { N = 60, T = 5 };
    s2vi_dataset data;
    s2vi_cursor at[N], cursor = {.frame = -1};
    s2vi_sequence s[N];
    make(&data, (const int64_t[]){13, 22, 9}, 3, 1, T, NULL);
    data.stretch = stretch;
    for (int i = 0; i < N; i++) {
        at[i] = cursor;
        s[i] = s2vi_dataset_next(&data, &cursor, T, SEED);
    }
    for (int i = 0; i < N; i++) {
        cursor = at[i];
        for (int j = i; j < N; j++) {
            s2vi_sequence again = s2vi_dataset_next(&data, &cursor, T, SEED);
            CHECK(again.from == s[j].from && again.frame == s[j].frame &&
                      again.fresh == s[j].fresh,
                  "from %d, sequence %d: frame %lld", i, j,
                  (long long)again.frame);
        }
    }
    s2vi_dataset_close(&data);
}

/* Another seed, other offsets. */
static void test_seed(void)
{
    s2vi_dataset data;
    s2vi_cursor a = {.frame = -1}, b = a;
    int same = 0;
    make(&data, (const int64_t[]){23}, 1, 1, 8, NULL);
    for (int i = 0; i < 40; i++)
        same += s2vi_dataset_next(&data, &a, 8, 1).frame ==
                s2vi_dataset_next(&data, &b, 8, 2).frame;
    CHECK(same < 30, "%d of 40", same);
    s2vi_dataset_close(&data);
}

static void test_short(void)
{
    s2v_error err = {0};
    s2vi_dataset data;
    int ret = make(&data, (const int64_t[]){7, 6}, 2, 1, 8, &err);
    CHECK(ret == S2V_ERR_INVALID, "%d", ret);
    CHECK(strstr(err.message, "8 frames") && strstr(err.message, "0.4 s"), "%s",
          err.message);
    s2vi_dataset_close(&data);
    /* Long enough, but not what is left after the split. */
    ret = make(&data, (const int64_t[]){8}, 1, 0.8, 8, &err);
    CHECK(ret == S2V_ERR_INVALID, "%d", ret);
    s2vi_dataset_close(&data);
    ret = make(&data, (const int64_t[]){7, 8}, 2, 1, 8, &err);
    CHECK(ret == S2V_OK, "%d", ret);
    s2vi_dataset_close(&data);
}

int main(void)
{
    test_split();
    test_add();
    test_order();
    test_coverage();
    test_stretches();
    test_resume(0);
    test_resume(2);
    test_seed();
    test_short();
    return check_done();
}
