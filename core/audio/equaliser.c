/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The equaliser of sound features. */
#include "audio/equaliser.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/error.h"

enum {
    BANDS = S2VI_LMS_BANDS,
    RATE = S2VI_LMS_RATE / S2VI_LMS_STEP, /* frames a second */
    FRAMES_BEFORE = RATE / 5,             /* at the target */
    FREE_FRAMES = RATE,                   /* that count, before CHANGE does */
    MOST_FRAMES = 60 * RATE,
    COSINES = S2VI_EQUALISER_COSINES,
};

static const double MOST = 22.0;  /* of the first cosine, dB */
static const double CHANGE = 0.5; /* of a cosine in a frame, dB */
static const double GATE = 1e-3;  /* of the average's energy: -30 dB */
static const double LEAST = 1e-5; /* of the greatest band's: -50 dB */
static const double LOUDEST_DB = 300.0;
static const double PI = 3.14159265358979323846;

static double square(double x)
{
    return x * x;
}

static double magnitude(float feature)
{
    return fmax(exp((double)feature) - S2VI_LMS_FLOOR, 0.0);
}

static double sum(const double *values)
{
    double total = 0.0;
    for (int b = 0; b < BANDS; b++)
        total += values[b];
    return total;
}

/* Of mean squares, with a floor so that empty bands ask for no more. */
static void decibels(const double *average, double *db)
{
    double greatest = 1e-30;
    for (int b = 0; b < BANDS; b++)
        greatest = fmax(greatest, average[b]);
    for (int b = 0; b < BANDS; b++)
        db[b] = 10.0 * log10(fmax(average[b], LEAST * greatest));
}

/* -------------------------------------------------------------- cosines -- */

void s2vi_cosines_init(s2vi_cosines *c)
{
    for (int k = 1; k <= COSINES; k++)
        for (int b = 0; b < BANDS; b++)
            c->value[k - 1][b] = cos(PI * k * (b + 0.5) / BANDS);
}

void s2vi_cosines_add(const s2vi_cosines *c, const double amplitude[COSINES],
                      double db[BANDS])
{
    for (int b = 0; b < BANDS; b++)
        for (int k = 0; k < COSINES; k++)
            db[b] += amplitude[k] * c->value[k][b];
}

/* ----------------------------------------------------------- equalising -- */

void s2vi_equaliser_start(s2vi_equaliser *e, const s2vi_spectrum *target)
{
    e->target = *target;
    s2vi_cosines_init(&e->cosines);
    for (int b = 0; b < BANDS; b++)
        e->average[b] = pow(10.0, (double)target->db[b] / 10.0);
    memset(e->amplitude, 0, sizeof(e->amplitude));
    e->frames = FRAMES_BEFORE;
}

static double clamp(double x, double most)
{
    return fmax(-most, fmin(x, most));
}

/* The amplitudes' gains, which leave the average's energy as it is. */
static void make_gains(const s2vi_equaliser *e, double db[BANDS])
{
    double energy = 0.0;
    memset(db, 0, BANDS * sizeof(*db));
    s2vi_cosines_add(&e->cosines, e->amplitude, db);
    for (int b = 0; b < BANDS; b++)
        energy += e->average[b] * pow(10.0, db[b] / 10.0);
    const double all = 10.0 * log10(sum(e->average) / energy);
    for (int b = 0; b < BANDS; b++)
        db[b] += all;
}

/* Move the amplitudes towards those that the average asks for. */
static void follow(s2vi_equaliser *e)
{
    const double change =
        e->frames < FRAMES_BEFORE + FREE_FRAMES ? HUGE_VAL : CHANGE;
    double db[BANDS];
    decibels(e->average, db);
    for (int k = 1; k <= COSINES; k++) {
        double wanted = 0.0, *now = &e->amplitude[k - 1];
        for (int b = 0; b < BANDS; b++)
            wanted += 2.0 / BANDS * ((double)e->target.db[b] - db[b]) *
                      e->cosines.value[k - 1][b];
        *now += clamp(clamp(wanted, MOST / k) - *now, change);
    }
}

