/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A walk through the pictures of a StyleGAN, moved by music. */
#include "session/walk.h"

#include "base/numpy_random.h"
#include "base/philox.h"

#include <ctype.h>
#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TONES = S2VI_MUSIC_TONES,
    SIGNS_STREAM = 0x57, /* of random numbers: u of the pulse */
    MOTION_STREAM,       /* how fast each number of z moves */
    REDRAWN = 4,         /* s that a pace of the motion lasts */
    TYPICAL = 120,       /* beats a minute, until there is a tempo */
    BAR = 4,             /* beats */
};

/* A seed's w, and what it was made of. */
typedef struct place {
    bool known;
    uint32_t seed;
    int class;
    float *w;
} place;

struct s2vi_walk {
    s2vi_walk_space space;
    double fps;
    double steps; /* of a twentieth of a second, in a frame */
    s2vi_walk_options o;
    s2vi_walk_seeds seeds, chroma_seeds;
    double start;  /* the position where the rate was last changed, */
    int64_t since; /* frames from there on, */
    double rate;   /* and keyframes a minute since then, times `parts` */
    double parts;
    int64_t frame, epoch; /* epoch: of the pace */
    double envelope[S2VI_MUSIC_HARM + 1];
    double level; /* of the last frame, for its pixels */
    float *z;     /* (z): of a frame */
    float *way;   /* (z): how far `motion` went, */
    float *turn;  /* (z): with which sign, */
    float *pace;  /* (z): and how fast */
    float *signs; /* (w): u, of the seed that they were drawn from */
    uint64_t signs_seed;
    bool signs_known;
    float *hard, *soft; /* (classes): of a seed's place; of the frame's base */
    float *w, *drawn;   /* (w): of a frame */
    double *numbers;    /* (z): of a seed */
    float *key[2];      /* (z): two keyframes, of these seeds */
    uint32_t key_seed[2];
    bool key_known[2];
    place keyframe[4]; /* of a spline */
    place tone[TONES], kick, snare, center, first, mix[S2VI_WALK_CODES];
};

/* ----------------------------------------------------------- lifetime -- */

static int place_create(place *p, int w)
{
    p->w = calloc((size_t)w, sizeof(*p->w));
    return p->w ? S2V_OK : S2V_ERR_NOMEM;
}

/* Each place of a walk in turn, or NULL. */
static place *place_at(s2vi_walk *k, int i)
{
    if (i < 4)
        return &k->keyframe[i];
    if (i < 4 + TONES)
        return &k->tone[i - 4];
    if (i < 4 + TONES + S2VI_WALK_CODES)
        return &k->mix[i - 4 - TONES];
    place *const last[] = {&k->kick, &k->snare, &k->center, &k->first, NULL};
    return last[i - 4 - TONES - S2VI_WALK_CODES];
}

int s2vi_walk_create(s2vi_walk **out, const s2vi_walk_space *space,
                     s2v_error *err)
{
    s2vi_walk *k = *out = calloc(1, sizeof(*k));
    if (!k)
        return s2vi_error_nomem(err, "a walk");
    k->space = *space;
    k->fps = (double)space->rate.num / space->rate.den;
    k->steps = S2VI_WALK_FPS / k->fps;
    float **const of_z[] = {&k->z,    &k->way,    &k->turn,
                            &k->pace, &k->key[0], &k->key[1]};
    float **const of_classes[] = {&k->hard, &k->soft};
    float **const of_w[] = {&k->signs, &k->w, &k->drawn};
    bool ok = true;
    for (size_t i = 0; i < sizeof(of_z) / sizeof(*of_z); i++)
        ok = (*of_z[i] = calloc((size_t)space->z, sizeof(float))) && ok;
    for (int i = 0; i < 2; i++) /* one at least */
        ok = (*of_classes[i] =
                  calloc((size_t)space->classes + 1, sizeof(float))) &&
             ok;
    for (size_t i = 0; i < sizeof(of_w) / sizeof(*of_w); i++)
        ok = (*of_w[i] = calloc((size_t)space->w, sizeof(float))) && ok;
    ok = (k->numbers = calloc((size_t)space->z, sizeof(double))) && ok;
    for (int i = 0; ok && place_at(k, i); i++)
        ok = !place_create(place_at(k, i), space->w);
    if (!ok)
        return s2vi_error_nomem(err, "a walk");
    k->seeds.n = k->chroma_seeds.n = 1;
    s2vi_walk_reset(k);
    return S2V_OK;
}

