/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz going on from a checkpoint whose tensors are intact, but whose metadata
 * is not: texts that end with NUL take the places of s2v.model, s2v.config,
 * s2v.identity and s2v.progress, an empty one none. What is accepted trains on.
 */
#include "container.h"
#include "fuzz.h"
#include "make_clip.h"
#include "recipes/listen_and_move_trainer.h"

#include <math.h>
#include <stdlib.h>

enum { TEXTS = 4, SIZE = 8, FRAMES = 12, T = 2 };

static s2vi_dataset clips;
static s2vi_lm_trainer *trainer;
static fuzz_container container;

static void make_trainer(void)
{
    s2vi_lm_trainer_params p = {.trainer = {.rate = 1e-3,
                                            .device = "ref",
                                            .threads = 1,
                                            .version = "test"},
                                .data = &clips,
                                .sequence = T};
    const char *path = fuzz_scratch("trainer.ckpt");
    s2v_error err = {0};
    s2vi_lm_defaults(&p.config);
    p.config.size = SIZE;
    p.config.channels_min = 2;
    p.config.channels_max = 4;
    add_clip(&clips, SIZE, FRAMES, 1);
    add_clip(&clips, SIZE, FRAMES, 2);
    REQUIRE(!s2vi_dataset_split(&clips, 1, T, &err));
    REQUIRE(!s2vi_dataset_features(&clips, &err));
    REQUIRE(!s2vi_lm_trainer_create(&trainer, &p, &err));
    REQUIRE(!s2vi_trainer_save(&trainer->trainer, path, &err));
    fuzz_container_read(&container, path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const key[TEXTS] = {"s2v.model", "s2v.config",
                                           "s2v.identity", "s2v.progress"};
    fuzz_input in = {data, size};
    char *value[TEXTS];
    s2v_error err = {0};
    if (!trainer)
        make_trainer();
    for (int i = 0; i < TEXTS; i++) {
        value[i] = fuzz_text(&in);
        if (value[i] && !*value[i]) {
            free(value[i]);
            value[i] = NULL;
        }
    }
    const char *path = fuzz_container_change(&container, key, value, TEXTS);
    int ret = s2vi_trainer_resume(&trainer->trainer, path, &err);
    fuzz_require_sentence(ret, &err);
    for (int i = 0; i < 3 && !ret; i++) {
        s2vi_trainer_loss loss;
        int terms = 1;
        ret = s2vi_trainer_iterate(&trainer->trainer, &loss, &terms, &err);
        REQUIRE(!ret && isfinite(loss.value));
    }
    for (int i = 0; i < TEXTS; i++)
        free(value[i]);
    return 0;
}
