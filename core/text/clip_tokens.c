/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CLIP's tokenizer. */
#include "text/clip_tokens.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "text/clean.h"
#include "text/unicode.h"

enum {
    BYTES = 256,
    FIRST = 2 * BYTES,    /* the first merge's token */
    MOST_LIST = 64 << 20, /* bytes of a list of merges */
    MOST_VOCABULARY = 1 << 20,
    NONE = -1,
};

/* A table of hashes: keys are pairs of tokens, or spelled tokens. */
typedef struct slot {
    uint64_t key;
    int value; /* NONE: empty */
} slot;

typedef struct table {
    slot *slots;
    size_t mask;
} table;

struct s2vi_clip_tokenizer {
    int merges;
    int of_byte[BYTES]; /* its token */
    table pairs;        /* (left << 32 | right) -> merge */
};

/* --------------------------------------------------------------- tables -- */

static bool table_open(table *t, size_t n)
{
    size_t room = 16;
    while (room < 2 * n)
        room *= 2;
    *t = (table){calloc(room, sizeof(slot)), room - 1};
    for (size_t i = 0; t->slots && i < room; i++)
        t->slots[i].value = NONE;
    return t->slots != NULL;
}

static size_t place_of(const table *t, uint64_t key)
{
    key ^= key >> 32;
    key *= 0x9E3779B97F4A7C15u;
    return (size_t)(key >> 20) & t->mask;
}

static int find_pair(const table *t, int left, int right)
{
    const uint64_t key = (uint64_t)left << 32 | (uint32_t)right;
    size_t i = place_of(t, key);
    while (t->slots[i].value != NONE && t->slots[i].key != key)
        i = (i + 1) & t->mask;
    return t->slots[i].value;
}

/* Unless it is there. */
static void add_pair(table *t, int left, int right, int value)
{
    const uint64_t key = (uint64_t)left << 32 | (uint32_t)right;
    size_t i = place_of(t, key);
    while (t->slots[i].value != NONE && t->slots[i].key != key)
        i = (i + 1) & t->mask;
    if (t->slots[i].value == NONE)
        t->slots[i] = (slot){key, value};
}

/* --------------------------------------------------------------- merges -- */

/* How tokens are spelled in the list: bytes as printable characters. */
typedef struct spelling {
    size_t from, n; /* among the letters */
} spelling;

typedef struct speller {
    char *letters;
    size_t used;
    spelling *of; /* of each token */
    table names;  /* hash of a spelling -> token */
    int count;
} speller;

static const char END_OF_WORD[] = "</w>";

static uint64_t hash_of(const char *s, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)s[i]) * 0x100000001b3u;
    return h;
}

static int find_spelled(const speller *s, const char *text, size_t n)
{
    const uint64_t key = hash_of(text, n);
    for (size_t i = place_of(&s->names, key);; i = (i + 1) & s->names.mask) {
        const slot *at = &s->names.slots[i];
        if (at->value == NONE)
            return NONE;
        const spelling *p = &s->of[at->value];
        if (at->key == key && p->n == n &&
            !memcmp(s->letters + p->from, text, n))
            return at->value;
    }
}

/* The next token is spelled `a` and then `b`. One that is spelled as an earlier
 * one is never found. */
static void spell(speller *s, const char *a, size_t na, const char *b,
                  size_t nb)
{
    const int token = s->count++;
    char *to = s->letters + s->used;
    s->of[token] = (spelling){s->used, na + nb};
    memmove(to, a, na);
    memmove(to + na, b, nb);
    s->used += na + nb;
    if (find_spelled(s, to, na + nb) != NONE)
        return;
    const uint64_t key = hash_of(to, na + nb);
    size_t i = place_of(&s->names, key);
    while (s->names.slots[i].value != NONE)
        i = (i + 1) & s->names.mask;
    s->names.slots[i] = (slot){key, token};
}

static bool is_printable(int byte)
{
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) ||
           byte >= 174;
}

/* Tokens of the bytes: printable ones first, as themselves; then the others, as
 * the characters from 256 on. */
