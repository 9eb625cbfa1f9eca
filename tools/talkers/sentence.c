/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sentence.h"

#include <stdio.h>
#include <string.h>

/* By the word, not by its place: some are in several classes. */
bool talkers_word_is_held_out(const char *word)
{
    uint32_t hash = 2166136261u;

    for (; *word; word++)
        hash = (hash ^ (uint8_t)*word) * 16777619u;
    return (hash ^ hash >> 15) % 8 == 5;
}

static bool is_number_held_out(int n)
{
    return n % 8 == 5;
}

int talkers_word_count(enum word_class c)
{
    int n = 1;

    for (const char *p = talkers_words[c]; *p; p++)
        n += *p == ' ';
    return n;
}

static void copy_word(char *to, size_t size, enum word_class c, int index)
{
    const char *p = talkers_words[c];

    for (; index > 0; index--)
        p = strchr(p, ' ') + 1;
    snprintf(to, size, "%.*s", (int)strcspn(p, " "), p);
}

static void draw_word(char *to, size_t size, struct talkers_dice *d,
                      enum word_class c, bool held_out)
{
    const int n = talkers_word_count(c);

    do
        copy_word(to, size, c, talkers_pick(d, n));
    while (talkers_word_is_held_out(to) != held_out);
}

/* Capital letters stand for words of a class; the rest is said as it is. */
static const char *const templates[] = {
    "The Q P will A the Q T.",
    "The P can A a T in the L.",
    "N and N want to G in the L.",
    "Why does the Q P A my T?",
    "We should G H.",
    "Please A the Q T, and G H.",
    "My P and your P never A the T.",
    "I saw a Q T in the Q L.",
    "On W, N will A the T H.",
    "Where did the P A that Q T?",
    "There is a T on the Q T.",
    "It was Q, but the P began to G.",
    "Both of them G H before W.",
    "N, do you A the Q T?",
    "A Q P and a Q T are in the L.",
    "They move the T from the L to the L.",
    "The T is Q, and the T is Q.",
    "Somebody must A the T by W.",
    "If you A the T, N will G.",
    "Our P may G H, or A a T.",
};

static const char *const brief_templates[] = {
    "G H.", "A it.", "Q, please.", "My T.", "N.", "Yes.", "W."};

static enum word_class class_of(char c)
{
    static const char letters[WORD_CLASSES + 1] = "PTLAGQHNW";

    return (enum word_class)(strchr(letters, c) - letters);
}

/* Whether a letter is a placeholder: no other letters beside it. */
static bool is_slot(const char *p, const char *start)
{
    const char after = p[1];
    const bool begins = p == start || p[-1] == ' ';

    return begins && strchr("PTLAGQHNW", *p) &&
           (after == ' ' || after == '.' || after == ',' || after == '?');
}

static void fill_template(char *text, size_t size, const char *t,
                          struct talkers_dice *d, bool held_out)
{
    size_t at = 0;

    for (const char *p = t; *p && at + 24 < size; p++) {
        /* "A Q P and a Q T": the first A is an article */
        const bool article = *p == 'A' && p == t && p[2] == 'Q';
        if (is_slot(p, t) && !article) {
            draw_word(text + at, size - at, d, class_of(*p), held_out);
            at += strlen(text + at);
        } else {
            text[at++] = *p;
        }
    }
    text[at] = 0;
}

/* GRID's: verb, colour, preposition, letter, digit, adverb. */
static void grid(char *text, size_t size, struct talkers_dice *d, bool held_out)
{
    static const char *const verbs[] = {"bin", "lay", "place", "set"};
    static const char *const colours[] = {"blue", "green", "red", "white"};
    static const char *const places[] = {"at", "by", "in", "with"};
    static const char letters[] = "abcdefghijklmnopqrstuvxyz";
    static const char *const adverbs[] = {"again", "now", "please", "soon"};
    int letter, digit;

    do {
        letter = talkers_pick(d, 25);
        digit = talkers_pick(d, 10);
    } while (is_number_held_out(letter + 3 * digit) != held_out);
    const char *verb = verbs[talkers_pick(d, 4)];
    const char *colour = colours[talkers_pick(d, 4)];
    const char *place = places[talkers_pick(d, 4)];
    snprintf(text, size, "%s %s %s %c %d %s.", verb, colour, place,
             letters[letter] - 'a' + 'A', digit, adverbs[talkers_pick(d, 4)]);
}

static void numbers(char *text, size_t size, struct talkers_dice *d,
                    bool held_out)
{
    int n;

    do
        n = talkers_pick(d, 2) ? talkers_pick(d, 100) : talkers_pick(d, 10000);
    while (is_number_held_out(n) != held_out);
    char thing[24];
    draw_word(thing, sizeof(thing), d, WORD_THING, held_out);
    if (talkers_pick(d, 2))
        snprintf(text, size, "Number %d, and not a %s.", n, thing);
    else
        snprintf(text, size, "It costs %d, and the %s is free.", n, thing);
}

void talkers_sentence(char *text, size_t size, struct talkers_dice *d,
                      bool held_out, bool brief)
{
    const int n = sizeof(templates) / sizeof(templates[0]);
    const int few = sizeof(brief_templates) / sizeof(brief_templates[0]);
    const int kind = talkers_pick(d, 10);

    if (brief)
        fill_template(text, size, brief_templates[talkers_pick(d, few)], d,
                      held_out);
    else if (kind < 3)
        grid(text, size, d, held_out);
    else if (kind < 4)
        numbers(text, size, d, held_out);
    else
        fill_template(text, size, templates[talkers_pick(d, n)], d, held_out);
}
