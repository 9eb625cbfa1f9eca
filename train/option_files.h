/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that options name, and what is in them. */
#ifndef S2VI_TRAIN_OPTION_FILES_H
#define S2VI_TRAIN_OPTION_FILES_H

#include "options.h"

/** The files that are read, clips aside, and what is in them: "1f0c44a95be42d77
 * of --init face.bin; nothing of --lpips lpips.bin", by their SHA-256. To be
 * freed with g_free(). */
char *s2vi_option_files_text(const s2vi_train_options *options);

#endif
