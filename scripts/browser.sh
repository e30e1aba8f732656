#!/bin/sh
# browser.sh: installs what the tests of pages need: Chromium, Node and playwright-core, which
# drives it. The exit code is 77 if that is not possible: the tests are skipped then.
#
#   sh scripts/browser.sh
#
# scripts/npm.sh installs playwright-core. It downloads no browser: Chromium is Debian's.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/packages.sh"

# Several tests may come here at once.
mkdir -p "$root/build/browser"
exec 9>"$root/build/browser/chromium.lock"
flock 9

command -v chromium >/dev/null 2>&1 || packages_need chromium || :
if ! command -v chromium >/dev/null 2>&1; then
    echo "The tests of pages are skipped: Chromium cannot be installed" >&2
    exit 77
fi
exec sh "$root/scripts/npm.sh" browser
