#!/bin/sh
# picture.sh BUILD [arena|dashboard]: takes the picture of the arena for the README, and those of
# the dashboard for host/admin/README.md, with what is built in BUILD.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$1" && pwd)
cmake --build "$build" --target portico_serve module-arena_next module-arena_crash

# take NAME TO: NAME.mjs takes pictures.
take() {
    sh "$here/run.sh" node "$here/$1.mjs" --exe "$build/bin/portico" --build "$build" --suffix .so \
        --next "$build/tests/browser/arena_next.so" --crash "$build/tests/browser/arena_crash.so" \
        --folder "/tmp/portico-$1" --picture "$2"
}

case ${2:-all} in
arena) take arena "$here/../../plugins/arena/arena.png" ;;
dashboard) take dashboard "$here/../../host/admin/pictures" ;;
all)
    take arena "$here/../../plugins/arena/arena.png"
    take dashboard "$here/../../host/admin/pictures"
    ;;
esac
