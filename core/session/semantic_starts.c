/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Style codes to start with. */
#include "session/semantic_starts.h"

#include "base/error.h"
#include "models/semantic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_start(const s2vi_tensor *t)
{
    return !strncmp(t->name, S2VI_SEMANTIC_GALLERY,
                    strlen(S2VI_SEMANTIC_GALLERY));
}

static int read_start(s2vi_starts *s, const s2v_weights *w,
                      const s2vi_tensor *t, int codes, int width,
                      s2v_error *err)
{
    if (t->rank != 2 || t->shape[0] != codes || t->shape[1] != width)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: tensor '%s' is not of %d style codes of %d "
                          "numbers, which the generator takes",
                          s2v_weights_get_path(w, NULL), t->name, codes, width);
    s->name[s->count] = strdup(t->name + strlen(S2VI_SEMANTIC_GALLERY));
    if (!s->name[s->count])
        return s2vi_error_nomem(err, "a gallery");
    s->count++;
    return s2vi_weights_read_f32(
        w, t, s->codes + (size_t)(s->count - 1) * s->numbers, err);
}

int s2vi_starts_read(s2vi_starts *s, const s2v_weights *w, int codes, int width,
                     s2v_error *err)
{
    const size_t all = s2v_weights_count(w);
    size_t n = 0;
    int ret = S2V_OK;
    for (size_t i = 0; i < all; i++)
        n += is_start(s2vi_weights_at(w, i));
    if (n > S2VI_STARTS_MOST)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: a gallery of %zu starts, expected at most %d",
                          s2v_weights_get_path(w, NULL), n, S2VI_STARTS_MOST);
    s->numbers = (size_t)codes * (size_t)width;
    s->name = calloc(n + 1, sizeof(*s->name));
    s->codes = calloc(n * s->numbers + 1, sizeof(*s->codes));
    if (!s->name || !s->codes)
        return s2vi_error_nomem(err, "a gallery");
    for (size_t i = 0; i < all && !ret; i++)
        if (is_start(s2vi_weights_at(w, i)))
            ret = read_start(s, w, s2vi_weights_at(w, i), codes, width, err);
    return ret;
}

/* That a tensor is a place in the embedding. */
static int check_place(const s2v_weights *w, const s2vi_tensor *t, int width,
                       s2v_error *err)
{
    return t->rank == 1 && t->shape[0] == width
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_MODEL,
                            "%s: tensor '%s' is not of the %d numbers of the "
                            "embedding",
                            s2v_weights_get_path(w, NULL), t->name, width);
}

int s2vi_starts_read_seen(const s2vi_starts *s, const s2v_weights *w, int width,
                          float *place, s2v_error *err)
{
    char name[512];
    int ret = S2V_OK;
    for (int i = 0; i < s->count && !ret; i++) {
        snprintf(name, sizeof(name), S2VI_SEMANTIC_SEEN "%s", s->name[i]);
        const s2vi_tensor *t = s2vi_weights_find(w, name);
        if (!t)
            return 0;
        ret = check_place(w, t, width, err);
        if (!ret)
            ret =
                s2vi_weights_read_f32(w, t, place + (ptrdiff_t)i * width, err);
    }
    return ret ? ret : s->count > 0;
}

/* Whether a start's name is a scene's, or that and a number: "rain-2". */
static bool is_of_scene(const char *start, const char *scene)
{
    const size_t n = strlen(scene);
    if (strncmp(start, scene, n) != 0)
        return false;
    return !start[n] || (start[n] == '-' && start[n + 1] &&
                         !start[n + 1 + strspn(start + n + 1, "0123456789")]);
}

/* The starts that are of it have another scene from now on, if they had one of
 * a shorter name. Whether there are any. */
static bool give_scene(s2vi_starts *s, const char *name, int scene)
{
    bool any = false;
    for (int i = 0; i < s->count; i++)
        if (is_of_scene(s->name[i], name) &&
            (s->scene[i] < 0 || !strcmp(s->name[i], name))) {
            s->scene[i] = scene;
            any = true;
        }
    return any;
}

static const char *scene_name(const s2vi_tensor *t)
{
    const size_t n = strlen(S2VI_SEMANTIC_HEARD);
    return strncmp(t->name, S2VI_SEMANTIC_HEARD, n) ? NULL : t->name + n;
}

