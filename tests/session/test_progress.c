/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a model reports its progress, and stops where the caller asks. */
#include "harness.h"
#include "tiny_foley.h"

#include <string.h>

/* What a callback was told, and when it cancels: 0: never. */
typedef struct watcher {
    int calls, cancel_at;
    double last;
    bool ordered;
} watcher;

static int watch(void *opaque, double done)
{
    watcher *w = opaque;
    w->ordered = w->ordered && done >= w->last && done >= 0 && done <= 1;
    w->last = done;
    return ++w->calls == w->cancel_at;
}

static int open_watched(s2v_model **model, const char *path, watcher *w,
                        s2v_error *err)
{
    const s2v_model_params params = {.size = sizeof(params),
                                     .device = "ref",
                                     .threads = 1,
                                     .progress = watch,
                                     .progress_opaque = w};
    w->ordered = true;
    return s2v_model_open(model, path, &params, err);
}

static void test_file(const char *path, int least)
{
    watcher all = {0};
    s2v_model *model = NULL;
    s2v_error err = {0};
    CHECK(!open_watched(&model, path, &all, &err), "%s", err.message);
    CHECK(all.ordered && all.last == 1 && all.calls >= least,
          "%d calls, the last at %g", all.calls, all.last);
    s2v_model_close(&model);
    for (int k = 1; k <= all.calls; k++) {
        watcher w = {.cancel_at = k};
        model = (s2v_model *)1;
        const int ret = open_watched(&model, path, &w, &err);
        CHECK(ret == S2V_ERR_CANCELLED && err.code == ret && !model,
              "cancelled at call %d: status %d", k, ret);
        CHECK(w.calls == k, "%d calls after it", w.calls - k);
        CHECK(strstr(err.message, "cancelled by the progress callback"),
              "\"%s\"", err.message);
    }
}

/* A damaged file is told of, though nobody cancels. */
static void test_failure(const char *path)
{
    watcher w = {0};
    s2v_model *model = NULL;
    s2v_error err = {0};
    FILE *f = fopen(path, "r+b");
    CHECK(f && !fseek(f, -1, SEEK_END) && fputc(0x3f, f) != EOF, "%s", path);
    if (f)
        fclose(f);
    CHECK(open_watched(&model, path, &w, &err) == S2V_ERR_FORMAT && !model,
          "a damaged file: \"%s\"", err.message);
    CHECK(w.ordered && w.last < 1, "the last call at %g", w.last);
}

int main(void)
{
    const tiny_model frames = small_model();
    const tiny_foley sound = tiny_foley_defaults();
    s2v_error err = {0};
    if (tiny_model_write(scratch("m.bin"), &frames, &err) < 0 ||
        tiny_foley_write(scratch("f.bin"), &sound, &err) < 0) {
        fprintf(stderr, "no model: %s\n", err.message);
        return 1;
    }
    test_file(scratch("m.bin"), 3);
    test_file(scratch("f.bin"), 6);
    test_failure(scratch("m.bin"));
    return report("progress");
}
