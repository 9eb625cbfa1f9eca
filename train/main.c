/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-train: options, clips, then iterations until done or interrupted. */
#include "curves.h"
#include "files.h"
#include "group.h"
#include "option_files.h"
#include "terminal/interrupt.h"
#include "options.h"
#include "terminal/progress.h"
#include "ranks.h"
#include "recipe.h"

#include "base/error.h"

#include <glib.h>
#include <libavutil/log.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Tests have a program of another one. */
#ifndef TRAIN_VERSION
#define TRAIN_VERSION s2v_version()
#endif

enum { MAX_TERMS = 2 * S2VI_TRAIN_STEP_TERMS };

typedef struct job {
    s2vi_ranks ranks; /* processes that share the training */
    s2vi_train_options *options;
    const s2vi_recipe *recipe;
    s2vi_training training;
    s2vi_progress *bar;
    s2vi_curves *curves;
    s2vi_measured held_out;      /* where it was last measured... */
    int64_t measured;            /* ...after this iteration; 0: never */
    int64_t first;               /* iterations done before, by an earlier run */
    char *checkpoint;            /* the output's name with ".ckpt" */
    double next_save;            /* seconds of training, where saved by time */
    double begin;                /* of this run, likewise */
    double seconds;              /* that earlier runs took */
    const char *name[MAX_TERMS]; /* columns of the curves */
    int names;
    double elapsed; /* of several processes: the first's time_of() */
    bool stop;      /* a signal asks for it, in one of them */
    bool complete;  /* all iterations were done */
} job;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ------------------------------------------------------------ training -- */

static bool is_first(const job *j)
{
    return j->ranks.rank == 0;
}

/* Seconds of training, those of earlier runs, too: the same in all processes,
 * which decide by it. */
static double time_of(const job *j)
{
    return j->ranks.count > 1 ? j->elapsed : j->seconds + now() - j->begin;
}

/* What all processes have to know before an iteration. */
static void synchronise(job *j)
{
    double known[] = {s2vi_interrupt_requested(),
                      is_first(j) ? j->seconds + now() - j->begin : 0};
    s2vi_ranks_max(&j->ranks, known, 2);
    j->stop = known[0] > 0;
    j->elapsed = known[1];
}

static int64_t step_of(const job *j)
{
    return j->training.trainer->step;
}

/* How much of the whole is done, 0 to 1. */
static double share_of(const job *j)
{
    const s2vi_train_options *o = j->options;
    const double share = o->seconds > 0
                             ? time_of(j) / o->seconds
                             : (double)step_of(j) / (double)o->iterations;
    return fmin(share, 1);
}

static bool is_over(const job *j)
{
    const s2vi_train_options *o = j->options;
    return o->seconds > 0 ? time_of(j) >= o->seconds
                          : step_of(j) >= o->iterations;
}

static int make_training(job *j, s2v_error *err)
{
    const s2vi_train_options *o = j->options;
    int ret = j->recipe->open(&j->training, o, err);
    if (!ret && o->init)
        ret = s2vi_trainer_start_from(j->training.trainer, o->init, err);
    const char *from = o->resume ? o->resume : o->export;
    if (!ret && from)
        ret = s2vi_trainer_resume(j->training.trainer, from, err);
    if (!ret && o->resume && !o->seconds && step_of(j) > o->iterations)
        ret = s2vi_error(
            err, S2V_ERR_INVALID,
            "--iterations is the total, including those before the resume: "
            "expected more than the %lld of %s, found %lld",
            (long long)step_of(j), o->resume, (long long)o->iterations);
    return ret;
}

/* -------------------------------------------------------------- saving -- */

/* A checkpoint and the weight file as it stands (where it is not the best of
 * those measured); the second also where there is no room for the first, which
 * is three times as large. */
static int save(job *j, s2v_error *err)
{
    s2v_error second;
    if (j->options->seconds > 0)
        j->training.trainer->seconds = time_of(j);
    int ret = s2vi_trainer_save(j->training.trainer, j->checkpoint, err),
        also = S2V_OK;
    if (!ret)
        s2vi_progress_saved(j->bar, step_of(j));
    if (!j->options->hold_out_every && is_first(j))
        also = s2vi_trainer_export(j->training.trainer, j->options->output,
                                   &second);
    if (!also && j->curves)
        also = s2vi_curves_write(j->curves, &second);
    if (!ret && also < 0)
        *err = second;
    return ret ? ret : also;
}