static void hear(s2vi_equaliser *e, const double *energy)
{
    if (sum(energy) < GATE * sum(e->average))
        return;
    e->frames = fmin(e->frames + 1.0, MOST_FRAMES);
    for (int b = 0; b < BANDS; b++)
        e->average[b] += (energy[b] - e->average[b]) / e->frames;
}

void s2vi_equaliser_apply(s2vi_equaliser *e, float features[BANDS],
                          double out[BANDS])
{
    double m[BANDS], energy[BANDS], gain[BANDS];
    for (int b = 0; b < BANDS; b++) {
        m[b] = magnitude(features[b]);
        energy[b] = square(m[b]);
    }
    hear(e, energy);
    follow(e);
    make_gains(e, gain);
    for (int b = 0; b < BANDS; b++)
        features[b] =
            (float)log(m[b] * pow(10.0, gain[b] / 20.0) + S2VI_LMS_FLOOR);
    if (out)
        memcpy(out, gain, sizeof(gain));
}

void s2vi_equaliser_pass_state(s2vi_equaliser *e, s2vi_state *state)
{
    s2vi_state_doubles(state, "equaliser.amplitude", e->amplitude, COSINES,
                       MOST);
    s2vi_state_doubles(state, "equaliser.average", e->average, BANDS, FLT_MAX);
    s2vi_state_number(state, "equaliser.frames", &e->frames, FRAMES_BEFORE,
                      MOST_FRAMES);
}

/* ------------------------------------------------------------ measuring -- */

static double row_energy(const float *row)
{
    double energy = 0.0;
    for (int b = 0; b < BANDS; b++)
        energy += square(magnitude(row[b]));
    return energy;
}

static double mean_energy(const s2vi_feature_rows *rows, int parts)
{
    double mean = 0.0;
    int64_t n = 0;
    for (int i = 0; i < parts; i++)
        n += rows[i].n;
    for (int i = 0; i < parts; i++)
        for (int64_t t = 0; t < rows[i].n; t++)
            mean += row_energy(rows[i].row + t * BANDS) / (double)n;
    return mean;
}

void s2vi_spectrum_measure(s2vi_spectrum *spectrum,
                           const s2vi_feature_rows *rows, int parts)
{
    const double mean = mean_energy(rows, parts);
    double average[BANDS] = {0.0}, db[BANDS];
    int64_t counted = 0;
    for (int i = 0; i < parts; i++)
        for (int64_t t = 0; t < rows[i].n; t++) {
            const float *row = rows[i].row + t * BANDS;
            if (row_energy(row) < GATE * mean)
                continue;
            counted++;
            for (int b = 0; b < BANDS; b++)
                average[b] += square(magnitude(row[b]));
        }
    for (int b = 0; b < BANDS; b++)
        average[b] /= (double)counted;
    decibels(average, db);
    for (int b = 0; b < BANDS; b++)
        spectrum->db[b] = (float)db[b];
}

/* ----------------------------------------------------------------- text -- */

char *s2vi_spectrum_text(const s2vi_spectrum *spectrum)
{
    json_t *list = json_array();
    for (int b = 0; b < BANDS; b++)
        json_array_append_new(
            list, json_real(round((double)spectrum->db[b] * 100.0) / 100.0));
    char *text =
        list ? json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(7)) : NULL;
    json_decref(list);
    return text;
}

int s2vi_spectrum_parse(s2vi_spectrum *spectrum, const char *text,
                        s2v_error *err)
{
    json_t *list = json_loads(text, 0, NULL);
    int ret = S2V_OK;
    if (!json_is_array(list) || json_array_size(list) != BANDS)
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         "'s2v.spectrum': expected a JSON list of %d numbers, "
                         "found '%.40s'",
                         BANDS, text);
    for (size_t b = 0; b < BANDS && !ret; b++) {
        const json_t *item = json_array_get(list, b);
        const double db = json_number_value(item);
        spectrum->db[b] = (float)db;
        if (!json_is_number(item) || !(fabs(db) <= LOUDEST_DB))
            ret = s2vi_error(err, S2V_ERR_MODEL,
                             "'s2v.spectrum': entry %zu is not a number of dB "
                             "from -%g to %g",
                             b, LOUDEST_DB, LOUDEST_DB);
    }
    json_decref(list);
    return ret;
}
