/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Composes the quintet's score from a seed, in integers only.
 *
 * D minor, 4/4. Four bars share a chord progression, two bars a texture (who
 * plays which role); melodies are built of a few motifs that the whole piece
 * varies. All twelve textures come once in every 24 bars, so that each stretch
 * of the piece speaks the same language; no bar is ever repeated. */
#include "quintet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BAR = 16, /* sixteenths */
    BAR_NOTES = 8,
    TEXTURES = 12,
    MOTIFS = 5,
    RETRIES = 64,
};

static const double seconds_per_tick = 60.0 / 96.0 / 4.0;
static const double sounding = 0.93; /* of a note's length, then a breath */

static const int ranges[QUINTET_PLAYERS][2] = {
    {28, 36}, /* violin 1: D5..E6 */
    {23, 29}, /* violin 2: F4..E5 */
    {18, 24}, /* viola: A3..G4 */
    {12, 18}, /* cello: B flat 2..A3 */
    {4, 11},  /* double bass: A1..A2 */
};

/* Roles: Melody, Counter-melody, Harmony, Pulse, Bass line, - rests.
 * In the order of enum quintet_player. */
static const char textures[TEXTURES][QUINTET_PLAYERS + 1] = {
    "M----", "-M--B", "--M--", "P--M-", "--P-M", "MC---",
    "--MCB", "-C-M-", "M-H-B", "PMHCB", "MCPHB", "HHPMB",
};

static const int progressions[][4] = {
    {0, 3, 4, 0}, {0, 5, 2, 6}, {0, 5, 3, 4}, {2, 6, 3, 4},
    {0, 6, 5, 4}, {3, 0, 4, 0}, {5, 3, 0, 4}, {0, 2, 3, 4},
};

/* Half a bar of rhythm, in sixteenths; a negative length is a rest. */
static const int cells[][5] = {
    {8},       {4, 4},    {6, 2},  {4, 2, 2},     {2, 2, 2, 2},
    {2, 2, 4}, {2, 4, 2}, {4, -4}, {2, 2, 2, -2},
};

struct motif {
    int cell;
    int moves[4]; /* steps from each note to the next */
};

struct composer {
    uint64_t seed, counter;
    int stream;
    struct motif motifs[MOTIFS];
    int deck[TEXTURES];
    int last[QUINTET_PLAYERS]; /* the step each player left off at */
    uint64_t *seen;            /* a hash of every bar so far */
    const int *progression;
    const char *texture;
    int dynamic;
};

/* Where in the piece and for whom a bar is being written. */
struct place {
    int bar, player, chord;
    char role;
};

static int pick(struct composer *c, int n)
{
    const uint64_t r = render_random(c->seed, c->stream, c->counter++);

    return (int)((r >> 33) % (uint64_t)n);
}

double quintet_note_onset(const struct quintet_note *note)
{
    return note->onset * seconds_per_tick;
}

double quintet_note_end(const struct quintet_note *note)
{
    return (note->onset + note->length * sounding) * seconds_per_tick;
}

/* The leading note is raised over the dominant (degree 4). */
static int midi_of(int step, int chord)
{
    static const int scale[7] = {0, 2, 3, 5, 7, 8, 10};

    return 26 + 12 * (step / 7) + scale[step % 7] +
           (chord == 4 && step % 7 == 6);
}

static int is_chord_tone(int step, int chord)
{
    const int above = (step - chord + 14) % 7;

    return above == 0 || above == 2 || above == 4;
}

/* Reflects a step into the player's range. */
static int fold(int step, const int range[2])
{
    while (step < range[0] || step > range[1])
        step = step < range[0] ? 2 * range[0] - step : 2 * range[1] - step;
    return step;
}

static int nearest_chord_tone(int step, int chord, const int range[2])
{
    for (int d = 0; d < 7; d++) {
        if (step + d <= range[1] && is_chord_tone(step + d, chord))
            return step + d;
        if (step - d >= range[0] && is_chord_tone(step - d, chord))
            return step - d;
    }
    return step;
}

static void invent_motifs(struct composer *c)
{
    static const int moves[] = {-1, 1, -1, 1, 1, 2, -2, -1, 3, -3};

    for (int m = 0; m < MOTIFS; m++) {
        c->motifs[m].cell = 1 + pick(c, 6);
        for (int i = 0; i < 4; i++)
            c->motifs[m].moves[i] = moves[pick(c, 10)];
    }
}

static void shuffle_textures(struct composer *c)
{
    for (int i = 0; i < TEXTURES; i++)
        c->deck[i] = i;
    for (int i = TEXTURES - 1; i > 0; i--) {
        const int j = pick(c, i + 1);
        const int t = c->deck[i];
        c->deck[i] = c->deck[j];
        c->deck[j] = t;
    }
}

/* Half a bar of notes: a rhythm, and moves from note to note. */
static void write_cell(struct composer *c, struct quintet_part *part,
                       const struct place *at, int half,
                       const struct motif *motif, int sign)
{
    const int *range = ranges[at->player];
    int tick = at->bar * BAR + half * BAR / 2;

    for (int i = 0; i < 5 && cells[motif->cell][i]; i++) {
        const int length = cells[motif->cell][i];
        if (length > 0) {
            int step = c->last[at->player];
            step += i || half ? sign * motif->moves[i % 4] : 0;
            step = fold(step, range);
            if (tick % 8 == 0 || at->role == 'H' || at->role == 'P')
                step = nearest_chord_tone(step, at->chord, range);
            const int dynamic = c->dynamic + (tick % BAR == 0) -
                                (at->role == 'H' || at->role == 'P');
            part->notes[part->count++] = (struct quintet_note){
                .onset = tick,
                .length = length,
                .step = step,
                .midi = midi_of(step, at->chord),
                .dynamic = dynamic < 1   ? 1
                           : dynamic > 4 ? 4
                                         : dynamic,
            };
            c->last[at->player] = step;
        }
        tick += abs(length);
    }
}

