/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What s2v-impacts knows of a clip. */
#include "data/impact_truth.h"

#include "base/error.h"

#include <glib.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

char *s2vi_truth_path(const char *clip)
{
    const char *point = strrchr(clip, '.');
    const bool ending = point && !strchr(point, '/');
    return g_strdup_printf(
        "%.*s.json", (int)(ending ? (size_t)(point - clip) : strlen(clip)),
        clip);
}

static int by_time(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool knows(const GPtrArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++)
        if (!strcmp(names->pdata[i], name))
            return true;
    return false;
}

/* An impact: its time, and its sound among `names`. */
static int read_impact(json_t *impact, const char *path, size_t i, double *time,
                       GPtrArray *names, s2v_error *err)
{
    const char *sound = NULL;
    const bool bad =
        json_unpack(impact, "{s:F, s:s}", "time", time, "sound", &sound);
    if (bad || !(*time >= 0))
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: impact %zu: expected \"time\", in seconds of at "
                          "least 0, and \"sound\", the name of a material",
                          path, i);
    if (!knows(names, sound))
        g_ptr_array_add(names, g_strdup(sound));
    return S2V_OK;
}

static int read_impacts(s2vi_truth *truth, json_t *impacts, const char *path,
                        s2v_error *err)
{
    const size_t n = json_array_size(impacts);
    GPtrArray *names = g_ptr_array_new();
    int ret = S2V_OK;
    truth->onsets.times = calloc(n + 1, sizeof(double));
    if (!truth->onsets.times)
        ret = s2vi_error_nomem(err, path);
    for (size_t i = 0; i < n && !ret; i++)
        ret = read_impact(json_array_get(impacts, i), path, i,
                          &truth->onsets.times[i], names, err);
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    truth->sounds = (char **)g_ptr_array_free(names, FALSE);
    if (ret < 0)
        return ret;
    truth->onsets.count = n;
    qsort(truth->onsets.times, n, sizeof(double), by_time);
    return S2V_OK;
}

int s2vi_truth_read(s2vi_truth *truth, const char *path, s2v_error *err)
{
    json_error_t why;
    char *text = NULL;
    gsize length = 0;
    GError *error = NULL;
    *truth = (s2vi_truth){0};
    if (!g_file_get_contents(path, &text, &length, &error)) {
        int ret = s2vi_error(err, S2V_ERR_IO, "%s", error->message);
        g_error_free(error);
        return ret;
    }
    json_t *root = json_loadb(text, length, 0, &why);
    json_t *impacts = json_object_get(root, "impacts");
    int ret;
    g_free(text);
    if (!json_is_array(impacts))
        ret = s2vi_error(err, S2V_ERR_FORMAT,
                         "%s: expected the ground truth of s2v-impacts, an "
                         "object with \"impacts\", found %s",
                         path, root ? "none" : why.text);
    else
        ret = read_impacts(truth, impacts, path, err);
    json_decref(root);
    if (ret < 0)
        s2vi_truth_free(truth);
    return ret;
}

void s2vi_truth_free(s2vi_truth *truth)
{
    s2vi_onsets_free(&truth->onsets);
    g_strfreev(truth->sounds);
    *truth = (s2vi_truth){0};
}
