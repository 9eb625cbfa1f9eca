/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The training itself, on tiny clips: the same seed gives the same bytes, a
 * resume goes on exactly, and nothing that was saved is ever lost.
 *
 * usage: test-train-trainer [long]    long: memory over 1,000 iterations
 */
#include "../worst.h"
#include "check.h"
#include "make_clip.h"
#include "files.h"
#include "recipes/listen_and_move_trainer.h"

#include "weights/weights.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SIZE = 64, T = 4 };

static char *folder; /* of scratch files */
static s2vi_dataset clips;

/* "FOLDER/name"; a few live at a time. */
/* Good for the next 31 calls: a test holds names while it asks for more. */
static const char *in_folder(const char *name)
{
    static char path[32][512];
    static int next;
    char *p = path[next++ % 32];
    snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
    return p;
}

/* Five sequences a time through: six iterations begin a second one. */
static void make_clips(s2vi_dataset *data)
{
    add_clip(data, SIZE, 9, 1);
    add_clip(data, SIZE, 14, 2);
    s2vi_dataset_split(data, 1, T, NULL);
    s2vi_dataset_features(data, NULL);
}

static s2vi_lm_trainer_params defaults(void)
{
    s2vi_lm_trainer_params p = {.trainer = {.rate = 1e-3,
                                            .seed = 7,
                                            .threads = 2,
                                            .version = "test",
                                            .license = "CC0-1.0"},
                                .data = &clips,
                                .sequence = T};
    s2vi_lm_defaults(&p.config);
    p.config.size = SIZE;
    p.config.channels_min = 4;
    p.config.channels_max = 16;
    return p;
}

/* The whole method; averaged, too. */
static s2vi_lm_trainer_params adversarial(void)
{
    s2vi_lm_trainer_params p = defaults();
    p.adversarial = true;
    p.trainer.critic_rate = 4e-3;
    p.alpha = 10;
    p.trainer.average = 0.9;
    return p;
}

static s2vi_lm_trainer *open_trainer(const s2vi_lm_trainer_params *params)
{
    s2v_error err;
    s2vi_lm_trainer *trainer;
    int ret = s2vi_lm_trainer_create(&trainer, params, &err);
    CHECK(!ret, "%s", err.message);
    if (ret)
        exit(check_done());
    return trainer;
}

/* The last loss of n iterations; -1 and a sentence on failure. */
static double iterate(s2vi_lm_trainer *trainer, int n, s2v_error *err)
{
    s2vi_trainer_loss loss = {0};
    for (int i = 0; i < n; i++) {
        int terms = 1;
        if (s2vi_trainer_iterate(&trainer->trainer, &loss, &terms, err) < 0)
            return -1;
    }
    return loss.value;
}

static void must(int ret, const s2v_error *err)
{
    CHECK(!ret, "%s", err->message);
}

static void save(s2vi_lm_trainer *trainer, const char *path)
{
    s2v_error err = {0};
    must(s2vi_trainer_save(&trainer->trainer, path, &err), &err);
}

static void export(s2vi_lm_trainer *trainer, const char *path)
{
    s2v_error err = {0};
    must(s2vi_trainer_export(&trainer->trainer, path, &err), &err);
}

/* The bytes of a file, to be unreferenced. */
static GBytes *bytes_of(const char *path)
{
    char *data = NULL;
    gsize size = 0;
    CHECK(g_file_get_contents(path, &data, &size, NULL), "%s", path);
    return g_bytes_new_take(data, size);
}

static bool same_files(const char *a, const char *b)
{
    GBytes *x = bytes_of(a), *y = bytes_of(b);
    bool same = g_bytes_get_size(x) && g_bytes_equal(x, y);
    g_bytes_unref(x);
    g_bytes_unref(y);
    return same;
}

static int count_files(void)
{
    int n = 0;
    GDir *dir = g_dir_open(folder, 0, NULL);
    while (g_dir_read_name(dir))
        n++;
    g_dir_close(dir);
    return n;
}

/* ------------------------------------------------------ the same bytes -- */

/* Six iterations in one go: files NAME.bin and NAME.ckpt. */
static void train_six(s2vi_lm_trainer_params p, uint64_t seed, const char *bin,
                      const char *ckpt)
{
    s2v_error err = {0};
    p.trainer.seed = seed;
    s2vi_lm_trainer *trainer = open_trainer(&p);
    CHECK(trainer->trainer.step == 0, "step");
    CHECK(iterate(trainer, 6, &err) > 0, "%s", err.message);
    CHECK(trainer->trainer.step == 6, "step");
    export(trainer, bin);
    save(trainer, ckpt);
    s2vi_lm_trainer_close(&trainer);
    CHECK(!trainer, "closed");
}

static void test_seed(void)
{
    train_six(defaults(), 7, in_folder("six.bin"), in_folder("six.ckpt"));
    train_six(defaults(), 7, in_folder("again.bin"), in_folder("again.ckpt"));
    CHECK(same_files(in_folder("six.bin"), in_folder("again.bin")), "weights");
    CHECK(same_files(in_folder("six.ckpt"), in_folder("again.ckpt")),
          "checkpoints");
    train_six(defaults(), 8, in_folder("other.bin"), in_folder("other.ckpt"));
    CHECK(!same_files(in_folder("six.bin"), in_folder("other.bin")),
          "another seed");
}

