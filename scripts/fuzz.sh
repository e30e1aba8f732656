#!/bin/sh
# fuzz.sh: runs the parsers of the host on inputs that libFuzzer makes up (tests/fuzz/README.md).
#
#   sh scripts/fuzz.sh [TARGET|all] [SECONDS]     default: all, 60
#   sh scripts/fuzz.sh --coverage                 line coverage of each parser's source files
#   sh scripts/fuzz.sh --minimise [TARGET|all]    the smallest part of the new corpus that covers as
#                                                 much becomes the one in the tree
#
# Takes SECONDS in total, spread over the targets and all processors, after the build. What
# libFuzzer learns is kept in build/fuzz/corpus for the next run. An input that fails is made
# smaller and stored in tests/fuzz/findings/TARGET: from then on the test fuzz.TARGET of every
# preset replays it. The exit code is 0 when nothing failed. Missing Debian packages are installed.
#
# PORTICO_SEED       what libFuzzer's random numbers start from; default: each run differs
# PORTICO_FUZZ_JOBS  how many targets run at once; default: as many as there are processors
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/packages.sh"
cd "$root"

jobs=${PORTICO_FUZZ_JOBS:-$(nproc)}
out=build/fuzz
trees=tests/fuzz

# The largest input of a target: parsers of long texts need more, others are faster with less.
max_len() {
    case $1 in
    config | shape | library) echo 1024 ;;
    client | hello | module | packet | top) echo 512 ;;
    address) echo 64 ;;
    description) echo 8192 ;;
    *) echo 256 ;;
    esac
}

build() { # PRESET
    # shellcheck disable=SC2086 # a list of names
    packages_need $PACKAGES_BUILD $PACKAGES_FUZZ
    mkdir -p "build/$1"
    if ! { { [ -e "build/$1/build.ninja" ] || cmake --preset "$1"; } &&
        cmake --build "build/$1" --target portico_fuzz; } >"build/$1/build.log" 2>&1; then
        cat "build/$1/build.log" >&2
        echo "The build failed; its output is in build/$1/build.log" >&2
        exit 1
    fi
}

# Prints the names of the targets: `all`, or the one that was asked for.
targets() { # TARGET|all
    if [ "$1" = all ]; then
        sed -n 's/^portico_fuzz(\([a-z_]*\).*/\1/p' $trees/CMakeLists.txt
    elif [ -e "$trees/$1.c" ]; then
        echo "$1"
    else
        echo "There is no target $1; the targets are:" >&2
        targets all | tr '\n' ' ' >&2
        echo >&2
        exit 2
    fi
}

