/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of a model's scenes a stream hears; see semantic_listen.c. */
#ifndef S2VI_SESSION_SEMANTIC_LISTEN_H
#define S2VI_SESSION_SEMANTIC_LISTEN_H

#include "session/semantic.h"

enum { S2VI_LISTENING_FPS = S2VI_WALK_FPS / 4 }; /* in the long run */

/** Prepare listening; nothing where the file does not say where its scenes'
 * sound lies. The starts are there. */
int s2vi_semantic_open_listening(s2vi_semantic_model *model, s2v_error *err);

/** One stream's. */
typedef struct s2vi_listener s2vi_listener;

/** NULL is put out where the model does not listen. */
int s2vi_listener_create(s2vi_listener **listener,
                         const s2vi_semantic_model *model, s2v_error *err);
void s2vi_listener_close(s2vi_listener **listener);

/** The next window that has sound. */
int s2vi_listener_hear(s2vi_listener *listener, const float *window,
                       s2v_error *err);

/** The scene that is heard; -1: none yet. */
int s2vi_listener_scene(const s2vi_listener *listener);

void s2vi_listener_reset(s2vi_listener *listener);
void s2vi_listener_pass_state(s2vi_listener *listener, s2vi_state *state);

#endif
