/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file s2v.h
 * libs2v: audio-to-video and video-to-audio generation, the public interface.
 *
 * A *model* is a weight file, opened and planned for a device: immutable, and
 * shareable between threads. A *session* is one stream through a model, used by
 * one thread at a time. With a model that generates video from audio, samples
 * go in with s2v_session_send_audio() and frames come out with
 * s2v_session_receive_video(); with a model that generates audio from video,
 * s2v_session_send_video() and s2v_session_receive_audio() take their places.
 * s2v_model_get_info() returns what a model accepts and generates. The output
 * is byte-identical however the input is divided among calls.
 *
 * @code
 * s2v_error err;
 * s2v_model *model = NULL;
 * s2v_session *session = NULL;
 * s2v_video_frame frame = {.size = sizeof(frame)};
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
 * Each struct that crosses this interface, but for s2v_error, whose layout is
 * fixed, begins with `size`, which the caller sets to sizeof() of the struct,
 * also where the library fills it. So programs and libraries of different
 * versions work together: members that only the library knows are left out,
 * members that only the caller knows are zero.
 *
 * The library never prints, exits or aborts. Every function that can fail
 * returns S2V_OK or a negative s2v_status and, where `err` is not NULL, stores
 * one sentence there: what was wrong, where, what was expected and what was
 * found.
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
#define S2V_VERSION_MINOR 2
#define S2V_VERSION_MICRO 0

/** Status codes. AGAIN and EOF are states, not failures. */
typedef enum s2v_status {
    S2V_OK = 0,
    S2V_ERR_AGAIN = -1,     /**< no output yet: send more input, or drain */
    S2V_ERR_EOF = -2,       /**< drained, or past the last item of a list */
    S2V_ERR_NOMEM = -3,     /**< out of memory */
    S2V_ERR_INVALID = -4,   /**< an invalid argument or option value */
    S2V_ERR_IO = -5,        /**< a file could not be read or written */
    S2V_ERR_FORMAT = -6,    /**< a file violates its format */
    S2V_ERR_MODEL = -7,     /**< an intact file, but not a usable model */
    S2V_ERR_DEVICE = -8,    /**< the device is missing or failed */
    S2V_ERR_CANCELLED = -9, /**< the progress callback asked to stop */
    S2V_ERR_INTERNAL = -10, /**< a bug in s2v: please report it */
} s2v_status;

/** What went wrong: a status and one sentence, always terminated. The caller
 * needs to set nothing. */
typedef struct s2v_error {
    int code;           /**< an s2v_status */
    char message[1020]; /**< UTF-8, without a newline at its end */
} s2v_error;

/** Severity of a log line. */
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
 * @param level   severity
 * @param message one line without a newline; valid during the call only
 */
typedef void (*s2v_log_fn)(void *opaque, s2v_log_level level,
                           const char *message);

/**
 * Receives the progress of a long call, on the thread that made it.
 *
 * @param opaque the params' progress_opaque
 * @param done   the part that is done: from 0 to 1, never decreasing
 * @return 0 to continue; any other value makes the call fail with
 *         S2V_ERR_CANCELLED
 */
typedef int (*s2v_progress_fn)(void *opaque, double done);

/** A short English phrase for a status code; never NULL. */
S2V_API const char *s2v_status_string(int code);

/** The version of the library at run time, for instance "0.2.0". */
S2V_API const char *s2v_version(void);

/* ------------------------------------------------------------- media -- */

/** What goes into a session or comes out of it: flags. */
typedef enum s2v_medium {
    S2V_MEDIUM_AUDIO = 1,      /**< a stream of samples */
    S2V_MEDIUM_VIDEO = 2,      /**< a stream of pictures */
    S2V_MEDIUM_IMAGE = 4,      /**< one picture: s2v_session_set_image() */
    S2V_MEDIUM_TEXT = 8,       /**< s2v_session_set_text() */
    S2V_MEDIUM_REFERENCE = 16, /**< audio whose timbre the output takes:
                                    s2v_session_set_reference() */
} s2v_medium;

