/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts for CLIP: how they are cleaned, and its tokens with a small list of
 * merges that is made here. The real list is in test_tokens.c.
 */
#include "text/clean.h"
#include "text/clip_tokens.h"
#include "text/unicode.h"

#include <zlib.h>

#include "../front_end.h"

enum { ROOM = 512 };

/* -------------------------------------------------------------- texts -- */

static size_t decode(const char *text, uint32_t *out)
{
    size_t n = 0;
    CHECK(s2vi_utf8_decode(text, strlen(text), out, &n, NULL) == S2V_OK, "%s",
          text);
    return n;
}

static void encode(const uint32_t *in, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        out += s2vi_utf8_encode(in[i], (uint8_t *)out);
    *out = 0;
}

static void test_clean(void)
{
    static const struct {
        const char *text, *clean;
    } lines[] = {
        {"  Heavy\t rain\r\n ", "heavy rain"},
        {"&lt;b&gt; &amp;lt; &amp;amp;lt;", "<b> < &lt;"},
        {"&eacute;&Eacute &notit; &notin; &ampx &;",
         "\u00e9\u00e9 \u00acit; \u2209 &x &;"},
        {"&#233;&#xe9;&#XE9 &#; &#x; &#128; &#1;!",
         "\u00e9\u00e9\u00e9 &#; &#x; \u20ac !"},
        {"&#0;&#xD800;&#x110000;&#99999999999999999999;",
         "\ufffd\ufffd\ufffd\ufffd"},
        {"&NotEqualTilde;&unknown;&a", "\u2242\u0338&unknown;&a"},
        {"&CounterClockwiseContourIntegral;", "\u2233"},
        {"\u02bc\u2018\u2019\u201b \u201c\u201f", "'''' \"\""},
        {"\uff21\uff22\uff11 \ufb01\ufb03\ufb05", "ab1 fiffi\u017ft"},
        {"a\x01\x0b\x1b\x7f\ufeff\u206a\ufff9z", "az"},
        {"a\xc2\x85"
         "b\u3000c\u200bd",
         "a b c\u200bd"},
        {"\u0130 \u03a3\u0391\u03a3 \u03a3 \u03a3a a\u03a3'b a\u03a3' 1\u03a3",
         "i\u0307 \u03c3\u03b1\u03c2 \u03c3 \u03c3a a\u03c3'b a\u03c2' "
         "1\u03c3"},
        {"\u01c5 \u1e9e \U00010400", "\u01c6 \u00df \U00010428"},
        {"\u2167 \u24b6", "\u2177 \u24d0"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        uint32_t text[ROOM], work[ROOM];
        char found[ROOM];
        const size_t n = decode(lines[i].text, text);
        encode(text, s2vi_clean(text, n, work), found);
        CHECK(!strcmp(found, lines[i].clean), "'%s' is '%s', expected '%s'",
              lines[i].text, found, lines[i].clean);
    }
}

static void test_no_utf8(void)
{
    static const struct {
        const char *text;
        size_t bytes, wrong;
    } lines[] = {
        {"ab\xff", 3, 2},
        {"\x80", 1, 0},
        {"a\xc3", 2, 1},
        {"\xc3(", 2, 0},
        {"\xc0\xaf", 2, 0},
        {"\xe0\x80\xaf", 3, 0},
        {"\xed\xa0\x80", 3, 0},
        {"\xf4\x90\x80\x80", 4, 0},
        {"\xf8\x88\x80\x80\x80", 5, 0},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        uint32_t out[8];
        size_t n;
        char sentence[64];
        s2v_error err = {0};
        snprintf(sentence, sizeof(sentence),
                 "the text is not UTF-8: its byte %zu is", lines[i].wrong);
        CHECK(s2vi_utf8_decode(lines[i].text, lines[i].bytes, out, &n, &err) ==
                      S2V_ERR_INVALID &&
                  strstr(err.message, sentence),
              "line %zu: %s", i, err.message);
    }
}

/* ------------------------------------------------------------- tokens -- */

/* Tokens 512 ra, 513 rai, 514 rain</w>, 515 ab, 516 aba; start and end. */
static const char good[] = "#version: 0.2\nr a\nra i\r\nrai n</w>\na b\nab a\n";

enum { MERGES = 5, VOCABULARY = 512 + MERGES + 2, START = 512 + MERGES };

static s2vi_clip_tokenizer *open_list(void)
{
    s2vi_clip_tokenizer *t;
    s2v_error err = {0};
    CHECK(s2vi_clip_tokenizer_parse(&t, good, strlen(good), "list", VOCABULARY,
                                    &err) == S2V_OK,
          "%s", err.message);
    return t;
}

/* A printable byte's token, and that at the end of a word. */
static int inner(char c)
{
    return c - 33;
}

static int last(char c)
{
    return c - 33 + 256;
}

static void tokens_are(const s2vi_clip_tokenizer *t, const char *text, int n,
                       const int *right)
{
    s2vi_clip_text out;
    CHECK(s2vi_clip_tokenize(t, text, strlen(text), &out, NULL) == S2V_OK, "%s",
          text);
    CHECK(out.n == n + 2 && out.whole == n + 2, "'%s': %d tokens, %d", text,
          out.n, out.whole);
    CHECK(out.id[0] == START && out.id[out.n - 1] == START + 1,
          "'%s': %d ... %d", text, out.id[0], out.id[out.n - 1]);
    CHECK(out.n == S2VI_CLIP_CONTEXT || out.id[out.n] == 0, "zeros after");
    for (int i = 0; i < n; i++)
        CHECK(out.id[1 + i] == right[i], "'%s', token %d: %d, expected %d",
              text, i, out.id[1 + i], right[i]);
}

#define TOKENS(text, ...)                                                      \
    tokens_are(t, text, (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)),     \
               (int[]){__VA_ARGS__})

