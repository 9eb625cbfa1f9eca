/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command lines: what they come to, and the sentence for each bad one. */
#define _POSIX_C_SOURCE 200809L

#include <glib.h>
#include <glib/gstdio.h>

#include "check.h"
#include "option_rows.h"
#include "recipes/foley.h"
#include "recipes/listen_and_move.h"

/* Parse a line as a shell would; `o` is to be freed. */
static int parse(s2vi_train_options **o, const char *line, s2v_error *err)
{
    char **words = NULL;
    int count = 0;
    char *whole = g_strconcat("s2v-train ", line, NULL);
    g_shell_parse_argv(whole, &count, &words, NULL);
    *err = (s2v_error){0};
    int ret = s2vi_train_options_parse(o, count, words, err);
    g_strfreev(words);
    g_free(whole);
    return ret;
}

static const s2vi_lm_train_options *lam(const s2vi_train_options *o)
{
    return (const s2vi_lm_train_options *)o;
}

static const s2vi_vs_train_options *vs(const s2vi_train_options *o)
{
    return (const s2vi_vs_train_options *)o;
}

static const s2vi_hifigan_train_options *hifigan(const s2vi_train_options *o)
{
    return (const s2vi_hifigan_train_options *)o;
}

#define LAM "listen-and-move "
#define OK  LAM "a.mp4 -o a.bin "

