/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_talker S2V-TALKERS [CLIP...]: the measures of talking heads, on rendered
 * clips, of frames whose figures are known: the clip's own, the same late, the
 * portrait. Landmarks are by networks that are not in the repository: the
 * folder in S2V_TEST_DATA holds weights/. Given clips, it prints the table of
 * the clips' own frames instead.
 */
#include "../must.h"
#include "scratch.h"

#include "data/face_tracker.h"
#include "media/media.h"
#include "talker.h"
#include "talker_truth.h"
#include "weights/weights.h"

#include <libavutil/log.h>
#include <math.h>

enum { SKIPPED = 77, N = 128, MOST = 64 };

/* --------------------------------------------------------------- face.bin */

static bool add(s2vi_writer *writer, const char *data, const char *prefix,
                const char *name)
{
    s2v_error err;
    s2v_weights *file = NULL;
    char *path = g_strdup_printf("%s/weights/%s.safetensors", data, name);
    const bool there = s2v_weights_open(&file, path, NULL) >= 0;
    for (size_t i = 0; there && i < s2v_weights_count(file); i++) {
        const s2vi_tensor *t = s2vi_weights_at(file, i);
        char *full = g_strconcat(prefix, t->name, NULL);
        must(s2vi_writer_add_raw(writer, full, t->type, t->rank, t->shape,
                                 s2vi_weights_data(file, t), &err),
             &err);
        g_free(full);
    }
    s2v_weights_close(&file);
    g_free(path);
    return there;
}

static bool write_face(const char *path, const char *data)
{
    s2v_error err;
    s2vi_writer *writer;
    must(s2vi_writer_create(&writer, path, &err), &err);
    s2vi_writer_set_metadata(writer, "s2v.model", "face", &err);
    const bool there = add(writer, data, "blazeface.", "blazeface_short_f16") &&
                       add(writer, data, "facemesh.", "facemesh_f16");
    must(s2vi_writer_commit(&writer, &err), &err);
    return there;
}

/* ---------------------------------------------------------------- makers -- */

/* The clips' frames as they are measured. */
typedef struct copies {
    uint8_t *rgb[MOST];
    int64_t frames[MOST];
    int count, late; /* frames */
} copies;

static const size_t each = (size_t)N * N * 3;

static void load(copies *c, const char *path)
{
    s2v_error err;
    s2vi_talker_truth truth;
    s2vi_clip *clip;
    must(s2vi_talker_truth_read(&truth, path, &err), &err);
    const s2vi_clip_params params = {
        .size = truth.size, .fps_num = S2VI_FACE_RATE, .fps_den = 1};
    must(s2vi_clip_load(&clip, path, &params, &err), &err);
    const s2vi_head_crop crop = s2vi_head_crop_of(truth.marks[0]);
    const size_t whole = (size_t)clip->size * (size_t)clip->size * 3;
    float *scratch = g_new(float, each);
    uint8_t *rgb = g_malloc((size_t)clip->frames * each);
    for (int64_t t = 0; t < clip->frames; t++)
        s2vi_head_crop_read(&crop, clip->rgb + (size_t)t * whole, clip->size, N,
                            scratch, rgb + (size_t)t * each);
    c->rgb[c->count] = rgb;
    c->frames[c->count++] = clip->frames;
    g_free(scratch);
    s2vi_clip_close(&clip);
    s2vi_talker_truth_free(&truth);
}

/* The frames that were there when the sound was, or `late` after. */
static int copy(void *opaque, const uint8_t *portrait,
                const s2vi_eval_sound *sound, int64_t frames,
                s2vi_eval_frame_fn fn, void *fn_opaque, s2v_error *err)
{
    const copies *c = opaque;
    const int64_t late = sound->delay / 640 + c->late;
    int of = 0, ret = S2V_OK;
    while (memcmp(portrait, c->rgb[of], each) != 0)
        of++;
    for (int64_t t = 0; t < frames && !ret; t++) {
        const int64_t at = sound->delay ? (t - late + 2 * frames) % frames
                           : t < late   ? 0
                                        : t - late;
        const s2v_video_frame frame = {.size = sizeof(frame),
                                       .data = c->rgb[of] + (size_t)at * each,
                                       .stride = N * 3,
                                       .width = N,
                                       .height = N};
        ret = fn(fn_opaque, &frame, err);
    }
    return ret;
}

static s2vi_talker_eval measure(copies *c, char **clips, const char *face,
                                const char *sheet)
{
    char *none[] = {NULL};
    s2v_error err;
    const s2vi_eval_options options = {.model = "copy",
                                       .clips = clips,
                                       .set = none,
                                       .threads = 1,
                                       .track = -1,
                                       .quiet = true,
                                       .sheet = sheet,
                                       .face = face};
    const s2vi_talker_maker maker = {N, copy, c};
    s2vi_talker_eval e = {
        .options = &options,
        .model = {.name = "copy", .device = "-", .width = N, .height = N}};
    must(s2vi_talker_eval_with(&e, &maker, &err), &err);
    if (sheet)
        s2vi_talker_eval_print(&e, stdout);
    e.options = NULL;
    return e;
}

/* ---------------------------------------------------------------- checks -- */