static void test_tokens(const s2vi_clip_tokenizer *t)
{
    enum { RA = 512, RAI, RAIN, AB, ABA };
    TOKENS("Rain", RAIN);
    TOKENS("rai", RA, last('i'));
    TOKENS("raina", RAI, inner('n'), last('a'));
    TOKENS("ababx", AB, AB, last('x')); /* every place of a b before ab a */
    TOKENS("abac", ABA, last('c'));
    TOKENS("aabb", inner('a'), AB, last('b'));
    TOKENS("a1'sb", last('a'), last('1'), inner('\''), last('s'), last('b'));
    TOKENS("12", last('1'), last('2'));
    TOKENS("-!'s", inner('-'), inner('!'), last('\''), last('s'));
    TOKENS("<|endoftext|> <|STARTOFTEXT|>", START + 1, START);
    TOKENS("a\u0345b \u0345", last('a'), last('b'));
    /* U+017F is C5 BF */
    TOKENS("a'\u017f", last('a'), inner('\''), 94 + 12 + 0xC5 - 174,
           94 + 12 + 0xBF - 174 + 256);
    TOKENS("<|\u017ftartoftext|>", inner('<'), inner('|'), 94 + 12 + 0xC5 - 174,
           94 + 12 + 0xBF - 174, inner('t'), inner('a'), inner('r'), inner('t'),
           inner('o'), inner('f'), inner('t'), inner('e'), inner('x'),
           inner('t'), inner('|'), last('>'));
    TOKENS("!<|endoftext|>", inner('!'), inner('<'), last('|'), inner('e'),
           inner('n'), inner('d'), inner('o'), inner('f'), inner('t'),
           inner('e'), inner('x'), last('t'), inner('|'), last('>'));
    /* U+00E9 is C3 A9: the 98th printable byte after 94 of ASCII, ... */
    TOKENS("\u00e9", 94 + 12 + 0xC3 - 174, 94 + 0xA9 - 161 + 256);
    TOKENS("\u0300", 94 + 12 + 0xCC - 174, 188 + 33 + 1 + 256);
}

static void test_length(const s2vi_clip_tokenizer *t)
{
    enum { LONG = 10000 };
    static char text[S2VI_CLIP_TEXT_MOST + 2];
    s2vi_clip_text out;
    s2v_error err = {0};
    memset(text, 'a', sizeof(text) - 1);
    text[LONG] = 0;
    CHECK(s2vi_clip_prompt(t, text, &out, NULL) == S2V_OK, "a long word");
    CHECK(out.n == S2VI_CLIP_CONTEXT && out.whole == LONG + 2,
          "%d tokens of %d", out.n, out.whole);
    CHECK(out.id[75] == inner('a') && out.id[76] == START + 1, "%d, %d",
          out.id[75], out.id[76]);
    text[LONG] = 'a';
    CHECK(s2vi_clip_prompt(t, text, &out, &err) == S2V_ERR_INVALID, "too long");
    CHECK(strstr(err.message, "has 65537 bytes, expected at most 65536"), "%s",
          err.message);
    CHECK(s2vi_clip_tokenize(t, "a\0b", 3, &out, NULL) == S2V_OK, "a zero");
    CHECK(out.n == 4 && out.id[1] == inner('a'), "%d tokens", out.n);
}

static void test_refused(const s2vi_clip_tokenizer *t)
{
    static const char *const empty[] = {"", "  ", "\t\n", "&#1;"};
    s2vi_clip_text out;
    s2v_error err = {0};
    for (int i = 0; i < 4; i++) {
        CHECK(s2vi_clip_prompt(t, empty[i], &out, &err) == S2V_ERR_INVALID,
              "%d", i);
        CHECK(strstr(err.message, "the text is empty"), "%s", err.message);
        CHECK(s2vi_clip_tokenize(t, empty[i], strlen(empty[i]), &out, NULL) ==
                      S2V_OK &&
                  out.n == 2,
              "%d", i);
    }
    CHECK(s2vi_clip_prompt(t, "rain \xff", &out, &err) == S2V_ERR_INVALID &&
              strstr(err.message, "the text is not UTF-8: its byte 5 is 0xFF"),
          "%s", err.message);
}

