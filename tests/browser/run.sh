#!/bin/sh
# run.sh SCENARIO [OPTION...]: runs SCENARIO.mjs in Node, with a Chromium. 77: it is skipped.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$here/../..
sh "$root/scripts/browser.sh"
scenario=$1
shift
PORTICO_PLAYWRIGHT=$(CDPATH='' cd -- "$root/build/browser" && pwd)
PORTICO_CHROMIUM=$(command -v chromium)
export PORTICO_PLAYWRIGHT PORTICO_CHROMIUM
exec node "$here/$scenario.mjs" "$@"
