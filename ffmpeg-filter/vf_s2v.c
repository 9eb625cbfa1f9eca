/*
 * This file is part of FFmpeg.
 *
 * FFmpeg is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * FFmpeg is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with FFmpeg; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

/**
 * @file
 * Sound to video with a generative model, through libs2v
 */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libavutil/avstring.h"
#include "libavutil/channel_layout.h"
#include "libavutil/common.h"
#include "libavutil/dict.h"
#include "libavutil/fifo.h"
#include "libavutil/imgutils.h"
#include "libavutil/mathematics.h"
#include "libavutil/mem.h"
#include "libavutil/opt.h"
#include "libavutil/random_seed.h"
#include "libavcodec/avcodec.h"
#include "libavformat/avformat.h"
#include "libswresample/swresample.h"
#include "libswscale/swscale.h"

#include "s2v_common.h"
#include "s2v_compat.h"

#define LONG_GAP 10 ///< seconds of missing sound that call for a warning
#define NEXT_MAX 2  ///< seconds that sound may be from its end in a new filter graph
#define TICKS 705600000 ///< a second, so that samples of all usual rates are whole ticks

#define FLAGS AV_OPT_FLAG_FILTERING_PARAM | AV_OPT_FLAG_VIDEO_PARAM | AV_OPT_FLAG_AUDIO_PARAM
#define RUNTIME FLAGS | AV_OPT_FLAG_RUNTIME_PARAM

/**
 * Options of the models that the filter passes on: the names are those of
 * s2v_family_get_option(), and what may change at run time may there.
 * "seed", "level", "size" and "fps" are options of the filter itself.
 */
#define MODEL_OPTIONS(V) \
    V(CROP,          "crop",          "set the square of the image that is animated, x:y:width:height", FLAGS) \
    V(FACE,          "face",          "set which face of the image is animated, 1 being the largest", FLAGS) \
    V(PAD,           "pad",           "set a factor of the size of the face's crop", FLAGS) \
    V(FACE_MODEL,    "face-model",    "set the file of the networks that find faces", FLAGS) \
    V(FULL,          "full",          "set to 1 for frames of the whole image, of its size", FLAGS) \
    V(DETAIL,        "detail",        "set to 1 to keep the image's sharpness, with full=1", FLAGS) \
    V(BLINK,         "blink",         "set a factor of the rate of blinks, 0 for none", RUNTIME) \
    V(MOTION,        "motion",        "set how much the head moves, 0 to 1; of a StyleGAN: how fast the audio moves the picture on", RUNTIME) \
    V(STILL,         "still",         "set to 1 to keep the head still", RUNTIME) \
    V(EXPRESSION,    "expression",    "set a factor of the movement around the mouth, 0 to 2", RUNTIME) \
    V(Z,             "z",             "set how much the random variation is, 0 to 1", RUNTIME) \
    V(MERGES,        "merges",        "set CLIP's list of merges; by default the one beside clip", FLAGS) \
    V(CLIP,          "clip",          "set a weight file of CLIP, which understands the text of a semantic model", FLAGS) \
    V(START,         "start",         "set the picture that a scene starts with: auto (one of the scene that is heard), a name of the model's gallery, a number, or seed", RUNTIME) \
    V(TEXT,          "text",          "set a text, which chooses the picture that a scene starts with: none or words", RUNTIME) \
    V(MORPH,         "morph",         "set how long the walk to another start lasts, in s", RUNTIME) \
    V(BLEND,         "blend",         "set the part of the new style codes in a scene's frame: auto or up to 1", RUNTIME) \
    V(LAYERS,        "layers",        "set the layers that a scene's sound moves: coarse, mid, fine, all, or as 0-3", RUNTIME) \
    V(CAMERA,        "camera",        "set the camera of a scene by a StyleGAN3: free (as trained) or still", RUNTIME) \
    V(SEEDS,         "seeds",         "set the keyframes of a walk: seeds and ranges of them, as 0-11", RUNTIME) \
    V(SPEED,         "speed",         "set the keyframes a minute, or what one lasts, as 4beat or 1bar", RUNTIME) \
    V(BPM,           "bpm",           "set the tempo: auto, off or beats a minute", RUNTIME) \
    V(INTERP,        "interp",        "set the way between keyframes: slerp or spline", RUNTIME) \
    V(LOOP,          "loop",          "set to 0 to stay at the last keyframe", RUNTIME) \
    V(PSI,           "psi",           "set the truncation, the distance from the average picture", RUNTIME) \
    V(PSI_REACT,     "psi_react",     "set what the loudness adds to psi", RUNTIME) \
    V(CUTOFF,        "cutoff",        "set the style codes that are truncated, those below; -1 for all", RUNTIME) \
    V(CENTER,        "center",        "set the picture that psi is the distance from: average or a seed", RUNTIME) \
    V(CLASS,         "class",         "set the class, its number or name", RUNTIME) \
    V(CLASSES,       "classes",       "set the classes of the twelve tones from C on, or none", RUNTIME) \
    V(CLASS_REACT,   "class_react",   "set how much tones mix their classes in, 0 to 1", RUNTIME) \
    V(CLASS_SMOOTH,  "class_smooth",  "set how slowly classes change, in s", RUNTIME) \
    V(RELEASE,       "release",       "set how slowly what the audio does fades, in ms", RUNTIME) \
    V(PULSE,         "pulse",         "set how far onsets move the picture", RUNTIME) \
    V(PULSE_SOURCE,  "pulse_source",  "set what the pulse follows: perc, low, high, full or harm", RUNTIME) \
    V(PULSE_LAYERS,  "pulse_layers",  "set the layers of the pulse: coarse, mid, fine, all, or as 0-3", RUNTIME) \
    V(MOTION_SOURCE, "motion_source", "set what the motion follows: perc, low, high, full or harm", RUNTIME) \
    V(MOTION_RANDOM, "motion_random", "set how unevenly the motion moves, 0 to 1", RUNTIME) \
    V(CHROMA,        "chroma",        "set how much tones mix the pictures of chroma_seeds in, 0 to 1", RUNTIME) \
    V(CHROMA_SEEDS,  "chroma_seeds",  "set the pictures of the tones from C on: twelve seeds", RUNTIME) \
    V(CHROMA_LAYERS, "chroma_layers", "set the layers of chroma", RUNTIME) \
    V(KICK,          "kick",          "set the picture that low onsets show: none or a seed", RUNTIME) \
    V(SNARE,         "snare",         "set the picture that high onsets show: none or a seed", RUNTIME) \
    V(MIX,           "mix",           "set layers that are of other pictures, as 0-3|SEED", RUNTIME) \
    V(CONTRAST,      "contrast",      "set what the loudness adds to the contrast", RUNTIME) \
    V(FLASH,         "flash",         "set what the loudness adds to the brightness", RUNTIME) \
    V(NOISE,         "noise",         "set the noise of a StyleGAN2: const, none or react", RUNTIME) \
    V(ZOOM,          "zoom",          "set the magnification of a StyleGAN3's camera", RUNTIME) \
    V(ROTATE,        "rotate",        "set how fast a StyleGAN3's camera turns, in degrees/s", RUNTIME) \
    V(PAN_X,         "pan_x",         "set where a StyleGAN3's camera looks, in widths of the picture", RUNTIME) \
    V(PAN_Y,         "pan_y",         "set where a StyleGAN3's camera looks, in heights of the picture", RUNTIME) \
    V(ZOOM_REACT,    "zoom_react",    "set what the loudness adds to zoom", RUNTIME) \
    V(ROTATE_REACT,  "rotate_react",  "set what the loudness adds to rotate", RUNTIME) \
    V(PAN_X_REACT,   "pan_x_react",   "set what the loudness adds to pan_x", RUNTIME) \
    V(PAN_Y_REACT,   "pan_y_react",   "set what the loudness adds to pan_y", RUNTIME)

