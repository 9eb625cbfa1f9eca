/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CLIP's tokens of 200 lines, as the published code makes them, which are not
 * in the repository: the folder in S2V_TEST_DATA holds goldens/clip. The list
 * of merges is another's, too: tests/text/tokens.py looks for one.
 *
 * usage: test_tokens MERGES
 */
#include "text/clip_tokens.h"

#include <jansson.h>

#include "../check.h"

enum { SKIPPED = 77, LINES = 200 };

static bool same(const s2vi_clip_text *text, const json_t *ids)
{
    bool equal = json_array_size(ids) == (size_t)text->n;
    for (int i = 0; equal && i < text->n; i++)
        equal =
            json_integer_value(json_array_get(ids, (size_t)i)) == text->id[i];
    return equal;
}

static void test_lines(const s2vi_clip_tokenizer *t, const json_t *lines)
{
    int plain = 0, repaired = 0;
    const json_t *line;
    size_t i;
    json_array_foreach(lines, i, line)
    {
        s2vi_clip_text out;
        s2v_error err = {0};
        const json_t *text = json_object_get(line, "text");
        const int ret = s2vi_clip_tokenize(
            t, json_string_value(text), json_string_length(text), &out, &err);
        CHECK(ret == S2V_OK, "line %zu: %s", i, err.message);
        CHECK(same(&out, json_object_get(line, "ids")), "line %zu: '%s'", i,
              json_string_value(text));
        plain += json_object_get(line, "ids_plain") &&
                 !same(&out, json_object_get(line, "ids_plain"));
        repaired += json_object_get(line, "ids_ftfy") &&
                    !same(&out, json_object_get(line, "ids_ftfy"));
    }
    printf("%zu lines; %d differ without repairs, %d with all of ftfy's\n", i,
           plain, repaired);
    CHECK(i >= LINES && plain == 13 && repaired == 11, "%zu lines, %d, %d", i,
          plain, repaired);
}

int main(int argc, char **argv)
{
    const char *data = getenv("S2V_TEST_DATA");
    char path[4096];
    s2vi_clip_tokenizer *t;
    s2v_error err = {0};
    snprintf(path, sizeof(path), "%s/goldens/clip/tokenizer.json",
             data ? data : "");
    json_t *golden = data ? json_load_file(path, JSON_ALLOW_NUL, NULL) : NULL;
    if (argc < 2 || !golden) {
        printf("skipped: S2V_TEST_DATA does not name a folder that holds "
               "goldens/clip/\n");
        return SKIPPED;
    }
    const int ret =
        s2vi_clip_tokenizer_open(&t, argv[1], S2VI_CLIP_VOCABULARY, &err);
    CHECK(ret == S2V_OK, "%s", err.message);
    if (ret == S2V_OK)
        test_lines(t, json_object_get(golden, "lines"));
    s2vi_clip_tokenizer_close(&t);
    json_decref(golden);
    return check_done();
}
