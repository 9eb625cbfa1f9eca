/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stages of the default schedule. */
#include "recipes/listen_and_move_schedule.h"

/* Adam's beta1 of the paper is for the critics' game. */
static const s2vi_lm_stage reconstruction[] = {
    {"movement", 0.50, 1e-3, 0.9, 1, false, false},
    {"refining", 0.65, 3e-4, 0.9, 1, false, false},
    {"prediction", 0.85, 3e-4, 0.9, 16, true, false},
    {"finishing", 1.00, 1e-4, 0.9, 16, true, false},
};
static const s2vi_lm_stage with_critics[] = {
    {"movement", 0.40, 1e-3, 0.9, 1, false, false},
    {"refining", 0.50, 3e-4, 0.9, 1, false, false},
    {"prediction", 0.60, 3e-4, 0.9, 16, true, false},
    {"sharpening", 0.90, 1e-4, 0.3, 16, true, true},
    {"finishing", 1.00, 3e-5, 0.3, 16, true, true},
};

const s2vi_lm_stage *s2vi_lm_stages(bool adversarial, int *n)
{
    *n = adversarial ? sizeof(with_critics) / sizeof(*with_critics)
                     : sizeof(reconstruction) / sizeof(*reconstruction);
    return adversarial ? with_critics : reconstruction;
}

int s2vi_lm_stage_at(bool adversarial, double share)
{
    int n, i = 0;
    const s2vi_lm_stage *stage = s2vi_lm_stages(adversarial, &n);
    while (i < n - 1 && share >= stage[i].until)
        i++;
    return i;
}