/* The schedule without a word of it, and what asks for the paper's. */
static void test_schedule(void)
{
    static const struct {
        const char *words;
        bool staged;
        int64_t iterations;
        double seconds;
    } cases[] = {
        {OK, true, 0, 3 * 3600},
        {OK "--time 90s", true, 0, 90},
        {OK "--time 1.5h --split 1", true, 0, 5400},
        {OK "--iterations 500", true, 500, 0},
        {OK "--rate 1e-3", false, 50000, 0},
        {OK "--loss l2", false, 50000, 0},
        {OK "--adversarial", false, 50000, 0},
        {OK "--adversarial --time 2m", false, 0, 120},
        {OK "--schedule paper", false, 50000, 0},
        {OK "--schedule staged --iterations 7", true, 7, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        s2vi_train_options *o;
        s2v_error err;
        const int ret = parse(&o, cases[i].words, &err);
        CHECK(!ret, "%s", err.message);
        if (ret < 0)
            continue;
        const bool staged = cases[i].staged;
        CHECK(lam(o)->staged == staged &&
                  o->iterations == cases[i].iterations &&
                  o->seconds == cases[i].seconds,
              "%s: %d %lld %g", cases[i].words, lam(o)->staged,
              (long long)o->iterations, o->seconds);
        CHECK((lam(o)->background == S2VI_LM_BACKGROUND_LEARNED) == staged &&
                  (o->average == 0.998) == staged &&
                  (o->hold_out_every == 500) == (staged && o->split < 1),
              "%s: what comes with it", cases[i].words);
        s2vi_train_options_free(&o);
    }
}

static void test_defaults(void)
{
    s2vi_train_options *o;
    s2v_error err;
    CHECK(!parse(&o, OK "--schedule paper", &err), "%s", err.message);
    CHECK(o->action == S2VI_TRAIN_RUN, "action %d", o->action);
    CHECK(!g_strcmp0(o->recipe->name, "listen-and-move"), "%s",
          o->recipe->name);
    CHECK(o->n_clips == 1 && !strcmp(o->clips[0], "a.mp4") && !o->clips[1],
          "%d clips", o->n_clips);
    CHECK(!g_strcmp0(o->output, "a.bin"), "%s", o->output);
    CHECK(!g_strcmp0(o->device, "auto"), "%s", o->device);
    CHECK(o->size == 128 && o->sequence == 32 && o->iterations == 50000 &&
              o->seed == 0 && o->threads == 0,
          "%d %d %lld", o->size, o->sequence, (long long)o->iterations);
    CHECK(o->rate == 1e-4 && o->split == 0.8 && o->track == -1 && !o->skip_bad,
          "%g %g", o->rate, o->split);
    CHECK(lam(o)->loss == S2VI_LM_TRAIN_L1 && !lam(o)->adversarial &&
              o->critic_rate == 4e-4 && lam(o)->alpha == 10 && !o->average &&
              !lam(o)->sound_noise && !lam(o)->stretch && !o->curves &&
              !o->init && !o->hold_out_every,
          "losses");
    CHECK(lam(o)->mfs && lam(o)->sac && lam(o)->acin && lam(o)->noise &&
              !o->quiet && !o->verbose,
          "switches");
    CHECK(lam(o)->motion == S2VI_LM_DILATED &&
              lam(o)->connection == S2VI_LM_RESIDUAL &&
              lam(o)->prediction == S2VI_LM_DIRCONVGRU &&
              lam(o)->channels_max == 512,
          "model");
    CHECK(o->checkpoint_every == 1000 && !o->checkpoint_seconds &&
              o->preview_every == 500 && !o->preview && !o->resume &&
              !lam(o)->perceptual && !o->license && !o->crop[2],
          "output");
    s2vi_train_options_free(&o);
    s2vi_train_options_free(&o); /* twice does no harm */
}

static void test_all_given(void)
{
    s2vi_train_options *o;
    s2v_error err;
    int ret = parse(
        &o,
        "--size=256 listen-and-move 'b c.mkv' --output x.bin --iterations 7 "
        "--sequence 16 --seed 18446744073709551615 --rate 2e-3 --threads 2 "
        "--device cuda:1 --perceptual p.st --resume r.ckpt "
        "--checkpoint-every 2.5m --preview p.png --preview-every 9 "
        "--split 0.5 --crop 1,2,30,40 --license CC0 --title T --note 'N ü' "
        "--channels-max 64 --motion gru --no-mfs --no-sac --no-noise "
        "--connection skip --prediction none --start 1.5 --duration 20 -v "
        "--loss l2 --adversarial --critic-rate 3e-4 --alpha 100 --average 0.99 "
        "--sound-noise 0.5 --stretch 16 --track 2 --skip-bad "
        "--curves c.csv --hold-out-every 50 "
        "-- -d.mkv",
        &err);
    CHECK(!ret, "%s", err.message);
    CHECK(o->n_clips == 2 && !strcmp(o->clips[0], "b c.mkv") &&
              !strcmp(o->clips[1], "-d.mkv"),
          "%d clips", o->n_clips);
    CHECK(o->size == 256 && o->iterations == 7 && o->sequence == 16 &&
              o->seed == UINT64_MAX && o->rate == 2e-3 && o->threads == 2,
          "numbers");
    CHECK(!strcmp(o->device, "cuda:1") && !strcmp(lam(o)->perceptual, "p.st") &&
              !strcmp(o->resume, "r.ckpt") && !strcmp(o->preview, "p.png") &&
              !strcmp(o->license, "CC0") && !strcmp(o->title, "T") &&
              !strcmp(o->note, "N ü"),
          "strings");
    CHECK(lam(o)->loss == S2VI_LM_TRAIN_L2 && lam(o)->adversarial &&
              o->critic_rate == 3e-4 && lam(o)->alpha == 100 &&
              o->average == 0.99 && lam(o)->sound_noise == 0.5 &&
              lam(o)->stretch == 16 && o->track == 2 && o->skip_bad &&
              o->hold_out_every == 50 && !strcmp(o->curves, "c.csv"),
          "losses");
    CHECK(o->checkpoint_every == 0 && o->checkpoint_seconds == 150 &&
              o->preview_every == 9,
          "%g s", o->checkpoint_seconds);
    CHECK(o->crop[0] == 1 && o->crop[1] == 2 && o->crop[2] == 30 &&
              o->crop[3] == 40 && o->start == 1.5 && o->duration == 20,
          "clip");
    CHECK(!lam(o)->mfs && !lam(o)->sac && lam(o)->acin && !lam(o)->noise &&
              lam(o)->motion == S2VI_LM_GRU &&
              lam(o)->connection == S2VI_LM_SKIP &&
              lam(o)->prediction == S2VI_LM_NO_PREDICTION &&
              lam(o)->channels_max == 64 && o->verbose,
          "model");
    s2vi_train_options_free(&o);
    ret = parse(&o, OK "--size 256 --rate 1e-4", &err);
    CHECK(!ret && o->iterations == 100000, "%lld", (long long)o->iterations);
    s2vi_train_options_free(&o);
    ret = parse(&o, OK "--checkpoint-every 10min --checkpoint-every 3", &err);
    CHECK(!ret && o->checkpoint_every == 3 && !o->checkpoint_seconds, "%s",
          err.message);
    s2vi_train_options_free(&o);
}

/* Each model has options and defaults of its own. */
static void test_models(void)
{
    s2vi_train_options *o;
    s2v_error err;
    int ret = parse(&o, "varietysound a b -o f.bin", &err);
    CHECK(!ret && !strcmp(o->recipe->name, "varietysound"), "%s", err.message);
    CHECK(o->size == 64 && o->sequence == 256 && o->batch == 16 &&
              vs(o)->width == 512 && vs(o)->features == 256 &&
              o->rate == 2e-4 && o->critic_rate == 2e-4 && o->decay == 0.01 &&
              !vs(o)->vocoder && !vs(o)->front_end && !vs(o)->augment &&
              vs(o)->onsets == 0,
          "defaults");
    s2vi_train_options_free(&o);
    ret = parse(&o,
                "--size 16 varietysound a -o f.bin --width 64 --sequence 96 "
                "--batch 3 --features 9 --sight-channels 5 --vocoder v.bin "
                "--decay 0 --front-end differences --augment --onsets 0.3",
                &err);
    CHECK(!ret && o->size == 16 && vs(o)->width == 64 && o->sequence == 96 &&
              o->batch == 3 && vs(o)->features == 9 &&
              vs(o)->sight_channels == 5 && !strcmp(vs(o)->vocoder, "v.bin") &&
              !o->decay && vs(o)->front_end == 1 && vs(o)->augment &&
              vs(o)->onsets == 0.3,
          "%s", err.message);
    s2vi_train_options_free(&o);
    ret = parse(&o, "hifigan a -o v.bin --variant v1 --divide 4", &err);
    CHECK(!ret && !strcmp(o->recipe->name, "hifigan") &&
              hifigan(o)->variant == 0 && hifigan(o)->divide == 4 &&
              o->sequence == 32,
          "%s", err.message);
    s2vi_train_options_free(&o);
}

/* Every line: the parts that its sentence must have. */
static void test_refused(void)
{
    const struct {
        const char *line, *parts[3];
    } cases[] = {
        {"varietysound a -o b --motion gru", {"--motion", "varietysound"}},
        {"varietysound a -o b --size 256", {"--size", "16, 32, 64 or 128"}},
        {"varietysound a -o b --sequence 100", {"multiple of 16", "100"}},
        {"varietysound a -o b --vocoder b", {"--output", "a distinct file"}},
        {"hifigan a -o b --width 64", {"--width", "hifigan"}},
        {"hifigan a -o b --divide 3", {"--divide", "1, 2, 4 or 8", "'3'"}},
        {OK "--batch 3", {"--batch", "listen-and-move"}},
        {"", {"listen-and-move", "found nothing", "--help"}},
        {"sing a.mp4 -o a.bin", {"listen-and-move", "'sing'"}},
        {LAM "-o a.bin", {"no clip", "CLIP"}},
        {LAM "a.mp4", {"--output", "found none"}},
        {OK "--size 100", {"--size", "64, 128 or 256", "'100'"}},
        {OK "--size 64x", {"--size", "'64x'"}},
        {OK "--size ''", {"--size", "''"}},
        {OK "--size", {"--size", "expected a value", "none"}},
        {LAM "a.mp4 -o", {"--output", "expected a value"}},
        {OK "--iterations 0", {"--iterations", "from 1", "'0'"}},
        {OK "--iterations -5", {"--iterations", "'-5'"}},
        {OK "--iterations ' 5'", {"--iterations", "' 5'"}},
        {OK "--iterations 99999999999999999999", {"--iterations"}},
        {OK "--sequence 1", {"--sequence", "from 2", "'1'"}},
        {OK "--sequence 1e3", {"--sequence", "'1e3'"}},
        {OK "--seed -1", {"--seed", "18446744073709551615", "'-1'"}},
        {OK "--seed 18446744073709551616", {"--seed"}},
        {OK "--rate 0", {"--rate", "above 0", "'0'"}},
        {OK "--rate nan", {"--rate", "'nan'"}},
        {OK "--rate 1,5", {"--rate", "'1,5'"}},
        {OK "--split 1.5", {"--split", "at most 1", "'1.5'"}},
        {OK "--threads -1", {"--threads", "0 to 1024", "'-1'"}},
        {OK "--device gpu", {"--device", "cuda:N", "'gpu'"}},
        {OK "--device cuda:", {"--device", "'cuda:'"}},
        {OK "--device cuda:x", {"--device", "'cuda:x'"}},
        {OK "--crop 1,2,3", {"--crop", "X,Y,WIDTH,HEIGHT", "'1,2,3'"}},
        {OK "--crop 1,2,3,0", {"--crop", "'1,2,3,0'"}},
        {OK "--crop=-1,2,3,4", {"--crop", "'-1,2,3,4'"}},
        {OK "--crop 1,2,3,4,5", {"--crop"}},
        {OK "--motion lstm", {"--motion", "dilated or gru", "'lstm'"}},
        {OK "--connection x", {"--connection", "residual, skip or none"}},
        {OK "--prediction x", {"--prediction", "convgru", "'x'"}},
        {OK "--channels-max 48", {"--channels-max", "16, 32", "'48'"}},
        {OK "--checkpoint-every 0", {"--checkpoint-every", "10m", "'0'"}},
        {OK "--checkpoint-every m", {"--checkpoint-every", "'m'"}},
        {OK "--checkpoint-every 5h", {"--checkpoint-every", "'5h'"}},
        {OK "--preview-every 0", {"--preview-every", "'0'"}},
        {OK "--duration 0", {"--duration", "above 0"}},
        {OK "--title $'\\xff'", {"--title"}},
        {OK "--perceptual ''", {"--perceptual", "name of a file"}},
        {OK "--loss l3", {"--loss", "l1 or l2", "'l3'"}},
        {OK "--average 1", {"--average", "a number from 0 to 0.99999"}},
        {OK "--track -1", {"--track", "from 0 to 999"}},
        {OK "--track x", {"--track", "'x'"}},
        {OK "--skip-bad=1", {"--skip-bad", "no value"}},
        {OK "--stretch -1", {"--stretch", "from 0 to 1000000"}},
        {OK "--sound-noise -1", {"--sound-noise", "a number from 0 to 10"}},
        {OK "--alpha 0", {"--alpha", "above 0"}},
        {OK "--critic-rate 0", {"--critic-rate", "above 0"}},
        {OK "--curves c.txt", {"--curves", ".csv", "'c.txt'"}},
        {OK "--curves c.csv --preview c.png", {"--curves", "'c.png'"}},
        {OK "--init a.bin --resume b.ckpt", {"--init", "--resume"}},
        {OK "--hold-out-every 5 --split 1", {"--hold-out-every", "--split 1"}},
        {OK "--no-mfs --no-sac --no-acin", {"--no-mfs", "depend on the audio"}},
        {OK "--no-mfs=1", {"--no-mfs", "no value", "1"}},
        {OK "--lpips h.st --hold-out-every 5 --split 0.5",
         {"--lpips", "--perceptual"}},
        {OK "--schedule paper --lpips h.st --perceptual p.st",
         {"--lpips", "--hold-out-every"}},
        {OK "--lpips a.bin --perceptual p.st --hold-out-every 5 --split 0.5",
         {"--output", "'a.bin'"}},
        {OK "--quiet --verbose", {"--quiet", "--verbose"}},
        {OK "--sizes 64", {"unknown", "--sizes", "--help"}},
        {OK "--no 64", {"unknown or ambiguous", "--no"}},
        {OK "--dv x",
         {"--dv: not an option of listen-and-move, but of semantic: see "}},
        {OK "--batch 2", {"--batch: not an option of listen-and-move: see "}},
        {OK "--itterations 3",
         {"'--itterations': did you mean --iterations? see s2v-train"}},
        {OK "--treads=3", {"'--treads=3': did you mean --threads?"}},
        {OK "--colour 3", {"'--colour': see s2v-train MODEL --help"}},
        {"listen-and-mov a.mp4 -o a.bin",
         {"found 'listen-and-mov': did you mean listen-and-move? see"}},
        {"sing a.mp4 -o a.bin", {"found 'sing': see s2v-train --help"}},
        {OK "-x", {"unknown", "-x"}},
        {OK "--verbose -qxv", {"unknown option '-x'"}},
        {LAM "a.mp4 -o a.mp4", {"--output", "a.mp4", "a distinct file"}},
        {OK "--preview a.bin",
         {"--preview: expected a file name that ends in .png, found 'a.bin'"}},
        {OK "--resume a.bin", {"--output", "a.bin"}},
        {OK "--config /nonexistent/x", {"--config", "/nonexistent/x"}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        s2vi_train_options *o;
        s2v_error err;
        if (strstr(cases[i].line, "$'")) {
            /* No shell here: a byte that is not UTF-8. */
            char title[] = "--title=\xff";
            char *words[] = {"s2v-train", "listen-and-move", "a", "-ob", title};
            int ret = s2vi_train_options_parse(&o, 5, words, &err);
            CHECK(ret == S2V_ERR_INVALID && strstr(err.message, "UTF-8"),
                  "%d %s", ret, err.message);
            continue;
        }
        int ret = parse(&o, cases[i].line, &err);
        printf("  %s\n", err.message);
        CHECK(ret == S2V_ERR_INVALID || ret == S2V_ERR_IO, "'%s': %d",
              cases[i].line, ret);
        for (int k = 0; k < 3 && cases[i].parts[k]; k++)
            CHECK(strstr(err.message, cases[i].parts[k]),
                  "'%s': '%s' lacks '%s'", cases[i].line, err.message,
                  cases[i].parts[k]);
        CHECK(!o, "'%s': not cleared", cases[i].line);
    }
}

static void test_config(void)
{
    char *folder = g_dir_make_tmp("s2v-options-XXXXXX", NULL);
    char *path = g_build_filename(folder, "recipe.conf", NULL);
    const struct {
        const char *text, *refused;
    } cases[] = {
        {"# a recipe\n\nsize = 64\r\n  rate=0.001\nno-noise = true\n"
         "clip = one.mp4\nclip = \" two.mp4\"\noutput = \"c.bin\"\n"
         "no-sac = false\ncheckpoint-every = 5m\nquiet = yes",
         NULL},
        {"size = 64\nbogus = 1\n", "line 2: unknown option 'bogus'"},
        {"siez = 64\n", "option 'siez': did you mean --size? see s2v-train "},
        {"critic-rat = 64\n", "did you mean --critic-rate?"},
        {"size\n", "line 1: expected key = value, found 'size'"},
        {"\n\nsize = 65\n", "line 3, size: expected 64, 128 or 256"},
        {"no-sac = maybe\n", "line 1, no-sac: expected true or false"},
        {"config = x\n", "unknown option 'config'"},
        {"help = true\n", "unknown option 'help'"},
        {"clip =\n", "line 1, clip: expected the name of a file"},
    };
    char *line = g_strdup_printf(LAM "--config %s --rate 0.5", path);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        s2vi_train_options *o;
        s2v_error err;
        g_file_set_contents(path, cases[i].text, -1, NULL);
        int ret = parse(&o, line, &err);
        if (cases[i].refused) {
            CHECK(ret == S2V_ERR_INVALID && strstr(err.message, path) &&
                      strstr(err.message, cases[i].refused),
                  "%d '%s' lacks '%s'", ret, err.message, cases[i].refused);
            continue;
        }
        CHECK(!ret, "%s", err.message);
        CHECK(o->size == 64 && o->rate == 0.5 && !lam(o)->noise &&
                  lam(o)->sac && o->quiet && o->checkpoint_seconds == 300 &&
                  !strcmp(o->output, "c.bin"),
              "values of the file");
        CHECK(o->n_clips == 2 && !strcmp(o->clips[1], " two.mp4"), "%d clips",
              o->n_clips);
        s2vi_train_options_free(&o);
        char *with_clip = g_strconcat(line, " three.mp4", NULL);
        ret = parse(&o, with_clip, &err);
        CHECK(!ret && o->n_clips == 1 && !strcmp(o->clips[0], "three.mp4"),
              "the command line's clips %s", err.message);
        s2vi_train_options_free(&o);
        g_free(with_clip);
    }
    g_remove(path);
    g_rmdir(folder);
    g_free(line);
    g_free(path);
    g_free(folder);
}

static void check_help(const char *line, s2vi_train_action action,
                       const char *const *parts)
{
    s2vi_train_options *o;
    s2v_error err;
    FILE *file = tmpfile();
    int ret = parse(&o, line, &err);
    CHECK(!ret && o->action == action, "'%s': %d %s", line, o->action,
          err.message);
    s2vi_train_options_print(o, file);
    long size = ftell(file);
    char *text = calloc(1, (size_t)size + 1);
    rewind(file);
    CHECK(fread(text, 1, (size_t)size, file) == (size_t)size, "read back");
    for (int i = 0; parts[i]; i++)
        CHECK(strstr(text, parts[i]), "'%s' lacks '%s'", line, parts[i]);
    char **lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++)
        CHECK(strlen(lines[i]) <= 80, "too wide: %s", lines[i]);
    g_strfreev(lines);
    free(text);
    fclose(file);
    s2vi_train_options_free(&o);
}

