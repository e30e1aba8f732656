# arena_demo.sh: what swap_demo.sh and crash_demo.sh share: a copy of plugins/arena.c that is built
# like a module outside this tree, its host, and two players. Read with `.` by scripts that have set
# `root` and `demo`, their name; not run.
#
#   demo_begin [linux|windows]    builds what it needs first, as run.sh does
#   demo_begin --built FOLDER     uses what is built in FOLDER (for the tests)
#
# All files are in a folder of their own in the build folder, `folder`, which is removed at the end,
# except after a failure.

. "$root/scripts/build.sh"

demo_begin() {
    case "${1:-linux}" in
    linux | windows)
        system=${1:-linux}
        build_for "$system" portico_serve arena_watch
        build=$root/build/$system
        ;;
    --built)
        build=$(CDPATH='' cd -- "$2" && pwd)
        ;;
    *)
        echo "usage: $demo.sh [linux|windows] | --built FOLDER" >&2
        exit 2
        ;;
    esac
    folder=$(mktemp -d "$build/$demo.XXXXXX")
    host_pid=
    client_pid=
    trap demo_end EXIT
    trap 'exit 130' INT TERM
    # Programs of the Windows build run under Wine.
    if [ -e "$build/bin/portico.exe" ]; then
        suffix=.exe
        toolchain=--toolchain=$root/cmake/toolchains/mingw-w64.cmake
        WINEDLLPATH=$build/wine
        export WINEDLLPATH
        sh "$root/scripts/wine.sh" --prepare
    else
        suffix=
        toolchain=-Wno-dev
    fi
    demo_prepare
}

# Replaces the shell that calls it.
run() {
    if [ -n "$suffix" ]; then
        exec env --default-signal=INT,TERM sh "$root/scripts/wine.sh" --serve "$@"
    fi
    exec env --default-signal=INT,TERM "$@"
}

# Stops the host and the client if they are still running, and cleans up.
demo_end() {
    code=$?
    trap - EXIT INT TERM
    for pid in $client_pid $host_pid; do
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    if [ $code = 0 ]; then
        rm -rf "$folder"
    else
        echo "$demo.sh failed. Its files are in $folder; host.log ends with:" >&2
        tail -n 20 "$folder/host.log" 2>/dev/null >&2 || true
    fi
    exit $code
}

fail() {
    echo "$1" >&2
    exit 1
}

now_ms() { date +%s%3N; }

# Reads the client's next line. The client ends if it has nothing to say for long.
read_line() {
    read -r line <&3 || line="(the client has ended)"
}

# The client's next line must be `$1`.
expect() {
    read_line
    [ "$line" = "$1" ] || fail "A player should have seen: $1; saw: $line"
    echo "  a player sees: $line"
}

# wait_for PATTERN FILE [COUNT]: waits for the host to write a line into the file, or that many.
wait_for() {
    tries=0
    while [ ! -e "$2" ] || [ "$(grep -c "$1" "$2" || true)" -lt "${3:-1}" ]; do
        tries=$((tries + 1))
        if [ $tries -gt 600 ] || ! kill -0 "$host_pid" 2>/dev/null; then
            fail "The host wrote no line with $1 into $2"
        fi
        sleep 0.1
    done
}

build_arena() {
    cmake --build "$folder/arena/build" >>"$folder/build.log" 2>&1 ||
        fail "The build failed: $(cat "$folder/build.log")"
}

ctl() { (cd "$folder" && run "$build/bin/portico$suffix" ctl -c host.ini "$@"); }

# ---- a module outside the tree, its host, and its players ----------------------------------------

demo_prepare() {
    mkdir "$folder/arena" "$folder/modules"
    cp "$root/plugins/arena.c" "$folder/arena/arena.c"
    cat >"$folder/arena/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.20)
project(arena LANGUAGES C)
set(CMAKE_C_STANDARD 11)
set(CMAKE_BUILD_TYPE RelWithDebInfo)
add_library(portico::sdk INTERFACE IMPORTED)
target_include_directories(portico::sdk INTERFACE "${PORTICO_SOURCE}/sdk/include")
include("${PORTICO_SOURCE}/cmake/PorticoModule.cmake")
portico_add_module(arena arena.c)
CMAKE
    cmake -G Ninja -S "$folder/arena" -B "$folder/arena/build" "$toolchain" \
        "-DPORTICO_SOURCE=$root" "-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=$folder/modules" \
        >"$folder/build.log"
    cat >"$folder/host.ini" <<'INI'
[host]
run_dir = run
ready_file = ready

[admin]
port = 0

[modules]
dir = modules
watch = yes

[listener game]
address = 127.0.0.1
port = 0
type = arena.player
INI
}

# Starts the host. Its log is host.log.
host_begin() {
    rm -f "$folder/ready"
    (cd "$folder" && run "$build/bin/portico$suffix" run host.ini) >"$folder/host.log" 2>&1 &
    host_pid=$!
    wait_for '^listener game' "$folder/ready"
    port=$(sed -n 's/\r$//; s/^listener game .*://p' "$folder/ready")
}

# Two players enter a field; arguments are for arena_watch.
players_begin() {
    rm -f "$folder/seen"
    mkfifo "$folder/seen"
    (run "$build/tests/arena_watch$suffix" "$port" "$@") >"$folder/seen" 2>&1 &
    client_pid=$!
    exec 3<"$folder/seen"
}

# see_line WANTED: shows the next line of what the players see. There must be one, since WANTED is
# still to come.
see_line() {
    read_line
    [ "$line" != "(the client has ended)" ] || fail "A player should have seen: $1"
    echo "  a player sees: $line"
}

# see_until LINE: shows what the players see, up to this.
see_until() {
    line=
    while [ "$line" != "$1" ]; do
        see_line "$1"
    done
}

# see_both LINE LINE: the same up to the later of the two.
see_both() {
    first=
    second=
    while [ -z "$first" ] || [ -z "$second" ]; do
        see_line "$1, and: $2"
        case $line in
        "$1") first=seen ;;
        "$2") second=seen ;;
        esac
    done
}

# Stops the host, which the players notice.
host_end() {
    echo "The demonstration is over: ctl stop"
    ctl stop
    see_until "the host has closed the connection"
    wait "$client_pid"
    client_pid=
    wait "$host_pid"
    host_pid=
    exec 3<&-
}
