/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The visual encoder against plain loops, and its windows against a whole film;
 * what one weight file of foley holds, written and read; what it cannot be,
 * refused.
 *
 * usage: test_foley DEVICE
 */
#include "../device.h"
#include "../worst.h"
#include "golden.h"
#include "models/foley.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 16, K = 5, N = 2, W = 6, C = 3, PICTURE = SIDE * SIDE * 3 };

static int passed, failed;
static double encoder_bound;

static void check(bool ok, const char *what, const char *found)
{
    printf("%s: %s: %s\n", ok ? "ok" : "FAIL", what, found);
    *(ok ? &passed : &failed) += 1;
}

static void refused(int ret, const s2v_error *err, const char *part)
{
    check(ret == S2V_ERR_MODEL && strstr(err->message, part), "refused",
          err->message);
}

/* -------------------------------------------------------------- sight -- */

/* A layer by itself, channels last, weights in the engine's layout. */
static void convolve(const float *x, int side, int cin, const float *w,
                     const float *b, int cout, float *y)
{
    for (int i = 0; i < side / 2 * (side / 2) * cout; i++) {
        const int o = i % cout, px = i / cout % (side / 2);
        const int py = i / cout / (side / 2);
        double sum = b[o];
        for (int t = 0; t < 9 * cin; t++) {
            const int u = 2 * py + t / cin / 3 - 1,
                      v = 2 * px + t / cin % 3 - 1;
            if (u >= 0 && u < side && v >= 0 && v < side)
                sum += (double)w[o * 9 * cin + t] *
                       x[(u * side + v) * cin + t % cin];
        }
        y[i] = (float)(sum > 0 ? sum : 0.2 * sum);
    }
}

static float *weight(s2vi_store *store, const s2vi_param_list *list,
                     const char *name)
{
    s2v_error err;
    const s2vi_param *p = s2vi_param_find(list, name);
    float *w = malloc((size_t)s2vi_shape_count(&p->shape) * sizeof(*w));
    golden_must(s2vi_store_read(store, name, w, &err), &err, name);
    return w;
}

/* Pictures `before` and `now`, of side 16, to W features: two layers. */
static void look(s2vi_store *store, const s2vi_param_list *list,
                 const float *before, const float *now, float *out)
{
    float x[SIDE * SIDE * 6], y[64 * C], z[16 * 2 * C];
    float *w0 = weight(store, list, "sight.convs.0.weight");
    float *b0 = weight(store, list, "sight.convs.0.bias");
    float *w1 = weight(store, list, "sight.convs.1.weight");
    float *b1 = weight(store, list, "sight.convs.1.bias");
    float *w = weight(store, list, "sight.linear.weight");
    float *b = weight(store, list, "sight.linear.bias");
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int c = 0; c < 3; c++) {
            x[6 * i + c] = now[3 * i + c] / 8;
            x[6 * i + 3 + c] = 4 * (now[3 * i + c] - before[3 * i + c]);
        }
    convolve(x, SIDE, 6, w0, b0, C, y);
    convolve(y, SIDE / 2, C, w1, b1, 2 * C, z);
    for (int o = 0; o < W; o++) {
        double sum = b[o];
        for (int i = 0; i < 32 * C; i++)
            sum += (double)w[o * 32 * C + i] * z[i];
        out[o] = (float)sum;
    }
    float *const all[] = {w0, b0, w1, b1, w, b};
    for (int i = 0; i < 6; i++)
        free(all[i]);
}

/* Features of n sequences of k pictures, and the one before each. */
static void run_visual_encoder(s2vi_store *store,
                               const s2vi_visual_encoder_config *config, int n,
                               int k, const float *pictures, float *features)
{
    s2v_error err;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_node *out;
    const s2vi_clock clock = {0};
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *in = s2vi_node_create(g, S2VI_OP_INPUT, NULL, 0, NULL,
                                     &S2VI_SHAPE(n, k + 1, SIDE, SIDE, 3));
    golden_must(s2vi_visual_encoder_build(g, config, in, &out, &err), &err,
                "sight");
    const s2vi_plan_params params = {.outputs = &out, .n_outputs = 1};
    golden_must(s2vi_plan_create(&plan, g, store, &params, &err), &err, "plan");
    golden_must(s2vi_exec_create(&exec, plan, &err), &err, "exec");
    s2vi_exec_write(exec, in, pictures);
    golden_must(s2vi_exec_run(exec, &clock, &err), &err, "run");
    s2vi_exec_read(exec, out, features);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
}

