/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of the generator: channel attention, partial convolution, a block. */
#include "published.h"

/* For its static functions. */
#include "models/man.c"

#include <stdio.h>

static s2vi_scope of_list(published *p)
{
    return (s2vi_scope){.list = &p->params};
}

static s2vi_scope of_graph(published *p)
{
    return (s2vi_scope){.graph = p->graph};
}

/* The number of taps is that of the file, or the parameter does not load. */
void published_eca(published *p)
{
    const s2vi_scope list = of_list(p), graph = of_graph(p);
    s2vi_node *x = published_input(p, "x", true);
    if (!x)
        return;
    const s2vi_shape taps = S2VI_SHAPE(1, 1, eca_taps((int)x->shape.dim[3]));
    s2vi_declare(&list, taps, S2VI_INIT_ZERO, "k");
    s2vi_node *k = s2vi_declare(&graph, taps, S2VI_INIT_ZERO, "k");
    published_weigh(p, "y", attend(x, k));
}

static s2vi_layer layer_of(published *p, int i, s2vi_shape weight)
{
    const s2vi_scope scopes[] = {of_list(p), of_graph(p)};
    s2vi_layer conv = {0};
    for (int k = 0; k < 2; k++) {
        conv.weight =
            s2vi_declare(&scopes[k], weight, S2VI_INIT_ZERO, "w%d", i);
        conv.bias = s2vi_declare(&scopes[k], S2VI_SHAPE(weight.dim[0]),
                                 S2VI_INIT_ZERO, "b%d", i);
    }
    return conv;
}

void published_partial(published *p)
{
    s2vi_node *x = published_input(p, "x", true);
    s2vi_node *m = published_input(p, "m", false);
    const s2vi_layer conv[] = {layer_of(p, 1, S2VI_SHAPE(8, 5, 3, 3)),
                               layer_of(p, 2, S2VI_SHAPE(6, 8, 3, 3))};
    if (!m)
        return;
    const partial first = count_known(m), second = count_known(first.mask);
    s2vi_node *y1 = partial_conv(x, m, &first, conv[0]);
    s2vi_node *y2 =
        partial_conv(s2vi_lrelu(y1, 0.0), first.mask, &second, conv[1]);
    published_output(p, "y1", y1);
    published_output(p, "m1", first.mask);
    published_output(p, "m2", second.mask);
    published_weigh(p, "y2", y2);
    s2vi_node *ones = s2vi_fill(p->graph, 1.0, m->shape);
    const partial all = count_known(ones);
    published_output(p, "ones_y1", partial_conv(x, ones, &all, conv[0]));
    published_output(p, "ones_m1", all.mask);
}

/* "blocks.6.man0.image.conv.weight": "man0.image.in.weight" */
static void rename_block(const char *name, char out[PUBLISHED_NAME])
{
    const char *rest = strstr(name, "blocks.6.");
    rest = rest ? rest + strlen("blocks.6.") : name;
    const char *conv = strstr(rest, ".conv."), *eca = strstr(rest, ".eca.");
    if (conv)
        snprintf(out, PUBLISHED_NAME, "%.*s.in.%s", (int)(conv - rest), rest,
                 conv + strlen(".conv."));
    else if (eca)
        snprintf(out, PUBLISHED_NAME, "%.*s.eca", (int)(eca - rest), rest);
    else
        snprintf(out, PUBLISHED_NAME, "%s", rest);
}

/* From side 4 to 8 and from 6 channels to 4: number 6 at N = 16. */
void published_block(published *p)
{
    enum { BLOCK = 6 };
    static s2vi_man_config c;
    const s2vi_scope list = of_list(p), graph = of_graph(p);
    s2vi_man_inputs in = {.geometry = published_input(p, "geometry", false)};
    generator g = {.config = &c, .in = &in};
    s2vi_man_defaults(&c);
    c.size = 16;
    c.geometry_size = 8;
    c.channels[BLOCK - 1] = 6;
    c.channels[BLOCK] = 4;
    c.hidden = 4;
    c.sound_hidden = 6;
    p->rename = rename_block;
    declare_block(&list, &c, BLOCK);
    block *b = &g.block[BLOCK];
    *b = declare_block(&graph, &c, BLOCK);
    g.picture = published_input(p, "image", false);
    for (int i = VIDEO; i < S2VI_MAN_MODALITIES; i++)
        g.code[i] = published_input(p, modality_name[i], false);
    s2vi_node *x = published_input(p, "x", true);
    s2vi_node *man0 = normalise(&g, &b->man[0], x);
    published_output(p, "man0_y", man0);
    published_output(p, "mid",
                     convolve(s2vi_lrelu(man0, SLOPE), b->conv[0], true));
    published_output(
        p, "man1_y16",
        normalise(&g, &b->man[1], published_input(p, "x16", false)));
    published_weigh(p, "y", res_block(&g, BLOCK, x));
}
