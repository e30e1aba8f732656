#!/bin/sh
# picture.sh BUILD: takes the picture of the arena for README.md, with what is built in BUILD.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$1" && pwd)
cmake --build "$build" --target portico_serve module-arena_next
sh "$here/run.sh" node "$here/arena.mjs" --exe "$build/bin/portico" --build "$build" --suffix .so \
    --next "$build/tests/browser/arena_next.so" --folder "$build/tests/run/browser.arena/picture" \
    --picture "$here/../../plugins/arena/arena.png"
