/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HiFi-GAN: its configuration, as JSON in a weight file. */
#include "models/hifigan.h"

#include <jansson.h>
#include <stdlib.h>

/* ------------------------------------------------------------ reading -- */

static int refuse(const char *name, const char *expected, s2v_error *err)
{
    return s2vi_error(err, S2V_ERR_MODEL,
                      S2VI_HIFIGAN_NAME ": '%s' is missing or not %s", name,
                      expected);
}

static bool is_number(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0 &&
           json_integer_value(value) <= 1 << 20;
}

static int read_int(const json_t *root, const char *name, int *out,
                    s2v_error *err)
{
    const json_t *value = json_object_get(root, name);
    if (!is_number(value))
        return refuse(name, "a whole number", err);
    *out = (int)json_integer_value(value);
    return S2V_OK;
}

/* 1 to `room` whole numbers; false if it is anything else. */
static bool read_array(const json_t *array, int *out, int room, int *count)
{
    const size_t n = json_array_size(array); /* 0 of what is none */
    if (n < 1 || n > (size_t)room)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_number(json_array_get(array, i)))
            return false;
        out[i] = (int)json_integer_value(json_array_get(array, i));
    }
    *count = (int)n;
    return true;
}

static bool read_dilations(const json_t *array, s2vi_hifigan_config *c)
{
    bool ok = json_array_size(array) == (size_t)c->n_kernels;
    for (int i = 0; ok && i < c->n_kernels; i++) {
        int n = 0;
        ok = read_array(json_array_get(array, (size_t)i), c->dilation[i],
                        S2VI_HIFIGAN_MAX_DILATIONS, &n) &&
             (i == 0 || n == c->n_dilations);
        c->n_dilations = n;
    }
    return ok;
}

static int parse(const json_t *root, s2vi_hifigan_config *c, s2v_error *err)
{
    int ret = read_int(root, "bands", &c->bands, err), n = 0;
    if (ret >= 0)
        ret = read_int(root, "channels", &c->channels, err);
    if (ret >= 0)
        ret = read_int(root, "resblock", &c->resblock, err);
    if (ret < 0)
        return ret;
    if (!read_array(json_object_get(root, "rates"), c->rate,
                    S2VI_HIFIGAN_MAX_UPS, &c->n_ups))
        return refuse("rates", "a list of whole numbers", err);
    if (!read_array(json_object_get(root, "up_kernels"), c->up_kernel,
                    S2VI_HIFIGAN_MAX_UPS, &n) ||
        n != c->n_ups)
        return refuse("up_kernels", "a list as long as 'rates'", err);
    if (!read_array(json_object_get(root, "kernels"), c->kernel,
                    S2VI_HIFIGAN_MAX_KERNELS, &c->n_kernels))
        return refuse("kernels", "a list of whole numbers", err);
    if (!read_dilations(json_object_get(root, "dilations"), c))
        return refuse("dilations", "a list of equal length for each kernel",
                      err);
    if (json_object_size(root) != 7)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_HIFIGAN_NAME
                          ": %zu settings, expected 7; is the file newer than "
                          "this library?",
                          json_object_size(root));
    return S2V_OK;
}

int s2vi_hifigan_config_parse(s2vi_hifigan_config *config, const char *json,
                              s2v_error *err)
{
    json_error_t why;
    s2v_error wrong;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &why);
    *config = (s2vi_hifigan_config){0};
    int ret = json_is_object(root)
                  ? parse(root, config, err)
                  : s2vi_error(err, S2V_ERR_MODEL,
                               S2VI_HIFIGAN_NAME ": its configuration is not "
                                                 "a JSON object: %s",
                               root ? "found an array" : why.text);
    json_decref(root);
    if (ret >= 0 && s2vi_hifigan_config_check(config, &wrong) < 0)
        ret = s2vi_error(err, S2V_ERR_MODEL, "%s", wrong.message);
    return ret;
}

/* ------------------------------------------------------------ writing -- */

static json_t *list(const int *number, int n)
{
    json_t *array = json_array();
    for (int i = 0; i < n; i++)
        json_array_append_new(array, json_integer(number[i]));
    return array;
}

char *s2vi_hifigan_config_text(const s2vi_hifigan_config *c)
{
    json_t *dilations = json_array();
    for (int i = 0; i < c->n_kernels; i++)
        json_array_append_new(dilations, list(c->dilation[i], c->n_dilations));
    json_t *root = json_pack(
        "{s:i,s:i,s:o,s:o,s:i,s:o,s:o}", "bands", c->bands, "channels",
        c->channels, "rates", list(c->rate, c->n_ups), "up_kernels",
        list(c->up_kernel, c->n_ups), "resblock", c->resblock, "kernels",
        list(c->kernel, c->n_kernels), "dilations", dilations);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}
