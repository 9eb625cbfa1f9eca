/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sentences in buffers of a fixed size. */
#include "base/sentence.h"

#include <stdio.h>
#include <string.h>

/* Cut before a UTF-8 sequence that vsnprintf may have split at the end. */
static void drop_split_character(char *s)
{
    size_t n = strlen(s), tail = 0;
    while (tail < n && tail < 4 &&
           ((unsigned char)s[n - 1 - tail] & 0xC0) == 0x80)
        tail++;
    if (tail < n && (unsigned char)s[n - 1 - tail] >= 0xC0)
        s[n - 1 - tail] = '\0';
}

void s2vi_sentence(char *out, size_t size, const char *format, va_list args)
{
    int n = vsnprintf(out, size, format, args);
    if (n < 0)
        out[0] = '\0';
    else if ((size_t)n >= size)
        drop_split_character(out);
}
