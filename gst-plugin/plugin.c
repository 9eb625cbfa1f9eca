/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin s2v, and what it registers. */
#include "gsts2vgen.h"
#include "gstv2sfoley.h"

static gboolean plugin_init(GstPlugin *plugin)
{
    return GST_ELEMENT_REGISTER(s2vgen, plugin) &&
           GST_ELEMENT_REGISTER(v2sfoley, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, s2v,
                  "Audio-to-video and video-to-audio neural networks",
                  plugin_init, S2V_VERSION, "LGPL", "s2v",
                  "Unknown package origin")
