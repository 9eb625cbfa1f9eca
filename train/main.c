/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-train: options, clips, then iterations until done or interrupted. */
#include "curves.h"
#include "dataset.h"
#include "files.h"
#include "hold_out.h"
#include "interrupt.h"
#include "options.h"
#include "picture.h"
#include "progress.h"
#include "trainer.h"

#include "base/error.h"

#include <libavutil/log.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PREVIEW_COLUMNS 8

enum { MAX_TERMS = 2 * S2VI_HALF_TERMS };

typedef struct job {
    s2vi_train_options options;
    s2vi_dataset data;
    s2vi_trainer *trainer;
    s2vi_progress *bar;
    s2vi_curves *curves;
    s2vi_held_out held_out; /* where it was last measured... */
    int64_t measured;       /* ...after this iteration; 0: never */
    char *checkpoint;       /* the output's name with ".ckpt" */
    double next_save;       /* monotonic seconds, where saved by time */
    char version[32];
} job;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --------------------------------------------------------------- clips -- */

/* Decoding an hour of video takes a while: Ctrl-C counts there, too. */
static int stop_loading(void *opaque, double fraction)
{
    (void)opaque;
    (void)fraction;
    return s2vi_interrupt_requested();
}

static int load_clip(job *j, const char *path, s2v_error *err)
{
    const s2vi_train_options *o = &j->options;
    s2vi_clip *clip = NULL;
    const s2vi_clip_params params = {
        .size = o->size,
        .crop_x = o->crop[0],
        .crop_y = o->crop[1],
        .crop_w = o->crop[2],
        .crop_h = o->crop[3],
        .start_ms = (int64_t)(o->start * 1000 + 0.5),
        .duration_ms = (int64_t)(o->duration * 1000 + 0.5),
        .progress = stop_loading,
    };
    int ret = s2vi_clip_load(&clip, path, &params, err);
    if (ret < 0)
        return ret;
    if (clip->damaged && !o->quiet)
        s2vi_progress_message(NULL,
                              "s2v-train: %s: %lld damaged packets were "
                              "left out",
                              path, (long long)clip->damaged);
    ret = s2vi_dataset_add(&j->data, &clip, err);
    s2vi_clip_close(&clip);
    return ret;
}

static int check_held_out(const job *j, s2v_error *err)
{
    const int T = j->options.sequence;
    for (int i = 0; i < j->data.count; i++)
        if (j->data.clip[i].clip->frames - j->data.clip[i].train >= T)
            return S2V_OK;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "--hold-out-every: expected a clip of which a sequence "
                      "(%d frames) is held out, found %lld held-out frames in "
                      "all: give a smaller --split or --sequence",
                      T, (long long)(j->data.frames - j->data.train));
}

static int load_clips(job *j, s2v_error *err)
{
    const s2vi_train_options *o = &j->options;
    int ret = S2V_OK;
    for (int i = 0; i < o->n_clips && !ret; i++) {
        if (s2vi_interrupt_requested())
            return s2vi_error(err, S2V_ERR_CANCELLED, "interrupted");
        ret = load_clip(j, o->clips[i], err);
    }
    j->data.stretch = o->stretch;
    if (!ret)
        ret = s2vi_dataset_split(&j->data, o->split, o->sequence, err);
    if (!ret && o->hold_out_every)
        ret = check_held_out(j, err);
    if (!ret && !o->quiet)
        fprintf(stderr,
                "%d clip%s, %lld frames at 20 a second: %lld to train "
                "on, %lld held out\n",
                j->data.count, j->data.count > 1 ? "s" : "",
                (long long)j->data.frames, (long long)j->data.train,
                (long long)(j->data.frames - j->data.train));
    return ret;
}

/* ------------------------------------------------------------- trainer -- */

static s2vi_lm_config config_of(const s2vi_train_options *o)
{
    s2vi_lm_config c;
    s2vi_lm_defaults(&c);
    c.size = o->size;
    c.channels_max = o->channels_max;
    c.motion = o->motion;
    c.mfs = o->mfs;
    c.sac = o->sac;
    c.acin = o->acin;
    c.noise = o->noise;
    c.connection = o->connection;
    c.prediction = o->prediction;
    return c;
}

static int make_trainer(job *j, s2v_error *err)
{
    static const s2vi_stored stored[] = {
        [S2VI_STORE_F32] = S2VI_STORED_F32,
        [S2VI_STORE_F16] = S2VI_STORED_F16,
        [S2VI_STORE_BF16] = S2VI_STORED_BF16,
    };
    const s2vi_train_options *o = &j->options;
    const s2vi_trainer_params params = {
        .config = config_of(o),
        .data = &j->data,
        .sequence = o->sequence,
        .rate = o->rate,
        .seed = o->seed,
        .device = o->device,
        .threads = o->threads,
        .perceptual = o->perceptual,
        .squares = o->loss == S2VI_LOSS_L2,
        .adversarial = o->adversarial,
        .critic_rate = o->critic_rate,
        .average = o->average,
        .sound_noise = o->sound_noise,
        .version = j->version,
        .license = o->license,
        .title = o->title,
        .note = o->note,
        .store = stored[o->store],
    };
    int ret = s2vi_trainer_create(&j->trainer, &params, err);
    if (!ret && o->init)
        ret = s2vi_trainer_start_from(j->trainer, o->init, err);
    if (!ret && o->resume)
        ret = s2vi_trainer_resume(j->trainer, o->resume, err);
    if (!ret && s2vi_trainer_step(j->trainer) > o->iterations)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "--iterations counts those done before a resume: "
                         "expected more than the %lld of %s, found %lld",
                         (long long)s2vi_trainer_step(j->trainer), o->resume,
                         (long long)o->iterations);
    if (!ret && !o->perceptual && !o->quiet)
        fprintf(stderr,
                "no --perceptual file: frames are compared by "
                "multi-scale %s, which learns less detail\n",
                o->loss == S2VI_LOSS_L2 ? "L2" : "L1");
    return ret;
}

