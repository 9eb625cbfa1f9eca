/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the talkers say: seeded sentences of common words, of the GRID corpus's
 * grammar, and numbers. */
#ifndef S2V_TOOLS_TALKERS_SENTENCE_H
#define S2V_TOOLS_TALKERS_SENTENCE_H

#include "talkers.h"

enum word_class {
    WORD_PERSON,
    WORD_THING,
    WORD_PLACE,
    WORD_ACT,
    WORD_GO,
    WORD_QUALITY,
    WORD_HOW,
    WORD_NAME,
    WORD_WHEN,
    WORD_CLASSES,
};

extern const char *const talkers_words[WORD_CLASSES];

/* An eighth of all words, and of GRID's commands, is for held-out talkers
 * alone, and they use no others; the rest is for all others. */
bool talkers_word_is_held_out(const char *word);

/* The words of a class. */
int talkers_word_count(enum word_class c);

/* Writes a sentence; `brief`: of one to three words. */
void talkers_sentence(char *text, size_t size, struct talkers_dice *dice,
                      bool held_out, bool brief);

#endif
