/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MAN's generator: what all of its norms see is recorded once. */
#include "../check.h"
#include "graph/build.h"
#include "models/man.h"

enum { COLUMNS = S2VI_SPEECH_COLUMNS };

static int count_pools(const s2vi_graph *graph)
{
    int n = 0;
    for (int i = 0; i < s2vi_graph_count(graph); i++)
        n += s2vi_graph_node(graph, i)->op == S2VI_OP_AVGPOOL;
    return n;
}

/* 128 to 64, 32, 16, 8 and 4, and the geometry from 64 to the last four: there
 * are sixteen norms, six of them at side 4. */
static void test_once_a_side(void)
{
    s2vi_graph *graph = s2vi_graph_create();
    s2vi_man_config c;
    s2vi_man_outputs made;
    s2v_error err = {0};
    s2vi_man_defaults(&c);
    const int64_t N = c.size, P = c.geometry_size;
    const s2vi_man_inputs in = {
        .portrait = s2vi_input(graph, "portrait", S2VI_SHAPE(1, N, N, 3)),
        .geometry = s2vi_input(graph, "geometry", S2VI_SHAPE(1, P, P, 17)),
        .amf =
            s2vi_input(graph, "amf", S2VI_SHAPE(1, COLUMNS, S2VI_SPEECH_BANDS)),
        .mfcc =
            s2vi_input(graph, "mfcc",
                       S2VI_SHAPE(1, COLUMNS * (int64_t)S2VI_SPEECH_CEPSTRUM)),
        .pitch = s2vi_input(graph, "pitch", S2VI_SHAPE(COLUMNS)),
        .energy = s2vi_input(graph, "energy", S2VI_SHAPE(COLUMNS)),
    };
    const int ret = s2vi_man_generator_build(graph, &c, &in, &made, &err);
    CHECK(!ret, "%s", err.message);
    CHECK(count_pools(graph) == 9,
          "%d, expected 5 of the picture and 4 of the "
          "geometry",
          count_pools(graph));
    s2vi_graph_close(&graph);
}

int main(void)
{
    test_once_a_side();
    return check_done();
}