void s2vi_walk_close(s2vi_walk **walk)
{
    s2vi_walk *k = walk ? *walk : NULL;
    if (!k)
        return;
    for (int i = 0; place_at(k, i); i++)
        free(place_at(k, i)->w);
    float *const all[] = {k->z,      k->way,    k->turn,  k->pace,
                          k->key[0], k->key[1], k->signs, k->w,
                          k->drawn,  k->hard,   k->soft};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        free(all[i]);
    free(k->numbers);
    free(k);
    *walk = NULL;
}

void s2vi_walk_reset(s2vi_walk *k)
{
    k->start = 0;
    k->since = k->frame = 0;
    k->epoch = -1;
    k->level = 0;
    memset(k->envelope, 0, sizeof(k->envelope));
    for (int i = 0; i < k->space.z; i++) {
        k->way[i] = 0;
        k->turn[i] = i % 2 ? 1.0f : -1.0f;
    }
}

s2vi_walk_options *s2vi_walk_get_options(s2vi_walk *k)
{
    return &k->o;
}

/* ------------------------------------------------------------- options -- */

/* A whole number; false where there is none. Moves `text` past it. */
static bool read_whole(const char **text, uint64_t most, uint64_t *number)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    *number = g_ascii_strtoull(*text, &end, 10);
    *text = end;
    return *number <= most;
}

/* "3" or "3-7"; with `open`, "3-" goes to `most`. */
static bool read_range(const char **text, uint64_t most, bool open,
                       uint64_t *from, uint64_t *to)
{
    if (!read_whole(text, most, from))
        return false;
    *to = *from;
    if (**text != '-')
        return true;
    ++*text;
    if (open && !isdigit((unsigned char)**text)) {
        *to = most;
        return true;
    }
    return read_whole(text, most, to) && *to >= *from;
}

static int parse_seeds(const char *name, const char *text,
                       s2vi_walk_seeds *seeds, s2v_error *err)
{
    s2vi_walk_seeds found = {.n = 0};
    const char *at = text;
    for (bool more = true; more;) {
        uint64_t from, to;
        if (!read_range(&at, UINT32_MAX, false, &from, &to) ||
            (*at && *at != ','))
            return s2vi_error(err, S2V_ERR_INVALID,
                              "%s: expected seeds as 0-11 or 3,7,12-15, found "
                              "'%.40s'",
                              name, text);
        if (to - from >= (uint64_t)(S2VI_WALK_SEEDS - found.n))
            return s2vi_error(err, S2V_ERR_INVALID,
                              "%s: more than %d seeds in '%.40s'", name,
                              S2VI_WALK_SEEDS, text);
        for (uint64_t i = from; i <= to; i++)
            found.seed[found.n++] = (uint32_t)i;
        more = *at == ',';
        at += more;
    }
    *seeds = found;
    return S2V_OK;
}

int s2vi_walk_set_seeds(s2vi_walk *k, const char *text, s2v_error *err)
{
    return parse_seeds("seeds", text, &k->seeds, err);
}

int s2vi_walk_set_chroma_seeds(s2vi_walk *k, const char *text, s2v_error *err)
{
    s2vi_walk_seeds seeds;
    const int ret = parse_seeds("chroma_seeds", text, &seeds, err);
    if (ret < 0)
        return ret;
    if (seeds.n != TONES)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "chroma_seeds: expected %d seeds, one a tone, found "
                          "%d",
                          TONES, seeds.n);
    k->chroma_seeds = seeds;
    return S2V_OK;
}

/* The class of that name or number, of `n` bytes; -1: there is none. */
static int find_class(const s2vi_walk *k, const char *text, size_t n)
{
    uint64_t number;
    const char *at = text;
    for (int i = 0; k->space.class_name && i < k->space.classes; i++)
        if (strlen(k->space.class_name[i]) == n &&
            !strncmp(k->space.class_name[i], text, n))
            return i;
    if (read_whole(&at, INT32_MAX, &number) && at == text + n &&
        number < (uint64_t)k->space.classes)
        return (int)number;
    return -1;
}