#define INDEX(i, name, help, flags) i,
enum { MODEL_OPTIONS(INDEX) NB_VALUES };

#define NAME(i, name, help, flags) { name, !!((flags) & AV_OPT_FLAG_RUNTIME_PARAM) },
static const struct {
    const char *name;
    int live;         ///< it may change
} value_options[NB_VALUES] = { MODEL_OPTIONS(NAME) };

typedef struct S2VContext {
    const AVClass *class;

    char *model_path;
    int64_t seed;
    char *device;
    char *dtype;
    int threads;
    char *level;
    char *image;
    int size;
    char *fps;            ///< NULL: the model's
    char *state;          ///< file; NULL: none
    int state_interval;   ///< seconds
    char *values[NB_VALUES]; ///< NULL: the model's default

    /* what a new filter graph takes over from the one before, to the end */
    S2VModel model;
    s2v_session *session;
    uint64_t used_seed;   ///< the session's, as a command may have set it
    char *used_level;
    char *used_values[NB_VALUES];
    AVFrame *picture;     ///< the image, RGB24; NULL: none, or it has not come
    AVFifo *recent;       ///< sound sent since the next frame's beginning, for another session
    int64_t recent_start; ///< what was sent before it, in samples
    int64_t first;        ///< number of the session's first frame
    int tag;              ///< the next frame is the first with its model and seed

    struct SwrContext *swr; ///< to the model's sample rate, NULL at that rate
    int rate;             ///< of the sound being taken
    int block;            ///< most samples to take at once: a video frame's
    float *zeros;         ///< block samples of silence
    float *resampled;     ///< what became of a block
    int resampled_max;

    AVFrame *in;          ///< sound being taken
    int in_pos;           ///< samples of it taken already
    int64_t gap;          ///< samples of silence to take before it
    int64_t in_start;     ///< time of the first sample at this rate, in samples
    int64_t in_count;     ///< samples taken since
    int64_t before;       ///< how long the sound at other rates was, in ticks
    int64_t sent;         ///< samples sent, at the model's rate
    int64_t out_start;    ///< time of the first frame, in output time base
    int64_t out_count;    ///< frames made
    int started;          ///< the first sample has come
    int drained;          ///< the last one has
    int ended;            ///< all frames were handed on
    int resumed;          ///< the next sound is the first of a new graph
    int warned_overlap;

    /* of a stream that was saved */
    int restored;         ///< the session is its, until the first sound has come
    int64_t origin;       ///< time of the stream's first sample, in samples of origin_rate
    int origin_rate;
    int64_t had;          ///< samples that the session had, as sent counts them
    int64_t skip;         ///< of what comes now, how many it had
    int warned_state;     ///< it cannot be saved
} S2VContext;

#define STATE offsetof(S2VContext, model)

#define OFFSET(x) offsetof(S2VContext, x)
#define VALUE(i, name, help, flags) \
    { name, help, OFFSET(values) + (i) * sizeof(char *), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, flags },

static const AVOption s2v_options[] = {
    { "model",   "set the model's weight file", OFFSET(model_path), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, RUNTIME },
    { "seed",    "set the seed of the model's noise, -1 for a random seed", OFFSET(seed), AV_OPT_TYPE_INT64, { .i64 = 0 }, -1, UINT32_MAX, RUNTIME },
    { "device",  "set the device to run on: auto, cpu, ref, cuda[:N]", OFFSET(device), AV_OPT_TYPE_STRING, { .str = "auto" }, 0, 0, FLAGS },
    { "dtype",   "set the compute precision: f32, bf16, or auto: bf16 where the processor has it", OFFSET(dtype), AV_OPT_TYPE_STRING, { .str = "f32" }, 0, 0, FLAGS },
    { "level",   "set the loudness of the audio: auto (normalize to the model's), off, or a gain in dB", OFFSET(level), AV_OPT_TYPE_STRING, { .str = "auto" }, 0, 0, RUNTIME },
    { "image",   "set the image that the model animates, a file", OFFSET(image), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, FLAGS },
    { "size",    "set the size of a StyleGAN2's frames, a smaller power of 2; 0 for the model's", OFFSET(size), AV_OPT_TYPE_INT, { .i64 = 0 }, 0, INT_MAX, FLAGS },
    { "fps",     "set the frames a second of a StyleGAN, 1 to 60, as 12 or 30000/1001; by default 20", OFFSET(fps), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, FLAGS },
    MODEL_OPTIONS(VALUE)
    { "state",   "set a file for the state of the stream: read at the start if it exists, saved while it runs", OFFSET(state), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, FLAGS },
    { "state_interval", "set the seconds of video from one save of the state to the next", OFFSET(state_interval), AV_OPT_TYPE_INT, { .i64 = 60 }, 1, 86400, FLAGS },
    { "threads", "set the number of CPU threads, 0 for the filter graph's", OFFSET(threads), AV_OPT_TYPE_INT, { .i64 = 0 }, 0, INT_MAX, FLAGS },
    { NULL }
};

