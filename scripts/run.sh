#!/bin/sh
# run.sh: builds Portico and runs it, on a system that has nothing but this source tree and a shell.
#
#   sh scripts/run.sh [linux|windows] [ARGUMENT...]
#
# linux (the default) runs the native build, windows runs portico.exe under Wine. The arguments go to
# portico, which runs in build/<system>/; without any it serves conf/portico.ini there. Files are looked for
# there first, then where you are. Ctrl+C or SIGTERM stop it in good order.
# Missing Debian packages are installed; a second start installs and builds nothing.
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

# Names of files that are not in build/<system>/ but in the working folder become absolute.
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

# A shell that was started in the background of a script could not catch Ctrl+C; env gives that back.
WINEDLLPATH=$folder/wine
export WINEDLLPATH
exec env --default-signal=INT,TERM,HUP sh "$root/scripts/wine.sh" --serve bin/portico.exe "$@"
