#!/bin/sh
# faults.sh: the long runs of the fault tests, with what they measured: each kind of fault many times
# in each kind of entry, beside honest clients.
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

case "${1:-linux}" in
linux | windows)
    build=$root/build/${1:-linux}
    build_for "${1:-linux}" portico_serve test-integration
    [ $# = 0 ] || shift
    ;;
--built)
    build=$(CDPATH='' cd -- "$2" && pwd)
    shift 2
    ;;
*)
    echo "usage: faults.sh [linux|windows] | --built FOLDER [TIMES [CLIENTS]]" >&2
    exit 2
    ;;
esac

ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true
if [ -e "$build/bin/portico.exe" ]; then
    suffix=.exe
    drive=Z:
    times=${1:-100}
    WINEDLLPATH=$build/wine
    export WINEDLLPATH
    sh "$root/scripts/wine.sh" --prepare
    run() { sh "$root/scripts/wine.sh" --serve "$@"; }
else
    suffix=
    drive=
    times=${1:-1000}
    run() { "$@"; }
fi
clients=${2:-100}

folder=$build/tests/run/faults
mkdir -p "$folder"
PORTICO_EXE=$drive$build/bin/portico$suffix
PORTICO_MODULES_DIR=$drive$build/modules
PORTICO_TEST_MODULES_DIR=$drive$build/tests/modules
PORTICO_TEST_DIR=$drive$folder
PORTICO_SOURCE_DIR=$drive$root
export PORTICO_EXE PORTICO_MODULES_DIR PORTICO_TEST_MODULES_DIR PORTICO_TEST_DIR PORTICO_SOURCE_DIR
cd "$folder"

failed=0
: >"$build/faults.txt"
scenario() {
    echo "== $*" | tee -a "$build/faults.txt"
    rm -f failed
    { run "$build/tests/test-integration$suffix" "$@" 2>&1 || : >failed; } |
        tr -d '\r' | tee -a "$build/faults.txt"
    [ ! -e failed ] || failed=1
}
scenario faults_contained "$times" "$clients"
scenario faults_ended $(((times + 99) / 100))
scenario faults_leak $((times * 100))
exit $failed
