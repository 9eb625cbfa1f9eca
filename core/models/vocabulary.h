/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A closed vocabulary: the words that a model's text encoder knows, and a text
 * as the share that each of them has in it.
 *
 * Words are runs of letters and digits, in lower case (Unicode); what lies
 * between does not matter, nor does their order. A weight file has them as
 * "s2v.vocabulary", a JSON list.
 */
#ifndef S2VI_MODELS_VOCABULARY_H
#define S2VI_MODELS_VOCABULARY_H

#include "base/error.h"

/** Zeroed before first use. */
typedef struct s2vi_vocabulary {
    char **word; /* UTF-8, in order of their bytes, each once */
    int count;
} s2vi_vocabulary;

void s2vi_vocabulary_close(s2vi_vocabulary *v);

/** Add the words of a text. S2V_ERR_INVALID: it is not UTF-8, or has none. */
int s2vi_vocabulary_add(s2vi_vocabulary *v, const char *text, s2v_error *err);

/** Read the JSON list, of an empty vocabulary: S2V_ERR_MODEL. */
int s2vi_vocabulary_parse(s2vi_vocabulary *v, const char *json, s2v_error *err);

/** The JSON list; the caller frees it. NULL: out of memory. */
char *s2vi_vocabulary_text(const s2vi_vocabulary *v);

/**
 * How much of a text each word is: of sum 1. Words that are not known are left
 * out.
 *
 * @param out (count)
 * @return S2V_OK; S2V_ERR_INVALID: it is not UTF-8, has no words, or none that
 *         is known; the sentence names some that are
 */
int s2vi_vocabulary_share(const s2vi_vocabulary *v, const char *text,
                          float *out, s2v_error *err);

#endif
