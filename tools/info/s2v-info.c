/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * s2v-info: say what is in a weight file, without running it. Only the public
 * interface is used, and all that a file holds is taken as hostile: text is
 * made printable before it meets a terminal.
 */
#include "info.h"

#include "option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: s2v-info [OPTION]... FILE...\n"
    "Show what is in weight files: the model, how it was trained, its "
    "tensors.\n"
    "\n"
    "  -t, --tensors  list every tensor: type, shape, size\n"
    "  -j, --json     print one JSON object for each file\n"
    "  -h, --help     print this and exit\n"
    "  -V, --version  print the version and exit\n"
    "\n"
    "A bare name is looked for in the current folder, in each folder of\n"
    "$S2V_MODEL_PATH (separated by colons) and among the installed models.\n"
    "Every byte is read: the checksum is compared with the recorded one, and\n"
    "every number must be finite.\n"
    "\n"
    "Exit status: 0 if all files are sound, 1 if one is not, 2 for a mistake\n"
    "on the command line.\n"
    "\n"
    "Examples:\n"
    "  s2v-info quintet.bin\n"
    "  s2v-info --tensors quintet.bin\n"
    "  s2v-info --json quintet.bin | jq .training.seed\n";

static int show_file(const char *path, const info_options *options, bool first)
{
    s2v_weights *w = NULL;
    s2v_error err = {0};
    info_summary summary;
    if (s2v_weights_open(&w, path, &err) < 0) {
        fprintf(stderr, "s2v-info: %s\n", err.message);
        return -1;
    }
    bool sound = s2v_weights_verify(w, &err) >= 0;
    info_summarize(&summary, w, sound);
    if (options->json) {
        info_print_json(w, &summary);
    } else {
        if (!first)
            putchar('\n');
        info_print(w, &summary, options);
    }
    s2v_weights_close(&w);
    if (!sound) {
        fflush(stdout); /* the report before its verdict */
        fprintf(stderr, "s2v-info: %s\n", err.message);
    }
    return sound ? 0 : -1;
}

/* 0 to go on; otherwise the exit status plus 1. */
static int parse_options(int argc, char **argv, info_options *options)
{
    static const struct option longs[] = {
        {"tensors", no_argument, NULL, 't'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int c;
    while ((c = option_next("s2v-info", argc, argv, ":tjhV", longs)) != -1) {
        switch (c) {
        case 't': options->tensors = true; break;
        case 'j': options->json = true; break;
        case 'h': fputs(usage, stdout); return 1;
        case 'V': printf("s2v-info %s\n", s2v_version()); return 1;
        default: return 3; /* option_next() has said what is wrong */
        }
    }
    if (optind < argc)
        return 0;
    fputs("s2v-info: no weight file is named. Try 's2v-info --help'.\n",
          stderr);
    return 3;
}

int main(int argc, char **argv)
{
    info_options options = {false, false};
    int status = parse_options(argc, argv, &options);
    if (!status)
        for (int i = optind; i < argc; i++)
            if (show_file(argv[i], &options, i == optind) < 0)
                status = 2;
    if (fflush(stdout) || ferror(stdout)) {
        perror("s2v-info: cannot write to standard output");
        status = 2;
    }
    return status ? status - 1 : EXIT_SUCCESS;
}
