/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NVRTC: a chain's source becomes a shared object by way of the host's
 * compiler, EMULATED_CC. */
#define _GNU_SOURCE
#include "emulated.h"

#include <nvrtc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct _nvrtcProgram {
    char folder[64], image[128];
};

static void write_text(const char *folder, const char *name, const char *before,
                       const char *text, const char *after)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file)
        emulated_fail("%s cannot be written", path);
    fprintf(file, "%s%s%s", before, text, after);
    fclose(file);
}

nvrtcResult nvrtcCreateProgram(nvrtcProgram *program, const char *source,
                               const char *name, int n,
                               const char *const *headers,
                               const char *const *names)
{
    (void)name;
    struct _nvrtcProgram *p = *program = calloc(1, sizeof(*p));
    strcpy(p->folder, "/tmp/s2v-emulated-XXXXXX");
    if (!mkdtemp(p->folder))
        emulated_fail("no folder in /tmp");
    for (int i = 0; i < n; i++)
        write_text(p->folder, names[i], "", headers[i], "");
    write_text(p->folder, "chain.c", "#include \"emulate.h\"\n", source,
               "\nstatic emulated place;\n"
               "static void run(const void *params)\n"
               "{\n"
               "    now_emulated = &place;\n"
               "    s2vi_k_chain(*(const s2vi_dev_chain *)params);\n"
               "}\n"
               "emulated_kernel emulated_chain = {\"s2vi_k_chain\", run,\n"
               "    sizeof(s2vi_dev_chain), &place, 0};\n");
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcCompileProgram(nvrtcProgram program, int n,
                                const char *const *options)
{
    char command[1024];
    if (n != 2 || strcmp(options[0], "--gpu-architecture=sm_90") ||
        strcmp(options[1], "--fmad=false"))
        emulated_fail("NVRTC is given other options");
    snprintf(program->image, sizeof(program->image), "emulated:%s.so",
             program->folder);
    snprintf(command, sizeof(command),
             EMULATED_CC " -std=c11 -O1 -ffp-contract=off -fPIC -shared "
                         "-fno-builtin-malloc -I%s " EMULATED_INCLUDES
                         " %s/chain.c -lm -o %s",
             program->folder, program->folder, program->image + 9);
    if (emulated_is_idle())
        return NVRTC_SUCCESS;
    return system(command) ? NVRTC_ERROR_COMPILATION : NVRTC_SUCCESS;
}

nvrtcResult nvrtcDestroyProgram(nvrtcProgram *program)
{
    static const char *const names[] = {"chain.c", "params.h", "device.h",
                                        "chain_map.inc", "chain_sum.inc"};
    char path[256];
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof(path), "%s/%s", (*program)->folder, names[i]);
        remove(path);
    }
    rmdir((*program)->folder);
    free(*program);
    *program = NULL;
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, size_t *size)
{
    *size = strlen(program->image) + 1;
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char *image)
{
    strcpy(image, program->image);
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetPTXSize(nvrtcProgram program, size_t *size)
{
    (void)program, (void)size;
    emulated_fail("PTX is asked for where machine code can be had");
}

nvrtcResult nvrtcGetPTX(nvrtcProgram program, char *image)
{
    (void)program, (void)image;
    emulated_fail("PTX is asked for where machine code can be had");
}

nvrtcResult nvrtcGetNumSupportedArchs(int *count)
{
    *count = 3;
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetSupportedArchs(int *archs)
{
    archs[0] = 80;
    archs[1] = 90;
    archs[2] = 100;
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram program, size_t *size)
{
    (void)program;
    *size = sizeof("see above");
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetProgramLog(nvrtcProgram program, char *log)
{
    (void)program;
    strcpy(log, "see above");
    return NVRTC_SUCCESS;
}

const char *nvrtcGetErrorString(nvrtcResult result)
{
    return result ? "emulated NVRTC error" : "success";
}
