/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The training loop of a generator and its critics; see trainer.h. */
#include "trainer.h"

#include "base/error.h"
#include "files.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------ starting -- */

static int counted(const s2vi_trainer *gan)
{
    int n = gan->g.count;
    for (int i = 0; i < gan->n_critics; i++)
        n += gan->critic[i].count;
    return n;
}

void s2vi_trainer_add_generator(s2vi_trainer *gan)
{
    gan->g = (s2vi_trained){.count = gan->list.count,
                            .rate = gan->params.rate,
                            .average = gan->params.average > 0};
}

void s2vi_trainer_add_critic(s2vi_trainer *gan)
{
    gan->critic[gan->n_critics] =
        (s2vi_trained){.count = gan->list.count - counted(gan),
                       .rate = gan->params.critic_rate};
    gan->n_critics++;
}

int s2vi_trainer_open(s2vi_trainer *gan, s2v_error *err)
{
    const s2vi_trainer_params *p = &gan->params;
    const s2vi_param *at = gan->list.param;
    gan->best = NAN;
    gan->g.param = at; /* the list has grown for the last time */
    at += gan->g.count;
    for (int i = 0; i < gan->n_critics; i++) {
        gan->critic[i].param = at;
        at += gan->critic[i].count;
    }
    int ret = s2vi_backend_open(&gan->backend, p->device ? p->device : "auto",
                                p->dtype, p->threads, err);
    if (!ret)
        ret = s2vi_store_create(&gan->store, gan->backend, err);
    if (!ret && gan->g.average)
        ret = s2vi_store_create(&gan->averages, gan->backend, err);
    if (!ret)
        ret = s2vi_train_step_init_params(&gan->list, p->seed, gan->store, err);
    if (!ret && p->critics)
        ret = gan->hooks->record_critics(gan, err);
    return ret < 0 ? ret : gan->hooks->record_generator(gan, err);
}

void s2vi_trainer_close(s2vi_trainer *gan)
{
    s2vi_train_step_close(&gan->critics);
    s2vi_train_step_close(&gan->generator);
    s2vi_train_step_close(&gan->viewer);
    s2vi_store_close(&gan->averages);
    s2vi_store_close(&gan->store);
    s2vi_backend_close(&gan->backend);
    s2vi_param_list_close(&gan->list);
}

s2vi_train_summary s2vi_trainer_summary(const s2vi_trainer *gan)
{
    s2vi_train_summary m = {gan->backend, s2vi_trained_numbers(&gan->g), 0};
    for (int i = 0; i < gan->n_critics; i++)
        m.critics += s2vi_trained_numbers(&gan->critic[i]);
    return m;
}

s2vi_store *s2vi_trainer_view_store(const s2vi_trainer *gan)
{
    return gan->averages ? gan->averages : gan->store;
}

int s2vi_trainer_view(s2vi_trainer *gan, float *out, s2v_error *err)
{
    const s2vi_clock clock = {.seed = gan->params.seed};
    int ret = S2V_OK;
    if (gan->averages)
        ret = s2vi_train_step_copy_averages(&gan->g, gan->store, gan->averages,
                                            err);
    if (!ret)
        ret = s2vi_train_step_run(&gan->viewer, 0, 0, &clock, err);
    return ret < 0 ? ret : s2vi_exec_read(gan->viewer.exec, gan->view, out);
}

/* ----------------------------------------------------------- iterating -- */

int s2vi_trainer_terms(const s2vi_trainer *gan, const char **name, int room)
{
    const s2vi_train_step *step[] = {&gan->generator, &gan->critics};
    int n = 0;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < step[k]->n_terms && n < room; i++)
            name[n++] = step[k]->term[i].name;
    return n;
}

static int run(s2vi_trainer *gan, s2vi_train_step *step, s2v_error *err)
{
    const s2vi_clock clock = {
        .seed = gan->params.seed,
        .frame = (uint64_t)gan->step * (uint64_t)gan->batch,
    };
    int ret = gan->hooks->feed(gan, step, err);
    return ret < 0 ? ret
                   : s2vi_train_step_run(
                         step, gan->step + 1,
                         s2vi_ema_decay(gan->params.average, gan->step), &clock,
                         err);
}

/* The generator's terms first; a critic's that is not finite is what spoils
 * the generator's. */
int s2vi_trainer_iterate(s2vi_trainer *gan, s2vi_trainer_loss *loss, int *n,
                         s2v_error *err)
{
    static const char advice[] = "a smaller --rate or --critic-rate";
    const int room = *n;
    s2v_error spoilt;
    *n = 0;
    int ret = gan->hooks->prepare(gan, err);
    if (!ret && gan->n_critics)
        ret = run(gan, &gan->critics, err);
    if (!ret)
        ret = run(gan, &gan->generator, err);
    if (ret < 0)
        return ret;
    ret = s2vi_train_step_read(&gan->generator, gan->step + 1, loss, room, n,
                               advice, err);
    const int bad = gan->n_critics
                        ? s2vi_train_step_read(&gan->critics, gan->step + 1,
                                               loss, room, n, advice, &spoilt)
                        : S2V_OK;
    if (bad < 0 && err)
        *err = spoilt;
    gan->step++;
    return bad < 0 ? bad : ret;
}

