#!/bin/sh
# mutate.sh: how good are the tests? Applies small mistakes to copies of the source and looks which
# tests notice. See tests/mutants/README.md.
#
#   sh scripts/mutate.sh [NAME|AREA ...] [--with sim,contract,unit,integration,tsan]
#                        [--seconds S] [--jobs N] [--left] [--again] [--table]
#
# Without names: all mutants. --with: the tests to run, if not all. --seconds: how long each kind of
# test may take for each mutant, 45. --jobs: how many copies of the tree work at once, 1. Results
# are added to build/mutants/results.csv; a run that was ended continues from there unless --again
# is given. --left: only mutants that nothing has caught so far, each until something does. --table
# only prints the results.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/packages.sh"
# shellcheck disable=SC2086 # lists of names
packages_need $PACKAGES_BUILD $PACKAGES_TEST python3
exec python3 -B "$root/tests/mutants/mutate.py" "$@"