static void check_visual_encoder(s2vi_store *store)
{
    const s2vi_visual_encoder_config config = {SIDE, C, W,
                                               S2VI_FRONT_END_PICTURES};
    s2v_error err;
    s2vi_param_list list = {0};
    static float film[N * (K + 1) * PICTURE];
    float made[N * K * W], want[W], window[2 * W];
    char text[40];
    double worst = 0;
    golden_must(s2vi_visual_encoder_params(&config, &list, &err), &err,
                "parameters");
    golden_fill(store, &list, 3);
    golden_normal(&(s2vi_philox){.seed = 4}, N * (K + 1) * PICTURE, film);
    run_visual_encoder(store, &config, N, K, film, made);
    for (int i = 0; i < N * K; i++) {
        const float *before = film + (i / K * (K + 1) + i % K) * PICTURE;
        look(store, &list, before, before + PICTURE, want);
        worst = worse(worst, golden_error(made + i * W, want, W));
    }
    snprintf(text, sizeof(text), "error %.2e", worst);
    check(worst < encoder_bound, "the visual encoder is what plain loops give",
          text);
    run_visual_encoder(store, &config, 1, 2, film + 2 * PICTURE, window);
    worst = golden_error(window, made + 2 * W, 2 * W);
    snprintf(text, sizeof(text), "error %.2e", worst);
    check(worst < encoder_bound, "a window gives what the film gives", text);
    s2vi_param_list_close(&list);
}

/* ---------------------------------------------------------- one file -- */

static s2vi_foley_config small(void)
{
    s2vi_foley_config c = {.has_sight = true, .has_vocoder = true};
    s2vi_vs_defaults(&c.generator);
    c.generator.features = 24;
    c.generator.temporal_channels = c.generator.decoder_up_channels = 16;
    c.generator.acoustic_channels = c.generator.decoder_channels = 16;
    c.generator.acoustic_lstm = 5;
    s2vi_visual_encoder_defaults(&c.sight, c.generator.features);
    s2vi_hifigan_version(&c.vocoder, 3);
    c.vocoder.channels = 16;
    return c;
}

static void write_file(const char *path, const s2vi_foley_config *c,
                       const s2vi_param_list *list, int count)
{
    s2v_error err;
    s2vi_writer *w;
    char *text = s2vi_foley_config_text(c);
    float *zeros = calloc(1 << 20, sizeof(*zeros));
    golden_must(s2vi_writer_create(&w, path, &err), &err, path);
    s2vi_writer_set_metadata(w, "s2v.model", S2VI_FOLEY_NAME, NULL);
    s2vi_writer_set_metadata(w, "s2v.config", text, NULL);
    for (int i = 0; i < count; i++)
        s2vi_writer_add(w, list->param[i].name, S2VI_STORED_F32,
                        list->param[i].file_shape.rank,
                        list->param[i].file_shape.dim, zeros, NULL);
    golden_must(s2vi_writer_commit(&w, &err), &err, path);
    free(zeros);
    free(text);
}

/* Read a file of the first `count` parameters. */
static int read_file(s2vi_store *store, const s2vi_foley_config *c,
                     const s2vi_param_list *list, int count, s2v_error *err)
{
    char path[] = "/tmp/test_foley_XXXXXX";
    s2vi_foley_config found;
    s2v_weights *file;
    int fd = mkstemp(path);
    if (fd >= 0)
        close(fd);
    write_file(path, c, list, count);
    golden_must(s2v_weights_open(&file, path, err), err, path);
    int ret = s2vi_foley_read(&found, file, err);
    if (ret >= 0)
        ret = s2vi_foley_load(&found, file, store, err);
    s2v_weights_close(&file);
    remove(path);
    return ret;
}