static void spell_bytes(speller *s, int of_byte[BYTES])
{
    uint8_t text[BYTES][4];
    int length[BYTES], n = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int b = 0; b < BYTES; b++)
            if (is_printable(b) == !pass) {
                const int other = n - 188; /* there are 188 printable ones */
                length[n] = s2vi_utf8_encode(
                    (uint32_t)(pass ? BYTES + other : b), text[n]);
                of_byte[b] = n++;
            }
    for (int end = 0; end < 2; end++)
        for (int i = 0; i < BYTES; i++)
            spell(s, (const char *)text[i], (size_t)length[i], END_OF_WORD,
                  end ? strlen(END_OF_WORD) : 0);
}

static void speller_close(speller *s)
{
    free(s->letters);
    free(s->of);
    free(s->names.slots);
}

static bool speller_open(speller *s, size_t tokens, size_t bytes)
{
    *s = (speller){0};
    s->letters = malloc(bytes + FIRST * 8);
    s->of = calloc(tokens, sizeof(*s->of));
    return s->letters && s->of && table_open(&s->names, tokens);
}

/* A line's end, and its length without what ends it. */
static const char *line_end(const char *at, const char *end, size_t *n)
{
    const char *next = memchr(at, '\n', (size_t)(end - at));
    *n = (size_t)((next ? next : end) - at);
    if (*n && at[*n - 1] == '\r')
        --*n;
    return next ? next + 1 : end;
}

static int merge_line(s2vi_clip_tokenizer *t, speller *s, const char *line,
                      size_t n, const char *name, s2v_error *err)
{
    const char *space = memchr(line, ' ', n);
    const size_t na = space ? (size_t)(space - line) : 0;
    const size_t nb = space ? n - na - 1 : 0;
    const int left = na ? find_spelled(s, line, na) : NONE;
    const int right = nb ? find_spelled(s, space + 1, nb) : NONE;
    const int merge = s->count - FIRST;
    if (left == NONE || right == NONE)
        return s2vi_error(
            err, S2V_ERR_FORMAT,
            "%s: line %d is '%.*s', expected two symbols that are "
            "bytes or made in lines before, as in CLIP's list of "
            "merges",
            name, merge + 2, n < 40 ? (int)n : 40, line);
    add_pair(&t->pairs, left, right, merge);
    spell(s, line, na, space + 1, nb);
    return S2V_OK;
}

static int merge_lines(s2vi_clip_tokenizer *t, speller *s, const char *list,
                       size_t bytes, const char *name, s2v_error *err)
{
    const char *end = list + bytes;
    size_t n;
    int ret = S2V_OK;
    const char *at = line_end(list, end, &n); /* the version */
    while (s->count < FIRST + t->merges && at < end && ret >= 0) {
        const char *line = at;
        at = line_end(at, end, &n);
        if (n)
            ret = merge_line(t, s, line, n, name, err);
        else
            break;
    }
    if (ret >= 0 && s->count < FIRST + t->merges)
        ret = s2vi_error(err, S2V_ERR_FORMAT,
                         "%s: has %d merges, expected %d: it is not whole",
                         name, s->count - FIRST, t->merges);
    return ret;
}

int s2vi_clip_tokenizer_parse(s2vi_clip_tokenizer **tokenizer, const char *list,
                              size_t bytes, const char *name, int vocabulary,
                              s2v_error *err)
{
    int ret = S2V_OK;
    speller s = {0};
    s2vi_clip_tokenizer *t = NULL;
    *tokenizer = NULL;
    if (vocabulary < FIRST + 3 || vocabulary > MOST_VOCABULARY)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "%s: a vocabulary of %d tokens, expected %d to %d",
                          name, vocabulary, FIRST + 3, MOST_VOCABULARY);
    t = calloc(1, sizeof(*t));
    if (t)
        t->merges = vocabulary - FIRST - 2;
    if (!t || !table_open(&t->pairs, (size_t)vocabulary) ||
        !speller_open(&s, (size_t)vocabulary, bytes)) {
        ret = s2vi_error_nomem(err, name);
        goto fail;
    }
    spell_bytes(&s, t->of_byte);
    ret = merge_lines(t, &s, list, bytes, name, err);
    if (ret < 0)
        goto fail;
    *tokenizer = t;
    t = NULL;
fail:
    speller_close(&s);
    s2vi_clip_tokenizer_close(&t);
    return ret;
}

void s2vi_clip_tokenizer_close(s2vi_clip_tokenizer **tokenizer)
{
    if (!tokenizer || !*tokenizer)
        return;
    free((*tokenizer)->pairs.slots);
    free(*tokenizer);
    *tokenizer = NULL;
}

