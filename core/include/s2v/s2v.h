/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file s2v.h
 * libs2v: generative sound-to-video and video-to-sound, the public interface.
 *
 * A *model* is a weight file made ready to run: immutable, and safe to share
 * between threads. A *session* is one stream through a model: one thread at a
 * time. With most models, sound goes in with s2v_session_send_audio() and
 * frames come out with s2v_session_receive_video(), in any interleaving: the
 * frames are the same bytes however the sound was cut. With a model that makes
 * sound for pictures, s2v_session_send_video() and s2v_session_receive_audio()
 * take their places; s2v_model_get_info() says which way a model goes.
 *
 * @code
 * s2v_error err;
 * s2v_model *model = NULL;
 * s2v_session *session = NULL;
 * s2v_video_frame frame;
 *
 * int ret = s2v_model_open(&model, "quintet.bin", NULL, &err);
 * if (!ret)
 *     ret = s2v_session_create(&session, model, NULL, &err);
 * if (ret < 0) {
 *     fprintf(stderr, "%s\n", err.message);
 *     goto fail;
 * }
 * for (bool more = true; more;) {
 *     size_t n = read_mono_16khz(samples, 1024);
 *     ret = n ? s2v_session_send_audio(session, samples, n, &err)
 *             : s2v_session_drain(session, &err);
 *     if (ret < 0)
 *         goto fail;
 *     while (!(ret = s2v_session_receive_video(session, &frame, &err)))
 *         show(frame.data, frame.stride, frame.pts);
 *     if (ret != S2V_ERR_AGAIN && ret != S2V_ERR_EOF)
 *         goto fail;
 *     more = ret != S2V_ERR_EOF;
 * }
 * @endcode
 *
 * The library never prints, exits or aborts. Every function that can fail
 * returns S2V_OK or a negative s2v_status and, where `err` is not NULL, leaves
 * there one sentence that says what was wrong, where, what was expected and
 * what was found.
 */
#ifndef S2V_S2V_H
#define S2V_S2V_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define S2V_API __attribute__((visibility("default")))
#else
#define S2V_API
#endif

#define S2V_VERSION_MAJOR 0
#define S2V_VERSION_MINOR 1
#define S2V_VERSION_MICRO 0

/** Status codes. AGAIN and EOF are states, not failures. */
typedef enum s2v_status {
    S2V_OK = 0,
    S2V_ERR_AGAIN = -1,     /**< nothing yet: send more, or drain */
    S2V_ERR_EOF = -2,       /**< drained: nothing more until a flush */
    S2V_ERR_NOMEM = -3,     /**< out of memory */
    S2V_ERR_INVALID = -4,   /**< an argument or option has no such value */
    S2V_ERR_IO = -5,        /**< the system could not read or write a file */
    S2V_ERR_FORMAT = -6,    /**< a file is not what its format demands */
    S2V_ERR_MODEL = -7,     /**< an intact file, but not a usable model */
    S2V_ERR_DEVICE = -8,    /**< the device is missing or failed */
    S2V_ERR_CANCELLED = -9, /**< the user's callback asked to stop */
    S2V_ERR_INTERNAL = -10, /**< a defect in s2v: please report it */
} s2v_status;

/** What went wrong: a status and one sentence, always terminated. */
typedef struct s2v_error {
    int code;           /**< an s2v_status */
    char message[1020]; /**< UTF-8, no trailing newline */
} s2v_error;

/** How much a log line matters. */
typedef enum s2v_log_level {
    S2V_LOG_ERROR = 0,
    S2V_LOG_WARNING = 1,
    S2V_LOG_INFO = 2,
    S2V_LOG_DEBUG = 3,
} s2v_log_level;

/**
 * Receives log lines.
 *
 * @param opaque  the params' log_opaque
 * @param level   how much it matters
 * @param message one line, no newline; valid during the call only
 */
typedef void (*s2v_log_fn)(void *opaque, s2v_log_level level,
                           const char *message);

/** A short English phrase for a status code; never NULL. */
S2V_API const char *s2v_status_string(int code);

