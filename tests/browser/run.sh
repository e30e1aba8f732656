#!/bin/sh
# run.sh COMMAND...: runs a test that opens pages in Chromium. 77: it is skipped.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
sh "$root/scripts/browser.sh"
PORTICO_PLAYWRIGHT=$root/build/browser
PORTICO_CHROMIUM=$(command -v chromium)
export PORTICO_PLAYWRIGHT PORTICO_CHROMIUM
exec "$@"
