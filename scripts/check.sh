#!/bin/sh
# check.sh: checks the source without running it. With PORTICO_CHECKS on, these are tests of a
# preset.
#
#   sh scripts/check.sh [format|cppcheck|tidy|all|fix] [BUILD]
#
#   format    clang-format would change no file; `fix` lets it
#   cppcheck  cppcheck finds nothing
#   tidy      clang-tidy finds nothing (.clang-tidy), in the native sources and those for Windows
# BUILD is a configured build folder, by default build/linux; tidy uses build/windows beside it as
# well. Your own modules in plugins/ are not checked.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
what=${1:-all}
build=${2:-$root/build/linux}
cd "$root"
shipped=$(sed -n 's/^set(shipped \(.*\))$/\1/p' plugins/CMakeLists.txt)

# Passes on the paths that are not a user's files in plugins/.
not_users() {
    awk -v shipped="$shipped" '
        BEGIN { n = split(shipped, names, " "); for (i = 1; i <= n; i++) ours["plugins/" names[i]] }
        !/^plugins\// || $0 in ours'
}

# Prints the C and C++ files below the folders named, sorted.
c_files() {
    find "$@" -name '*.[ch]' -o -name '*.[ch]pp' | not_users | LC_ALL=C sort
}

check_format() {
    c_files host sdk plugins tests | xargs clang-format --dry-run --Werror
}

# The suppressions: the compilers check formats, and know that a small constant may be printed as
# %u. SO_UPDATE_CONNECT_CONTEXT takes no value, so the NULL in connect.c is right. In tests a failed
# expectation ends the process, which cppcheck does not see and takes for leaks.
check_cppcheck() {
    options="--quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr -j 2
        --enable=warning,performance,portability -Ihost -Isdk/include -Itests
        --suppress=missingIncludeSystem --suppress=readdirCalled --suppress=strtokCalled
        --suppress=invalidPrintfArgType_uint"
    posix="--library=posix -D__linux__ -D__x86_64__ -U_WIN32"
    windows="--platform=win64 --library=windows -D_WIN32 -D_WIN64 -D__x86_64__ -U__linux__
        --suppress=nullPointer:host/os/windows/connect.c"
    # shellcheck disable=SC2046,SC2086 # lists of options and files
    {
        cppcheck $options $posix $(c_files host plugins | grep '\.c$' | grep -v '^host/os/windows/')
        cppcheck $options $posix --suppress=resourceLeak --suppress=memleak \
            --suppress=memleakOnRealloc --suppress=nullPointerRedundantCheck \
            $(c_files tests | grep '\.c$')
        cppcheck $options $windows $(c_files host/os/windows | grep '\.c$')
    }
}

# tidy_build BUILD PATTERN OPTION...: runs clang-tidy on the C files that a build compiles, two at a
# time. The pattern chooses among paths from the top of the source tree. clang-tidy uses the target
# from the list of commands, but ignores gcc's options that it does not know.
tidy_build() {
    tidy_folder=$1
    tidy_pattern=$2
    shift 2
    sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$tidy_folder/compile_commands.json" |
        awk -v root="$root/" 'index($0, root) == 1 { print substr($0, length(root) + 1) }' |
        grep '\.c$' | grep -E "$tidy_pattern" | not_users | LC_ALL=C sort -u |
        xargs -n 4 -P 2 clang-tidy --quiet -p "$tidy_folder" \
            --extra-arg=-Wno-unknown-warning-option \
            --extra-arg=-Wno-unused-command-line-argument "$@" 2>/dev/null
}

# Nine tenths of the time are the analyzer's. In tests it follows fewer paths, and only short
# functions into their calls; all checks are on.
tidy_shallow="--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang
    --extra-arg=mode=shallow"

check_tidy() {
    found=0
    tidy_build "$build" '^(build|host|plugins|sdk)/' || found=1
    # shellcheck disable=SC2086 # a list of options
    tidy_build "$build" '^tests/' $tidy_shallow || found=1
    windows=$(dirname "$build")/windows
    if [ -e "$windows/compile_commands.json" ]; then
        tidy_build "$windows" '^host/os/windows/' || found=1
    fi
    return $found
}

case $what in
format | cppcheck | tidy) "check_$what" ;;
fix) c_files host sdk plugins tests | xargs clang-format -i ;;
all)
    for one in format cppcheck tidy; do
        echo "== $one"
        "check_$one"
    done
    ;;
*)
    echo "usage: check.sh [format|cppcheck|tidy|all|fix] [BUILD]" >&2
    exit 2
    ;;
esac
