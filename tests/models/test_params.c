/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of parameters: names, shapes, initial values, buffers, and their order,
 * on which initial values (seeded by the place in the list), checkpoints and
 * weight files depend. A hash of each network's list in its configurations.
 *
 * usage: test_params [NAME]    (with a name: prints that list)
 */
#include "graph/build.h"
#include "models/clip.h"
#include "models/face.h"
#include "models/foley.h"
#include "models/listen_and_move.h"
#include "models/sound_clip.h"
#include "models/stylegan3.h"
#include "networks/bn_inception.h"
#include "networks/discriminator.h"
#include "networks/hifigan_discriminator.h"
#include "networks/man_critic.h"
#include "networks/stylegan2_discriminator.h"
#include "networks/varietysound_discriminator.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct printed {
    uint64_t hash; /* FNV-1a */
    bool show;
} printed;

static void print(printed *p, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (const char *c = text; *c; c++)
        p->hash = (p->hash ^ (uint8_t)*c) * 0x100000001b3u;
    if (p->show)
        printf("%s", text);
}

static void print_shape(printed *p, const s2vi_shape *s)
{
    for (int i = 0; i < s->rank; i++)
        print(p, "%s%lld", i ? "," : " (", (long long)s->dim[i]);
    print(p, ")");
}

static uint64_t print_list(const s2vi_param_list *list, bool show)
{
    printed p = {0xcbf29ce484222325u, show};
    for (int i = 0; i < list->count; i++) {
        const s2vi_param *q = &list->param[i];
        print(&p, "%s", q->name);
        print_shape(&p, &q->file_shape);
        print_shape(&p, &q->shape);
        print(&p, " %d %d\n", (int)q->init, q->buffer);
    }
    return p.hash;
}

/* ------------------------------------------------------------- networks -- */

/* One bit a switch, so that every row is there in some of them. */
static int listen_and_move(int i, s2vi_param_list *list, s2v_error *err)
{
    s2vi_lm_config c;
    s2vi_lm_defaults(&c);
    c.size = i & 1 ? 64 : 16;
    c.motion_layers = i & 2 ? 3 : 1;
    c.mfs = !(i & 4);
    c.sac = !(i & 8);
    c.acin = i & 1 || i & 4;
    c.noise = !(i & 2);
    c.connection = (s2vi_lm_connection)(i % 3);
    c.prediction = (s2vi_lm_prediction)(i / 3 % 3);
    return s2vi_lm_params(&c, list, err);
}

static int discriminators(int i, s2vi_param_list *list, s2v_error *err)
{
    s2vi_lm_config g;
    s2vi_disc_config c;
    s2vi_lm_defaults(&g);
    g.size = i & 1 ? 64 : 16;
    int ret = S2V_OK;
    for (int kind = 0; kind < 2 && !ret; kind++) {
        s2vi_disc_mirror(&c, &g, (s2vi_disc_kind)kind, 16);
        c.connection = (s2vi_lm_connection)(i % 3);
        ret = s2vi_disc_params(&c, list, err);
    }
    return ret;
}

static int varietysound(int i, s2vi_param_list *list, s2v_error *err)
{
    s2vi_vs_config c;
    s2vi_vs_defaults(&c);
    c.decoder_layers += i;
    c.acoustic_layers -= i;
    return s2vi_vs_params(&c, list, err);
}

static int hifigan(int i, s2vi_param_list *list, s2v_error *err)
{
    s2vi_hifigan_config c;
    s2vi_hifigan_version(&c, i + 1);
    return s2vi_hifigan_params(&c, list, err);
}

static int foley(int i, s2vi_param_list *list, s2v_error *err)
{
    s2vi_foley_config c = {.has_sight = i & 1, .has_vocoder = i & 2};
    s2vi_vs_defaults(&c.generator);
    s2vi_visual_encoder_defaults(&c.sight, c.generator.features);
    s2vi_hifigan_version(&c.vocoder, 3);
    return s2vi_foley_params(&c, list, err);
}

