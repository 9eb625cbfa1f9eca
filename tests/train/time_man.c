/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * time_man CLIPS NETWORK STAGE BATCH DTYPE THREADS ITERATIONS [profile]: times
 * iterations of s2v-train man in a stage of its schedule, for scripts/bench.
 *
 * CLIPS is a folder of s2v-talkers', STAGE one of predictor, frames, joint and
 * critics. Drawing the batch counts. Prints one JSON object: milliseconds of
 * each iteration but the first, the processor time of one (of all threads), and
 * the peak memory of the process in MB. With "profile", also where the time of
 * the generator's and the critics' step goes, to standard error.
 *
 *     time_man talkers medium critics 4 f32 2 5 profile
 */
#include "base/error.h"
#include "recipes/man_trainer.h"
#include "run/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { TERMS = 32 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* A share of all iterations within the stage; 1: there is none such. */
static double share_of(const char *stage)
{
    static const char *const name[] = {"predictor", "frames", "joint",
                                       "critics"};
    static const double share[] = {0, 0.7, 0.77, 0.85};
    for (int i = 0; i < 4; i++)
        if (!strcmp(stage, name[i]))
            return share[i];
    return 1;
}

static int load(s2vi_talking_heads *data, const char *folder, int size,
                s2v_error *err)
{
    s2vi_ingest ingest = {.program = "time_man", .quiet = true};
    const s2vi_talking_source source = {{.size = size, .track = 1}, &ingest};
    data->side = size + size / 8;
    int ret = s2vi_talking_heads_add(data, folder, &source, err);
    if (!ret)
        ret = s2vi_talking_heads_split(data, 1, err);
    if (!ret)
        ret = s2vi_talking_heads_level(data, err);
    s2vi_ingest_close(&ingest);
    return ret;
}

static void print_line(void *opaque, s2v_log_level level, const char *message)
{
    (void)opaque;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

/* One more iteration for each: its own first one has planned it. */
static int profile(s2vi_trainer *t, int iterations, s2v_error *err)
{
    const s2vi_logger logger = {.fn = print_line};
    s2vi_train_step *const step[] = {&t->generator, &t->critics};
    static const char *const name[] = {"generator", "critics"};
    s2vi_profile *p[2] = {NULL, NULL};
    int ret = S2V_OK;
    for (int i = 0; i < 2 && !ret; i++)
        if (step[i]->exec)
            ret = s2vi_profile_create(&p[i], step[i]->exec, err);
    for (int i = 0; i < iterations + 3 && !ret; i++) {
        s2vi_trainer_loss loss[TERMS];
        int n = TERMS;
        ret = s2vi_trainer_iterate(t, loss, &n, err);
    }
    for (int i = 0; i < 2; i++) {
        if (p[i] && !ret)
            s2vi_profile_report(p[i], name[i], &logger);
        s2vi_profile_close(&p[i]);
    }
    return ret;
}

/* The first iteration records the stage. */
static int iterate(s2vi_trainer *t, int iterations, s2v_error *err)
{
    clock_t begun = 0;
    int ret = S2V_OK;
    printf("{\"ms\":[");
    for (int i = 0; i <= iterations && !ret; i++) {
        s2vi_trainer_loss loss[TERMS];
        int n = TERMS;
        const double begin = now_ms();
        ret = s2vi_trainer_iterate(t, loss, &n, err);
        if (i)
            printf("%s%.1f", i > 1 ? "," : "", now_ms() - begin);
        else
            begun = clock();
    }
    const double used_ms = 1e3 * (double)(clock() - begun) / CLOCKS_PER_SEC;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("],\"cpu_ms\":%.1f,\"rss_mb\":%.0f}\n", used_ms / iterations,
           (double)used.ru_maxrss / 1024);
    return ret;
}

static int run(char **argv, s2v_error *err)
{
    s2vi_talking_heads data = {0};
    s2vi_man_trainer *trainer = NULL;
    s2vi_man_trainer_params params = {
        .trainer = {.rate = 1e-4,
                    .critic_rate = 4e-4,
                    .average = 0.999,
                    .seed = 1,
                    .device = "cpu",
                    .dtype = strcmp(argv[5], "bf16") ? S2VI_F32 : S2VI_BF16,
                    .threads = atoi(argv[6])},
        .data = &data,
        .batch = atoi(argv[4]),
        .critics = true,
    };
    const int iterations = atoi(argv[7]);
    s2vi_man_defaults(&params.config);
    if (!s2vi_man_set_preset(&params.config, argv[2]) ||
        share_of(argv[3]) == 1 || params.batch < 1 || iterations < 1)
        return s2vi_error(err, S2V_ERR_INVALID, "no such training");
    params.config.blend = 1;
    int ret = load(&data, argv[1], params.config.size, err);
    if (!ret)
        ret = s2vi_man_trainer_create(&trainer, &params, err);
    s2vi_trainer *t = trainer ? s2vi_man_trainer_base(trainer) : NULL;
    if (!ret) {
        t->share = share_of(argv[3]);
        ret = iterate(t, iterations, err);
    }
    if (!ret && argv[8])
        ret = profile(t, iterations, err);
    s2vi_man_trainer_close(&trainer);
    s2vi_talking_heads_close(&data);
    return ret;
}

int main(int argc, char **argv)
{
    s2v_error err = {0};
    if (argc < 8) {
        fputs("usage: time_man CLIPS NETWORK STAGE BATCH DTYPE THREADS "
              "ITERATIONS [profile]\n",
              stderr);
        return 2;
    }
    if (run(argv, &err) < 0) {
        fprintf(stderr, "time_man: %s\n", err.message);
        return 1;
    }
    return 0;
}