/* The first of several processes measures for all. */
static int measure(job *j, s2v_error *err)
{
    s2vi_measured *m = &j->held_out;
    int ret = S2V_OK;
    j->training.trainer->share = share_of(j);
    if (is_first(j))
        ret = j->recipe->measure_held_out(j->training.self, m, err);
    double known[] = {ret, m->score};
    s2vi_ranks_share(&j->ranks, known, sizeof(known));
    m->score = known[1];
    return (int)known[0];
}

/* Measure what is held out; the best so far becomes the weight file. */
static int hold_out(job *j, s2v_error *err)
{
    s2vi_trainer *trainer = j->training.trainer;
    s2vi_measured *m = &j->held_out;
    const long long step = step_of(j);
    int ret = measure(j, err);
    if (ret < 0)
        return ret;
    const bool better = !(m->score <= trainer->best);
    if (better && is_first(j))
        ret = s2vi_trainer_export(trainer, j->options->output, err);
    if (ret < 0)
        return ret;
    if (better) {
        trainer->best = m->score;
        trainer->best_step = step;
    }
    j->measured = step;
    s2vi_progress_message(j->bar, "iteration %lld: %s%s", step, m->text,
                          better ? ": the best so far, saved" : "");
    return S2V_OK;
}

static bool is_time_to_save(job *j)
{
    const s2vi_train_options *o = j->options;
    if (o->checkpoint_every)
        return step_of(j) % o->checkpoint_every == 0;
    if (!o->checkpoint_seconds || time_of(j) < j->next_save)
        return false;
    j->next_save = time_of(j) + o->checkpoint_seconds;
    return true;
}

static int preview(job *j, s2v_error *err)
{
    const char *path = j->options->preview;
    return path ? j->recipe->preview(j->training.self, path, err) : S2V_OK;
}

/* Losing a save or a picture must not lose the training: say it, to a quiet
 * user too, and go on. */
static void survive(job *j, int ret, const s2v_error *err)
{
    const bool more = !is_over(j);
    if (ret < 0 && is_first(j))
        s2vi_progress_message(j->options->quiet ? NULL : j->bar,
                              "s2v-train: %s%s", err->message,
                              more ? "; training continues" : "");
}

/* ------------------------------------------------------------- training -- */

static int open_curves(job *j, s2v_error *err)
{
    const char *name[MAX_TERMS + 1 + S2VI_ALSO];
    int n = s2vi_trainer_terms(j->training.trainer, name, MAX_TERMS);
    memcpy(j->name, name, sizeof(j->name));
    j->names = n;
    name[n++] = j->training.measure;
    for (int i = 0; i < S2VI_ALSO && j->training.also[i]; i++)
        name[n++] = j->training.also[i];
    return s2vi_curves_open(&j->curves, j->options->curves, name, n, step_of(j),
                            err);
}

static int add_to_curves(job *j, const s2vi_trainer_loss *loss, int n,
                         s2v_error *err)
{
    double value[MAX_TERMS + 1 + S2VI_ALSO];
    const int64_t step = step_of(j);
    const bool measured = j->measured == step;
    for (int i = 0; i < j->names; i++)
        value[i] = NAN; /* not a term of this stage */
    for (int i = 0; i < j->names; i++)
        for (int k = 0; k < n; k++)
            if (!strcmp(j->name[i], loss[k].name))
                value[i] = loss[k].value;
    value[j->names] = measured ? j->held_out.curve : NAN;
    for (int i = 0; i < S2VI_ALSO; i++)
        value[j->names + 1 + i] = measured ? j->held_out.also[i] : NAN;
    return j->curves ? s2vi_curves_add(j->curves, step, value, err) : S2V_OK;
}

/* By --hold-out-every, at the end in any case. */
static bool is_time_to_measure(const job *j)
{
    const int64_t every = j->options->hold_out_every;
    return every && (step_of(j) % every == 0 || is_over(j));
}

