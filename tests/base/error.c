/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors and log lines: codes, sentences, and where they are cut. */
#include "../check.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static void test_error(void)
{
    s2v_error err;
    CHECK(s2vi_error(NULL, S2V_ERR_IO, "%d", 1) == S2V_ERR_IO, "code");
    CHECK(s2vi_error(&err, S2V_ERR_FORMAT, "%s: %d", "a", 2) == S2V_ERR_FORMAT,
          "code returned");
    CHECK(err.code == S2V_ERR_FORMAT, "code stored: %d", err.code);
    CHECK(!strcmp(err.message, "a: 2"), "message \"%s\"", err.message);
    CHECK(s2vi_error_nomem(&err, "weights") == S2V_ERR_NOMEM, "code");
    CHECK(!strcmp(err.message, "out of memory for weights"), "message \"%s\"",
          err.message);
}

/* Length of the UTF-8 text s if it is whole characters, or -1. */
static int utf8_length(const char *s)
{
    int n = 0;
    while (s[n]) {
        unsigned char lead = (unsigned char)s[n++];
        int more = lead >= 0xF0   ? 3
                   : lead >= 0xE0 ? 2
                   : lead >= 0xC0 ? 1
                   : lead >= 0x80 ? -1
                                  : 0;
        if (more < 0)
            return -1;
        for (; more > 0; more--, n++)
            if (((unsigned char)s[n] & 0xC0) != 0x80)
                return -1;
    }
    return n;
}

/* A character of each length at each place around the end of the room. */
static void test_error_is_cut(void)
{
    static const char *const characters[] = {"x", "\xC3\xA9", "\xE2\x82\xAC",
                                             "\xF0\x9F\x8E\xBB"};
    const int room = (int)sizeof(((s2v_error *)0)->message) - 1;
    for (int c = 0; c < 4; c++) {
        for (int before = room - 5; before <= room + 1; before++) {
            s2v_error err;
            char text[2000];
            memset(text, 'a', (size_t)before);
            snprintf(text + before, sizeof(text) - (size_t)before, "%s%s%s",
                     characters[c], characters[c], characters[c]);
            s2vi_error(&err, S2V_ERR_IO, "%s", text);
            int n = utf8_length(err.message);
            CHECK(n >= room - 2 * c - 2 && n <= room,
                  "character %d at %d: length %d", c, before, n);
            CHECK(n < 0 || !strncmp(err.message, text, (size_t)n),
                  "character %d at %d: other text", c, before);
        }
    }
}

static void test_status_strings(void)
{
    for (int code = 0; code >= S2V_ERR_INTERNAL; code--) {
        const char *s = s2v_status_string(code);
        CHECK(s && *s && strcmp(s, s2v_status_string(1)), "status %d", code);
        for (int other = 0; other > code; other--)
            CHECK(strcmp(s, s2v_status_string(other)), "%d reads as %d", code,
                  other);
    }
    CHECK(s2v_status_string(-1000), "unknown status");
    char version[32];
    snprintf(version, sizeof(version), "%d.%d.%d", S2V_VERSION_MAJOR,
             S2V_VERSION_MINOR, S2V_VERSION_MICRO);
    CHECK(!strcmp(s2v_version(), version), "version %s", s2v_version());
}

struct heard {
    int lines;
    s2v_log_level level;
    char line[2048];
};

static void listen(void *opaque, s2v_log_level level, const char *message)
{
    struct heard *heard = opaque;
    heard->lines++;
    heard->level = level;
    snprintf(heard->line, sizeof(heard->line), "%s", message);
}

static void test_log(void)
{
    struct heard heard = {0};
    s2vi_logger silent = {0}, logger = {listen, &heard};
    s2vi_log(NULL, S2V_LOG_ERROR, "no logger");
    s2vi_log(&silent, S2V_LOG_ERROR, "no callback");
    s2vi_log(&logger, S2V_LOG_WARNING, "%d of %s", 3, "four");
    CHECK(heard.lines == 1, "%d lines", heard.lines);
    CHECK(heard.level == S2V_LOG_WARNING, "level %d", (int)heard.level);
    CHECK(!strcmp(heard.line, "3 of four"), "line \"%s\"", heard.line);
    s2vi_log(&logger, S2V_LOG_DEBUG, "%1500d", 7);
    CHECK(strlen(heard.line) == 1023, "%zu bytes", strlen(heard.line));
    s2vi_log(&logger, S2V_LOG_DEBUG, "%1022dü", 7);
    CHECK(utf8_length(heard.line) == 1022, "length %d, not 1022",
          utf8_length(heard.line));
}

int main(void)
{
    test_error();
    test_error_is_cut();
    test_status_strings();
    test_log();
    return check_done();
}
