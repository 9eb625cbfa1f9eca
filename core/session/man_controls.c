/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blinks and head of a talking portrait; the numbers are those of the rendered
 * talkers that models are trained on (tools/talkers). */
#include "session/man_controls.h"

#include "base/philox.h"

#include <math.h>

static const double STEP = 0.04; /* seconds a frame */

/* -------------------------------------------------------------- blinks -- */

/* Seconds of a clock that runs faster the likelier a blink is. */
static double haste(const s2vi_man_heard *heard)
{
    return heard->talking ? 0.88 : heard->ended ? 2.2 : 0.58;
}

static double between(double low, double high, float u)
{
    return low + (high - low) * (double)u;
}

/* Draw blink number `blinks`: its shape, and the gap after it. */
static void draw_blink(s2vi_man_controls *c, double time)
{
    const s2vi_philox key = {c->seed, S2VI_MAN_STREAM_BLINK, c->blinks};
    float u[4], n;
    s2vi_philox_uniform(&key, 0, 4, u);
    s2vi_philox_normal(&key, 4, 1, &n);
    const bool twice = u[3] < 0.1f;
    c->start = time;
    c->close = between(0.08, 0.12, u[0]);
    c->shut = between(0, 0.04, u[1]);
    c->open = between(0.15, 0.24, u[2]);
    c->gap = twice ? 0 : 2.0 * exp(0.6 * (double)n);
    c->ready = time + c->close + c->shut + c->open + (twice ? 0.05 : 0.6);
    c->waited = 0;
    c->blinks++;
}

/* Number 0 is none that is seen: the gap before the first one. */
static void begin(s2vi_man_controls *c)
{
    draw_blink(c, -1.0);
    c->gap = c->gap > 0 ? c->gap : 1.0;
    c->ready = 0.3; /* the portrait's eyes are open */
}

static double closure(const s2vi_man_controls *c, double time)
{
    const double t = time - c->start;
    const double u = (t - c->close - c->shut) / c->open;
    const double v = t / c->close;
    if (t <= 0 || u >= 1)
        return 0;
    if (v < 1)
        return v * v * (3 - 2 * v);
    return u <= 0 ? 1 : (exp(-4 * u * u) - exp(-4)) / (1 - exp(-4));
}

static double next_closure(s2vi_man_controls *c, const s2vi_man_heard *heard)
{
    const double time = STEP * (double)c->frame;
    if (!c->frame)
        begin(c);
    c->waited += STEP * c->blink * haste(heard);
    if (c->waited >= c->gap && time >= c->ready && c->blink > 0)
        draw_blink(c, time);
    return closure(c, time);
}

/* ---------------------------------------------------------------- head -- */

/* Towards a target that stays for a step. */
static double follow(s2vi_man_follower *f, double target, double hertz)
{
    const double w = 6.283185307179586 * hertz, decay = exp(-w * STEP);
    const double a = f->value - target, b = f->speed + w * a;
    f->value = target + (a + b * STEP) * decay;
    f->speed = (b - w * (a + b * STEP)) * decay;
    return f->value;
}

static void move_head(s2vi_man_controls *c, const s2vi_man_heard *heard,
                      double degrees[S2VI_MAN_ANGLES])
{
    static const double deviation[S2VI_MAN_ANGLES] = {3.5, 2.5, 1.5};
    const double keep = exp(-STEP / 1.2), add = sqrt(1 - keep * keep);
    const s2vi_philox key = {c->seed, S2VI_MAN_STREAM_HEAD, c->frame};
    const double calm = follow(&c->calm, heard->talking ? 0 : 0.6, 1);
    float n[S2VI_MAN_ANGLES];
    s2vi_philox_normal(&key, 0, S2VI_MAN_ANGLES, n);
    for (int i = 0; i < S2VI_MAN_ANGLES; i++) {
        const double most = 2.8 * deviation[i];
        if (c->frame)
            c->angle[i] =
                keep * c->angle[i] + add * deviation[i] * (double)n[i];
        c->angle[i] = fmax(-most, fmin(c->angle[i], most));
        degrees[i] = follow(&c->head[i], (1 - calm) * c->angle[i], 3);
    }
}

/* -------------------------------------------------------------- frames -- */

void s2vi_man_controls_restart(s2vi_man_controls *c)
{
    *c = (s2vi_man_controls){.seed = c->seed,
                             .blink = c->blink,
                             .motion = c->motion,
                             .still = c->still,
                             .calm.value = 0.6};
}

void s2vi_man_controls_next(s2vi_man_controls *c, const s2vi_man_heard *heard,
                            float q[4])
{
    const double scale = (c->still ? 0 : c->motion) / 20;
    double degrees[S2VI_MAN_ANGLES];
    q[0] = (float)next_closure(c, heard);
    move_head(c, heard, degrees);
    for (int i = 0; i < S2VI_MAN_ANGLES; i++)
        q[1 + i] = (float)(scale * degrees[i]);
    c->frame++;
}

/* --------------------------------------------------------------- state -- */

void s2vi_man_controls_pass_state(s2vi_man_controls *c, s2vi_state *state)
{
    double blink[] = {c->waited, c->gap,  c->ready, c->start,
                      c->close,  c->shut, c->open};
    double head[3 * S2VI_MAN_ANGLES + 2] = {c->calm.value, c->calm.speed};
    double *part = head + 2;
    for (int i = 0; i < S2VI_MAN_ANGLES; i++, part += 3) {
        part[0] = c->angle[i];
        part[1] = c->head[i].value;
        part[2] = c->head[i].speed;
    }
    s2vi_state_uint64(state, "controls.frame", &c->frame);
    s2vi_state_uint64(state, "controls.blinks", &c->blinks);
    s2vi_state_doubles(state, "controls.blink", blink,
                       sizeof(blink) / sizeof(*blink), 1e12);
    s2vi_state_doubles(state, "controls.head", head,
                       sizeof(head) / sizeof(*head), 1e6);
    if (!state->restoring || !s2vi_state_ok(state))
        return;
    c->waited = blink[0], c->gap = blink[1], c->ready = blink[2];
    c->start = blink[3], c->close = blink[4], c->shut = blink[5];
    c->open = blink[6];
    c->calm = (s2vi_man_follower){head[0], head[1]};
    part = head + 2;
    for (int i = 0; i < S2VI_MAN_ANGLES; i++, part += 3) {
        c->angle[i] = part[0];
        c->head[i] = (s2vi_man_follower){part[1], part[2]};
    }
}