/* k iterations, and the others in another trainer; like WHOLE.bin and .ckpt. */
static void test_resume_after(s2vi_lm_trainer_params p, int k, const char *bin,
                              const char *ckpt)
{
    s2v_error err = {0};
    s2vi_lm_trainer *trainer = open_trainer(&p);
    iterate(trainer, k, &err);
    save(trainer, in_folder("part.ckpt"));
    s2vi_lm_trainer_close(&trainer);
    trainer = open_trainer(&p);
    must(s2vi_trainer_resume(&trainer->trainer, in_folder("part.ckpt"), &err),
         &err);
    CHECK(trainer->trainer.step == k, "step");
    save(trainer, in_folder("same.ckpt"));
    CHECK(same_files(in_folder("part.ckpt"), in_folder("same.ckpt")),
          "after %d: saved again at once", k);
    CHECK(iterate(trainer, 6 - k, &err) > 0 || k == 6, "%s", err.message);
    export(trainer, in_folder("part.bin"));
    save(trainer, in_folder("part.ckpt"));
    s2vi_lm_trainer_close(&trainer);
    CHECK(same_files(bin, in_folder("part.bin")), "resumed after %d: weights",
          k);
    CHECK(same_files(ckpt, in_folder("part.ckpt")),
          "resumed after %d: checkpoint", k);
}

/* Checkpoints of version 0.1 have this layout, and must go on: the texts, the
 * states, and what comes with a parameter. */
static void test_layout(const char *path, bool adversarial,
                        const char *position)
{
    static const char *const states[] = {
        "p.c.state",        "p.h+.state",      "p.h-.state",
        "p.v+.state",       "p.v-.state",      "r.layers.0.state",
        "r.layers.1.state", "r.layers.2.state"};
    const char *const yes = adversarial ? "true" : "false";
    s2v_error err = {0};
    s2v_weights *w = NULL;
    size_t kinds[4] = {0}; /* NAME, m.NAME, v.NAME, ema.NAME */
    must(s2v_weights_open(&w, path, &err), &err);
    char *identity = g_strdup_printf(
        "{\"adversarial\": %s, \"averaged\": %s, \"clips\": \"%s\", \"loss\": "
        "\"multi-scale L1\", \"seed\": 7, \"sequence\": 4, "
        "\"trained_frames\": 23}",
        yes, yes, clips.hash);
    const char *got = s2v_weights_get_metadata(w, "s2v.identity");
    CHECK(!g_strcmp0(got, identity), "%s", got);
    got = s2v_weights_get_metadata(w, "s2v.progress");
    CHECK(!g_strcmp0(got, position), "%s", got);
    for (size_t i = 0; i < s2v_weights_count(w); i++) {
        const char *name = s2vi_weights_at(w, i)->name;
        kinds[!strncmp(name, "m.", 2)     ? 1
              : !strncmp(name, "v.", 2)   ? 2
              : !strncmp(name, "ema.", 4) ? 3
                                          : 0]++;
    }
    const size_t n_states = G_N_ELEMENTS(states);
    for (size_t i = 0; i < n_states; i++)
        CHECK(s2vi_weights_find(w, states[i]), "no %s", states[i]);
    CHECK(kinds[0] == kinds[1] + n_states && kinds[1] == kinds[2],
          "%zu parameters and states, %zu first and %zu second moments",
          kinds[0], kinds[1], kinds[2]);
    CHECK(adversarial ? kinds[3] && kinds[3] < kinds[1] : !kinds[3],
          "%zu averages", kinds[3]);
    g_free(identity);
    s2v_weights_close(&w);
}

/* ------------------------------------------------------------ stages -- */

enum { WHOLE = 20 }; /* iterations: one and more in each stage */

/* Iterations up to `last` of the schedule; how many stages were seen. */
static int run_stages(s2vi_lm_trainer *t, int last)
{
    s2v_error err = {0};
    int changes = 0;
    while (t->trainer.step < last) {
        const int stage = t->trainer.stage;
        t->trainer.share = (double)t->trainer.step / WHOLE;
        CHECK(iterate(t, 1, &err) != -1, "%s", err.message);
        changes += t->trainer.stage != stage;
    }
    return changes;
}

/* A schedule ends the same wherever it is interrupted: before and at
 * a change of its stages, and after several. */
