/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What VarietySound does to its data, against the reference's goldens: random
 * resampling, energy masking, shifts and windows. Vocoders recognised by their
 * tensors; initial weights; configurations that cannot be, refused in a
 * sentence.
 *
 * usage: test_sound_data TRAINING-GOLDEN LOSSES-GOLDEN VOCODER-LOSSES-GOLDEN
 */
#include "golden.h"
#include "models/hifigan.h"
#include "networks/film_augment.h"
#include "networks/hifigan_discriminator.h"
#include "networks/varietysound_data.h"
#include "networks/varietysound_discriminator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEED = 9, UNITS = 2, SEQUENCES = 2 };

static int passed, failed;

static void check(bool ok, const char *what, const char *found)
{
    printf("%s: %s: %s\n", ok ? "ok" : "FAIL", what, found);
    *(ok ? &passed : &failed) += 1;
}

static void check_error(const float *made, const float *want, int64_t n,
                        double bound, const char *what)
{
    char text[40];
    double error = golden_error(made, want, n);
    snprintf(text, sizeof(text), "error %.2e", error);
    check(error <= bound, what, text);
}

static void refused(int ret, const s2v_error *err, const char *part)
{
    check((ret == S2V_ERR_INVALID || ret == S2V_ERR_MODEL) &&
              strstr(err->message, part),
          "refused", err->message);
}

static void check_resampling(const golden *g, int unit)
{
    static const char *const parts[] = {"low", "high", "weight"};
    char name[48];
    int64_t rows = 0;
    float *want[3], *made = NULL;
    for (int k = 0; k < 3; k++) {
        snprintf(name, sizeof(name), "in.resample.%d.%s", unit, parts[k]);
        want[k] = golden_read(g, name, &rows);
    }
    made = malloc(3 * (size_t)rows * sizeof(*made));
    s2vi_vs_draw(SEED, 0, unit, SEQUENCES, rows / SEQUENCES, made, made + rows,
                 made + 2 * rows);
    for (int k = 0; k < 3; k++) {
        snprintf(name, sizeof(name), "resampling of unit %d, %s", unit,
                 parts[k]);
        check_error(made + k * rows, want[k], rows, k < 2 ? 0 : 1e-6, name);
        free(want[k]);
    }
    free(made);
}

/* Of any length: from its own sequence, columns side by side. */
static void check_lengths(void)
{
    enum { MOST = 3 * 2000 };
    static float low[MOST], high[MOST], weight[MOST];
    static const int64_t lengths[] = {1, 2, 18, 19, 33, 860, 2000};
    bool ok = true;
    for (int l = 0; l < 7; l++) {
        const int64_t T = lengths[l];
        s2vi_vs_draw(SEED, 5, 0, 3, T, low, high, weight);
        for (int64_t i = 0; i < 3 * T; i++) {
            const float from = (float)(i / T * T), to = from + (float)T - 1;
            ok = ok && low[i] >= from && high[i] <= to &&
                 high[i] - low[i] <= 1 && high[i] >= low[i] && weight[i] >= 0 &&
                 weight[i] < 1;
        }
    }
    check(ok, "resampling of any length", "rows of the sequence");
}

static void check_masking(const golden *g)
{
    s2v_error err;
    int64_t n;
    float *mel = golden_read(g, "in.reference", &n);
    float *want = golden_read(g, "in.masked", &n);
    const int64_t T = n / 10 / SEQUENCES;
    for (int i = 0; i < SEQUENCES; i++)
        golden_must(s2vi_vs_mask_energy(mel + i * T * 10, T, 10,
                                        mel + i * T * 10, &err),
                    &err, "masking");
    check_error(mel, want, n, 0, "energy masking");
    free(mel);
    free(want);
}

static void check_choices(const char *path)
{
    enum { COLUMNS = 32 };
    static const int64_t sizes[] = {8, 15, 24};
    s2v_error err;
    golden g = {0};
    int64_t n;
    float made[SEQUENCES * COLUMNS];
    golden_must(s2v_weights_open(&g.file, path, &err), &err, path);
    float *want = golden_read(&g, "in.shift", &n);
    s2vi_vs_draw_shift(SEED, 0, SEQUENCES, COLUMNS, made);
    check_error(made, want, SEQUENCES * COLUMNS, 0, "shift");
    free(want);
    for (int k = 0; k < 3; k++) {
        char name[16];
        snprintf(name, sizeof(name), "in.window.%d", k);
        want = golden_read(&g, name, &n);
        s2vi_vs_draw_window(SEED, 0, k, SEQUENCES, COLUMNS, sizes[k], made);
        check_error(made, want, SEQUENCES * sizes[k], 0, name);
        free(want);
    }
    s2v_weights_close(&g.file);
}

