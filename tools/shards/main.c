/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-shards: clips are decoded once, for s2v-train, into files that it maps.
 */
#include "inputs.h"
#include "kinds.h"

#include "base/error.h"
#include "option/option.h"
#include "terminal/interrupt.h"
#include "terminal/progress.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <libavutil/log.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { SOME_FAILED = 3 }; /* exit status */

typedef struct options {
    const shard_model *model;
    const char *output, *list;
    char **paths; /* NULL-terminated, of argv */
    int size;     /* 0: the model's */
    int crop[4];
    double start, duration, fps;
    int track; /* from 0; -1: ffmpeg's choice */
    int jobs;  /* 0: one per processor */
    int shard; /* MB */
    bool verify, quiet;
} options;

/* ------------------------------------------------------------- options -- */

static bool parse_crop(void *to, const option_row *row, const char *text)
{
    int *crop = to, end = 0;
    (void)row;
    if (sscanf(text, "%5d,%5d,%5d,%5d%n", &crop[0], &crop[1], &crop[2],
               &crop[3], &end) != 4 ||
        text[end])
        return false;
    for (int i = 0; i < 4; i++)
        if (crop[i] < (i < 2 ? 0 : 1) || crop[i] > 65535)
            return false;
    return true;
}

#define AT(member) offsetof(options, member)

static const option_row rows[] = {
    {"output", 'o', OPTION_STRING, AT(output), "FOLDER",
     .help = "folder of the shards (required); what is in it already is kept, "
             "and new clips are added"},
    {"list", 0, OPTION_STRING, AT(list), "FILE",
     .help = "read more inputs from a file, one a line; # starts a comment"},
    {"size", 0, OPTION_INT, AT(size), "N", 8, 4096,
     .help = "side of the model's pictures in pixels, as s2v-train's --size "
             "(default: its own; man: 64, 128 or 256 for a small, medium or "
             "large network, default 128; semantic: the generator's, default "
             "128)"},
    {"crop", 0, OPTION_PARSED, AT(crop), "X,Y,W,H", .parse = parse_crop,
     .expected = "X,Y,WIDTH,HEIGHT in whole pixels, 0 to 65535",
     .help = "region of the frame to use, as s2v-train's"},
    {"start", 0, OPTION_NUMBER, AT(start), "SECONDS", 0, 1e6,
     .help = "skip the beginning of each clip"},
    {"duration", 0, OPTION_NUMBER, AT(duration), "SECONDS", 0, 1e6,
     .above = true,
     .help = "use at most this much of each clip (default: all)"},
    {"track", 0, OPTION_INT, AT(track), "N", 0, 999,
     .help = "audio track of each clip, counted from 0 as in ffmpeg's a:N "
             "(default: the one that ffmpeg selects)"},
    {"fps", 0, OPTION_NUMBER, AT(fps), "N", 0.01, 25,
     .help = "stylegan2: pictures per second that are taken of a clip "
             "(default 1)"},
    {"jobs", 'j', OPTION_INT, AT(jobs), "N", 1, 1024,
     .help = "clips that are decoded at a time (default: one per processor)"},
    {"shard-size", 0, OPTION_INT, AT(shard), "MB", 1, 65536,
     .help = "begin another file after so much; also the memory that it needs "
             "(default 256)"},
    {"verify", 0, OPTION_ON, AT(verify),
     .help = "write nothing: compare each file of FOLDER with its SHA-256"},
    {"quiet", 'q', OPTION_ON, AT(quiet),
     .help = "print errors only, no progress"},
    {"help", 'h', OPTION_HELP, .help = "print this help and exit"},
    {"version", 'V', OPTION_VERSION, .help = "print the version and exit"},
};

