# packages.sh: what the other scripts need of the system. Read with `.`, not run.
#
# packages_need NAME... installs those Debian packages that are missing, and asks the archive for nothing
# when none is. Only Debian and its relatives are known; on others it names what to install.

PACKAGES_BUILD="gcc libc6-dev cmake ninja-build pkg-config libinih-dev uthash-dev"
# winegcc does not start without g++, though it compiles C only.
PACKAGES_WINDOWS="g++ gcc-mingw-w64-x86-64-posix wine wine64 wine64-tools libwine-dev"
PACKAGES_TEST="g++-mingw-w64-x86-64-posix clang lld libclang-rt-dev llvm clang-tidy clang-format cppcheck"
# Modules in C++ need these, for Linux and for Windows.
PACKAGES_CXX="g++"
PACKAGES_CXX_WINDOWS="g++-mingw-w64-x86-64-posix"
# What Portico is compared with, and what measures and draws.
PACKAGES_BENCH="g++ libuv1-dev libboost-dev gnuplot-nox strace python3"

packages_have() {
    [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
}

packages_need() {
    if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
        echo "This is no Debian or Ubuntu: nothing is installed for you. Needed, by their Debian names: $*" >&2
        return 0
    fi
    packages_missing=""
    for package in "$@"; do
        packages_have "$package" || packages_missing="$packages_missing $package"
    done
    if [ -z "$packages_missing" ]; then
        return 0
    fi
    packages_root=""
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "Missing packages; as root, run: apt-get install$packages_missing" >&2
            return 1
        fi
        packages_root="sudo"
    fi
    echo "Installing:$packages_missing" >&2
    # shellcheck disable=SC2086 # a list of names
    packages_output=$({ $packages_root apt-get update -qq &&
        $packages_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends $packages_missing; } 2>&1) || {
        echo "$packages_output" >&2
        return 1
    }
}
