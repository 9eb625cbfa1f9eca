/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz the sizes that are read from the tensors of CLIP's files and of those of
 * the encoder of sound, whole files. What is accepted has parameters.
 */
#include "fuzz.h"

#include "models/clip.h"
#include "models/sound_clip.h"

static void check_list(s2vi_param_list *list, int ret)
{
    REQUIRE(ret == S2V_OK && list->count > 0);
    for (int i = 0; i < list->count; i++)
        REQUIRE(s2vi_shape_count(&list->param[i].shape) > 0);
    s2vi_param_list_close(list);
}

static void read_clip(const s2v_weights *file)
{
    for (int part = S2VI_CLIP_PICTURE; part <= S2VI_CLIP_BOTH; part++) {
        s2vi_clip_config c;
        s2vi_param_list list = {0};
        s2v_error err = {0};
        const int ret =
            s2vi_clip_config_read(&c, (s2vi_clip_part)part, file, &err);
        fuzz_require_sentence(ret, &err);
        if (ret >= 0)
            check_list(&list,
                       s2vi_clip_params(&c, (s2vi_clip_part)part, &list, &err));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    s2v_weights *file;
    s2vi_sound_clip_config sound;
    s2vi_param_list list = {0};
    s2v_error err = {0};
    double scale;
    if (s2vi_weights_open_memory(&file, data, size, "file", &err) < 0)
        return 0;
    read_clip(file);
    err = (s2v_error){0};
    fuzz_require_sentence(s2vi_clip_scale(file, &scale, &err), &err);
    err = (s2v_error){0};
    const int ret = s2vi_sound_clip_config_read(&sound, file, &err);
    fuzz_require_sentence(ret, &err);
    if (ret >= 0)
        check_list(&list, s2vi_sound_clip_params(&sound, &list, &err));
    s2v_weights_close(&file);
    return 0;
}
