/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list_options [sound]: print the options of all families that make video from
 * audio, or of those that make audio, a line each: the name, and 1 if it may
 * change while a session runs. */
#include <s2v/s2v.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    (void)argv;
    const unsigned in = argc > 1 ? S2V_MEDIUM_VIDEO : S2V_MEDIUM_AUDIO;
    const unsigned out = argc > 1 ? S2V_MEDIUM_AUDIO : S2V_MEDIUM_VIDEO;
    s2v_family_info family = {.size = sizeof(family)};
    s2v_option o = {.size = sizeof(o)};
    for (size_t i = 0; !s2v_family_get_info(i, &family); i++)
        for (size_t k = 0; (family.inputs & in) && (family.outputs & out) &&
                           !s2v_family_get_option(i, k, &o);
             k++)
            printf("%s %d\n", o.name, o.when == S2V_OPTION_RUNNING);
    return 0;
}
