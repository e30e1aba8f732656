#!/bin/sh
# browser.sh: installs what the tests of pages need: Chromium, Node and playwright-core, which drives
# it. The exit code is 77 if that is not possible: the tests are skipped then.
#
#   sh scripts/browser.sh
#
# playwright-core goes into build/browser/, in the version that tests/browser/package-lock.json names
# and with the hash it names. It downloads no browser: Chromium is Debian's.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/packages.sh"
folder=$root/build/browser

give_up() {
    echo "The tests of pages are skipped: $1" >&2
    exit 77
}

# need COMMAND PACKAGE: other sources of Node bring npm along, and have no package of that name.
need() {
    command -v "$1" >/dev/null 2>&1 && return
    if ! packages_need "$2" || ! command -v "$1" >/dev/null 2>&1; then
        give_up "there is no $1, and the package $2 cannot be installed"
    fi
}

# Several tests may come here at once.
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9

need chromium chromium
need node nodejs
need npm npm
if ! cmp -s "$root/tests/browser/package-lock.json" "$folder/installed"; then
    cp "$root/tests/browser/package.json" "$root/tests/browser/package-lock.json" "$folder"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >"$folder/npm.log" 2>&1 ||
        give_up "npm cannot install playwright-core: $folder/npm.log says why"
    cp "$folder/package-lock.json" "$folder/installed"
fi
