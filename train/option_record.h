/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of a training as they were given, which its checkpoint keeps, so
 * that a resume need not repeat them:
 *
 *     {"clips": ["concert.mp4"], "options": {"size": "64", "no-noise": "true"}}
 *
 * Left out is what concerns one run alone: --output, --init, --resume,
 * --export, --config, --quiet, --verbose.
 */
#ifndef S2VI_TRAIN_OPTION_RECORD_H
#define S2VI_TRAIN_OPTION_RECORD_H

#include <jansson.h>
#include <stdbool.h>

#include "s2v/s2v.h"

/** An empty record, to be freed with json_decref(); NULL: out of memory. */
json_t *s2vi_option_record_new(void);

/** Record an option; the last value counts. `text`: NULL for a switch. */
void s2vi_option_record_set(json_t *record, const char *name, const char *text);

/** Whether an option was given. */
bool s2vi_option_record_has(const json_t *record, const char *name);

/** Record all clips. */
void s2vi_option_record_clips(json_t *record, char *const *clips);

/**
 * Read the record of a checkpoint.
 *
 * @param record receives it; an empty one where the file has none
 * @return S2V_OK; S2V_ERR_MODEL: it is not such a record, or the file is not a
 *         checkpoint of `model`; or what opening the file fails with; then
 *         *record is NULL
 */
int s2vi_option_record_read(json_t **record, const char *checkpoint,
                            const char *model, s2v_error *err);

/** Its text for a checkpoint, to be freed; NULL: out of memory. */
char *s2vi_option_record_text(const json_t *record);

#endif