/** A family of models. */
typedef struct s2v_family_info {
    size_t size;       /**< set by the caller: sizeof(s2v_family_info) */
    const char *name;  /**< "listen-and-move", "man", "varietysound": the
                            metadata "s2v.model" of its weight files */
    unsigned inputs;   /**< S2V_MEDIUM_* flags of the inputs they accept */
    unsigned required; /**< those of them without which there is no output */
    unsigned outputs;  /**< S2V_MEDIUM_* flags of their outputs */
} s2v_family_info;

/**
 * List the families that the library runs.
 *
 * @param index from 0 on
 * @param info  filled in; `size` is set by the caller
 * @return S2V_OK; S2V_ERR_EOF past the last one; S2V_ERR_INVALID: `size`
 */
S2V_API int s2v_family_get_info(size_t index, s2v_family_info *info);

/* ------------------------------------------------------------- model -- */

typedef struct s2v_model s2v_model;

/**
 * How to open a model. Set `size` to sizeof(s2v_model_params); any other
 * member that is zero means its default.
 */
typedef struct s2v_model_params {
    size_t size;        /**< sizeof(s2v_model_params) */
    const char *device; /**< "auto" (default), "cpu", "ref" or "cuda[:N]". A
                             device that is not available is an error */
    int threads;        /**< number of CPU threads; 0: one for each processor
                             that the process may use */
    s2v_log_fn log;     /**< receives log lines; NULL: no logging */
    void *log_opaque;   /**< passed to `log` */
    int latency_ms;     /**< for models with audio output: the maximum latency,
                             in milliseconds. Lower values need more computation
                             and have less look-ahead. 0: the one with the best
                             quality. Ignored by other models */
    const char *dtype;  /**< precision of the operands of convolutions and
                             matrix products: "f32" (default), "bf16" or
                             "auto". Sums, normalisations and recurrent states
                             are f32 in all (on a GPU, results are rounded). A
                             device without bf16 is an error
                             (S2V_ERR_DEVICE). "auto": bf16 on a processor that
                             has it, where it is faster; else f32 */
    s2v_progress_fn progress; /**< receives the progress of opening, and may
                                   cancel it; NULL: none */
    void *progress_opaque;    /**< passed to `progress` */
    int video_size; /**< for models of the family stylegan2: width and height of
                         the frames, a power of 2 below the model's, as a fast
                         preview: option "size". 0: the model's. An error for
                         other models */
    const char *fps; /**< for models of the families stylegan2 and stylegan3:
                          frames a second, 1 to 60, as "12" or "30000/1001":
                          option "fps". NULL: 20. An error for other models */
} s2v_model_params;

/** Properties of a model. */
typedef struct s2v_model_info {
    size_t size;             /**< set by the caller: sizeof(s2v_model_info) */
    const char *name;        /**< its family: "listen-and-move", "man",
                                  "varietysound" */
    const char *device;      /**< the device in use: "cpu" */
    int sample_rate;         /**< of the audio sent or received, in Hz; mono */
    int width, height;       /**< of the frames generated, in pixels; for video
                                  sent, of any size, the size it is scaled to */
    int fps_num, fps_den;    /**< frame rate, a fraction: of the frames output,
                                  or at which video sent is sampled */
    int64_t latency_samples; /**< how far input must extend past the time of a
                                  frame or sample before it is output, in
                                  samples */
    unsigned inputs;         /**< S2V_MEDIUM_* flags of the inputs */
    unsigned required; /**< those of them without which there is no output */
    unsigned outputs;  /**< S2V_MEDIUM_* flags of the outputs */
    const char *dtype; /**< "f32" or "bf16": what is computed with */
} s2v_model_info;

/**
 * Open a weight file and plan its networks for a device.
 *
 * A bare name (without '/') is looked up in the current folder, then in each
 * folder of $S2V_MODEL_PATH, then among the installed models.
 *
 * @param model  set to a new model, which the caller closes; NULL on failure
 * @param path   the weight file
 * @param params NULL for all defaults
 * @param err    NULL, or receives the sentence on failure
 * @return S2V_OK; S2V_ERR_IO, _FORMAT, _MODEL, _DEVICE, _INVALID, _NOMEM,
 *         _CANCELLED
 */
