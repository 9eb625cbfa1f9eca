/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-train listen-and-move: its options, clips, measures and previews. */
#include "recipes/listen_and_move.h"

#include "base/error.h"
#include "measure/metrics.h"
#include "measure/vision.h"
#include "option_record.h"
#include "recipe.h"
#include "recipes/listen_and_move_trainer.h"
#include "video/pixel.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SHORT_SECONDS = 60,    /* to train on: less is said to be short */
    SHIFT_FRAMES = 100,    /* 5 s */
    STAGED_HOLD_OUT = 500, /* iterations between measurements */
};
static const double LEAST_GAIN = 0.1; /* dB, over that of shifted sound */

/* ------------------------------------------------------------- options -- */

#define AT(member) offsetof(s2vi_lm_train_options, member)

static const option_row rows[] = {
    {"size", 0, OPTION_SIZE, S2VI_SHARED(size), "N", .choices = "64|128|256",
     .of = S2VI_ROWS_CLIPS, .help = "frame size in pixels: 64, 128 or 256"},
    S2VI_ROW_CROP("region of the frame to learn, in pixels of the clip, scaled "
                  "to N x N (default: the largest centred square)"),
    S2VI_ROW_START,
    S2VI_ROW_DURATION,
    {"iterations", 0, OPTION_COUNT, S2VI_SHARED(iterations), "N", 1, 1e12,
     .help = "total number of iterations, including those before --resume; "
             "the stages of the schedule are shares of them (default with "
             "--schedule paper: 50000, 100000 at size 256)"},
    S2VI_ROW_TIME(
        "total time instead, including that before --resume: 90s, 45m "
        "or 3h (default 3h, with --schedule staged)"),
    {"schedule", 0, OPTION_CHOICE, AT(schedule), "KIND",
     .choices = "staged|paper",
     .help = "staged: reconstruction, first without the prediction layer, at "
             "falling rates; with --perceptual the discriminators at the end. "
             "paper: one stage, as --rate, --loss and --adversarial say "
             "(default staged, or paper where one of these is given)"},
    {"sequence", 0, OPTION_INT, S2VI_SHARED(sequence), "T", 2, 4096,
     .help = "consecutive frames per iteration, at 20 per second"},
    {"stretch", 0, OPTION_INT, AT(stretch), "N", 0, 1000000,
     .help = "jump to another position in the clips after N sequences, so that "
             "consecutive iterations are less correlated; 0: as the stages of "
             "the schedule have it, or whole clips in order (default 0)"},
    S2VI_ROW_RATE("Adam"),
    {"perceptual", 0, S2VI_OPTION_FILE(AT(perceptual), "FILE"),
     .help = "image network for a perceptual loss (safetensors: VGG16, VGG19 "
             "or SqueezeNet 1.1, torchvision's names); without it, pixels are "
             "compared, at several scales, which learns less detail"},
    {"lpips", 0, S2VI_OPTION_FILE(AT(lpips), "FILE"),
     .help = "LPIPS 0.1 heads for that network: --hold-out-every then selects "
             "by LPIPS instead of SSIM, which favours blur"},
    {"loss", 0, OPTION_CHOICE, AT(loss), "KIND", .choices = "l1|l2",
     .help = "reconstruction loss without --perceptual: l1 (multi-scale "
             "absolute differences) or l2 (multi-scale squared differences: "
             "lower average error, softer image)"},
    {"adversarial", 0, OPTION_ON, AT(adversarial),
     .help = "train with two discriminators, of frames and of sequences, as in "
             "the paper: sharper and slower"},
    S2VI_ROW_CRITIC_RATE,
    {"alpha", 0, OPTION_NUMBER, AT(alpha), "X", 0, 1e6, .above = true,

     .help = "with --adversarial: weight of the reconstruction loss relative "
             "to the adversarial loss"},
    {"average", 0, OPTION_NUMBER, S2VI_SHARED(average), "D", 0, 0.99999,
     .help =
         "write the exponential moving average (EMA) of the weights with this "
         "decay per iteration, for instance 0.999; 0: the last weights "
         "(default 0.998 with --schedule staged, else 0)"},
    {"sound-noise", 0, OPTION_NUMBER, AT(sound_noise), "SD", 0, 10,
     .help = "standard deviation of Gaussian noise added to the audio features "
             "(logarithms) in training; reduces overfitting, for instance 0.5"},
    {"level-jitter", 0, OPTION_NUMBER, AT(level_jitter), "DB", 0, 40,
     .help = "random gain for each stretch (or each pass over a clip), at most "
             "this much up or down: makes the model independent of the level"},
    {"spectrum-jitter", 0, OPTION_NUMBER, AT(spectrum_jitter), "DB", 0, 40,

     .help = "random spectral tilt and curvature as well, at most this much at "
             "the lowest and highest frequency: makes the model independent of "
             "the timbre"},
    {"no-level", 0, OPTION_OFF, AT(level),
     .help = "do not normalise the loudness in training and inference; by "
             "default, all audio is normalised to the common loudness of the "
             "clips (EBU R 128)"},
    {"motion", 0, OPTION_CHOICE, AT(motion), "KIND", .choices = "dilated|gru",
     .of = S2VI_ROWS_MODEL,
     .help = "recurrent network: gru or dilated (residual dilated GRU)"},
    {"prediction", 0, OPTION_CHOICE, AT(prediction), "KIND",
     .choices = "dirconvgru|convgru|none", .of = S2VI_ROWS_MODEL,
     .help = "video prediction layer: none, convgru or dirconvgru"},
    {"connection", 0, OPTION_CHOICE, AT(connection), "KIND",
     .choices = "residual|skip|none", .of = S2VI_ROWS_MODEL,
     .help =
         "connections between the generator's layers: residual, skip or none"},
    {"channels-max", 0, OPTION_SIZE, AT(channels_max), "N",
     .choices = "16|32|64|128|256|512", .of = S2VI_ROWS_MODEL,
     .help = "maximum number of channels in the innermost layers: fewer are "
             "faster and learn less"},
    {"no-mfs", 0, OPTION_OFF, AT(mfs), .of = S2VI_ROWS_MODEL,
     .help = "disable motion from sound (MfS): motion from noise alone"},
    {"no-sac", 0, OPTION_OFF, AT(sac), .of = S2VI_ROWS_MODEL,
     .help = "disable sound as content (SaC)"},
    {"no-acin", 0, OPTION_OFF, AT(acin), .of = S2VI_ROWS_MODEL,
     .help = "disable audio-conditioned instance normalisation (acIN)"},
    {"background", 0, OPTION_CHOICE, AT(background), "KIND",
     .choices = "none|learned", .of = S2VI_ROWS_MODEL,
     .help = "learned: a picture that is added to all frames, from the mean "
             "frame on; not in the paper (default learned with --schedule "
             "staged, else none)"},
    {"constant", 0, OPTION_ON, AT(constant), .of = S2VI_ROWS_MODEL,
     .help = "a learned 4x4 image in the generator's first layer, as in "
             "StyleGAN; not in the paper"},
    {"no-noise", 0, OPTION_OFF, AT(noise), .of = S2VI_ROWS_MODEL,
     .help = "disable the noise planes in the generator's layers"},
    {"output", 'o', S2VI_OPTION_FILE(S2VI_SHARED(output), "FILE"),
     .of = S2VI_ROWS_OUTPUT,
     .help = "weight file, for s2v=model=FILE (required)"},
    {"hold-out-every", 0, OPTION_COUNT, S2VI_SHARED(hold_out_every), "N", 1,
     1e12, .of = S2VI_ROWS_OUTPUT,
     .help =
         "generate the held-out frames (--split) every N iterations; the "
         "weight file is then the best so far by SSIM, by the PSNR of the "
         "moving pixels (--schedule staged), or by LPIPS (--lpips) (default "
         "500 with --schedule staged)"},
};