static void check_file(s2vi_store *store)
{
    const s2vi_foley_config c = small();
    s2v_error err = {0};
    s2vi_param_list list = {0};
    bool unique = true;
    golden_must(s2vi_foley_params(&c, &list, &err), &err, "parameters");
    for (int i = 0; i < list.count; i++)
        unique &= s2vi_param_find(&list, list.param[i].name) == &list.param[i];
    check(unique, "parameters of all networks", "each name once");
    const s2vi_param *timbre = s2vi_param_find(&list, S2VI_FOLEY_TIMBRE);
    check(timbre && timbre->buffer && timbre->shape.dim[0] == 10, "mean timbre",
          S2VI_FOLEY_TIMBRE);
    int ret = read_file(store, &c, &list, list.count, &err);
    check(!ret && s2vi_store_memory(store, "conv_post.bias"), "a file",
          ret ? err.message : "loaded");
    refused(read_file(store, &c, &list, list.count - 1, &err), &err,
            "conv_post.bias");
    s2vi_param_list_close(&list);
}

/* ------------------------------------------------------ configuration -- */

static void check_text(s2vi_foley_config c, const char *what)
{
    s2v_error err = {0};
    s2vi_foley_config again;
    char *text = s2vi_foley_config_text(&c), *text2 = NULL;
    int ret = s2vi_foley_config_parse(&again, text, &err);
    if (!ret)
        text2 = s2vi_foley_config_text(&again);
    check(!ret && !strcmp(text, text2) && c.has_sight == again.has_sight &&
              c.has_vocoder == again.has_vocoder &&
              c.sight.front_end == again.sight.front_end,
          what, ret ? err.message : text2);
    free(text);
    free(text2);
}

static void check_json(const char *json, const char *part)
{
    s2v_error err = {0};
    s2vi_foley_config c;
    refused(s2vi_foley_config_parse(&c, json, &err), &err, part);
}

static void check_configs(void)
{
    s2vi_foley_config c = small();
    s2v_error err = {0};
    check_text(c, "as JSON and back");
    char *text = s2vi_foley_config_text(&c);
    check(!strstr(text, "front_end"), "pictures", "as files were before");
    free(text);
    for (int i = S2VI_FRONT_END_DIFFERENCES; i <= S2VI_FRONT_END_MOTION; i++) {
        c.sight.front_end = (s2vi_front_end)i;
        check_text(c, s2vi_front_end_words[i]);
    }
    c = small();
    c.has_vocoder = false;
    check_text(c, "without a vocoder");
    c.has_sight = false;
    check_text(c, "without sight");
    check_json("[1]", "not a JSON object");
    check_json("{\"generator\":{\"bands\":64}}", "bands is 64, expected 80");
    check_json("{\"nose\":{}}", "unknown part 'nose'");
    check_json("{\"sight\":3}", "'sight' in s2v.config is not an object");
    check_json("{\"sight\":{\"size\":48}}", "48, expected a power of 2");
    check_json("{\"sight\":{\"depth\":8}}", "unknown setting 'depth'");
    check_json("{\"sight\":{\"front_end\":\"ears\"}}",
               "'ears', expected pictures, differences, flow, motion");
    check_json("{\"sight\":{\"front_end\":\"flow\",\"size\":16}}",
               "size is 16, expected 32 to 256");
    check_json("{\"vocoder\":{\"bands\":80}}", "'channels' is missing");
    c = small();
    c.vocoder.rate[0] = 4;
    refused(s2vi_foley_config_check(&c, &err), &err, "128 samples per column");
    c = small();
    c.sight.features = 25;
    refused(s2vi_foley_config_check(&c, &err), &err, "25 features");
}

/* In a store of its own: two checks have other shapes of one name. */
static void with_store(s2vi_backend *backend, void (*check)(s2vi_store *store))
{
    s2v_error err;
    s2vi_store *store;
    golden_must(s2vi_store_create(&store, backend, &err), &err, "store");
    check(store);
    s2vi_store_close(&store);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        device_is_needed(argv[1]);
    s2v_error err;
    s2vi_backend *backend;
    if (argc != 2) {
        fprintf(stderr, "usage: test_foley DEVICE\n");
        return 2;
    }
    /* measured: 1.2e-6 with SSE4.1; nothing on a GPU */
    encoder_bound = strncmp(argv[1], "cuda", 4) ? 3 * 1.2e-6 : 1e-5;
    golden_must(s2vi_backend_open(&backend, argv[1], S2VI_F32, 1, &err), &err,
                argv[1]);
    with_store(backend, check_visual_encoder);
    with_store(backend, check_file);
    check_configs();
    s2vi_backend_close(&backend);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0;
}
