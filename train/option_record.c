/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options that a checkpoint keeps; see option_record.h. */
#include "option_record.h"

#include <string.h>

#include "base/error.h"
#include "files.h"

json_t *s2vi_option_record_new(void)
{
    return json_pack("{s:[], s:{}}", "clips", "options");
}

static bool is_of_one_run(const char *name)
{
    static const char *const names[] = {"output", "init",  "resume", "export",
                                        "config", "quiet", "verbose"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

void s2vi_option_record_set(json_t *record, const char *name, const char *text)
{
    if (!is_of_one_run(name))
        json_object_set_new(json_object_get(record, "options"), name,
                            json_string(text ? text : "true"));
}

bool s2vi_option_record_has(const json_t *record, const char *name)
{
    return json_object_get(json_object_get(record, "options"), name) != NULL;
}

void s2vi_option_record_clips(json_t *record, char *const *clips)
{
    json_t *list = json_array();
    for (int i = 0; clips[i]; i++)
        json_array_append_new(list, json_string(clips[i]));
    json_object_set_new(record, "clips", list);
}

static bool is_record(const json_t *root)
{
    const json_t *clips = json_object_get(root, "clips");
    json_t *options = json_object_get(root, "options"), *item;
    const char *name;
    size_t i;
    if (!json_is_array(clips) || !json_is_object(options))
        return false;
    json_array_foreach(clips, i, item)
    {
        if (!json_is_string(item))
            return false;
    }
    json_object_foreach(options, name, item)
    {
        if (!json_is_string(item) || is_of_one_run(name))
            return false;
    }
    return true;
}

static bool is_of_model(const s2v_weights *w, const char *model)
{
    const char *kind = s2v_weights_get_metadata(w, "s2v.model");
    const size_t n = strlen(model);
    return kind && !strncmp(kind, model, n) && !strcmp(kind + n, " checkpoint");
}

int s2vi_option_record_read(json_t **record, const char *checkpoint,
                            const char *model, s2v_error *err)
{
    s2v_weights *w = NULL;
    *record = NULL;
    int ret = s2vi_file_open(&w, checkpoint, err);
    const char *text = NULL;
    if (!ret && !is_of_model(w, model)) {
        const char *kind = s2v_weights_get_metadata(w, "s2v.model");
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         "%s: expected a checkpoint of s2v-train %s (.ckpt), "
                         "found a file of '%.40s'",
                         checkpoint, model, kind ? kind : "no model");
    }
    if (!ret)
        text = s2v_weights_get_metadata(w, "s2v.options");
    if (!ret)
        *record = text ? json_loads(text, 0, NULL) : s2vi_option_record_new();
    if (!ret && !is_record(*record)) {
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         "%s: its metadata has no usable 's2v.options'",
                         checkpoint);
        json_decref(*record);
        *record = NULL;
    }
    s2v_weights_close(&w);
    return ret;
}

char *s2vi_option_record_text(const json_t *record)
{
    return json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
}
