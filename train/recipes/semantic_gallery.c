/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The starts of a scene. "Sound-guided Semantic Video Generation" (the citation
 * is in core/models/sound_inversion.c) takes the first frame from a text
 * prompt: of random style codes, drawn towards the average, those whose picture
 * has the largest cosine with the text. Here they are chosen once, for each
 * scene of the clips, since a session has no time for it:
 *
 * - the first start is that whose picture is the scene's, and no other one's,
 *   with the largest odds, by the cosines with what is said of the scenes and
 *   with the mean place of their frames;
 * - the others are among the best by that, too, each the nearest to another of
 *   the scene's captions, so that a text finds its intensity and time of day.
 *
 * Where a scene's sound lies in the embedding is the mean place of the windows
 * of its clips: a stream that has nothing but sound knows the scene by it.
 */
#include "recipes/semantic_gallery.h"

#include "audio/mel_window.h"
#include "base/error.h"
#include "base/philox.h"
#include "recipes/intensity_reading.h"
#include "semantic_loss.h"
#include "train_step.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAM = 0x613,
    EACH = 16,   /* pictures, texts or windows of a run */
    MEANT = 512, /* frames of a scene that are looked at, evenly spread */
    TYPICAL = 2, /* times as many starts as are taken are typical enough */
    WINDOW = S2VI_MEL_WINDOW_NUMBERS,
};

void s2vi_gallery_name(const char *scene, char out[S2VI_GALLERY_NAME])
{
    int n = 0;
    for (const char *p = scene; *p && n < S2VI_GALLERY_NAME - 1; p++)
        if (g_ascii_isalnum(*p))
            out[n++] = g_ascii_tolower(*p);
        else if (n && out[n - 1] != '-')
            out[n++] = '-';
    while (n && out[n - 1] == '-')
        n--;
    out[n] = 0;
}

typedef struct chooser {
    const s2vi_gallery_params *p;
    s2vi_train_step seeing, telling;
    s2vi_node *z, *codes, *picture; /* of seeing */
    s2vi_node *frame, *of_frame, *text, *said, *sound,
        *of_sound;                /* of telling, */
    s2vi_node *factor;            /* of cosines */
    size_t words, numbers, width; /* of a text, of a start's codes, embedded */
    float *in;                    /* a run's */
    float *place, *level;         /* of a scene's frames; how intense */
    float *start, *seen;          /* (starts,L,w), (starts,width) */
    float *caption, *wish;        /* (texts,width), (scenes,width) */
    double *odds, *sorted;        /* (starts): of a scene */
    bool *taken;                  /* (starts) */
    double *usual;                /* (scenes): mean intensity; 0: not known */
    float scale;
} chooser;

/* ------------------------------------------------------------ recording -- */

static int record_seeing(chooser *c, s2v_error *err)
{
    const s2vi_semantic_config *config = c->p->config;
    const s2vi_stylegan_mapping m = s2vi_semantic_mapping(&config->generator);
    s2vi_stylegan_mapping_graph mapping;
    s2vi_embedding_graph e;
    s2vi_node *frames;
    int ret = s2vi_train_step_begin(&c->seeing, err);
    s2vi_graph *g = c->seeing.graph;
    if (!ret)
        ret = s2vi_stylegan_mapping_build(g, &m, EACH, &mapping, err);
    if (ret < 0)
        return ret;
    c->z = mapping.z;
    c->codes = s2vi_stylegan_truncate(
        mapping.w, s2vi_semantic_codes(&config->generator), c->p->psi, -1);
    ret = s2vi_semantic_generate(g, &config->generator, c->codes, &frames, err);
    if (ret < 0)
        return ret;
    const s2vi_embedding_inputs in = {
        .picture = s2vi_embedding_picture(frames, config->embedding.size)};
    ret = s2vi_embedding_build(g, &config->embedding, S2VI_SEMANTIC_EMBEDDING,
                               &in, &e, err);
    c->picture = e.picture;
    c->seeing.output = c->codes;
    s2vi_train_step_add_term(&c->seeing, "picture", e.picture);
    return ret < 0 ? ret : s2vi_train_step_plan(&c->seeing, c->p->store, err);
}