/* -------------------------------------------------------------- saving -- */

/* A checkpoint and the weight file as it stands (where it is not the best of
 * those measured); the second also where there is no room for the first, which
 * is three times as large. */
static int save(job *j, s2v_error *err)
{
    s2v_error second;
    int ret = s2vi_trainer_save(j->trainer, j->checkpoint, err), also = S2V_OK;
    if (!ret)
        s2vi_progress_saved(j->bar, s2vi_trainer_step(j->trainer));
    if (!j->options.hold_out_every)
        also = s2vi_trainer_export(j->trainer, j->options.output, &second);
    if (!also && j->curves)
        also = s2vi_curves_write(j->curves, &second);
    if (!ret && also < 0)
        *err = second;
    return ret ? ret : also;
}

/* Measure what is held out; the best so far becomes the weight file. */
static int hold_out(job *j, s2v_error *err)
{
    s2vi_held_out *h = &j->held_out;
    const long long step = s2vi_trainer_step(j->trainer);
    int ret = s2vi_hold_out(j->trainer, j->options.size, h, err);
    if (ret < 0)
        return ret;
    const bool better = !(h->ssim <= s2vi_trainer_best(j->trainer));
    if (better)
        ret = s2vi_trainer_export(j->trainer, j->options.output, err);
    if (ret < 0)
        return ret;
    if (better)
        s2vi_trainer_set_best(j->trainer, h->ssim);
    j->measured = step;
    s2vi_progress_message(j->bar,
                          "iteration %lld: SSIM %.4f, PSNR %.2f dB of %lld "
                          "held-out frames%s",
                          step, h->ssim, h->psnr, (long long)h->frames,
                          better ? ": the best so far, saved" : "");
    return S2V_OK;
}

static bool is_time_to_save(job *j)
{
    const s2vi_train_options *o = &j->options;
    if (o->checkpoint_every)
        return s2vi_trainer_step(j->trainer) % o->checkpoint_every == 0;
    if (!o->checkpoint_seconds || now() < j->next_save)
        return false;
    j->next_save = now() + o->checkpoint_seconds;
    return true;
}

static int preview(job *j, s2v_error *err)
{
    const s2vi_train_options *o = &j->options;
    s2vi_preview_row row[2] = {{0}, {0}};
    s2vi_picture sheet = {0};
    s2vi_trainer_frames(j->trainer, &row[0].bytes, &row[1].floats);
    if (!o->preview || !row[0].bytes) /* no iteration yet, after a resume */
        return S2V_OK;
    int ret = s2vi_preview_sheet(&sheet, row, 2, o->sequence, o->size,
                                 PREVIEW_COLUMNS, err);
    if (!ret)
        ret = s2vi_picture_write_png(o->preview, sheet.rgb, sheet.width,
                                     sheet.height, (ptrdiff_t)sheet.width * 3,
                                     err);
    s2vi_picture_free(&sheet);
    return ret;
}

/* Losing a save or a picture must not lose the training: say it, to a quiet
 * user too, and go on. */
static void survive(job *j, int ret, const s2v_error *err)
{
    const bool more = s2vi_trainer_step(j->trainer) < j->options.iterations;
    if (ret < 0)
        s2vi_progress_message(j->options.quiet ? NULL : j->bar,
                              "s2v-train: %s%s", err->message,
                              more ? "; training goes on" : "");
}

/* ------------------------------------------------------------- training -- */

static int open_curves(job *j, s2v_error *err)
{
    const char *name[MAX_TERMS + 2];
    int n = s2vi_trainer_terms(j->trainer, name, MAX_TERMS);
    name[n++] = "held-out.SSIM";
    return s2vi_curves_open(&j->curves, j->options.curves, name, n,
                            s2vi_trainer_step(j->trainer), err);
}

static int add_to_curves(job *j, const s2vi_trainer_loss *loss, int n,
                         s2v_error *err)
{
    double value[MAX_TERMS + 1];
    const int64_t step = s2vi_trainer_step(j->trainer);
    for (int i = 0; i < n; i++)
        value[i] = loss[i].value;
    value[n] = j->measured == step ? j->held_out.ssim : NAN;
    return j->curves ? s2vi_curves_add(j->curves, step, value, err) : S2V_OK;
}

