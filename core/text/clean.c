/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts as CLIP was trained on them. */
#include "text/clean.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text/unicode.h"

/* ------------------------------------------------------------ entities -- */

enum {
    NAME = 34, /* of an entity, with ';' and the ending 0 */
    REPLACEMENT = 0xFFFD,
};

typedef struct entity {
    const char *name;
    uint32_t code[2];
    int n;
} entity;

static const entity entities[] = {
#include "html_entities.inc"
};

static int compare(const void *name, const void *row)
{
    return strcmp(name, ((const entity *)row)->name);
}

/* The entity of the first n characters of a name. */
static const entity *find_entity(const char *name, size_t n)
{
    char key[NAME];
    memcpy(key, name, n);
    key[n] = 0;
    return bsearch(key, entities, sizeof(entities) / sizeof(*entities),
                   sizeof(*entities), compare);
}

/* Where an entity is taken from, and where its characters go to. */
typedef struct cursor {
    const uint32_t *in;
    size_t left; /* code points from `in` on */
    uint32_t *out;
    size_t n; /* written */
} cursor;

static void put(cursor *c, uint32_t code)
{
    c->out[c->n++] = code;
}

static void skip(cursor *c, size_t n)
{
    c->in += n;
    c->left -= n;
}

static int digit(uint32_t c, bool hex)
{
    if (c >= '0' && c <= '9')
        return (int)c - '0';
    c |= 0x20;
    return hex && c >= 'a' && c <= 'f' ? (int)c - 'a' + 10 : -1;
}

/* Windows' characters where HTML has controls: 0x80 .. 0x9F. */
static const uint16_t windows[32] = {
    0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021,
    0x2C6,  0x2030, 0x160,  0x2039, 0x152,  0x8D,   0x17D,  0x8F,
    0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178};

static void put_number(cursor *c, uint32_t code)
{
    const bool control = (code >= 0x1 && code <= 0x8) || code == 0xB ||
                         (code >= 0xE && code <= 0x1F) || code == 0x7F ||
                         (code >= 0xFDD0 && code <= 0xFDEF) ||
                         (code & 0xFFFE) == 0xFFFE;
    if (code >= 0x80 && code <= 0x9F)
        put(c, windows[code - 0x80]);
    else if (code == 0 || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF)
        put(c, REPLACEMENT);
    else if (!control)
        put(c, code);
}

/* "&#233;", "&#xE9"; false: it is none. */
static bool take_number(cursor *c)
{
    size_t i = 2;
    if (c->left < 3 || c->in[1] != '#')
        return false;
    const bool hex = (c->in[2] | 0x20) == 'x';
    uint64_t code = 0;
    i += hex;
    const size_t first = i;
    for (; i < c->left && digit(c->in[i], hex) >= 0; i++)
        if (code <= 0x10FFFF)
            code = code * (hex ? 16 : 10) + (uint64_t)digit(c->in[i], hex);
    if (i == first)
        return false;
    put_number(c, code > 0x10FFFF ? 0x110000 : (uint32_t)code);
    skip(c, i + (i < c->left && c->in[i] == ';'));
    return true;
}

/* "&eacute;", or the longest name that begins what is there: "&notit" is that
 * of "&not". */
static bool take_name(cursor *c)
{
    char name[NAME];
    size_t n = 0;
    while (n < NAME - 2 && n + 1 < c->left) {
        const uint32_t code = c->in[n + 1];
        if (code >= 0x80 || !code || strchr("\t\n\f <&#;", (int)code))
            break;
        name[n++] = (char)code;
    }
    const bool whole = n + 1 < c->left && c->in[n + 1] == ';';
    name[n] = ';';
    const entity *e = whole && n ? find_entity(name, n + 1) : NULL;
    size_t used = n + 1;
    for (; !e && n > 1; n--) {
        e = find_entity(name, n);
        used = n;
    }
    if (!e)
        return false;
    for (int i = 0; i < e->n; i++)
        put(c, e->code[i]);
    skip(c, 1 + used);
    return true;
}

size_t s2vi_html_unescape(uint32_t *text, size_t n)
{
    cursor c = {text, n, text, 0};
    while (c.left > 0)
        if (*c.in != '&' || (!take_number(&c) && !take_name(&c))) {
            put(&c, *c.in);
            skip(&c, 1);
        }
    return c.n;
}

/* ------------------------------------------------------------- repairs -- */

static bool within(uint32_t c, uint32_t low, uint32_t high)
{
    return c >= low && c <= high;
}

static bool is_dropped(uint32_t c)
{
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\f' && c != '\r') ||
           c == 0x7F || c == 0xFEFF || within(c, 0x206A, 0x206F) ||
           within(c, 0xFFF9, 0xFFFC);
}

static size_t repair(const uint32_t *in, size_t n, uint32_t *out)
{
    static const char *const ligatures[] = {"ff",  "fi",        "fl", "ffi",
                                            "ffl", "\xC5\xBFt", "st"};
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t c = in[i];
        if (within(c, 0xFB00, 0xFB06)) {
            size_t more;
            const char *text = ligatures[c - 0xFB00];
            s2vi_utf8_decode(text, strlen(text), out + k, &more, NULL);
            k += more;
        } else if (c == 0x2BC || within(c, 0x2018, 0x201B)) {
            out[k++] = '\'';
        } else if (within(c, 0x201C, 0x201F)) {
            out[k++] = '"';
        } else if (!is_dropped(c)) {
            out[k++] = within(c, 0xFF01, 0xFF5E) ? c - 0xFEE0 : c;
        }
    }
    return k;
}

/* Runs of white space as one space each, none at the ends. */
static size_t collapse(uint32_t *text, size_t n)
{
    size_t k = 0;
    bool space = false;
    for (size_t i = 0; i < n; i++) {
        if (s2vi_is_space(text[i])) {
            space = k > 0;
            continue;
        }
        if (space)
            text[k++] = ' ';
        space = false;
        text[k++] = text[i];
    }
    return k;
}

size_t s2vi_clean(uint32_t *text, size_t n, uint32_t *work)
{
    n = s2vi_html_unescape(text, n);
    n = s2vi_html_unescape(text, n);
    n = collapse(work, repair(text, n, work));
    return s2vi_lower_case(work, n, text);
}