static void test_help(void)
{
    check_help("--help", S2VI_TRAIN_HELP,
               (const char *const[]){"Usage: ", "listen-and-move", NULL});
    check_help("--version", S2VI_TRAIN_VERSION,
               (const char *const[]){"s2v-train ", s2v_version(), NULL});
    check_help("listen-and-move -h", S2VI_TRAIN_MODEL_HELP,
               (const char *const[]){
                   "Usage: s2v-train listen-and-move CLIP... -o FILE",
                   "--size N", "(default 128)", "(default 0.0001)",
                   "(default dilated)", "The model:", "Examples:", "-o, --ou",
                   "--crop X,Y,W,H", "Ctrl-C", "s2v=model=FILE (required)",
                   "by SSIM, by the PSNR", NULL});
    check_help("varietysound --help", S2VI_TRAIN_MODEL_HELP,
               (const char *const[]){"--size N", "64)",
                                     "weight file (required)",
                                     "preview of mel spectrograms", NULL});
}

/* A command line is split into words before its recipe is known: an option of
 * several takes a value in all of them, or in none. */
static void test_recipes(void)
{
    s2vi_option_rows *all = g_new(s2vi_option_rows, 1);
    s2vi_option_rows *own = g_new(s2vi_option_rows, 1);
    s2vi_option_rows_all(all);
    for (int k = 0; s2vi_recipes[k]; k++) {
        const s2vi_recipe *r = s2vi_recipes[k];
        s2vi_option_rows_of(r, own);
        for (int i = 0; i < own->count; i++) {
            const option_row *row = &own->row[i];
            if (!row->name)
                continue;
            const option_row *any = s2vi_option_rows_find(all, row->name);
            CHECK(any && !any->argument == !row->argument &&
                      any->letter == row->letter,
                  "%s: --%s", r->name, row->name);
            CHECK(row == s2vi_option_rows_find(own, row->name),
                  "%s: two rows of --%s", r->name, row->name);
            CHECK(row->offset < r->options, "%s: --%s is not its own", r->name,
                  row->name);
        }
        for (int i = 0; i < r->n_rows; i++)
            CHECK(!r->rows[i].name ||
                      !s2vi_option_rows_find(own, r->rows[i].name) ==
                          !r->rows[i].help,
                  "%s: --%s has no place in the help, or should have none",
                  r->name, r->rows[i].name);
    }
    g_free(all);
    g_free(own);
}

int main(void)
{
    test_recipes();
    test_schedule();
    test_defaults();
    test_all_given();
    test_models();
    test_refused();
    test_config();
    test_help();
    g_setenv("POSIXLY_CORRECT", "1", TRUE);
    test_defaults();
    return check_done();
}