/* "0 to 2, or fire, rain, wind": of names, as many as there is room for. */
static const char *expected_classes(const s2vi_walk *k, char *text, size_t size)
{
    int n = snprintf(text, size, "0 to %d", k->space.classes - 1);
    for (int i = 0; k->space.class_name && i < k->space.classes; i++) {
        const char *name = k->space.class_name[i];
        const bool fits = (size_t)n + strlen(name) + 16 < size;
        n += snprintf(text + n, size - (size_t)n, "%s%s", i ? ", " : ", or ",
                      fits ? name : "...");
        if (!fits)
            break;
    }
    return text;
}

static int refuse_no_classes(const char *name, const char *text, s2v_error *err)
{
    return s2vi_error(err, S2V_ERR_INVALID,
                      "%s: the model has no classes, found '%.40s'", name,
                      text);
}

int s2vi_walk_set_class(s2vi_walk *k, const char *text, s2v_error *err)
{
    char classes[400];
    const int class = find_class(k, text, strlen(text));
    if (!k->space.classes && strcmp(text, "0") != 0)
        return refuse_no_classes("class", text, err);
    if (k->space.classes && class < 0)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "class: the model has %d classes, expected %s, found "
                          "'%.40s'",
                          k->space.classes,
                          expected_classes(k, classes, sizeof(classes)), text);
    k->o.class = class > 0 ? class : 0;
    return S2V_OK;
}

int s2vi_walk_set_classes(s2vi_walk *k, const char *text, s2v_error *err)
{
    int class[TONES];
    char classes[400];
    const char *at = text;
    if (!strcmp(text, "none")) {
        k->o.tone_classes = false;
        return S2V_OK;
    }
    if (!k->space.classes)
        return refuse_no_classes("classes", text, err);
    for (int t = 0; t < TONES; t++) {
        const size_t n = strcspn(at, ",");
        class[t] = find_class(k, at, n);
        at += n;
        if (class[t] < 0 || *at != (t < TONES - 1 ? ',' : '\0'))
            return s2vi_error(
                err, S2V_ERR_INVALID,
                "classes: expected none or %d classes with "
                "commas, %s, found '%.40s'",
                TONES, expected_classes(k, classes, sizeof(classes)), text);
        at++;
    }
    memcpy(k->o.tone_class, class, sizeof(class));
    k->o.tone_classes = true;
    return S2V_OK;
}

/* Keyframes so far: the walk goes on from there at another rate. Products of
 * whole numbers are exact, so that a walk that comes round does, too. */
static double position(const s2vi_walk *k)
{
    const s2vi_frame_rate fps = k->space.rate;
    return k->parts > 0 ? k->start + (double)k->since * k->rate * fps.den /
                                         (60.0 * fps.num * k->parts)
                        : k->start;
}

int s2vi_walk_set_speed(s2vi_walk *k, const char *text, s2v_error *err)
{
    char *end;
    const double number = g_ascii_strtod(text, &end);
    const bool bars = !strcmp(end, "bar"), beats = !strcmp(end, "beat");
    if (end == text || !(number >= 0 && number <= 6000) ||
        (*end && !bars && !beats) || ((bars || beats) && number <= 0))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "speed: expected keyframes a minute, or how many "
                          "beats or bars one lasts, as 12, 4beat or 1bar, "
                          "found '%.40s'",
                          text);
    k->o.speed = number;
    k->o.beats = bars ? BAR * number : beats ? number : 0;
    return S2V_OK;
}

int s2vi_walk_set_bpm(s2vi_walk *k, const char *text, s2v_error *err)
{
    char *end;
    if (!strcmp(text, "auto") || !strcmp(text, "off")) {
        k->o.bpm = *text == 'a' ? 0 : -1;
        return S2V_OK;
    }
    const double bpm = g_ascii_strtod(text, &end);
    if (end == text || *end || !(bpm >= 20 && bpm <= 400))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "bpm: expected auto, off or 20 to 400 beats a "
                          "minute, found '%.40s'",
                          text);
    k->o.bpm = bpm;
    return S2V_OK;
}

/* Coarse: up to 8 pixels; mid: 16 and 32; fine: from 64 on. */
static s2vi_walk_layers layers_between(int from, int to, int codes)
{
    s2vi_walk_layers found = 0;
    for (int i = from; i < to && i < codes; i++)
        found |= 1u << i;
    return found;
}

