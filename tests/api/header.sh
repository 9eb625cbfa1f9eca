#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# header.sh INCLUDE_FOLDER CXX CC...: s2v.h alone in each language it is meant
# for, and the example at its top.
here=$(dirname "$0")
. "$here/lib.sh"
include=$1 cxx=$2
shift 2
strict="-Wall -Wextra -pedantic -Werror -Wstrict-prototypes -Wundef"

# Twice: the guard works. A use of every struct: they are complete.
cat >"$tmp/alone.c" <<'C'
#include <s2v/s2v.h>
#include <s2v/s2v.h>
extern int use(void);
int use(void)
{
    s2v_model_params a = {sizeof(s2v_model_params), "cpu", 1, NULL, NULL, 0, "f32", NULL, NULL, 0, NULL};
    s2v_session_params b = {sizeof(s2v_session_params), 1, NULL, NULL, "auto"};
    s2v_error e;
    e.code = S2V_ERR_AGAIN;
    return (int)(a.size + b.size + sizeof(s2v_model_info) +
                 sizeof(s2v_video_frame) + sizeof(s2v_picture) +
                 sizeof(s2v_audio_frame) + sizeof(s2v_tensor_info) +
                 sizeof(s2v_option) + sizeof(s2v_family_info)) + e.code +
           (int)S2V_OPTION_TEXT + (int)S2V_MEDIUM_REFERENCE;
}
C
cp "$tmp/alone.c" "$tmp/alone.cc"

# The lines between @code and @endcode, in a function with what it needs.
{
    cat <<'C'
#include <s2v/s2v.h>
#include <stdio.h>
extern size_t read_mono_16khz(float *samples, size_t n);
extern void show(const uint8_t *data, ptrdiff_t stride, int64_t pts);
extern int example(float *samples);
int example(float *samples)
{
C
    sed -n '/@code/,/@endcode/{/@code/d;/@endcode/d;s/^ \*//;p;}' \
        "$include/s2v/s2v.h"
    cat <<'C'
    ret = 0;
fail:
    s2v_session_close(&session);
    s2v_model_close(&model);
    return ret;
}
C
} >"$tmp/example.c"

for std in c99 c11 c17; do
    # shellcheck disable=SC2086
    point "s2v.h as $std" "$@" -std=$std $strict -I"$include" -c \
        "$tmp/alone.c" -o "$tmp/alone.o"
    # shellcheck disable=SC2086
    point "the example as $std" "$@" -std=$std $strict -I"$include" -c \
        "$tmp/example.c" -o "$tmp/example.o"
done
point "the example is there" grep -q s2v_session_receive_video "$tmp/example.c"
if command -v "$cxx" >/dev/null; then
    for std in c++11 c++17 c++20; do
        point "s2v.h as $std" "$cxx" -std=$std -Wall -Wextra -pedantic \
            -Werror -I"$include" -c "$tmp/alone.cc" -o "$tmp/alone.o"
    done
else
    skip_point "C++: there is no $cxx"
fi
finish header
