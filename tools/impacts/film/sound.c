/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sound of a clip: its events, in a room, before a background. */
#include "film.h"

#include <math.h>
#include <stdlib.h>

/* Root mean square of the loudest 50 ms; of silence, that of faint events. */
static double loudness(const double *x, size_t n)
{
    const size_t window = IMPACTS_RATE / 20;
    double most = 0;

    for (size_t i = 0; i + window <= n; i += window) {
        double sum = 0;
        for (size_t k = i; k < i + window; k++)
            sum += x[k] * x[k];
        most = fmax(most, sqrt(sum / (double)window));
    }
    return most > 0 ? most : 0.05;
}

int16_t *film_sound(const struct film_clip *clip,
                    const struct impacts_sound_params *params, size_t *samples)
{
    const size_t n = (size_t)(clip->seconds * IMPACTS_RATE + 0.5);
    double *mix = calloc(n + 1, sizeof(*mix));
    int16_t *out = malloc((n + 1) * sizeof(*out));
    int id = 0, ret = mix && out ? 0 : -1;

    *samples = n;
    for (int s = 0; !ret && s < clip->scene_count; s++)
        for (int a = 0; a < clip->scenes[s].count; a++) {
            const struct film_actor *actor = &clip->scenes[s].actors[a];
            for (int i = 0; i < actor->count; i++, id++)
                if (actor->events[i].hit && !actor->kind->silent)
                    film_voice_add(&actor->events[i], params->material,
                                   clip->seed, id, mix, n);
        }
    const double loud = ret ? 0 : loudness(mix, n);
    if (!ret)
        ret = film_room_add(mix, n, clip->room, clip->distance, clip->seed);
    if (!ret && clip->background.kind)
        film_background_add(mix, n, clip->background.kind,
                            loud * pow(10, -clip->background.decibel / 20),
                            clip->seed);
    if (!ret)
        impacts_quantise(mix, out, n);
    free(mix);
    if (ret < 0) {
        free(out);
        return NULL;
    }
    return out;
}