static bool named_layers(const char *text, int codes, s2vi_walk_layers *layers)
{
    static const struct {
        const char *name;
        int from, to;
    } names[] = {{"coarse", 0, 4},
                 {"mid", 4, 8},
                 {"fine", 8, S2VI_WALK_CODES},
                 {"all", 0, S2VI_WALK_CODES}};
    *layers = 0;
    while (*text) {
        const size_t n = strcspn(text, "+");
        size_t i = 0;
        while (i < 4 && (strlen(names[i].name) != n ||
                         strncmp(names[i].name, text, n) != 0))
            i++;
        if (i == 4)
            return false;
        *layers |= layers_between(names[i].from, names[i].to, codes);
        text += n + (text[n] == '+');
    }
    return true;
}

static int refuse_layers(const char *name, const char *text, int codes,
                         s2v_error *err)
{
    return s2vi_error(err, S2V_ERR_INVALID,
                      "%s: expected coarse, mid, fine or all, or layers of 0 "
                      "to %d as 0-3,8-, found '%.40s'",
                      name, codes - 1, text);
}

int s2vi_walk_parse_layers(const char *name, const char *text, int codes,
                           s2vi_walk_layers *layers, s2v_error *err)
{
    s2vi_walk_layers found = 0;
    const char *at = text;
    if (*text && named_layers(text, codes, layers))
        return S2V_OK;
    for (bool more = *at != '\0'; more;) {
        uint64_t from, to;
        if (!read_range(&at, (uint64_t)codes - 1, true, &from, &to) ||
            (*at && *at != ','))
            return refuse_layers(name, text, codes, err);
        found |= layers_between((int)from, (int)to + 1, codes);
        more = *at == ',';
        at += more;
    }
    *layers = found;
    return S2V_OK;
}

int s2vi_walk_parse_seed(const char *name, const char *text,
                         s2vi_walk_seed *seed, s2v_error *err)
{
    uint64_t number = 0;
    const char *at = text;
    const bool none = !strcmp(text, "none") || !strcmp(text, "average");
    if (!none && (!read_whole(&at, UINT32_MAX, &number) || *at))
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "%s: expected %s or a seed from 0 to %u, found '%.40s'", name,
            strcmp(name, "center") != 0 ? "none" : "average", UINT32_MAX, text);
    *seed = (s2vi_walk_seed){!none, (uint32_t)number};
    return S2V_OK;
}

/* "0-3:SEED", the last or before a comma; | serves for the colon, which graphs
 * of filters need escaped. */
static bool read_mix(const char **text, int codes, uint64_t *from, uint64_t *to,
                     uint64_t *seed)
{
    if (!read_range(text, (uint64_t)codes - 1, true, from, to) ||
        (**text != ':' && **text != '|'))
        return false;
    ++*text;
    return read_whole(text, UINT32_MAX, seed) && (!**text || **text == ',');
}

int s2vi_walk_set_mix(s2vi_walk *k, const char *text, s2v_error *err)
{
    s2vi_walk_seed mix[S2VI_WALK_CODES] = {{0}};
    const char *at = text;
    for (bool more = strcmp(text, "none") != 0; more;) {
        uint64_t from, to, seed = 0;
        if (!read_mix(&at, k->space.codes, &from, &to, &seed))
            return s2vi_error(err, S2V_ERR_INVALID,
                              "mix: expected layers of 0 to %d and seeds as "
                              "0-3:SEED,8-:SEED, found '%.40s'",
                              k->space.codes - 1, text);
        for (uint64_t i = from; i <= to; i++)
            mix[i] = (s2vi_walk_seed){true, (uint32_t)seed};
        more = *at == ',';
        at += more;
    }
    memcpy(k->o.mix, mix, sizeof(mix));
    return S2V_OK;
}

/* -------------------------------------------------------------- places -- */

static void numbers_of(s2vi_walk *k, uint32_t seed, float *z)
{
    s2vi_numpy_randn(seed, (size_t)k->space.z, k->numbers);
    for (int i = 0; i < k->space.z; i++)
        z[i] = (float)k->numbers[i];
}

static int map(s2vi_walk *k, const float *z, const float *classes, float *w,
               s2v_error *err)
{
    return k->space.map(k->space.opaque, z, classes, w, err);
}

/* (classes) of one alone. */
static void choose(const s2vi_walk *k, float *classes)
{
    memset(classes, 0, (size_t)k->space.classes * sizeof(*classes));
    if (k->space.classes)
        classes[k->o.class] = 1;
}

