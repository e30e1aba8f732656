#!/bin/sh
# swap_demo.sh: a swap from saving a source file to what a player sees. Two players enter a field of
# the arena; the script edits a copy of plugins/arena.c, builds it, waits until the players see the
# new behaviour, and rolls back.
#
#   sh scripts/swap_demo.sh [linux|windows]    builds what it needs first, as run.sh does
#   sh scripts/swap_demo.sh --built FOLDER     uses what is built in FOLDER (for the tests)
#
# The module is built like one outside this tree. All files are in a folder of their own in the build
# folder, which the script removes at the end, except after a failure.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/build.sh"

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
    echo "usage: swap_demo.sh [linux|windows] | --built FOLDER" >&2
    exit 2
    ;;
esac

folder=$(mktemp -d "$build/swap_demo.XXXXXX")
host_pid=
client_pid=

# Programs of the Windows build run under Wine. `run` replaces the shell that calls it.
if [ -e "$build/bin/portico.exe" ]; then
    suffix=.exe
    toolchain=--toolchain=$root/cmake/toolchains/mingw-w64.cmake
    WINEDLLPATH=$build/wine
    export WINEDLLPATH
    sh "$root/scripts/wine.sh" --prepare
    run() { exec env --default-signal=INT,TERM sh "$root/scripts/wine.sh" --serve "$@"; }
else
    suffix=
    toolchain=-Wno-dev
    run() { exec env --default-signal=INT,TERM "$@"; }
fi

# Stops the host and the client if they are still running, and cleans up.
end() {
    code=$?
    trap - EXIT INT TERM
    for pid in $client_pid $host_pid; do
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    if [ $code = 0 ]; then
        rm -rf "$folder"
    else
        echo "swap_demo.sh failed. Its files are in $folder; host.log ends with:" >&2
        tail -n 20 "$folder/host.log" 2>/dev/null >&2 || true
    fi
    exit $code
}
trap end EXIT
trap 'exit 130' INT TERM

fail() {
    echo "$1" >&2
    exit 1
}

now_ms() { date +%s%3N; }

# Reads the client's next line, which must be `$1`. The client ends if it has nothing to say for
# long.
expect() {
    read -r line <&3 || line="(the client has ended)"
    [ "$line" = "$1" ] || fail "A player should have seen: $1; saw: $line"
    echo "  a player sees: $line"
}

# wait_for PATTERN FILE: waits for the host to write a line into the file.
wait_for() {
    tries=0
    while ! grep -q "$1" "$2" 2>/dev/null; do
        tries=$((tries + 1))
        if [ $tries -gt 600 ] || ! kill -0 $host_pid 2>/dev/null; then
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

# plugins/arena.c may have been edited, as the README suggests: any FIELD_SIZE will do.
size=$(sed -n 's/^.*[ {]FIELD_SIZE = \([0-9]*\),.*/\1/p' "$root/plugins/arena.c")
[ -n "$size" ] || fail "plugins/arena.c has no FIELD_SIZE = ..., which this script edits"
grep -q 'F(S, FIELD, uint64_t, tick)' "$root/plugins/arena.c" ||
    fail "plugins/arena.c has no F(S, FIELD, uint64_t, tick), which this script edits"
new_size=$((size * 2))

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
cmake -G Ninja -S "$folder/arena" -B "$folder/arena/build" "$toolchain" "-DPORTICO_SOURCE=$root" \
    "-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=$folder/modules" >"$folder/build.log"
build_arena

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
(cd "$folder" && run "$build/bin/portico$suffix" run host.ini) >"$folder/host.log" 2>&1 &
host_pid=$!
wait_for '^listener game' "$folder/ready"
port=$(sed -n 's/\r$//; s/^listener game .*://p' "$folder/ready")

mkfifo "$folder/seen"
(run "$build/tests/arena_watch$suffix" "$port" 100) >"$folder/seen" 2>&1 &
client_pid=$!
exec 3<"$folder/seen"
echo "Two players are in a field of the arena:"
expect "the field ends at $((size - 1))"
expect "points: 5"

# ---- edit and build; the host does the rest ------------------------------------------------------

echo "arena.c: FIELD_SIZE = $size becomes $new_size, and a field's state gets a new first member"
saved_ms=$(now_ms)
sed "s/FIELD_SIZE = $size,/FIELD_SIZE = $new_size,/
    s/^ *F(S, FIELD, uint64_t, tick) .*/    F(S, FIELD, uint8_t, weather) \\\\\\n&/" \
    "$root/plugins/arena.c" >"$folder/arena/arena.c"
build_arena
built_ms=$(now_ms)
expect "the field ends at $((new_size - 1))"
seen_ms=$(now_ms)
expect "points: 5"
wait_for 'arena .* replaces ' "$folder/host.log"
grep -o 'arena .* replaces .*' "$folder/host.log" | sed 's/^/  the host says: /'

echo "ctl rollback arena"
ctl rollback arena >/dev/null
expect "the field ends at $((size - 1))"
expect "points: 5"

ctl stop
expect "the host has closed the connection"
wait $client_pid
client_pid=
wait $host_pid
host_pid=

seconds() { printf '%d.%02d s' $(($1 / 1000)) $(($1 % 1000 / 10)); }
echo "$(seconds $((seen_ms - saved_ms))) from saving arena.c to a player seeing it," \
    "$(seconds $((built_ms - saved_ms))) of them the build"
