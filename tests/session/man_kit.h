/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of talking heads share. */
#ifndef S2V_TESTS_SESSION_MAN_KIT_H
#define S2V_TESTS_SESSION_MAN_KIT_H

#include "harness.h"
#include "tiny_man.h"

enum { MAN_WIDTH = 96, MAN_HEIGHT = 80 }; /* of the image */

/** Write it, open it on one thread of a device, exit if that fails. */
s2v_model *open_man(const tiny_man *spec, const char *device);

/** An image, without a face. */
s2v_picture man_picture(void);

/** Set an option, which is checked. */
void man_set(s2v_session *session, const char *name, const char *value);

/** A session of that seed, with a crop of the image. */
s2v_session *open_talker(s2v_model *model, uint64_t seed);

#endif
