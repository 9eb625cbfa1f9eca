/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the score to a player's pose.
 *
 * The pose depends on the sounding note, on the time since its onset and, for
 * a moment after the onset, on the note before: on nothing that a listener
 * could not hear within the last second. */
#include "quintet.h"

#include <math.h>

static const double change_seconds = 0.15; /* from one note to the next */
static const double rest_seconds = 0.3;    /* from a note to the rest pose */

static const struct quintet_pose rest = {0.0, 0.25, 0.3, 0.0, 0.0};

/* Even degrees of the scale are down-bows, odd ones up-bows. */
double quintet_note_bow(const struct quintet_note *note, double t)
{
    const double stroke = 0.5 + 0.1 * note->dynamic;
    const double travel = stroke * (1.0 - exp(-t / 0.5));

    return note->step % 2 ? 0.95 - travel : 0.05 + travel;
}

double quintet_note_level(const struct quintet_note *note, double t)
{
    const double peak = 0.16 + 0.21 * note->dynamic;

    return peak * (0.6 + 0.4 * exp(-t / 0.7));
}

static double smooth(double x)
{
    x = x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x;
    return x * x * (3.0 - 2.0 * x);
}

static struct quintet_pose blend(const struct quintet_pose *a,
                                 const struct quintet_pose *b, double w)
{
    return (struct quintet_pose){
        .raise = a->raise + w * (b->raise - a->raise),
        .bow = a->bow + w * (b->bow - a->bow),
        .pitch = a->pitch + w * (b->pitch - a->pitch),
        .level = a->level + w * (b->level - a->level),
        .nod = a->nod + w * (b->nod - a->nod),
    };
}

static struct quintet_pose playing(const struct quintet_part *part,
                                   const struct quintet_note *note, double t)
{
    const double level = quintet_note_level(note, t);

    return (struct quintet_pose){
        .raise = 1.0,
        .bow = quintet_note_bow(note, t),
        .pitch = (double)(note->step - part->low) / (part->high - part->low),
        .level = level,
        .nod = level * (t / 0.12) * exp(1.0 - t / 0.12),
    };
}

/* The pose after a note has ended, before another begins. */
static struct quintet_pose after(const struct quintet_part *part,
                                 const struct quintet_note *note, double time)
{
    const double onset = quintet_note_onset(note);
    const double end = quintet_note_end(note);
    const struct quintet_pose last = playing(part, note, end - onset);

    return blend(&last, &rest, smooth((time - end) / rest_seconds));
}

struct quintet_pose quintet_pose_at(const struct quintet_part *part,
                                    double time)
{
    size_t begun = 0;

    for (size_t step = part->count; step; step /= 2)
        while (begun + step <= part->count &&
               quintet_note_onset(&part->notes[begun + step - 1]) <= time)
            begun += step;
    if (!begun)
        return rest;

    const struct quintet_note *note = &part->notes[begun - 1];
    if (time >= quintet_note_end(note))
        return after(part, note, time);

    const double onset = quintet_note_onset(note);
    const struct quintet_pose to = playing(part, note, time - onset);
    const struct quintet_pose from =
        begun > 1 ? after(part, note - 1, onset) : rest;
    return blend(&from, &to, smooth((time - onset) / change_seconds));
}
