/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening devices by name, and what every backend's table must do. */
#include "../check.h"
#include "backend/backend.h"
#include "graph/build.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef S2V_HAVE_CPU
#define S2V_HAVE_CPU 0
#endif

/* Opening `device` must fail with `code` and a sentence with `words`. */
static void expect_refusal(const char *device, int code, const char *words)
{
    s2vi_backend *backend = NULL;
    s2v_error err = {.message = ""};
    int ret = s2vi_backend_open(&backend, device, S2VI_F32, 0, &err);
    check_named(ret == code && !backend, device, s2v_status_string(ret));
    check_named(strstr(err.message, words), device, err.message);
    check_named(s2vi_backend_open(&backend, device, S2VI_F32, 0, NULL) == code,
                device, "without a place for the sentence");
}

static void test_refusals(void)
{
    static const char *const unknown[] = {
        "",      "CPU",      "gpu",      "refs",    "cpu:0", "cuda:",
        "cuda0", "cuda:one", "cuda:1,2", "cuda:-1", " cuda", "autox"};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        expect_refusal(unknown[i], S2V_ERR_INVALID,
                       "\"auto\", \"cpu\", \"ref\"");
    setenv("S2V_MODULE_PATH", "/nowhere", 1);
    expect_refusal("cuda", S2V_ERR_DEVICE, "no module /nowhere/libs2v-cuda.so");
    expect_refusal("cuda:12", S2V_ERR_DEVICE, "\"cuda:12\"");
    expect_refusal("cuda:123456789012", S2V_ERR_DEVICE, "\"cuda:12345");
    if (!S2V_HAVE_CPU)
        expect_refusal("cpu", S2V_ERR_DEVICE, "without oneDNN");
}

/* Memory is zeroed and aligned; leaves are not compiled; closing forgets. */
static void test_table(const char *device, s2vi_dtype dtype)
{
    s2vi_backend *backend = NULL;
    s2v_error err = {.message = ""};
    if (s2vi_backend_open(&backend, device, dtype, 1, &err) < 0) {
        check_named(false, device, err.message);
        return;
    }
    check_named(backend->dtype == dtype && backend->threads >= 1, device,
                "fields");
    unsigned char bytes[1000], all = 0;
    void *memory = backend->table->alloc(backend, sizeof(bytes));
    check_named(memory && (uintptr_t)memory % 64 == 0, device, "alignment");
    memset(bytes, 1, sizeof(bytes));
    if (memory)
        backend->table->download(backend, bytes, memory, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        all |= bytes[i];
    check_named(!all, device, "memory is not zeroed");
    backend->table->free(backend, memory);
    backend->table->free(backend, NULL);

    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *x = s2vi_input(g, "x", S2VI_SHAPE(1));
    s2vi_kernel *kernel = NULL;
    check_named(x &&
                    backend->table->compile(backend, x, 0, &kernel, &err) < 0 &&
                    !kernel,
                device, "compiled an input");
    s2vi_graph_close(&g);
    s2vi_backend_close(&backend);
    check_named(!backend, device, "closing leaves the pointer");
    s2vi_backend_close(&backend);
    s2vi_backend_close(NULL);
}

/* "auto" is the best there is, of the number asked for. */
static void test_auto(s2vi_dtype dtype, const char *name)
{
    s2vi_backend *backend = NULL;
    s2v_error err = {.message = ""};
    s2vi_backend_open(&backend, "auto", dtype, 0, &err);
    check_named(backend && !strcmp(backend->table->name, name), "auto",
                backend ? backend->table->name : err.message);
    check_named(backend && strstr(backend->selected, name), "auto",
                "does not say what it took");
    const bool asked = dtype == S2VI_F32;
    check_named(backend && !strstr(backend->selected, "no module") == !asked,
                "auto", "does not say why");
    s2vi_backend_close(&backend);
}

int main(void)
{
    test_refusals();
    test_table("ref", S2VI_F32);
    test_table("ref", S2VI_F64);
    if (S2V_HAVE_CPU)
        test_table("cpu", S2VI_F32);
    test_auto(S2VI_F32, S2V_HAVE_CPU ? "cpu" : "ref");
    test_auto(S2VI_F64, "ref");
    return check_done();
}