static void check_copy(const s2vi_talker_eval *e)
{
    const s2vi_talker_result *r = &e->result[S2VI_TALKER_RIGHT],
                             *real = &e->result[S2VI_TALKER_REAL];
    int lag, of_real;
    const double best = s2vi_lagged_best(&r->opening, &lag);
    CHECK(s2vi_batched_mean(&r->score.ssim) > 1 - 1e-9 &&
              !(r->score.squares.all > 0),
          "SSIM %g", s2vi_batched_mean(&r->score.ssim));
    CHECK(s2vi_batched_mean(&r->lower.ssim) > 1 - 1e-9 &&
              r->lower.ssim.frames == r->frames && e->lower == N * 3 / 8,
          "lower face: SSIM %g in %lld frames",
          s2vi_batched_mean(&r->lower.ssim), (long long)r->lower.ssim.frames);
    /* The reader of mouths is fitted to all of the real frames for these, but
     * to the others for a real one. */
    CHECK(best > s2vi_lagged_best(&real->opening, &of_real) && !of_real,
          "r %g, of the real frames %g at %d", best,
          s2vi_lagged_best(&real->opening, &of_real), of_real);
    CHECK(!lag && best > 0.95, "r %g at %d", best, lag);
    CHECK(r->blinks == real->blinks, "%d blinks", (int)r->blinks);
    CHECK(r->closures > 0.6 * e->closures, "closures: %d of %d", r->closures,
          e->closures);
}

static void check_truth(const s2vi_talker_eval *e, int64_t blinks)
{
    const s2vi_talker_result *r = &e->result[S2VI_TALKER_TRUTH];
    int lag;
    CHECK(s2vi_lagged_best(&r->opening, &lag) > 1 - 1e-9 && !lag,
          "r of itself");
    CHECK(s2vi_batched_mean(&r->mouth) < 1e-9, "LMD of itself");
    CHECK(e->closures > 0 && r->closures == e->closures, "closures: %d of %d",
          r->closures, e->closures);
    CHECK(r->blinks == blinks, "%d blinks, expected %d", (int)r->blinks,
          (int)blinks);
    CHECK(s2vi_talker_silent_motion(r) < 0.1, "motion in silence %g",
          s2vi_talker_silent_motion(r));
}

static void check_still(const s2vi_talker_eval *e)
{
    const s2vi_talker_result *r = &e->result[S2VI_TALKER_STILL];
    int lag;
    CHECK(isnan(s2vi_lagged_best(&r->opening, &lag)), "r of a still mouth");
    CHECK(r->blinks == 0 && r->closures == 0 && !(s2vi_talker_jitter(r) > 0),
          "blinks %d, closures %d", (int)r->blinks, r->closures);
    CHECK(fabs(s2vi_talker_drift(r)) < 1e-9, "drift %g", s2vi_talker_drift(r));
    CHECK(s2vi_batched_mean(&r->score.ssim) < 0.999, "SSIM %g",
          s2vi_batched_mean(&r->score.ssim));
    /* The mouth moves most. */
    CHECK(s2vi_batched_mean(&r->lower.ssim) < s2vi_batched_mean(&r->score.ssim),
          "SSIM %g, of the lower face %g", s2vi_batched_mean(&r->score.ssim),
          s2vi_batched_mean(&r->lower.ssim));
}

static void check_wrong(const s2vi_talker_eval *e)
{
    const s2vi_talker_result *r = &e->result[S2VI_TALKER_WRONG],
                             *right = &e->result[S2VI_TALKER_RIGHT];
    int lag;
    CHECK(s2vi_lagged_best(&r->opening, &lag) <
              0.7 * s2vi_lagged_best(&right->opening, &lag),
          "r of the wrong sound");
    CHECK(s2vi_batched_mean(&r->mouth) > s2vi_batched_mean(&right->mouth),
          "LMD of the wrong sound");
}

/* The rendered clip's frames, and those three frames late. */
static void check_all(copies *c, char **clips, const char *face)
{
    int lag;
    s2vi_talker_eval e = measure(c, clips, face, NULL);
    check_truth(&e, 2);
    check_copy(&e);
    check_still(&e);
    check_wrong(&e);
    s2vi_talker_eval_free(&e);
    c->late = 3;
    e = measure(c, clips, face, NULL);
    const double r =
        s2vi_lagged_best(&e.result[S2VI_TALKER_RIGHT].opening, &lag);
    CHECK(lag >= 2 && lag <= 4 && r > 0.8, "late: r %g at %d", r, lag);
    CHECK(e.result[S2VI_TALKER_RIGHT].closures < e.closures,
          "closures found late");
    s2vi_talker_eval_free(&e);
}

static void render(const char *program)
{
    char *out, *err;
    char *line =
        g_strdup_printf("-o %s --identities 2 --size 192 --seconds 6", folder);
    char *here = g_get_current_dir();
    char *talkers = g_canonicalize_filename(program, here);
    const int status = run_program(talkers, line, &out, &err);
    CHECK(!status, "%s: %s", line, err);
    g_free(line);
    g_free(here);
    g_free(talkers);
    g_free(out);
    g_free(err);
}

static void run(int argc, char **argv, const char *face)
{
    copies c = {0};
    char *clip = in_folder("0002.mkv");
    char *own[] = {clip, NULL};
    for (int i = 2; i < argc && i < MOST; i++)
        load(&c, argv[i]);
    if (argc > 2) {
        s2vi_talker_eval e = measure(&c, argv + 2, face, "sheet.png");
        s2vi_talker_eval_free(&e);
    } else {
        render(argv[1]);
        load(&c, clip);
        check_all(&c, own, face);
    }
    for (int i = 0; i < c.count; i++)
        g_free(c.rgb[i]);
    g_free(clip);
}

int main(int argc, char **argv)
{
    const char *data = g_getenv("S2V_TEST_DATA");
    make_folder();
    char *face = in_folder("face.bin");
    const bool there = data && write_face(face, data);
    av_log_set_level(AV_LOG_FATAL);
    if (there)
        run(argc, argv, face);
    else
        printf("skipped: S2V_TEST_DATA has no weights/ of face networks\n");
    remove_folder();
    g_free(face);
    return there ? check_done() : SKIPPED;
}
