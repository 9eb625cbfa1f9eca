/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A training of a generator against critics; see duel.h. */
#include "duel.h"

#include "base/error.h"
#include "files.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------ starting -- */

static int counted(const s2vi_duel *d)
{
    int n = d->g.count;
    for (int i = 0; i < d->n_critics; i++)
        n += d->critic[i].count;
    return n;
}

void s2vi_duel_generator(s2vi_duel *d)
{
    d->g = (s2vi_trained){.count = d->list.count,
                          .rate = d->params.rate,
                          .average = d->params.average > 0};
}

void s2vi_duel_critic(s2vi_duel *d)
{
    d->critic[d->n_critics] = (s2vi_trained){
        .count = d->list.count - counted(d), .rate = d->params.critic_rate};
    d->n_critics++;
}

int s2vi_duel_open(s2vi_duel *d, s2v_error *err)
{
    const s2vi_duel_params *p = &d->params;
    const s2vi_param *at = d->list.param;
    d->best = NAN;
    d->g.param = at; /* the list has grown for the last time */
    at += d->g.count;
    for (int i = 0; i < d->n_critics; i++) {
        d->critic[i].param = at;
        at += d->critic[i].count;
    }
    int ret = s2vi_backend_open(&d->backend, p->device ? p->device : "auto",
                                p->dtype, p->threads, err);
    if (!ret)
        ret = s2vi_store_create(&d->store, d->backend, err);
    if (!ret && d->g.average)
        ret = s2vi_store_create(&d->averages, d->backend, err);
    if (!ret)
        ret = s2vi_half_init(&d->list, p->seed, d->store, err);
    if (!ret && p->critics)
        ret = d->hooks->record_critics(d, err);
    return ret < 0 ? ret : d->hooks->record_generator(d, err);
}

void s2vi_duel_close(s2vi_duel *d)
{
    s2vi_half_close(&d->critics);
    s2vi_half_close(&d->generator);
    s2vi_half_close(&d->viewer);
    s2vi_store_close(&d->averages);
    s2vi_store_close(&d->store);
    s2vi_backend_close(&d->backend);
    s2vi_param_list_close(&d->list);
}

s2vi_makeup s2vi_duel_makeup(const s2vi_duel *d)
{
    s2vi_makeup m = {d->backend, s2vi_trained_numbers(&d->g), 0};
    for (int i = 0; i < d->n_critics; i++)
        m.critics += s2vi_trained_numbers(&d->critic[i]);
    return m;
}

s2vi_store *s2vi_duel_view_store(const s2vi_duel *d)
{
    return d->averages ? d->averages : d->store;
}

int s2vi_duel_view(s2vi_duel *d, float *out, s2v_error *err)
{
    const s2vi_clock clock = {.seed = d->params.seed};
    int ret = S2V_OK;
    if (d->averages)
        ret = s2vi_half_copy_averages(&d->g, d->store, d->averages, err);
    if (!ret)
        ret = s2vi_half_run(&d->viewer, 0, 0, &clock, err);
    return ret < 0 ? ret : s2vi_exec_read(d->viewer.exec, d->view, out);
}

/* ----------------------------------------------------------- iterating -- */

int s2vi_duel_terms(const s2vi_duel *d, const char **name, int room)
{
    const s2vi_half *half[] = {&d->generator, &d->critics};
    int n = 0;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < half[k]->n_terms && n < room; i++)
            name[n++] = half[k]->term[i].name;
    return n;
}

static int run(s2vi_duel *d, s2vi_half *half, s2v_error *err)
{
    const s2vi_clock clock = {
        .seed = d->params.seed,
        .frame = (uint64_t)d->step * (uint64_t)d->batch,
    };
    int ret = d->hooks->feed(d, half, err);
    return ret < 0 ? ret
                   : s2vi_half_run(half, d->step + 1,
                                   s2vi_half_keep(d->params.average, d->step),
                                   &clock, err);
}

/* The generator's terms first; a critic's that is not finite is what spoils
 * the generator's. */
int s2vi_duel_iterate(s2vi_duel *d, s2vi_trainer_loss *loss, int *n,
                      s2v_error *err)
{
    static const char advice[] = "a smaller --rate or --critic-rate";
    const int room = *n;
    s2v_error spoilt;
    *n = 0;
    int ret = d->hooks->prepare(d, err);
    if (!ret && d->n_critics)
        ret = run(d, &d->critics, err);
    if (!ret)
        ret = run(d, &d->generator, err);
    if (ret < 0)
        return ret;
    ret =
        s2vi_half_read(&d->generator, d->step + 1, loss, room, n, advice, err);
    const int bad = d->n_critics
                        ? s2vi_half_read(&d->critics, d->step + 1, loss, room,
                                         n, advice, &spoilt)
                        : S2V_OK;
    if (bad < 0 && err)
        *err = spoilt;
    d->step++;
    return bad < 0 ? bad : ret;
}

