# packages.sh: the Debian packages that the other scripts need. Read with `.`, not run.
#
# packages_need NAME... installs the packages that are missing; if none is, it asks the archive for
# nothing. On systems other than Debian and its relatives it names what to install.

PACKAGES_BUILD="gcc libc6-dev cmake ninja-build pkg-config libinih-dev libssl-dev
    uthash-dev"
# winegcc does not start without g++, although it compiles only C here.
PACKAGES_WINDOWS="g++ gcc-mingw-w64-x86-64-posix wine wine64 wine64-tools libwine-dev"
PACKAGES_TEST="g++-mingw-w64-x86-64-posix clang lld libclang-rt-dev llvm clang-tidy clang-format
    cppcheck openssl testssl.sh prometheus python3 python3-websockets nodejs"
# The preset fuzz and the coverage of what it reaches.
PACKAGES_FUZZ="clang libclang-rt-dev llvm"
# Modules in C++ need these, for Linux and for Windows.
PACKAGES_CXX="g++"
PACKAGES_CXX_WINDOWS="g++-mingw-w64-x86-64-posix"
# What Portico is compared with, and tools that measure and plot.
PACKAGES_BENCH="g++ libuv1-dev libboost-dev libwebsockets-dev gnuplot-nox strace python3"

packages_have() {
    [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
}

packages_need() {
    if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
        echo "Not Debian or Ubuntu, so nothing is installed. Needed, by Debian's names: $*" >&2
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
            echo "Packages are missing. As root, run: apt-get install$packages_missing" >&2
            return 1
        fi
        packages_root="sudo"
    fi
    echo "Installing:$packages_missing" >&2
    case "$packages_missing " in
    *" prometheus "*)
        # Only its programs are wanted: its service would listen on all addresses.
        if [ -d /run/systemd/system ]; then
            echo "To use the service: systemctl unmask --now prometheus" >&2
            $packages_root systemctl --quiet mask prometheus.service
        fi
        ;;
    esac
    # shellcheck disable=SC2086 # a list of names
    packages_output=$({ $packages_root apt-get update -qq &&
        $packages_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends $packages_missing; } 2>&1) || {
        echo "$packages_output" >&2
        return 1
    }
}
