/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-eval: measure a model on clips. */
#include "command.h"
#include "report.h"

#include "base/error.h"

#include <errno.h>
#include <libavutil/log.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static int write_sheet(const s2vi_eval *e, s2v_error *err)
{
    const s2vi_picture *p = &e->sheet;
    if (!e->options->sheet)
        return S2V_OK;
    return s2vi_picture_write_png(e->options->sheet, p->rgb, p->width,
                                  p->height, (ptrdiff_t)p->width * 3, err);
}

/* The numbers first: a sheet that cannot be written must not lose them. */
static int report(const s2vi_eval *e, s2v_error *err)
{
    int ret = S2V_OK;
    if (e->options->json)
        ret = s2vi_eval_print_json(e, stdout, err);
    else
        s2vi_eval_print(e, stdout);
    errno = 0;
    if (!ret && (fflush(stdout) || ferror(stdout)))
        ret =
            s2vi_error(err, S2V_ERR_IO, "standard output cannot be written: %s",
                       strerror(errno));
    return ret < 0 ? ret : write_sheet(e, err);
}

static int run(const s2vi_eval_options *o, s2v_error *err)
{
    const s2v_model_params params = {
        .size = sizeof(params), .device = o->device, .threads = o->threads};
    s2vi_eval e = {.options = o};
    s2v_model *model = NULL;
    int ret = o->made ? S2V_OK : s2v_model_open(&model, o->model, &params, err);
    if (!ret)
        ret = s2vi_eval_run(&e, model, err);
    if (!ret)
        ret = report(&e, err);
    s2vi_eval_free(&e);
    s2v_model_close(&model);
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