static void test_staged(bool critics)
{
    static const int at[] = {10, 13};
    s2vi_lm_trainer_params p = critics ? adversarial() : defaults();
    s2v_error err = {0};
    int n;
    s2vi_lm_stages(critics, &n);
    p.staged = true;
    p.trainer.average = 0.9;
    p.config.background = p.config.constant = true;
    p.config.prediction = S2VI_LM_CONVGRU;
    s2vi_lm_trainer *t = open_trainer(&p);
    CHECK(run_stages(t, WHOLE) == n - 1, "stages");
    export(t, in_folder("staged.bin"));
    save(t, in_folder("staged.ckpt"));
    s2vi_lm_trainer_close(&t);
    for (size_t i = 0; i < G_N_ELEMENTS(at); i++) {
        t = open_trainer(&p);
        run_stages(t, at[i]);
        save(t, in_folder("part.ckpt"));
        s2vi_lm_trainer_close(&t);
        t = open_trainer(&p);
        must(s2vi_trainer_resume(&t->trainer, in_folder("part.ckpt"), &err),
             &err);
        save(t, in_folder("same.ckpt"));
        CHECK(same_files(in_folder("part.ckpt"), in_folder("same.ckpt")),
              "stages, after %d: saved again at once", at[i]);
        run_stages(t, WHOLE);
        export(t, in_folder("part.bin"));
        save(t, in_folder("part.ckpt"));
        s2vi_lm_trainer_close(&t);
        CHECK(same_files(in_folder("staged.bin"), in_folder("part.bin")),
              "stages, resumed after %d: weights", at[i]);
        CHECK(same_files(in_folder("staged.ckpt"), in_folder("part.ckpt")),
              "stages, resumed after %d: checkpoint", at[i]);
    }
}

static int keep_frames(void *opaque, const uint8_t *real, const float *made,
                       int n, s2v_error *err)
{
    (void)real, (void)err;
    memcpy(opaque, made, (size_t)n * SIZE * SIZE * 3 * sizeof(*made));
    return S2V_OK;
}

/* Before anything is learned, frames with a background are the mean frame. */
static void test_warm_start(void)
{
    s2vi_dataset data = {0};
    add_clip(&data, SIZE, 9, 1);
    s2vi_dataset_split(&data, 0.5, T, NULL);
    s2vi_dataset_features(&data, NULL);
    const size_t numbers = (size_t)SIZE * SIZE * 3;
    float *made = g_new(float, T *numbers);
    double off[2] = {0}; /* mean differences, without and with it */
    for (int k = 0; k < 2; k++) {
        s2vi_lm_trainer_params p = defaults();
        s2v_error err = {0};
        p.data = &data;
        p.config.background = k;
        s2vi_lm_trainer *t = open_trainer(&p);
        must(s2vi_lm_trainer_hold_out(t, 0, keep_frames, made, &err), &err);
        s2vi_lm_trainer_close(&t);
        for (size_t i = 0; i < numbers; i++) {
            double mean = 0;
            for (int64_t f = 0; f < data.train; f++)
                mean += data.clip[0].clip->rgb[(size_t)f * numbers + i];
            mean = mean / (double)data.train / 127.5 - 1;
            off[k] += fabs(made[i] - mean) / (double)numbers;
        }
    }
    CHECK(off[1] < 0.1 && off[0] > 3 * off[1],
          "%g with a background, %g without", off[1], off[0]);
    printf("before training: %.3f off the mean frame, without a background "
           "%.3f\n",
           off[1], off[0]);
    s2vi_dataset_close(&data);
    g_free(made);
}

/* What is exported while the prediction layer is bypassed makes the frames that
 * were measured, although its network has that layer. */
static void test_bypass(void)
{
    s2vi_dataset data = {0};
    add_clip(&data, SIZE, 9, 1);
    s2vi_dataset_split(&data, 0.5, T, NULL);
    s2vi_dataset_features(&data, NULL);
    s2vi_lm_trainer_params p = defaults();
    s2v_error err = {0};
    const size_t numbers = (size_t)T * SIZE * SIZE * 3;
    float *bypassed = g_new(float, numbers), *whole = g_new(float, numbers);
    p.data = &data;
    p.staged = true;
    s2vi_lm_trainer *t = open_trainer(&p);
    run_stages(t, 3);
    must(s2vi_lm_trainer_hold_out(t, 0, keep_frames, bypassed, &err), &err);
    export(t, in_folder("bypassed.bin"));
    s2vi_lm_trainer_close(&t);
    p.staged = false;
    t = open_trainer(&p);
    must(s2vi_trainer_start_from(&t->trainer, in_folder("bypassed.bin"), &err),
         &err);
    must(s2vi_lm_trainer_hold_out(t, 0, keep_frames, whole, &err), &err);
    s2vi_lm_trainer_close(&t);
    double worst = 0;
    for (size_t i = 0; i < numbers; i++)
        worst = worse(worst, fabs((double)bypassed[i] - (double)whole[i]));
    CHECK(worst < 1e-5, "bypassed and not: %g apart", worst);
    s2vi_dataset_close(&data);
    g_free(bypassed);
    g_free(whole);
}

/* ------------------------------------------------- other checkpoints -- */

/* A resume that must fail, with a sentence that has these words. */
static void refuse(const s2vi_lm_trainer_params *p, const char *path, int code,
                   const char *word, const char *another)
{
    s2v_error err = {0};
    s2vi_lm_trainer *trainer = open_trainer(p);
    int ret = s2vi_trainer_resume(&trainer->trainer, path, &err);
    CHECK(ret == code, "%d: %s", ret, err.message);
    CHECK(strstr(err.message, strrchr(path, '/') + 1) &&
              strstr(err.message, word) && strstr(err.message, another),
          "expected '%s' and '%s': %s", word, another, err.message);
    CHECK(!strchr(err.message, '\n'), "%s", err.message);
    printf("%s\n", err.message);
    s2vi_lm_trainer_close(&trainer);
}

