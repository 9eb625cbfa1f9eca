/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Command lines from a table: one row holds an option's names, kind and limits,
 * where its value goes and what --help says. getopt_long() splits the words.
 *
 *     static const option_row rows[] = {
 *         {"size", 's', OPTION_INT, offsetof(options, size), "N", 16, 4096,
 *          .help = "width and height in pixels"},
 *         {"help", 'h', OPTION_HELP, .help = "print this and exit"},
 *         {"version", 'V', OPTION_VERSION, .help = "print the version"},
 *     };
 *     static const option_program program = {
 *         "s2v-thing", "Usage: s2v-thing [OPTION]... FILE...\n\n", rows,
 *         sizeof(rows) / sizeof(*rows), .column = 17};
 *
 *     options o = {.size = 256};
 *     int status = option_start(&program, argv, &o);
 *     if (status >= 0)
 *         return status;
 *     for (char **file = argv + 1; *file; file++)
 */
#ifndef S2V_TOOLS_OPTION_H
#define S2V_TOOLS_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "s2v/s2v.h"

typedef enum option_kind {
    OPTION_GROUP = 0, /**< no option: a heading of the help */
    OPTION_NOTE,      /**< neither: a line of the help */
    OPTION_ON,        /**< bool: set */
    OPTION_OFF,       /**< bool: cleared */
    OPTION_INT,       /**< int from `min` to `max` */
    OPTION_COUNT,     /**< int64_t likewise */
    OPTION_SEED,      /**< uint64_t, any */
    OPTION_NUMBER,    /**< double from `min` to `max` */
    OPTION_CHOICE,    /**< enum of int's size: the index in `choices` */
    OPTION_SIZE,      /**< int: the number in `choices` */
    OPTION_WORD,      /**< const char *: one of `choices`, as it was given */
    OPTION_STRING,    /**< const char *: not empty, as it was given */
    OPTION_PARSED,    /**< what `parse` makes of the text */
    OPTION_HELP,      /**< this and the next end the parsing */
    OPTION_VERSION,
} option_kind;

/** A line of the table. */
typedef struct option_row option_row;
struct option_row {
    const char *name; /**< without "--"; of a heading NULL */
    char letter;      /**< 0: none */
    option_kind kind;
    size_t offset;        /**< of the value, in the struct of the options */
    const char *argument; /**< placeholder; NULL: takes no value */
    double min, max;
    bool above;          /**< `min` itself is not allowed */
    bool below;          /**< `max` itself is not allowed */
    const char *choices; /**< "a|b|c" */
    const char *help;    /**< wrapped; "\n" begins a line */

    /** OPTION_PARSED: write what `text` says `to` the member at `offset`;
     * false: it is not what is `expected`. */
    bool (*parse)(void *to, const option_row *row, const char *text);
    const char *expected; /**< in the error; or NULL: from the kind */
    const char *ending;   /**< OPTION_STRING, the name of a file: ".png", which
                               its last letters have to be, large or small */
    int of;               /**< a mask for the program's own use */
};

typedef struct option_program {
    const char *name;
    const char *usage; /**< the help before the rows */
    const option_row *rows;
    int n_rows;
    const char *notes;   /**< the help after the rows, or NULL */
    int column;          /**< where the rows' help begins */
    bool flush;          /**< names without a letter begin where letters do */
    const char *command; /**< whose --help lists the options; NULL: `name` */
} option_program;

/** A table's length, for option_program. */
#define OPTION_ROWS(rows) ((int)(sizeof(rows) / sizeof(*(rows))))

/**
 * Take one option.
 *
 * @param text its value; NULL if it takes none
 * @return S2V_OK; an error; above 0 to stop
 */
typedef int (*option_take)(void *user, const option_row *row, const char *text,
                           s2v_error *err);

/**
 * Hand every option of a command line to `take`. Plain words may stand
 * anywhere; all words after "--" are plain.
 *
 * @param argv ends with NULL; then the plain words are argv[1], ... up to NULL
 * @return S2V_OK, what `take` returned if not 0, or S2V_ERR_INVALID
 */
int option_scan(const option_program *program, char **argv, option_take take,
                void *user, s2v_error *err);

/**
 * Set an option's member of the struct `options`. Strings are not copied.
 *
 * @param where it was given, for the error: "--size"
 * @param text as option_take's
 * @return S2V_OK; the row's kind for help and version; S2V_ERR_INVALID:
 *         "--size: expected a whole number from 16 to 4096, found '5'"
 */
int option_set(void *options, const option_row *row, const char *where,
               const char *text, s2v_error *err);

/** option_scan() with option_set() on `options`. */
int option_parse(const option_program *program, char **argv, void *options,
                 s2v_error *err);

/**
 * option_parse() of a whole program: prints help, version and errors.
 *
 * @return below 0: go on; else the exit status: 0, 1 if standard output cannot
 *         be written, 2 for a mistake on the command line
 */
int option_start(const option_program *program, char **argv, void *options);

/** Print the help: usage, rows, notes. */
void option_print_help(const option_program *program, FILE *out);

/** Print words from column `at` on, each further line from `indent` on. */
void option_print_wrapped(FILE *out, const char *text, int at, int indent);

#endif