/* --------------------------------------------------------------- files -- */

static char *progress_text(const s2vi_duel *d)
{
    json_t *root = json_pack("{s:I}", "step", (json_int_t)d->step);
    if (root && !isnan(d->best))
        json_object_set_new(root, "best", json_real(d->best));
    char *text = root ? json_dumps(root, JSON_SORT_KEYS) : NULL;
    json_decref(root);
    return text;
}

/* The header of a file; the texts are to be freed. */
static s2vi_file_header header_of(const s2vi_duel *d, bool checkpoint)
{
    return (s2vi_file_header){
        .model = d->hooks->model,
        .checkpoint = checkpoint,
        .version = d->params.version,
        .license = d->params.license,
        .config = d->hooks->config(d, !checkpoint),
        .training = d->hooks->training(d),
        .identity = d->hooks->identity(d),
        .progress = progress_text(d),
    };
}

static void free_header(s2vi_file_header *h)
{
    free((char *)h->config);
    free((char *)h->training);
    free((char *)h->identity);
    free((char *)h->progress);
}

static int begin(const s2vi_duel *d, s2vi_writer **w, const char *path,
                 bool checkpoint, s2v_error *err)
{
    s2vi_file_header header = header_of(d, checkpoint);
    int ret = s2vi_file_begin(w, path, &header, err);
    free_header(&header);
    return ret;
}

int s2vi_duel_export(s2vi_duel *d, const char *path, s2v_error *err)
{
    s2vi_writer *w = NULL;
    int ret = begin(d, &w, path, false, err);
    for (int i = 0; i < d->g.count && !ret; i++) {
        const s2vi_param *p = &d->g.param[i];
        char name[96];
        snprintf(name, sizeof(name), "%s%s",
                 d->g.average && !p->kept ? "ema." : "", p->name);
        ret =
            s2vi_file_add(w, d->store, name, p->name, p, d->params.store, err);
    }
    if (!ret && d->hooks->export_more)
        ret = d->hooks->export_more(d, w, err);
    return s2vi_file_finish(w, ret, err);
}

static bool averaged(const s2vi_duel *d, int param)
{
    return d->g.average && param < d->g.count;
}

int s2vi_duel_save(s2vi_duel *d, const char *path, s2v_error *err)
{
    s2vi_writer *w = NULL;
    int ret = begin(d, &w, path, true, err);
    for (int i = 0; i < d->list.count && !ret; i++)
        ret = s2vi_file_add_trained(w, d->store, &d->list.param[i],
                                    averaged(d, i), err);
    return s2vi_file_finish(w, ret, err);
}

static int read_progress(s2vi_duel *d, const s2v_weights *w, s2v_error *err)
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
    d->step = step;
    d->best = best;
    return S2V_OK;
}

static int check_checkpoint(const s2vi_duel *d, const s2v_weights *w,
                            const char *path, s2v_error *err)
{
    s2vi_file_header h = header_of(d, true);
    int ret =
        s2vi_file_check_checkpoint(w, path, h.model, h.config, h.identity, err);
    free_header(&h);
    return ret;
}

int s2vi_duel_resume(s2vi_duel *d, const char *path, s2v_error *err)
{
    s2v_weights *w = NULL;
    int ret = s2vi_file_open(&w, path, err);
    if (!ret)
        ret = check_checkpoint(d, w, path, err);
    for (int i = 0; i < d->list.count && !ret; i++)
        ret = s2vi_file_read_trained(w, d->store, &d->list.param[i],
                                     averaged(d, i), err);
    if (!ret)
        ret = read_progress(d, w, err);
    s2v_weights_close(&w);
    return ret;
}

int s2vi_duel_start_from(s2vi_duel *d, const char *path, s2v_error *err)
{
    s2v_weights *w = NULL;
    char *config = d->hooks->config(d, false);
    int ret = s2vi_file_open(&w, path, err);
    if (!ret)
        ret = s2vi_file_check_weights(w, path, d->hooks->model, config, err);
    for (int i = 0; i < d->g.count && !ret; i++)
        ret = s2vi_param_load(&d->g.param[i], w, d->g.param[i].name, d->store,
                              err);
    s2v_weights_close(&w);
    free(config);
    return ret;
}