# Runs one target; what it prints goes to its log. Runs in a subshell of its own.
run_one() { # TARGET SECONDS
    dictionary=""
    [ ! -e "$trees/dict/$1.dict" ] || dictionary=-dict=$root/$trees/dict/$1.dict
    mkdir -p "$out/corpus/$1" "$out/failed/$1" "$out/run/$1"
    rm -f "$out/failed/$1"/*
    folders=$root/$out/corpus/$1
    for folder in corpus findings seeds; do
        [ ! -d "$trees/$folder/$1" ] || folders="$folders $root/$trees/$folder/$1"
    done
    # shellcheck disable=SC2086 # lists of words
    (cd "$out/run/$1" && "../../tests/fuzz-$1" $folders $dictionary -max_total_time="$2" \
        -max_len="$(max_len "$1")" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -seed="${PORTICO_SEED:-0}" -verbosity=0 -artifact_prefix="$root/$out/failed/$1/") >"$out/$1.log" 2>&1 || true
}

# Makes each input that failed smaller and keeps it; prints how many there are.
keep_failed() { # TARGET
    kept=0
    for failed in "$out/failed/$1"/*; do
        [ -s "$failed" ] || continue
        small=$out/failed/$1.small
        cp "$failed" "$small"
        (cd "$out/run/$1" && "../../tests/fuzz-$1" -minimize_crash=1 -max_total_time=10 -timeout=10 \
            -exact_artifact_path="$root/$small" "$root/$failed") >/dev/null 2>&1 || true
        mkdir -p "$trees/findings/$1"
        name=$(sha1sum <"$small" | cut -c 1-12)
        mv "$small" "$trees/findings/$1/$name"
        kept=$((kept + 1))
    done
    echo "$kept"
}

fuzz() { # TARGET|all SECONDS
    build fuzz
    names=$(targets "$1")
    count=$(echo "$names" | wc -l)
    each=$((($2 * jobs + count - 1) / count))
    [ "$count" -ge "$jobs" ] || each=$2
    export ASAN_OPTIONS=detect_leaks=1:malloc_context_size=8:quarantine_size_mb=16
    export UBSAN_OPTIONS=print_stacktrace=1
    running=0
    for name in $names; do
        run_one "$name" "$each" &
        running=$((running + 1))
        if [ "$running" = "$jobs" ]; then
            wait
            running=0
        fi
    done
    wait
    found=0
    printf '%-10s %12s %10s %8s\n' target executions exec/s findings
    for name in $names; do
        log=$out/$name.log
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
        kept=$(keep_failed "$name")
        found=$((found + kept))
        printf '%-10s %12s %10s %8s\n' "$name" "${runs:-?}" "${speed:-?}" "$kept"
        printf '%s %s %s\n' "$name" "${runs:-0}" "$each" >>"$out/runs.txt"
        if [ "$kept" != 0 ]; then
            grep -m 1 -E '^[a-z./]*\.[ch]:[0-9]+:|ERROR: |runtime error' "$log" | sed 's/^/    /'
            for input in $(ls -t "$trees/findings/$name" | head -n "$kept"); do
                echo "    gdb -ex 'break check_failed' -ex run --args" \
                    "$out/tests/fuzz-$name $trees/findings/$name/$input"
            done
        fi
    done
    [ "$found" = 0 ]
}

minimise() { # TARGET|all
    build fuzz
    for name in $(targets "$1"); do
        mkdir -p "$out/corpus/$name" "$out/run/$name" "$trees/corpus/$name"
        rm -rf "$out/merged"
        mkdir "$out/merged"
        # Counters would keep an input for each number of times that a branch is taken.
        (cd "$out/run/$name" && "../../tests/fuzz-$name" -set_cover_merge=1 -use_counters=0 \
            -use_cmp=0 -max_len="$(max_len "$name")" "$root/$out/merged" \
            "$root/$trees/corpus/$name" "$root/$out/corpus/$name") >"$out/$name.log" 2>&1
        before=$(ls "$trees/corpus/$name" | wc -l)
        rm -rf "${trees:?}/corpus/$name"
        mv "$out/merged" "$trees/corpus/$name"
        echo "$name: $before inputs before, $(ls "$trees/corpus/$name" | wc -l) now"
    done
}

# The source files that a target is about: the end of its head, from "Covers:" on.
sources() { # TARGET
    awk '/^ \* Covers: / { on = 1; sub(/Covers: /, "") }
        on { end = /\*\//; sub(/^ *\*/, ""); sub(/\*\//, ""); gsub(/,/, " "); printf "%s ", $0 }
        on && end { exit }' "$trees/$1.c"
}

# Prints a row for each of a target's source files, from llvm-cov's lines (lcov's format): all its
# lines, and those of the functions that ran at all.
coverage_rows() { # TARGET
    awk -F '[:,]' -v target="$1" -v files="$(sources "$1")" '
        BEGIN { n = split(files, list, " ") }
        $1 == "SF" {
            file = ""
            for (i = 1; i <= n; i++) if ($2 ~ "/host/" list[i] "$") file = list[i]
            name = ""
            split("", starts)
            split("", ran)
        }
        $1 == "FN" && file != "" { starts[$2] = $3 $4 }
        $1 == "FNDA" && $2 > 0 { ran[$3 $4] = 1 }
        $1 == "DA" && file != "" {
            if ($2 in starts) name = starts[$2]
            lines[file]++; reached[file] += (name in ran) || $3 > 0
            hit[file] += ($3 > 0)
        }
        END {
            for (i = 1; i <= n; i++) {
                file = list[i]
                if (reached[file] > 0)
                    printf("%-10s %-26s %6d %8.1f%% %8d %8.1f%%\n", target, file, lines[file],
                        100 * hit[file] / lines[file], reached[file],
                        100 * hit[file] / reached[file])
            }
        }'
}

coverage() {
    build fuzz-coverage
    cover=build/fuzz-coverage
    printf '%-10s %-26s %6s %9s %8s %9s\n' target "file in host/" lines covered "in run" covered
    for name in $(targets all); do
        run=$cover/tests/run/fuzz.$name
        mkdir -p "$run" "$out/corpus/$name"
        (cd "$run" && LLVM_PROFILE_FILE=profile "../../fuzz-$name" "$root/$trees/corpus/$name" \
            "$root/$trees/findings/$name" "$root/$trees/seeds/$name" "$root/$out/corpus/$name") \
            >/dev/null
        llvm-profdata merge -sparse "$run/profile" -o "$run/profile.data"
        llvm-cov export -format=lcov "$cover/tests/fuzz-$name" \
            -instr-profile="$run/profile.data" >"$run/lines.txt"
        coverage_rows "$name" <"$run/lines.txt"
    done
}

case ${1:-all} in
--coverage) coverage ;;
--minimise) minimise "${2:-all}" ;;
-*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
*) fuzz "${1:-all}" "${2:-60}" ;;
esac
