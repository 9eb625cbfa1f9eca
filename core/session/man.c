/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The family man: a portrait and speech in, a talking head out.
 *
 * The face is found and cropped when the image is set (man_portrait.h), speech
 * becomes features and controls (speech_extractor.h, man_controls.h), a frame
 * is one run of a network (man_frame.h) and, with `full`, pasted into the image
 * (man_paste.h). All of it depends on image, sound, options, seed and the
 * frame's number alone.
 */
#include "models/man.h"

#include "base/error.h"
#include "models/man_predictor.h"
#include "models/param_file.h"
#include "session/frame_stream.h"
#include "session/man_frame.h"
#include "session/man_paste.h"
#include "session/speech_extractor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PIXELS 8.0f /* a flow is in pixels over this */

enum { FACES = S2VI_FACE_MOST };

typedef struct network {
    s2vi_man_config config;
    s2vi_graph *graph;
    s2vi_man_frame frame;
    s2vi_plan *plan;
    s2vi_store *store;
    double level; /* LUFS of the training's sound; NaN: unknown */
    char *path;
} network;

/* --------------------------------------------------------------- models -- */

static int read_config(network *n, const s2v_weights *w, s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    const char *config = s2vi_weights_config(w, err);
    s2v_error why;
    if (!config)
        return S2V_ERR_MODEL;
    const int ret = s2vi_man_config_parse(&n->config, config, &why);
    return ret < 0 ? s2vi_error(err, ret, "%s: %.900s", path, why.message)
                   : s2vi_trained_level_read(&n->level, w, err);
}

static int load_params(const network *n, const s2v_weights *w, s2v_error *err)
{
    s2vi_param_list list = {0};
    int ret = s2vi_man_generator_params(&n->config, &list, err);
    if (!ret)
        ret = s2vi_man_predictor_params(&n->config, &list, err);
    if (!ret)
        ret = s2vi_param_list_check(&list, w, NULL, err);
    if (!ret)
        ret = s2vi_param_list_load(&list, w, n->store, err);
    s2vi_param_list_close(&list);
    return ret;
}

static int plan_frame(network *n, s2v_error *err)
{
    n->graph = s2vi_graph_create();
    if (!n->graph)
        return s2vi_error_nomem(err, "a model's graph");
    const int ret = s2vi_man_frame_build(n->graph, &n->config, &n->frame, err);
    if (ret < 0)
        return ret;
    s2vi_node *const outputs[] = {n->frame.video, n->frame.flow};
    const s2vi_plan_params params = {
        .outputs = outputs,
        .n_outputs = n->frame.flow ? 2 : 1,
        .effects = n->frame.carry,
        .n_effects = n->frame.n_carry,
        .frozen = true,
    };
    return s2vi_plan_create(&n->plan, n->graph, n->store, &params, err);
}

static int open_network(void **out, const s2v_weights *w,
                        const s2vi_open_params *params, s2v_error *err)
{
    network *n = *out = calloc(1, sizeof(*n));
    if (n)
        n->path = strdup(params->path);
    if (!n || !n->path)
        return s2vi_error_nomem(err, "a model");
    n->store = params->store;
    int ret = read_config(n, w, err);
    if (!ret)
        ret = load_params(n, w, err);
    if (!ret)
        ret = s2vi_progress_report(params->progress, 0.2, err);
    return ret ? ret : plan_frame(n, err);
}

static void close_network(void *opaque)
{
    network *n = opaque;
    if (!n)
        return;
    s2vi_plan_close(&n->plan);
    s2vi_graph_close(&n->graph);
    free(n->path);
    free(n);
}

static void get_info(const void *opaque, s2v_model_info *info)
{
    const network *n = opaque;
    info->sample_rate = S2VI_SPEECH_RATE;
    info->width = info->height = n->config.size;
    info->fps_num = S2VI_MAN_RATE;
    info->fps_den = 1;
    info->latency_samples = S2VI_SPEECH_SPAN;
}

static s2vi_planned get_plan(const void *opaque, int index)
{
    const network *n = opaque;
    return index ? (s2vi_planned){0} : (s2vi_planned){n->plan, S2VI_MAN_RATE};
}

/* -------------------------------------------------------------- streams -- */

typedef struct stream {
    const network *net;
    const s2vi_logger *logger;
    void *frames; /* a frame stream */
    s2vi_man_controls controls;
    s2vi_speech_setting setting;
    /* Of the image. */
    s2vi_man_framing framing;
    bool full, detail;
    bool has_image, changed; /* one was set; options of it were, since */
    float *portrait;         /* (N,N,3) in [-1, 1] */
    s2vi_man_paste *paste;   /* NULL: frames are the model's */
    float *video, *flow;     /* what it is given */
    float *more;             /* (P,P) */
} stream;

