/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts as code points. Categories and simple case mappings are GLib's. */
#include "text/unicode.h"

#include <glib.h>

/* --------------------------------------------------------------- UTF-8 -- */

/* The code point at `s`, of which `bytes` are left, and its length; 0: wrong.
 */
static size_t decode(const uint8_t *s, size_t bytes, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t length = s[0] < 0x80             ? 1
                          : (s[0] & 0xE0) == 0xC0 ? 2
                          : (s[0] & 0xF0) == 0xE0 ? 3
                          : (s[0] & 0xF8) == 0xF0 ? 4
                                                  : 0;
    if (!length || length > bytes)
        return 0;
    *c = length == 1 ? s[0] : s[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        *c = *c << 6 | (s[i] & 0x3F);
    }
    const bool surrogate = *c >= 0xD800 && *c <= 0xDFFF;
    return *c < least[length] || surrogate || *c > 0x10FFFF ? 0 : length;
}

int s2vi_utf8_decode(const char *text, size_t bytes, uint32_t *out, size_t *n,
                     s2v_error *err)
{
    const uint8_t *s = (const uint8_t *)text;
    *n = 0;
    for (size_t i = 0; i < bytes;) {
        const size_t length = decode(s + i, bytes - i, &out[*n]);
        if (!length)
            return s2vi_error(err, S2V_ERR_INVALID,
                              "the text is not UTF-8: its byte %zu is 0x%02X",
                              i, s[i]);
        ++*n;
        i += length;
    }
    return S2V_OK;
}

int s2vi_utf8_encode(uint32_t c, uint8_t out[4])
{
    char text[6];
    const int n = g_unichar_to_utf8(c, text);
    for (int i = 0; i < n && i < 4; i++)
        out[i] = (uint8_t)text[i];
    return n;
}

/* ---------------------------------------------------------- categories -- */

bool s2vi_is_space(uint32_t c)
{
    return (c >= 0x9 && c <= 0xD) || c == 0x20 || c == 0x85 || c == 0xA0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool s2vi_is_letter(uint32_t c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_OTHER_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
    case G_UNICODE_UPPERCASE_LETTER: return true;
    default: return false;
    }
}

bool s2vi_is_number(uint32_t c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_DECIMAL_NUMBER:
    case G_UNICODE_LETTER_NUMBER:
    case G_UNICODE_OTHER_NUMBER: return true;
    default: return false;
    }
}

/* ---------------------------------------------------------- lower case -- */

static bool between(uint32_t c, uint32_t low, uint32_t high)
{
    return c >= low && c <= high;
}

/* Unicode's Case_Ignorable. */
static bool is_case_ignorable(uint32_t c)
{
    static const uint32_t marks[] =
        {
            0x27,   0x2E,   0x3A,   0xB7,   0x387,  0x55F,
            0x5F4,  0x2018, 0x2019, 0x2024, 0x2027, 0xFE13,
            0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A, /* of words' breaks: middles
                                                       of words, quotes */
        };
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (c == marks[i])
            return true;
    switch (g_unichar_type(c)) {
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
    case G_UNICODE_FORMAT:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_MODIFIER_SYMBOL: return true;
    default: return false;
    }
}

/* Unicode's Cased, of what is not case-ignorable. */
static bool is_cased(uint32_t c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
    case G_UNICODE_UPPERCASE_LETTER: return true;
    default: /* Other_Lowercase and Other_Uppercase */
        return c == 0xAA || c == 0xBA || between(c, 0x2160, 0x217F) ||
               between(c, 0x24B6, 0x24E9) || between(c, 0x1F130, 0x1F149) ||
               between(c, 0x1F150, 0x1F169) || between(c, 0x1F170, 0x1F189);
    }
}

/* Whether a cased letter is before in[i], and none after it. */
static bool is_final(const uint32_t *in, size_t n, size_t i)
{
    size_t before = i, after = i + 1;
    while (before > 0 && is_case_ignorable(in[before - 1]))
        before--;
    while (after < n && is_case_ignorable(in[after]))
        after++;
    return before > 0 && is_cased(in[before - 1]) &&
           !(after < n && is_cased(in[after]));
}

/* GLib's leaves Roman numerals and letters in circles, which are no letters. */
static uint32_t lower(uint32_t c)
{
    if (between(c, 0x2160, 0x216F))
        return c + 0x10;
    return between(c, 0x24B6, 0x24CF) ? c + 0x1A : g_unichar_tolower(c);
}

size_t s2vi_lower_case(const uint32_t *in, size_t n, uint32_t *out)
{
    enum { I_DOT = 0x130, DOT = 0x307, SIGMA = 0x3A3, FINAL_SIGMA = 0x3C2 };
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (in[i] == SIGMA && is_final(in, n, i))
            out[k++] = FINAL_SIGMA;
        else
            out[k++] = in[i] == I_DOT ? 'i' : lower(in[i]);
        if (in[i] == I_DOT)
            out[k++] = DOT;
    }
    return k;
}