/* The vocoder's Fourier transform, of 32 samples. */
static void check_fourier(const char *path)
{
    enum { SIZE = 32 };
    s2v_error err;
    golden g = {0};
    int64_t n;
    float made[(SIZE + 2) * SIZE];
    golden_must(s2v_weights_open(&g.file, path, &err), &err, path);
    float *want = golden_read(&g, "in.basis", &n);
    s2vi_hifigan_fourier(SIZE, made);
    check_error(made, want, n, 1e-6, "Fourier transform");
    free(want);
    s2v_weights_close(&g.file);
}

/* ------------------------------------------------- recognising, initial -- */

/* A file of zeros under the names of a version, and one tensor more. */
static void write_version(const char *path, int version, const char *more)
{
    s2v_error err;
    s2vi_writer *w;
    s2vi_hifigan_config c;
    s2vi_param_list list = {0};
    s2vi_hifigan_version(&c, version);
    golden_must(s2vi_hifigan_params(&c, &list, &err), &err, path);
    float *zeros = calloc(1 << 22, sizeof(*zeros));
    golden_must(s2vi_writer_create(&w, path, &err), &err, path);
    for (int i = 0; i < list.count; i++)
        s2vi_writer_add(w, list.param[i].name, S2VI_STORED_F32,
                        list.param[i].file_shape.rank,
                        list.param[i].file_shape.dim, zeros, NULL);
    s2vi_writer_add(w, more, S2VI_STORED_F32, 1, (const int64_t[]){1}, zeros,
                    NULL);
    golden_must(s2vi_writer_commit(&w, &err), &err, path);
    s2vi_param_list_close(&list);
    free(zeros);
}

static void check_recognising(const char *path, int version)
{
    static const char *const ignore[] = {"temporal.*", NULL};
    s2v_error err = {0};
    s2v_weights *file;
    s2vi_hifigan_config found, want;
    write_version(path, version, "temporal.x");
    golden_must(s2v_weights_open(&file, path, &err), &err, path);
    s2vi_hifigan_version(&want, version);
    int ret = s2vi_hifigan_recognise(&found, file, ignore, &err);
    check(!ret && !memcmp(&found, &want, sizeof(found)), "recognised",
          ret ? err.message : "the version");
    ret = s2vi_hifigan_recognise(&found, file, NULL, &err);
    refused(ret, &err, "temporal.x");
    s2v_weights_close(&file);
    remove(path);
}

static void check_recognised(void)
{
    char path[] = "/tmp/test_sound_XXXXXX";
    int fd = mkstemp(path);
    if (fd >= 0)
        close(fd);
    check_recognising(path, 2);
    check_recognising(path, 3);
}

/* What is written into files, read again. */
static void check_config_text(void)
{
    static const char *const v3 =
        "{\"bands\":80,\"channels\":256,\"rates\":[8,8,4],"
        "\"up_kernels\":[16,16,8],\"resblock\":2,\"kernels\":[3,5,7],"
        "\"dilations\":[[1,2],[2,6],[3,12]]}";
    s2vi_hifigan_config config, found;
    s2v_error err = {0};
    s2vi_hifigan_version(&config, 3);
    char *text = s2vi_hifigan_config_text(&config);
    check(text && !strcmp(text, v3), "configuration", text ? text : "none");
    int ret = s2vi_hifigan_config_parse(&found, v3, &err);
    check(!ret && !memcmp(&found, &config, sizeof(found)), "configuration",
          ret ? err.message : "read again");
    ret = s2vi_hifigan_config_parse(&found, "{\"bands\":80}", &err);
    refused(ret, &err, "hifigan: 'channels' is missing in s2v.config");
    free(text);
}