static const option_program program = {
    .name = "s2v-shards",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .column = 24,
    .flush = true,
    .usage =
        "Usage: s2v-shards MODEL [OPTION]... -o FOLDER INPUT...\n"
        "       s2v-shards --verify -o FOLDER\n"
        "Decodes clips once, as s2v-train MODEL would, into shards: files that "
        "it maps, so\n"
        "that a training begins at once and its memory does not depend on how "
        "many clips\n"
        "there are. An INPUT is a clip, a folder of clips, or a tar file of "
        "clips as\n"
        "WebDataset has them. `s2v-train MODEL FOLDER` trains on the shards. "
        "After an\n"
        "interruption, the same command goes on.\n"
        "\n"
        "MODEL: listen-and-move, varietysound, hifigan, man, stylegan2, "
        "embedding or\n"
        "semantic. Those of embedding and semantic are the same.\n"
        "\n",
    .notes = "\n"
             "Clips that cannot be used are left out and listed in "
             "FOLDER/failed.txt; the same\n"
             "command tries them again.\n"
             "\n"
             "Exit status: 0; 3 if clips were left out; 1 if nothing could be "
             "written; 2 for a\n"
             "command line error; 128 and its number after a signal.\n"
             "\n"
             "Examples:\n"
             "  s2v-shards varietysound --size 64 -o shards clips/ more.tar\n"
             "  s2v-train varietysound shards -o foley.bin\n",
};

static int refuse(const char *why)
{
    fprintf(stderr, "s2v-shards: %s: see s2v-shards --help\n", why);
    return 2;
}

static int refuse_model(const char *word)
{
    fprintf(stderr, "s2v-shards: expected the model as the first word (");
    for (const shard_model *m = shard_models; m->name; m++)
        fprintf(stderr, "%s%s", m == shard_models ? "" : ", ", m->name);
    fprintf(stderr, "), found %s%s%s: see s2v-shards --help\n", word ? "'" : "",
            word ? word : "nothing", word ? "'" : "");
    return 2;
}

/* Below 0: go on; else the exit status. */
static int parse(options *o, char **argv)
{
    const int status = option_start(&program, argv, o);
    if (status >= 0)
        return status;
    if (!o->output)
        return refuse("-o: expected a folder, found none");
    if (o->verify)
        return argv[1] ? refuse("--verify: expected no other words") : -1;
    o->model = argv[1] ? shard_model_find(argv[1]) : NULL;
    if (!o->model)
        return refuse_model(argv[1]);
    o->paths = argv + 2;
    if (o->fps && strcmp(o->model->name, "stylegan2") != 0)
        return refuse("--fps: an option of the model stylegan2 alone");
    if (o->size && !o->model->size)
        return refuse("--size: expected a model with pictures, found hifigan");
    return *o->paths || o->list ? -1 : refuse("expected clips, found none");
}

static int stop_loading(void *opaque, double fraction)
{
    (void)fraction;
    return s2vi_interrupt_requested() || g_atomic_int_get((gint *)opaque);
}

static s2vi_clip_params clip_params(const options *o, gint *stopping)
{
    const int size = o->size ? o->size : o->model->size;
    s2vi_clip_params p = {
        .size = o->model->side ? o->model->side(size) : size,
        .crop_x = o->crop[0],
        .crop_y = o->crop[1],
        .crop_w = o->crop[2],
        .crop_h = o->crop[3],
        .track = o->track + 1,
        .start_ms = (int64_t)(o->start * 1000 + 0.5),
        .duration_ms = (int64_t)(o->duration * 1000 + 0.5),
        .progress = stop_loading,
        .progress_opaque = stopping,
    };
    if (!strcmp(o->model->name, "stylegan2")) {
        p.fps_num = (int)lround(1000 * (o->fps ? o->fps : 1));
        p.fps_den = 1000;
    }
    return p;
}

/* What decides on the arrays of a clip, beside the kind and the side. */
static json_t *options_text(const s2vi_clip_params *p)
{
    return json_pack("{s:[i,i,i,i], s:I, s:I, s:i, s:[i,i]}", "crop", p->crop_x,
                     p->crop_y, p->crop_w, p->crop_h, "start_ms",
                     (json_int_t)p->start_ms, "duration_ms",
                     (json_int_t)p->duration_ms, "track", p->track, "fps",
                     p->fps_num, p->fps_den);
}

