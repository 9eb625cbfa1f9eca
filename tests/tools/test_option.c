/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The programs' command lines: values, plain words, sentences and help. */
#include "option/option.h"

#include "check.h"

typedef struct options {
    bool on, off;
    int whole, choice, size, twice;
    int64_t count;
    uint64_t seed;
    double number, above, below;
    const char *word, *string;
} options;

#define AT(member) offsetof(options, member)

static bool parse_even(void *to, const option_row *row, const char *text)
{
    *(int *)to = atoi(text);
    return *(int *)to % 2 == 0 && *(int *)to <= row->max;
}

static const option_row rows[] = {
    {.help = "Values"},
    {"on", 'o', OPTION_ON, AT(on), .help = "on"},
    {"no-off", 0, OPTION_OFF, AT(off), .help = "off"},
    {"whole", 'w', OPTION_INT, AT(whole), "N", -5, 1000000, .help = "whole"},
    {"count", 0, OPTION_COUNT, AT(count), "N", 1, 1e12, .help = "count"},
    {"seed", 0, OPTION_SEED, AT(seed), "N", .help = "seed"},
    {"number", 'n', OPTION_NUMBER, AT(number), "X", -90, 0.5,
     .help = "a text of many words, so long that it must go on in a second "
             "a line\nand in one of its own"},
    {"above", 0, OPTION_NUMBER, AT(above), "X", 0, 1, .above = true,
     .help = "above"},
    {"below", 0, OPTION_NUMBER, AT(below), "X", 0, 1, .below = true,
     .help = "below"},
    {"choice", 0, OPTION_CHOICE, AT(choice), "C", .choices = "no|one|other",
     .help = "choice"},
    {"size", 0, OPTION_SIZE, AT(size), "N", .choices = "16|32", .help = "size"},
    {"word", 0, OPTION_WORD, AT(word), "W", .choices = "a", .help = "word"},
    {"string", 0, OPTION_STRING, AT(string), "FILE", .help = "string"},
    {"even", 0, OPTION_PARSED, AT(twice), "N", .max = 8, .parse = parse_even,
     .expected = "an even number", .help = "even"},
    {.kind = OPTION_NOTE, .help = "A note."},
    {"help", 'h', OPTION_HELP, .help = "help"},
    {"version", 'V', OPTION_VERSION, .help = "version"},
};

static const option_program program = {.name = "s2v-thing",
                                       .command = "s2v-thing IT",
                                       .usage = "Usage: s2v-thing\n",
                                       .rows = rows,
                                       .n_rows = OPTION_ROWS(rows),
                                       .notes = "\nNotes.\n",
                                       .column = 18};

enum { MOST = 32 };

/* The words of `line`, between spaces. @param words room for MOST */
static int parse(char *line, char **words, options *o, s2v_error *err)
{
    int n = 0;
    words[n++] = "s2v-thing";
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        words[n++] = word;
    words[n] = NULL;
    *err = (s2v_error){0};
    *o = (options){.off = true};
    return option_parse(&program, words, o, err);
}

static void test_values(void)
{
    char line[] = "a -ow-5 --no-off b --count=1000000000000 --seed "
                  "18446744073709551615 -n -90 --above 1 --below 0 --choice "
                  "other --size 32 --word a --string s --even 4 c -- -d --on";
    char *words[MOST];
    options o;
    s2v_error err;
    CHECK(!parse(line, words, &o, &err), "%s", err.message);
    CHECK(o.on && !o.off && o.whole == -5 && o.count == 1000000000000 &&
              o.seed == UINT64_MAX,
          "%d %lld", o.whole, (long long)o.count);
    CHECK(o.number == -90 && o.above == 1 && o.below == 0 && o.choice == 2 &&
              o.size == 32 && !strcmp(o.word, "a") && !strcmp(o.string, "s") &&
              o.twice == 4,
          "%g %d %d", o.number, o.choice, o.size);
    CHECK(!strcmp(words[1], "a") && !strcmp(words[2], "b") &&
              !strcmp(words[3], "c") && !strcmp(words[4], "-d") &&
              !strcmp(words[5], "--on") && !words[6],
          "%s %s %s", words[1], words[2], words[3]);
}