static int record_telling(chooser *c, s2v_error *err)
{
    const s2vi_embedding_config *config = &c->p->config->embedding;
    const int N = c->p->data->side;
    s2vi_embedding_graph e;
    int ret = s2vi_train_step_begin(&c->telling, err);
    if (ret < 0)
        return ret;
    s2vi_graph *g = c->telling.graph;
    c->text = s2vi_input(g, "text", S2VI_SHAPE(EACH, config->words));
    c->frame = s2vi_input(g, "frame", S2VI_SHAPE(EACH, N, N, 3));
    c->sound = s2vi_input(g, "sound",
                          S2VI_SHAPE(EACH, config->bands, config->columns, 1));
    const s2vi_embedding_inputs in = {
        .picture = s2vi_embedding_picture(c->frame, config->size),
        .sound = c->sound,
        .text = c->text};
    ret =
        s2vi_embedding_build(g, config, S2VI_SEMANTIC_EMBEDDING, &in, &e, err);
    c->of_frame = e.picture;
    c->said = e.text;
    c->of_sound = e.sound;
    c->factor = e.scale;
    s2vi_train_step_add_term(&c->telling, "picture", e.picture);
    s2vi_train_step_add_term(&c->telling, "text", e.text);
    s2vi_train_step_add_term(&c->telling, "sound", e.sound);
    s2vi_train_step_add_term(&c->telling, "scale", e.scale);
    return ret < 0 ? ret : s2vi_train_step_plan(&c->telling, c->p->store, err);
}

static int allocate(chooser *c, s2vi_gallery *out, s2v_error *err)
{
    const s2vi_semantic_config *config = c->p->config;
    const s2vi_stylegan_mapping m = s2vi_semantic_mapping(&config->generator);
    const size_t scenes = (size_t)c->p->data->scenes;
    const size_t starts = (size_t)(c->p->starts + EACH);
    const size_t N = (size_t)c->p->data->side;
    c->words = (size_t)config->embedding.words;
    c->width = (size_t)config->embedding.width;
    c->numbers = (size_t)s2vi_semantic_codes(&config->generator) * (size_t)m.w;
    size_t most = c->words > (size_t)m.z ? c->words : (size_t)m.z;
    most = most > WINDOW ? most : WINDOW;
    most = most > 3 * N * N ? most : 3 * N * N;
    c->in = calloc(EACH * most, sizeof(float));
    c->place = calloc((MEANT + EACH) * c->width, sizeof(float));
    c->level = calloc(MEANT + EACH, sizeof(float));
    c->start = calloc(starts * c->numbers, sizeof(float));
    c->seen = calloc(starts * c->width, sizeof(float));
    c->caption =
        calloc((size_t)(c->p->data->texts + EACH) * c->width, sizeof(float));
    c->wish = calloc((scenes + EACH) * c->width, sizeof(float));
    c->odds = calloc(starts, sizeof(double));
    c->sorted = calloc(starts, sizeof(double));
    c->taken = calloc(starts, sizeof(bool));
    c->usual = calloc(scenes, sizeof(double));
    out->codes =
        calloc(scenes * (size_t)c->p->each * c->numbers, sizeof(float));
    out->seen = calloc(scenes * (size_t)c->p->each * c->width, sizeof(float));
    out->heard = calloc(scenes * c->width, sizeof(float));
    out->reading = calloc(scenes * (c->width + 1), sizeof(float));
    return c->in && c->place && c->level && c->start && c->seen && c->caption &&
                   c->wish && c->odds && c->sorted && c->taken && c->usual &&
                   out->codes && out->seen && out->heard && out->reading
               ? S2V_OK
               : s2vi_error_nomem(err, "a gallery");
}

static void close_chooser(chooser *c)
{
    s2vi_train_step_close(&c->seeing);
    s2vi_train_step_close(&c->telling);
    free(c->in);
    free(c->place);
    free(c->level);
    free(c->start);
    free(c->seen);
    free(c->caption);
    free(c->wish);
    free(c->odds);
    free(c->sorted);
    free(c->taken);
    free(c->usual);
}