/* -------------------------------------------------------------- loading -- */

/* A clip that is loaded, or will be. */
typedef struct job {
    input *in;
    loaded *clip;
    s2v_error err;
    int ret;
    bool done;
} job;

typedef struct run {
    const options *o;
    s2vi_clip_params params;
    s2vi_shard_writer *writer;
    s2vi_progress *bar;
    GThreadPool *pool;
    GQueue waiting; /* in the order of the inputs */
    GMutex mutex;   /* of `done`... */
    GCond cond;     /* ...and its changes */
    guint room;     /* clips that wait at most */
    gint stopping;
    bool broken;       /* nothing can be written any more */
    GPtrArray *failed; /* sentences */
    GHashTable *seen;  /* names in this run */
    int64_t added, there;
} run;

static void free_job(job *j)
{
    loaded_close(&j->clip);
    input_free(j->in);
    g_free(j);
}

/* On one of the pool's threads. */
static void load(gpointer data, gpointer user)
{
    run *r = user;
    job *j = data;
    j->ret =
        loaded_open(&j->clip, r->o->model, j->in->path, &r->params, &j->err);
    g_mutex_lock(&r->mutex);
    j->done = true;
    g_cond_signal(&r->cond);
    g_mutex_unlock(&r->mutex);
}

/* Of a tar file's member by its name there. */
static void note_failure(run *r, const char *what, const input *in)
{
    char **parts = in ? g_strsplit(what, in->path, -1) : NULL;
    char *named = in ? g_strjoinv(in->name, parts) : g_strdup(what);
    char *text = in && !strstr(named, in->name)
                     ? g_strdup_printf("'%s': %s", in->name, named)
                     : g_strdup(named);
    s2vi_progress_message(r->o->quiet ? NULL : r->bar,
                          "s2v-shards: left out: %s", text);
    g_ptr_array_add(r->failed, text);
    g_strfreev(parts);
    g_free(named);
}

/* Wait for the oldest clip, and write it. */
static int write_oldest(run *r, s2v_error *err)
{
    job *j = g_queue_peek_head(&r->waiting);
    int ret = S2V_OK;
    g_mutex_lock(&r->mutex);
    while (!j->done)
        g_cond_wait(&r->cond, &r->mutex);
    g_mutex_unlock(&r->mutex);
    g_queue_pop_head(&r->waiting);
    if (!j->ret) {
        ret = s2vi_shard_writer_add(r->writer, j->in->name,
                                    loaded_item(j->clip), err);
        r->broken = ret < 0;
        r->added += !ret;
        s2vi_progress_update(r->bar, r->added, NULL, 0);
    } else if (j->ret == S2V_ERR_NOMEM) {
        ret = s2vi_error(err, j->ret, "%s", j->err.message);
        r->broken = true;
    } else if (j->ret != S2V_ERR_CANCELLED) {
        note_failure(r, j->err.message, j->in);
    }
    free_job(j);
    return ret;
}

static bool wanted(void *self, const char *name)
{
    run *r = self;
    const bool there = s2vi_shard_writer_has(r->writer, name);
    r->there += there;
    return !there && !g_hash_table_contains(r->seen, name);
}

static int each(void *self, input *in, s2v_error *err)
{
    run *r = self;
    int ret = S2V_OK;
    while (!ret && r->waiting.length >= r->room)
        ret = write_oldest(r, err);
    if (!ret && s2vi_interrupt_requested())
        ret = s2vi_error(err, S2V_ERR_CANCELLED, "interrupted");
    if (ret < 0) {
        input_free(in);
        return ret;
    }
    job *j = g_new0(job, 1);
    j->in = in;
    g_hash_table_add(r->seen, g_strdup(in->name));
    g_queue_push_tail(&r->waiting, j);
    g_thread_pool_push(r->pool, j, NULL);
    return S2V_OK;
}

