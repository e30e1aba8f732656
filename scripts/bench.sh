#!/bin/sh
# bench.sh: compares Portico with a raw epoll loop, libuv and Boost.Asio on the same work, and over
# WebSocket with libwebsockets, npm's ws and uWebSockets, in tables and plots.
#
#   sh scripts/bench.sh [quick] [PART...]
#
# PARTs: echo websocket broadcast churn workers toil calls allocations idle swap grow wine; by
# default all, with quick all but grow, which takes long, and wine, which needs the Windows build.
#
#   all parts      about 20 minutes, on a machine that does nothing else; replaces the report in
#                  tests/bench/results/ and keeps the samples in build/linux/bench/
#   some parts     report and samples in build/linux/bench/
#   quick          under a minute; report and samples in build/linux/bench-quick/
#
# Missing Debian packages are installed, and npm's ws. uWebSockets is measured if it was built:
# cmake --preset linux -DPORTICO_BENCH_UWEBSOCKETS=FOLDER, a checkout with its submodule uSockets.
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
all="echo websocket broadcast churn workers toil calls allocations idle swap"
[ -n "$quick" ] || all="$all grow wine"
parts=${*:-$all}

# shellcheck disable=SC2086 # lists of names
packages_need $PACKAGES_BENCH
build_for linux all
case " $parts " in
*" websocket "* | *" idle "*)
    sh "$root/scripts/npm.sh" websocket || echo "There will be no measurements of npm's ws" >&2
    ;;
esac
case " $parts " in
*" wine "*)
    build_for windows-clang portico_serve bench-raw_iocp ||
        echo "There will be no measurements under Wine" >&2
    ;;
esac

python3 "$root/tests/bench/compare.py" "$build" "$samples" "$report" $quick \
    --only "$(echo "$parts" | tr ' ' ,)"
sed -n '/^## Goals/,/^## Echo/{ /^|/p }' "$report/report.md"
echo "All of it: $report/report.md"