AVFILTER_DEFINE_CLASS(s2v);

/* ---------------------------------------------------------------- image */

/** A file being decoded. */
typedef struct ImageFile {
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
} ImageFile;

static int image_open(ImageFile *f, const char *path)
{
    const AVCodec *decoder;
    int ret, stream;

    if ((ret = avformat_open_input(&f->format, path, NULL, NULL)) < 0)
        return ret;
    s2v_pass_side_data(f->format);
    if ((ret = avformat_find_stream_info(f->format, NULL)) < 0 ||
        (ret = av_find_best_stream(f->format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0)) < 0)
        return ret;
    stream    = ret;
    f->codec  = avcodec_alloc_context3(decoder);
    f->packet = av_packet_alloc();
    if (!f->codec || !f->packet)
        return AVERROR(ENOMEM);
    if ((ret = avcodec_parameters_to_context(f->codec, f->format->streams[stream]->codecpar)) < 0 ||
        (ret = avcodec_open2(f->codec, decoder, NULL)) < 0)
        return ret;

    return stream;
}

/** Decode the first picture. */
static int image_decode(ImageFile *f, int stream, AVFrame *frame)
{
    int ret;

    while ((ret = avcodec_receive_frame(f->codec, frame)) == AVERROR(EAGAIN)) {
        ret = av_read_frame(f->format, f->packet);
        if (ret < 0 && ret != AVERROR_EOF)
            return ret;
        if (ret < 0)
            ret = avcodec_send_packet(f->codec, NULL);
        else if (f->packet->stream_index == stream)
            ret = avcodec_send_packet(f->codec, f->packet);
        av_packet_unref(f->packet);
        if (ret < 0)
            return ret;
    }

    return ret;
}

static AVFrame *image_alloc(int width, int height)
{
    AVFrame *frame = av_frame_alloc();

    if (!frame)
        return NULL;
    frame->format = AV_PIX_FMT_RGB24;
    frame->width  = width;
    frame->height = height;
    if (av_frame_get_buffer(frame, 0) < 0)
        av_frame_free(&frame);

    return frame;
}

/** A full-range format's plain form, of which libswscale does not warn. */
static enum AVPixelFormat plain_format(enum AVPixelFormat format)
{
    switch (format) {
    case AV_PIX_FMT_YUVJ411P: return AV_PIX_FMT_YUV411P;
    case AV_PIX_FMT_YUVJ420P: return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P: return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ440P: return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ444P: return AV_PIX_FMT_YUV444P;
    default:                  return format;
    }
}

/** In packed RGB, as the second input's pictures come. */
static AVFrame *image_convert(const AVFrame *frame)
{
    const int w = frame->width, h = frame->height;
    const enum AVPixelFormat format = plain_format(frame->format);
    const int *matrix = sws_getCoefficients(SWS_CS_DEFAULT);
    AVFrame *out = image_alloc(w, h);
    struct SwsContext *sws = sws_getContext(w, h, format, w, h, AV_PIX_FMT_RGB24,
                                            SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT,
                                            NULL, NULL, NULL);

    if (!sws)
        av_frame_free(&out);
    if (out) {
        if (format != frame->format || frame->color_range == AVCOL_RANGE_JPEG)
            sws_setColorspaceDetails(sws, matrix, 1, matrix, 1, 0, 1 << 16, 1 << 16);
        sws_scale(sws, (const uint8_t *const *)frame->data, frame->linesize, 0, h,
                  out->data, out->linesize);
    }
    sws_freeContext(sws);

    return out;
}

static int sign(int32_t x)
{
    return (x > 0) - (x < 0);
}

/**
 * Turn a picture by the quarter turns and reflections of its display matrix, as
 * ffmpeg turns the second input. Other matrices are ignored.
 *
 * @param matrix    9 numbers, see libavutil/display.h
 * @param[in,out] picture packed RGB
 */
static int image_turn(const int32_t *matrix, AVFrame **picture)
{
    const int a = sign(matrix[0]), b = sign(matrix[1]), c = sign(matrix[3]), d = sign(matrix[4]);
    const AVFrame *in = *picture;
    const int w = in->width, h = in->height;
    AVFrame *out;

    if (abs(a) == abs(b) || abs(c) == abs(d) || abs(a) == abs(c) || (a == 1 && d == 1))
        return 0;
    if (!(out = image_alloc(a ? w : h, a ? h : w)))
        return AVERROR(ENOMEM);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const int to_x = a * x + c * y + (a < 0 ? w - 1 : c < 0 ? h - 1 : 0);
            const int to_y = b * x + d * y + (b < 0 ? w - 1 : d < 0 ? h - 1 : 0);
            memcpy(out->data[0] + to_y * (ptrdiff_t)out->linesize[0] + 3 * to_x,
                   in->data[0] + y * (ptrdiff_t)in->linesize[0] + 3 * x, 3);
        }
    av_frame_free(picture);
    *picture = out;

    return 0;
}

static int read_image(AVFilterContext *ctx, const char *path)
{
    S2VContext *s = ctx->priv;
    ImageFile f = { 0 };
    const AVFrameSideData *matrix;
    AVFrame *frame = av_frame_alloc();
    int ret = frame ? image_open(&f, path) : AVERROR(ENOMEM);

    if (ret >= 0)
        ret = image_decode(&f, ret, frame);
    if (ret >= 0 && !(s->picture = image_convert(frame)))
        ret = AVERROR(ENOMEM);
    if (ret >= 0 && (matrix = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX)))
        ret = image_turn((const int32_t *)matrix->data, &s->picture);
    if (ret < 0)
        av_log(ctx, AV_LOG_ERROR, "The image '%s' cannot be read: %s.\n", path,
               ret == AVERROR_STREAM_NOT_FOUND ? "it has no video" :
               ret == AVERROR_EOF ? "it has no frame" : av_err2str(ret));
    avformat_close_input(&f.format);
    avcodec_free_context(&f.codec);
    av_packet_free(&f.packet);
    av_frame_free(&frame);

    return ret;
}