/** The version of the library that runs, for instance "0.1.0". */
S2V_API const char *s2v_version(void);

/* ------------------------------------------------------------- model -- */

typedef struct s2v_model s2v_model;

/**
 * How to open a model. Set `size` to sizeof(s2v_model_params); any other
 * member that is zero means its default.
 */
typedef struct s2v_model_params {
    size_t size;        /**< sizeof(s2v_model_params) */
    const char *device; /**< "auto" (default), "cpu", "ref", "cuda[:N]";
                             strict: a device that is not there fails */
    int threads;        /**< CPU threads; 0: one for each processor that the
                             process may use */
    s2v_log_fn log;     /**< where log lines go; NULL: nowhere */
    void *log_opaque;   /**< handed to `log` */
    int latency_ms;     /**< of a model that makes sound: how long a sample may
                             wait for later pictures, at most; the less, the
                             more work, and the less of what comes is known. 0:
                             as long as suits the sound best. Others ignore
                             it. Since 0.1 */
    const char *dtype;  /**< "f32" (default) or "bf16": what numbers are
                             rounded to that weights are multiplied by; sums,
                             norms and recurrent states are f32 all the same
                             (on a GPU, sums that are complete are rounded).
                             Strict: a device that lacks it fails
                             (S2V_ERR_DEVICE). Since 0.1 */
} s2v_model_params;

/** What goes into a session, or comes out: flags. */
typedef enum s2v_medium {
    S2V_MEDIUM_NONE = 0,
    S2V_MEDIUM_AUDIO = 1,
    S2V_MEDIUM_VIDEO = 2,
    S2V_MEDIUM_IMAGE = 4,
    S2V_MEDIUM_TEXT = 8,
    S2V_MEDIUM_REFERENCE = 16,
} s2v_medium;

/** What a session on a model takes and gives. */
typedef struct s2v_model_info {
    size_t size;             /**< set by the caller: sizeof(s2v_model_info) */
    const char *name;        /**< the model's kind: "listen-and-move",
                                  "varietysound" */
    const char *device;      /**< the device in use: "cpu" */
    int sample_rate;         /**< Hz of the sound it hears or makes, mono */
    int width, height;       /**< of its frames, or as it sees those that are
                                  sent, whose size is free; pixels */
    int fps_num, fps_den;    /**< frames per second, a fraction: as it makes
                                  them, or as often as it looks */
    int64_t latency_samples; /**< how much of its input past its own time a
                                  frame or sample needs before it can be made,
                                  in samples */
    s2v_medium input;        /**< what is sent: audio or video. Since 0.1 */
    s2v_medium output;       /**< what is received: the other one */
    const char *dtype;       /**< "f32" or "bf16". Since 0.1 */
} s2v_model_info;

/**
 * Open a weight file and make it ready to run.
 *
 * A bare name (no '/') is looked for as given, then in each folder of
 * $S2V_MODEL_PATH, then in the installed models' folder.
 *
 * @param model  set to a new model, which the caller closes; NULL on failure
 * @param path   the weight file
 * @param params NULL for all defaults
 * @param err    NULL, or receives the sentence on failure
 * @return S2V_OK; S2V_ERR_IO, _FORMAT, _MODEL, _DEVICE, _INVALID, _NOMEM
 */
S2V_API int s2v_model_open(s2v_model **model, const char *path,
                           const s2v_model_params *params, s2v_error *err);

/** Fill `info` (its `size` set by the caller). Strings live as the model. */
S2V_API void s2v_model_get_info(const s2v_model *model, s2v_model_info *info);

/**
 * Check that a program can use a model: that it makes what is wanted, from no
 * more than the program can give.
 *
 * @param inputs  S2V_MEDIUM_* flags of all that the program can send or set
 * @param outputs of what it wants to receive
 * @return S2V_OK; S2V_ERR_MODEL and a sentence with the model's path
 */
S2V_API int s2v_model_check_media(const s2v_model *model, unsigned inputs,
                                  unsigned outputs, s2v_error *err);

/**
 * Give up the caller's hold on a model and set the pointer to NULL. Sessions
 * keep the model alive until they are closed. NULL is fine.
 */
