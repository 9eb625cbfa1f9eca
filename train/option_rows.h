/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of s2v-train: rows that all recipes have, joined with one's own.
 */
#ifndef S2VI_TRAIN_OPTION_ROWS_H
#define S2VI_TRAIN_OPTION_ROWS_H

#include "recipe.h"

enum { S2VI_MOST_ROWS = 256 };

/** Rows with their headings. */
typedef struct s2vi_option_rows {
    option_row row[S2VI_MOST_ROWS];
    int count;
} s2vi_option_rows;

/** A recipe's rows in the order of its help. */
void s2vi_option_rows_of(const s2vi_recipe *recipe, s2vi_option_rows *out);

/** Every recipe's options, each name once: a command line is split into words
 * before its recipe is known. */
void s2vi_option_rows_all(s2vi_option_rows *out);

/** The row of that name; or NULL. */
const option_row *s2vi_option_rows_find(const s2vi_option_rows *rows,
                                        const char *name);

/** New options with a recipe's defaults, or, without one, none; to be freed
 * with s2vi_train_options_free(). */
s2vi_train_options *s2vi_train_options_new(const s2vi_recipe *recipe);

#endif