/** Whether the second input is there for it. */
static int takes_image(const AVFilterContext *ctx)
{
    return ctx->nb_inputs > 1;
}

/** Give a session the image. */
static int set_image(AVFilterContext *ctx, int log_level, s2v_session *session)
{
    S2VContext *s = ctx->priv;
    const s2v_picture picture = { .size = sizeof(picture), .data = s->picture->data[0],
                                  .stride = s->picture->linesize[0],
                                  .width = s->picture->width, .height = s->picture->height,
                                  .name = s->image };
    s2v_error err = { 0 };
    int ret = s2v_session_set_image(session, &picture, &err);

    return ret < 0 ? ff_s2v_report(ctx, log_level, ret, &err) : 0;
}

/**
 * Take the image from the second input.
 *
 * @return 1 if it is there, 0 if it is still to come
 */
static int feed_image(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[1];
    int64_t pts;
    int status, ret;

    if ((ret = ff_inlink_consume_frame(inlink, &s->picture)) < 0)
        return ret;
    if (ret) {
        ret = set_image(ctx, AV_LOG_ERROR, s->session);
        return ret < 0 ? ret : 1;
    }
    if (ff_inlink_acknowledge_status(inlink, &status, &pts)) {
        av_log(ctx, AV_LOG_ERROR, "The second input has no frame: the model animates an image.\n");
        return status == AVERROR_EOF ? AVERROR_INVALIDDATA : status;
    }
    ff_inlink_request_frame(inlink);

    return 0;
}

/* ---------------------------------------------------------------- state */

/** Save the stream after the last frame. A state that cannot be saved is no reason to stop. */
static void save_state(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;
    char note[160];

    snprintf(note, sizeof(note), "s2v %"PRId64" %d %"PRId64" %"PRId64" %"PRId64" %"PRId64,
             s->origin, s->origin_rate, s->out_start, s->out_count, s->first, s->sent);
    ff_s2v_save(ctx, s->session, s->state, note, &s->warned_state);
}

/** Go on with the stream that was saved, if there is one. */
static int restore_state(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;
    const char *note;
    int end = 0, ret = ff_s2v_restore(ctx, s->session, s->state, &note);

    if (ret <= 0)
        return ret;
    if (sscanf(note, "s2v %"SCNd64" %d %"SCNd64" %"SCNd64" %"SCNd64" %"SCNd64"%n",
                      &s->origin, &s->origin_rate, &s->out_start, &s->out_count, &s->first,
                      &s->had, &end) < 6 ||
               !end || note[end] || s->origin_rate < 1 || s->had < 0 || s->out_count < 0 || s->first < 0) {
        av_log(ctx, AV_LOG_ERROR, "%s: the state of a session that was not this filter's.\n", s->state);
        return AVERROR(EINVAL);
    }
    av_log(ctx, AV_LOG_INFO, "The stream goes on at frame %"PRId64", from %s.\n", s->out_count, s->state);
    s->restored = 1;

    return 0;
}

/** The first sample of the next frame, as sent counts them. */
static int64_t frame_start(const S2VContext *s)
{
    const s2v_model_info *info = &s->model.info;

    return av_rescale_rnd(s->out_count, info->sample_rate * (int64_t)info->fps_den,
                          info->fps_num, AV_ROUND_DOWN);
}

/**
 * The first sound after a state was restored, by its time: what the session had
 * is skipped, what is missing is silence.
 *
 * @param start time in samples of the input
 */
static int go_on(AVFilterContext *ctx, int64_t start)
{
    S2VContext *s = ctx->priv;
    const int rate = ctx->inputs[0]->sample_rate, to = s->model.info.sample_rate;
    const int64_t origin = av_rescale(s->origin, rate, s->origin_rate);
    const int64_t had    = av_rescale(s->had, rate, to);
    const int64_t ahead  = start - origin;
    const float zero     = 0;

    s->restored = 0;
    s->started  = 1;
    if (ahead < 0) {
        av_log(ctx, AV_LOG_ERROR, "The audio starts at %.3f s, before that of the stream in %s, at %.3f s.\n",
               start / (double)rate, s->state, s->origin / (double)s->origin_rate);
        return AVERROR(EINVAL);
    }
    s->in_start = origin;
    s->in_count = FFMIN(ahead, had);
    s->gap      = ahead - s->in_count;
    s->sent     = s->gap ? s->had : av_rescale(ahead, to, rate);
    s->skip     = s->had - s->sent;
    s->recent_start = FFMIN(frame_start(s), s->sent);
    for (int64_t i = s->recent_start; i < s->sent; i++)
        if (av_fifo_write(s->recent, &zero, 1) < 0)
            return AVERROR(ENOMEM);
    if (s->gap)
        av_log(ctx, AV_LOG_WARNING, "Gap of %.3f s in the audio since the state was saved filled with silence.\n",
               s->gap / (double)rate);

    return 0;
}

/* --------------------------------------------------------------- filter */

/** Set the model's options that were given. */
static int set_values(AVFilterContext *ctx, int log_level, s2v_session *session)
{
    S2VContext *s = ctx->priv;
    s2v_error err = { 0 };
    int ret;

    for (int i = 0; i < NB_VALUES; i++)
        if (s->used_values[i] &&
            (ret = s2v_session_set_option(session, value_options[i].name, s->used_values[i], &err)) < 0)
            return ff_s2v_report(ctx, log_level, ret, &err);

    return 0;
}

/** Open a model, and a session with the seed, the level and the image in use. */
static int open_session(AVFilterContext *ctx, int log_level, const char *path,
                        S2VModel *model, s2v_session **session)
{
    S2VContext *s = ctx->priv;
    s2v_model_params open = { .device = s->device, .threads = s->threads,
                              .dtype = s->dtype, .video_size = s->size, .fps = s->fps };
    s2v_session_params create = { .size = sizeof(create), .seed = s->used_seed,
                                  .level = s->used_level };
    s2v_error err = { 0 };
    int ret = ff_s2v_open(ctx, log_level, path, &open, S2V_MEDIUM_AUDIO | S2V_MEDIUM_IMAGE,
                          S2V_MEDIUM_VIDEO, model);

    if (ret < 0)
        return ret;
    if ((ret = s2v_session_create(session, model->handle, &create, &err)) < 0)
        return ff_s2v_report(ctx, log_level, ret, &err);
    if ((ret = set_values(ctx, log_level, *session)) < 0)
        return ret;

    return s->picture ? set_image(ctx, log_level, *session) : 0;
}