static int read_heard(s2vi_starts *s, const s2v_weights *w,
                      const s2vi_tensor *t, int width, s2v_error *err)
{
    const int ret = check_place(w, t, width, err);
    if (ret < 0)
        return ret;
    if (!give_scene(s, scene_name(t), s->scenes))
        return S2V_OK;
    s->scenes++;
    return s2vi_weights_read_f32(
        w, t, s->heard + (ptrdiff_t)(s->scenes - 1) * width, err);
}

int s2vi_starts_read_heard(s2vi_starts *s, const s2v_weights *w, int width,
                           s2v_error *err)
{
    const size_t all = s2v_weights_count(w), n = (size_t)s->count;
    size_t heard = 0;
    int ret = S2V_OK;
    for (size_t i = 0; i < all; i++)
        heard += scene_name(s2vi_weights_at(w, i)) != NULL;
    s->scene = calloc(n + 1, sizeof(*s->scene));
    s->heard = calloc(heard * (size_t)width + 1, sizeof(*s->heard));
    if (!s->scene || !s->heard)
        return s2vi_error_nomem(err, "a gallery");
    for (size_t i = 0; i < n; i++)
        s->scene[i] = -1;
    for (size_t i = 0; i < all && !ret; i++)
        if (scene_name(s2vi_weights_at(w, i)))
            ret = read_heard(s, w, s2vi_weights_at(w, i), width, err);
    return ret;
}

int s2vi_starts_of_scene(const s2vi_starts *s, int scene, uint64_t pick)
{
    uint64_t n = 0;
    int found = -1;
    for (int i = 0; i < s->count; i++)
        n += s->scene[i] == scene;
    for (int i = 0; i < s->count && found < 0; i++)
        if (s->scene[i] == scene && !(pick-- % n))
            found = i;
    return found;
}

void s2vi_starts_close(s2vi_starts *s)
{
    for (int i = 0; i < s->count; i++)
        free(s->name[i]);
    free(s->name);
    free(s->codes);
    free(s->heard);
    free(s->scene);
    *s = (s2vi_starts){0};
}

int s2vi_starts_find(const s2vi_starts *s, const char *name)
{
    for (int i = 0; i < s->count; i++)
        if (!strcmp(s->name[i], name))
            return i;
    return -1;
}

/* Whether it is a further start of a scene: "rain-2", beside "rain". */
static bool is_further(const s2vi_starts *s, int i)
{
    for (int k = 0; k < s->count; k++)
        if (k != i && is_of_scene(s->name[i], s->name[k]))
            return true;
    return false;
}

char *s2vi_starts_text(const s2vi_starts *s, char text[S2VI_STARTS_TEXT])
{
    size_t used = 0;
    *text = '\0';
    for (int i = 0; i < s->count; i++) {
        if (is_further(s, i))
            continue;
        if (used + strlen(s->name[i]) + 8 > S2VI_STARTS_TEXT) {
            snprintf(text + used, S2VI_STARTS_TEXT - used, ", ...");
            break;
        }
        used += (size_t)snprintf(text + used, S2VI_STARTS_TEXT - used, "%s%s",
                                 used ? ", " : "", s->name[i]);
    }
    return text;
}

int s2vi_starts_places(const s2vi_starts *s, const s2vi_stylegan *m,
                       s2vi_starts_embed embed, void *opaque, int width,
                       float *place, s2v_error *err)
{
    const size_t n = (size_t)s2vi_shape_count(&m->video->shape);
    float *video = malloc(n * sizeof(*video));
    s2vi_exec *exec = NULL;
    int ret = video ? s2vi_exec_create(&exec, m->plan, err)
                    : s2vi_error_nomem(err, "a start's picture");
    for (int i = 0; i < s->count && !ret; i++) {
        ret = s2vi_stylegan_picture(m, exec, s->codes + (size_t)i * s->numbers,
                                    err);
        if (!ret)
            ret = s2vi_exec_read(exec, m->video, video);
        if (!ret)
            ret = embed(opaque, video, place + (size_t)i * (size_t)width, err);
    }
    s2vi_exec_close(&exec);
    free(video);
    return ret;
}

int s2vi_starts_nearest(const s2vi_starts *s, const float *place, int width,
                        const float *x)
{
    int best = 0;
    double most = -2;
    for (int i = 0; i < s->count; i++) {
        double near = 0;
        for (int j = 0; j < width; j++)
            near += (double)place[i * width + j] * (double)x[j];
        if (near > most) {
            most = near;
            best = i;
        }
    }
    return best;
}
