/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words that were mistyped, and those that were meant. */
#include "../check.h"
#include "base/nearest.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Worked out by hand; both ways round. */
static void test_distance(void)
{
    static const struct {
        const char *a, *b;
        int distance;
    } known[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"size", "size", 0},
        {"itterations", "iterations", 1}, /* one too many */
        {"sie", "size", 1},               /* one too few */
        {"sice", "size", 1},              /* another */
        {"szie", "size", 1},              /* two swapped */
        {"ca", "abc", 3},                 /* swapped letters stay together */
        {"kitten", "sitting", 3},
        {"flow", "wolf", 3}, /* two others, two swapped */
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        const int there = s2vi_edit_distance(known[i].a, known[i].b);
        const int back = s2vi_edit_distance(known[i].b, known[i].a);
        CHECK(there == known[i].distance && back == there,
              "'%s', '%s': %d and %d, expected %d", known[i].a, known[i].b,
              there, back, known[i].distance);
    }
    char longest[64], longer[65];
    memset(longest, 'x', 63);
    memset(longer, 'x', 64);
    longest[63] = longer[64] = '\0';
    CHECK(s2vi_edit_distance(longest, "x") == 62, "63 bytes");
    CHECK(s2vi_edit_distance(longer, "x") == INT_MAX, "64 bytes");
}

static void test_nearest(void)
{
    static const char *const known[] = {"iterations", "seed",  "size",
                                        "split",      "start", "no-mfs"};
    static const struct {
        const char *word, *meant;
    } typed[] = {
        {"itterations", "iterations"},
        {"iter", "iterations"}, /* cut off */
        {"sizes", "size"},
        {"sede", "seed"},
        {"spilt", "split"},
        {"no", ""},
        {"s", ""},
        {"", ""},
        {"colour", ""},
        {"perceptual", ""},
    };
    for (size_t i = 0; i < sizeof(typed) / sizeof(*typed); i++) {
        s2vi_nearest nearest = s2vi_nearest_to(typed[i].word);
        for (size_t j = 0; j < sizeof(known) / sizeof(*known); j++)
            s2vi_nearest_try(&nearest, known[j]);
        CHECK(!strcmp(nearest.best, typed[i].meant),
              "'%s': '%s', expected '%s'", typed[i].word, nearest.best,
              typed[i].meant);
    }
}

/* Whatever order they come in. */
static void test_ties(void)
{
    static const char *const names[] = {"b.bin", "a.bin", "c.bin"};
    s2vi_nearest nearest = s2vi_nearest_to("x.bin");
    for (int i = 0; i < 3; i++)
        s2vi_nearest_try(&nearest, names[i]);
    CHECK(!strcmp(nearest.best, "a.bin"), "'%s'", nearest.best);
}

static void test_options(void)
{
    s2vi_nearest nearest = s2vi_nearest_to_option("--sice=3");
    s2vi_nearest_try(&nearest, "size");
    CHECK(!strcmp(nearest.word, "sice") && !strcmp(nearest.best, "size"),
          "'%s', '%s'", nearest.word, nearest.best);
    char word[100], name[100];
    memset(word, 'x', sizeof(word));
    word[99] = '\0';
    memcpy(name, word, sizeof(name));
    nearest = s2vi_nearest_to(word);
    s2vi_nearest_try(&nearest, name);
    s2vi_nearest_try(&nearest, "x");
    CHECK(!*nearest.best, "a word that is too long");
    nearest = s2vi_nearest_to("xxx");
    s2vi_nearest_try(&nearest, name);
    CHECK(!*nearest.best, "a name that is too long");
}

int main(void)
{
    test_distance();
    test_nearest();
    test_ties();
    test_options();
    return check_done();
}