/* Uniform weights fill their range; the rest are zeros and ones. */
static void check_initial(void)
{
    s2v_error err = {0};
    s2vi_vs_config c;
    s2vi_param_list list = {0};
    bool ok = true;
    int buffers = 0;
    s2vi_vs_defaults(&c);
    c.features = 64;
    golden_must(s2vi_vs_params(&c, &list, &err), &err, "parameters");
    for (int i = 0; i < list.count; i++) {
        const s2vi_param *p = &list.param[i];
        const int64_t n = s2vi_shape_count(&p->shape);
        const double bound = p->init == S2VI_INIT_UNIFORM
                                 ? sqrt((double)p->shape.dim[0] / (double)n)
                                 : 1;
        double most = 0, sum = 0;
        float *w = malloc((size_t)n * sizeof(*w));
        golden_must(s2vi_param_init(&list, i, 1, w, &err), &err, p->name);
        for (int64_t k = 0; k < n; k++) {
            most = fmax(most, fabs((double)w[k]));
            sum += w[k];
        }
        buffers += p->buffer;
        if (p->init == S2VI_INIT_UNIFORM)
            ok = ok && most <= bound && most > 0.99 * bound &&
                 fabs(sum / (double)n) < 0.05 * bound;
        free(w);
    }
    check(ok, "initial weights", "uniform");
    check(buffers == 16, "running statistics", "two of each batch norm");
    s2vi_param_list_close(&list);
}

/* ------------------------------------------------------------ mistakes -- */

static void check_hifigan(int version, void (*spoil)(s2vi_hifigan_config *c),
                          const char *part)
{
    s2v_error err = {0};
    s2vi_hifigan_config c;
    s2vi_param_list list = {0};
    s2vi_hifigan_version(&c, version);
    spoil(&c);
    refused(s2vi_hifigan_params(&c, &list, &err), &err, part);
    s2vi_param_list_close(&list);
}

static void odd_channels(s2vi_hifigan_config *c)
{
    c->channels = 100;
}

static void even_kernel(s2vi_hifigan_config *c)
{
    c->kernel[1] = 4;
}

static void no_dilation(s2vi_hifigan_config *c)
{
    c->dilation[2][1] = 0;
}

static void odd_rate(s2vi_hifigan_config *c)
{
    c->rate[0] = 7;
}

static void no_bands(s2vi_hifigan_config *c)
{
    c->bands = 0;
}

static void many_ups(s2vi_hifigan_config *c)
{
    c->n_ups = 7;
}

static void third_block(s2vi_hifigan_config *c)
{
    c->resblock = 3;
}

static void check_varietysound(void (*spoil)(s2vi_vs_config *c),
                               const char *part)
{
    s2v_error err = {0};
    s2vi_vs_config c;
    s2vi_param_list list = {0};
    s2vi_vs_defaults(&c);
    spoil(&c);
    refused(s2vi_vs_params(&c, &list, &err), &err, part);
    s2vi_param_list_close(&list);
}

static void no_heads(s2vi_vs_config *c)
{
    c->decoder_heads = 0;
}

static void three_heads(s2vi_vs_config *c)
{
    c->decoder_heads = 3;
}

static void odd_group(s2vi_vs_config *c)
{
    c->acoustic_channels = 40;
}

static void many_layers(s2vi_vs_config *c)
{
    c->acoustic_layers = 17;
}

static void check_json(const char *json, const char *part)
{
    s2v_error err = {0};
    s2vi_vs_config c;
    refused(s2vi_vs_config_parse(&c, json, &err), &err, part);
}

/* Written and read, it is the same. */
static void check_text(void)
{
    s2v_error err = {0};
    s2vi_vs_config c, again;
    s2vi_vs_defaults(&c);
    c.bands = 64;
    c.decoder_filter = 100;
    char *text = s2vi_vs_config_text(&c);
    int ret = s2vi_vs_config_parse(&again, text, &err);
    check(!ret && !memcmp(&c, &again, sizeof(c)), "as JSON and back", text);
    free(text);
    check_json("[1]", "not a JSON object");
    check_json("{\"bands\": 1.5}", "bands is not a whole number");
    check_json("{\"bands\": -1}", "bands is not a whole number");
    check_json("{\"colour\": 1}", "unknown setting 'colour'");
    check_json("{\"bands\": 80, \"bands\": 80}", "not a JSON object");
}

