/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-features: clips become feature sets for s2v-train varietysound. */
#include "feature_set.h"

#include "base/error.h"
#include "option_next.h"
#include "progress.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <libavutil/log.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: s2v-features --rgb FILE [--flow FILE] -o FOLDER CLIP...\n"
    "Makes feature sets of clips, as VarietySound's authors did: BN-Inception "
    "of\n"
    "the picture (1024 numbers) and of optical flow (1024), 21.53 times a "
    "second,\n"
    "beside the sound's mel spectrogram. `s2v-train varietysound FOLDER` "
    "learns\n"
    "from them. The weights are to be brought: none ship.\n"
    "\n"
    "  --rgb FILE            weights for pictures: safetensors under the names "
    "of\n"
    "                        the PyTorch versions (conv1_7x7_s2.weight ...)\n"
    "  --flow FILE           weights for flow; default: those for pictures, "
    "the\n"
    "                        first layer's averaged over colours\n"
    "  -o, --output FOLDER   for CLIP.safetensors; made where it is missing\n"
    "  --track N             which sound track of each clip, from 0, as "
    "ffmpeg's\n"
    "                        a:N (default: the one that ffmpeg takes)\n"
    "  --skip-bad            leave out clips that do not decode, are silent, "
    "cut\n"
    "                        short or damaged, and list them at the end\n"
    "  --device NAME         auto, cpu, ref, cuda or cuda:N (default auto)\n"
    "  --threads N           CPU threads; 0: one for each processor\n"
    "  -q, --quiet           no progress, errors only\n"
    "  -h, --help            print this and stop\n"
    "  -V, --version         print the version and stop\n"
    "\n"
    "Exit status: 0; 1 if a clip could not be read or written; 2 for a "
    "mistake\n"
    "on the command line.\n"
    "\n"
    "Example:\n"
    "  s2v-features --rgb bn_inception.safetensors -o sets clips/*.mp4\n"
    "  s2v-train varietysound sets -o foley.bin\n";

typedef struct options {
    features_params params;
    const char *output;
    char **clips; /* NULL-terminated, of argv */
    int track;    /* from 0; -1: ffmpeg's choice */
    bool quiet, skip_bad;
} options;

static const struct option words[] = {
    {"rgb", required_argument, NULL, 'r'},
    {"flow", required_argument, NULL, 'f'},
    {"output", required_argument, NULL, 'o'},
    {"track", required_argument, NULL, 'n'},
    {"skip-bad", no_argument, NULL, 's'},
    {"device", required_argument, NULL, 'd'},
    {"threads", required_argument, NULL, 't'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

static int refuse(const char *why)
{
    fprintf(stderr, "s2v-features: %s: s2v-features --help\n", why);
    return -1;
}

static bool parse_number(const char *text, long most, int *out)
{
    char *end;
    const long n = strtol(text, &end, 10);
    *out = (int)n;
    return *text && !*end && n >= 0 && n <= most;
}

static int set_threads(options *o, const char *text)
{
    return parse_number(text, 1024, &o->params.threads)
               ? 0
               : refuse("--threads: expected a whole number from 0 to 1024");
}

static int set_track(options *o, const char *text)
{
    return parse_number(text, 999, &o->track)
               ? 0
               : refuse("--track: expected a whole number from 0 to 999");
}

/* 1: print that and stop; -1: a mistake. */
static int set(options *o, int code)
{
    switch (code) {
    case 'r': o->params.rgb = optarg; return 0;
    case 'f': o->params.flow = optarg; return 0;
    case 'o': o->output = optarg; return 0;
    case 'd': o->params.device = optarg; return 0;
    case 't': return set_threads(o, optarg);
    case 'n': return set_track(o, optarg);
    case 's': o->skip_bad = true; return 0;
    case 'q': o->quiet = true; return 0;
    case 'h': fputs(help, stdout); return 1;
    case 'V': printf("s2v-features %s\n", s2v_version()); return 1;
    }
    return -1; /* option_next() has said what is wrong */
}

static int parse(options *o, int argc, char **argv)
{
    int code, ret = 0;
    while (!ret && (code = option_next("s2v-features", argc, argv, ":o:qhV",
                                       words)) != -1)
        ret = set(o, code);
    if (ret)
        return ret;
    o->clips = argv + optind;
    if (!o->params.rgb)
        return refuse("--rgb: expected a weight file, found none");
    if (!o->output)
        return refuse("-o: expected a folder, found none");
    return *o->clips ? 0 : refuse("expected clips, found none");
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
                s2vi_intake *in, s2v_error *err)
{
    const features_source from = {clip, o->track + 1, in};
    char *path = output_of(o, clip);
    bool skipped;
    int ret = features_write(f, &from, path, err);
    g_free(path);
    return s2vi_intake_settle(in, ret, &skipped, err);
}

static int run(const options *o, s2v_error *err)
{
    features *f = NULL;
    s2vi_intake in = {
        .program = "s2v-features", .quiet = o->quiet, .skip_bad = o->skip_bad};
    if (g_mkdir_with_parents(o->output, 0777) < 0)
        return s2vi_error(err, S2V_ERR_IO, "the folder '%s' cannot be made",
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
    s2vi_intake_close(&in);
    features_close(&f);
    return ret;
}

int main(int argc, char **argv)
{
    options o = {.track = -1};
    s2v_error err = {0};
    setlocale(LC_CTYPE, "");
    av_log_set_level(AV_LOG_FATAL);
    int ret = parse(&o, argc, argv);
    if (ret)
        return ret < 0 ? 2 : 0;
    ret = run(&o, &err);
    if (ret < 0)
        fprintf(stderr, "s2v-features: %s\n", err.message);
    return ret < 0;
}
