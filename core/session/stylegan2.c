/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The family stylegan2: audio in, a walk through StyleGAN2's pictures out. */
#include "models/stylegan2.h"

#include "base/error.h"
#include "session/stylegan.h"

#include <stdlib.h>

static int load(s2vi_stylegan *m, const s2vi_stylegan2_config *c,
                const s2v_weights *w, const s2vi_open_params *params,
                s2v_error *err)
{
    s2vi_param_list list = {0};
    m->shape = s2vi_stylegan2_mapping(c);
    m->codes = c->codes;
    m->size = c->size;
    int ret = s2vi_stylegan2_params_list(c, &list, err);
    if (!ret)
        ret = s2vi_stylegan_load(m, &list, w, params, err);
    s2vi_param_list_close(&list);
    return ret;
}

static int open_network(void **out, const s2v_weights *w,
                        const s2vi_open_params *params, s2v_error *err)
{
    s2vi_stylegan2_config c;
    s2vi_stylegan *m = *out = calloc(1, sizeof(*m));
    s2v_error why;
    if (!m)
        return s2vi_error_nomem(err, "a model");
    const char *config = s2vi_weights_config(w, err);
    if (!config)
        return S2V_ERR_MODEL;
    int ret = s2vi_stylegan2_config_parse(&c, config, &why);
    if (ret < 0)
        return s2vi_error(err, ret, "%s: %.900s", params->path, why.message);
    ret = load(m, &c, w, params, err);
    if (!ret)
        ret = s2vi_stylegan_record2(m, &c, params->size, w, "", err);
    return ret < 0 ? ret : s2vi_stylegan_plan(m, params, err);
}

const s2vi_family s2vi_family_stylegan2 = {
    .name = S2VI_STYLEGAN2_NAME,
    .inputs = S2V_MEDIUM_AUDIO,
    .required = S2V_MEDIUM_AUDIO,
    .outputs = S2V_MEDIUM_VIDEO,
    .options = s2vi_stylegan2_options,
    .open = open_network,
    .close = s2vi_stylegan_close,
    .info = s2vi_stylegan_info,
    .plan = s2vi_stylegan_planned,
    .create = s2vi_stylegan_create,
    .close_stream = s2vi_stylegan_close_stream,
    .send_audio = s2vi_stylegan_send,
    .drain = s2vi_stylegan_drain,
    .receive_video = s2vi_stylegan_receive,
    .flush = s2vi_stylegan_flush,
    .pass_state = s2vi_stylegan_pass_state,
    .report = s2vi_stylegan_report,
};