/** Add an input for the image of a model that needs one, where none is named. */
static int add_image_input(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;
    AVFilterPad pad = { .name = "image", .type = AVMEDIA_TYPE_VIDEO };

    if (!(s->model.info.required & S2V_MEDIUM_IMAGE) || (s->image && s->image[0]))
        return 0;
    av_log(ctx, AV_LOG_INFO, "The model animates the second input's image, or a file: image=FILE.\n");

    return ff_append_inpad(ctx, &pad);
}

static uint64_t seed_of(int64_t option)
{
    return option < 0 ? av_get_random_seed() : option;
}

static av_cold int init(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;
    int ret;

    if (!s->model_path || !s->model_path[0]) {
        av_log(ctx, AV_LOG_ERROR,
               "No model was given: set its weight file with model=FILE.\n");
        return AVERROR(EINVAL);
    }

    if (ff_s2v_take(ctx, STATE, sizeof(*s))) {
        s->resumed = 1;
        return add_image_input(ctx);
    }

    s->tag        = 1;
    s->used_seed  = seed_of(s->seed);
    s->used_level = av_strdup(s->level ? s->level : "auto");
    s->recent     = av_fifo_alloc2(1, sizeof(float), AV_FIFO_FLAG_AUTO_GROW);
    if (!s->used_level || !s->recent)
        return AVERROR(ENOMEM);
    av_fifo_auto_grow_limit(s->recent, INT_MAX);
    for (int i = 0; i < NB_VALUES; i++)
        if (s->values[i] && !(s->used_values[i] = av_strdup(s->values[i])))
            return AVERROR(ENOMEM);
    if (s->image && s->image[0] && (ret = read_image(ctx, s->image)) < 0)
        return ret;

    /* now, so that a bad level is reported before ffmpeg truncates its output */
    ret = open_session(ctx, AV_LOG_ERROR, s->model_path, &s->model, &s->session);
    if (ret < 0 || (ret = add_image_input(ctx)) < 0)
        return ret;

    return takes_image(ctx) ? 0 : restore_state(ctx);
}

static int query_formats(AVFilterContext *ctx)
{
    AVFilterLink *inlink  = ctx->inputs[0];
    AVFilterLink *outlink = ctx->outputs[0];
    const int sample_fmts[] = { AV_SAMPLE_FMT_FLT, -1 };
    const int pix_fmts[]    = { AV_PIX_FMT_RGB24, -1 };
    const AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    AVFilterChannelLayouts *layouts = NULL;
    int ret;

    if (takes_image(ctx) &&
        (ret = ff_formats_ref(ff_make_format_list(pix_fmts), &ctx->inputs[1]->outcfg.formats)) < 0)
        return ret;
    if ((ret = ff_formats_ref(ff_make_format_list(sample_fmts), &inlink->outcfg.formats)) < 0 ||
        (ret = ff_formats_ref(ff_all_samplerates(), &inlink->outcfg.samplerates)) < 0 ||
        (ret = ff_add_channel_layout(&layouts, &mono)) < 0 ||
        (ret = ff_channel_layouts_ref(layouts, &inlink->outcfg.channel_layouts)) < 0)
        return ret;

    return ff_formats_ref(ff_make_format_list(pix_fmts), &outlink->incfg.formats);
}

/**
 * Prepare to take sound at this sample rate.
 *
 * The rate is converted here, not by an inserted aresample: that rounds the
 * duration and loses the whole of a sound that is shorter than its filter,
 * while the number of pictures has to be exact.
 */
static int config_sound(AVFilterContext *ctx, int rate)
{
    S2VContext *s = ctx->priv;
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    int ret;

    s->rate  = rate;
    s->block = av_rescale_rnd(rate, s->model.info.fps_den, s->model.info.fps_num, AV_ROUND_UP);
    av_freep(&s->zeros);
    s->zeros = av_calloc(s->block, sizeof(*s->zeros));
    if (!s->zeros)
        return AVERROR(ENOMEM);

    swr_free(&s->swr);
    if (rate == s->model.info.sample_rate)
        return 0;
    if ((ret = swr_alloc_set_opts2(&s->swr, &mono, AV_SAMPLE_FMT_FLT, s->model.info.sample_rate,
                                   &mono, AV_SAMPLE_FMT_FLT, rate, 0, ctx)) < 0 ||
        (ret = swr_init(s->swr)) < 0 ||
        (ret = swr_get_out_samples(s->swr, s->block)) < 0)
        return ret;
    s->resampled_max = ret;
    av_freep(&s->resampled);
    s->resampled = av_calloc(s->resampled_max, sizeof(*s->resampled));

    return s->resampled ? 0 : AVERROR(ENOMEM);
}

/** The sound before the next frame's beginning is not needed any more. */
static void forget_sound(S2VContext *s)
{
    const int64_t count = FFMIN(frame_start(s) - s->recent_start, (int64_t)av_fifo_can_read(s->recent));

    if (count > 0) {
        av_fifo_drain2(s->recent, count);
        s->recent_start += count;
    }
}

/** Send count samples, at most until the session has had total in all. */
static int send_sound(AVFilterContext *ctx, const float *samples, int count, int64_t total)
{
    S2VContext *s = ctx->priv;
    s2v_error err = { 0 };
    int skip, ret;

    if (s->swr) {
        count = swr_convert(s->swr, (uint8_t **)&s->resampled, s->resampled_max,
                            (const uint8_t **)&samples, count);
        if (count < 0)
            return count;
        samples = s->resampled;
    }

    count = FFMIN(count, total - s->sent);
    skip  = FFMIN(count, s->skip);
    ret = s2v_session_send_audio(s->session, samples + skip, count - skip, &err);
    if (ret < 0)
        return ff_s2v_report(ctx, AV_LOG_ERROR, ret, &err);
    s->sent += count;
    s->skip -= skip;
    ret = av_fifo_write(s->recent, samples, count);
    if (skip)
        forget_sound(s);

    return ret;
}

