/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a user reads who asks for a GPU that is not there, through the public
 * interface; and what "auto" does then. On the emulated CUDA, which can lack
 * each of the things that a machine may lack.
 *
 * usage: test_refusals MODEL
 */
#include "../../check.h"
#include "s2v/s2v.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char logged[4096];

static void keep(void *opaque, s2v_log_level level, const char *message)
{
    (void)opaque, (void)level;
    strncat(logged, message, sizeof(logged) - strlen(logged) - 1);
}

/* Open `path` on `device`; what is said in `err`. */
static int try_open(const char *path, const char *device, s2v_error *err,
                    char took[16])
{
    const s2v_model_params params = {
        .size = sizeof(params), .device = device, .log = keep};
    s2v_model *model = NULL;
    *logged = *took = '\0';
    int ret = s2v_model_open(&model, path, &params, err);
    if (!ret) {
        s2v_model_info info = {.size = sizeof(info)};
        s2v_model_get_info(model, &info);
        snprintf(took, 16, "%s", info.device);
    }
    s2v_model_close(&model);
    return ret;
}

/* With `variable` set, the device is refused with `words`, and "auto" goes on
 * without it, and says so. */
static void test_lack(const char *path, const char *variable,
                      const char *device, const char *words)
{
    s2v_error err = {.message = ""};
    char took[16];
    if (variable)
        setenv(variable, "1", 1);
    int ret = try_open(path, device, &err, took);
    check_named(ret == S2V_ERR_DEVICE, device, s2v_status_string(ret));
    check_named(strstr(err.message, words), words, err.message);
    check_named(strstr(err.message, device), device, err.message);
    if (variable) {
        check_named(!try_open(path, "auto", &err, took), "auto", err.message);
        check_named(strcmp(took, "cuda") != 0, "auto took", took);
        check_named(strstr(logged, words), "auto does not say why", logged);
        unsetenv(variable);
    }
}

int main(int argc, char **argv)
{
    s2v_error err = {.message = ""};
    char took[16];
    if (argc != 2)
        return printf("usage: %s MODEL\n", argv[0]), 2;
    test_lack(argv[1], "S2V_EMULATED_NO_DRIVER", "cuda",
              "no NVIDIA driver is installed");
    test_lack(argv[1], "S2V_EMULATED_OLD_DRIVER", "cuda:0",
              "the NVIDIA driver is for CUDA 12.4, expected 13.");
    test_lack(argv[1], "S2V_EMULATED_NO_GPU", "cuda", "finds no GPU");
    test_lack(argv[1], "S2V_EMULATED_OLD_GPU", "cuda:1",
              "has compute capability 7.5, expected 8.0 or later");
    test_lack(argv[1], "S2V_EMULATED_OLD_CUDNN", "cuda",
              "cuDNN has version 90100, expected 90800 (9.8) or later");
    test_lack(argv[1], NULL, "cuda:2",
              "there are 2 GPUs, expected more than 2");
    check_named(!try_open(argv[1], "auto", &err, took), "auto", err.message);
    check_named(!strcmp(took, "cuda"), "auto took", took);
    check_named(strstr(logged, "device \"auto\": using \"cuda\""), "auto says",
                logged);
    check_named(!strstr(logged, "cuDNN has no engine"), "a warning", logged);
    setenv("S2V_EMULATED_NO_ENGINES", "1", 1);
    check_named(!try_open(argv[1], "cuda", &err, took), "no engines",
                err.message);
    check_named(strstr(logged, "cuDNN has no engine for a convolution of "),
                "no warning", logged);
    return check_done();
}
