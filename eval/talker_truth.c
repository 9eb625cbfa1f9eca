/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What s2v-talkers knows of a clip. */
#include "talker_truth.h"

#include "base/error.h"
#include "data/impact_truth.h"
#include "weights/weights.h"

#include <glib.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int read_marks(s2vi_talker_truth *truth, const char *path,
                      s2v_error *err)
{
    s2v_weights *file;
    int ret = s2v_weights_open(&file, path, err);
    if (ret < 0)
        return ret;
    const s2vi_tensor *t = s2vi_weights_find(file, "landmarks");
    if (!t || t->type != S2VI_STORED_F32 || t->rank != 3 || t->shape[0] < 1 ||
        t->shape[1] != S2VI_FACE_MARKS || t->shape[2] != 2) {
        s2v_weights_close(&file);
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: expected the truth of s2v-talkers, with "
                          "'landmarks' (frames, 68, 2) F32, found none",
                          path);
    }
    float *values = malloc(t->count * sizeof(*values));
    truth->frames = t->shape[0];
    truth->marks = malloc((size_t)truth->frames * sizeof(*truth->marks));
    ret = values && truth->marks ? s2vi_weights_read_f32(file, t, values, err)
                                 : s2vi_error_nomem(err, path);
    double *to = ret ? NULL : &truth->marks[0][0][0];
    for (size_t i = 0; i < t->count && !ret; i++)
        to[i] = (double)values[i];
    free(values);
    s2v_weights_close(&file);
    return ret;
}

static int read_segment(s2vi_talker_segment *segment, json_t *item)
{
    const char *phone;
    if (json_unpack(item, "[s, F, F]", &phone, &segment->from, &segment->to))
        return -1;
    segment->pause = !strcmp(phone, "pau");
    segment->closed =
        !strcmp(phone, "p") || !strcmp(phone, "b") || !strcmp(phone, "m");
    return 0;
}

static int read_words(s2vi_talker_truth *truth, const char *path,
                      s2v_error *err)
{
    json_error_t why;
    json_t *root = json_load_file(path, 0, &why);
    json_t *segments = json_object_get(root, "segments");
    const size_t n = json_array_size(segments);
    int bad = json_unpack(root, "{s:i}", "size", &truth->size) || !n ||
              truth->size < 1;
    truth->segment = calloc(n + 1, sizeof(*truth->segment));
    for (size_t i = 0; i < n && !bad && truth->segment; i++)
        bad = read_segment(&truth->segment[i], json_array_get(segments, i));
    truth->segments = (int)n;
    json_decref(root);
    if (!truth->segment)
        return s2vi_error_nomem(err, path);
    if (bad)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: expected the truth of s2v-talkers, with "
                          "\"size\" and \"segments\", found %s",
                          path, root ? "others" : why.text);
    return S2V_OK;
}

int s2vi_talker_truth_read(s2vi_talker_truth *truth, const char *clip,
                           s2v_error *err)
{
    char *words = s2vi_truth_path(clip);
    char *numbers = g_strdup_printf(
        "%.*s.safetensors", (int)(strlen(words) - strlen(".json")), words);
    int ret = S2V_OK;
    *truth = (s2vi_talker_truth){0};
    if (g_file_test(words, G_FILE_TEST_EXISTS) &&
        g_file_test(numbers, G_FILE_TEST_EXISTS)) {
        ret = read_marks(truth, numbers, err);
        if (!ret)
            ret = read_words(truth, words, err);
    }
    g_free(words);
    g_free(numbers);
    if (ret < 0)
        s2vi_talker_truth_free(truth);
    return ret;
}

void s2vi_talker_truth_free(s2vi_talker_truth *truth)
{
    free(truth->marks);
    free(truth->segment);
    *truth = (s2vi_talker_truth){0};
}

bool s2vi_talker_speaks(const s2vi_talker_truth *truth, int64_t t)
{
    const double time = ((double)t + 0.5) / S2VI_FACE_RATE;
    for (int i = 0; i < truth->segments; i++)
        if (time >= truth->segment[i].from && time < truth->segment[i].to)
            return !truth->segment[i].pause;
    return false;
}