S2V_API int s2v_model_open(s2v_model **model, const char *path,
                           const s2v_model_params *params, s2v_error *err);

/**
 * Get a model's properties.
 *
 * @param info filled in; `size` is set by the caller. Strings are valid as long
 *             as the model
 * @return S2V_OK; S2V_ERR_INVALID: `size`
 */
S2V_API int s2v_model_get_info(const s2v_model *model, s2v_model_info *info);

/**
 * Check that a program can use a model: that it generates what the program
 * needs, and requires no more than the program can provide.
 *
 * @param inputs  S2V_MEDIUM_* flags of all that the program can send or set
 * @param outputs flags of what it wants to receive
 * @return S2V_OK; S2V_ERR_MODEL and a sentence with the model's path
 */
S2V_API int s2v_model_check_media(const s2v_model *model, unsigned inputs,
                                  unsigned outputs, s2v_error *err);

/** Type of an option's value. */
typedef enum s2v_option_kind {
    S2V_OPTION_INTEGER = 1,
    S2V_OPTION_NUMBER = 2, /**< with a decimal point, whatever the locale */
    S2V_OPTION_TEXT = 3,
} s2v_option_kind;

/** When an option may be set. */
typedef enum s2v_option_when {
    S2V_OPTION_OPEN = 1,    /**< when the model is opened: s2v_model_params */
    S2V_OPTION_START = 2,   /**< before the first input after the creation or a
                                 flush of the session */
    S2V_OPTION_RUNNING = 3, /**< at any time */
} s2v_option_when;

/** An option of a model's sessions. */
typedef struct s2v_option {
    size_t size;               /**< set by the caller: sizeof(s2v_option) */
    const char *name;          /**< for instance "seed" */
    s2v_option_kind kind;      /**< type of the value */
    s2v_option_when when;      /**< when it may be set */
    double minimum, maximum;   /**< range of an integer or number */
    const char *default_value; /**< as text */
    const char *unit;          /**< for instance "dB"; NULL: none */
    const char *help;          /**< what it does, a phrase: "set ..." */
} s2v_option;

/**
 * List the options of a model's sessions.
 *
 * @param index  from 0 on
 * @param option filled in; `size` is set by the caller. Strings are static
 * @return S2V_OK; S2V_ERR_EOF past the last one; S2V_ERR_INVALID: `size`
 */
S2V_API int s2v_model_get_option(const s2v_model *model, size_t index,
                                 s2v_option *option);

/**
 * List the options of a family's sessions, for programs that declare them
 * before there is a model.
 *
 * @param family as for s2v_family_get_info()
 * @param index  from 0 on
 * @param option filled in; `size` is set by the caller. Strings are static
 * @return S2V_OK; S2V_ERR_EOF past the last one, or the last family;
 *         S2V_ERR_INVALID: `size`
 */
S2V_API int s2v_family_get_option(size_t family, size_t index,
                                  s2v_option *option);

/**
 * Release the caller's reference to a model and set the pointer to NULL.
 * Sessions keep their model open until they are closed. NULL is allowed.
 */
S2V_API void s2v_model_close(s2v_model **model);

/* ----------------------------------------------------------- session -- */

typedef struct s2v_session s2v_session;

/** How to create a session; `size` is set, zero elsewhere means default. */
typedef struct s2v_session_params {
    size_t size;       /**< sizeof(s2v_session_params) */
    uint64_t seed;     /**< seed of the random numbers: option "seed" */
    s2v_log_fn log;    /**< NULL: the model's */
    void *log_opaque;  /**< passed to `log` */
    const char *level; /**< option "level"; NULL: its default */
} s2v_session_params;

/**
 * Create a session: one stream through a model. It keeps the model open.
 *
 * @param session set to a new session, which the caller closes; NULL on failure
 * @param params  NULL for all defaults. Members whose option the model does not
 *                have are ignored
 */
S2V_API int s2v_session_create(s2v_session **session, s2v_model *model,
                               const s2v_session_params *params,
                               s2v_error *err);

