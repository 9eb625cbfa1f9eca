/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a program takes in a set of clips. */
#include "media/ingest.h"

#include "base/error.h"

#include <glib.h>

/* What a header says is rounded, and the last packet's duration guessed. */
static const double SHORT_SECONDS = 0.5, SHORT_PART = 0.01;
enum { DAMAGED_OF = 10 }; /* more than one in so many is bad */

static void say_track(const s2vi_ingest *in, const char *path,
                      const s2vi_media_facts *f)
{
    if (f->tracks > 1)
        s2vi_progress_message(in->bar,
                              "%s: '%s' has %d audio tracks: using track %d "
                              "(--track N selects another, counted from 0)",
                              in->program, path, f->tracks, f->track);
}

static void say_damage(const s2vi_ingest *in, const char *path,
                       const s2vi_media_facts *f)
{
    if (f->damaged)
        s2vi_progress_message(in->bar,
                              "%s: '%s': skipped %lld damaged packet%s of %lld",
                              in->program, path, (long long)f->damaged,
                              f->damaged > 1 ? "s" : "", (long long)f->packets);
}

int s2vi_ingest_check(const s2vi_ingest *in, const char *path,
                      const s2vi_media_facts *f, s2v_error *err)
{
    const char *hint =
        in->skip_bad ? "" : " (--skip-bad leaves such clips out)";
    const double missing = f->promised - f->lasts;
    if (!in->quiet)
        say_track(in, path, f);
    if (f->damaged * DAMAGED_OF > f->packets)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "'%s' is damaged: %lld of its %lld packets do not "
                          "decode%s",
                          path, (long long)f->damaged, (long long)f->packets,
                          hint);
    if (missing > SHORT_SECONDS && missing > SHORT_PART * f->promised)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "'%s' is truncated: expected %.2f s as in its "
                          "header, found %.2f s%s",
                          path, f->promised, f->lasts, hint);
    if (f->silent)
        return s2vi_error(
            err, S2V_ERR_FORMAT,
            "'%s' is silent: expected audio, found no sample above -80 dB%s",
            path, hint);
    if (!in->quiet)
        say_damage(in, path, f);
    return S2V_OK;
}

int s2vi_ingest_settle(s2vi_ingest *in, int ret, bool *skipped, s2v_error *err)
{
    *skipped = ret == S2V_ERR_FORMAT && in->skip_bad;
    if (!*skipped)
        return ret;
    const guint n = in->left_out ? g_strv_length(in->left_out) : 0;
    in->left_out = g_renew(char *, in->left_out, n + 2);
    in->left_out[n] = g_strdup(err->message);
    in->left_out[n + 1] = NULL;
    if (!in->quiet)
        s2vi_progress_message(in->bar, "%s: left out: %s", in->program,
                              err->message);
    return S2V_OK;
}

int s2vi_ingest_clip(s2vi_ingest *in, s2vi_clip **clip, const char *path,
                     const s2vi_clip_params *params, bool silent,
                     s2v_error *err)
{
    bool skipped;
    *clip = NULL;
    int ret = s2vi_clip_load(clip, path, params, err);
    if (!ret) {
        s2vi_media_facts facts = (*clip)->facts;
        facts.silent = facts.silent && !silent;
        ret = s2vi_ingest_check(in, path, &facts, err);
    }
    ret = s2vi_ingest_settle(in, ret, &skipped, err);
    if (ret < 0 || skipped)
        s2vi_clip_close(clip);
    return ret;
}

int s2vi_ingest_require(const s2vi_ingest *in, int count, s2v_error *err)
{
    return count || !in->left_out
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_INVALID,
                            "--skip-bad: expected at least one good clip, "
                            "found %u bad ones",
                            g_strv_length(in->left_out));
}

void s2vi_ingest_close(s2vi_ingest *in)
{
    if (in->left_out)
        s2vi_progress_message(NULL, "%s: clips left out (--skip-bad): %u",
                              in->program, g_strv_length(in->left_out));
    for (int i = 0; in->left_out && in->left_out[i]; i++)
        s2vi_progress_message(NULL, "  %s", in->left_out[i]);
    g_strfreev(in->left_out);
    in->left_out = NULL;
}