static void test_other_training(void)
{
    const char *path = in_folder("six.ckpt");
    s2vi_lm_trainer_params p = defaults();
    p.sequence = 5;
    refuse(&p, path, S2V_ERR_MODEL, "sequence",
           "4 in the file and 5 in this run");
    p = defaults();
    p.trainer.seed = 8;
    refuse(&p, path, S2V_ERR_MODEL, "seed", "7 in the file and 8 in this run");
    p = defaults();
    p.config.connection = S2VI_LM_SKIP;
    refuse(&p, path, S2V_ERR_MODEL, "connection", "\"residual\" in the file");
    p = defaults();
    p.config.channels_max = 8;
    p.config.acin = false;
    refuse(&p, path, S2V_ERR_MODEL, "channels_max", "acin");
    s2vi_dataset other = {0};
    add_clip(&other, SIZE, 9, 1);
    add_clip(&other, SIZE, 14, 3);
    s2vi_dataset_split(&other, 1, T, NULL);
    s2vi_dataset_features(&other, NULL);
    p = defaults();
    p.data = &other;
    refuse(&p, path, S2V_ERR_MODEL, "clips", "--crop");
    s2vi_dataset_close(&other);
    make_clips(&other);
    s2vi_dataset_split(&other, 0.8, T, NULL);
    refuse(&p, path, S2V_ERR_MODEL, "trained_frames",
           "23 in the file and 18 in this run");
    s2vi_dataset_close(&other);
}

/* The first n bytes of a file, one of them changed. */
static const char *broken(const char *from, size_t n, size_t changed)
{
    GBytes *bytes = bytes_of(from);
    gsize size;
    char *data = g_bytes_unref_to_data(bytes, &size);
    n = MIN(n, size);
    if (changed < n)
        data[changed] ^= 64;
    g_file_set_contents(in_folder("broken.ckpt"), data, (gssize)n, NULL);
    g_free(data);
    return in_folder("broken.ckpt");
}

static void test_bad_checkpoint(void)
{
    const s2vi_lm_trainer_params p = defaults();
    const char *good = in_folder("six.ckpt");
    GBytes *bytes = bytes_of(good);
    const size_t size = g_bytes_get_size(bytes);
    g_bytes_unref(bytes);
    refuse(&p, in_folder("none.ckpt"), S2V_ERR_IO, "No such file", "");
    refuse(&p, broken(good, 0, size), S2V_ERR_FORMAT, "", "");
    refuse(&p, broken(good, 100, size), S2V_ERR_FORMAT, "", "");
    refuse(&p, broken(good, size - 1, size), S2V_ERR_FORMAT, "", "");
    refuse(&p, broken(good, size, size - 1000), S2V_ERR_FORMAT, "SHA-256", "");
    refuse(&p, in_folder("six.bin"), S2V_ERR_MODEL, "expected a checkpoint",
           "weight file");
    g_file_set_contents(in_folder("text.ckpt"), "no checkpoint at all", -1,
                        NULL);
    refuse(&p, in_folder("text.ckpt"), S2V_ERR_FORMAT, "", "");
    s2vi_writer *w = NULL;
    s2vi_writer_create(&w, in_folder("foreign.ckpt"), NULL);
    s2vi_writer_set_metadata(w, "s2v.model", "something-else", NULL);
    s2vi_writer_commit(&w, NULL);
    refuse(&p, in_folder("foreign.ckpt"), S2V_ERR_MODEL,
           "expected a checkpoint of listen-and-move", "something-else");
}

/* ------------------------------------------------------------- writing -- */

/* Neither file can be written; the sentence names path and reason. */
static void fail_to_write(s2vi_lm_trainer *trainer, const char *path,
                          const char *reason)
{
    int (*const write[])(s2vi_trainer *, const char *, s2v_error *) = {
        s2vi_trainer_save, s2vi_trainer_export};
    for (int i = 0; i < 2; i++) {
        s2v_error err = {0};
        int ret = write[i](&trainer->trainer, path, &err);
        CHECK(ret == S2V_ERR_IO, "%d: %s", ret, err.message);
        CHECK(strstr(err.message, path) && strstr(err.message, reason),
              "expected '%s': %s", reason, err.message);
    }
}

