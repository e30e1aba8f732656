#!/bin/sh
# swap_demo.sh: from saving arena.c to what a player sees: edits a copy of plugins/arena.c while two players are in its field,
# builds it, and waits until they see the new behaviour; then goes back.
#
#   sh scripts/swap_demo.sh [linux|windows]    builds what is needed first, as run.sh does
#   sh scripts/swap_demo.sh --built FOLDER     with what is built in that folder: for the tests
#
# The module is built by itself, as one outside this tree is (sdk/template). All that is made stands in a folder of its own
# below the build folder, and is removed at the end; after a failure it stays. Only what was started here is ended.
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

# Programs of the Windows build run under Wine; `run` replaces the shell that it is called in.
if [ -e "$build/bin/portico.exe" ]; then
    suffix=.exe
    toolchain=--toolchain=$root/cmake/toolchains/mingw-w64.cmake
    WINEDLLPATH=$build/wine
    export WINEDLLPATH
    run() { exec env --default-signal=INT,TERM sh "$root/scripts/wine.sh" --serve "$@"; }
else
    suffix=
    toolchain=-Wno-dev
    run() { exec env --default-signal=INT,TERM "$@"; }
fi

# Ends what still runs.
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
        echo "It failed; $folder has all there is to see, host.log first:" >&2
        tail -n 20 "$folder/host.log" 2>/dev/null >&2 || true
    fi
    exit $code
}
trap end EXIT
trap 'exit 130' INT TERM

now_ms() { date +%s%3N; }

# Waits for the next line of the client, which ends by itself when nothing comes.
expect() {
    read -r line <&3 || line="(the client has ended)"
    if [ "$line" != "$1" ]; then
        echo "The player should have seen: $1; but saw: $line" >&2
        exit 1
    fi
    echo "  a player sees: $line"
}

ctl() { (cd "$folder" && run "$build/bin/portico$suffix" ctl -c host.ini "$@"); }

# ---- a module outside the tree, its host, and its players -----------------------------------------------------------

mkdir "$folder/arena" "$folder/modules"
cp "$root/plugins/arena.c" "$folder/arena/arena.c"
for edited in 'FIELD_SIZE = 1000,' 'FIELD(S, uint64_t, tick)'; do
    if ! grep -qF "$edited" "$folder/arena/arena.c"; then
        echo "plugins/arena.c has no $edited, which this script edits" >&2
        exit 1
    fi
done
sed 's/hello/arena/g; s/module\.c/arena.c/g' "$root/sdk/template/CMakeLists.txt" >"$folder/arena/CMakeLists.txt"
cmake -G Ninja -S "$folder/arena" -B "$folder/arena/build" "$toolchain" "-DPORTICO_SOURCE=$root" \
    "-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=$folder/modules" >"$folder/build.log"
cmake --build "$folder/arena/build" >>"$folder/build.log"

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
tries=0
while ! grep -q '^listener game' "$folder/ready" 2>/dev/null; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ] || ! kill -0 $host_pid 2>/dev/null; then
        echo "The host does not serve" >&2
        exit 1
    fi
    sleep 0.1
done
port=$(sed -n 's/\r$//; s/^listener game .*://p' "$folder/ready")

mkfifo "$folder/seen"
(run "$build/tests/arena_watch$suffix" "$port" 100) >"$folder/seen" 2>&1 &
client_pid=$!
exec 3<"$folder/seen"
echo "Two players are in a field of the arena:"
expect "the field ends at 999"
expect "points: 5"

# ---- edit, build; the host does the rest ----------------------------------------------------------------------------

echo "arena.c: FIELD_SIZE = 1000 becomes 2000, and a field's state gets a new first property"
saved_ms=$(now_ms)
sed 's/FIELD_SIZE = 1000,/FIELD_SIZE = 2000,/
    s/^ *FIELD(S, uint64_t, tick) .*/    FIELD(S, uint8_t, weather) \\\n&/' "$root/plugins/arena.c" >"$folder/arena/arena.c"
cmake --build "$folder/arena/build" >>"$folder/build.log"
built_ms=$(now_ms)
expect "the field ends at 1999"
seen_ms=$(now_ms)
expect "points: 5"
grep -o 'arena .* replaces .*' "$folder/host.log" | sed 's/^/  the host says: /'

echo "ctl rollback arena"
ctl rollback arena >/dev/null
expect "the field ends at 999"
expect "points: 5"

ctl stop
expect "the host has closed the connection"
wait $client_pid
client_pid=
wait $host_pid
host_pid=

seconds() { printf '%d.%02d s' $(($1 / 1000)) $(($1 % 1000 / 10)); }
echo "$(seconds $((seen_ms - saved_ms))) from saving arena.c to a player seeing it, $(seconds $((built_ms - saved_ms))) of them the build"