S2V_API void s2v_model_close(s2v_model **model);

/* ----------------------------------------------------------- session -- */

typedef struct s2v_session s2v_session;

/** How to run a stream; `size` set, zero elsewhere means default. */
typedef struct s2v_session_params {
    size_t size;       /**< sizeof(s2v_session_params) */
    uint64_t seed;     /**< of all noise; the same seed, the same output */
    s2v_log_fn log;    /**< NULL: the model's */
    void *log_opaque;  /**< handed to `log` */
    const char *level; /**< loudness of the sound sent: "auto" (default): it is
                            brought to the loudness and towards the average
                            spectrum that the model was trained at, as far as
                            its file says; "off": it is taken as it is; or a
                            gain in dB, "-60" to "60". Models that
                            take no sound ignore it. Since 0.1 */
} s2v_session_params;

/** A frame: 8-bit R, G, B interleaved, top row first. */
typedef struct s2v_video_frame {
    const uint8_t *data; /**< owned by the session, valid until its next
                              call; width * 3 bytes used in each row */
    ptrdiff_t stride;    /**< bytes from one row to the next */
    int width, height;   /**< pixels */
    int64_t pts;         /**< frame number since creation or flush: shown
                              from pts * fps_den / fps_num seconds on */
} s2v_video_frame;

/**
 * Start a stream. The session holds its model alive.
 *
 * @param session set to a new session, which the caller closes; NULL on failure
 */
S2V_API int s2v_session_create(s2v_session **session, s2v_model *model,
                               const s2v_session_params *params,
                               s2v_error *err);

/**
 * Send sound: mono float samples at the model's rate, nominally in [-1, 1].
 * Any count, zero included. Samples that are not finite are taken as silence.
 * All of it is taken or, on failure, none. Receive frames after each call, or
 * the sound waits in memory.
 *
 * @return S2V_OK; S2V_ERR_EOF after a drain; S2V_ERR_NOMEM; S2V_ERR_INVALID:
 *         the model takes no sound
 */
S2V_API int s2v_session_send_audio(s2v_session *session, const float *samples,
                                   size_t count, s2v_error *err);

/** A picture to be sent: 8-bit R, G, B interleaved. */
typedef struct s2v_picture {
    size_t size;            /**< sizeof(s2v_picture) */
    const uint8_t *data;    /**< the top row; the caller's, read during the
                                 call */
    ptrdiff_t stride;       /**< bytes from one row to the next; may be
                                 negative */
    int width, height;      /**< pixels, 1 to 32768; may change */
    int64_t pts;            /**< when it appears, in units of the time base */
    int64_t duration;       /**< how long the last picture stays, in the same
                                 units; the others stay until the next one. 0:
                                 as long as the one before it */
    int time_num, time_den; /**< the time base, seconds: 1/1000 for
                                 milliseconds. The same throughout a stream;
                                 time_num is 65535 at most */
} s2v_picture;

/**
 * Send the next picture, to a model that makes sound. Any frame rate, also one
 * that varies. Sound begins with the first picture, whatever its pts; times
 * that go back are taken as simultaneous. Receive sound after each call, or the
 * pictures wait in memory.
 *
 * @return S2V_OK; S2V_ERR_EOF after a drain; S2V_ERR_INVALID; S2V_ERR_NOMEM
 */
S2V_API int s2v_session_send_video(s2v_session *session,
                                   const s2v_picture *picture, s2v_error *err);

/**
 * Say what the sound shall be like: a sound whose timbre it takes, mono float
 * samples at the model's rate, nominally in [-1, 1], 1024 of them at least and
 * not silent. What is beyond a minute is not listened to. Before the first
 * picture; it outlives a flush. Without one, a model takes the mean timbre of
 * what it was trained on.
 *
 * @param samples the caller's, read during the call
 * @return S2V_OK; S2V_ERR_INVALID: too short, silent, or too late; the timbre
 *         is as before. S2V_ERR_NOMEM
 */