static void set_defaults(s2vi_train_options *shared)
{
    s2vi_lm_train_options *o = (s2vi_lm_train_options *)shared;
    shared->size = 128;
    shared->iterations = 0; /* check()'s */
    shared->rate = 1e-4;
    shared->critic_rate = 4e-4;
    o->alpha = S2VI_ADVERSARIAL_ALPHA;
    o->level = true;
    o->level_jitter = 6;
    o->spectrum_jitter = 6;
    o->motion = S2VI_LM_DILATED;
    o->connection = S2VI_LM_RESIDUAL;
    o->prediction = S2VI_LM_DIRCONVGRU;
    o->mfs = o->sac = o->acin = o->noise = true;
    o->channels_max = 512;
}

/* Defaults of the staged schedule, which have to be good for any clip. */
static void set_staged(s2vi_lm_train_options *o)
{
    s2vi_train_options *shared = &o->shared;
    if (!s2vi_option_record_has(shared->record, "average"))
        shared->average = 0.998;
    if (!s2vi_option_record_has(shared->record, "background"))
        o->background = S2VI_LM_BACKGROUND_LEARNED;
    if (!shared->hold_out_every && shared->split < 1)
        shared->hold_out_every = STAGED_HOLD_OUT;
    o->adversarial = o->perceptual != NULL;
    if (!shared->seconds && !shared->iterations)
        shared->seconds = 3 * 3600;
}

