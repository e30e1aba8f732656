#!/bin/sh
# test.sh: builds Portico in several ways and runs all tests of all of them as one run of CTest.
#
#   sh scripts/test.sh quick       the command for every edit: a minute or so
#   sh scripts/test.sh [PRESET...]
#
# `quick` builds linux and runs the unit, contract, plugin and house tests and the broadest of the
# short integration tests; tests/CMakeLists.txt lists them.
#
# Without arguments: linux with the checks of the source, windows under Wine, asan, tsan; before the
# tests, the parsers get new inputs for a while (scripts/fuzz.sh). Of windows-clang only the shipped
# programs, what the tests share and what the bench measures are built. A test's name begins with
# its preset. Missing Debian packages are installed. The exit code is 0 when everything was built
# and every test passed; a few that failed beside others may pass alone (run_tests below).
#
# PORTICO_TEST_JOBS  how many tests run at once, of which one that computes counts as two; default:
#                    four for each processor
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/packages.sh"
cd "$root"

# Most tests wait more than they compute: on Linux those of a real host use a third of a processor.
jobs=${PORTICO_TEST_JOBS:-$((4 * $(nproc)))}

if [ "$*" = quick ]; then
    . "$root/scripts/build.sh"
    build_for linux portico_quick
    exec ctest --test-dir build/linux -L '^quick$' --output-on-failure --no-tests=error -j "$jobs"
fi

if [ $# = 0 ]; then
    set -- linux windows asan tsan
    builds="$* windows-clang"
    checked=linux
else
    builds=$*
    checked=
fi

# shellcheck disable=SC2086 # lists of names
packages_need $PACKAGES_BUILD $PACKAGES_WINDOWS $PACKAGES_TEST
sh scripts/browser.sh || true   # they say what is missing; the tests of pages, ...
sh scripts/npm.sh websocket || true # ... and those beside ws, are skipped then

# Tests of many sessions need many files, and so does Wine's server, which is started below.
ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true

for preset in $builds; do
    echo "== build $preset"
    log=build/build-$preset.log
    mkdir -p build
    checks=OFF
    [ "$preset" != "$checked" ] || checks=ON
    case " $* " in
    *" $preset "*) targets=all ;;
    *) targets="portico_serve portico_test_support bench-raw_iocp" ;; # it is not tested
    esac
    # shellcheck disable=SC2086 # a list of names
    if ! { cmake --preset "$preset" -DPORTICO_CHECKS=$checks &&
        cmake --build "build/$preset" --target $targets; } >"$log" 2>&1; then
        cat "$log"
        echo "The build of $preset failed; its output is in $log" >&2
        exit 1
    fi
done

# What is searched at random, inputs by the fuzzers and seeds by the simulation, follows from the
# commit: another run of the same commit tries the same, another commit something else.
if commit=$(git rev-parse --short=7 HEAD 2>/dev/null); then
    PORTICO_SEED=$((0x$commit + 1))
    export PORTICO_SEED
fi

# An input that fails here is kept, so the tests below fail as well.
fuzz_failed=
if [ -n "$checked" ]; then
    echo "== fuzz"
    sh scripts/fuzz.sh all 30 || fuzz_failed=1
fi

# One Wine server for the whole run. It ends with the run unless it was there before, and starts
# before Wine is prepared: a server that Wine starts itself ends with the last program, so each test
# would wait for a new one.
WINEPREFIX=${WINEPREFIX:-$root/build/wineprefix}
export WINEPREFIX
case " $* " in
*" windows"*)
    if ! wineserver -k0 2>/dev/null; then
        trap 'wineserver -k 2>/dev/null || true' EXIT
        trap 'exit 130' INT TERM
    fi
    mkdir -p "$WINEPREFIX"
    wineserver -p 2>/dev/null || true
    sh scripts/wine.sh --prepare
    ;;
esac

# CTest reads the tests of several build folders from one file.
mkdir -p build/all
for preset in "$@"; do
    echo "subdirs(\"$root/build/$preset\")"
done >build/all/CTestTestfile.cmake

# Prints the failed tests of the last run in which a sanitizer found something.
failed_in_sanitizer() {
    awk '/^[0-9]+\/[0-9]+ Testing: / { name = $3; found = 0 }
        /(WARNING|ERROR): [A-Za-z]*Sanitizer|: runtime error: / { found = 1 }
        /^Test Failed/ && found { print name }' build/all/Testing/Temporary/LastTest.log
}

# run_tests: all tests, several at a time. What fails only because other tests had the processor is
# no defect of Portico: up to five failed tests are run again, one at a time, and each has to pass
# three times in a row. Their names and what they printed are shown in any case. A finding of a
# sanitizer is a defect however seldom it shows, so it is not run again.
run_tests() {
    ctest --test-dir build/all --output-on-failure --no-tests=error -j "$jobs" && return
    failed=$(cut -d: -f2- build/all/Testing/Temporary/LastTestsFailed.log)
    found=$(failed_in_sanitizer)
    if [ -n "$found" ] || [ "$(echo "$failed" | wc -l)" -gt 5 ]; then
        return 1
    fi
    echo "== once more, alone and three times in a row:" $failed
    ctest --test-dir build/all --rerun-failed --output-on-failure --repeat until-fail:3
}

run_tests
[ -z "$fuzz_failed" ]
