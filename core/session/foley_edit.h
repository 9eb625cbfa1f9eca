/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How an editor changes the sound of a film: which regions of the picture are
 * looked at, and when it sounds: onsets that were found are written to a file,
 * and corrected ones are read back.
 *
 * A file of onsets is text, a line each: when it sounds, an end that is not
 * used, and a label, with tabs or spaces between; Audacity imports and exports
 * it as a label track. The label is the time at which it was found, so that a
 * moved line says from where; of a line that was added it is anything else, or
 * nothing.
 */
#ifndef S2VI_SESSION_FOLEY_EDIT_H
#define S2VI_SESSION_FOLEY_EDIT_H

#include "audio/foley_mel.h"
#include "base/state.h"

/* ------------------------------------------------------------ regions -- */

enum { S2VI_FOLEY_REGIONS = 8 };

/** Rectangles: x, y, width, height, in pixels or in parts of the picture. */
typedef struct s2vi_foley_regions {
    int count; /**< 0: all of the picture */
    double at[S2VI_FOLEY_REGIONS][4];
} s2vi_foley_regions;

/** From "x:y:w:h", several with + between, | or : between the numbers; "all" or
 * the empty text for all of the picture. All numbers of one at most 1: parts of
 * it. */
int s2vi_foley_regions_parse(s2vi_foley_regions *r, const char *text,
                             s2v_error *err);

/** What of a picture is looked at: the least rectangle of all regions, in
 * pixels. S2V_ERR_INVALID where one lies outside. */
typedef struct s2vi_foley_view {
    int x, y, w, h;
} s2vi_foley_view;
int s2vi_foley_regions_view(const s2vi_foley_regions *r, int width, int height,
                            s2vi_foley_view *view, s2v_error *err);

/** Make grey, in (side,side,3) of a view, what is in none of several regions.
 */
void s2vi_foley_regions_mask(const s2vi_foley_regions *r, int width, int height,
                             const s2vi_foley_view *view, int side, float *rgb);

/* ------------------------------------------------------------- onsets -- */

typedef struct s2vi_foley_onsets s2vi_foley_onsets;

/**
 * Open a file of onsets: one with a line is read, otherwise it is written.
 *
 * @param onsets set to it, for s2vi_foley_onsets_close(); NULL on failure
 * @return S2V_OK; S2V_ERR_IO; S2V_ERR_FORMAT: the line, expected, found
 */
int s2vi_foley_onsets_open(s2vi_foley_onsets **onsets, const char *path,
                           s2v_error *err);
void s2vi_foley_onsets_close(s2vi_foley_onsets **onsets);

/** Start anew, with the film's first column, with which a file that is written
 * begins anew. */
void s2vi_foley_onsets_flush(s2vi_foley_onsets *onsets);

/** How a stroke that was added sounds, until the film has had one: the loudest
 * rise in a mel, (columns, 80). */
void s2vi_foley_onsets_learn(s2vi_foley_onsets *onsets, const float *mel,
                             size_t columns);

/** When a picture appears, in samples, so that its onsets come when they
 * should. */
int64_t s2vi_foley_onsets_warp(const s2vi_foley_onsets *onsets, int64_t sample);

/** The film's next columns of mel, (n, 80): their onsets are written, or they
 * are changed so that what was read sounds, and nothing else begins. */
void s2vi_foley_onsets_pass(s2vi_foley_onsets *onsets, float *columns, int n);

/** Instead of that, for those who find the onsets and make the sound
 * themselves: whether the file is read; its next onset before column `end`, in
 * samples; write that of a column. */
bool s2vi_foley_onsets_are_read(const s2vi_foley_onsets *onsets);
bool s2vi_foley_onsets_read(s2vi_foley_onsets *onsets, int64_t end,
                            double *sample);
void s2vi_foley_onsets_write(s2vi_foley_onsets *onsets, int64_t column);

/** Save what sounds, or restore it: with the same file, which is read. */
void s2vi_foley_onsets_pass_state(s2vi_foley_onsets *onsets, s2vi_state *state);

/** The film is over: S2V_ERR_IO where not all could be written. */
int s2vi_foley_onsets_finish(s2vi_foley_onsets *onsets, s2v_error *err);

#endif