static int run(s2vi_train_step *step, const s2vi_node *input, const float *in,
               s2v_error *err)
{
    const s2vi_clock clock = {0};
    const int ret = s2vi_train_step_write(step, input, in, err);
    return ret < 0 ? ret : s2vi_train_step_run(step, 0, 0, &clock, err);
}

/* --------------------------------------------------------------- places -- */

/* Random starts, and where their pictures lie. */
static int see_starts(chooser *c, s2v_error *err)
{
    const size_t n = (size_t)s2vi_shape_count(&c->z->shape);
    int ret = S2V_OK;
    for (int i = 0; i < c->p->starts && !ret; i += EACH) {
        const s2vi_philox key = {c->p->seed, STREAM, (uint64_t)(i / EACH)};
        s2vi_philox_normal(&key, 0, n, c->in);
        ret = run(&c->seeing, c->z, c->in, err);
        if (!ret)
            ret = s2vi_exec_read(c->seeing.exec, c->codes,
                                 c->start + (size_t)i * c->numbers);
        if (!ret)
            ret = s2vi_exec_read(c->seeing.exec, c->picture,
                                 c->seen + (size_t)i * c->width);
    }
    return ret;
}

/* The words of all captions of a scene. */
static void fill_wish(const chooser *c, int scene, float *out)
{
    const s2vi_scene_clips *d = c->p->data;
    float n = 0;
    memset(out, 0, c->words * sizeof(*out));
    for (int i = 0; i < d->count; i++)
        for (int k = 0; d->clip[i].scene == scene && k < d->clip[i].captions;
             k++, n++)
            for (size_t j = 0; j < c->words; j++)
                out[j] +=
                    d->share[(size_t)d->clip[i].caption[k].text * c->words + j];
    for (size_t j = 0; j < c->words && n > 0; j++)
        out[j] /= n;
}

/* The places of the scenes, or of all captions. */
static int tell(chooser *c, bool scenes, float *out, s2v_error *err)
{
    const s2vi_scene_clips *d = c->p->data;
    const int all = scenes ? d->scenes : d->texts;
    int ret = S2V_OK;
    for (int i = 0; i < all && !ret; i += EACH) {
        for (int k = 0; k < EACH && i + k < all; k++)
            if (scenes)
                fill_wish(c, i + k, c->in + (size_t)k * c->words);
            else
                memcpy(c->in + (size_t)k * c->words,
                       d->share + (size_t)(i + k) * c->words,
                       c->words * sizeof(float));
        ret = run(&c->telling, c->text, c->in, err);
        if (!ret)
            ret = s2vi_exec_read(c->telling.exec, c->said,
                                 out + (size_t)i * c->width);
    }
    return ret;
}

/* Frame number `index` of `of`, evenly spread over what is trained on of a
 * scene: its clip. */
static const s2vi_scene_clip *find_frame(const chooser *c, int scene,
                                         int64_t index, int64_t of, int64_t *at)
{
    const s2vi_scene_clips *d = c->p->data;
    int64_t all = 0;
    for (int i = 0; i < d->count; i++)
        all += d->clip[i].scene == scene ? d->clip[i].train : 0;
    *at = index * all / of;
    for (int i = 0; i < d->count; i++) {
        if (d->clip[i].scene != scene)
            continue;
        if (*at < d->clip[i].train)
            return &d->clip[i];
        *at -= d->clip[i].train;
    }
    return NULL;
}

static void normalise(float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    for (size_t i = 0; i < n && sum > 0; i++)
        x[i] = (float)((double)x[i] / sqrt(sum));
}

/* What a frame looks like, or sounds like. */
static void fill_frame(const chooser *c, const s2vi_scene_clip *clip,
                       int64_t at, bool sound, float *out)
{
    const size_t n = 3 * (size_t)c->p->data->side * (size_t)c->p->data->side;
    const uint8_t *rgb = clip->rgb + (size_t)at * n;
    if (sound)
        s2vi_mel_window_of(clip->columns, at, out);
    for (size_t i = 0; i < n && !sound; i++)
        out[i] = (float)rgb[i] / 127.5F - 1;
}