/* As on a full disk: a file may not grow beyond `bytes`. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void test_unwritable(void)
{
    s2v_error err = {0};
    const s2vi_lm_trainer_params p = defaults();
    s2vi_lm_trainer *trainer = open_trainer(&p);
    iterate(trainer, 1, &err);
    CHECK(s2vi_file_probe(in_folder("probe"), &err) == S2V_OK, "%s",
          err.message);
    CHECK(!g_file_test(in_folder("probe"), G_FILE_TEST_EXISTS), "left behind");
    CHECK(s2vi_file_probe(in_folder("no/where"), &err) == S2V_ERR_IO, "%s",
          err.message);
    fail_to_write(trainer, in_folder("no/where"), "No such file");
    fail_to_write(trainer, folder, "it is a folder");
    fail_to_write(trainer, "/dev/full", "a pipe or device");

    const int files = count_files();
    char *path = g_strdup(in_folder("full.bin"));
    export(trainer, path);
    export(trainer, in_folder("before.bin"));
    for (rlim_t bytes = 0; bytes <= 65536; bytes += 32768) {
        limit_files(bytes);
        fail_to_write(trainer, path, "File too large");
        limit_files(RLIM_INFINITY);
        CHECK(same_files(path, in_folder("before.bin")), "%d bytes",
              (int)bytes);
        CHECK(count_files() == files + 2, "%d files", count_files());
    }
    export(trainer, path); /* room again */
    g_free(path);
    s2vi_lm_trainer_close(&trainer);
}

/* Another loss, network or discriminators than the checkpoint's. */
static void test_other_losses(void)
{
    const char *path = in_folder("six.ckpt");
    s2vi_lm_trainer_params p = defaults();
    p.squares = true;
    refuse(&p, path, S2V_ERR_MODEL, "loss", "\"multi-scale L2\" in this run");
    p = defaults();
    p.adversarial = true;
    refuse(&p, path, S2V_ERR_MODEL, "adversarial",
           "false in the file and true in this run");
    p = defaults();
    p.trainer.average = 0.9;
    refuse(&p, path, S2V_ERR_MODEL, "averaged",
           "false in the file and true in this run");
    p = adversarial();
    refuse(&p, path, S2V_ERR_MODEL, "adversarial", "averaged");
    p = defaults();
    refuse(&p, in_folder("gan.ckpt"), S2V_ERR_MODEL, "adversarial",
           "true in the file and false in this run");
}

/* A rate that is far too large: named, and never saved. */
static void test_not_finite(void)
{
    s2v_error err = {0};
    s2vi_lm_trainer_params p = defaults();
    s2vi_lm_trainer *trainer = open_trainer(&p);
    iterate(trainer, 1, &err);
    save(trainer, in_folder("good.ckpt"));
    save(trainer, in_folder("kept.ckpt"));
    s2vi_lm_trainer_close(&trainer);
    p.trainer.rate = 1e30;
    trainer = open_trainer(&p);
    must(s2vi_trainer_resume(&trainer->trainer, in_folder("good.ckpt"), &err),
         &err);
    CHECK(iterate(trainer, 10, &err) == -1, "still finite");
    char step[64];
    snprintf(step, sizeof(step), "iteration %lld: the loss term L1 is",
             (long long)trainer->trainer.step);
    CHECK(err.code == S2V_ERR_DEVICE && strstr(err.message, step) &&
              strstr(err.message, "not finite") &&
              strstr(err.message, "--rate"),
          "%s", err.message);
    CHECK(s2vi_trainer_save(&trainer->trainer, in_folder("good.ckpt"), &err) <
                  0 &&
              strstr(err.message, "good.ckpt") && strstr(err.message, "finite"),
          "%s", err.message);
    CHECK(same_files(in_folder("good.ckpt"), in_folder("kept.ckpt")), "kept");
    s2vi_lm_trainer_close(&trainer);
}

/* What deceives critics that are no longer finite is named, and their rate. */
static void test_critics_not_finite(void)
{
    s2v_error err = {0};
    s2vi_lm_trainer_params p = adversarial();
    p.trainer.critic_rate = 1e30;
    s2vi_lm_trainer *trainer = open_trainer(&p);
    CHECK(iterate(trainer, 10, &err) == -1, "still finite");
    CHECK(strstr(err.message, "iteration 1: the loss term g.image") &&
              strstr(err.message, "--critic-rate"),
          "%s", err.message);
    s2vi_lm_trainer_close(&trainer);
}

/* -------------------------------------------------------------- results -- */

static float *read_tensor(const s2v_weights *w, const char *prefix,
                          const char *name, size_t *count)
{
    char full[128];
    s2v_error err;
    snprintf(full, sizeof(full), "%s%s", prefix, name);
    const s2vi_tensor *t = s2vi_weights_find(w, full);
    CHECK(t, "%s", full);
    float *data = malloc(t->count * sizeof(*data));
    must(s2vi_weights_read_f32(w, t, data, &err), &err);
    *count = t->count;
    return data;
}

/* The first step of Adam moves every number by the rate, against its gradient
 * g: m = (1 - 0.3) g, v = (1 - 0.999) g^2, m / 0.7 / sqrt(v / 0.001) = +-1. */
static void check_first_step(const s2v_weights *before,
                             const s2v_weights *after, const char *name,
                             double rate)
{
    size_t n;
    int bad = 0;
    float *p = read_tensor(before, "", name, &n);
    float *q = read_tensor(after, "", name, &n);
    float *m = read_tensor(after, "m.", name, &n);
    float *v = read_tensor(after, "v.", name, &n);
    for (size_t i = 0; i < n; i++) {
        double g = m[i] / 0.7, step = rate * g / (fabs(g) + 1e-8);
        bad += fabs(v[i] - 0.001 * g * g) > 1e-5 * v[i] + 1e-30;
        bad += fabs(p[i] - q[i] - step) > 1e-3 * rate + 2e-7 * fabs(p[i]);
    }
    CHECK(!bad, "%s: %d of %zu numbers", name, bad, n);
    free(p);
    free(q);
    free(m);
    free(v);
}

