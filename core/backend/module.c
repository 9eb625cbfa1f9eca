/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading backends that are modules. */
#include "backend/module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *module_folder(void)
{
    const char *folder = getenv("S2V_MODULE_PATH");
    return folder && *folder ? folder : S2V_MODULE_DIR;
}

/* Of the same sources as this library: they share structures. */
static bool matches(const s2vi_module *module)
{
    static const s2vi_module own = {S2VI_MODULE_BUILD};
    return !strcmp(module->version, own.version) &&
           module->node_size == own.node_size &&
           module->table_size == own.table_size && module->ops == own.ops;
}

static bool find(char *path, size_t size, const char *name)
{
    const int n =
        snprintf(path, size, "%s/libs2v-%s.so", module_folder(), name);
    return n > 0 && (size_t)n < size && !access(path, F_OK);
}

bool s2vi_module_has_driver(const char *name, s2v_error *why)
{
    char path[1024];
    if (!find(path, sizeof(path), name)) {
        s2vi_error(why, S2V_ERR_DEVICE,
                   "device \"%.40s\": there is no module %.800s", name, path);
        return false;
    }
    const char *folder = getenv("S2V_MODULE_PATH");
    if ((folder && *folder) || strcmp(name, "cuda") ||
        dlopen("libcuda.so.1", RTLD_LAZY))
        return true; /* the driver stays loaded: the module needs it */
    s2vi_error(why, S2V_ERR_DEVICE,
               "device \"%.40s\": no NVIDIA driver is installed", name);
    return false;
}

int s2vi_module_open(s2vi_backend **backend, const char *name,
                     const char *device, int number, s2vi_dtype dtype,
                     s2v_error *err)
{
    char path[1024];
    s2v_error why;
    *backend = NULL;
    if (!find(path, sizeof(path), name))
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "device \"%.40s\": there is no module %.800s", device,
                          path);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!object)
        return s2vi_error(err, S2V_ERR_DEVICE, "device \"%.40s\": %.800s",
                          device, dlerror());
    const s2vi_module *module = dlsym(object, "s2vi_backend_module");
    if (!module || !matches(module))
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "device \"%.40s\": %.800s is of another version of "
                          "s2v, expected " S2V_VERSION,
                          device, path);
    /* bf16 was never measured on these */
    const s2vi_dtype own = dtype == S2VI_FASTEST ? S2VI_F32 : dtype;
    int ret = module->open(backend, number, own, &why);
    return ret < 0 ? s2vi_error(err, ret, "device \"%.40s\": %.800s", device,
                                why.message)
                   : S2V_OK;
}