static int64_t count_frames(const chooser *c, int scene)
{
    const s2vi_scene_clips *d = c->p->data;
    int64_t n = 0;
    for (int i = 0; i < d->count; i++)
        n += d->clip[i].scene == scene ? d->clip[i].train : 0;
    return n;
}

/* The places of a scene's frames, or of their sound, MEANT at most; and how
 * intense they are: negative where it is not known. */
static int find_places(chooser *c, int scene, bool sound, int *n,
                       s2v_error *err)
{
    const s2vi_node *input = sound ? c->sound : c->frame;
    const s2vi_node *output = sound ? c->of_sound : c->of_frame;
    const size_t size = (size_t)s2vi_shape_count(&input->shape) / EACH;
    const int64_t all = count_frames(c, scene);
    int ret = S2V_OK;
    *n = (int)(all < MEANT ? all : MEANT);
    for (int i = 0; i < *n && !ret; i += EACH) {
        for (int k = 0; k < EACH && i + k < *n; k++) {
            int64_t at;
            const s2vi_scene_clip *clip = find_frame(c, scene, i + k, *n, &at);
            fill_frame(c, clip, at, sound, c->in + (size_t)k * size);
            c->level[i + k] = clip->intensity ? clip->intensity[at] : -1;
        }
        ret = run(&c->telling, input, c->in, err);
        if (!ret)
            ret = s2vi_exec_read(c->telling.exec, output,
                                 c->place + (size_t)i * c->width);
    }
    return ret;
}

static void add_mean(const chooser *c, int n, float *out)
{
    for (size_t i = 0; i < (size_t)n * c->width; i++)
        out[i % c->width] += c->place[i] / (float)n;
}

/* What a scene looks like, and how its intensity is read from that. */
static int look(chooser *c, int scene, s2vi_gallery *out, s2v_error *err)
{
    float *reading = out->reading + (size_t)scene * (c->width + 1);
    int n, known = 0;
    int ret = find_places(c, scene, false, &n, err);
    if (ret < 0)
        return ret;
    add_mean(c, n, c->wish + (size_t)scene * c->width);
    for (int i = 0; i < n; i++) {
        if (c->level[i] < 0)
            continue;
        c->usual[scene] += (double)c->level[i];
        c->level[known] = c->level[i];
        memmove(c->place + (size_t)known++ * c->width,
                c->place + (size_t)i * c->width, c->width * sizeof(float));
    }
    if (known)
        c->usual[scene] /= known;
    return known ? s2vi_intensity_reading(c->place, c->level, known,
                                          (int)c->width, reading, err)
                 : S2V_OK;
}

/* Where it sounds. */
static int hear(chooser *c, int scene, s2vi_gallery *out, s2v_error *err)
{
    float *heard = out->heard + (size_t)scene * c->width;
    int n;
    const int ret = find_places(c, scene, true, &n, err);
    if (ret < 0)
        return ret;
    add_mean(c, n, heard);
    normalise(heard, c->width);
    return S2V_OK;
}

/* ------------------------------------------------------------- choosing -- */

static double times(const chooser *c, int start, const float *place)
{
    const float *x = c->seen + (size_t)start * c->width;
    double sum = 0;
    for (size_t j = 0; j < c->width; j++)
        sum += (double)x[j] * (double)place[j];
    return sum;
}

/* The logarithm of how much more probable a scene is than all others. */
static double odds(const chooser *c, int start, int scene)
{
    double own = 0, others = 0;
    for (int s = 0; s < c->p->data->scenes; s++) {
        const double near =
            (double)c->scale * times(c, start, c->wish + (size_t)s * c->width);
        if (s == scene)
            own = near;
        else
            others += exp(near - 2 * (double)c->scale); /* no overflow */
    }
    return others > 0 ? own - 2 * (double)c->scale - log(others) : own;
}

