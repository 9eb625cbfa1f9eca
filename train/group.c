/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The devices of several processes. */
#include "group.h"

#include <stdio.h>
#include <string.h>

void s2vi_group_device(const s2vi_ranks *ranks, const char *device, char *name,
                       size_t size)
{
    const int local = ranks ? ranks->local : 0;
    if (!device)
        device = "auto";
    if (local && (!strcmp(device, "auto") || !strcmp(device, "cuda")))
        snprintf(name, size, "%s:%d", device, local);
    else
        snprintf(name, size, "%s", device);
}

/* Whether each process has what sums over their devices. */
static bool all_can_sum(const s2vi_ranks *ranks, s2vi_backend *backend,
                        s2v_error *why)
{
    const s2vi_backend_table *table = backend->table;
    double lacking = !table->group_find || table->group_find(backend, why) < 0;
    s2vi_ranks_max(ranks, &lacking, 1);
    return !lacking;
}

int s2vi_group_join(s2vi_ranks *ranks, s2vi_backend *backend, s2v_error *why,
                    s2v_error *err)
{
    const s2vi_backend_table *table = backend->table;
    s2vi_group_id id = {""};
    int ret = s2vi_ranks_same(ranks, "device", table->name, err);
    if (ret < 0 || !all_can_sum(ranks, backend, why))
        return ret;
    if (!ranks->rank)
        ret = table->group_name(backend, &id, err);
    ret = s2vi_ranks_agree(ranks, ret, err);
    if (ret < 0)
        return ret;
    s2vi_ranks_share(ranks, &id, sizeof(id));
    ret = table->group_open(backend, &id, ranks->rank, ranks->count, err);
    return s2vi_ranks_agree(ranks, ret, err);
}
