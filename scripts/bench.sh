#!/bin/sh
# bench.sh: Portico beside a raw epoll loop, libuv and Boost.Asio on the same work: tables, data and pictures.
#
#   sh scripts/bench.sh [quick] [PART...]
#
# Without `quick` it takes some twenty minutes; nothing else should run then. Samples are kept in build/linux/bench/. A run of all parts
# replaces the report in tests/bench/results/, any other writes it beside the samples. With `quick` it takes under a minute, and
# everything is in build/linux/bench-quick/. PARTs: echo broadcast churn workers toil calls allocations idle swap grow wine; default: all,
# with quick all but grow, which takes long, and wine, which needs the Windows build as well.
# Missing Debian packages are installed.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/build.sh"
build=$root/build/linux

samples=$build/bench
report=$samples
quick=
if [ "${1:-}" = quick ]; then
    samples=$build/bench-quick
    report=$samples
    quick=--quick
    shift
elif [ $# = 0 ]; then
    report=$root/tests/bench/results
fi
all="echo broadcast churn workers toil calls allocations idle swap"
[ -n "$quick" ] || all="$all grow wine"
parts=${*:-$all}

# shellcheck disable=SC2086 # lists of names
packages_need $PACKAGES_BUILD $PACKAGES_BENCH >&2
(cd "$root" && cmake --preset linux && cmake --build "$build") >&2
case " $parts " in
*" wine "*) build_for windows-clang portico_serve bench-raw_iocp || echo "Nothing will be measured under Wine" >&2 ;;
esac

python3 "$root/tests/bench/compare.py" "$build" "$samples" "$report" $quick --only "$(echo "$parts" | tr ' ' ,)"
sed -n '/^## Goals/,/^## Echo/{ /^|/p }' "$report/report.md"
echo "All of it: $report/report.md"
