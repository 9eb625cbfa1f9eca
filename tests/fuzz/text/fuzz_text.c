/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz CLIP's tokenizer: a byte for the size of the vocabulary, one for the
 * allocation that fails, the list of merges up to a NUL, and the text.
 */
#include "fuzz.h"

#include "text/clip_tokens.h"

#include <stdlib.h>
#include <string.h>

static void check_tokens(const s2vi_clip_text *text, int vocabulary)
{
    REQUIRE(text->n >= 2 && text->n <= S2VI_CLIP_CONTEXT);
    REQUIRE(text->whole >= text->n);
    REQUIRE(text->whole == text->n || text->n == S2VI_CLIP_CONTEXT);
    REQUIRE(text->id[0] == vocabulary - 2);
    REQUIRE(text->id[text->n - 1] == vocabulary - 1);
    for (int i = 0; i < S2VI_CLIP_CONTEXT; i++)
        REQUIRE(text->id[i] >= 0 && text->id[i] < vocabulary &&
                (i < text->n || !text->id[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    s2vi_clip_tokenizer *t = NULL;
    s2v_error err = {0};
    const int vocabulary = 515 + fuzz_byte(&in);
    const unsigned failing = fuzz_byte(&in);
    char *list = fuzz_text(&in);
    if (!list)
        return 0;
    fuzz_fail_allocation(failing);
    int ret = s2vi_clip_tokenizer_parse(&t, list, strlen(list), "list",
                                        vocabulary, &err);
    fuzz_require_sentence(ret, &err);
    REQUIRE((ret >= 0) == (t != NULL));
    if (t) {
        s2vi_clip_text text;
        err = (s2v_error){0};
        ret =
            s2vi_clip_tokenize(t, (const char *)in.data, in.size, &text, &err);
        fuzz_require_sentence(ret, &err);
        if (ret >= 0)
            check_tokens(&text, vocabulary);
    }
    if (fuzz_allocation_failed())
        REQUIRE(ret == S2V_ERR_NOMEM);
    s2vi_clip_tokenizer_close(&t);
    free(list);
    return 0;
}