/* An option of the paper's schedule asks for it. */
static int check_schedule(s2vi_train_options *shared, s2v_error *err)
{
    static const char *const papers[] = {"rate", "critic-rate", "loss",
                                         "adversarial"};
    s2vi_lm_train_options *o = (s2vi_lm_train_options *)shared;
    const bool asked = s2vi_option_record_has(shared->record, "schedule");
    o->staged = o->schedule == S2VI_LM_SCHEDULE_STAGED;
    for (size_t i = 0; i < sizeof(papers) / sizeof(*papers); i++)
        if (s2vi_option_record_has(shared->record, papers[i]) && o->staged) {
            if (asked)
                return s2vi_error(err, S2V_ERR_INVALID,
                                  "--%s: expected --schedule paper with it, "
                                  "found staged",
                                  papers[i]);
            o->staged = false;
        }
    if (shared->seconds && shared->iterations)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--time and --iterations: expected one of the two, "
                          "found both");
    if (o->staged)
        set_staged(o);
    else if (!shared->seconds && !shared->iterations)
        shared->iterations = shared->size > 128 ? 100000 : 50000;
    return S2V_OK;
}

static int check(s2vi_train_options *shared, s2v_error *err)
{
    const s2vi_lm_train_options *o = (s2vi_lm_train_options *)shared;
    int ret = check_schedule(shared, err);
    if (ret < 0)
        return ret;
    if (!o->mfs && !o->sac && !o->acin)
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "--no-mfs, --no-sac and --no-acin: expected at most two of the "
            "three, found all: the model would not depend on the audio");
    if (o->lpips && !o->perceptual)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--lpips: expected --perceptual as well, with the "
                          "network of these heads, found none");
    if (o->lpips && !shared->hold_out_every)
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "--lpips: expected --hold-out-every as well, found none");
    return S2V_OK;
}

/* --------------------------------------------------------------- clips -- */

typedef struct training {
    const s2vi_lm_train_options *o;
    s2vi_ingest ingest;
    s2vi_dataset data;
    s2vi_hearing hearing;
    s2vi_lm_trainer *trainer;
    s2vi_vision *vision; /* that measures LPIPS; NULL: SSIM is the measure */
} training;

