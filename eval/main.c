/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-eval: measure a model on clips. */
#include "command.h"
#include "foley.h"
#include "report.h"
#include "samples.h"
#include "scene.h"
#include "talker.h"

#include "base/error.h"

#include <errno.h>
#include <libavutil/log.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static int write_sheet(const s2vi_eval_options *o, const s2vi_picture *p,
                       s2v_error *err)
{
    if (!o->sheet)
        return S2V_OK;
    return s2vi_picture_write_png(o->sheet, p->rgb, p->width, p->height,
                                  (ptrdiff_t)p->width * 3, err);
}

static int finish_output(s2v_error *err)
{
    errno = 0;
    if (fflush(stdout) || ferror(stdout))
        return s2vi_error(err, S2V_ERR_IO,
                          "cannot write to standard output: %s",
                          strerror(errno));
    return S2V_OK;
}

/* The numbers first: a sheet that cannot be written must not lose them. */
static int report(const s2vi_eval *e, s2v_error *err)
{
    int ret = S2V_OK;
    if (e->options->json)
        ret = s2vi_eval_print_json(e, stdout, err);
    else
        s2vi_eval_print(e, stdout);
    if (!ret)
        ret = finish_output(err);
    return ret < 0 ? ret : write_sheet(e->options, &e->sheet, err);
}

static int report_foley(const s2vi_foley_eval *e, s2v_error *err)
{
    int ret = S2V_OK;
    if (e->options->json)
        ret = s2vi_foley_eval_print_json(e, stdout, err);
    else
        s2vi_foley_eval_print(e, stdout);
    if (!ret)
        ret = finish_output(err);
    return ret < 0 ? ret : write_sheet(e->options, &e->sheet, err);
}

static int run_foley(const s2vi_eval_options *o, s2vi_foley_maker *maker,
                     s2v_error *err)
{
    s2vi_foley_eval e = {.options = o, .maker = maker};
    int ret = s2vi_foley_eval_run(&e, err);
    if (!ret)
        ret = report_foley(&e, err);
    s2vi_foley_eval_free(&e);
    return ret;
}

static int report_talker(const s2vi_talker_eval *e, s2v_error *err)
{
    int ret = S2V_OK;
    if (e->options->json)
        ret = s2vi_talker_eval_print_json(e, stdout, err);
    else
        s2vi_talker_eval_print(e, stdout);
    if (!ret)
        ret = finish_output(err);
    return ret < 0 ? ret : write_sheet(e->options, &e->sheet, err);
}

static int run_talker(const s2vi_eval_options *o, s2v_model *model,
                      s2v_error *err)
{
    s2vi_talker_eval e = {.options = o};
    int ret = s2vi_talker_eval_run(&e, model, err);
    if (!ret)
        ret = report_talker(&e, err);
    s2vi_talker_eval_free(&e);
    return ret;
}

static int report_samples(const s2vi_samples_eval *e, s2v_error *err)
{
    int ret = S2V_OK;
    if (e->options->json)
        ret = s2vi_samples_eval_print_json(e, stdout, err);
    else
        s2vi_samples_eval_print(e, stdout);
    if (!ret)
        ret = finish_output(err);
    return ret < 0 ? ret : write_sheet(e->options, &e->sheet, err);
}

static int run_samples(const s2vi_eval_options *o, s2v_model *model,
                       s2v_error *err)
{
    s2vi_samples_eval e = {.options = o};
    int ret = s2vi_samples_eval_run(&e, model, err);
    if (!ret)
        ret = report_samples(&e, err);
    s2vi_samples_eval_free(&e);
    return ret;
}

static int report_scene(const s2vi_scene_eval *e, s2v_error *err)
{
    int ret = S2V_OK;
    if (e->options->json)
        ret = s2vi_scene_eval_print_json(e, stdout, err);
    else
        s2vi_scene_eval_print(e, stdout);
    if (!ret)
        ret = finish_output(err);
    return ret < 0 ? ret : write_sheet(e->options, &e->sheet, err);
}

static int run_scene(const s2vi_eval_options *o, s2v_model *model,
                     s2v_error *err)
{
    s2vi_scene_eval e = {.options = o};
    if (o->no_scenes)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--%s: it is not for a model of scenes, as '%s' is",
                          o->no_scenes, o->model);
    int ret = s2vi_scene_eval_run(&e, model, err);
    if (!ret)
        ret = report_scene(&e, err);
    s2vi_scene_eval_free(&e);
    return ret;
}

static int run_frames(const s2vi_eval_options *o, s2v_model *model,
                      s2v_error *err)
{
    s2vi_eval e = {.options = o};
    if (o->talker_option)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--%s: expected a model of talking heads%s, found "
                          "'%s'",
                          o->talker_option,
                          strcmp(o->talker_option, "set") ? ""
                                                          : " or of scenes",
                          o->made ? "--made" : o->model);
    int ret = s2vi_eval_run(&e, model, err);
    if (!ret)
        ret = report(&e, err);
    s2vi_eval_free(&e);
    return ret;
}

/* By the model's family; NULL: another video. */
static int run_model(const s2vi_eval_options *o, s2v_model *model,
                     s2v_error *err)
{
    s2v_model_info info = {.size = sizeof(info), .name = ""};
    if (model)
        s2v_model_get_info(model, &info);
    if (!strcmp(info.name, S2VI_TALKER_FAMILY))
        return run_talker(o, model, err);
    if (!strcmp(info.name, S2VI_SCENE_FAMILY))
        return run_scene(o, model, err);
    if (s2vi_samples_eval_is_for(info.name))
        return run_samples(o, model, err);
    return run_frames(o, model, err);
}

static int run_pictures(const s2vi_eval_options *o,
                        const s2v_model_params *params, s2v_error *err)
{
    s2v_model *model = NULL;
    int ret = S2V_OK;
    if (o->sound_option)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--%s: expected a video-to-audio model, found '%s'",
                          o->sound_option, o->made ? "--made" : o->model);
    if (!o->made)
        ret = s2v_model_open(&model, o->model, params, err);
    if (!ret)
        ret = run_model(o, model, err);
    s2v_model_close(&model);
    return ret;
}

static int run(const s2vi_eval_options *o, s2v_error *err)
{
    const s2v_model_params params = {
        .size = sizeof(params), .device = o->device, .threads = o->threads};
    s2vi_foley_maker *maker = NULL;
    int ret = S2V_OK;
    if (!o->made)
        ret = s2vi_foley_maker_open(&maker, o->model, &params, err);
    if (!ret)
        ret = maker ? run_foley(o, maker, err) : run_pictures(o, &params, err);
    s2vi_foley_maker_close(&maker);
    return ret;
}

int main(int argc, char **argv)
{
    s2vi_eval_options o;
    s2v_error err = {0};
    setlocale(LC_CTYPE, "");
    av_log_set_level(AV_LOG_FATAL);
    if (s2vi_eval_options_parse(&o, argc, argv, &err) < 0) {
        fprintf(stderr, "s2v-eval: %s\n", err.message);
        return 2;
    }
    int ret = S2V_OK;
    if (o.action == S2VI_EVAL_HELP)
        s2vi_eval_options_print_help(stdout);
    else if (o.action == S2VI_EVAL_VERSION)
        printf("s2v-eval %s\n", s2v_version());
    else
        ret = run(&o, &err);
    if (ret < 0)
        fprintf(stderr, "s2v-eval: %s\n", err.message);
    s2vi_eval_options_free(&o);
    return ret < 0;
}