/* ----------------------------------------------------------- the file -- */

/* All that is left in it, to be freed; grows by doubling. */
static int read_all(gzFile file, const char *path, char **data, size_t *bytes,
                    s2v_error *err)
{
    size_t room = 1 << 16;
    int n = 1;
    *data = malloc(room);
    *bytes = 0;
    while (*data && n > 0 && *bytes < MOST_LIST) {
        if (*bytes == room) {
            char *more = realloc(*data, room *= 2);
            if (!more)
                break;
            *data = more;
        }
        n = gzread(file, *data + *bytes, (unsigned)(room - *bytes));
        *bytes += n > 0 ? (size_t)n : 0;
    }
    int code = Z_OK;
    const char *why = gzerror(file, &code);
    if (n == 0 && code == Z_OK)
        return S2V_OK;
    if (n > 0)
        return *bytes < MOST_LIST
                   ? s2vi_error_nomem(err, path)
                   : s2vi_error(err, S2V_ERR_FORMAT,
                                "%s: is larger than %d MiB: no list of merges",
                                path, MOST_LIST >> 20);
    return s2vi_error(err, S2V_ERR_FORMAT, "%s: cannot be read: %s", path,
                      code == Z_BUF_ERROR ? "it is not whole" : why);
}

int s2vi_clip_tokenizer_open(s2vi_clip_tokenizer **tokenizer, const char *path,
                             int vocabulary, s2v_error *err)
{
    char *data = NULL;
    size_t bytes = 0;
    *tokenizer = NULL;
    gzFile file = gzopen(path, "rb");
    if (!file)
        return s2vi_error(err, S2V_ERR_IO,
                          "%s: the list of merges cannot be opened", path);
    int ret = read_all(file, path, &data, &bytes, err);
    gzclose(file);
    if (ret >= 0)
        ret = s2vi_clip_tokenizer_parse(tokenizer, data, bytes, path,
                                        vocabulary, err);
    free(data);
    return ret;
}

/* ---------------------------------------------------------------- words -- */

/* A text's tokens as they are made, and what a word needs. */
typedef struct maker {
    const s2vi_clip_tokenizer *t;
    s2vi_clip_text *out;
    int *symbol; /* of the word */
    int *rank;   /* of the merge of each symbol and the next */
} maker;

static void put(maker *m, int id)
{
    if (m->out->n < S2VI_CLIP_CONTEXT)
        m->out->id[m->out->n++] = id;
    m->out->whole++;
}

static int rank_of(const maker *m, size_t i)
{
    const int rank = find_pair(&m->t->pairs, m->symbol[i], m->symbol[i + 1]);
    return rank == NONE ? m->t->merges : rank;
}

/* Every place of a merge, from the left; returns how many symbols are left. */
static size_t merge(maker *m, size_t n, int least)
{
    enum { UNKNOWN = -1 };
    size_t k = 0;
    for (size_t i = 0; i < n; k++) {
        if (i + 1 < n && m->rank[i] == least) {
            m->symbol[k] = FIRST + least;
            m->rank[k] = UNKNOWN;
            if (k > 0)
                m->rank[k - 1] = UNKNOWN;
            i += 2;
        } else {
            m->symbol[k] = m->symbol[i];
            m->rank[k] = m->rank[i];
            i++;
        }
    }
    for (size_t i = 0; i + 1 < k; i++)
        if (m->rank[i] == UNKNOWN)
            m->rank[i] = rank_of(m, i);
    return k;
}

/* The tokens of m->symbol, the bytes of a word. */
static void put_word(maker *m, size_t n)
{
    if (n == 0)
        return;
    m->symbol[n - 1] += BYTES; /* the end of the word */
    for (size_t i = 0; i + 1 < n; i++)
        m->rank[i] = rank_of(m, i);
    for (int least = 0; least < m->t->merges;) {
        least = m->t->merges;
        for (size_t i = 0; i + 1 < n; i++)
            least = m->rank[i] < least ? m->rank[i] : least;
        if (least < m->t->merges)
            n = merge(m, n, least);
    }
    for (size_t i = 0; i < n; i++)
        put(m, m->symbol[i]);
}

enum { LONG_S = 0x17F, IOTA_BELOW = 0x345 };

/* As the published code, which matches without regard to case: the long s, too,
 * is an s. */