/**
 * Set an option by its name; s2v_model_get_option() lists them. On failure it
 * keeps its value. Options keep their values over a flush.
 *
 * "level", of models that take audio, is the loudness of the audio sent: "auto"
 * (default): it is brought to the loudness and towards the average spectrum
 * that the model was trained on, as far as its file says; "off": unchanged; or
 * a gain in dB, "-60" to "60". While running, it applies to the samples sent
 * from then on, and the equaliser to the frames received from then on.
 *
 * "seed" is the seed of the random numbers: the same seed and input give the
 * same output. While running, it applies to the frames received from then on.
 *
 * "gain", of models that generate audio, is a gain in dB of the samples
 * received from then on.
 *
 * Of models that animate a portrait: "crop" (x:y:width:height), "face" (which
 * one, 1 is the largest), "pad" (a factor of the crop's size) and "face-model"
 * (the file of the networks that find faces) say where the face is; "full" is 1
 * for frames of the whole image, "detail" 1 to keep its sharpness in them.
 * While running, for the frames received from then on: "blink" (a factor of the
 * rate), "motion" (of the head, 0 to 1), "still" (1: the head does not move),
 * "expression" (a factor of the movement around the mouth, 0 to 2) and "z" (the
 * random variation, 0 to 1).
 *
 * @param name  for instance "seed"
 * @param value as text, for instance "7"
 * @return S2V_OK; S2V_ERR_INVALID: there is no such option or value, or it
 *         cannot be set now; S2V_ERR_NOMEM
 */
S2V_API int s2v_session_set_option(s2v_session *session, const char *name,
                                   const char *value, s2v_error *err);

/** Properties of a session. */
typedef struct s2v_session_info {
    size_t size;       /**< set by the caller: sizeof(s2v_session_info) */
    int width, height; /**< of the frames that it generates, in pixels: the
                            model's, or with option "full" the image's, once it
                            is set */
    int64_t sent;      /**< samples or pictures, since creation or flush */
    int64_t received;  /**< frames or samples, since creation or flush */
} s2v_session_info;

/**
 * Get a session's properties.
 *
 * @param info filled in; `size` is set by the caller
 * @return S2V_OK; S2V_ERR_INVALID: `size`
 */
S2V_API int s2v_session_get_info(const s2v_session *session,
                                 s2v_session_info *info);

/**
 * Send audio: mono float samples at the model's rate, nominally in [-1, 1].
 * Any count, zero included. Samples that are not finite count as silence.
 * Either all samples are taken or, on failure, none. Receive frames after each
 * call: samples that are not used yet are kept in memory.
 *
 * @return S2V_OK; S2V_ERR_EOF after a drain; S2V_ERR_NOMEM; S2V_ERR_INVALID:
 *         the model has no audio input, or lacks an input that it requires
 */
S2V_API int s2v_session_send_audio(s2v_session *session, const float *samples,
                                   size_t count, s2v_error *err);

/** A picture to be sent or set: 8-bit R, G, B interleaved. */
typedef struct s2v_picture {
    size_t size;            /**< sizeof(s2v_picture) */
    const uint8_t *data;    /**< the top row; owned by the caller, read during
                                 the call only */
    ptrdiff_t stride;       /**< bytes from one row to the next; may be
                                 negative */
    int width, height;      /**< in pixels, 1 to 32768; may change */
    int64_t pts;            /**< presentation time, in units of the time base */
    int64_t duration;       /**< of the last picture of a stream, in the same
                                 units; others last until the next one. 0: as
                                 long as the one before it */
    int time_num, time_den; /**< the time base in seconds, for instance 1/1000;
                                 the same throughout a stream; time_num is at
                                 most 65535 */
    const char *name;       /**< of its file, for messages; NULL: "the image" */
} s2v_picture;

/**
 * Send the next picture. Any frame rate, also a variable one. The generated
 * audio begins with the first picture, whatever its pts; a pts before that of
 * the previous picture counts as equal to it. Receive audio after each call:
 * pictures that are not used yet are kept in memory.
 *
 * @return S2V_OK; S2V_ERR_EOF after a drain; S2V_ERR_NOMEM; S2V_ERR_INVALID:
 *         the picture, or the model has no video input, or lacks a required
 *         input
 */
S2V_API int s2v_session_send_video(s2v_session *session,
                                   const s2v_picture *picture, s2v_error *err);