static void test_adam(void)
{
    s2v_error err = {0};
    s2v_weights *before = NULL, *after = NULL;
    const s2vi_lm_trainer_params p = defaults();
    s2vi_param_list list = {0};
    s2vi_lm_trainer *trainer = open_trainer(&p);
    save(trainer, in_folder("zero.ckpt"));
    iterate(trainer, 1, &err);
    save(trainer, in_folder("one.ckpt"));
    s2vi_lm_trainer_close(&trainer);
    must(s2v_weights_open(&before, in_folder("zero.ckpt"), &err), &err);
    must(s2v_weights_open(&after, in_folder("one.ckpt"), &err), &err);
    must(s2vi_lm_params(&p.config, &list, &err), &err);
    for (int i = 0; i < list.count; i++)
        check_first_step(before, after, list.param[i].name, p.trainer.rate);
    s2vi_param_list_close(&list);
    s2v_weights_close(&before);
    s2v_weights_close(&after);
}

/* ----------------------------------------------- averages, beginnings -- */

/* Its parameters after k iterations, exported, as an open file. */
static s2v_weights *weights_after(const s2vi_lm_trainer_params *p, int k)
{
    s2v_error err = {0};
    s2v_weights *w = NULL;
    s2vi_lm_trainer *trainer = open_trainer(p);
    iterate(trainer, k, &err);
    export(trainer, in_folder("after.bin"));
    s2vi_lm_trainer_close(&trainer);
    must(s2v_weights_open(&w, in_folder("after.bin"), &err), &err);
    return w;
}

/* After three iterations: the mean of the weights that they began with; it
 * keeps 0, then 2/11, then 3/12 of itself. */
static void test_average(void)
{
    s2vi_lm_trainer_params p = defaults();
    s2v_weights *file[4];
    float *w[4];
    double worst = 0;
    size_t n = 0;
    for (int k = 0; k < 3; k++)
        file[k] = weights_after(&p, k);
    p.trainer.average = 0.9;
    file[3] = weights_after(&p, 3);
    const s2vi_tensor *tensor = s2vi_weights_at(file[0], 0);
    for (int k = 0; k < 4; k++)
        w[k] = read_tensor(file[k], "", tensor->name, &n);
    for (size_t i = 0; i < n; i++) {
        float mean = w[1][i] + 2.0f / 11 * (w[0][i] - w[1][i]);
        mean = w[2][i] + 3.0f / 12 * (mean - w[2][i]);
        worst = worse(worst, fabsf(mean - w[3][i]));
    }
    CHECK(worst < 1e-7 && n && w[0][0] != w[2][0], "%s: %g", tensor->name,
          worst);
    for (int k = 0; k < 4; k++) {
        free(w[k]);
        s2v_weights_close(&file[k]);
    }
}

static bool same_tensors(const s2v_weights *a, const s2v_weights *b)
{
    const size_t count = s2v_weights_count(a);
    bool same = count && count == s2v_weights_count(b);
    for (size_t i = 0, n; same && i < count; i++) {
        const char *name = s2vi_weights_at(a, i)->name;
        float *x = read_tensor(a, "", name, &n);
        float *y = read_tensor(b, "", name, &n);
        same = !memcmp(x, y, n * sizeof(*x));
        free(x);
        free(y);
    }
    return same;
}

static void test_start_from(void)
{
    s2v_error err = {0};
    s2vi_lm_trainer_params p = defaults();
    s2v_weights *from = weights_after(&p, 2), *to = NULL;
    p = adversarial();
    p.trainer.average = 0;
    p.trainer.seed = 99;
    s2vi_lm_trainer *trainer = open_trainer(&p);
    must(s2vi_trainer_start_from(&trainer->trainer, in_folder("after.bin"),
                                 &err),
         &err);
    CHECK(trainer->trainer.step == 0, "step");
    export(trainer, in_folder("from.bin"));
    must(s2v_weights_open(&to, in_folder("from.bin"), &err), &err);
    CHECK(same_tensors(from, to), "the weights are others");
    s2v_weights_close(&to);
    s2v_weights_close(&from);
    CHECK(s2vi_trainer_start_from(&trainer->trainer, in_folder("six.ckpt"),
                                  &err) < 0 &&
              strstr(err.message, "expected a weight file"),
          "%s", err.message);
    s2vi_lm_trainer_close(&trainer);
    p.config.acin = false;
    trainer = open_trainer(&p);
    CHECK(s2vi_trainer_start_from(&trainer->trainer, in_folder("after.bin"),
                                  &err) == S2V_ERR_MODEL &&
              strstr(err.message,
                     "acin is true in the file and false in this run"),
          "%s", err.message);
    s2vi_lm_trainer_close(&trainer);
}

/* ------------------------------------------------------- what is held out --
 */

typedef struct seen {
    int calls, frames;
    double sum;
} seen;