/** Send what the resampler holds, to the exact end of the sound taken. */
static int send_rest(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;
    int64_t total;
    int ret = 0;

    if (s->before)
        total = av_rescale_rnd(s->before + av_rescale(s->in_count, TICKS, s->rate),
                               s->model.info.sample_rate, TICKS, AV_ROUND_UP);
    else
        total = av_rescale_rnd(s->in_count, s->model.info.sample_rate, s->rate, AV_ROUND_UP);
    while (s->sent < total && ret >= 0)
        ret = send_sound(ctx, s->zeros, s->block, total);

    return ret;
}

/** Go on with sound of another rate. */
static int change_rate(AVFilterContext *ctx, int rate)
{
    S2VContext *s = ctx->priv;
    int ret = send_rest(ctx);

    if (ret < 0)
        return ret;
    s->before  += av_rescale(s->in_count, TICKS, s->rate);
    s->in_start = av_rescale(s->in_start + s->in_count, rate, s->rate);
    s->in_count = 0;

    return config_sound(ctx, rate);
}

static void log_model(AVFilterContext *ctx, const char *path)
{
    S2VContext *s = ctx->priv;
    const s2v_model_info *info = &s->model.info;

    av_log(ctx, AV_LOG_INFO,
           "%s model '%s' on %s: %dx%d, %d/%d fps, %d Hz audio, seed %"PRIu64"\n",
           info->name, path, info->device, info->width, info->height,
           info->fps_num, info->fps_den, info->sample_rate, s->used_seed);
}

/** The size of the frames: with full=1, that of an image which may be still to come. */
static void set_size(AVFilterLink *outlink)
{
    AVFilterContext *ctx = outlink->src;
    S2VContext *s = ctx->priv;
    s2v_session_info info = { .size = sizeof(info) };

    s2v_session_get_info(s->session, &info);
    outlink->w = info.width;
    outlink->h = info.height;
    if (takes_image(ctx) && s->used_values[FULL] && !strcmp(s->used_values[FULL], "1")) {
        outlink->w = ctx->inputs[1]->w;
        outlink->h = ctx->inputs[1]->h;
    }
}

static int config_output(AVFilterLink *outlink)
{
    AVFilterContext *ctx = outlink->src;
    AVFilterLink *inlink = ctx->inputs[0];
    S2VContext *s = ctx->priv;
    const s2v_model_info *info = &s->model.info;
    int ret;

    set_size(outlink);
    outlink->sample_aspect_ratio = (AVRational){ 1, 1 };
    outlink->time_base = (AVRational){ info->fps_den, info->fps_num };
    s2v_link_frame_rate(outlink) = (AVRational){ info->fps_num, info->fps_den };

    if (s->resumed)
        return s->rate == inlink->sample_rate ? 0 : change_rate(ctx, inlink->sample_rate);
    if ((ret = config_sound(ctx, inlink->sample_rate)) < 0)
        return ret;

    if (!s->restored)
        s2v_session_flush(s->session);
    log_model(ctx, s->model_path);

    return 0;
}

/**
 * The first sound of a new filter graph: does it follow on that of the graph
 * before? If not, the sound is another, or was sought in.
 */
static int resume(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0];
    const double end  = (s->in_start + s->in_count) / (double)s->rate;
    const double seen = (s->out_start + s->out_count) * s->model.info.fps_den / (double)s->model.info.fps_num;
    const double next = s->in->pts == AV_NOPTS_VALUE ? end : s->in->pts * av_q2d(inlink->time_base);

    s->resumed = 0;
    if (fabs(next - end) <= NEXT_MAX) {
        av_log(ctx, AV_LOG_VERBOSE, "The filter graph was rebuilt at %.3f s: the video continues.\n", next);
        return 0;
    }

    av_log(ctx, AV_LOG_WARNING,
           "The filter graph was rebuilt, and the audio continues at %.3f s after %.3f s: %.3f s of video from %.3f s on are lost.\n",
           next, end, FFMAX(0, end - seen), seen);
    s2v_session_flush(s->session);
    s->in_start  = s->in_count  = s->before = s->gap = s->sent = 0;
    s->out_start = s->out_count = s->first = s->skip = 0;
    s->started   = s->restored = 0;
    av_fifo_reset2(s->recent);
    s->recent_start = 0;

    return config_sound(ctx, s->rate);
}

/** Take the time of a new frame of sound into account. */
static int time_sound(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0];
    const AVRational sample = { 1, inlink->sample_rate };
    const AVRational frame  = { s->model.info.fps_den, s->model.info.fps_num };
    const int64_t pts = s->in->pts;
    int64_t jump;
    int level;

    if (s->restored)
        return go_on(ctx, pts == AV_NOPTS_VALUE ? av_rescale(s->origin, sample.den, s->origin_rate) :
                          av_rescale_q(pts, inlink->time_base, sample));
    if (!s->started) {
        s->started = 1;
        if (pts != AV_NOPTS_VALUE) {
            s->in_start  = av_rescale_q(pts, inlink->time_base, sample);
            s->out_start = av_rescale_q(pts, inlink->time_base, frame);
        }
        s->origin      = s->in_start;
        s->origin_rate = sample.den;
        return 0;
    }
    if (pts == AV_NOPTS_VALUE)
        return 0;

    jump = av_rescale_q(pts, inlink->time_base, sample) - s->in_start - s->in_count;
    if (jump > s->block) {
        level = jump > LONG_GAP * (int64_t)sample.den ? AV_LOG_WARNING : AV_LOG_VERBOSE;
        av_log(ctx, level, "Gap of %.3f s in the audio at %.3f s filled with silence.\n",
               jump * av_q2d(sample), (s->in_start + s->in_count) * av_q2d(sample));
        s->gap = jump;
    } else if (jump < -s->block && !s->warned_overlap) {
        av_log(ctx, AV_LOG_WARNING,
               "The time stamps of the audio go back by %.3f s at %.3f s: ignoring them.\n",
               -jump * av_q2d(sample), (s->in_start + s->in_count) * av_q2d(sample));
        s->warned_overlap = 1;
    }

    return 0;
}

/** The sound has ended. */
static int drain(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;
    s2v_error err = { 0 };
    int ret;

    if (s->drained)
        return 0;
    s->drained = 1;
    if (!s->in_count && !s->before)
        av_log(ctx, AV_LOG_WARNING, "No audio was received, so there is no video.\n");
    if ((ret = send_rest(ctx)) < 0)
        return ret;
    if (s->skip > 0 || s->restored)
        av_log(ctx, AV_LOG_WARNING, "The audio ends before the state in %s was saved.\n", s->state);
    ret = s2v_session_drain(s->session, &err);

    return ret < 0 ? ff_s2v_report(ctx, AV_LOG_ERROR, ret, &err) : 0;
}