static int load_clips(training *t, s2v_error *err)
{
    const s2vi_lm_train_options *o = t->o;
    int ret = s2vi_recipe_load_dataset(&o->shared, &t->ingest, &t->data, err);
    t->data.stretch = o->stretch;
    t->data.threads = o->shared.threads;
    t->hearing = (s2vi_hearing){.levelled = o->level,
                                .level_jitter = o->level_jitter,
                                .spectrum_jitter = o->spectrum_jitter,
                                .normalised = o->staged,
                                .seed = o->shared.seed};
    return ret < 0 ? ret : s2vi_hearing_prepare(&t->hearing, &t->data, err);
}

/* ------------------------------------------------------------- trainer -- */

static s2vi_lm_config config_of(const s2vi_lm_train_options *o)
{
    s2vi_lm_config c;
    s2vi_lm_defaults(&c);
    c.size = o->shared.size;
    c.channels_max = o->channels_max;
    c.motion = o->motion;
    c.mfs = o->mfs;
    c.sac = o->sac;
    c.acin = o->acin;
    c.noise = o->noise;
    c.connection = o->connection;
    c.prediction = o->prediction;
    c.background = o->background == S2VI_LM_BACKGROUND_LEARNED;
    c.constant = o->constant;
    return c;
}

static int make_trainer(training *t, s2v_error *err)
{
    const s2vi_lm_train_options *o = t->o;
    s2vi_lm_trainer_params params = {
        .trainer = s2vi_recipe_trainer(&o->shared),
        .config = config_of(o),
        .data = &t->data,
        .hearing = &t->hearing,
        .sequence = o->shared.sequence,
        .perceptual = o->perceptual,
        .squares = o->loss == S2VI_LM_TRAIN_L2,
        .adversarial = o->adversarial,
        .staged = o->staged,
        .alpha = o->alpha,
        .sound_noise = o->sound_noise,
    };
    if (o->lpips)
        params.trainer.score = "best LPIPS";
    else if (o->staged)
        params.trainer.score = "best moving PSNR";
    return s2vi_lm_trainer_create(&t->trainer, &params, err);
}

static int make_vision(training *t, s2v_error *err)
{
    const s2vi_lm_train_options *o = t->o;
    const s2vi_vision_params params = {.network = o->perceptual,
                                       .heads = o->lpips,
                                       .width = o->shared.size,
                                       .height = o->shared.size,
                                       .device = o->shared.device,
                                       .threads = o->shared.threads};
    return o->lpips ? s2vi_vision_open(&t->vision, &params, err) : S2V_OK;
}

static void close_training(void *self)
{
    training *t = self;
    s2vi_vision_close(&t->vision);
    s2vi_lm_trainer_close(&t->trainer);
    s2vi_dataset_close(&t->data);
    s2vi_ingest_close(&t->ingest);
    free(t);
}

static void say_if_short(const training *t)
{
    const double seconds = (double)t->data.train / 20;
    if (seconds < SHORT_SECONDS)
        fprintf(stderr,
                "%.0f s to learn from: expected at least %d s, better several "
                "minutes; of less, single moments are learned by heart, and "
                "other audio is not followed\n",
                seconds, SHORT_SECONDS);
}

static int open_training(s2vi_training *out, const s2vi_train_options *o,
                         s2v_error *err)
{
    training *t = out->self = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->o = (const s2vi_lm_train_options *)o;
    int ret = load_clips(t, err);
    if (!ret)
        ret = make_trainer(t, err);
    if (!ret)
        ret = make_vision(t, err);
    if (ret < 0)
        return ret;
    out->trainer = &t->trainer->trainer;
    out->shards = t->data.shards;
    out->measure = t->vision      ? "held-out.LPIPS"
                   : t->o->staged ? "held-out.moving"
                                  : "held-out.SSIM";
    if (t->o->staged && !o->quiet)
        say_if_short(t);
    if (!t->o->staged && !t->o->perceptual && !o->quiet)
        fprintf(stderr,
                "no --perceptual file: using multi-scale %s as the "
                "reconstruction loss, which learns less detail\n",
                t->o->loss == S2VI_LM_TRAIN_L2 ? "L2" : "L1");
    return S2V_OK;
}

/* ------------------------------------------------------ what is held out -- */

