/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configurations as JSON: what is read and written, and each sentence. */
#include "weights/fields.h"

#include "check.h"

#include <stdbool.h>

typedef struct config {
    int size, bands;
    bool on;
    int kind;
} config;

static const char *const kinds[] = {"a", "b", "c", NULL};

static const s2vi_field table[] = {
    S2VI_INT(config, size, 8, 64),
    S2VI_INT(config, bands, 4, 4),
    S2VI_BOOL(config, on),
    S2VI_WORD(config, kind, kinds),
};

static const s2vi_fields fields = {"thing", table, 4};

/* Reads and checks; the members that are not given are 9, 4, false, a. */
static int parse(const char *json, config *c, s2v_error *err)
{
    *err = (s2v_error){0};
    *c = (config){.size = 9, .bands = 4};
    const int ret = s2vi_fields_read(&fields, c, json, err);
    return ret < 0 ? ret : s2vi_fields_check(&fields, c, err);
}

static void test_values(void)
{
    config c;
    s2v_error err;
    CHECK(!parse("{\"kind\": \"c\", \"on\": true, \"size\": 64}", &c, &err),
          "%s", err.message);
    char *text = s2vi_fields_text(&fields, &c);
    CHECK(text && !strcmp(text, "{\"size\":64,\"bands\":4,\"on\":true,"
                                "\"kind\":\"c\"}"),
          "%s", text);
    free(text);
    CHECK(!parse("{}", &c, &err) && c.size == 9 && !c.on && !c.kind, "%d",
          c.size);
}

static void test_refused(void)
{
    static const char *const cases[][2] = {
        {"{\"size\":7}", "thing: size is 7, expected 8 to 64"},
        {"{\"size\":65}", "thing: size is 65, expected 8 to 64"},
        {"{\"bands\":5}", "thing: bands is 5, expected 4"},
        {"{\"size\":8.0}",
         "thing: size is not a whole number from 0 to 1048576"},
        {"{\"size\":-1}",
         "thing: size is not a whole number from 0 to 1048576"},
        {"{\"size\":1048577}",
         "thing: size is not a whole number from 0 to 1048576"},
        {"{\"on\":1}", "thing: on is not true or false"},
        {"{\"kind\":\"d\"}", "thing: kind is 'd', expected a, b, c"},
        {"{\"kind\":0}", "thing: kind is not a word, expected a, b, c"},
        {"{\"Size\":8}", "thing: unknown setting 'Size' in s2v.config; is the "
                         "file newer than this library?"},
        {"[8]", "s2v.config is not a JSON object: found an array"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        config c;
        s2v_error err;
        const int ret = parse(cases[i][0], &c, &err);
        CHECK(ret == S2V_ERR_MODEL && !strcmp(err.message, cases[i][1]),
              "%s: %d %s", cases[i][0], ret, err.message);
    }
    config c;
    s2v_error err;
    CHECK(parse("{\"size\":8,\"size\":8}", &c, &err) == S2V_ERR_MODEL, "twice");
}

int main(void)
{
    test_values();
    test_refused();
    return check_done();
}