static int foley_discriminators(int i, s2vi_param_list *list, s2v_error *err)
{
    s2vi_vs_config g;
    s2vi_vs_disc_config c;
    s2vi_vs_defaults(&g);
    s2vi_vs_disc_defaults(&c, &g);
    c.window[0] += 3 * i;
    const int ret = s2vi_vs_temporal_params(&c, list, err);
    return ret < 0 ? ret : s2vi_vs_window_params(&c, list, err);
}

static int hifigan_discriminators(int i, s2vi_param_list *list, s2v_error *err)
{
    const s2vi_hifigan_disc_config c = {.divide = i ? 8 : 1};
    return s2vi_hifigan_disc_params(&c, list, err);
}

static int bn_inception(int i, s2vi_param_list *list, s2v_error *err)
{
    return s2vi_bn_inception_params(i ? S2VI_BN_FLOW : S2VI_BN_RGB, list, err);
}

static int man_critics(int i, s2vi_param_list *list, s2v_error *err)
{
    s2vi_man_config c;
    s2vi_man_defaults(&c);
    c.critics += i;
    c.critic_portrait = !i;
    return s2vi_man_critic_params(&c, list, err);
}

static int face(int i, s2vi_param_list *list, s2v_error *err)
{
    return i ? s2vi_facemesh_params("facemesh.", list, err)
             : s2vi_blazeface_params("", list, err);
}

/* Small and large, with classes and without. */
static int stylegan2(int i, s2vi_param_list *list, s2v_error *err)
{
    s2vi_stylegan2_config c;
    s2vi_stylegan2_defaults(&c, i ? 1024 : 32);
    c.classes = i ? 0 : 10;
    c.mapping = i ? 8 : 2;
    const int ret = s2vi_stylegan2_params_list(&c, list, err);
    return ret < 0
               ? ret
               : s2vi_stylegan2_discriminator_params(&c, "mapping", list, err);
}

static int stylegan3(int i, s2vi_param_list *list, s2v_error *err)
{
    s2vi_stylegan3_config c;
    s2vi_stylegan3_defaults(&c, i ? 1024 : 64);
    c.classes = i ? 0 : 10;
    c.variant = i ? S2VI_STYLEGAN3_R : S2VI_STYLEGAN3_T;
    return s2vi_stylegan3_params_list(&c, list, err);
}

static int clip(int i, s2vi_param_list *list, s2v_error *err)
{
    s2vi_clip_config c;
    s2vi_clip_defaults(&c);
    return s2vi_clip_params(&c, i ? S2VI_CLIP_TEXT : S2VI_CLIP_BOTH, list, err);
}

static int sound_clip(int i, s2vi_param_list *list, s2v_error *err)
{
    const s2vi_sound_clip_config c = {.width = {64, 128, 256, 512},
                                      .stages = 4,
                                      .hidden = i > 1 ? 512 : 0,
                                      .embedding = i ? 64 : 512};
    return s2vi_sound_clip_params(&c, list, err);
}

static const struct {
    const char *name;
    int (*params)(int i, s2vi_param_list *list, s2v_error *err);
    int n; /* configurations */
    uint64_t hash;
} networks[] = {
    {"listen-and-move", listen_and_move, 16, 0x064e04e8cb93d9bau},
    {"discriminators", discriminators, 6, 0x486d5fe897d34258u},
    {"varietysound", varietysound, 2, 0xb7589235e15e4b05u},
    {"hifigan", hifigan, 3, 0x2e162e33b5c955ceu},
    {"face", face, 2, 0xcfb6f42a9541a229u},
    {"foley", foley, 4, 0xaa41f03147a57338u},
    {"foley-discriminators", foley_discriminators, 2, 0x2e490fc325813702u},
    {"hifigan-discriminators", hifigan_discriminators, 2, 0x1e501f969f90ed1au},
    {"man-critics", man_critics, 2, 0xfc353b480a62af5eu},
    {"stylegan2", stylegan2, 2, 0x03c3365c10bac2bcu},
    {"stylegan3", stylegan3, 2, 0x1c00165b0dbe7482u},
    {"clip", clip, 2, 0x3ce16ad4ed8a2a7fu},
    {"sound-clip", sound_clip, 3, 0x7019c60e49ab45f1u},
    {"bn-inception", bn_inception, 2, 0xd1ae2b00da8aecbau},
};