/* Make sure that p is the place of that seed. */
static int find(s2vi_walk *k, place *p, uint32_t seed, s2v_error *err)
{
    if (p->known && p->seed == seed && p->class == k->o.class)
        return S2V_OK;
    p->known = false;
    numbers_of(k, seed, k->z);
    choose(k, k->hard);
    const int ret = map(k, k->z, k->hard, p->w, err);
    if (ret < 0)
        return ret;
    *p = (place){true, seed, k->o.class, p->w};
    return S2V_OK;
}

static const float *center_of(const s2vi_walk *k)
{
    return k->o.center.set ? k->center.w : k->space.w_avg;
}

/* ---------------------------------------------------------------- base -- */

/* Beats a minute, as they are or are said to be. */
static double tempo(const s2vi_walk *k, const float *music)
{
    if (k->o.bpm > 0)
        return k->o.bpm;
    const double found = (double)music[S2VI_MUSIC_TEMPO];
    return k->o.bpm == 0 && found > 0 ? found : TYPICAL;
}

/* Another rate counts from here on: the position is a product, not a sum, so
 * that a walk that comes round is where it was exactly. */
static void keep_rate(s2vi_walk *k, const float *music)
{
    const double rate = k->o.beats > 0 ? tempo(k, music) : k->o.speed;
    const double parts = k->o.beats > 0 ? k->o.beats : 1;
    if (rate == k->rate && parts == k->parts)
        return;
    k->start = position(k);
    k->since = 0;
    k->rate = rate;
    k->parts = parts;
}

/* Keyframes that last beats come on the beats that the sound has: the walk is
 * drawn there, within a second, and less than it goes on, never back. */
static void keep_beat(s2vi_walk *k, const float *music)
{
    const double step = 0.08; /* of the way, each twentieth of a second */
    const double part = k->steps == 1 ? step : 1 - pow(1 - step, k->steps);
    if (k->o.beats <= 0 || k->o.bpm != 0 || !(music[S2VI_MUSIC_TEMPO] > 0))
        return;
    const double beat = position(k) * k->o.beats;
    const double ahead = (double)music[S2VI_MUSIC_PHASE] - beat;
    const double off = ahead - round(ahead);
    k->start = fmax(position(k) + part * off / k->o.beats, 0);
    k->since = 0;
}

/* The keyframe before the frame, and how far it is to the next. */
static int place_on_way(const s2vi_walk *k, double *part)
{
    const int n = k->seeds.n;
    double at = position(k);
    if (k->o.loop)
        at = fmod(at, n);
    else if (at >= n - 1)
        at = n - 1;
    const int i = (int)at;
    *part = at - i;
    return i;
}

static uint32_t seed_at(const s2vi_walk *k, int i)
{
    const int n = k->seeds.n;
    if (k->o.loop)
        return k->seeds.seed[(i % n + n) % n];
    return k->seeds.seed[i < 0 ? 0 : i < n ? i : n - 1];
}

/* On the sphere, from a to b. */
static void slerp(const float *a, const float *b, double t, int n, float *out)
{
    double aa = 0, bb = 0, ab = 0;
    for (int i = 0; i < n; i++) {
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
        ab += (double)a[i] * (double)b[i];
    }
    const double cosine = ab / sqrt(fmax(aa * bb, 1e-30));
    const double angle = acos(fmin(fmax(cosine, -1), 1)), sine = sin(angle);
    const double from = sine > 1e-6 ? sin((1 - t) * angle) / sine : 1 - t;
    const double to = sine > 1e-6 ? sin(t * angle) / sine : t;
    for (int i = 0; i < n; i++)
        out[i] = (float)(from * (double)a[i] + to * (double)b[i]);
}

/* The keyframe of a seed; both are kept, as one is the next one's neighbour. */
static const float *key_of(s2vi_walk *k, int slot, uint32_t seed)
{
    if (!k->key_known[slot] || k->key_seed[slot] != seed) {
        numbers_of(k, seed, k->key[slot]);
        k->key_seed[slot] = seed;
        k->key_known[slot] = true;
    }
    return k->key[slot];
}

/* ---- motion ---- */

/* The pace that a frame has: another each REDRAWN seconds. */
static int64_t epoch_of(const s2vi_walk *k)
{
    return k->frame * k->space.rate.den / (REDRAWN * k->space.rate.num);
}

