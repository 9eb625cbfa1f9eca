/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The score, which is composed in integers: every note of the clip that the
 * shipped model learned from, of the demo song, and of another piece. */
#include "check.h"
#include "quintet.h"

/* FNV-1a of the number's four bytes, lowest first. */
static uint64_t add(uint64_t hash, int number)
{
    for (int i = 0; i < 4; i++)
        hash = (hash ^ ((uint32_t)number >> (8 * i) & 255)) * 0x100000001b3;
    return hash;
}

static uint64_t hash_of(const struct quintet_score *score)
{
    uint64_t hash = add(0xcbf29ce484222325, score->bars);
    for (int p = 0; p < QUINTET_PLAYERS; p++) {
        const struct quintet_part *part = &score->parts[p];
        hash = add(hash, (int)part->count);
        for (size_t i = 0; i < part->count; i++) {
            const struct quintet_note *n = &part->notes[i];
            hash = add(add(hash, n->onset), n->length);
            hash = add(add(add(hash, n->step), n->midi), n->dynamic);
        }
    }
    return hash;
}

/* In order, in range, never two at once. */
static void check_part(const struct quintet_part *part, int player)
{
    int free_from = 0;
    for (size_t i = 0; i < part->count; i++) {
        const struct quintet_note *n = &part->notes[i];
        CHECK(n->onset >= free_from && n->length > 0, "player %d, note %zu",
              player, i);
        CHECK(n->step >= part->low && n->step <= part->high,
              "player %d, note %zu: step %d", player, i, n->step);
        CHECK(n->dynamic >= 1 && n->dynamic <= 4, "dynamic %d", n->dynamic);
        free_from = n->onset + n->length;
    }
    CHECK(part->count > 0, "player %d rests all the time", player);
}

int main(void)
{
    static const struct {
        uint64_t seed;
        int stream;
        double seconds;
        int bars;
        uint64_t hash;
    } cases[] = {
        {1, QUINTET_STREAM_CLIP, 180, 72, 0x55bcbd49ece284ff},
        {2, QUINTET_STREAM_CLIP, 180, 72, 0xaeddd298325b5456},
        {1, QUINTET_STREAM_SONG, 30, 12, 0xabc1323706b1e29e},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct quintet_score score = {0};
        CHECK(!quintet_score_compose(&score, cases[i].seed, cases[i].stream,
                                     cases[i].seconds),
              "case %zu: memory", i);
        const uint64_t hash = hash_of(&score);
        CHECK(score.bars == cases[i].bars, "case %zu: %d bars", i, score.bars);
        CHECK(hash == cases[i].hash, "case %zu: hash %016llx", i,
              (unsigned long long)hash);
        for (int p = 0; p < QUINTET_PLAYERS; p++)
            check_part(&score.parts[p], p);
        quintet_score_free(&score);
    }
    return check_done();
}