/* One player's bar. Melodies take their motifs from the piece's store. */
static void write_bar(struct composer *c, struct quintet_part *part,
                      const struct place *at)
{
    static const int held[] = {0, 1, 1, 2, 7};
    static const int pulse[] = {4, 3, 5, 8, 4};
    static const int line[] = {0, 1, 2, 1, 3};
    static const int leaps[] = {2, -2, 1, 4, -4, -1, 3, -3};

    for (int half = 0; half < 2; half++) {
        const int sign = pick(c, 2) ? 1 : -1;
        struct motif motif = c->motifs[pick(c, MOTIFS)];
        const int choice = pick(c, 5);
        if (at->role == 'C')
            motif.cell = pick(c, 2) ? motif.cell : 1 + choice % 2;
        if (at->role == 'H')
            motif.cell = held[choice];
        if (at->role == 'P')
            motif.cell = pulse[choice];
        if (at->role == 'B')
            motif.cell = line[choice];
        if (at->role == 'M' && half && at->bar % 2 && choice < 2)
            motif.cell = 7; /* a breath at the phrase's end */
        if (at->role != 'M' && at->role != 'C')
            for (int i = 0; i < 4; i++)
                motif.moves[i] = leaps[pick(c, 8)];
        write_cell(c, part, at, half, &motif, sign);
    }
}

static uint64_t hash_bar(const struct quintet_score *score, const size_t *from,
                         int bar)
{
    uint64_t h = 0;

    for (int p = 0; p < QUINTET_PLAYERS; p++) {
        const struct quintet_part *part = &score->parts[p];
        for (size_t i = from[p]; i < part->count; i++) {
            const struct quintet_note *n = &part->notes[i];
            h = render_random(h, n->onset - bar * BAR,
                              (uint64_t)(n->midi * 64 + n->length));
        }
    }
    return h;
}

static int seen_before(const struct composer *c, int bar, uint64_t hash)
{
    for (int i = 0; i < bar; i++)
        if (c->seen[i] == hash)
            return 1;
    return 0;
}

/* All players' bar, written anew until it is unlike every earlier one. */
static void write_tutti_bar(struct composer *c, struct quintet_score *score,
                            int bar)
{
    size_t from[QUINTET_PLAYERS];
    int last[QUINTET_PLAYERS];

    memcpy(last, c->last, sizeof(last));
    for (int p = 0; p < QUINTET_PLAYERS; p++)
        from[p] = score->parts[p].count;

    for (int retry = 0; retry < RETRIES; retry++) {
        memcpy(c->last, last, sizeof(last));
        for (int p = 0; p < QUINTET_PLAYERS; p++) {
            const struct place at = {bar, p, c->progression[bar % 4],
                                     c->texture[p]};
            score->parts[p].count = from[p];
            if (at.role != '-')
                write_bar(c, &score->parts[p], &at);
        }
        c->seen[bar] = hash_bar(score, from, bar);
        if (!seen_before(c, bar, c->seen[bar]))
            return;
    }
}

static void write_all(struct composer *c, struct quintet_score *score)
{
    const int n_progressions = sizeof(progressions) / sizeof(progressions[0]);

    for (int p = 0; p < QUINTET_PLAYERS; p++)
        c->last[p] = (ranges[p][0] + ranges[p][1]) / 2;
    invent_motifs(c);
    for (int bar = 0; bar < score->bars; bar++) {
        if (bar % 4 == 0)
            c->progression = progressions[pick(c, n_progressions)];
        if (bar % (2 * TEXTURES) == 0)
            shuffle_textures(c);
        if (bar % 2 == 0) {
            c->texture = textures[c->deck[bar / 2 % TEXTURES]];
            c->dynamic = 1 + pick(c, 4);
        }
        write_tutti_bar(c, score, bar);
    }
}

/* Leaves the end to the room: no note sounds in the last moment. */
static void clear_end(struct quintet_score *score)
{
    const int end = (int)((score->seconds - 0.3) / seconds_per_tick);

    for (int p = 0; p < QUINTET_PLAYERS; p++) {
        struct quintet_part *part = &score->parts[p];
        while (part->count && part->notes[part->count - 1].onset + 2 > end)
            part->count--;
        if (!part->count)
            continue;
        struct quintet_note *last = &part->notes[part->count - 1];
        if (last->onset + last->length > end)
            last->length = end - last->onset;
    }
}

int quintet_score_compose(struct quintet_score *score, uint64_t seed,
                          int stream, double seconds)
{
    struct composer c = {.seed = seed, .stream = stream};

    memset(score, 0, sizeof(*score));
    score->seconds = seconds;
    score->bars = (int)ceil(seconds / (BAR * seconds_per_tick));
    c.seen = calloc((size_t)score->bars, sizeof(*c.seen));
    if (!c.seen)
        goto fail;
    for (int p = 0; p < QUINTET_PLAYERS; p++) {
        struct quintet_part *part = &score->parts[p];
        part->low = ranges[p][0];
        part->high = ranges[p][1];
        part->notes =
            calloc((size_t)score->bars * BAR_NOTES, sizeof(*part->notes));
        if (!part->notes)
            goto fail;
    }
    write_all(&c, score);
    clear_end(score);
    free(c.seen);
    return 0;

fail:
    free(c.seen);
    quintet_score_free(score);
    return -1;
}

void quintet_score_free(struct quintet_score *score)
{
    for (int p = 0; p < QUINTET_PLAYERS; p++)
        free(score->parts[p].notes);
    memset(score, 0, sizeof(*score));
}