static void show_stage(job *j)
{
    const s2vi_train_options *o = j->options;
    const char *name =
        j->recipe->stage ? j->recipe->stage(j->training.self) : NULL;
    const double left = o->seconds - time_of(j);
    s2vi_progress_stage(j->bar, name, o->seconds > 0 ? share_of(j) : -1,
                        left > 0 ? left : 0);
}

/* The others wait for this process, which cannot go on. */
static void end_all(const job *j, const s2v_error *err)
{
    fprintf(stderr, "s2v-train: process %d of %d on %s: %s\n", j->ranks.rank,
            j->ranks.count, j->ranks.machine, err->message);
    s2vi_ranks_abort(&j->ranks);
}

static int iterate(job *j, s2v_error *err)
{
    const s2vi_train_options *o = j->options;
    s2vi_trainer_loss loss[MAX_TERMS];
    s2vi_progress_value shown[MAX_TERMS];
    int n = MAX_TERMS;
    j->training.trainer->share = share_of(j);
    int ret = s2vi_trainer_iterate(j->training.trainer, loss, &n, err);
    if (ret < 0 && j->ranks.count > 1 && !j->training.trainer->spoilt)
        end_all(j, err);
    if (ret < 0)
        return ret;
    s2vi_shards_trim(j->training.shards);
    int64_t step = step_of(j);
    size_t n_shown = 0; /* sums; what they are made of is for the curves */
    for (int i = 0; i < n; i++)
        if (i == 0 || strstr(loss[i].name, ".loss"))
            shown[n_shown++] =
                (s2vi_progress_value){loss[i].name, loss[i].value};
    show_stage(j);
    s2vi_progress_update(j->bar, step, shown, n_shown);
    s2v_error why;
    if (is_time_to_measure(j))
        survive(j, hold_out(j, &why), &why);
    ret = add_to_curves(j, loss, n, err);
    if (step % o->preview_every == 0)
        survive(j, preview(j, &why), &why);
    if (!is_over(j) && is_time_to_save(j))
        survive(j, save(j, &why), &why);
    return ret;
}

static int train(job *j, s2v_error *err)
{
    const s2vi_train_options *o = j->options;
    int ret = S2V_OK;
    j->first = step_of(j);
    j->begin = now();
    j->seconds = j->training.trainer->seconds;
    j->bar = s2vi_progress_new(&(s2vi_progress_params){
        .total = o->seconds > 0 ? 0 : o->iterations,
        .first = j->first,
        .quiet = o->quiet,
    });
    synchronise(j);
    j->next_save = time_of(j) + o->checkpoint_seconds;
    while (!ret && !is_over(j) && !j->stop) {
        ret = iterate(j, err);
        synchronise(j);
    }
    s2v_error why;
    if (!ret && !step_of(j))
        ret = s2vi_error(err, S2V_ERR_CANCELLED,
                         "interrupted before the first iteration: nothing to "
                         "save");
    if (!ret && o->hold_out_every && !j->measured &&
        isnan(j->training.trainer->best)) /* stopped before the first */
        ret = hold_out(j, err);
    if (!ret)
        survive(j, preview(j, &why), &why);
    if (!ret)
        ret = save(j, err);
    s2vi_progress_close(&j->bar);
    return s2vi_ranks_agree(&j->ranks, ret, err);
}

/* A folder that cannot be written to is better known before the training. */
static int probe_output(job *j, s2v_error *err)
{
    size_t n = strlen(j->options->output) + sizeof(".ckpt");
    j->checkpoint = malloc(n);
    if (!j->checkpoint)
        return s2vi_error_nomem(err, "a file name");
    snprintf(j->checkpoint, n, "%s.ckpt", j->options->output);
    int ret = s2vi_file_probe(j->options->output, err);
    return ret < 0 ? ret : s2vi_file_probe(j->checkpoint, err);
}

/* --verbose: with and on what it is trained... */
static void print_summary(const job *j)
{
    const s2vi_train_summary m = s2vi_trainer_summary(j->training.trainer);
    const s2vi_backend *b = m.backend;
    if (*b->selected)
        fprintf(stderr, "%s\n", b->selected);
    fprintf(stderr,
            "%s, %s, %d thread%s; %lld weights in the generator, %lld in "
            "discriminators; %.3g GFLOP per iteration\n",
            b->table->name, b->dtype == S2VI_BF16 ? "bf16" : "f32", b->threads,
            b->threads == 1 ? "" : "s", (long long)m.generator,
            (long long)m.critics, m.flops / 1e9);
    if (j->ranks.count > 1)
        fprintf(stderr, "%d processes, gradients summed by %s%s%s\n",
                j->ranks.count, *b->group ? b->group : "MPI",
                *m.no_group ? ": " : "", m.no_group);
}