static void close_stream(void *opaque)
{
    stream *s = opaque;
    if (!s)
        return;
    s2vi_frame_stream_close(s->frames);
    s2vi_man_paste_close(&s->paste);
    free(s->framing.face_model);
    free(s->portrait);
    free(s->video);
    free(s->flow);
    free(s->more);
    free(s);
}

static int create_frames(stream *s, s2v_error *err)
{
    const network *n = s->net;
    const s2vi_frame_network frame = {.plan = n->plan,
                                      .features = {n->frame.features},
                                      .n_features = 1,
                                      .video = n->frame.video,
                                      .extractor = &s2vi_speech_extractor,
                                      .trained = &s->setting,
                                      .level = n->level};
    return s2vi_frame_stream_create(&s->frames, &frame, s->logger, err);
}

static int create(void **out, const void *opaque, const s2vi_logger *logger,
                  s2v_error *err)
{
    const network *n = opaque;
    const size_t pixels = (size_t)n->config.size * (size_t)n->config.size;
    const size_t small =
        (size_t)n->config.geometry_size * (size_t)n->config.geometry_size;
    stream *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return s2vi_error_nomem(err, "a stream");
    s->net = n;
    s->logger = logger;
    s->setting.controls = &s->controls;
    s->portrait = calloc(3 * pixels, sizeof(*s->portrait));
    s->video = calloc(3 * pixels, sizeof(*s->video));
    s->flow = calloc(2 * small, sizeof(*s->flow));
    s->more = calloc(small, sizeof(*s->more));
    return s->portrait && s->video && s->flow && s->more
               ? create_frames(s, err)
               : s2vi_error_nomem(err, "a stream");
}

/* ---------------------------------------------------------------- image -- */

/* That the model moves the portrait, as the detail has to. */
static int check_detail(const stream *s, s2v_error *err)
{
    const network *n = s->net;
    if (s->detail && !s->full)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "detail=1 is for full=1: the model's own frames show "
                          "all that they can");
    return s->detail &&
                   (!n->frame.flow || n->config.flow != S2VI_MAN_FLOW_PORTRAIT)
               ? s2vi_error(err, S2V_ERR_INVALID,
                            "detail=1: this model does not predict how the "
                            "portrait moves (a flow)")
               : S2V_OK;
}

/* The portrait as the network sees it. */
static void read_portrait(const stream *s, const s2vi_image *image,
                          const s2vi_man_portrait *portrait, float *out)
{
    const int side = s->net->config.size;
    s2vi_face_read(image, &portrait->crop, side, out);
    for (int i = 0; i < side * side * 3; i++)
        out[i] = 2 * out[i] - 1;
}

static int take_image(stream *s, const s2vi_image *image, s2v_error *err)
{
    const network *n = s->net;
    s2vi_man_portrait *portrait = calloc(1, sizeof(*portrait));
    s2vi_man_paste *paste = NULL;
    if (!portrait)
        return s2vi_error_nomem(err, "a portrait");
    int ret = s2vi_man_portrait_find(portrait, image, &s->framing, n->path,
                                     s2vi_store_backend(n->store),
                                     n->config.size, s->logger, err);
    if (!ret)
        read_portrait(s, image, portrait, s->video);
    if (!ret && s->full)
        ret = s2vi_man_paste_create(&paste, image, portrait, s->video,
                                    n->config.size, s->detail, err);
    free(portrait);
    if (ret < 0)
        return ret;
    memcpy(s->portrait, s->video,
           (size_t)n->config.size * (size_t)n->config.size * 3 *
               sizeof(*s->portrait));
    s2vi_man_paste_close(&s->paste);
    s->paste = paste;
    s->has_image = true;
    s->changed = false;
    return s2vi_frame_stream_condition(s->frames, n->frame.portrait,
                                       s->portrait);
}

static int set_image(void *opaque, const s2v_picture *picture, s2v_error *err)
{
    stream *s = opaque;
    const s2vi_image image = {.rgb = picture->data,
                              .stride = picture->stride,
                              .width = picture->width,
                              .height = picture->height};
    const int ret = check_detail(s, err);
    s->framing.name = picture->name ? picture->name : "the image";
    return ret ? ret : take_image(s, &image, err);
}

static void video_size(const void *opaque, int *width, int *height)
{
    const stream *s = opaque;
    if (s->paste)
        s2vi_man_paste_size(s->paste, width, height);
}

/* -------------------------------------------------------- sound, frames -- */

static int send_audio(void *opaque, const float *samples, size_t count,
                      s2v_error *err)
{
    stream *s = opaque;
    if (s->changed)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "options of the image were set after it: set the "
                          "image again");
    return s2vi_frame_stream_send(s->frames, samples, count, err);
}

