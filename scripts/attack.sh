#!/bin/sh
# attack.sh: the long runs of the attacks in tests/attack, beside honest clients, as a table in
# Markdown.
#
#   sh scripts/attack.sh [linux|windows] [SECONDS [SCENARIO [ATTACK]]]   builds what it needs
#   sh scripts/attack.sh --built FOLDER [SECONDS [SCENARIO [ATTACK]]]    uses what is in FOLDER
#
# SECONDS is the time for each attack, 10 by default, half of it quiet. SCENARIO: clients, web, tls,
# modules or machine; ATTACK: the first word of a row. The exit code is 0 if no honest client has
# missed an answer. The tables also go to attack.md in the build folder.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/build.sh"
. "$root/scripts/by_hand.sh"

case "${1:-linux}" in
linux | windows | --built) ;;
*[!0-9]*)
    echo "usage: attack.sh [linux|windows|--built FOLDER] [SECONDS [SCENARIO [ATTACK]]]" >&2
    exit 2
    ;;
esac
by_hand_build test-attack "$@"
shift "$by_hand_taken"
seconds=${1:-10}
scenarios=${2:-clients web tls modules machine}
attack=${3:-}

by_hand_enter attack-long
failed=0
: >"$build/attack.md"
for scenario in $scenarios; do
    rm -f failed
    # shellcheck disable=SC2086 # an attack is one word, or none
    { by_hand_run test-attack "$scenario" "$seconds" $attack || : >failed; } |
        tr -d '\r' | tee -a "$build/attack.md"
    [ ! -e failed ] || failed=1
done
exit $failed