static void redraw_pace(s2vi_walk *k)
{
    const s2vi_philox key = {.seed = k->o.seed,
                             .stream = MOTION_STREAM,
                             .frame = (uint64_t)k->epoch};
    s2vi_philox_uniform(&key, 0, (size_t)k->space.z, k->pace);
    for (int i = 0; i < k->space.z; i++)
        k->pace[i] =
            k->pace[i] < 0.5f ? 1.0f : 1.0f - (float)k->o.motion_random;
}

static void move_one(s2vi_walk *k, int i, float step)
{
    const float most = 2.0f, z = k->z[i] + k->way[i];
    if (fabsf(z) > most)
        k->turn[i] = z > 0 ? -1.0f : 1.0f;
    k->way[i] += step * k->turn[i] * k->pace[i];
}

/* z moves as fast as the sound is strong; it turns where it gets far out: of a
 * long frame, in steps of a twentieth of a second at most, or it would leave
 * that range. */
static void move(s2vi_walk *k, double strength)
{
    const int n = (int)ceil(k->steps);
    const float step = (float)(k->o.motion * strength * k->steps / n);
    if (k->epoch != epoch_of(k)) {
        k->epoch = epoch_of(k);
        redraw_pace(k);
    }
    for (int i = 0; i < k->space.z; i++) {
        for (int s = 0; s < n; s++)
            move_one(k, i, step);
        k->z[i] += k->way[i];
    }
}

static double strength_of(const s2vi_walk *k, s2vi_walk_source source)
{
    static const s2vi_music_feature features[] = {
        [S2VI_WALK_PERC] = S2VI_MUSIC_PERC,
        [S2VI_WALK_LOW] = S2VI_MUSIC_LOW,
        [S2VI_WALK_HIGH] = S2VI_MUSIC_HIGH,
        [S2VI_WALK_FULL] = S2VI_MUSIC_LEVEL,
        [S2VI_WALK_HARM] = S2VI_MUSIC_HARM};
    return k->envelope[features[source]];
}

/* Catmull and Rom's spline through the keyframes' w. */
static int spline(s2vi_walk *k, int i, double t, s2v_error *err)
{
    const double t2 = t * t, t3 = t2 * t;
    const double weight[] = {(-t3 + 2 * t2 - t) / 2, (3 * t3 - 5 * t2 + 2) / 2,
                             (-3 * t3 + 4 * t2 + t) / 2, (t3 - t2) / 2};
    const float *w[4];
    for (int j = 0; j < 4; j++) {
        /* Each of four neighbours has a slot of its own. */
        place *p = &k->keyframe[((i + j) % 4 + 4) % 4];
        const int ret = find(k, p, seed_at(k, i + j - 1), err);
        if (ret < 0)
            return ret;
        w[j] = p->w;
    }
    for (int c = 0; c < k->space.w; c++) {
        double sum = 0;
        for (int j = 0; j < 4; j++)
            sum += weight[j] * (double)w[j][c];
        k->w[c] = (float)sum;
    }
    return S2V_OK;
}

/* The classes of the tones that sound, with the chosen one. */
static void mix_classes(s2vi_walk *k, const float *music)
{
    const double smooth = k->o.class_smooth * k->fps;
    const double part = smooth > 0 && k->frame ? 1 - exp(-1 / smooth) : 1;
    double sum = 0;
    choose(k, k->hard);
    for (int t = 0; t < TONES; t++)
        sum += (double)music[S2VI_MUSIC_CHROMA + t];
    const double react = k->o.tone_classes && sum > 0 ? k->o.class_react : 0;
    for (int i = 0; i < k->space.classes; i++) {
        double goal = (1 - react) * (double)k->hard[i];
        for (int t = 0; react > 0 && t < TONES; t++)
            if (k->o.tone_class[t] == i)
                goal += react * (double)music[S2VI_MUSIC_CHROMA + t] / sum;
        k->soft[i] += (float)(part * (goal - (double)k->soft[i]));
    }
}

static int base(s2vi_walk *k, s2v_error *err)
{
    double t;
    const int i = place_on_way(k, &t);
    if (k->o.spline)
        return spline(k, i, t, err);
    const float *from = key_of(k, i % 2, seed_at(k, i));
    const float *to = key_of(k, 1 - i % 2, seed_at(k, i + 1));
    slerp(from, to, t, k->space.z, k->z);
    if (k->o.motion > 0)
        move(k, strength_of(k, k->o.motion_source));
    return map(k, k->z, k->soft, k->w, err);
}