/**
 * Send the session a little more sound, a video frame's worth at most, or the
 * end of it.
 *
 * @return 1 if there was something to send, 0 if the input has nothing at the moment
 */
static int feed(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0];
    int64_t pts;
    int count, status, ret;

    if (!s->in) {
        if ((ret = ff_inlink_consume_frame(inlink, &s->in)) < 0)
            return ret;
        if (!ret) {
            if (!ff_inlink_acknowledge_status(inlink, &status, &pts))
                return 0;
            if (status != AVERROR_EOF)
                return status;
            s->resumed = 0;
            ret = drain(ctx);
            return ret < 0 ? ret : 1;
        }
        s->in_pos = 0;
        if (s->resumed && (ret = resume(ctx)) < 0)
            return ret;
        if ((ret = time_sound(ctx)) < 0)
            return ret;
    }

    if (s->gap) {
        count   = FFMIN(s->gap, s->block);
        ret     = send_sound(ctx, s->zeros, count, INT64_MAX);
        s->gap -= count;
    } else {
        count      = FFMIN(s->in->nb_samples - s->in_pos, s->block);
        ret        = send_sound(ctx, (const float *)s->in->data[0] + s->in_pos, count, INT64_MAX);
        s->in_pos += count;
        if (s->in_pos == s->in->nb_samples)
            av_frame_free(&s->in);
    }
    s->in_count += count;

    return ret < 0 ? ret : 1;
}

/** Say in a frame's metadata what it is made with. */
static int tag(S2VContext *s, AVFrame *out)
{
    char seed[24];
    int ret = ff_s2v_tag(&s->model, out);

    snprintf(seed, sizeof(seed), "%"PRIu64, s->used_seed);
    if (ret >= 0)
        ret = av_dict_set(&out->metadata, "lavfi.s2v.seed", seed, 0);
    s->tag = 0;

    return ret;
}

/** Frames from one save of the state to the next. */
static int64_t save_interval(const S2VContext *s)
{
    const s2v_model_info *info = &s->model.info;

    return FFMAX(1, av_rescale(s->state_interval, info->fps_num, info->fps_den));
}

/** Hand a frame of the session's on. */
static int output_picture(AVFilterLink *outlink, const s2v_video_frame *picture)
{
    S2VContext *s = outlink->src->priv;
    AVFrame *out = ff_get_video_buffer(outlink, outlink->w, outlink->h);
    int ret;

    if (!out)
        return AVERROR(ENOMEM);
    if (s->tag && (ret = tag(s, out)) < 0) {
        av_frame_free(&out);
        return ret;
    }

    av_image_copy_plane(out->data[0], out->linesize[0], picture->data, picture->stride,
                        3 * out->width, out->height);
    out->pts                 = s->out_start + s->first + picture->pts;
    s2v_frame_duration(out)  = 1;
    out->sample_aspect_ratio = outlink->sample_aspect_ratio;
    s->out_count             = s->first + picture->pts + 1;
    forget_sound(s);
    if (s->state && s->state[0] && !s->drained && !(s->out_count % save_interval(s)))
        save_state(outlink->src);

    return ff_filter_frame(outlink, out);
}

static int activate(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;
    AVFilterLink *inlink  = ctx->inputs[0];
    AVFilterLink *outlink = ctx->outputs[0];
    s2v_video_frame picture = { .size = sizeof(picture) };
    s2v_error err = { 0 };
    int ret;

    FF_FILTER_FORWARD_STATUS_BACK_ALL(outlink, ctx);

    /* One picture for each that is wanted: sound beyond it stays queued. */
    if (!ff_outlink_frame_wanted(outlink))
        return FFERROR_NOT_READY;
    if (takes_image(ctx)) {
        if (!s->picture && ((ret = feed_image(ctx)) <= 0 || (ret = restore_state(ctx)) < 0))
            return ret;
        ff_inlink_set_status(ctx->inputs[1], AVERROR_EOF); /* one is enough */
    }

    for (;;) {
        ret = s->resumed ? S2V_ERR_AGAIN : s2v_session_receive_video(s->session, &picture, &err);
        if (ret == S2V_OK) {
            ret = output_picture(outlink, &picture);
            if (ret < 0 || !s->drained || !S2V_END_AT_ONCE)
                return ret;
        } else if (ret == S2V_ERR_EOF) {
            ff_outlink_set_status(outlink, AVERROR_EOF, s->out_start + s->out_count);
            s->ended = 1;
            if (s->state && s->state[0])
                unlink(s->state); /* the next stream starts anew */
            return 0;
        } else if (ret != S2V_ERR_AGAIN) {
            return ff_s2v_report(ctx, AV_LOG_ERROR, ret, &err);
        } else if ((ret = feed(ctx)) <= 0) {
            break;
        }
    }

    if (!ret)
        ff_inlink_request_frame(inlink);
    return ret;
}

/* ------------------------------------------------------------- commands */

/** Send a new session the sound that the next frame begins with. */
static int catch_up(AVFilterContext *ctx, s2v_session *session)
{
    S2VContext *s = ctx->priv;
    const size_t count = av_fifo_can_read(s->recent);
    float *samples = av_malloc_array(count + 1, sizeof(*samples));
    s2v_error err = { 0 };
    int ret;

    if (!samples)
        return AVERROR(ENOMEM);
    av_fifo_peek(s->recent, samples, count, 0);
    ret = s2v_session_send_audio(session, samples, count, &err);
    if (ret >= 0 && s->drained)
        ret = s2v_session_drain(session, &err);
    av_free(samples);

    return ret < 0 ? ff_s2v_report(ctx, AV_LOG_WARNING, ret, &err) : 0;
}

/** A link keeps the size and rate that it was made with. */
static int check_size(AVFilterContext *ctx, const char *path, const s2v_model_info *next)
{
    S2VContext *s = ctx->priv;
    const s2v_model_info *info = &s->model.info;

    if (next->width == info->width && next->height == info->height &&
        next->fps_num == info->fps_num && next->fps_den == info->fps_den &&
        next->sample_rate == info->sample_rate)
        return 0;
    av_log(ctx, AV_LOG_WARNING,
           "%s: a model of %dx%d, %d/%d fps and %d Hz, expected %dx%d, %d/%d fps and %d Hz as before: a running filter graph cannot change them.\n",
           path, next->width, next->height, next->fps_num, next->fps_den, next->sample_rate,
           info->width, info->height, info->fps_num, info->fps_den, info->sample_rate);

    return AVERROR(EINVAL);
}