/* --------------------------------------------------------------- files -- */

static char *progress_text(const s2vi_trainer *gan)
{
    json_t *root = json_pack("{s:I}", "step", (json_int_t)gan->step);
    if (root && !isnan(gan->best))
        json_object_set_new(root, "best", json_real(gan->best));
    char *text = root ? json_dumps(root, JSON_SORT_KEYS) : NULL;
    json_decref(root);
    return text;
}

/* The header of a file; the texts are to be freed. */
static s2vi_file_header header_of(const s2vi_trainer *gan, bool checkpoint)
{
    return (s2vi_file_header){
        .model = gan->hooks->model,
        .checkpoint = checkpoint,
        .version = gan->params.version,
        .license = gan->params.license,
        .config = gan->hooks->config(gan, !checkpoint),
        .training = gan->hooks->training(gan),
        .identity = gan->hooks->identity(gan),
        .progress = progress_text(gan),
    };
}

static void free_header(s2vi_file_header *h)
{
    free((char *)h->config);
    free((char *)h->training);
    free((char *)h->identity);
    free((char *)h->progress);
}

static int begin(const s2vi_trainer *gan, s2vi_writer **w, const char *path,
                 bool checkpoint, s2v_error *err)
{
    s2vi_file_header header = header_of(gan, checkpoint);
    int ret = s2vi_file_begin(w, path, &header, err);
    free_header(&header);
    return ret;
}

int s2vi_trainer_export(s2vi_trainer *gan, const char *path, s2v_error *err)
{
    s2vi_writer *w = NULL;
    int ret = begin(gan, &w, path, false, err);
    for (int i = 0; i < gan->g.count && !ret; i++) {
        const s2vi_param *p = &gan->g.param[i];
        char name[96];
        snprintf(name, sizeof(name), "%s%s",
                 gan->g.average && !p->buffer ? "ema." : "", p->name);
        ret = s2vi_file_add(w, gan->store, name, p->name, p, gan->params.store,
                            err);
    }
    if (!ret && gan->hooks->export_more)
        ret = gan->hooks->export_more(gan, w, err);
    return s2vi_file_finish(w, ret, err);
}

static bool averaged(const s2vi_trainer *gan, int param)
{
    return gan->g.average && param < gan->g.count;
}

int s2vi_trainer_save(s2vi_trainer *gan, const char *path, s2v_error *err)
{
    s2vi_writer *w = NULL;
    int ret = begin(gan, &w, path, true, err);
    for (int i = 0; i < gan->list.count && !ret; i++)
        ret = s2vi_file_add_trained(w, gan->store, &gan->list.param[i],
                                    averaged(gan, i), err);
    return s2vi_file_finish(w, ret, err);
}

static int read_progress(s2vi_trainer *gan, const s2v_weights *w,
                         s2v_error *err)
{
    const char *text = s2v_weights_get_metadata(w, "s2v.progress");
    json_t *root = text ? json_loads(text, 0, NULL) : NULL;
    json_int_t step;
    double best = NAN;
    int bad = json_unpack(root, "{s:I, s?F}", "step", &step, "best", &best);
    json_decref(root);
    if (bad || step < 0 || step > S2VI_FILE_MOST_STEPS)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: its metadata has no usable 's2v.progress'",
                          s2v_weights_get_path(w, NULL));
    gan->step = step;
    gan->best = best;
    return S2V_OK;
}

static int check_checkpoint(const s2vi_trainer *gan, const s2v_weights *w,
                            const char *path, s2v_error *err)
{
    s2vi_file_header h = header_of(gan, true);
    int ret =
        s2vi_file_check_checkpoint(w, path, h.model, h.config, h.identity, err);
    free_header(&h);
    return ret;
}

int s2vi_trainer_resume(s2vi_trainer *gan, const char *path, s2v_error *err)
{
    s2v_weights *w = NULL;
    int ret = s2vi_file_open(&w, path, err);
    if (!ret)
        ret = check_checkpoint(gan, w, path, err);
    for (int i = 0; i < gan->list.count && !ret; i++)
        ret = s2vi_file_read_trained(w, gan->store, &gan->list.param[i],
                                     averaged(gan, i), err);
    if (!ret)
        ret = read_progress(gan, w, err);
    s2v_weights_close(&w);
    return ret;
}

int s2vi_trainer_start_from(s2vi_trainer *gan, const char *path, s2v_error *err)
{
    s2v_weights *w = NULL;
    char *config = gan->hooks->config(gan, false);
    int ret = s2vi_file_open(&w, path, err);
    if (!ret)
        ret = s2vi_file_check_weights(w, path, gan->hooks->model, config, err);
    for (int i = 0; i < gan->g.count && !ret; i++)
        ret = s2vi_param_load(&gan->g.param[i], w, gan->g.param[i].name,
                              gan->store, err);
    s2v_weights_close(&w);
    free(config);
    return ret;
}