S2V_API int s2v_session_set_reference(s2v_session *session,
                                      const float *samples, size_t count,
                                      s2v_error *err);

/**
 * Say that what was sent has ended. Sound is padded with silence, and in all
 * ceil(duration x fps) frames come out, none for no sound at all. Pictures: the
 * last one stays for its duration, and ceil(duration x sample_rate) samples
 * come out, from the first picture's pts to the last one's end; none for no
 * pictures at all.
 */
S2V_API int s2v_session_drain(s2v_session *session, s2v_error *err);

/**
 * Make the next frame.
 *
 * @return S2V_OK with `frame` filled; S2V_ERR_AGAIN: send more sound;
 *         S2V_ERR_EOF: drained and done; another status on failure
 */
S2V_API int s2v_session_receive_video(s2v_session *session,
                                      s2v_video_frame *frame, s2v_error *err);

/** Some sound: mono float samples at the model's rate. */
typedef struct s2v_audio_frame {
    const float *samples; /**< owned by the session, valid until its next
                               call */
    size_t count;         /**< at least 1 */
    int64_t pts;          /**< number of the first one since the first picture
                               after creation or flush */
} s2v_audio_frame;

/**
 * Make the next samples, as many as come at once.
 *
 * @return S2V_OK with `frame` filled; S2V_ERR_AGAIN: send more pictures;
 *         S2V_ERR_EOF: drained and done; another status on failure
 */
S2V_API int s2v_session_receive_audio(s2v_session *session,
                                      s2v_audio_frame *frame, s2v_error *err);

/** Forget input, state and time stamps: as new, with the same seed and
 * reference. */
S2V_API void s2v_session_flush(s2v_session *session);

/** Close a session and set the pointer to NULL. NULL is fine. */
S2V_API void s2v_session_close(s2v_session **session);

/* ------------------------------------------------------- weight files -- */

typedef struct s2v_weights s2v_weights;

/** One tensor of a weight file, as it is stored. */
typedef struct s2v_tensor_info {
    size_t size;          /**< set by the caller: sizeof(s2v_tensor_info) */
    const char *name;     /**< for instance "g.layers.0.conv1.weight" */
    const char *dtype;    /**< safetensors' word: "F32", "F16", "BF16" ... */
    int rank;             /**< number of dimensions, at most 8 */
    int64_t shape[8];     /**< outermost first */
    uint64_t byte_offset; /**< in the file */
    uint64_t byte_size;   /**< in the file */
} s2v_tensor_info;

/**
 * Open a weight file of any model, without running it. A bare name is looked
 * for as s2v_model_open() does. Checks the file's structure, not its numbers:
 * s2v_weights_verify() does.
 */
S2V_API int s2v_weights_open(s2v_weights **weights, const char *path,
                             s2v_error *err);

/** Number of tensors in the file. */
S2V_API size_t s2v_weights_count(const s2v_weights *weights);

/** Tensor `index`, in the file's order; strings live as `weights`. */
S2V_API int s2v_weights_get_tensor(const s2v_weights *weights, size_t index,
                                   s2v_tensor_info *info);

/**
 * Read every tensor byte: the checksum must match, where the file records one
 * ("s2v.sha256"), and every number must be finite.
 *
 * @return S2V_OK; S2V_ERR_FORMAT
 */
S2V_API int s2v_weights_verify(const s2v_weights *weights, s2v_error *err);

/** Metadata key `index`, in alphabetical order; NULL past the last. */
S2V_API const char *s2v_weights_get_metadata_key(const s2v_weights *weights,
                                                 size_t index);

/** A metadata value ("s2v.model", "s2v.license" ...), or NULL. */
S2V_API const char *s2v_weights_get_metadata(const s2v_weights *weights,
                                             const char *key);

/** Where the file was found, and its length in bytes. */
S2V_API const char *s2v_weights_get_path(const s2v_weights *weights,
                                         uint64_t *byte_size);

/** Close and set the pointer to NULL. NULL is fine. */
S2V_API void s2v_weights_close(s2v_weights **weights);

#ifdef __cplusplus
}
#endif

#endif /* S2V_S2V_H */
