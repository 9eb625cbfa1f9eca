/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Media for training: a file of any kind that FFmpeg decodes becomes a clip,
 * which is square RGB pictures at a fixed rate and mono sound, of 16 kHz unless
 * another rate is asked for, on the same clock.
 *
 *     s2vi_clip_params params = {.size = 128, .min_frames = 32};
 *     s2vi_clip *clip = NULL;
 *     s2v_error err;
 *     if (s2vi_clip_load(&clip, "concert.mp4", &params, &err) < 0)
 *         fprintf(stderr, "%s\n", err.message);
 *     s2vi_clip_close(&clip);
 *
 * The same file gives the same bytes: decoding and scaling run on one thread,
 * scaling without CPU-dependent shortcuts. The sound may differ in its last
 * bits between kinds of CPU, as libswresample's filters do.
 */
#ifndef S2VI_TRAIN_MEDIA_H
#define S2VI_TRAIN_MEDIA_H

#include "s2v/s2v.h"

/** Rate of a clip's sound unless another is asked for, Hz. */
#define S2VI_CLIP_RATE 16000

/** What a file's sound becomes: always mono. */
typedef struct s2vi_sound_form {
    int rate;      /**< Hz, 1 to 768000 */
    bool averaged; /**< channels are mixed so that the weights add up to 1:
                        stereo is 0.5 and 0.5. Otherwise as libswresample mixes
                        to float by default: 0.71 and 0.71 */
} s2vi_sound_form;

/** The audio of clips and of the filter s2v: 16 kHz, FFmpeg's mix. */
extern const s2vi_sound_form s2vi_sound_listen;

/** What VarietySound's mel is of: 22,050 Hz, averaged. */
extern const s2vi_sound_form s2vi_sound_foley;

/** Properties of a file, as far as it was read. */
typedef struct s2vi_media_facts {
    int track, tracks; /**< the selected audio track, from 0, of so many */
    int64_t packets;   /**< of picture and sound */
    int64_t damaged;   /**< those of them that did not decode: left out */
    double promised;   /**< seconds that it lasts by its header; 0: no word of
                            it, or its end was not reached */
    double lasts;      /**< seconds that are there */
    bool silent;       /**< no sample reaches -80 dB */
} s2vi_media_facts;

/** Samples kept past the last frame where there are any: the sound front-end
 * looks 95 ms ahead of a frame's start. */
#define S2VI_CLIP_LOOK_AHEAD 1520

/**
 * Called while a clip loads.
 *
 * @param fraction how much is done, 0 to 1; negative where it is not known
 * @return 0 to continue, anything else to stop with S2V_ERR_CANCELLED
 */
typedef int (*s2vi_clip_progress_fn)(void *opaque, double fraction);

/** How to convert a file. Zero means default, except for `size`. */
typedef struct s2vi_clip_params {
    int size;              /**< side of the square frames, 1 to 4096 pixels */
    int fps_num, fps_den;  /**< frames per second; default 20/1. A frame must
                                be a whole number of samples */
    s2vi_sound_form sound; /**< of its sound; rate 0: s2vi_sound_listen */
    int track;             /**< which of its audio tracks: 1 is the first,
                                ffmpeg's a:0; 0: the one that ffmpeg takes */
    int crop_x, crop_y;    /**< upper left corner, in pixels of the picture as
                                it is shown, that is after any rotation */
    int crop_w, crop_h;    /**< the rectangle that is scaled to size x size; 0:
                                the largest centred one that is square on
                                display. Moved left and up to whole chroma
                                samples (one pixel for 4:2:0) */
    bool mute;             /**< pictures alone: no sound is decoded, nor has
                                there to be any */
    bool whole;            /**< without a rectangle: the whole picture instead,
                                its sides stretched differently */
    int64_t start_ms;      /**< left out before the clip begins */
    int64_t duration_ms;   /**< at most so much of it; 0: all */
    int64_t min_frames;    /**< fewer frames than this is an error; 0: 1 */
    s2vi_clip_progress_fn progress; /**< may be NULL */
    void *progress_opaque;          /**< handed to `progress` */
} s2vi_clip_params;

/** A clip in memory; s2vi_clip_close() frees it. */
typedef struct s2vi_clip {
    int size;        /**< side of a frame, pixels */
    int64_t frames;  /**< at least 1 */
    uint8_t *rgb;    /**< frames x size x size x 3, top row first */
    int64_t samples; /**< from frames x hop to frames x hop + look-ahead,
                          hop = rate x fps_den / fps_num: 800 */
    float *sound;    /**< mono, finite; sample 0 is at the clip's
                          start */
    char hash[65];   /**< SHA-256 of rgb, then sound, lower-case hex */
    char *path;      /**< the file */
    s2vi_media_facts facts;
    bool mapped; /**< rgb and sound are another's: of a shard */
} s2vi_clip;

/**
 * Decode a clip.
 *
 * The clip starts at the first picture's time stamp plus `start_ms`. Frame t
 * is the picture on display at t / fps after that: the last one whose time
 * stamp is not later. The last picture is on display for its own duration.
 * The sound is put on the same clock: padded or trimmed at its start, gaps in
 * its time stamps filled with silence. The clip ends with the earlier of the
 * two. A file that ends too early or has damaged parts gives what decodes; its
 * facts say so.
 *
 * @param clip   set to a new clip, which the caller closes; NULL on failure
 * @param path   a local file
 * @param params how to convert it
 * @param err    NULL, or receives one sentence with the path on failure
 * @return S2V_OK; S2V_ERR_INVALID: an unusable parameter or crop; _IO: the
 *         file cannot be read; _FORMAT: not media, no picture, no sound, or
 *         too short; _CANCELLED; _NOMEM
 */
int s2vi_clip_load(s2vi_clip **clip, const char *path,
                   const s2vi_clip_params *params, s2v_error *err);

/** Free a clip and set the pointer to NULL. NULL is fine. */
void s2vi_clip_close(s2vi_clip **clip);

/**
 * Decode the sound of a file, with a picture or without, of any rate, sample
 * format and channels.
 *
 * @param track   as in s2vi_clip_params
 * @param samples set to the samples from the sound's own start, which the
 *                caller frees with free(); NULL on failure
 * @param count   set to their number, at least 1
 * @param facts   set to what the file turned out to be; may be NULL
 * @return as s2vi_clip_load()
 */
int s2vi_sound_load_track(const char *path, s2vi_sound_form form, int track,
                          float **samples, int64_t *count,
                          s2vi_media_facts *facts, s2v_error *err);

/** The same of the track that ffmpeg takes. */
int s2vi_sound_load(const char *path, s2vi_sound_form form, float **samples,
                    int64_t *count, s2v_error *err);

#endif
