#!/bin/sh
# faults.sh: the long runs of the fault tests, with what they measured: each kind of fault many
# times in each kind of entry, beside honest clients.
#
#   sh scripts/faults.sh [linux|windows] [TIMES [CLIENTS]]    builds what it needs first
#   sh scripts/faults.sh --built FOLDER [TIMES [CLIENTS]]     uses what is built in FOLDER
#
# TIMES is 1000 and on Windows, under Wine, 100; CLIENTS is 100. What faults_ended provokes ends the
# process each time, so it does that a hundredth of TIMES; faults_leak makes 100 faults for each.
# The exit code is 0 if everything is as promised. The tables also go to faults.txt in the build
# folder.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/build.sh"
. "$root/scripts/by_hand.sh"

case "${1:-linux}" in
linux | windows | --built) ;;
*)
    echo "usage: faults.sh [linux|windows] | --built FOLDER [TIMES [CLIENTS]]" >&2
    exit 2
    ;;
esac
by_hand_build test-integration "$@"
shift "$by_hand_taken"
by_hand_enter faults
times=${1:-$([ -e "$build/bin/portico.exe" ] && echo 100 || echo 1000)}
clients=${2:-100}

failed=0
: >"$build/faults.txt"
scenario() {
    echo "== $*" | tee -a "$build/faults.txt"
    rm -f failed
    { by_hand_run test-integration "$@" 2>&1 || : >failed; } |
        tr -d '\r' | tee -a "$build/faults.txt"
    [ ! -e failed ] || failed=1
}
scenario faults_contained "$times" "$clients"
scenario faults_ended $(((times + 99) / 100))
scenario faults_leak $((times * 100))
exit $failed