static int fall(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The odds that so many starts have at least. */
static double typical(const chooser *c, int count)
{
    const int n = c->p->starts;
    memcpy(c->sorted, c->odds, (size_t)n * sizeof(*c->sorted));
    qsort(c->sorted, (size_t)n, sizeof(*c->sorted), fall);
    return c->sorted[count < n ? count - 1 : n - 1];
}

/* A caption of the scene, number `index` of `of`, evenly spread; NULL: it has
 * none. */
static const float *find_caption(const chooser *c, int scene, int index, int of)
{
    const s2vi_scene_clips *d = c->p->data;
    int all = 0;
    for (int i = 0; i < d->count; i++)
        all += d->clip[i].scene == scene ? d->clip[i].captions : 0;
    int at = (int)((int64_t)index * all / of);
    for (int i = 0; i < d->count; i++) {
        const s2vi_scene_clip *clip = &d->clip[i];
        if (clip->scene != scene)
            continue;
        if (at < clip->captions)
            return c->caption + (size_t)clip->caption[at].text * c->width;
        at -= clip->captions;
    }
    return NULL;
}

/* The start that is not taken, is typical, and nearest to a caption; without
 * one, the most typical. */
static int find_start(const chooser *c, double least, const float *caption)
{
    int best = 0;
    double most = -INFINITY;
    for (int i = 0; i < c->p->starts; i++) {
        const double score = caption ? times(c, i, caption) : c->odds[i];
        if (c->taken[i] || c->odds[i] < least || score <= most)
            continue;
        most = score;
        best = i;
    }
    return best;
}

static void choose_scene(chooser *c, int scene, s2vi_gallery *out)
{
    const int each = c->p->each;
    const size_t first = (size_t)scene * (size_t)each;
    memset(c->taken, 0, (size_t)c->p->starts * sizeof(*c->taken));
    for (int i = 0; i < c->p->starts; i++)
        c->odds[i] = odds(c, i, scene);
    const double least = typical(c, TYPICAL * each);
    for (int k = 0; k < each; k++) {
        const int i = find_start(
            c, least, k ? find_caption(c, scene, k - 1, each - 1) : NULL);
        c->taken[i] = true;
        memcpy(out->codes + (first + (size_t)k) * c->numbers,
               c->start + (size_t)i * c->numbers, c->numbers * sizeof(float));
        memcpy(out->seen + (first + (size_t)k) * c->width,
               c->seen + (size_t)i * c->width, c->width * sizeof(float));
    }
}

/* Made pictures lie elsewhere than real ones: those that a scene starts with
 * are read as the mean of it, once the constant is moved. */
static void calibrate(const chooser *c, int scene, float *reading)
{
    double sum = 0;
    int n = 0;
    for (int i = 0; i < c->p->starts; i++)
        if (c->taken[i]) {
            sum += times(c, i, reading);
            n++;
        }
    if (c->usual[scene] > 0)
        reading[c->width] = (float)(c->usual[scene] - sum / n);
}

static int choose(chooser *c, s2vi_gallery *out, s2v_error *err)
{
    const int scenes = c->p->data->scenes;
    int ret = see_starts(c, err);
    if (!ret)
        ret = tell(c, true, c->wish, err);
    if (!ret)
        ret = tell(c, false, c->caption, err);
    if (!ret)
        ret = s2vi_exec_read(c->telling.exec, c->factor, &c->scale);
    for (int s = 0; s < scenes && !ret; s++)
        ret = look(c, s, out, err);
    for (int s = 0; s < scenes && !ret; s++) {
        choose_scene(c, s, out);
        calibrate(c, s, out->reading + (size_t)s * (c->width + 1));
        ret = hear(c, s, out, err);
    }
    return ret;
}

int s2vi_gallery_make(const s2vi_gallery_params *params, s2vi_gallery *gallery,
                      s2v_error *err)
{
    chooser c = {.p = params};
    *gallery = (s2vi_gallery){0};
    int ret = record_seeing(&c, err);
    if (!ret)
        ret = record_telling(&c, err);
    if (!ret)
        ret = allocate(&c, gallery, err);
    if (!ret)
        ret = choose(&c, gallery, err);
    close_chooser(&c);
    return ret;
}

void s2vi_gallery_close(s2vi_gallery *gallery)
{
    free(gallery->codes);
    free(gallery->seen);
    free(gallery->heard);
    free(gallery->reading);
    *gallery = (s2vi_gallery){0};
}
