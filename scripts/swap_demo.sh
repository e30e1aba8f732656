#!/bin/sh
# swap_demo.sh: a swap from saving a source file to what a player sees. Two players enter a field of
# the arena; the script edits a copy of plugins/arena.c, builds it, waits until the players see the
# new behaviour, and rolls back.
#
#   sh scripts/swap_demo.sh [linux|windows]    builds what it needs first, as run.sh does
#   sh scripts/swap_demo.sh --built FOLDER     uses what is built in FOLDER (for the tests)
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
demo=swap_demo
. "$root/scripts/arena_demo.sh"
demo_begin "$@"

# plugins/arena.c may have been edited, as the README suggests: any FIELD_SIZE will do.
size=$(sed -n 's/^.*[ {]FIELD_SIZE = \([0-9]*\),.*/\1/p' "$root/plugins/arena.c")
[ -n "$size" ] || fail "plugins/arena.c has no FIELD_SIZE = ..., which this script edits"
grep -q 'F(S, FIELD, uint64_t, tick)' "$root/plugins/arena.c" ||
    fail "plugins/arena.c has no F(S, FIELD, uint64_t, tick), which this script edits"
new_size=$((size * 2))

build_arena
host_begin
players_begin 100
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
host_end

seconds() { printf '%d.%02d s' $(($1 / 1000)) $(($1 % 1000 / 10)); }
echo "$(seconds $((seen_ms - saved_ms))) from saving arena.c to a player seeing it," \
    "$(seconds $((built_ms - saved_ms))) of them the build"
