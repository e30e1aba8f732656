#!/bin/sh
# npm.sh: installs Node, and from npm what tests in a folder need. The exit code is 77, with the
# reason, if that is not possible: the tests are skipped then.
#
#   sh scripts/npm.sh browser|websocket
#
# Packages go into build/FOLDER/, in the versions that tests/FOLDER/package-lock.json names and with
# the hashes it names. Nothing that they bring is run.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/packages.sh"
name=$1
folder=$root/build/$name

give_up() {
    echo "The tests in tests/$name are skipped: $1" >&2
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

need node nodejs
need npm npm
if ! cmp -s "$root/tests/$name/package-lock.json" "$folder/installed"; then
    cp "$root/tests/$name/package.json" "$root/tests/$name/package-lock.json" "$folder"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >"$folder/npm.log" 2>&1 ||
        give_up "npm cannot install what they need: $folder/npm.log says why"
    cp "$folder/package-lock.json" "$folder/installed"
fi
