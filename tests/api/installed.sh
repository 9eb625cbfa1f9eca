#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# installed.sh BUILD_FOLDER PREFIX VERSION MESON CC...: a program of ten lines
# is built against an installed libs2v by pkg-config, and runs.
here=$(dirname "$0")
. "$here/lib.sh"
build=$1 prefix=$2 version=$3 meson=$4
shift 4
command -v pkg-config >/dev/null || skip_all "there is no pkg-config"

if ! DESTDIR=$tmp/root "$meson" install -C "$build" --no-rebuild --quiet \
    >"$tmp/log" 2>&1; then
    if grep -q "not found\|No such file\|does not exist\|could not be found" \
        "$tmp/log"; then
        skip_all "not all is built: $(tail -n 1 "$tmp/log")"
    fi
    cat "$tmp/log"
    exit 1
fi

PKG_CONFIG_PATH=$(find "$tmp/root" -name libs2v.pc -exec dirname {} \;)
export PKG_CONFIG_PATH
config() {
    pkg-config --define-variable=prefix="$tmp/root$prefix" "$@" libs2v
}

cat >"$tmp/ten.c" <<'C'
#include <s2v/s2v.h>
#include <stdio.h>

int main(void)
{
    s2v_error err;
    s2v_model *model = NULL;
    int ret = s2v_model_open(&model, "no-such-model.bin", NULL, &err);
    printf("%s %d\n%s\n", s2v_version(), ret, err.message);
    return 0;
}
C
point "one s2v.h, and no other header" test \
    "$(find "$tmp/root" -name '*.h' | sed 's|.*/include/||')" = s2v/s2v.h
point "pkg-config's version" test "$(config --modversion)" = "$version"
# shellcheck disable=SC2046
point "a program builds" "$@" -std=c11 -Wall -Wextra -Werror \
    $(config --cflags) "$tmp/ten.c" -o "$tmp/ten" $(config --libs)
LD_LIBRARY_PATH=$(find "$tmp/root" -name libs2v.so -exec dirname {} \;)
export LD_LIBRARY_PATH
"$tmp/ten" >"$tmp/said" 2>&1
point "it runs" test "$(head -n 1 "$tmp/said")" = "$version -5"
point "it tells where models are looked for" grep -q \
    "$prefix/share/s2v/models" "$tmp/said"

completion=$(find "$tmp/root" -path '*bash-completion/completions/s2v-train')
if [ -n "$completion" ] && command -v bash >/dev/null; then
    PATH=$(find "$tmp/root" -name s2v-train -path '*/bin/*' -exec dirname {} \;):$PATH
    # shellcheck disable=SC2016
    point "completion: options as --help has them" test "$(bash -c '. "$0"
        COMP_CWORD=2; _s2v s2v-train --resu listen-and-move; echo "${COMPREPLY[@]}"' \
        "$completion")" = --resume
else
    skip_point "completion: tools or bash are not there"
fi
finish installed