static void check_mistakes(void)
{
    check_hifigan(1, odd_channels, "100 channels, expected a multiple of 16");
    check_hifigan(3, even_kernel, "a residual kernel of 4");
    check_hifigan(1, no_dilation, "a dilation of 0");
    check_hifigan(2, odd_rate, "upsampling 0 by 7 with a kernel of 16");
    check_hifigan(2, no_bands, "0 bands");
    check_hifigan(2, many_ups, "7 upsamplings");
    check_hifigan(2, third_block, "type 3");
    check_varietysound(no_heads, "decoder_heads is 0, expected 1 to");
    check_varietysound(three_heads, "an even multiple of 3 heads");
    check_varietysound(odd_group, "40, expected a multiple of 16");
    check_varietysound(many_layers, "acoustic_layers is 17");
}

static s2vi_node *in(s2vi_graph *g, s2vi_shape shape)
{
    return s2vi_node_create(g, S2VI_OP_INPUT, NULL, 0, NULL, &shape);
}

static void check_vocoder_loss_inputs(void)
{
    s2v_error err = {0};
    s2vi_param_list list = {0};
    s2vi_hifigan_critic critic;
    s2vi_graph *g = s2vi_graph_create();
    s2vi_hifigan_loss_inputs inputs = {.config = {.divide = 3},
                                       .real = in(g, S2VI_SHAPE(1, 60, 1)),
                                       .fake = in(g, S2VI_SHAPE(1, 60, 1))};
    refused(s2vi_hifigan_disc_params(&inputs.config, &list, &err), &err,
            "divided by 3");
    inputs.config.divide = 8;
    int ret = s2vi_hifigan_loss_discriminators(g, &inputs, &critic, &err);
    check(ret < 0, "too short a piece", err.message);
    s2vi_graph_close(&g);
}

/* A window is greater than the sequence. */
static void check_loss_inputs(void)
{
    s2v_error err = {0};
    s2vi_vs_config c;
    s2vi_vs_critic critic;
    s2vi_graph *g = s2vi_graph_create();
    s2vi_vs_defaults(&c);
    s2vi_vs_loss_inputs inputs = {.real = in(g, S2VI_SHAPE(1, 64, 80)),
                                  .fake = in(g, S2VI_SHAPE(1, 64, 80)),
                                  .features = in(g, S2VI_SHAPE(1, 16, 2048))};
    s2vi_vs_disc_defaults(&inputs.config, &c);
    s2vi_vs_loss_record_inputs(g, &inputs);
    int ret = s2vi_vs_loss_windows(g, &inputs, &critic, &err);
    check(ret < 0, "too short for a window", err.message);
    s2vi_graph_close(&g);
}

/* A network is not recorded of what does not fit it. */
static void check_shapes(void)
{
    s2v_error err = {0};
    s2vi_vs_config c;
    s2vi_vs_graph net = {0};
    s2vi_graph *g = s2vi_graph_create();
    s2vi_vs_defaults(&c);
    s2vi_node *mel = in(g, S2VI_SHAPE(1, 20, 64));
    int ret = s2vi_vs_record_timbre(g, &c, NULL, mel, &net, &err);
    check(ret < 0 && !net.timbre, "another number of bands", err.message);
    s2vi_graph_close(&g);
    g = s2vi_graph_create();
    mel = in(g, S2VI_SHAPE(1, 20, 2048));
    ret = s2vi_vs_record_mel(g, &c, NULL, mel, &net, &err);
    check(ret < 0 && !net.mel, "no timbre", err.message);
    s2vi_graph_close(&g);
    check_loss_inputs();
    check_vocoder_loss_inputs();
}

/* ---------------------------------------------------------------- film -- */

enum { FILM = 12, SIDE = 16, PICTURE = SIDE * SIDE * 3 };

/* Pixel (x, y) of picture k, red, as a byte. */
static double red(const float *film, int k, int x, int y)
{
    return 127.5 * (film[k * PICTURE + (y * SIDE + x) * 3] + 1.0);
}

/* Largest difference of two films, in steps of a byte. */
static double furthest(const float *a, const float *b)
{
    double worst = 0;
    for (int i = 0; i < FILM * PICTURE; i++)
        worst = fmax(worst, 127.5 * fabs((double)a[i] - b[i]));
    return worst;
}