/** The next frame is another model's first. What cannot be used leaves the one there. */
static int set_model(AVFilterContext *ctx, const char *path)
{
    S2VContext *s = ctx->priv;
    S2VModel model = { 0 };
    s2v_session *session = NULL;
    int ret;

    if (!path[0]) {
        av_log(ctx, AV_LOG_WARNING, "The command 'model' requires the name of a weight file.\n");
        return AVERROR(EINVAL);
    }
    if ((ret = open_session(ctx, AV_LOG_WARNING, path, &model, &session)) < 0 ||
        (ret = check_size(ctx, path, &model.info)) < 0 ||
        (ret = catch_up(ctx, session)) < 0) {
        s2v_session_close(&session);
        ff_s2v_close(&model);
        return ret;
    }
    s2v_session_close(&s->session);
    ff_s2v_close(&s->model);
    s->model   = model;
    s->session = session;
    s->first   = s->out_count;
    s->tag     = 1;
    log_model(ctx, path);

    return 0;
}

static int set_seed(AVFilterContext *ctx, const char *text)
{
    S2VContext *s = ctx->priv;
    const AVOption *option = av_opt_find(s, "seed", NULL, 0, 0);
    s2v_error err = { 0 };
    char value[24];
    int64_t number = 0;
    uint64_t seed;
    int ret;

    if ((ret = av_opt_eval_int64(s, option, text, &number)) < 0)
        return ret;
    seed = seed_of(number);
    snprintf(value, sizeof(value), "%"PRIu64, seed);
    if ((ret = s2v_session_set_option(s->session, "seed", value, &err)) < 0)
        return ff_s2v_report(ctx, AV_LOG_WARNING, ret, &err);
    s->used_seed = seed;
    s->tag       = 1;

    return 0;
}

/** Set one of the model's options that may change. */
static int set_value(AVFilterContext *ctx, int i, const char *text)
{
    S2VContext *s = ctx->priv;
    s2v_error err = { 0 };
    char *value = av_strdup(text);
    int ret;

    if (!value)
        return AVERROR(ENOMEM);
    if ((ret = s2v_session_set_option(s->session, value_options[i].name, value, &err)) < 0) {
        av_free(value);
        return ff_s2v_report(ctx, AV_LOG_WARNING, ret, &err);
    }
    av_free(s->used_values[i]);
    s->used_values[i] = value;

    return 0;
}

static int set_level(AVFilterContext *ctx, const char *text)
{
    S2VContext *s = ctx->priv;
    s2v_error err = { 0 };
    char *level = av_strdup(text);
    int ret;

    if (!level)
        return AVERROR(ENOMEM);
    if ((ret = s2v_session_set_option(s->session, "level", level, &err)) < 0) {
        av_free(level);
        return ff_s2v_report(ctx, AV_LOG_WARNING, ret, &err);
    }
    av_free(s->used_level);
    s->used_level = level;

    return 0;
}

/*
 * The options themselves keep the values that the filter was made with: a new
 * filter graph's filter, which takes the state over, is known by them.
 */
static int process_command(AVFilterContext *ctx, const char *cmd, const char *arg,
                           char *res, int res_len, int flags)
{
    arg = arg ? arg : "";
    if (!strcmp(cmd, "model"))
        return set_model(ctx, arg);
    if (!strcmp(cmd, "seed"))
        return set_seed(ctx, arg);
    if (!strcmp(cmd, "level"))
        return set_level(ctx, arg);
    for (int i = 0; i < NB_VALUES; i++)
        if (value_options[i].live && !strcmp(cmd, value_options[i].name))
            return set_value(ctx, i, arg);

    return AVERROR(ENOSYS);
}

/* ----------------------------------------------------------------------- */

static void close_state(void *context)
{
    S2VContext *s = context;

    av_frame_free(&s->in);
    av_freep(&s->zeros);
    av_freep(&s->resampled);
    swr_free(&s->swr);
    av_freep(&s->used_level);
    for (int i = 0; i < NB_VALUES; i++)
        av_freep(&s->used_values[i]);
    av_frame_free(&s->picture);
    av_fifo_freep2(&s->recent);
    s2v_session_close(&s->session);
    ff_s2v_close(&s->model);
}

static av_cold void uninit(AVFilterContext *ctx)
{
    S2VContext *s = ctx->priv;

    /* freed before the end, by a program that has not said that it has enough */
    if (s->started && !s->ended && !(ctx->outputs[0] && ff_outlink_get_status(ctx->outputs[0]))) {
        while (!s->drained && (s->in || ctx->inputs[0]) && feed(ctx) > 0)
            ; /* sound that waits in the link */
        if (ff_s2v_keep(ctx, STATE, sizeof(*s), s->model.log, close_state))
            return;
    }
    close_state(s);
}

static const AVFilterPad s2v_inputs[] = {
    {
        .name = "default",
        .type = AVMEDIA_TYPE_AUDIO,
    },
};

static const AVFilterPad s2v_outputs[] = {
    {
        .name         = "default",
        .type         = AVMEDIA_TYPE_VIDEO,
        .config_props = config_output,
    },
};

const S2VFilter ff_vf_s2v = {
    S2V_PUBLIC(name)        = "s2v",
    S2V_PUBLIC(description) = NULL_IF_CONFIG_SMALL("Generate video from audio with a neural network trained on a clip, animate a portrait, or walk through the pictures of a StyleGAN."),
    S2V_PUBLIC(priv_class)  = &s2v_class,
    S2V_PUBLIC(flags)       = AVFILTER_FLAG_DYNAMIC_INPUTS,
    .priv_size              = sizeof(S2VContext),
    .init                   = init,
    .uninit                 = uninit,
    .activate               = activate,
    .process_command        = process_command,
    FILTER_INPUTS(s2v_inputs),
    FILTER_OUTPUTS(s2v_outputs),
    FILTER_QUERY_FUNC(query_formats),
};
