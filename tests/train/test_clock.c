/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock of a training's noise: step times T, in both steps of an
 * iteration; and from 0 on in what is held out. */
#include "check.h"
#include "make_clip.h"
#include "recipes/listen_and_move_trainer.h"

#include "audio/lms.h"
#include "video/pixel.h"

#include <glib.h>
#include <glib/gstdio.h>

enum {
    SIZE = 16,
    T = 4,
    PIXELS = SIZE * SIZE * 3,
    TERMS = 2 * S2VI_TRAIN_STEP_TERMS,
    HELD_OUT = 2 * T,
};

static void must(int ret, const s2v_error *err)
{
    if (ret >= 0)
        return;
    printf("%s\n", err->message);
    exit(EXIT_FAILURE);
}

/* The whole method, averaged, too. */
static s2vi_lm_trainer *open_trainer(const s2vi_dataset *data)
{
    s2v_error err;
    s2vi_lm_trainer *trainer;
    s2vi_lm_trainer_params p = {.trainer = {.rate = 1e-2,
                                            .critic_rate = 4e-3,
                                            .average = 0.9,
                                            .seed = 7,
                                            .threads = 1,
                                            .version = "test",
                                            .license = "CC0-1.0"},
                                .data = data,
                                .sequence = T,
                                .alpha = 10,
                                .adversarial = true};
    s2vi_lm_defaults(&p.config);
    p.config.size = SIZE;
    p.config.channels_min = 2;
    p.config.channels_max = 8;
    must(s2vi_lm_trainer_create(&trainer, &p, &err), &err);
    return trainer;
}

/* Both training steps of iteration `step`, of the clip's only sequence, at step
 * x T. */
static int run_steps(s2vi_lm_trainer *lm, int64_t step, s2vi_trainer_loss *loss,
                     float *made)
{
    static float real[T * PIXELS];
    int n = 0;
    s2v_error err = {0};
    s2vi_trainer *t = &lm->trainer;
    const s2vi_dataset_clip *clip = &lm->params.data->clip[0];
    const s2vi_clock clock = {t->params.seed, (uint64_t)step * T};
    const s2vi_batch batch = {real, clip->features};
    s2vi_lm_step *network[] = {&lm->critics, &lm->generator};
    for (int i = 0; i < T * PIXELS; i++)
        real[i] = s2vi_pixel_value(clip->clip->rgb[i]);
    for (int k = 0; k < 2; k++) {
        s2vi_exec_reset(network[k]->step->exec);
        must(s2vi_lm_step_feed(network[k], &batch, &clock, &err), &err);
        must(s2vi_train_step_run(network[k]->step, step + 1,
                                 s2vi_ema_decay(t->params.average, step),
                                 &clock, &err),
             &err);
    }
    for (int k = 1; k >= 0; k--)
        must(s2vi_train_step_read(network[k]->step, step, loss, TERMS, &n, "",
                                  &err),
             &err);
    must(s2vi_exec_read(t->generator.exec, lm->generator.lm.video, made), &err);
    return n;
}

/* All terms and frames of an iteration, to the bit. */
static void test_iterations(void)
{
    static float made[T * PIXELS];
    s2v_error err = {0};
    s2vi_dataset data = {0};
    s2vi_trainer_loss wanted[TERMS], got[TERMS];
    add_clip(&data, SIZE, T, 1);
    must(s2vi_dataset_split(&data, 1, T, &err), &err);
    must(s2vi_dataset_features(&data, &err), &err);
    s2vi_lm_trainer *by_hand = open_trainer(&data),
                    *trainer = open_trainer(&data);
    for (int step = 0; step < 3; step++) {
        const uint8_t *real;
        const float *frames;
        int n = TERMS;
        const int terms = run_steps(by_hand, step, wanted, made);
        must(s2vi_trainer_iterate(&trainer->trainer, got, &n, &err), &err);
        CHECK(n == terms && n == 13, "%d terms, expected %d", n, terms);
        for (int i = 0; i < n && i < terms; i++)
            CHECK(got[i].value == wanted[i].value,
                  "step %d: %s is %.9g, at clock %d it is %.9g", step,
                  got[i].name, got[i].value, step * T, wanted[i].value);
        must(s2vi_lm_trainer_frames(trainer, &real, &frames, &err), &err);
        CHECK(!memcmp(frames, made, sizeof(made)), "step %d: other frames",
              step);
    }
    s2vi_lm_trainer_close(&by_hand);
    s2vi_lm_trainer_close(&trainer);
    s2vi_dataset_close(&data);
}

