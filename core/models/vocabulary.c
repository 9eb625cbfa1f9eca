/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words that a text encoder knows. */
#include "models/vocabulary.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_WORD = 64, /* bytes: what is longer is no word */
    SHOWN = 700,    /* bytes of known words in a sentence */
};

void s2vi_vocabulary_close(s2vi_vocabulary *v)
{
    for (int i = 0; i < v->count; i++)
        free(v->word[i]);
    free(v->word);
    *v = (s2vi_vocabulary){0};
}

/* --------------------------------------------------------------- words -- */

/* The next word of a valid text, in lower case; false: there is none. */
static bool next_word(const char **text, char word[MOST_WORD + 1])
{
    const char *p = *text;
    int n = 0;
    while (*p && !g_unichar_isalnum(g_utf8_get_char(p)))
        p = g_utf8_next_char(p);
    for (; *p && g_unichar_isalnum(g_utf8_get_char(p));
         p = g_utf8_next_char(p)) {
        char letter[6];
        const int length =
            g_unichar_to_utf8(g_unichar_tolower(g_utf8_get_char(p)), letter);
        if (n + length <= MOST_WORD)
            memcpy(word + n, letter, (size_t)length);
        n += length;
    }
    word[n <= MOST_WORD ? n : 0] = 0;
    *text = p;
    return n > 0;
}

/* Place of a word, or -1 - the one where it belongs. */
static int find(const s2vi_vocabulary *v, const char *word)
{
    int low = 0, high = v->count;
    while (low < high) {
        const int middle = (low + high) / 2;
        const int order = strcmp(v->word[middle], word);
        if (!order)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1 - low;
}

static int insert(s2vi_vocabulary *v, const char *word, s2v_error *err)
{
    const int at = -1 - find(v, word);
    if (at < 0 || !*word)
        return S2V_OK;
    char **more = realloc(v->word, ((size_t)v->count + 1) * sizeof(*more));
    char *copy = strdup(word);
    if (more)
        v->word = more;
    if (!more || !copy) {
        free(copy);
        return s2vi_error_nomem(err, "a vocabulary");
    }
    memmove(more + at + 1, more + at, (size_t)(v->count - at) * sizeof(*more));
    more[at] = copy;
    v->count++;
    return S2V_OK;
}

static int check_text(const char *text, s2v_error *err)
{
    char word[MOST_WORD + 1];
    const char *p = text;
    if (!g_utf8_validate(text, -1, NULL))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "text: expected UTF-8, found other bytes");
    if (!next_word(&p, word))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "text: expected words, found none");
    return S2V_OK;
}

int s2vi_vocabulary_add(s2vi_vocabulary *v, const char *text, s2v_error *err)
{
    char word[MOST_WORD + 1];
    int ret = check_text(text, err);
    while (!ret && next_word(&text, word))
        ret = insert(v, word, err);
    return ret;
}

/* ---------------------------------------------------------------- JSON -- */

int s2vi_vocabulary_parse(s2vi_vocabulary *v, const char *json, s2v_error *err)
{
    json_t *list = json_loads(json, 0, NULL), *item;
    size_t i;
    int ret = S2V_OK;
    if (!json_is_array(list) || !json_array_size(list))
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         "s2v.vocabulary is not a list of words");
    json_array_foreach(list, i, item)
    {
        const char *word = json_string_value(item);
        const int before = v->count;
        if (!ret && (!word || !*word))
            ret = s2vi_error(err, S2V_ERR_MODEL,
                             "s2v.vocabulary has something that is no word");
        if (!ret)
            ret = insert(v, word, err);
        if (!ret && (v->count == before || strcmp(v->word[before], word) != 0))
            ret = s2vi_error(err, S2V_ERR_MODEL,
                             "s2v.vocabulary: '%.60s' is not in order", word);
    }
    json_decref(list);
    return ret;
}

char *s2vi_vocabulary_text(const s2vi_vocabulary *v)
{
    json_t *list = json_array();
    bool good = list;
    for (int i = 0; i < v->count && good; i++)
        good = !json_array_append_new(list, json_string(v->word[i]));
    char *text = good ? json_dumps(list, JSON_COMPACT) : NULL;
    json_decref(list);
    return text;
}

/* --------------------------------------------------------------- shares -- */

/* "a, at, dawn ..." */
static void list_words(const s2vi_vocabulary *v, char out[SHOWN + 8])
{
    size_t n = 0;
    int i = 0;
    for (; i < v->count && n + strlen(v->word[i]) + 2 < SHOWN; i++)
        n += (size_t)g_snprintf(out + n, (gulong)(SHOWN - n), "%s%s",
                                i ? ", " : "", v->word[i]);
    g_snprintf(out + n, 8, "%s", i < v->count ? " ..." : "");
}

int s2vi_vocabulary_share(const s2vi_vocabulary *v, const char *text,
                          float *out, s2v_error *err)
{
    char word[MOST_WORD + 1], known[SHOWN + 8];
    int ret = check_text(text, err), n = 0;
    memset(out, 0, (size_t)v->count * sizeof(*out));
    if (ret < 0)
        return ret;
    for (const char *p = text; next_word(&p, word);) {
        const int at = find(v, word);
        if (at < 0)
            continue;
        out[at]++;
        n++;
    }
    for (int i = 0; i < v->count && n; i++)
        out[i] /= (float)n;
    if (n)
        return S2V_OK;
    list_words(v, known);
    return s2vi_error(err, S2V_ERR_INVALID,
                      "text: expected a word that the model knows (%s), found "
                      "none",
                      known);
}