/**
 * Set the still image that the output shows or starts from. Call it before the
 * first input; it is kept over a flush. pts, duration and time base are
 * ignored. Options that concern the image ("crop", "face", "pad", "face-model",
 * "full", "detail") have to be set before it.
 *
 * @return S2V_OK; S2V_ERR_INVALID: the picture, no face in it, or the model has
 *         no image input; S2V_ERR_IO: there is no face.bin; S2V_ERR_NOMEM. On
 *         failure the previous one is kept
 */
S2V_API int s2v_session_set_image(s2v_session *session,
                                  const s2v_picture *picture, s2v_error *err);

/**
 * Set the text that the output follows. Call it before the first input; it is
 * kept over a flush. While running, option "text" sets it.
 *
 * @param text UTF-8; NULL or "": none
 * @return S2V_OK; S2V_ERR_INVALID: not UTF-8, or the model has no text input;
 *         S2V_ERR_NOMEM
 */
S2V_API int s2v_session_set_text(s2v_session *session, const char *text,
                                 s2v_error *err);

/**
 * Set the reference: audio whose timbre the generated audio takes. Mono float
 * samples at the model's rate, nominally in [-1, 1]; at least 1024 of them, not
 * silent; at most the first minute is used. While running, it applies to the
 * windows of the model that follow; the first of them is
 * cross-faded with the one before. It is kept over a flush. Without a
 * reference, the mean timbre of the training set is used.
 *
 * @param samples owned by the caller, read during the call only
 * @return S2V_OK; S2V_ERR_INVALID: too short or silent, or the model has no
 *         reference input; S2V_ERR_NOMEM. On failure the previous one is kept
 */
S2V_API int s2v_session_set_reference(s2v_session *session,
                                      const float *samples, size_t count,
                                      s2v_error *err);

/**
 * Signal the end of the input. Audio is padded with silence, and a total of
 * ceil(duration x fps) frames is generated; none if no audio was sent. Of
 * video, the last picture lasts for its duration, and a total of
 * ceil(duration x sample_rate) samples is generated, from the pts of the first
 * picture to the end of the last one; none if no picture was sent.
 */
S2V_API int s2v_session_drain(s2v_session *session, s2v_error *err);

/** A frame: 8-bit R, G, B interleaved, top row first. */
typedef struct s2v_video_frame {
    size_t size;         /**< set by the caller: sizeof(s2v_video_frame) */
    const uint8_t *data; /**< owned by the session, valid until its next
                              call; width * 3 bytes used in each row */
    ptrdiff_t stride;    /**< bytes from one row to the next */
    int width, height;   /**< in pixels */
    int64_t pts;         /**< frame number since creation or flush: presented
                              from pts * fps_den / fps_num seconds on */
} s2v_video_frame;

/**
 * Receive the next frame.
 *
 * @param frame filled in on S2V_OK; `size` is set by the caller
 * @return S2V_OK; S2V_ERR_AGAIN: send more input; S2V_ERR_EOF: drained, and no
 *         frame is left; S2V_ERR_INVALID: `size`, or the model has no video
 *         output; another status on failure
 */
S2V_API int s2v_session_receive_video(s2v_session *session,
                                      s2v_video_frame *frame, s2v_error *err);

/** A block of audio: mono float samples at the model's rate. */
typedef struct s2v_audio_frame {
    size_t size;          /**< set by the caller: sizeof(s2v_audio_frame) */
    const float *samples; /**< owned by the session, valid until its next
                               call */
    size_t count;         /**< number of samples, at least 1 */
    int64_t pts;          /**< number of the first one since the first picture
                               after creation or flush */
} s2v_audio_frame;

/**
 * Receive the next samples, all that are available.
 *
 * @param frame filled in on S2V_OK; `size` is set by the caller
 * @return S2V_OK; S2V_ERR_AGAIN: send more input; S2V_ERR_EOF: drained, and no
 *         sample is left; S2V_ERR_INVALID: `size`, or the model has no audio
 *         output; another status on failure
 */
S2V_API int s2v_session_receive_audio(s2v_session *session,
                                      s2v_audio_frame *frame, s2v_error *err);