typedef struct shown {
    float made[HELD_OUT * PIXELS];
    int frames;
} shown;

static int keep_made(void *opaque, const uint8_t *real, const float *made,
                     int n, s2v_error *err)
{
    shown *s = opaque;
    (void)real;
    (void)err;
    if (s->frames + n <= HELD_OUT)
        memcpy(s->made + (ptrdiff_t)s->frames * PIXELS, made,
               (size_t)n * PIXELS * sizeof(*made));
    s->frames += n;
    return S2V_OK;
}

/* By a session on the weight file: how many bytes differ. */
static int compare_session(const char *path, const float *heard, const shown *s)
{
    int differ = 0;
    s2v_error err = {0};
    s2v_model *model = NULL;
    s2v_session *session = NULL;
    s2v_video_frame frame = {.size = sizeof(frame)};
    const s2v_session_params params = {.size = sizeof(params), .seed = 7};
    must(s2v_model_open(&model, path, NULL, &err), &err);
    must(s2v_session_create(&session, model, &params, &err), &err);
    must(s2v_session_send_audio(session, heard, HELD_OUT * S2VI_LMS_STEP, &err),
         &err);
    must(s2v_session_drain(session, &err), &err);
    for (int t = 0; t < HELD_OUT; t++) {
        must(s2v_session_receive_video(session, &frame, &err), &err);
        for (int i = 0; i < PIXELS; i++)
            differ += frame.data[i] != s2vi_pixel_byte(s->made[t * PIXELS + i]);
    }
    s2v_session_close(&session);
    s2v_model_close(&model);
    return differ;
}

/* Frames that are held out are shown as a session makes them, whose first is
 * at {seed, 0}: but for rounding to bytes. */
static void test_held_out(void)
{
    static shown s;
    s2v_error err = {0};
    s2vi_dataset data = {0};
    char *folder = g_dir_make_tmp("s2v-clock-XXXXXX", NULL);
    char *path = g_build_filename(folder, "shown.bin", NULL);
    add_clip(&data, SIZE, 5 * T, 1);
    must(s2vi_dataset_split(&data, 0.6, T, &err), &err);
    must(s2vi_dataset_features(&data, &err), &err);
    s2vi_lm_trainer *trainer = open_trainer(&data);
    for (int i = 0; i < 10; i++) { /* until noise is seen */
        int n = 0;
        must(s2vi_trainer_iterate(&trainer->trainer, NULL, &n, &err), &err);
    }
    must(s2vi_lm_trainer_hold_out(trainer, 0, keep_made, &s, &err), &err);
    must(s2vi_trainer_export(&trainer->trainer, path, &err), &err);
    s2vi_lm_trainer_close(&trainer);
    const s2vi_dataset_clip *clip = &data.clip[0];
    const int differ = compare_session(
        path, clip->clip->sound + clip->train * S2VI_LMS_STEP, &s);
    CHECK(clip->train == 3 * T && s.frames == HELD_OUT &&
              differ < HELD_OUT * PIXELS / 1000,
          "%d frames, %d bytes differ", s.frames, differ);
    s2vi_dataset_close(&data);
    g_unlink(path);
    g_rmdir(folder);
    g_free(path);
    g_free(folder);
}

int main(void)
{
    test_iterations();
    test_held_out();
    return check_done();
}