typedef struct measuring {
    int size;
    int64_t moving;            /* pixels */
    float *real, *made, *mean; /* a frame each, in [0, 1] */
    s2vi_squares baseline;     /* of the mean frame, summed */
    double *scratch;
    uint8_t *moves;      /* which */
    s2vi_vision *vision; /* or NULL */
    s2vi_score score;
} measuring;

static int look(measuring *m, s2v_error *err)
{
    double distance;
    if (!m->vision)
        return S2V_OK;
    int ret = s2vi_vision_compare(m->vision, m->real, m->made, &distance, NULL,
                                  NULL, err);
    if (!ret)
        s2vi_batched_add(&m->score.lpips, distance);
    return ret;
}

static int add_frames(void *opaque, const uint8_t *real, const float *made,
                      int n, s2v_error *err)
{
    measuring *m = opaque;
    const int64_t pixels = (int64_t)m->size * m->size;
    int ret = S2V_OK;
    for (int i = 0; i < n && !ret;
         i++, real += 3 * pixels, made += 3 * pixels) {
        s2vi_frame_to_float(real, (ptrdiff_t)m->size * 3, m->size, m->size,
                            m->real);
        for (int64_t k = 0; k < 3 * pixels; k++)
            m->made[k] = (float)s2vi_pixel_byte(made[k]) / 255;
        s2vi_score_add(
            &m->score,
            s2vi_ssim(m->real, m->made, m->size, m->size, m->scratch),
            s2vi_square_errors(m->real, m->made, pixels, m->moves));
        const s2vi_squares off =
            s2vi_square_errors(m->real, m->mean, pixels, m->moves);
        m->baseline.moving += off.moving;
        ret = look(m, err);
    }
    return ret;
}

/* Which pixels move in what is trained on, as s2v-eval has it, and its mean
 * frame. */
static int find_moving(const training *t, measuring *m, s2v_error *err)
{
    const int64_t pixels = (int64_t)m->size * m->size;
    s2vi_moments moments;
    int ret = s2vi_moments_init(&moments, pixels, err);
    for (int i = 0; i < t->data.count && !ret; i++) {
        const s2vi_dataset_clip *c = &t->data.clip[i];
        for (int64_t k = 0; k < c->train; k++)
            s2vi_moments_add(&moments, c->clip->rgb + k * pixels * 3);
        s2vi_shards_trim(t->data.shards);
    }
    if (!ret)
        m->moving =
            s2vi_moments_moving(&moments, S2VI_MOVING_DEVIATION, m->moves);
    if (!ret)
        s2vi_moments_mean(&moments, m->mean);
    s2vi_moments_free(&moments);
    return ret;
}

/* SSIM, PSNR, LPIPS of the frames that are held out, of sound that is so many
 * frames off. */
static int measure_frames(training *t, measuring *m, int64_t shift,
                          s2v_error *err)
{
    const int size = m->size;
    const size_t values = (size_t)size * (size_t)size * 3;
    m->real = malloc(values * sizeof(float));
    m->made = malloc(values * sizeof(float));
    m->mean = malloc(values * sizeof(float));
    m->scratch = malloc(s2vi_ssim_scratch(size, size) * sizeof(double));
    m->moves = calloc(values / 3, 1);
    int ret = m->real && m->made && m->mean && m->scratch && m->moves
                  ? find_moving(t, m, err)
                  : s2vi_error_nomem(err, "what is held out");
    if (!ret)
        ret = s2vi_lm_trainer_hold_out(t->trainer, shift, add_frames, m, err);
    free(m->real);
    free(m->made);
    free(m->mean);
    free(m->scratch);
    free(m->moves);
    return ret;
}

static double moving_psnr(const measuring *m)
{
    return s2vi_psnr(
        s2vi_score_mse(&m->score, (int64_t)m->size * m->size, m->moving)
            .moving);
}