/** Discard all input, states and time stamps, as if the session were new.
 * Options, image, text and reference are kept. */
S2V_API void s2v_session_flush(s2v_session *session);

/**
 * Save the state of a session: all that the output to come depends on, but for
 * the model, the options, the image, the text and the reference. Any time
 * between two calls will do. A session that the state is restored to goes on
 * with the same bytes as this one.
 *
 * The state is a safetensors container; its size does not grow with the length
 * of the stream. s2v_weights_open() reads it from a file.
 *
 * @param note UTF-8, kept with the state, for instance where the input was read
 *             from; NULL: none
 * @param data set to the state, owned by the session, valid until its next
 *             s2v_session_save() or s2v_session_close(); NULL on failure
 * @param size set to its length in bytes
 * @return S2V_OK; S2V_ERR_NOMEM; S2V_ERR_INVALID: the note; the family or an
 *         option ("onsets" that are being written) does not allow it
 */
S2V_API int s2v_session_save(s2v_session *session, const char *note,
                             const void **data, size_t *size, s2v_error *err);

/**
 * Restore a state: what was sent and received before counts as this session's,
 * as s2v_session_get_info() tells. Send the input from sample (or picture)
 * `sent` on.
 *
 * The model file, how it was opened (device, dtype, latency_ms, video_size,
 * fps), all options, image, text and reference have to be those of the session
 * that was saved, and the library the same version; the number of threads may
 * differ. On another kind of processor the output may differ by rounding.
 *
 * @param data as s2v_session_save() has made it; not trusted, read during the
 *             call only
 * @param note set to its note, owned by the session, valid until its next
 *             s2v_session_restore() or s2v_session_close(); may be NULL
 * @return S2V_OK; S2V_ERR_INVALID: of another model, option or version, and
 *         which; S2V_ERR_FORMAT: damaged; S2V_ERR_NOMEM. On failure the session
 *         is as after a flush
 */
S2V_API int s2v_session_restore(s2v_session *session, const void *data,
                                size_t size, const char **note, s2v_error *err);

/** Close a session and set the pointer to NULL. NULL is allowed. */
S2V_API void s2v_session_close(s2v_session **session);

/* ------------------------------------------------------- weight files -- */

typedef struct s2v_weights s2v_weights;

/** One tensor of a weight file, as it is stored. */
typedef struct s2v_tensor_info {
    size_t size;       /**< set by the caller: sizeof(s2v_tensor_info) */
    const char *name;  /**< for instance "g.layers.0.conv1.weight" */
    const char *dtype; /**< as safetensors has it: "F32", "F16", "BF16" ... */
    int rank;          /**< number of dimensions, at most 8 */
    int64_t shape[8];  /**< outermost first */
    uint64_t byte_offset; /**< in the file */
    uint64_t byte_size;   /**< in the file */
} s2v_tensor_info;

/**
 * Open a weight file of any kind, without running it. A bare name is looked up
 * as by s2v_model_open(). The file's structure is checked, not its values:
 * s2v_weights_verify() does that.
 */
S2V_API int s2v_weights_open(s2v_weights **weights, const char *path,
                             s2v_error *err);

/** Number of tensors in the file. */
S2V_API size_t s2v_weights_count(const s2v_weights *weights);

/**
 * Get tensor `index`, in the file's order.
 *
 * @param info filled in; `size` is set by the caller. Strings are valid as long
 *             as `weights`
 * @return S2V_OK; S2V_ERR_INVALID: `index` or `size`
 */
S2V_API int s2v_weights_get_tensor(const s2v_weights *weights, size_t index,
                                   s2v_tensor_info *info);

/**
 * Read the bytes of all tensors: the checksum must match, where the file
 * records one ("s2v.sha256"), and every value must be finite.
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

/** The path at which the file was found, and its length in bytes (`byte_size`
 * may be NULL). */
S2V_API const char *s2v_weights_get_path(const s2v_weights *weights,
                                         uint64_t *byte_size);

/** Close a weight file and set the pointer to NULL. NULL is allowed. */
S2V_API void s2v_weights_close(s2v_weights **weights);

#ifdef __cplusplus
}
#endif

#endif /* S2V_S2V_H */
