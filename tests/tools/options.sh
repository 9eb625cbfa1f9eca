#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What each tool says of options that it does not know: one sentence, with the
# nearest option, and status 2. TAP. The arguments are the tools.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

# says TOOL SENTENCE ARGUMENTS...: after the tool's name.
says() {
    local tool=$1 sentence=$2 said
    shift 2
    said=$("$tool" "$@" 2>&1 </dev/null)
    is "${tool##*/} $*" "$? $said" "2 ${tool##*/}: $sentence"
}

for tool; do
    name=${tool##*/} of=()
    [ "$name" = s2v-train ] && of=(listen-and-move)
    lists="see ${name}${of[*]:+ MODEL} --help"
    # An option that all have, and one that none has.
    says "$tool" "unknown or ambiguous option '--verison': did you mean --version? $lists" "${of[@]}" --verison
    says "$tool" "unknown or ambiguous option '--colour=3': $lists" "${of[@]}" --colour=3
    says "$tool" "unknown option '-X': $lists" "${of[@]}" -X
    # Codes of options that have no letter are no letters.
    says "$tool" "unknown option '-S': $lists" "${of[@]}" -S
    like "$name --version=3" "$("$tool" "${of[@]}" --version=3 2>&1 </dev/null)" "^$name: --version: expected no value, found '--version=3'"
done
finish