/* ------------------------------------------------------ from one frame -- */

static void follow(s2vi_walk *k, const float *music)
{
    const double keep =
        k->o.release > 0 ? exp(-1000.0 / k->fps / k->o.release) : 0;
    for (int i = 0; i <= S2VI_MUSIC_HARM; i++)
        k->envelope[i] = fmax((double)music[i], k->envelope[i] * keep);
    k->level = k->envelope[S2VI_MUSIC_LEVEL];
}

/* c + psi (w - c) */
static void truncate_to(const s2vi_walk *k, const float *w, double psi,
                        float *out)
{
    const float *c = center_of(k);
    for (int i = 0; i < k->space.w; i++)
        out[i] = (float)((double)c[i] + psi * ((double)w[i] - (double)c[i]));
}

static bool is_truncated(const s2vi_walk *k, int code)
{
    return k->o.cutoff < 0 || code < k->o.cutoff;
}

/* code = (1 - part) code + part w, w drawn towards the average as all are. All
 * of w is w to the bit: a layer that stands still is not computed again. */
static void blend(s2vi_walk *k, int code, const float *w, double part,
                  double psi, float *out)
{
    truncate_to(k, w, is_truncated(k, code) ? psi : 1, k->drawn);
    if (part >= 1)
        memcpy(out, k->drawn, (size_t)k->space.w * sizeof(*out));
    for (int i = 0; i < k->space.w && part < 1; i++)
        out[i] += (float)(part * ((double)k->drawn[i] - (double)out[i]));
}

static int find_all(s2vi_walk *k, s2v_error *err)
{
    const s2vi_walk_options *o = &k->o;
    int ret = S2V_OK;
    if (o->center.set)
        ret = find(k, &k->center, o->center.seed, err);
    if (!ret && o->kick.set)
        ret = find(k, &k->kick, o->kick.seed, err);
    if (!ret && o->snare.set)
        ret = find(k, &k->snare, o->snare.seed, err);
    for (int i = 0; i < TONES && !ret && o->chroma > 0; i++)
        ret = find(k, &k->tone[i],
                   k->chroma_seeds.seed[i < k->chroma_seeds.n ? i : 0], err);
    for (int i = 0; i < k->space.codes && !ret; i++)
        if (o->mix[i].set)
            ret = find(k, &k->mix[i], o->mix[i].seed, err);
    return ret;
}

static void color(s2vi_walk *k, const float *music, double psi, float *ws)
{
    double sum = 0;
    float *w = k->w; /* the base is in the codes by now */
    for (int t = 0; t < TONES; t++)
        sum += (double)music[S2VI_MUSIC_CHROMA + t];
    if (k->o.chroma <= 0 || sum <= 0)
        return;
    for (int i = 0; i < k->space.w; i++) {
        double mean = 0;
        for (int t = 0; t < TONES; t++)
            mean += (double)music[S2VI_MUSIC_CHROMA + t] / sum *
                    (double)k->tone[t].w[i];
        w[i] = (float)mean;
    }
    for (int c = 0; c < k->space.codes; c++)
        if (k->o.chroma_layers & 1u << c)
            blend(k, c, w, k->o.chroma, psi, ws + c * k->space.w);
}

static void strike(s2vi_walk *k, double psi, float *ws)
{
    const double low = k->envelope[S2VI_MUSIC_LOW];
    const double high = k->envelope[S2VI_MUSIC_HIGH];
    for (int c = 0; c < k->space.codes; c++) {
        float *code = ws + c * k->space.w;
        if (k->o.kick.set)
            blend(k, c, k->kick.w, low * low, psi, code);
        if (k->o.snare.set)
            blend(k, c, k->snare.w, high * high, psi, code);
        if (k->o.mix[c].set)
            blend(k, c, k->mix[c].w, 1, psi, code);
    }
}

static void draw_signs(s2vi_walk *k)
{
    const s2vi_philox key = {.seed = k->o.seed, .stream = SIGNS_STREAM};
    if (k->signs_known && k->signs_seed == k->o.seed)
        return;
    s2vi_philox_uniform(&key, 0, (size_t)k->space.w, k->signs);
    for (int i = 0; i < k->space.w; i++)
        k->signs[i] = k->signs[i] < 0.5f ? -1.0f : 1.0f;
    k->signs_seed = k->o.seed;
    k->signs_known = true;
}