/* What an input means; one that cannot be read is left out as a clip is. */
static int take(run *r, const inputs *in, const char *path, s2v_error *err)
{
    const int ret = inputs_each(in, path, err);
    if (ret == S2V_OK || ret == S2V_ERR_CANCELLED || r->broken)
        return ret;
    note_failure(r, err->message, NULL);
    return S2V_OK;
}

static int take_all(run *r, s2v_error *err)
{
    const options *o = r->o;
    const inputs in = {.endings = o->model->endings,
                       .sets = !strcmp(o->model->name, "varietysound"),
                       .wanted = wanted,
                       .each = each,
                       .self = r};
    int ret = S2V_OK;
    for (int i = 0; o->paths[i] && !ret; i++)
        ret = take(r, &in, o->paths[i], err);
    if (!ret && o->list)
        ret = inputs_each_line(&in, o->list, err);
    s2v_error why;
    while (r->waiting.length && !r->broken) {
        const int last = write_oldest(r, &why);
        if (last < 0 && !ret) {
            ret = last;
            *err = why;
        }
    }
    return ret;
}

/* -------------------------------------------------------------- writing -- */

static int write_failed(const run *r, s2v_error *err)
{
    char *path = g_build_filename(r->o->output, "failed.txt", NULL);
    GString *text = g_string_new(NULL);
    GError *why = NULL;
    int ret = S2V_OK;
    for (guint i = 0; i < r->failed->len; i++)
        g_string_append_printf(text, "%s\n", (char *)r->failed->pdata[i]);
    if (!r->failed->len)
        g_unlink(path);
    else if (!g_file_set_contents(path, text->str, -1, &why))
        ret = s2vi_error(err, S2V_ERR_IO, "'%s' cannot be written: %s", path,
                         why->message);
    g_clear_error(&why);
    g_string_free(text, TRUE);
    g_free(path);
    return ret;
}

static void report(const run *r, int64_t clips, int64_t shards, int64_t bytes)
{
    fprintf(stderr, "%s: %lld clip%s in %lld shard%s, %.1f MB", r->o->output,
            (long long)clips, clips == 1 ? "" : "s", (long long)shards,
            shards == 1 ? "" : "s", (double)bytes / 1e6);
    if (r->there)
        fprintf(stderr, "; %lld of them by earlier runs", (long long)r->there);
    if (r->failed->len)
        fprintf(stderr, "; %u left out: %s/failed.txt", r->failed->len,
                r->o->output);
    fputc('\n', stderr);
}

static int open_run(run *r, const options *o, s2v_error *err)
{
    const int jobs = o->jobs ? o->jobs : (int)g_get_num_processors();
    *r = (run){.o = o, .room = 2 * (guint)jobs};
    r->params = clip_params(o, &r->stopping);
    r->failed = g_ptr_array_new_with_free_func(g_free);
    r->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_mutex_init(&r->mutex);
    g_cond_init(&r->cond);
    r->pool = g_thread_pool_new(load, r, jobs, TRUE, NULL);
    s2vi_shards_kind kind = *o->model->kind;
    kind.size = r->params.size;
    json_t *text = options_text(&r->params);
    const int ret = s2vi_shard_writer_open(&r->writer, o->output, &kind, text,
                                           (int64_t)o->shard << 20, err);
    json_decref(text);
    return ret;
}

static void close_run(run *r)
{
    g_atomic_int_set(&r->stopping, 1);
    g_thread_pool_free(r->pool, FALSE, TRUE);
    for (job *j; (j = g_queue_pop_head(&r->waiting));)
        free_job(j);
    g_ptr_array_free(r->failed, TRUE);
    g_hash_table_destroy(r->seen);
    g_mutex_clear(&r->mutex);
    g_cond_clear(&r->cond);
    s2vi_progress_close(&r->bar);
}