static int look(void *opaque, const uint8_t *real, const float *made, int n,
                s2v_error *err)
{
    seen *s = opaque;
    (void)err;
    s->calls++;
    s->frames += n;
    for (int i = 0; i < n * SIZE * SIZE * 3; i++)
        s->sum += fabs(real[i] / 127.5 - 1 - made[i]);
    return S2V_OK;
}

/* Looking changes nothing, and shows what would be exported. */
static void test_hold_out(void)
{
    s2v_error err = {0};
    s2vi_dataset data = {0};
    seen before = {0}, again = {0}, after = {0};
    add_clip(&data, SIZE, 30, 1);
    s2vi_dataset_split(&data, 0.6, T, NULL);
    s2vi_dataset_features(&data, NULL);
    s2vi_lm_trainer_params p = adversarial();
    p.data = &data;
    s2vi_lm_trainer *trainer = open_trainer(&p);
    iterate(trainer, 1, &err);
    must(s2vi_lm_trainer_hold_out(trainer, 0, look, &before, &err), &err);
    must(s2vi_lm_trainer_hold_out(trainer, 0, look, &again, &err), &err);
    CHECK(before.calls == 3 && before.frames == 3 * T, "%d", before.frames);
    CHECK(before.sum == again.sum && before.sum > 0, "%g", before.sum);
    iterate(trainer, 1, &err);
    must(s2vi_lm_trainer_hold_out(trainer, 0, look, &after, &err), &err);
    CHECK(after.sum != before.sum, "nothing was learned");
    save(trainer, in_folder("looked.ckpt"));
    s2vi_lm_trainer_close(&trainer);
    trainer = open_trainer(&p);
    iterate(trainer, 2, &err);
    save(trainer, in_folder("blind.ckpt"));
    s2vi_lm_trainer_close(&trainer);
    CHECK(same_files(in_folder("looked.ckpt"), in_folder("blind.ckpt")),
          "looking changed the training");
    s2vi_dataset_close(&data);
}

/* A resume knows the best score so far, or that there was none. */
static void test_best(void)
{
    s2v_error err = {0};
    s2vi_lm_trainer_params p = defaults();
    for (int k = 0; k < 2; k++) {
        s2vi_lm_trainer *trainer = open_trainer(&p);
        CHECK(isnan(trainer->trainer.best), "a score before any");
        if (k)
            trainer->trainer.best = 1.0 / 3;
        save(trainer, in_folder("best.ckpt"));
        s2vi_lm_trainer_close(&trainer);
        trainer = open_trainer(&p);
        must(s2vi_trainer_resume(&trainer->trainer, in_folder("best.ckpt"),
                                 &err),
             &err);
        const double best = trainer->trainer.best;
        CHECK(k ? best == 1.0 / 3 : isnan(best), "%g", best);
        s2vi_lm_trainer_close(&trainer);
    }
}

/* LPIPS and SSIM do not compare: a resume has the best of its own kind. */
static void test_best_of_its_kind(void)
{
    s2v_error err = {0};
    s2vi_lm_trainer_params p = defaults();
    p.trainer.score = "best LPIPS";
    s2vi_lm_trainer *trainer = open_trainer(&p);
    trainer->trainer.best = -0.25;
    save(trainer, in_folder("best.ckpt"));
    s2vi_lm_trainer_close(&trainer);
    for (int k = 0; k < 2; k++) {
        p.trainer.score = k ? "best LPIPS" : NULL;
        trainer = open_trainer(&p);
        must(s2vi_trainer_resume(&trainer->trainer, in_folder("best.ckpt"),
                                 &err),
             &err);
        const double best = trainer->trainer.best;
        CHECK(k ? best == -0.25 : isnan(best), "%g", best);
        s2vi_lm_trainer_close(&trainer);
    }
}

/* ------------------------------------------------------ noise on sound -- */

/* The last loss of four iterations, `first` of them before a resume. */
static double noisy_loss(double noise, int first)
{
    s2v_error err = {0};
    s2vi_lm_trainer_params p = defaults();
    p.sound_noise = noise;
    s2vi_lm_trainer *trainer = open_trainer(&p);
    double loss = iterate(trainer, first, &err);
    if (first < 4) {
        save(trainer, in_folder("noisy.ckpt"));
        s2vi_lm_trainer_close(&trainer);
        trainer = open_trainer(&p);
        must(s2vi_trainer_resume(&trainer->trainer, in_folder("noisy.ckpt"),
                                 &err),
             &err);
        loss = iterate(trainer, 4 - first, &err);
    }
    s2vi_lm_trainer_close(&trainer);
    return loss;
}

/* It matters, follows from the seed and the iteration, and clips stay clean. */
static void test_sound_noise(void)
{
    const double noisy = noisy_loss(0.5, 4);
    CHECK(noisy == noisy_loss(0.5, 2), "resumed: %g", noisy);
    CHECK(noisy != noisy_loss(0, 4), "noise makes no difference");
    CHECK(noisy != noisy_loss(0.25, 4), "its strength makes no difference");
    CHECK(noisy_loss(0, 4) == noisy_loss(0, 4), "noise stays in the clips");
}

