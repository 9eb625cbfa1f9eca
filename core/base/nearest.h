/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The known word that a mistyped one was probably meant to be. */
#ifndef S2VI_BASE_NEAREST_H
#define S2VI_BASE_NEAREST_H

/**
 * Damerau-Levenshtein distance (optimal string alignment): how many bytes to
 * insert, leave out, replace or swap with their neighbour make one word of the
 * other. Of words above 63 bytes nothing is known: INT_MAX.
 */
int s2vi_edit_distance(const char *a, const char *b);

/** A search for the nearest word. */
typedef struct s2vi_nearest {
    char word[64]; /* what was typed; empty: too long to be near anything */
    char best[64]; /* what is nearest so far; empty: nothing is near */
    int distance;  /* of the best */
} s2vi_nearest;

/** A search for `word`. */
s2vi_nearest s2vi_nearest_to(const char *word);

/** A search for the name in an option such as "--sizes=3". */
s2vi_nearest s2vi_nearest_to_option(const char *option);

/**
 * Take `known` for the best if it is nearer than all before (of two as near,
 * the first in the alphabet), and near enough to be meant: one mistake in three
 * bytes, or `word` is its first three bytes or more.
 */
void s2vi_nearest_try(s2vi_nearest *nearest, const char *known);

#endif
