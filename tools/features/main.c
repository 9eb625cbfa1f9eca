/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-features: clips become feature sets for s2v-train varietysound. */
#include "feature_set.h"

#include "base/error.h"
#include "option/option.h"
#include "terminal/progress.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <libavutil/log.h>
#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct options {
    features_params params;
    const char *output;
    char **clips; /* NULL-terminated, of argv */
    int track;    /* from 0; -1: ffmpeg's choice */
    bool quiet, skip_bad;
} options;

#define AT(member) offsetof(options, member)

static const option_row rows[] = {
    {"rgb", 0, OPTION_STRING, AT(params.rgb), "FILE",
     .help = "weights for frames: safetensors with the names of the PyTorch "
             "versions (conv1_7x7_s2.weight ...)"},
    {"flow", 0, OPTION_STRING, AT(params.flow), "FILE",
     .help = "weights for optical flow (default: those for frames, the first "
             "layer averaged over colours)"},
    {"output", 'o', OPTION_STRING, AT(output), "FOLDER",
     .help = "folder for CLIP.safetensors; created if missing"},
    {"track", 0, OPTION_INT, AT(track), "N", 0, 999,
     .help = "audio track of each clip, counted from 0 as in ffmpeg's a:N "
             "(default: the one that ffmpeg selects)"},
    {"skip-bad", 0, OPTION_ON, AT(skip_bad),
     .help = "leave out clips that do not decode, are silent, truncated or "
             "damaged, and list them at the end"},
    {"device", 0, OPTION_STRING, AT(params.device), "NAME",
     .help = "auto, cpu, ref, cuda or cuda:N (default auto)"},
    {"threads", 0, OPTION_INT, AT(params.threads), "N", 0, 1024,
     .help = "CPU threads; 0: one per processor"},
    {"quiet", 'q', OPTION_ON, AT(quiet),
     .help = "print errors only, no progress"},
    {"help", 'h', OPTION_HELP, .help = "print this help and exit"},
    {"version", 'V', OPTION_VERSION, .help = "print the version and exit"},
};

static const option_program program = {
    .name = "s2v-features",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .column = 24,
    .flush = true,
    .usage = "Usage: s2v-features --rgb FILE [--flow FILE] -o FOLDER CLIP...\n"
             "Extracts feature sets from clips, as VarietySound's authors did: "
             "1024 features\n"
             "of BN-Inception of the frame and 1024 of the optical flow, 21.53 "
             "per second,\n"
             "and the mel spectrogram of the audio. `s2v-train varietysound "
             "FOLDER` trains\n"
             "on them. The weights have to be provided; none are included.\n"
             "\n",
    .notes =
        "\n"
        "Exit status: 0; 1 if a clip could not be read or written; 2 for a "
        "command line\n"
        "error.\n"
        "\n"
        "Example:\n"
        "  s2v-features --rgb bn_inception.safetensors -o sets clips/*.mp4\n"
        "  s2v-train varietysound sets -o foley.bin\n",
};

static int refuse(const char *why)
{
    fprintf(stderr, "s2v-features: %s: see s2v-features --help\n", why);
    return 2;
}

/* Below 0: go on; else the exit status. */
static int parse(options *o, char **argv)
{
    const int status = option_start(&program, argv, o);
    if (status >= 0)
        return status;
    o->clips = argv + 1;
    if (!o->params.rgb)
        return refuse("--rgb: expected a weight file, found none");
    if (!o->output)
        return refuse("-o: expected a folder, found none");
    return *o->clips ? -1 : refuse("expected clips, found none");
}

/* FOLDER/NAME.safetensors, for g_free(). */
static char *output_of(const options *o, const char *clip)
{
    char *name = g_path_get_basename(clip);
    char *point = strrchr(name, '.');
    if (point && point > name)
        *point = '\0';
    char *file = g_strconcat(name, ".safetensors", NULL);
    char *path = g_build_filename(o->output, file, NULL);
    g_free(name);
    g_free(file);
    return path;
}

static int take(const options *o, features *f, const char *clip,
                s2vi_ingest *in, s2v_error *err)
{
    const features_source from = {clip, o->track + 1, in};
    char *path = output_of(o, clip);
    bool skipped;
    int ret = features_write(f, &from, path, err);
    g_free(path);
    return s2vi_ingest_settle(in, ret, &skipped, err);
}

static int run(const options *o, s2v_error *err)
{
    features *f = NULL;
    s2vi_ingest in = {
        .program = "s2v-features", .quiet = o->quiet, .skip_bad = o->skip_bad};
    if (g_mkdir_with_parents(o->output, 0777) < 0)
        return s2vi_error(err, S2V_ERR_IO, "the folder '%s' cannot be created",
                          o->output);
    int ret = features_open(&f, &o->params, err);
    s2vi_progress *bar = s2vi_progress_new(&(s2vi_progress_params){
        .total = (int64_t)g_strv_length(o->clips),
        .unit = "clips",
        .quiet = o->quiet || ret < 0,
    });
    for (int i = 0; o->clips[i] && !ret; i++) {
        in.bar = bar;
        ret = take(o, f, o->clips[i], &in, err);
        s2vi_progress_update(bar, i + 1, NULL, 0);
    }
    s2vi_progress_close(&bar);
    s2vi_ingest_close(&in);
    features_close(&f);
    return ret;
}

int main(int argc, char **argv)
{
    (void)argc;
    options o = {.track = -1};
    s2v_error err = {0};
    setlocale(LC_CTYPE, "");
    av_log_set_level(AV_LOG_FATAL);
    const int status = parse(&o, argv);
    if (status >= 0)
        return status;
    const int ret = run(&o, &err);
    if (ret < 0)
        fprintf(stderr, "s2v-features: %s\n", err.message);
    return ret < 0;
}
