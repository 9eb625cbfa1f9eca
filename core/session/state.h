/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session's state as a blob: a safetensors container, little-endian, with the
 * variables of the family's pass_state() as tensors. Its metadata:
 *
 *   s2v.model            "FAMILY state", so that it is not taken for a model
 *   s2v.state            version of the format, 1
 *   s2v.version          the library's
 *   s2v.weights          SHA-256 of the model's header and weights
 *   s2v.device, s2v.dtype, s2v.latency, s2v.size    how the model was opened
 *   s2v.option.NAME      value of each option
 *   s2v.image, s2v.text, s2v.reference              SHA-256 of what was set
 *   s2v.sent, s2v.received   samples or pictures since the beginning
 *   s2v.note             the caller's
 */
#ifndef S2VI_SESSION_STATE_H
#define S2VI_SESSION_STATE_H

#include "session/session.h"

enum { S2VI_STATE_VERSION = 1 };

/**
 * Save.
 *
 * @param data set to the blob, which the caller frees; NULL on failure
 */
int s2vi_session_save(s2v_session *session, const char *note, void **data,
                      size_t *size, s2v_error *err);

/**
 * Restore into a session that has just been flushed; to be flushed again on
 * failure.
 *
 * @param note set to a string which the caller frees; NULL on failure
 */
int s2vi_session_restore(s2v_session *session, const void *data, size_t size,
                         char **note, s2v_error *err);

#endif