static double baseline_psnr(const measuring *m)
{
    s2vi_score mean = m->score;
    mean.squares = m->baseline;
    return s2vi_psnr(
        s2vi_score_mse(&mean, (int64_t)m->size * m->size, m->moving).moving);
}

/* Whether the frames follow the sound: of sound 5 s off they would be worse. */
static int compare_shifted(training *t, const measuring *right,
                           s2vi_measured *out, s2v_error *err)
{
    measuring m = {.size = t->o->shared.size};
    const int ret = measure_frames(t, &m, SHIFT_FRAMES, err);
    const double gain = moving_psnr(right) - moving_psnr(&m);
    if (!ret && gain < LEAST_GAIN)
        snprintf(out->note, sizeof(out->note),
                 "audio shifted by 5 s does as well on the held-out set "
                 "(%.2f dB over the moving pixels, %.2f dB with the right "
                 "audio): there may be nothing to learn, or too little to "
                 "learn from",
                 moving_psnr(&m), moving_psnr(right));
    return ret;
}

static int measure_held_out(void *self, s2vi_measured *out, s2v_error *err)
{
    training *t = self;
    measuring m = {.size = t->o->shared.size, .vision = t->vision};
    int ret = measure_frames(t, &m, 0, err);
    const double ssim = s2vi_batched_mean(&m.score.ssim);
    const double lpips = s2vi_batched_mean(&m.score.lpips);
    const double mse =
        s2vi_score_mse(&m.score, (int64_t)m.size * m.size, m.moving).all;
    char text[32] = "";
    const double value = t->vision      ? lpips
                         : t->o->staged ? moving_psnr(&m)
                                        : ssim;
    *out = (s2vi_measured){.score = t->vision ? -lpips : value, .curve = value};
    if (t->vision)
        snprintf(text, sizeof(text), "LPIPS %.4f, ", lpips);
    snprintf(out->text, sizeof(out->text),
             "%sSSIM %.4f, PSNR %.2f dB, moving pixels %.2f dB (mean frame "
             "%.2f) of %lld held-out frames",
             text, ssim, s2vi_psnr(mse), moving_psnr(&m), baseline_psnr(&m),
             (long long)m.score.ssim.frames);
    const bool last = t->trainer->trainer.share >= 1;
    return ret < 0 || !t->o->staged || !last ? ret
                                             : compare_shifted(t, &m, out, err);
}

static const char *stage(const void *self)
{
    const training *t = self;
    return t->trainer->stage ? t->trainer->stage->name : NULL;
}

static int preview(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    const uint8_t *real;
    const float *made;
    int ret = s2vi_lm_trainer_frames(t->trainer, &real, &made, err);
    if (ret < 0 || !real) /* no iteration yet, after a resume */
        return ret;
    return s2vi_recipe_preview_frames(&t->o->shared, path, real, made, err);
}

/* ----------------------------------------------------------------- row -- */

const s2vi_recipe s2vi_recipe_listen_and_move = {
    .name = "listen-and-move",
    .summary = "audio to video: re-animates the training clip",
    .about = "Trains a model on how the picture of one clip, or of several in "
             "a row, moves with its audio; the model then generates such a "
             "video from any audio. Each CLIP is a media file of any format "
             "with video and audio.",
    .examples =
        "  s2v-train listen-and-move concert.mp4 -o concert.bin\n"
        "  s2v-train listen-and-move take1.mkv take2.mkv -o takes.bin \\\n"
        "      --size 64 --crop 40,0,288,288 --preview takes.png\n"
        "  s2v-train listen-and-move --resume concert.bin.ckpt "
        "--iterations 80000\n"
        "  ffmpeg -i song.wav -filter_complex s2v=model=concert.bin out.mp4\n",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .share = S2VI_SHARE_STREAMS,
    .options = sizeof(s2vi_lm_train_options),
    .set_defaults = set_defaults,
    .check = check,
    .open = open_training,
    .close = close_training,
    .measure_held_out = measure_held_out,
    .stage = stage,
    .preview = preview,
};
