#!/bin/sh
# simulate.sh: runs the whole host on the simulated system, in which a seed decides everything. See
# tests/sim/README.md.
#
#   sh scripts/simulate.sh [--asan|--tsan] [SCENARIO|all] [SECONDS] [KEY=VALUE ...]
#                                              explores new seeds on all cores, for 60 s
#   sh scripts/simulate.sh [--asan|--tsan] SCENARIO SEED [KEY=VALUE ...]
#                                              repeats one seed and prints each call
#   sh scripts/simulate.sh --totals            prints what all explorations have added up to
#
# A number up to 86400 is SECONDS, a larger one is a SEED; seed=N is a seed of any size. Missing
# Debian packages are installed. Failures are kept in build/PRESET/sim-failures/ and shrunk, and the
# commands that repeat them are printed. The exit code is 0 if no seed failed. Totals are added to
# build/sim-totals.txt.
#
# PORTICO_SIM_JOBS  how many seeds run at once; default: as many as there are processors
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
totals=$root/build/sim-totals.txt

# The columns are those of append_totals() in tests/sim/explore.c.
print_totals() {
    if [ ! -e "$totals" ]; then
        echo "Nothing has been explored yet: there is no $totals" >&2
        return
    fi
    awk '
    {
        name = $2 ($1 == "plain" ? "" : " (" $1 ")")
        seeds[name] += $4; failed[name] += $5; cpu[name] += $7; simulated[name] += $8
        calls[name] += $9; points[name] += $11; faults[name] += $12
    }
    function row(name, count, cpu_ms, simulated_ms, all, struck, bad) {
        return sprintf("| %s | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f |", name, count,
            cpu_ms > 0 ? count * 1000 / cpu_ms : 0, cpu_ms > 0 ? simulated_ms / cpu_ms : 0, all,
            struck, bad)
    }
    END {
        print "| scenario | seeds | seeds per second and core | simulated to real time |" \
            " fault points | faults | failed |"
        print "|---|---:|---:|---:|---:|---:|---:|"
        fflush()
        for (name in seeds) {
            print row(name, seeds[name], cpu[name], simulated[name], points[name], faults[name],
                failed[name]) | "sort"
            a += seeds[name]; b += cpu[name]; c += simulated[name]; d += points[name]
            e += faults[name]; f += failed[name]
        }
        close("sort")
        print row("all", a, b, c, d, e, f)
    }' "$totals"
}

preset=linux
case ${1-} in
--totals)
    print_totals
    exit
    ;;
--asan | --tsan)
    preset=${1#--}
    shift
    ;;
esac

. "$root/scripts/build.sh"
[ "$preset" = linux ] || packages_need clang libclang-rt-dev
build_for "$preset" test-sim
test=$root/build/$preset/tests/test-sim

scenario=all
seconds=60
seed=
case ${1-} in
[a-z]*=*) ;;
[a-z]*)
    scenario=$1
    shift
    ;;
esac
case ${1-} in
seed=*)
    seed=${1#seed=}
    shift
    ;;
[0-9]*)
    if [ "$1" -gt 86400 ]; then
        seed=$1
    else
        seconds=$1
    fi
    shift
    ;;
esac

if [ -n "$seed" ]; then
    exec "$test" "$scenario" "$seed" trace=1 "$@"
fi
exec "$test" explore "$scenario" "$seconds" jobs="${PORTICO_SIM_JOBS:-$(nproc)}" \
    keep="$root/build/$preset/sim-failures" totals="$totals" "$@"