static void check_film(void)
{
    static uint8_t rgb[FILM * PICTURE];
    static float same[FILM * PICTURE], film[FILM * PICTURE];
    s2vi_film_change c = s2vi_film_unchanged();
    double worst = 0;
    for (int i = 0; i < FILM * PICTURE; i++) /* red is 10 x + k */
        rgb[i] = (uint8_t)(10 * (i / 3 % SIDE) + i / PICTURE);
    s2vi_film_apply(&c, rgb, FILM, SIDE, same);
    for (int i = 0; i < FILM * PICTURE; i++)
        worst = fmax(worst, fabs(127.5 * (same[i] + 1.0) - rgb[i]));
    check(worst < 1e-4, "a film without a change", "the same");
    c.mirror = true;
    s2vi_film_apply(&c, rgb, FILM, SIDE, film);
    check(fabs(red(film, 3, 2, 5) - red(same, 3, SIDE - 3, 5)) < 1e-4,
          "mirrored", "left is right");
    c = s2vi_film_unchanged();
    c.side = 0.5;
    c.left = 0.25; /* 4 pixels; pixel x is seen at 4 + (x + 0.5) / 2 - 0.5 */
    s2vi_film_apply(&c, rgb, FILM, SIDE, film);
    check(fabs(red(film, 3, 6, 5) - (10 * 6.75 + 3)) < 1e-3, "cropped",
          "pixel 6 is from 6.75");
    c = s2vi_film_unchanged();
    c.gain = 2;
    c.gamma = 2;
    s2vi_film_apply(&c, rgb, FILM, SIDE, film);
    check(fabs(red(film, 0, 8, 0) - 2 * 80.0 * 80 / 255) < 1e-2 &&
              fabs(red(film, 0, 15, 0) - 2 * 150.0 * 150 / 255) < 1e-2,
          "exposed", "2 v^2");
    c = s2vi_film_unchanged();
    c.hold = 0.4; /* new pictures at 0, 3, 5, 8, 10 */
    s2vi_film_apply(&c, rgb, FILM, SIDE, film);
    check(red(film, 2, 0, 0) == red(film, 0, 0, 0) &&
              fabs(red(film, 4, 0, 0) - 3) < 1e-4 &&
              fabs(red(film, 7, 0, 0) - 5) < 1e-4 &&
              fabs(red(film, 8, 0, 0) - 8) < 1e-4,
          "held", "at 0.4 of the rate");
    c = s2vi_film_unchanged();
    c.skip = 3.5 / 255; /* steps of 1: renewed after 4 pictures, or at 10 */
    c.key = 10;
    s2vi_film_apply(&c, rgb, FILM, SIDE, film);
    check(fabs(red(film, 3, 0, 0)) < 1e-4 &&
              fabs(red(film, 4, 0, 0) - 4) < 1e-4 &&
              fabs(red(film, 10, 0, 0) - 10) < 1e-4,
          "skipped", "until it has changed by 3.5");
    c = s2vi_film_unchanged();
    c.noise = 0.02;
    s2vi_film_apply(&c, rgb, FILM, SIDE, film);
    worst = furthest(film, same);
    check(worst > 255 * 0.02 * 2.5 && worst < 255 * 0.02 * 6, "noisy",
          "by 0.02 of white");
    c = s2vi_film_draw(7, 3);
    const s2vi_film_change again = s2vi_film_draw(7, 3),
                           other = s2vi_film_draw(7, 4);
    check(c.gain == again.gain && c.key == again.key && c.gain != other.gain,
          "drawn", "of seed and clock");
}

int main(int argc, char **argv)
{
    s2v_error err;
    golden g = {0};
    if (argc < 4)
        return printf("usage: %s TRAINING-GOLDEN LOSSES-GOLDEN "
                      "VOCODER-LOSSES-GOLDEN\n",
                      argv[0]),
               2;
    golden_must(s2v_weights_open(&g.file, argv[1], &err), &err, argv[1]);
    for (int unit = 0; unit < UNITS; unit++)
        check_resampling(&g, unit);
    check_lengths();
    check_masking(&g);
    check_choices(argv[2]);
    check_fourier(argv[3]);
    check_mistakes();
    check_text();
    check_recognised();
    check_config_text();
    check_initial();
    check_shapes();
    check_film();
    s2v_weights_close(&g.file);
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
