#!/bin/sh
# run.sh: builds Portico and runs it. It needs nothing but this source tree and a shell: it installs
# missing Debian packages.
#
#   sh scripts/run.sh [linux|windows] [ARGUMENT...]
#
# linux (the default) runs the native build, windows runs portico.exe under Wine. The arguments are
# passed to portico, which runs in build/<system>/; without any it serves conf/portico.ini there. A
# file that is not there is taken from your working folder. Ctrl+C and SIGTERM stop portico
# gracefully.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/build.sh"

system=linux
case "${1:-}" in
linux | windows)
    system=$1
    shift
    ;;
esac
folder=$root/build/$system

build_for "$system" portico_serve
if [ $# = 0 ]; then
    set -- run conf/portico.ini
fi

# Make the names of files absolute that are in the working folder, but not in build/<system>/.
count=$#
while [ "$count" -gt 0 ]; do
    argument=$1
    shift
    if [ ! -e "$folder/$argument" ] && [ -f "$argument" ]; then
        case "$argument" in
        /*) ;;
        *) argument=$(pwd)/$argument ;;
        esac
    fi
    set -- "$@" "$argument"
    count=$((count - 1))
done
cd "$folder"

if [ "$system" = linux ]; then
    exec bin/portico "$@"
fi

# If this script was started in the background of another, SIGINT is ignored, and no shell can
# change that; env can.
WINEDLLPATH=$folder/wine
export WINEDLLPATH
exec env --default-signal=INT,TERM,HUP sh "$root/scripts/wine.sh" --serve bin/portico.exe "$@"
