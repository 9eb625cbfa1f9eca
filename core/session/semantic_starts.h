/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gallery of a file of the family semantic: style codes to start with, by
 * name, and how near their pictures are to a text. */
#ifndef S2VI_SESSION_SEMANTIC_STARTS_H
#define S2VI_SESSION_SEMANTIC_STARTS_H

#include "session/stylegan.h"

enum { S2VI_STARTS_MOST = 1024 };

typedef struct s2vi_starts {
    int count;
    char **name;
    size_t numbers; /* of a start: L w */
    float *codes;   /* (count,L,w) */
    /* Of "heard.NAME": the sound of scenes, whose starts are NAME, NAME-2 .. */
    int scenes;
    float *heard; /* (scenes,width) */
    int *scene;   /* (count): of each start; -1: of none */
} s2vi_starts;

/** Read all tensors "gallery.NAME" (L,w), none of them as well; into zeros.
 * S2V_ERR_MODEL: one is of another shape. To be closed on failure, too. */
int s2vi_starts_read(s2vi_starts *starts, const s2v_weights *weights, int codes,
                     int w, s2v_error *err);

/** Read where the starts' pictures lie, place (count,width): whether the file
 * says so of all, or an error. */
int s2vi_starts_read_seen(const s2vi_starts *starts, const s2v_weights *weights,
                          int width, float *place, s2v_error *err);

/** Read where the scenes' sound lies in an embedding; none as well. */
int s2vi_starts_read_heard(s2vi_starts *starts, const s2v_weights *weights,
                           int width, s2v_error *err);
void s2vi_starts_close(s2vi_starts *starts);

/** The place of a name, or -1. */
int s2vi_starts_find(const s2vi_starts *starts, const char *name);

/** One of the starts of a scene: of n, number `pick` mod n. */
int s2vi_starts_of_scene(const s2vi_starts *starts, int scene, uint64_t pick);

/** The names, for an error: "fire, rain", without "rain-2", cut where there are
 * many. */
enum { S2VI_STARTS_TEXT = 300 };
char *s2vi_starts_text(const s2vi_starts *starts, char text[S2VI_STARTS_TEXT]);

/** What a space of pictures and texts says of a start's picture. */
typedef int (*s2vi_starts_embed)(void *opaque, const float *video, float *place,
                                 s2v_error *err);

/**
 * The places of all starts' pictures.
 *
 * @param embed called with each picture (N,N,3), of [-1,1]
 * @param place (count,width)
 */
int s2vi_starts_places(const s2vi_starts *starts, const s2vi_stylegan *model,
                       s2vi_starts_embed embed, void *opaque, int width,
                       float *place, s2v_error *err);

/** The start whose place is nearest to x (width): the largest cosine, all of
 * length 1. */
int s2vi_starts_nearest(const s2vi_starts *starts, const float *place,
                        int width, const float *x);

#endif
