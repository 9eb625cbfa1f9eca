/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CLIP's tokenizer: byte pairs (Sennrich et al. 2016) over the bytes of UTF-8,
 * of lower-case words.
 *
 * The list of merges is a file of the user's, bpe_simple_vocab_16e6.txt or
 * merges.txt, which may be compressed by gzip: a line that does not count, then
 * a pair of symbols in each, the first to be merged first. Tokens are the 256
 * bytes, the same at the end of a word, the merges, the start and the end.
 */
#ifndef S2VI_TEXT_CLIP_TOKENS_H
#define S2VI_TEXT_CLIP_TOKENS_H

#include "base/error.h"

#include <stddef.h>

enum {
    S2VI_CLIP_CONTEXT = 77, /* tokens of a text, of all published models */
    S2VI_CLIP_VOCABULARY = 49408,
    S2VI_CLIP_TEXT_MOST = 65536, /* bytes of a text */
};

/** Immutable, and safe to share between threads. */
typedef struct s2vi_clip_tokenizer s2vi_clip_tokenizer;

typedef struct s2vi_clip_text {
    int id[S2VI_CLIP_CONTEXT]; /* the start, the words, the end; then zeros */
    int n;                     /* with start and end: id[n - 1] is the end */
    int whole; /* n before the text was cut to S2VI_CLIP_CONTEXT, as CLIP does:
                  what lies beyond is not heeded, which a user is to be told */
} s2vi_clip_text;

/**
 * Read the list of merges.
 *
 * @param vocabulary tokens of the model: S2VI_CLIP_VOCABULARY, or at least 515;
 *                   so many merges are read as it has room for
 * @return S2V_OK; S2V_ERR_IO, S2V_ERR_FORMAT: with the line; S2V_ERR_NOMEM
 */
int s2vi_clip_tokenizer_open(s2vi_clip_tokenizer **tokenizer, const char *path,
                             int vocabulary, s2v_error *err);

/** The same list in memory, not compressed; `name` stands for the path. */
int s2vi_clip_tokenizer_parse(s2vi_clip_tokenizer **tokenizer, const char *list,
                              size_t bytes, const char *name, int vocabulary,
                              s2v_error *err);

/** Free it and set the pointer to NULL. NULL is fine. */
void s2vi_clip_tokenizer_close(s2vi_clip_tokenizer **tokenizer);

/**
 * The tokens of a text; of an empty one, start and end.
 *
 * @param text UTF-8, `bytes` of it, which may have zeros in it
 * @return S2V_OK; S2V_ERR_INVALID: no UTF-8, or more than S2VI_CLIP_TEXT_MOST;
 *         S2V_ERR_NOMEM
 */
int s2vi_clip_tokenize(const s2vi_clip_tokenizer *tokenizer, const char *text,
                       size_t bytes, s2vi_clip_text *out, s2v_error *err);

/** The same of what a user asks for: S2V_ERR_INVALID, too, of a text without
 * words. */
int s2vi_clip_prompt(const s2vi_clip_tokenizer *tokenizer, const char *text,
                     s2vi_clip_text *out, s2v_error *err);

#endif
