#!/bin/sh
# test.sh: builds Portico in several ways and runs all tests of all of them as one run of CTest.
#
#   sh scripts/test.sh quick       the command for every edit: a minute or so
#   sh scripts/test.sh [PRESET...]
#
# `quick` builds linux and runs the unit, contract, plugin and house tests and the broadest of the
# short integration tests; tests/CMakeLists.txt lists them.
#
# Without arguments: linux with the checks of the source, windows under Wine, asan, tsan; and the
# parsers get new inputs for a while (scripts/fuzz.sh). Of windows-clang only the shipped programs,
# what the tests share and what the bench measures are built. A test's name begins with its preset.
# Missing Debian packages are installed. The exit code is 0 when everything was built and every test
# passed; a few that failed beside others may pass alone (run_again below).
#
# The first preset is built, and while its tests run, which mostly wait, the others are built at the
# lowest priority. Each is tested when it is built.
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

# build_one PRESET: builds what a run needs of one preset; fails if that fails, or has failed.
build_one() {
    case " $tested fuzz:$1 " in
    *" fuzz:fuzz "*) targets=portico_fuzz ;;
    *" $1 "*) targets=all ;;
    *) targets="portico_serve portico_test_support bench-raw_iocp" ;; # it is not tested
    esac
    # shellcheck disable=SC2086 # a list of names
    if cmake --build "build/$1" --target $targets >>"build/build-$1.log" 2>&1; then
        : >"build/build-$1.ok"
    else
        : >"build/build-$1.failed"
        return 1
    fi
}

# What this script starts in the background: test.sh --background TESTED BUILDS
if [ "${1:-}" = --background ]; then
    tested=$2
    for preset in $3; do
        build_one "$preset"
    done
    exit
fi

if [ $# = 0 ]; then
    set -- linux windows asan tsan
    builds="$* windows-clang fuzz"
    checked=linux
else
    builds=$*
    checked=
fi
tested=$*
first=$1

# shellcheck disable=SC2086 # lists of names
packages_need $PACKAGES_BUILD $PACKAGES_WINDOWS $PACKAGES_TEST
sh scripts/browser.sh || true   # they say what is missing; the tests of pages, ...
sh scripts/npm.sh websocket || true # ... and those beside ws, are skipped then

# Tests of many sessions need many files, and so does Wine's server, which is started below.
ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true

# The check of the source reads what the compilers of all presets are asked to do.
mkdir -p build
for preset in $builds; do
    rm -f "build/build-$preset.ok" "build/build-$preset.failed"
    checks=OFF
    [ "$preset" != "$checked" ] || checks=ON
    if ! cmake --preset "$preset" -DPORTICO_CHECKS=$checks >"build/build-$preset.log" 2>&1; then
        cat "build/build-$preset.log"
        echo "$preset cannot be built; the output above is also in build/build-$preset.log" >&2
        exit 1
    fi
done

# What is searched at random, inputs by the fuzzers and seeds by the simulation, follows from the
# commit: another run of the same commit tries the same, another commit something else.
if commit=$(git rev-parse --short=7 HEAD 2>/dev/null); then
    PORTICO_SEED=$((0x$commit + 1))
    export PORTICO_SEED
fi

# What is started here ends with this script: the process group that builds, and Wine's server.
background=
server=
end() {
    [ -z "$background" ] || kill -- "-$background" 2>/dev/null || true
    [ -z "$server" ] || wineserver -k 2>/dev/null || true
}
trap end EXIT
trap 'exit 130' INT TERM

# One Wine server for the whole run. It ends with the run unless it was there before, and starts
# before Wine is prepared: a server that Wine starts itself ends with the last program, so each test
# would wait for a new one.
WINEPREFIX=${WINEPREFIX:-$root/build/wineprefix}
export WINEPREFIX
case " $* " in
*" windows"*)
    wineserver -k0 2>/dev/null || server=ours
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

# Prints the log of a build that failed, and ends this script.
build_failed() { # PRESET
    cat "build/build-$1.log"
    echo "The build of $1 failed; its output is in build/build-$1.log" >&2
    exit 1
}

# Returns when a preset is built.
build_wait() { # PRESET
    while [ ! -e "build/build-$1.ok" ]; do
        for each in $builds; do
            [ ! -e "build/build-$each.failed" ] || build_failed "$each"
        done
        if ! kill -0 "$background" 2>/dev/null && [ ! -e "build/build-$1.ok" ]; then
            echo "What builds $1 has ended; its output is in build/build-$1.log" >&2
            exit 1
        fi
        sleep 0.2
    done
}

# Prints the failed tests of the last run in which a sanitizer found something.
failed_in_sanitizer() {
    awk '/^[0-9]+\/[0-9]+ Testing: / { name = $3; found = 0 }
        /(WARNING|ERROR): [A-Za-z]*Sanitizer|: runtime error: / { found = 1 }
        /^Test Failed/ && found { print name }' build/all/Testing/Temporary/LastTest.log
}

# Runs the tests of one preset, several at a time, and adds those that failed to `failed`.
failed=
found=
run_tests() { # PRESET
    rm -f build/all/Testing/Temporary/LastTestsFailed.log
    ctest --test-dir build/all -L "^$1\$" --output-on-failure --no-tests=error -j "$jobs" && return
    failed="$failed $(cut -d: -f2- build/all/Testing/Temporary/LastTestsFailed.log)"
    found="$found $(failed_in_sanitizer)"
}

# What fails only because other tests had the processor is no defect of Portico: up to five failed
# tests are run again, one at a time, and each has to pass three times in a row. Their names and
# what they printed are shown in any case. A finding of a sanitizer is a defect however seldom it
# shows, so it is not run again.
run_again() {
    # shellcheck disable=SC2086 # lists of names
    set -- $failed
    echo "== failed:" "$@"
    if [ -n "$(echo "$found" | tr -d ' \n')" ] || [ $# -gt 5 ]; then
        return 1
    fi
    echo "== once more, alone and three times in a row:" "$@"
    names=$(echo "$*" | sed 's/[.+]/\\&/g; s/ /|/g')
    ctest --test-dir build/all -R "^($names)\$" --output-on-failure --no-tests=error \
        --repeat until-fail:3
}

echo "== build $first"
build_one "$first" || build_failed "$first"
others=$(echo " $builds " | sed "s/ $first / /")
setsid nice -n 19 sh scripts/test.sh --background "$tested" "$others" &
background=$!
for preset in $tested; do
    build_wait "$preset"
    echo "== test $preset"
    run_tests "$preset"
done
for preset in $builds; do
    build_wait "$preset"
done
wait "$background"
background=
result=0
if [ -n "$checked" ]; then
    echo "== fuzz"
    sh scripts/fuzz.sh all 30 || result=1
fi
[ -z "$failed" ] || run_again || result=1
exit $result