/* -------------------------------------------------------------- lists -- */

static void refuse(const char *text, int vocabulary, int code,
                   const char *sentence)
{
    s2vi_clip_tokenizer *t;
    s2v_error err = {0};
    const int ret = s2vi_clip_tokenizer_parse(&t, text, strlen(text), "list",
                                              vocabulary, &err);
    CHECK(ret == code && strstr(err.message, sentence), "%d: %s", ret,
          err.message);
    CHECK(!t, "a tokenizer");
}

static void test_lists(void)
{
    refuse("#\na b\n", VOCABULARY, S2V_ERR_FORMAT,
           "list: has 1 merges, expected 5: it is not whole");
    refuse("", VOCABULARY, S2V_ERR_FORMAT, "has 0 merges");
    refuse("#\nra i\na b\n", VOCABULARY, S2V_ERR_FORMAT,
           "list: line 2 is 'ra i', expected two symbols");
    refuse("#\na b\nc\n", VOCABULARY, S2V_ERR_FORMAT, "line 3 is 'c'");
    refuse("#\na b\nab \n", VOCABULARY, S2V_ERR_FORMAT, "line 3 is 'ab '");
    refuse(good, 514, S2V_ERR_INVALID, "a vocabulary of 514 tokens");
    refuse(good, 1 << 30, S2V_ERR_INVALID, "a vocabulary of");
}

static void write_file(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(data, 1, bytes, file) == bytes, "%s", path);
    if (file)
        fclose(file);
}

/* As text, compressed, and compressed but cut. */
static void test_files(void)
{
    static const char path[] = "test-clip-list";
    uint8_t packed[512];
    s2vi_clip_tokenizer *t;
    s2v_error err = {0};
    gzFile gz = gzopen(path, "wb");
    gzwrite(gz, good, (unsigned)strlen(good));
    gzclose(gz);
    FILE *file = fopen(path, "rb");
    const size_t n = fread(packed, 1, sizeof(packed), file);
    fclose(file);
    CHECK(s2vi_clip_tokenizer_open(&t, path, VOCABULARY, &err) == S2V_OK, "%s",
          err.message);
    test_tokens(t);
    s2vi_clip_tokenizer_close(&t);
    write_file(path, good, strlen(good));
    CHECK(s2vi_clip_tokenizer_open(&t, path, VOCABULARY, &err) == S2V_OK, "%s",
          err.message);
    s2vi_clip_tokenizer_close(&t);
    write_file(path, packed, n - 12);
    CHECK(s2vi_clip_tokenizer_open(&t, path, VOCABULARY, &err) ==
                  S2V_ERR_FORMAT &&
              strstr(err.message, "it is not whole"),
          "%s", err.message);
    packed[n - 8] ^= 1; /* of the checksum */
    write_file(path, packed, n);
    CHECK(s2vi_clip_tokenizer_open(&t, path, VOCABULARY, &err) ==
              S2V_ERR_FORMAT,
          "%s", err.message);
    remove(path);
    CHECK(s2vi_clip_tokenizer_open(&t, path, VOCABULARY, &err) == S2V_ERR_IO &&
              strstr(err.message, "cannot be opened"),
          "%s", err.message);
}

static void test_no_memory(void)
{
    s2vi_clip_tokenizer *t = NULL;
    s2vi_clip_text out;
    unsigned long n = 0;
    int ret = S2V_ERR_NOMEM;
    while (ret == S2V_ERR_NOMEM && n < 100) {
        failing_allocation = ++n;
        ret = s2vi_clip_tokenizer_parse(&t, good, strlen(good), "list",
                                        VOCABULARY, NULL);
    }
    failing_allocation = 0;
    CHECK(ret == S2V_OK && n == 6, "%lu allocations", n - 1);
    for (int i = 1; i <= 4; i++) {
        failing_allocation = (unsigned long)i;
        CHECK(s2vi_clip_prompt(t, "rain", &out, NULL) == S2V_ERR_NOMEM, "%d",
              i);
    }
    failing_allocation = 0;
    CHECK(s2vi_clip_prompt(t, "rain", &out, NULL) == S2V_OK, "rain");
    s2vi_clip_tokenizer_close(&t);
}

int main(void)
{
    test_clean();
    test_no_utf8();
    s2vi_clip_tokenizer *t = open_list();
    test_tokens(t);
    test_length(t);
    test_refused(t);
    s2vi_clip_tokenizer_close(&t);
    test_lists();
    test_files();
    test_no_memory();
    return check_done();
}