/* ---------------------------------------------------------- learning -- */

static void test_learns(void)
{
    enum { N = 60 };
    s2v_error err = {0};
    double first = 0, last = 0;
    const s2vi_lm_trainer_params p = defaults();
    s2vi_lm_trainer *trainer = open_trainer(&p);
    for (int i = 0; i < N; i++) {
        double loss = iterate(trainer, 1, &err);
        CHECK(loss > 0, "iteration %d: %g", i, loss);
        first += i < 5 ? loss / 5 : 0;
        last += i >= N - 5 ? loss / 5 : 0;
    }
    CHECK(last < 0.6 * first, "from %g to %g", first, last);
    const uint8_t *real;
    const float *made;
    must(s2vi_lm_trainer_frames(trainer, &real, &made, &err), &err);
    for (int i = 0; i < T * SIZE * SIZE * 3; i++)
        if (!(fabsf(made[i]) <= 1)) {
            CHECK(false, "pixel %d: %g", i, made[i]);
            break;
        }
    export(trainer, in_folder("learnt.bin"));
    s2vi_lm_trainer_close(&trainer);
}

static int count_frames(s2v_session *session, s2v_error *err)
{
    s2v_video_frame frame = {.size = sizeof(frame)};
    int n = 0, ret;
    while (!(ret = s2v_session_receive_video(session, &frame, err)))
        n++;
    return ret == S2V_ERR_AGAIN || ret == S2V_ERR_EOF ? n : ret;
}

/* What is written is a model: one second of sound, twenty frames. */
static void test_model(void)
{
    s2v_error err = {0};
    s2v_model *model = NULL;
    s2v_session *session = NULL;
    static float sound[16000];
    must(s2v_model_open(&model, in_folder("learnt.bin"), NULL, &err), &err);
    must(s2v_session_create(&session, model, NULL, &err), &err);
    must(s2v_session_send_audio(session, sound, 16000, &err), &err);
    int n = count_frames(session, &err);
    must(s2v_session_drain(session, &err), &err);
    n += count_frames(session, &err);
    CHECK(n == 20, "%d frames: %s", n, err.message);
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* --------------------------------------------------------------- memory -- */

/* Resident memory, KiB. */
static long resident(void)
{
    long pages = 0, all = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld %ld", &all, &pages) != 2)
        pages = -1;
    if (f)
        fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void test_memory(s2vi_lm_trainer_params p)
{
    s2v_error err = {0};
    s2vi_lm_trainer *trainer = open_trainer(&p);
    iterate(trainer, 100, &err);
    save(trainer, in_folder("memory.ckpt"));
    const long before = resident();
    for (int i = 0; i < 9; i++) {
        CHECK(iterate(trainer, 100, &err) > 0, "%s", err.message);
        save(trainer, in_folder("memory.ckpt"));
    }
    const long grown = resident() - before;
    printf("1,000 iterations: %ld KiB, grown by %ld KiB\n", before, grown);
    CHECK(before > 0 && grown < 1024, "%ld KiB more", grown);
    s2vi_lm_trainer_close(&trainer);
}

static void remove_files(void)
{
    const char *name;
    GDir *dir = g_dir_open(folder, 0, NULL);
    while ((name = g_dir_read_name(dir)))
        g_unlink(in_folder(name));
    g_dir_close(dir);
    g_rmdir(folder);
    g_free(folder);
}

int main(int argc, char **argv)
{
    folder = g_dir_make_tmp("s2v-trainer-XXXXXX", NULL);
    signal(SIGXFSZ, SIG_IGN);
    make_clips(&clips);
    if (argc > 1 && !strcmp(argv[1], "long")) {
        test_memory(defaults());
        test_memory(adversarial());
    } else {
        test_seed();
        for (int k = 0; k <= 6; k += k < 3 ? 1 : 3)
            test_resume_after(defaults(), k, in_folder("six.bin"),
                              in_folder("six.ckpt"));
        train_six(adversarial(), 7, in_folder("gan.bin"),
                  in_folder("gan.ckpt"));
        CHECK(!same_files(in_folder("six.bin"), in_folder("gan.bin")),
              "the critics' part");
        test_resume_after(adversarial(), 2, in_folder("gan.bin"),
                          in_folder("gan.ckpt"));
        test_layout(in_folder("six.ckpt"), false,
                    "{\"clip\": 0, \"epoch\": 1, \"frame\": 5, \"step\": 6}");
        test_layout(in_folder("gan.ckpt"), true,
                    "{\"clip\": 0, \"epoch\": 1, \"frame\": 5, \"step\": 6}");
        test_staged(false);
        test_staged(true);
        test_bypass();
        test_warm_start();
        test_other_training();
        test_bad_checkpoint();
        test_unwritable();
        test_other_losses();
        test_not_finite();
        test_critics_not_finite();
        test_average();
        test_start_from();
        test_hold_out();
        test_best();
        test_best_of_its_kind();
        test_sound_noise();
        test_adam();
        test_learns();
        test_model();
    }
    s2vi_dataset_close(&clips);
    remove_files();
    return check_done();
}
