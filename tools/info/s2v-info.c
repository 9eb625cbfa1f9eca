/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * s2v-info: say what is in a weight file, without running it. Only the public
 * interface is used, and all that a file holds is taken as hostile: text is
 * made printable before it meets a terminal.
 */
#include "info.h"

#include "option/option.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static const option_row rows[] = {
    {"tensors", 't', OPTION_ON, offsetof(info_options, tensors),
     .help = "list every tensor: type, shape, size"},
    {"json", 'j', OPTION_ON, offsetof(info_options, json),
     .help = "print one JSON object for each file"},
    {"help", 'h', OPTION_HELP, .help = "print this help and exit"},
    {"version", 'V', OPTION_VERSION, .help = "print the version and exit"},
};

static const option_program program = {
    .name = "s2v-info",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .column = 17,
    .usage = "Usage: s2v-info [OPTION]... FILE...\n"
             "Show the contents of weight files: the model, its training, its "
             "tensors.\n"
             "\n",
    .notes = "\n"
             "A name without a slash is searched in the current folder, in the "
             "folders of\n"
             "$S2V_MODEL_PATH (separated by colons) and among the installed "
             "models.\n"
             "All data is read: the checksum is verified, and all numbers must "
             "be finite.\n"
             "\n"
             "Exit status: 0 if all files are valid, 1 if one is not, 2 for a "
             "command line\n"
             "error.\n"
             "\n"
             "Examples:\n"
             "  s2v-info quintet.bin\n"
             "  s2v-info --tensors quintet.bin\n"
             "  s2v-info --json quintet.bin | jq .training.seed\n",
};

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

int main(int argc, char **argv)
{
    info_options options = {false, false};
    int status = option_start(&program, argv, &options);
    if (status >= 0)
        return status;
    if (!argv[1]) {
        fputs("s2v-info: no weight file given. Try 's2v-info --help'.\n",
              stderr);
        return 2;
    }
    status = EXIT_SUCCESS;
    for (int i = 1; i < argc && argv[i]; i++)
        if (show_file(argv[i], &options, i == 1) < 0)
            status = EXIT_FAILURE;
    if (fflush(stdout) || ferror(stdout)) {
        perror("s2v-info: cannot write to standard output");
        status = EXIT_FAILURE;
    }
    return status;
}