static void test_end(void)
{
    char help[] = "--whole 3 -h --whole x", version[] = "--vers";
    char *words[MOST];
    options o;
    s2v_error err;
    CHECK(parse(help, words, &o, &err) == OPTION_HELP && o.whole == 3, "%s",
          err.message);
    CHECK(parse(version, words, &o, &err) == OPTION_VERSION, "%s", err.message);
}

static void test_refused(void)
{
    static const char *const cases[][2] = {
        {"--whole 1e3",
         "--whole: expected a whole number from -5 to 1000000, found '1e3'"},
        {"-w -6",
         "--whole: expected a whole number from -5 to 1000000, found '-6'"},
        {"--count 99999999999999999999",
         "--count: expected a whole number from 1 to 1000000000000, found "
         "'99999999999999999999'"},
        {"--seed -1",
         "--seed: expected a whole number from 0 to 18446744073709551615, "
         "found '-1'"},
        {"-n nan", "--number: expected a number from -90 to 0.5, found 'nan'"},
        {"-n 1,5", "--number: expected a number from -90 to 0.5, found '1,5'"},
        {"-n 0.6", "--number: expected a number from -90 to 0.5, found '0.6'"},
        {"--above 0",
         "--above: expected a number above 0 and at most 1, found '0'"},
        {"--below 1",
         "--below: expected a number of at least 0 and below 1, found '1'"},
        {"--choice on", "--choice: expected no, one or other, found 'on'"},
        {"--size 1", "--size: expected 16 or 32, found '1'"},
        {"--word b", "--word: expected a, found 'b'"},
        {"--string=", "--string: expected FILE, found ''"},
        {"--even 3", "--even: expected an even number, found '3'"},
        {"--even 10", "--even: expected an even number, found '10'"},
        {"-n", "--number: expected a value (X), found none"},
        {"--on=1", "--on: expected no value, found '--on=1'"},
        {"--on -ox", "unknown option '-x': see s2v-thing IT --help"},
        {"--on -oxo", "unknown option '-x': see s2v-thing IT --help"},
        {"--wohle=3",
         "unknown or ambiguous option '--wohle=3': did you mean --whole? "
         "see s2v-thing IT --help"},
        {"a --colour b",
         "unknown or ambiguous option '--colour': see s2v-thing IT --help"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char line[128], *words[MOST];
        options o;
        s2v_error err;
        snprintf(line, sizeof(line), "%s", cases[i][0]);
        const int ret = parse(line, words, &o, &err);
        CHECK(ret == S2V_ERR_INVALID, "%s: %d", cases[i][0], ret);
        CHECK(!strcmp(err.message, cases[i][1]), "%s: %s", cases[i][0],
              err.message);
    }
}

static void test_help(void)
{
    static const char expected[] =
        "Usage: s2v-thing\n"
        "\nValues:\n"
        "  -o, --on        on\n"
        "      --no-off    off\n"
        "  -w, --whole N   whole\n"
        "      --count N   count\n"
        "      --seed N    seed\n"
        "  -n, --number X  a text of many words, so long that it must go on in "
        "a second\n"
        "                  a line\n"
        "                  and in one of its own\n"
        "      --above X   above\n"
        "      --below X   below\n"
        "      --choice C  choice\n"
        "      --size N    size\n"
        "      --word W    word\n"
        "      --string FILE\n"
        "                  string\n"
        "      --even N    even\n"
        "A note.\n"
        "  -h, --help      help\n"
        "  -V, --version   version\n"
        "\nNotes.\n";
    char text[2048] = "";
    FILE *file = tmpfile();
    CHECK(file, "no file");
    option_print_help(&program, file);
    rewind(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    CHECK(!strcmp(text, expected), "%s", text);
}

int main(void)
{
    test_values();
    test_end();
    test_refused();
    test_help();
    return check_done();
}