/* Of all configurations. */
static uint64_t hash_of(size_t k, bool show)
{
    uint64_t sum = 0;
    for (int i = 0; i < networks[k].n; i++) {
        s2vi_param_list list = {0};
        s2v_error err;
        if (networks[k].params(i, &list, &err) < 0)
            printf("# %s: %s\n", networks[k].name, err.message);
        sum = sum * 3 + print_list(&list, show);
        s2vi_param_list_close(&list);
    }
    return sum;
}

/* ------------------------------------------------------------- mistakes -- */

static int expect(bool ok, const char *what)
{
    printf("%s: %s\n", ok ? "ok" : "FAIL", what);
    return !ok;
}

#define LONG "a_name_of_forty_characters_............."

/* A name that does not fit: a sentence, and the list is as it was. */
static int test_long_name(void)
{
    s2vi_param_list list = {0};
    s2v_error err = {0};
    const s2vi_scope scope = {.list = &list};
    const s2vi_scope in = s2vi_scope_in(&scope, LONG);
    s2vi_declare(&scope, S2VI_SHAPE(1), S2VI_INIT_ZERO, "before");
    s2vi_declare(&in, S2VI_SHAPE(1), S2VI_INIT_ZERO, "fits");
    s2vi_declare(&in, S2VI_SHAPE(1), S2VI_INIT_ZERO, LONG);
    const int ret = s2vi_param_list_end(&list, 1, &err);
    int failed = expect(ret == S2V_ERR_INTERNAL && list.count == 1 &&
                            strstr(err.message, "more than 63 characters"),
                        "a long name");
    failed += expect(!s2vi_param_list_end(&list, 1, &err), "and once only");
    s2vi_param_list_close(&list);
    return failed;
}

/* A parameter is one node of a graph, from its first use on. */
static int test_place(void)
{
    s2vi_graph *graph = s2vi_graph_create();
    const s2vi_scope scope = {.graph = graph};
    const s2vi_shape one = S2VI_SHAPE(1);
    s2vi_node *a = s2vi_declare(&scope, one, S2VI_INIT_ZERO, "a");
    s2vi_node *b = s2vi_declare(&scope, one, S2VI_INIT_ZERO, "b");
    int failed = expect(a && b && !s2vi_graph_count(graph) &&
                            !s2vi_graph_find(graph, "a"),
                        "declared: not recorded");
    failed += expect(s2vi_declare(&scope, one, S2VI_INIT_ZERO, "a") == a,
                     "declared again: the same");
    s2vi_node *c = s2vi_add(b, s2vi_input(graph, "x", one));
    failed += expect(b->id == 1 && c->id == 2 && a->id < 0 &&
                         s2vi_graph_find(graph, "b") == b,
                     "recorded where it is used first");
    s2vi_graph_close(&graph);
    return failed;
}

/* MAN's sides: the paper's 256 and 96, which is halved four times; not 100. */
static int test_man_sides(void)
{
    s2vi_man_config c;
    s2v_error err = {0};
    s2vi_man_defaults(&c);
    s2vi_man_set_preset(&c, "paper");
    c.warp = 0;
    c.geometry = S2VI_MAN_KEYPOINTS;
    c.predictor = S2VI_MAN_HOURGLASS;
    c.geometry_size = 96;
    int failed = expect(!s2vi_man_config_check(&c, &err), "man: 256 and 96");
    c.geometry_size = 100;
    failed += expect(s2vi_man_config_check(&c, &err) == S2V_ERR_MODEL &&
                         strstr(err.message, "geometry_size is 100"),
                     "man: 256 and 100");
    return failed;
}

int main(int argc, char **argv)
{
    int failed = test_long_name() + test_place() + test_man_sides();
    for (size_t k = 0; k < sizeof(networks) / sizeof(*networks); k++) {
        const bool show = argc > 1 && !strcmp(argv[1], networks[k].name);
        const uint64_t found = hash_of(k, show);
        const bool ok = found == networks[k].hash;
        printf("%s: %s: %016llx\n", ok ? "ok" : "FAIL", networks[k].name,
               (unsigned long long)found);
        failed += !ok;
    }
    return failed > 0;
}