static bool begins_with(const uint32_t *text, size_t n, const char *word)
{
    size_t i = 0;
    while (
        word[i] && i < n &&
        (text[i] == (uint8_t)word[i] || (text[i] == LONG_S && word[i] == 's')))
        i++;
    return !word[i];
}

typedef enum kind { LETTER, NUMBER, SPACE, OTHER } kind;

/* The iota below a letter is a mark that may become a letter in upper case: for
 * the published code it is none of all, and left out. */
static kind kind_of(uint32_t c)
{
    return s2vi_is_space(c) || c == IOTA_BELOW ? SPACE
           : s2vi_is_letter(c)                 ? LETTER
           : s2vi_is_number(c)                 ? NUMBER
                                               : OTHER;
}

/* Code points of the piece at `text`: a suffix, letters, one number, or others
 * that are no space. */
static size_t piece_of(const uint32_t *text, size_t n)
{
    static const char *const suffixes[] = {"'s", "'t",  "'re", "'ve",
                                           "'m", "'ll", "'d"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
        if (begins_with(text, n, suffixes[i]))
            return strlen(suffixes[i]);
    const kind first = kind_of(*text);
    size_t length = 1;
    while (first != NUMBER && length < n && kind_of(text[length]) == first)
        length++;
    return length;
}

static void put_piece(maker *m, const uint32_t *text, size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t utf8[4];
        const int length = s2vi_utf8_encode(text[i], utf8);
        for (int k = 0; k < length; k++)
            m->symbol[bytes++] = m->t->of_byte[utf8[k]];
    }
    put_word(m, bytes);
}

/* What begins like the start's or the end's name; 0: neither. */
static size_t put_special(maker *m, const uint32_t *text, size_t n)
{
    static const char *const names[] = {"<|startoftext|>", "<|endoftext|>"};
    for (int i = 0; i < 2; i++) {
        const size_t length = strlen(names[i]);
        if (!begins_with(text, n, names[i]))
            continue;
        if (text[2] == LONG_S)
            put_piece(m, text, length);
        else
            put(m, FIRST + m->t->merges + i);
        return length;
    }
    return 0;
}

static void put_text(maker *m, const uint32_t *text, size_t n)
{
    const int start = FIRST + m->t->merges;
    put(m, start);
    while (n > 0) {
        size_t length = put_special(m, text, n);
        if (!length && kind_of(*text) == SPACE) {
            length = 1;
        } else if (!length) {
            length = piece_of(text, n);
            put_piece(m, text, length);
        }
        text += length;
        n -= length;
    }
    put(m, start + 1);
    m->out->id[m->out->n - 1] = start + 1; /* where the text was cut, too */
}

int s2vi_clip_tokenize(const s2vi_clip_tokenizer *tokenizer, const char *text,
                       size_t bytes, s2vi_clip_text *out, s2v_error *err)
{
    const size_t room = S2VI_CLEAN_ROOM(bytes) + 1;
    uint32_t *codes = NULL, *work = NULL;
    maker m = {.t = tokenizer, .out = out};
    size_t n = 0;
    int ret;
    *out = (s2vi_clip_text){.n = 0};
    if (bytes > S2VI_CLIP_TEXT_MOST)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "the text has %zu bytes, expected at most %d", bytes,
                          S2VI_CLIP_TEXT_MOST);
    codes = malloc(room * sizeof(*codes));
    work = malloc(room * sizeof(*work));
    m.symbol = malloc(4 * room * sizeof(*m.symbol));
    m.rank = malloc(4 * room * sizeof(*m.rank));
    ret = codes && work && m.symbol && m.rank ? S2V_OK
                                              : s2vi_error_nomem(err, "a text");
    if (ret >= 0)
        ret = s2vi_utf8_decode(text, bytes, codes, &n, err);
    if (ret >= 0)
        put_text(&m, codes, s2vi_clean(codes, n, work));
    free(codes);
    free(work);
    free(m.symbol);
    free(m.rank);
    return ret;
}

int s2vi_clip_prompt(const s2vi_clip_tokenizer *tokenizer, const char *text,
                     s2vi_clip_text *out, s2v_error *err)
{
    const int ret = s2vi_clip_tokenize(tokenizer, text, strlen(text), out, err);
    if (ret < 0 || out->whole > 2)
        return ret;
    return s2vi_error(
        err, S2V_ERR_INVALID,
        "the text is empty, expected words such as 'heavy rain at "
        "dusk'");
}
