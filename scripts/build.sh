# build.sh: builds for one system. Read with `.` by scripts that have set `root`; not run.
#
# build_for linux|windows|windows-clang TARGET... builds in build/<system>/. It installs missing
# Debian packages and, the first time, configures. It prints one line to stderr if there is
# something to build, otherwise nothing. What the build prints goes to build/<system>/build.log, and
# also to stderr if the build fails.

. "$root/scripts/packages.sh"

build_for() {
    build_system=$1
    build_folder=$root/build/$build_system
    build_log=$build_folder/build.log
    shift
    build_packages || return
    mkdir -p "$build_folder"
    rm -f "$build_folder/build.ok"
    if [ -e "$build_folder/build.ninja" ] && [ -e "$build_folder/CMakeCache.txt" ]; then
        build_first=
    else
        build_first=yes
        echo "Building Portico for $build_system; the first build takes a minute or two" >&2
    fi
    {
        if [ -n "$build_first" ]; then
            (cd "$root" && cmake --preset "$build_system") || exit
        fi
        cmake --build "$build_folder" --target "$@" && : >"$build_folder/build.ok"
    } 2>&1 | build_watch
    if [ ! -e "$build_folder/build.ok" ]; then
        cat "$build_log" >&2
        echo "The build failed; the output above is also in $build_log" >&2
        return 1
    fi
}

# Installs what the build for $build_system needs.
build_packages() {
    # shellcheck disable=SC2086 # lists of names
    case $build_system in
    windows) set -- $PACKAGES_BUILD $PACKAGES_WINDOWS ;;
    windows-clang) set -- $PACKAGES_BUILD $PACKAGES_WINDOWS clang lld ;;
    *) set -- $PACKAGES_BUILD ;;
    esac
    # The example in C++ is left out where there is no compiler for it.
    if [ -n "$(find "$root/plugins" '(' -name '*.cpp' -o -name '*.cc' ')' \
        ! -name arena_cpp.cpp)" ]; then
        case $build_system in
        windows*) set -- "$@" "$PACKAGES_CXX_WINDOWS" ;;
        *) set -- "$@" "$PACKAGES_CXX" ;;
        esac
    fi
    packages_need "$@"
}

# Copies a build's output to the log and says when the first file is built.
build_watch() {
    while IFS= read -r line; do
        printf '%s\n' "$line"
        case $line in
        "[0/"* | *"] Re-running CMake"*) ;;
        "["[0-9]*"/"[0-9]*"] "*)
            if [ -z "$build_first" ]; then
                build_first=said
                echo "Building what has changed" >&2
            fi
            ;;
        esac
    done >"$build_log"
}
