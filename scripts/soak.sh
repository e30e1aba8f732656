#!/bin/sh
# soak.sh: attacks a host for a long time, in random mixtures, with swaps and contained faults
# beside honest clients, and judges whether memory, handles, sessions and latency stay what they
# are.
#
#   sh scripts/soak.sh HOURS [linux|windows]        builds what it needs first
#   sh scripts/soak.sh HOURS --built FOLDER [SVG]   uses what is built in FOLDER
#
# HOURS may be a fraction: 0.1. Samples, figures and the plot are soak.csv, soak.md and soak.svg in
# the build folder; tests/attack/soak.py has the rule. The exit code is 0 if everything is flat and
# no honest client has missed an answer. Missing Debian packages are installed.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/build.sh"
. "$root/scripts/by_hand.sh"

seconds=$(awk -v hours="${1:-}" 'BEGIN { print int(hours * 3600) }')
if [ "$seconds" -lt 60 ]; then
    echo "usage: soak.sh HOURS [linux|windows|--built FOLDER [SVG]], HOURS at least 0.02" >&2
    exit 2
fi
hours=$1
shift
case "${1:-linux}" in
linux | windows | --built) ;;
*)
    echo "soak.sh: $1 is neither linux nor windows" >&2
    exit 2
    ;;
esac
by_hand_build test-attack "$@"
shift "$by_hand_taken"
picture=${1:-$build/soak.svg}
case $picture in /*) ;; *) picture=$PWD/$picture ;; esac
packages_need gnuplot-nox python3

by_hand_enter soak
failed=0
by_hand_run test-attack soak "$seconds" soak.csv || failed=1
cp soak.csv "$build/soak.csv"
python3 -B "$root/tests/attack/soak.py" "$build/soak.csv" "$picture" \
    "$(date -u +%Y-%m-%d): $hours hours of attacks" >"$build/soak.md" || failed=1
cat "$build/soak.md"
echo "Figures: $build/soak.md; plot: $picture"
exit $failed
