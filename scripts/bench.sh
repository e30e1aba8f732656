#!/bin/sh
# bench.sh: Portico beside a raw epoll loop, libuv and Boost.Asio on the same work: tables, data and pictures.
#
#   sh scripts/bench.sh [quick] [PART...]
#
# Without `quick` it takes some twenty minutes, nothing else should run then, and what it finds replaces tests/bench/results/. With it, under a
# minute, and build/linux/bench-quick/. PARTs: echo broadcast churn workers toil calls allocations idle swap grow wine; default: all, with
# quick all but grow, which takes long, and wine, for which the Windows build is needed as well.
# Missing Debian packages are installed.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/build.sh"
build=$root/build/linux

results=$root/tests/bench/results
quick=
if [ "${1:-}" = quick ]; then
    results=$build/bench-quick
    quick=--quick
    shift
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

python3 "$root/tests/bench/compare.py" "$build" "$results" $quick --only "$(echo "$parts" | tr ' ' ,)"
sed -n '/^## Goals/,/^## Echo/{ /^|/p }' "$results/report.md"
echo "All of it: $results/report.md"