/* ...and what that took. */
static void print_cost(const job *j, double seconds)
{
    struct rusage usage;
    fprintf(stderr, "%.1f s for %lld iterations", seconds,
            (long long)(step_of(j) - j->first));
    if (!getrusage(RUSAGE_SELF, &usage)) /* in KiB, of the whole process */
        fprintf(stderr, ", at most %ld MB of memory", usage.ru_maxrss / 1024);
    fputc('\n', stderr);
}

/* Which model FILE holds: the best of those measured, or the last. */
static void print_model(const job *j)
{
    const s2vi_train_options *o = j->options;
    const s2vi_trainer *t = j->training.trainer;
    if (!o->hold_out_every || !t->best_step || t->best_step == t->step)
        fprintf(stderr, "wrote the model %s", o->output);
    else
        fprintf(
            stderr,
            "%s holds the best model by the held-out set, that of iteration "
            "%lld; s2v-train %s --export %s -o LATEST.bin writes the latest",
            o->output, (long long)t->best_step, o->recipe->name, j->checkpoint);
}

/* What there is now, and how to go on. */
static void print_result(const job *j)
{
    const s2vi_train_options *o = j->options;
    const long long step = step_of(j);
    const char *more = o->seconds > 0 ? "TIME" : "N";
    if (*j->held_out.note)
        fprintf(stderr, "s2v-train: %s\n", j->held_out.note);
    if (j->complete)
        fprintf(stderr, "done after %lld iterations: ", step);
    else if (o->seconds > 0)
        fprintf(stderr, "stopped after %lld iterations: ", step);
    else
        fprintf(stderr, "stopped after %lld of %lld iterations: ", step,
                (long long)o->iterations);
    print_model(j);
    if (!j->complete)
        fprintf(stderr, "; to resume: s2v-train %s --resume %s\n",
                o->recipe->name, j->checkpoint);
    else
        fprintf(stderr,
                "; to continue: s2v-train %s --resume %s --%s %s, more than "
                "before\n",
                o->recipe->name, j->checkpoint,
                o->seconds > 0 ? "time" : "iterations", more);
}

/* --export: the latest weights of a checkpoint. */
static int export_latest(job *j, s2v_error *err)
{
    const s2vi_train_options *o = j->options;
    int ret = s2vi_ranks_agree(&j->ranks, make_training(j, err), err);
    if (!ret && is_first(j))
        ret = s2vi_trainer_export(j->training.trainer, o->output, err);
    if (!ret && !o->quiet)
        fprintf(stderr, "wrote the model %s: that of iteration %lld\n",
                o->output, (long long)step_of(j));
    j->complete = !ret;
    return ret;
}

/* What a recipe's training can be divided into. */
static int check_share(const job *j, s2v_error *err)
{
    const s2vi_train_options *o = j->options;
    const int n = j->ranks.count;
    if (n > 1 && j->recipe->share == S2VI_SHARE_NOTHING)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "%s: expected one process, found %d: its training "
                          "cannot be divided",
                          j->recipe->name, n);
    return n > 1 && j->recipe->share == S2VI_SHARE_BATCH && o->batch % n
               ? s2vi_error(err, S2V_ERR_INVALID,
                            "--batch: expected a multiple of the %d processes, "
                            "found %d",
                            n, o->batch)
               : S2V_OK;
}

/* Processes with the same program and options, of which one speaks. */
static int join_ranks(job *j, s2v_error *err)
{
    s2vi_train_options *o = j->options;
    o->ranks = &j->ranks;
    char *files = s2vi_option_files_text(o);
    int ret = s2vi_ranks_same(&j->ranks, "version", TRAIN_VERSION, err);
    if (!ret)
        ret = s2vi_ranks_same(&j->ranks, "model", j->recipe->name, err);
    if (!ret)
        ret = s2vi_ranks_same(&j->ranks, "options",
                              o->record_text ? o->record_text : "", err);
    if (!ret)
        ret = s2vi_ranks_same(&j->ranks, "files", files, err);
    g_free(files);
    if (!ret)
        ret = check_share(j, err);
    if (is_first(j))
        return ret;
    o->quiet = true;
    o->verbose = false;
    o->curves = o->preview = NULL;
    return ret;
}

