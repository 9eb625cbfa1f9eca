/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz the command lines of s2v-train and s2v-eval. The first byte says which;
 * then come words, a line each, and, after a NUL, the file that s2v-train is
 * given as --config. What is accepted lies within the limits of the manual.
 */
#include "fuzz.h"

#include "command.h"
#include "options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 24 };

typedef struct line {
    char *word[MOST_WORDS + 4];
    int n;
} line;

static void split(line *l, char *text)
{
    for (char *at = text; at && l->n < MOST_WORDS;) {
        char *end = strchr(at, '\n');
        if (end)
            *end++ = '\0';
        l->word[l->n++] = at;
        at = end;
    }
}

static void check_run(const s2vi_train_options *o)
{
    REQUIRE(o->n_clips >= 1 && o->clips && !o->clips[o->n_clips]);
    REQUIRE(o->output && *o->output);
    REQUIRE(!o->size || (o->size >= 16 && o->size <= 256));
    REQUIRE(o->split > 0 && o->split <= 1);
    REQUIRE(o->iterations >= 1 && o->sequence >= 1 && o->batch >= 1);
    REQUIRE(o->rate > 0 && isfinite(o->rate));
    REQUIRE(o->start >= 0 && isfinite(o->start));
    REQUIRE(o->duration >= 0 && isfinite(o->duration));
    REQUIRE(o->preview_every >= 1 && o->hold_out_every >= 0);
    REQUIRE(o->threads >= 0);
}

static void train(line *l, fuzz_input *in)
{
    static char flag[] = "--config";
    s2vi_train_options *o;
    s2v_error err = {0};
    if (in->size) {
        l->word[l->n++] = flag;
        l->word[l->n++] = (char *)fuzz_file(in->data, in->size);
    }
    const int ret = s2vi_train_options_parse(&o, l->n, l->word, &err);
    fuzz_require_sentence(ret, &err);
    REQUIRE((ret == S2V_OK) == (o != NULL));
    if (ret < 0)
        return;
    if (o->action == S2VI_TRAIN_RUN)
        check_run(o);
    FILE *nowhere = fopen("/dev/null", "w");
    REQUIRE(nowhere != NULL);
    s2vi_train_options_print(o, nowhere);
    fclose(nowhere);
    s2vi_train_options_free(&o);
}

static void eval(line *l)
{
    s2vi_eval_options o;
    s2v_error err = {0};
    const int ret = s2vi_eval_options_parse(&o, l->n, l->word, &err);
    fuzz_require_sentence(ret, &err);
    if (!ret)
        s2vi_eval_options_free(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[] = "program";
    fuzz_input in = {data, size};
    line l = {.word = {name}, .n = 1};
    const bool evaluates = fuzz_byte(&in) & 1;
    char *text = fuzz_text(&in);
    split(&l, text);
    if (evaluates)
        eval(&l);
    else
        train(&l, &in);
    free(text);
    return 0;
}