static int drain(void *opaque, s2v_error *err)
{
    stream *s = opaque;
    return s2vi_frame_stream_drain(s->frames, err);
}

/* The flow in parts of the crop's side; NULL: there is none. */
static const float *read_flow(stream *s)
{
    const network *n = s->net;
    const int P = n->config.geometry_size;
    if (!s->detail || s2vi_frame_stream_read(s->frames, n->frame.flow, s->flow))
        return NULL;
    for (int i = 0; i < 2 * P * P; i++)
        s->flow[i] *= PIXELS / (float)P;
    return s->flow;
}

static int receive_video(void *opaque, s2v_video_frame *frame, s2v_error *err)
{
    stream *s = opaque;
    const network *n = s->net;
    int ret = s2vi_frame_stream_receive(s->frames, frame, err);
    if (ret || !s->paste)
        return ret;
    ret = s2vi_frame_stream_read(s->frames, n->frame.video, s->video);
    if (ret < 0)
        return s2vi_error(err, ret, "the frame cannot be read");
    s2vi_man_paste_make(s->paste, s->video, read_flow(s),
                        n->config.geometry_size, frame);
    return S2V_OK;
}

static void flush(void *opaque)
{
    stream *s = opaque;
    s2vi_frame_stream_flush(s->frames);
}

static void pass_state(void *opaque, s2vi_state *state)
{
    stream *s = opaque;
    if (s->changed)
        s2vi_state_fail(state, S2V_ERR_INVALID,
                        "options of the image were set after it: set the image "
                        "again");
    s2vi_man_controls_pass_state(&s->controls, state);
    s2vi_frame_stream_pass_state(s->frames, state);
}

static void report(const void *opaque, const s2vi_logger *logger)
{
    const stream *s = opaque;
    if (s->frames)
        s2vi_frame_stream_report(s->frames, logger);
}

/* -------------------------------------------------------------- options -- */

static int set_seed(void *opaque, const s2vi_value *value, s2v_error *err)
{
    stream *s = opaque;
    s->controls.seed = value->integer;
    return s2vi_frame_stream_set_seed(s->frames, value, err);
}

static int set_level(void *opaque, const s2vi_value *value, s2v_error *err)
{
    stream *s = opaque;
    return s2vi_frame_stream_set_level(s->frames, value, err);
}

/* An option of the image was set. */
static int change(stream *s)
{
    s->changed = s->has_image;
    return S2V_OK;
}

static int set_crop(void *opaque, const s2vi_value *value, s2v_error *err)
{
    stream *s = opaque;
    const int ret = s2vi_man_framing_set_crop(&s->framing, value->text, err);
    return ret ? ret : change(s);
}

static int set_face(void *opaque, const s2vi_value *value, s2v_error *err)
{
    stream *s = opaque;
    (void)err;
    s->framing.face = (int)value->integer;
    return change(s);
}

static int set_pad(void *opaque, const s2vi_value *value, s2v_error *err)
{
    stream *s = opaque;
    (void)err;
    s->framing.pad = value->number;
    return change(s);
}

static int set_face_model(void *opaque, const s2vi_value *value, s2v_error *err)
{
    stream *s = opaque;
    char *path = *value->text ? strdup(value->text) : NULL;
    if (*value->text && !path)
        return s2vi_error_nomem(err, "a path");
    free(s->framing.face_model);
    s->framing.face_model = path;
    return change(s);
}

static int set_full(void *opaque, const s2vi_value *value, s2v_error *err)
{
    stream *s = opaque;
    (void)err;
    s->full = value->integer;
    return change(s);
}

static int set_detail(void *opaque, const s2vi_value *value, s2v_error *err)
{
    stream *s = opaque;
    (void)err;
    s->detail = value->integer;
    return change(s);
}

static int set_blink(void *opaque, const s2vi_value *value, s2v_error *err)
{
    stream *s = opaque;
    (void)err;
    s->controls.blink = value->number;
    return S2V_OK;
}

static int set_motion(void *opaque, const s2vi_value *value, s2v_error *err)
{
    stream *s = opaque;
    (void)err;
    s->controls.motion = value->number;
    return S2V_OK;
}

static int set_still(void *opaque, const s2vi_value *value, s2v_error *err)
{
    stream *s = opaque;
    (void)err;
    s->controls.still = value->integer;
    return S2V_OK;
}

static int set_z(void *opaque, const s2vi_value *value, s2v_error *err)
{
    const stream *s = opaque;
    const float z = (float)value->number;
    (void)err;
    return s->net->frame.z
               ? s2vi_frame_stream_condition(s->frames, s->net->frame.z, &z)
               : S2V_OK;
}