/* A training in each process, on the same clips. */
static int make_trainings(job *j, s2v_error *err)
{
    int ret = s2vi_ranks_agree(&j->ranks, make_training(j, err), err);
    if (ret < 0 || j->ranks.count == 1)
        return ret;
    char *identity = s2vi_trainer_identity(j->training.trainer);
    ret = s2vi_ranks_same(&j->ranks, "clips", identity ? identity : "", err);
    free(identity);
    s2vi_trainer *t = j->training.trainer;
    return ret < 0 ? ret
                   : s2vi_group_join(&j->ranks, t->backend, &t->no_group, err);
}

static int run(job *j, s2v_error *err)
{
    int ret = join_ranks(j, err);
    if (ret < 0) {
        j->ranks.agreed = true;
        return ret;
    }
    ret = s2vi_interrupt_install(
        j->options->quiet ? NULL
                          : "\ns2v-train: stopping after this iteration; a "
                            "second signal stops at once, without saving\n",
        err);
    if (!ret && s2vi_interrupt_ignored() && !j->options->quiet)
        fprintf(stderr,
                "s2v-train: SIGINT is ignored here, as in a background job: "
                "kill -TERM %ld stops and saves\n",
                (long)getpid());
    if (!ret && j->options->export)
        return export_latest(j, err);
    if (!ret && is_first(j))
        ret = probe_output(j, err);
    ret = s2vi_ranks_agree(&j->ranks, ret, err);
    if (!ret)
        ret = make_trainings(j, err);
    if (!ret && j->options->curves)
        ret = open_curves(j, err);
    ret = s2vi_ranks_agree(&j->ranks, ret, err);
    if (!ret && j->options->verbose)
        print_summary(j);
    const double begin = now();
    if (!ret)
        ret = train(j, err);
    j->complete = !ret && is_over(j);
    if (!ret && j->options->verbose)
        print_cost(j, now() - begin);
    if (!ret && !j->options->quiet)
        print_result(j);
    return ret;
}

/* A signal explains that iterations are missing, not that nothing could be
 * saved after it. */
static int status_of(const job *j, int ret)
{
    const int stopped = s2vi_interrupt_status();
    if (ret < 0 && ret != S2V_ERR_CANCELLED)
        return 1;
    if (!ret && (j->options->action != S2VI_TRAIN_RUN || j->complete))
        return 0;
    return stopped ? stopped : 1;
}

int main(int argc, char **argv)
{
    job j = {0};
    s2v_error err = {0};
    setlocale(LC_CTYPE, "");
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow: an error, no end */
    av_log_set_level(AV_LOG_FATAL);
    int ret = s2vi_ranks_open(&j.ranks, &err);
    if (!ret) {
        ret = s2vi_train_options_parse(&j.options, argc, argv, &err);
        ret = s2vi_ranks_agree(&j.ranks, ret, &err);
    }
    if (ret < 0) {
        if (is_first(&j))
            fprintf(stderr, "s2v-train: %s\n", err.message);
        s2vi_train_options_free(&j.options);
        s2vi_ranks_close(&j.ranks);
        return 2;
    }
    j.recipe = j.options->recipe;
    if (j.options->action == S2VI_TRAIN_RUN)
        ret = run(&j, &err);
    else if (is_first(&j))
        s2vi_train_options_print(j.options, stdout);
    if (ret < 0 && !is_first(&j) && !j.ranks.agreed)
        end_all(&j, &err);
    if (ret < 0 && is_first(&j))
        fprintf(stderr, "s2v-train: %s\n", err.message);
    s2vi_curves_close(&j.curves);
    if (j.training.self)
        j.recipe->close(j.training.self);
    const int status = status_of(&j, ret);
    s2vi_train_options_free(&j.options);
    free(j.checkpoint);
    s2vi_ranks_close(&j.ranks);
    return is_first(&j) ? status : 0;
}
