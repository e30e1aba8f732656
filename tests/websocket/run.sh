#!/bin/sh
# run.sh [OPTION...]: runs peers.mjs in Node, with npm's ws. 77: it is skipped.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$here/../..
sh "$root/scripts/npm.sh" websocket
PORTICO_WS=$(CDPATH='' cd -- "$root/build/websocket" && pwd)
export PORTICO_WS
exec node "$here/peers.mjs" "$@"
