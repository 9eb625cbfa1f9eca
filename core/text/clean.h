/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts as CLIP was trained on them: HTML's entities undone, repaired, in lower
 * case, with single spaces. */
#ifndef S2VI_TEXT_CLEAN_H
#define S2VI_TEXT_CLEAN_H

#include <stddef.h>
#include <stdint.h>

/** Room that a cleaned text of n code points needs. */
#define S2VI_CLEAN_ROOM(n) (6 * (n))

/** Undo HTML's entities, "&eacute;" and "&#233;", as Python's html.unescape().
 * The result is not longer. @return how many */
size_t s2vi_html_unescape(uint32_t *text, size_t n);

/**
 * Clean a text as CLIP's tokenizer does: entities undone twice; of ftfy's
 * repairs those that matter often (quotes, full width, ligatures, control
 * characters); white space collapsed; lower case.
 *
 * @param text the code points, with room for S2VI_CLEAN_ROOM(n)
 * @param work as large
 * @return how many
 */
size_t s2vi_clean(uint32_t *text, size_t n, uint32_t *work);

#endif