/* Around the mouth, 1 in its middle: places in parts of the crop's side. */
static double lower_face(double x, double y)
{
    const double distance = hypot((x - 0.5) / 0.24, (y - 0.68) / 0.20);
    return distance < 1 ? 0.5 + 0.5 * cos(3.14159265358979 * distance) : 0;
}

static int set_expression(void *opaque, const s2vi_value *value, s2v_error *err)
{
    const stream *s = opaque;
    const network *n = s->net;
    const int P = n->config.geometry_size;
    const double more = value->number - 1;
    if (!n->frame.more)
        return more == 0 ? S2V_OK
                         : s2vi_error(err, S2V_ERR_INVALID,
                                      "expression: this model predicts no "
                                      "flow, which it scales");
    for (int i = 0; i < P * P; i++)
        s->more[i] = (float)(more * lower_face((i % P + 0.5) / P,
                                               ((double)(i / P) + 0.5) / P));
    return s2vi_frame_stream_condition(s->frames, n->frame.more, s->more);
}

/* The order is that of setting. */
static const s2vi_option options[] = {
    S2VI_SEED_OPTION(set_seed),
    S2VI_LEVEL_OPTION(set_level),
    {{.name = "crop",
      .kind = S2V_OPTION_TEXT,
      .when = S2V_OPTION_START,
      .default_value = "",
      .help = "set the square of the image that is animated, x:y:width:height "
              "in pixels, in place of that of a face that is found"},
     set_crop},
    {{.name = "face",
      .kind = S2V_OPTION_INTEGER,
      .when = S2V_OPTION_START,
      .minimum = 1,
      .maximum = FACES,
      .default_value = "1",
      .help = "set which face of the image is animated, 1 being the largest"},
     set_face},
    {{.name = "pad",
      .kind = S2V_OPTION_NUMBER,
      .when = S2V_OPTION_START,
      .minimum = 0.5,
      .maximum = 2,
      .default_value = "1",
      .help = "set a factor of the size of the face's crop"},
     set_pad},
    {{.name = "face-model",
      .kind = S2V_OPTION_TEXT,
      .when = S2V_OPTION_START,
      .default_value = "",
      .help = "set the file of the networks that find faces; by default "
              "face.bin, beside the model or where models are found"},
     set_face_model},
    {{.name = "full",
      .kind = S2V_OPTION_INTEGER,
      .when = S2V_OPTION_START,
      .maximum = 1,
      .default_value = "0",
      .help = "set to 1 for frames of the whole image, of its size"},
     set_full},
    {{.name = "detail",
      .kind = S2V_OPTION_INTEGER,
      .when = S2V_OPTION_START,
      .maximum = 1,
      .default_value = "0",
      .help = "set to 1 to keep the image's sharpness beside mouth and lids, "
              "with full=1"},
     set_detail},
    {{.name = "blink",
      .kind = S2V_OPTION_NUMBER,
      .when = S2V_OPTION_RUNNING,
      .maximum = 4,
      .default_value = "1",
      .help = "set a factor of the rate of blinks, 0 for none"},
     set_blink},
    {{.name = "motion",
      .kind = S2V_OPTION_NUMBER,
      .when = S2V_OPTION_RUNNING,
      .maximum = 1,
      .default_value = "0.5",
      .help = "set how much the head moves"},
     set_motion},
    {{.name = "still",
      .kind = S2V_OPTION_INTEGER,
      .when = S2V_OPTION_RUNNING,
      .maximum = 1,
      .default_value = "0",
      .help = "set to 1 to keep the head still; the eyes blink"},
     set_still},
    {{.name = "expression",
      .kind = S2V_OPTION_NUMBER,
      .when = S2V_OPTION_RUNNING,
      .maximum = 2,
      .default_value = "1",
      .help = "set a factor of the movement around the mouth"},
     set_expression},
    {{.name = "z",
      .kind = S2V_OPTION_NUMBER,
      .when = S2V_OPTION_RUNNING,
      .maximum = 1,
      .default_value = "0.5",
      .help = "set how much the random variation is"},
     set_z},
    {{0}, NULL},
};

const s2vi_family s2vi_family_man = {
    .name = S2VI_MAN_NAME,
    .inputs = S2V_MEDIUM_AUDIO | S2V_MEDIUM_IMAGE,
    .required = S2V_MEDIUM_AUDIO | S2V_MEDIUM_IMAGE,
    .outputs = S2V_MEDIUM_VIDEO,
    .options = options,
    .open = open_network,
    .close = close_network,
    .info = get_info,
    .plan = get_plan,
    .create = create,
    .close_stream = close_stream,
    .send_audio = send_audio,
    .set_image = set_image,
    .drain = drain,
    .receive_video = receive_video,
    .video_size = video_size,
    .flush = flush,
    .pass_state = pass_state,
    .report = report,
};