static int write_shards(const options *o, bool *some_failed, s2v_error *err)
{
    run r;
    int64_t clips = 0, shards = 0, bytes = 0;
    int ret = open_run(&r, o, err), last = S2V_OK;
    s2v_error why;
    if (!ret) {
        r.bar = s2vi_progress_new(
            &(s2vi_progress_params){.unit = "clips", .quiet = o->quiet});
        ret = take_all(&r, err);
        last = write_failed(&r, &why);
    }
    if (!last && !r.broken) {
        /* What waits for more is written, after an interruption, too. */
        s2vi_shard_writer *w = r.writer;
        last = w ? s2vi_shard_writer_flush(w, &why) : S2V_OK;
        if (w && !last)
            s2vi_shard_writer_count(w, &clips, &shards, &bytes);
    }
    s2vi_shard_writer_close(&r.writer);
    s2vi_progress_close(&r.bar);
    if (last < 0 && !ret) {
        ret = last;
        *err = why;
    }
    *some_failed = r.failed->len > 0;
    if (!o->quiet && shards)
        report(&r, clips, shards, bytes);
    if (!ret && !shards)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "expected at least one clip that can be used, found "
                         "%u that cannot: %s/failed.txt",
                         r.failed->len, o->output);
    close_run(&r);
    return ret;
}

/* ------------------------------------------------------------ verifying -- */

static int verify_file(const char *folder, const json_t *item, s2v_error *err)
{
    const char *name = json_string_value(json_object_get(item, "file"));
    char *path = g_build_filename(strchr(folder, '/') ? "" : ".", folder,
                                  name ? name : "?", NULL);
    s2v_weights *w = NULL;
    int ret = s2v_weights_open(&w, path, err);
    if (!ret)
        ret = s2v_weights_verify(w, err);
    s2v_weights_close(&w);
    g_free(path);
    return ret;
}

static int verify(const options *o, s2v_error *err)
{
    char *path = g_build_filename(o->output, S2VI_SHARDS_INDEX, NULL);
    json_t *index = json_load_file(path, 0, NULL);
    const json_t *list = json_object_get(index, "shards");
    int ret = json_array_size(list)
                  ? S2V_OK
                  : s2vi_error(err, S2V_ERR_FORMAT,
                               "'%s': expected a folder of shards, found no "
                               "index of them",
                               o->output);
    for (size_t i = 0; i < json_array_size(list) && !ret; i++)
        ret = s2vi_interrupt_requested()
                  ? s2vi_error(err, S2V_ERR_CANCELLED, "interrupted")
                  : verify_file(o->output, json_array_get(list, i), err);
    if (!ret && !o->quiet)
        fprintf(stderr, "%s: %zu shard%s, all as written\n", o->output,
                json_array_size(list), json_array_size(list) == 1 ? "" : "s");
    json_decref(index);
    g_free(path);
    return ret;
}

int main(int argc, char **argv)
{
    (void)argc;
    options o = {.track = -1, .shard = 256};
    s2v_error err = {0};
    bool some_failed = false;
    setlocale(LC_CTYPE, "");
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow: an error, no end */
    av_log_set_level(AV_LOG_FATAL);
    const int status = parse(&o, argv);
    if (status >= 0)
        return status;
    int ret = s2vi_interrupt_install(
        o.quiet ? NULL : "\ns2v-shards: stopping; what is decoded is written\n",
        &err);
    if (!ret)
        ret =
            o.verify ? verify(&o, &err) : write_shards(&o, &some_failed, &err);
    if (ret < 0)
        fprintf(stderr, "s2v-shards: %s\n", err.message);
    const int stopped = s2vi_interrupt_status();
    return ret == S2V_ERR_CANCELLED && stopped ? stopped
           : ret < 0                           ? 1
           : some_failed                       ? SOME_FAILED
                                               : 0;
}
