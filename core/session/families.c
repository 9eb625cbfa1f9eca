/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of families, from the list in core/meson.build. */
#include "session/family.h"

#include "base/sized.h"

#include <stdio.h>
#include <string.h>

/* families.inc: a line S2VI_FAMILY(name) for each name in meson.build */
#define S2VI_FAMILY(name) extern const s2vi_family s2vi_family_##name;
#include "families.inc"
#undef S2VI_FAMILY

#define S2VI_FAMILY(name) &s2vi_family_##name,
const s2vi_family *const s2vi_families[] = {
#include "families.inc"
    NULL,
};

const s2vi_family *s2vi_family_find(const char *name)
{
    const s2vi_family *const *f = s2vi_families;
    while (*f && strcmp((*f)->name, name))
        f++;
    return *f;
}

int s2v_family_get_info(size_t index, s2v_family_info *info)
{
    const s2vi_family *const *f = s2vi_families;
    if (s2vi_sized_check(info, "s2v_family_info", NULL) < 0)
        return S2V_ERR_INVALID;
    for (; index && *f; index--)
        f++;
    if (!*f)
        return S2V_ERR_EOF;
    const s2v_family_info all = {.name = (*f)->name,
                                 .inputs = (*f)->inputs,
                                 .required = (*f)->required,
                                 .outputs = (*f)->outputs};
    s2vi_sized_fill(info, &all, sizeof(all));
    return S2V_OK;
}

/* Items as "a", "a or b", "a, b or c"; what does not fit is cut. */
static char *list(char *text, size_t size, const char *const *items, int n,
                  const char *last)
{
    size_t used = 0;
    *text = '\0';
    for (int i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s",
                                 !i          ? ""
                                 : i < n - 1 ? ", "
                                             : last,
                                 items[i]);
    return text;
}

char *s2vi_family_names(char text[S2VI_FAMILY_NAMES])
{
    enum { MOST = 16 };
    char quoted[MOST][40];
    const char *items[MOST];
    int n = 0;
    for (; n < MOST && s2vi_families[n]; n++) {
        snprintf(quoted[n], sizeof(quoted[n]), "'%s'", s2vi_families[n]->name);
        items[n] = quoted[n];
    }
    return list(text, S2VI_FAMILY_NAMES, items, n, " or ");
}

char *s2vi_media_text(char text[S2VI_MEDIA_TEXT], unsigned media)
{
    static const struct {
        s2v_medium medium;
        const char *name;
    } all[] = {
        {S2V_MEDIUM_AUDIO, "audio"},
        {S2V_MEDIUM_VIDEO, "video"},
        {S2V_MEDIUM_IMAGE, "an image"},
        {S2V_MEDIUM_TEXT, "text"},
        {S2V_MEDIUM_REFERENCE, "a reference sound"},
    };
    const char *items[sizeof(all) / sizeof(*all)];
    int n = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (media & all[i].medium)
            items[n++] = all[i].name;
    return n ? list(text, S2VI_MEDIA_TEXT, items, n, " and ")
             : strcpy(text, "nothing");
}
