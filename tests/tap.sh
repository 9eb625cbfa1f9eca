# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Points in TAP, for tests that are bash scripts. To be sourced.

bail() {
    echo "1..0 # SKIP $*"
    exit 0
}

points=0
bad=0
# is NAME GOT WANTED: one point.
is() {
    points=$((points + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $points - $1"
    else
        bad=1
        echo "not ok $points - $1"
        printf '# got:    %s\n# wanted: %s\n' "${2//$'\n'/$'\n#         '}" "${3//$'\n'/$'\n#         '}"
    fi
}
# like NAME GOT REGEX: one point.
like() {
    if [[ $2 =~ $3 ]]; then
        is "$1" yes yes
    else
        is "$1" "$2" "something like /$3/"
    fi
}
# skip NAME REASON: one point.
skip() {
    points=$((points + 1))
    echo "ok $points - $1 # SKIP $2"
}
finish() {
    echo "1..$points"
    exit $bad
}
