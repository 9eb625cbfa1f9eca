/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --compare: the row of an earlier run, from a file of JSON objects, one a
 * line, as --json prints them. */
#include "bench.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench_earlier {
    json_t *rows; /* an array */
    const char *path;
};

static int fail(const char *path, int line, const char *expected,
                const char *found)
{
    fprintf(stderr,
            "s2v-bench: --compare '%s', line %d: expected %s, found %s\n", path,
            line, expected, found);
    return -1;
}

static int read_lines(bench_earlier *e, FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    int ret = 0;
    for (int number = 1; !ret && getline(&line, &room, file) >= 0; number++) {
        json_error_t error;
        json_t *row = json_loads(line, 0, &error);
        if (row && json_string_value(json_object_get(row, "model")))
            json_array_append(e->rows, row);
        else
            ret = fail(e->path, number, "a row that --json printed",
                       row ? "another object" : error.text);
        json_decref(row);
    }
    free(line);
    if (ferror(file)) {
        fprintf(stderr, "s2v-bench: --compare '%s': %s\n", e->path,
                strerror(errno));
        return -1;
    }
    if (!ret && !json_array_size(e->rows))
        ret = fail(e->path, 1, "a row that --json printed", "none");
    return ret;
}

int bench_earlier_open(bench_earlier **out, const char *path)
{
    FILE *file = fopen(path, "r");
    bench_earlier *e = *out = calloc(1, sizeof(*e));
    if (!file || !e) {
        fprintf(stderr, "s2v-bench: --compare '%s': %s\n", path,
                strerror(errno));
        if (file)
            fclose(file);
        return -1;
    }
    e->path = path;
    e->rows = json_array();
    const int ret = read_lines(e, file);
    fclose(file);
    return ret;
}

void bench_earlier_close(bench_earlier **out)
{
    if (*out)
        json_decref((*out)->rows);
    free(*out);
    *out = NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

static double number_of(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

/* The model is the same by its file's name: builds lie in other folders. */
static bool is_same(const json_t *row, const bench_job *job,
                    const bench_row *now)
{
    return !strcmp(base_name(text_of(row, "model")), base_name(job->path)) &&
           !strcmp(text_of(row, "dtype"), now->info.dtype) &&
           !strcmp(text_of(row, "device"), now->info.device) &&
           (int)number_of(row, "threads") == job->threads &&
           (int)number_of(row, "sessions") == job->sessions;
}

/* Relative spread of an earlier row or of this one. */
static double spread(double low, double high)
{
    return low > 0 ? (high - low) / (high + low) : 0;
}

void bench_compare(const bench_earlier *e, const bench_job *job,
                   const bench_row *now, bench_comparison *out)
{
    size_t i;
    json_t *row, *found = NULL;
    *out = (bench_comparison){0};
    json_array_foreach(e->rows, i, row) found =
        is_same(row, job, now) ? row : found; /* the last one */
    if (!found)
        return;
    if (strcmp(text_of(found, "processor"), bench_processor()))
        fprintf(stderr,
                "s2v-bench: the row of '%s' is of another processor: "
                "'%s'; this one is '%s'\n",
                e->path, text_of(found, "processor"), bench_processor());
    if (job->start) {
        out->before = number_of(found, "start_ms");
        out->ratio = out->before / now->start;
        return;
    }
    out->before = number_of(found, "fps");
    out->ratio = out->before > 0 ? now->fps / out->before : 0;
    out->noise =
        spread(now->fps_low, now->fps_high) +
        spread(number_of(found, "fps_low"), number_of(found, "fps_high"));
}

const char *bench_processor(void)
{
    static char name[128];
    FILE *file = *name ? NULL : fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file && !*name && fgets(line, sizeof(line), file))
        if (sscanf(line, "model name : %127[^\n]", name) != 1)
            *name = '\0';
    if (file)
        fclose(file);
    if (!*name)
        strcpy(name, "unknown");
    return name;
}