static void pulse(s2vi_walk *k, float *ws)
{
    const double p = k->o.pulse * strength_of(k, k->o.pulse_source);
    draw_signs(k);
    for (int c = 0; c < k->space.codes; c++)
        for (int i = 0; k->o.pulse_layers & 1u << c && i < k->space.w; i++)
            ws[c * k->space.w + i] +=
                (float)(p * (double)k->signs[i] * (double)k->space.w_std[i]);
}

/* What the sound does to codes; the base is in them. */
static void react(s2vi_walk *k, const float *music, double psi, float *ws)
{
    color(k, music, psi, ws);
    strike(k, psi, ws);
    pulse(k, ws);
    k->since++;
    k->frame++;
}

int s2vi_walk_next(s2vi_walk *k, const float music[S2VI_MUSIC_COUNT], float *ws,
                   s2v_error *err)
{
    follow(k, music);
    keep_rate(k, music);
    keep_beat(k, music);
    mix_classes(k, music);
    int ret = find_all(k, err); /* uses k->z */
    if (!ret)
        ret = base(k, err);
    if (ret < 0)
        return ret;
    const double psi = k->o.psi + k->o.psi_react * k->level;
    for (int c = 0; c < k->space.codes; c++)
        truncate_to(k, k->w, is_truncated(k, c) ? psi : 1, ws + c * k->space.w);
    react(k, music, psi, ws);
    return S2V_OK;
}

int s2vi_walk_start(s2vi_walk *k, uint32_t seed, float *ws, s2v_error *err)
{
    int ret =
        k->o.center.set ? find(k, &k->center, k->o.center.seed, err) : S2V_OK;
    if (!ret)
        ret = find(k, &k->first, seed, err);
    for (int c = 0; c < k->space.codes && !ret; c++)
        truncate_to(k, k->first.w, is_truncated(k, c) ? k->o.psi : 1,
                    ws + c * k->space.w);
    return ret;
}

int s2vi_walk_react(s2vi_walk *k, const float music[S2VI_MUSIC_COUNT],
                    float *ws, s2v_error *err)
{
    follow(k, music);
    const double more = k->o.psi_react * k->level;
    const int ret = find_all(k, err);
    for (int c = 0; c < k->space.codes && !ret && more != 0; c++)
        if (is_truncated(k, c))
            truncate_to(k, ws + c * k->space.w, 1 + more, ws + c * k->space.w);
    if (!ret)
        react(k, music, k->o.psi + more, ws);
    return ret;
}

double s2vi_walk_level(const s2vi_walk *k)
{
    return k->level;
}

void s2vi_walk_grade(const s2vi_walk *k, float *pixels, size_t n)
{
    const float factor = (float)(1 + k->o.contrast * k->level);
    const float more = (float)(k->o.flash * k->level);
    if (factor == 1 && more == 0)
        return;
    for (size_t i = 0; i < n; i++)
        pixels[i] = factor * pixels[i] + more;
}

/* Places of seeds are found again. */
void s2vi_walk_pass_state(s2vi_walk *k, s2vi_state *state)
{
    const int64_t most = (int64_t)1 << 53;
    const size_t z = (size_t)k->space.z;
    s2vi_state_number(state, "walk.start", &k->start, 0, 1e12);
    s2vi_state_int64(state, "walk.since", &k->since, 0, most);
    s2vi_state_number(state, "walk.rate", &k->rate, 0, 6000);
    s2vi_state_number(state, "walk.parts", &k->parts, 0, 1e5);
    s2vi_state_int64(state, "walk.frame", &k->frame, 0, most);
    s2vi_state_int64(state, "walk.epoch", &k->epoch, -1, most);
    s2vi_state_doubles(state, "walk.envelope", k->envelope,
                       sizeof(k->envelope) / sizeof(double), 1e6);
    s2vi_state_number(state, "walk.level", &k->level, 0, 1e6);
    s2vi_state_floats(state, "walk.way", k->way, z, 1e30);
    s2vi_state_floats(state, "walk.turn", k->turn, z, 1);
    s2vi_state_floats(state, "walk.pace", k->pace, z, 1);
    s2vi_state_floats(state, "walk.soft", k->soft, (size_t)k->space.classes,
                      1e3);
    if (!(position(k) <= 1e15))
        s2vi_state_fail(state, S2V_ERR_FORMAT,
                        "the state's walk is at keyframe %g, expected less",
                        position(k));
}
