/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which clips models are chosen by, and which are reported. */
#include "parts.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "clips.h"

static const char choose[] = "choose", report[] = "report";

static char *stem_of(const char *clip)
{
    char *name = g_path_get_basename(clip);
    char *point = strrchr(name, '.');
    if (point && point != name)
        *point = '\0';
    return name;
}

static int find(const s2vi_parts *p, const char *stem)
{
    for (int i = 0; p->names[i]; i++)
        if (!strcmp(p->names[i], stem))
            return i;
    return -1;
}

static int read_line(s2vi_parts *p, const char *line, int n, s2v_error *err)
{
    const bool reported = g_str_has_prefix(line, report);
    const char *name = line + strlen(reported ? report : choose);
    if (!(reported || g_str_has_prefix(line, choose)) ||
        !g_ascii_isspace(*name))
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: expected \"choose NAME\" or \"report NAME\" on "
                          "each line, found \"%s\"",
                          p->path, line);
    while (g_ascii_isspace(*name))
        name++;
    char *stem = stem_of(name);
    if (find(p, stem) >= 0) {
        int ret = s2vi_error(err, S2V_ERR_FORMAT,
                             "%s: expected each clip once, found '%s' twice",
                             p->path, stem);
        g_free(stem);
        return ret;
    }
    p->report[n] = reported;
    p->names[n] = stem;
    return S2V_OK;
}

int s2vi_parts_read(s2vi_parts *p, const char *path, s2v_error *err)
{
    char **lines = NULL;
    *p = (s2vi_parts){.path = path};
    int ret = s2vi_eval_read_list(path, &lines, err);
    if (ret < 0)
        return ret;
    p->names = g_new0(char *, g_strv_length(lines) + 1);
    p->report = g_new0(bool, g_strv_length(lines) + 1);
    for (int i = 0; lines[i] && !ret; i++)
        ret = read_line(p, lines[i], i, err);
    g_strfreev(lines);
    return ret;
}

int s2vi_parts_has(const s2vi_parts *p, const char *part, const char *clip,
                   bool *has, s2v_error *err)
{
    char *stem = stem_of(clip);
    const int i = find(p, stem);
    g_free(stem);
    *has = i >= 0 && p->report[i] == !strcmp(part, report);
    return i >= 0 ? S2V_OK
                  : s2vi_error(err, S2V_ERR_INVALID,
                               "'%s' is in no part of '%s': expected a line "
                               "with its name, found none",
                               clip, p->path);
}

void s2vi_parts_free(s2vi_parts *p)
{
    g_strfreev(p->names);
    g_free(p->report);
    *p = (s2vi_parts){0};
}
