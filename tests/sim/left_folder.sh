#!/bin/sh
# left_folder.sh TEST-SIM: a run is the same in a process that finds the folder of a killed process
# with its id. Without that, one in a thousand runs on a busy machine was another.
set -eu

if [ "${2-}" = left ]; then
    id=$(printf %010d $$)
    parent=/dev/shm
    [ -d "$parent" ] || parent=${PORTICO_TEST_DIR:-.}
    mkdir -p "$parent/portico-sim-$id/$id"
    : >"$parent/portico-sim-$id/$id/ready"
    exec "$1" echo 1
fi

first=$("$1" echo 1 2>/dev/null | grep -o 'hash [0-9a-f]*')
second=$(sh "$0" "$1" left 2>/dev/null | grep -o 'hash [0-9a-f]*')
echo "$first in an empty folder, $second in one that was left"
[ -n "$first" ] && [ "$first" = "$second" ]
