/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HiFi-GAN: its configuration, as JSON in a weight file. */
#include "models/hifigan.h"

#include "weights/fields.h"

/* s2vi_hifigan_config_check() knows the limits. */
#define INT(member) S2VI_INT(s2vi_hifigan_config, member, 0, 0)

static const s2vi_field table[] = {
    INT(bands),
    INT(channels),
    S2VI_INTS(s2vi_hifigan_config, "rates", rate, S2VI_HIFIGAN_MAX_UPS, n_ups),
    S2VI_INTS_AS(s2vi_hifigan_config, "up_kernels", up_kernel,
                 S2VI_HIFIGAN_MAX_UPS, n_ups),
    INT(resblock),
    S2VI_INTS(s2vi_hifigan_config, "kernels", kernel, S2VI_HIFIGAN_MAX_KERNELS,
              n_kernels),
    S2VI_GRID(s2vi_hifigan_config, "dilations", dilation,
              S2VI_HIFIGAN_MAX_DILATIONS, n_kernels, n_dilations),
};

static const s2vi_fields fields = {S2VI_HIFIGAN_NAME, table,
                                   sizeof(table) / sizeof(*table), true};

int s2vi_hifigan_config_parse(s2vi_hifigan_config *config, const char *json,
                              s2v_error *err)
{
    s2v_error wrong;
    *config = (s2vi_hifigan_config){0};
    int ret = s2vi_fields_read(&fields, config, json, err);
    if (ret >= 0 && s2vi_hifigan_config_check(config, &wrong) < 0)
        ret = s2vi_error(err, S2V_ERR_MODEL, "%s", wrong.message);
    return ret;
}

char *s2vi_hifigan_config_text(const s2vi_hifigan_config *c)
{
    return s2vi_fields_text(&fields, c);
}
