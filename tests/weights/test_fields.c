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

static const s2vi_fields fields = {"thing", table, 4, false};

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

/* ----------------------------------------------------------- numbers -- */

typedef struct numbers {
    double slope, clamp;
} numbers;

static const s2vi_field numbers_table[] = {
    S2VI_NUMBER(numbers, slope, 0, 1),
    S2VI_NUMBER(numbers, clamp, 0, 256),
};

static const s2vi_fields numbers_fields = {"thing", numbers_table, 2, false};

static void test_numbers(void)
{
    numbers n = {.clamp = 3};
    s2v_error err = {0};
    CHECK(!s2vi_fields_read(&numbers_fields, &n,
                            "{\"slope\": 0.2, \"clamp\": null}", &err) &&
              n.slope == 0.2 && n.clamp == 0,
          "%g and %g", n.slope, n.clamp);
    char *text = s2vi_fields_text(&numbers_fields, &n);
    CHECK(text && !strcmp(text, "{\"slope\":0.2,\"clamp\":null}"), "%s", text);
    free(text);
    CHECK(s2vi_fields_read(&numbers_fields, &n, "{\"slope\": \"a\"}", &err) ==
                  S2V_ERR_MODEL &&
              !strcmp(err.message, "thing: slope is not a number"),
          "%s", err.message);
    n.clamp = 1000.5;
    CHECK(s2vi_fields_check(&numbers_fields, &n, &err) == S2V_ERR_MODEL &&
              !strcmp(err.message, "thing: clamp is 1000.5, expected 0 to 256"),
          "%s", err.message);
}

/* ------------------------------------------------------------- lists -- */

enum { ROOM = 3 };

typedef struct lists {
    int n, first[ROOM], second[ROOM], width, grid[ROOM][ROOM];
} lists;

static const s2vi_field lists_table[] = {
    S2VI_INTS(lists, "first", first, ROOM, n),
    S2VI_INTS_AS(lists, "second", second, ROOM, n),
    S2VI_GRID(lists, "grid", grid, ROOM, n, width),
};

static const s2vi_fields lists_fields = {"lists", lists_table, 3, true};

static void test_lists(void)
{
    /* in another order than the table's, which it is written in */
    static const char *const json = "{\"grid\":[[5],[6]],\"second\":[3,4],"
                                    "\"first\":[1,2]}";
    lists l = {0};
    s2v_error err;
    CHECK(!s2vi_fields_read(&lists_fields, &l, json, &err), "%s", err.message);
    CHECK(l.n == 2 && l.first[1] == 2 && l.second[0] == 3 && l.width == 1 &&
              l.grid[0][0] == 5 && l.grid[1][0] == 6,
          "%d %d", l.n, l.width);
    char *text = s2vi_fields_text(&lists_fields, &l);
    CHECK(text && !strcmp(text, "{\"first\":[1,2],\"second\":[3,4],"
                                "\"grid\":[[5],[6]]}"),
          "%s", text);
    free(text);
}

#define NOT_A_LIST "is not a list of 1 to 3 whole numbers from 0 to 1048576"
#define SECOND     "\"first\":[1,2],\"second\":[3,4]"

static void test_lists_refused(void)
{
    static const char *const cases[][2] = {
        {"{\"first\":7}", "lists: first " NOT_A_LIST},
        {"{\"first\":[]}", "lists: first " NOT_A_LIST},
        {"{\"first\":[1,2,3,4]}", "lists: first " NOT_A_LIST},
        {"{\"first\":[1,-2]}", "lists: first " NOT_A_LIST},
        {"{\"first\":[1,1048577]}", "lists: first " NOT_A_LIST},
        {"{\"first\":[1,2],\"second\":[1]}",
         "lists: second has a list of 1 numbers, expected 2"},
        {"{\"first\":[1,2]}", "lists: 'second' is missing in s2v.config"},
        {"{" SECOND "}", "lists: 'grid' is missing in s2v.config"},
        {"{" SECOND ",\"grid\":[[1]]}", "lists: grid is not a list of 2 lists"},
        {"{" SECOND ",\"grid\":[1,2]}", "lists: grid " NOT_A_LIST},
        {"{" SECOND ",\"grid\":[[1],[1,2]]}",
         "lists: grid has a list of 2 numbers, expected 1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        lists l = {0};
        s2v_error err = {0};
        const int ret = s2vi_fields_read(&lists_fields, &l, cases[i][0], &err);
        CHECK(ret == S2V_ERR_MODEL && !strcmp(err.message, cases[i][1]),
              "%s: %d %s", cases[i][0], ret, err.message);
    }
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
    test_numbers();
    test_refused();
    test_lists();
    test_lists_refused();
    return check_done();
}
