/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts as code points. */
#ifndef S2VI_TEXT_UNICODE_H
#define S2VI_TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/**
 * Decode UTF-8, which may have zeros in it.
 *
 * @param out room for `bytes`
 * @param n   set to how many there are
 * @return S2V_OK; S2V_ERR_INVALID: it is no UTF-8, and where
 */
int s2vi_utf8_decode(const char *text, size_t bytes, uint32_t *out, size_t *n,
                     s2v_error *err);

/** Encode one code point; returns the bytes, 1 to 4. */
int s2vi_utf8_encode(uint32_t c, uint8_t out[4]);

/** Unicode's White_Space; general categories L and N. */
bool s2vi_is_space(uint32_t c);
bool s2vi_is_letter(uint32_t c);
bool s2vi_is_number(uint32_t c);

/**
 * Lower case by Unicode's rules, in no language: U+0130 becomes two, and a
 * capital sigma at a word's end the final one.
 *
 * @param out room for 2 n, not `in`
 * @return how many
 */
size_t s2vi_lower_case(const uint32_t *in, size_t n, uint32_t *out);

#endif
