# build.sh: builds for one system, for the scripts that run what is built. Read with `.`, after `root` is set; not run.
#
# build_for linux|windows|windows-clang TARGET... builds in build/<system>/, installs Debian packages that are missing, and configures
# when that was not done before. What it says goes to stderr.

. "$root/scripts/packages.sh"

build_for() {
    build_system=$1
    build_folder=$root/build/$build_system
    shift
    {
        # shellcheck disable=SC2086 # lists of names
        case $build_system in
        windows) packages_need $PACKAGES_BUILD $PACKAGES_WINDOWS ;;
        windows-clang) packages_need $PACKAGES_BUILD $PACKAGES_WINDOWS clang lld ;;
        *) packages_need $PACKAGES_BUILD ;;
        esac
        if [ -e "$build_folder/build.ninja" ] && [ -e "$build_folder/CMakeCache.txt" ]; then
            cmake --build "$build_folder" --target "$@" -- --quiet
        else
            (cd "$root" && cmake --preset "$build_system")
            cmake --build "$build_folder" --target "$@"
        fi
    } >&2
}