static int iterate(job *j, s2v_error *err)
{
    const s2vi_train_options *o = &j->options;
    s2vi_trainer_loss loss[MAX_TERMS];
    s2vi_progress_value shown[MAX_TERMS];
    int n = MAX_TERMS;
    int ret = s2vi_trainer_iterate(j->trainer, loss, &n, err);
    if (ret < 0)
        return ret;
    int64_t step = s2vi_trainer_step(j->trainer);
    size_t n_shown = 0; /* sums; what they are made of is for the curves */
    for (int i = 0; i < n; i++)
        if (i == 0 || strstr(loss[i].name, ".loss"))
            shown[n_shown++] =
                (s2vi_progress_value){loss[i].name, loss[i].value};
    s2vi_progress_update(j->bar, step, shown, n_shown);
    s2v_error why;
    if (o->hold_out_every &&
        (step % o->hold_out_every == 0 || step == o->iterations))
        survive(j, hold_out(j, &why), &why);
    ret = add_to_curves(j, loss, n, err);
    if (step % o->preview_every == 0)
        survive(j, preview(j, &why), &why);
    if (step < o->iterations && is_time_to_save(j))
        survive(j, save(j, &why), &why);
    return ret;
}

static int train(job *j, s2v_error *err)
{
    const s2vi_train_options *o = &j->options;
    int ret = S2V_OK;
    j->bar = s2vi_progress_new(&(s2vi_progress_params){
        .total = o->iterations,
        .first = s2vi_trainer_step(j->trainer),
        .quiet = o->quiet,
    });
    j->next_save = now() + o->checkpoint_seconds;
    while (!ret && s2vi_trainer_step(j->trainer) < o->iterations &&
           !s2vi_interrupt_requested())
        ret = iterate(j, err);
    s2v_error why;
    if (!ret && !s2vi_trainer_step(j->trainer))
        ret = s2vi_error(err, S2V_ERR_CANCELLED,
                         "interrupted before the first iteration: nothing to "
                         "save");
    if (!ret && o->hold_out_every && !j->measured &&
        isnan(s2vi_trainer_best(j->trainer))) /* stopped before the first */
        ret = hold_out(j, err);
    if (!ret)
        survive(j, preview(j, &why), &why);
    if (!ret)
        ret = save(j, err);
    s2vi_progress_close(&j->bar);
    return ret;
}

/* A folder that cannot be written to is better known before the training. */
static int probe_output(job *j, s2v_error *err)
{
    size_t n = strlen(j->options.output) + sizeof(".ckpt");
    j->checkpoint = malloc(n);
    if (!j->checkpoint)
        return s2vi_error_nomem(err, "a file name");
    snprintf(j->checkpoint, n, "%s.ckpt", j->options.output);
    int ret = s2vi_file_probe(j->options.output, err);
    return ret < 0 ? ret : s2vi_file_probe(j->checkpoint, err);
}

/* What there is now, and how to go on. */
static void print_result(const job *j)
{
    const s2vi_train_options *o = &j->options;
    const long long step = s2vi_trainer_step(j->trainer);
    if (step < o->iterations)
        fprintf(stderr,
                "stopped after %lld of %lld iterations: %s holds the model as "
                "it is; to go on, run the same command with --resume %s\n",
                step, (long long)o->iterations, o->output, j->checkpoint);
    else
        fprintf(stderr,
                "done after %lld iterations: %s holds the model; to train it "
                "further, run the same command with --resume %s and more "
                "--iterations\n",
                step, o->output, j->checkpoint);
}

static int run(job *j, s2v_error *err)
{
    int ret = s2vi_interrupt_install(
        j->options.quiet ? NULL
                         : "\ns2v-train: stopping after this iteration; once "
                           "more to stop at once, without saving\n",
        err);
    if (!ret)
        ret = probe_output(j, err);
    if (!ret)
        ret = load_clips(j, err);
    if (!ret)
        ret = make_trainer(j, err);
    if (!ret && j->options.curves)
        ret = open_curves(j, err);
    if (!ret)
        ret = train(j, err);
    if (!ret && !j->options.quiet)
        print_result(j);
    return ret;
}

int main(int argc, char **argv)
{
    job j = {0};
    s2v_error err = {0};
    setlocale(LC_CTYPE, "");
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow: an error, no end */
    av_log_set_level(AV_LOG_FATAL);
    if (s2vi_train_options_parse(&j.options, argc, argv, &err) < 0) {
        fprintf(stderr, "s2v-train: %s\n", err.message);
        return 2;
    }
    int ret = S2V_OK;
    snprintf(j.version, sizeof(j.version), "s2v %s", s2v_version());
    if (j.options.action == S2VI_TRAIN_RUN)
        ret = run(&j, &err);
    else
        s2vi_train_options_print(&j.options, stdout);
    if (ret < 0)
        fprintf(stderr, "s2v-train: %s\n", err.message);
    s2vi_curves_close(&j.curves);
    s2vi_trainer_close(&j.trainer);
    s2vi_dataset_close(&j.data);
    s2vi_train_options_free(&j.options);
    free(j.checkpoint);
    return ret < 0;
}
