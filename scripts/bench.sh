#!/bin/sh
# bench.sh: Portico beside a raw epoll loop, libuv and Boost.Asio on the same work: tables, data and pictures.
#
#   sh scripts/bench.sh [quick] [PART...]
#
# Without `quick` it takes some twelve minutes, nothing else should run then, and what it finds replaces tests/bench/results/. With it, under a
# minute, and build/linux/bench-quick/. PARTs (default: all): echo broadcast churn workers calls allocations idle swap.
# Missing Debian packages are installed.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/packages.sh"
build=$root/build/linux

results=$root/tests/bench/results
quick=
if [ "${1:-}" = quick ]; then
    results=$build/bench-quick
    quick=--quick
    shift
fi
only=$(echo "$*" | tr ' ' ,)

# shellcheck disable=SC2086 # lists of names
packages_need $PACKAGES_BUILD $PACKAGES_BENCH >&2
(cd "$root" && cmake --preset linux && cmake --build "$build") >&2

python3 "$root/tests/bench/compare.py" "$build" "$results" $quick ${only:+--only "$only"}
sed -n '/^## Goals/,/^## Echo/{ /^|/p }' "$results/report.md"
echo "All of it: $results/report.md"
