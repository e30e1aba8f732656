#!/bin/sh
# crash_demo.sh: what players see of code that crashes. Two players are in a field of the arena, and
# the script edits a copy of plugins/arena.c, as its author would.
#
#   1. A build that crashes in its tick is swapped in: the host goes back to the build before.
#   2. The first build of all crashes, and there is none to go back to: the game waits until the
#      source is fixed and built, then continues.
#
#   sh scripts/crash_demo.sh [linux|windows]    builds what it needs first, as run.sh does
#   sh scripts/crash_demo.sh --built FOLDER     uses what is built in FOLDER (for the tests)
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
demo=crash_demo
. "$root/scripts/arena_demo.sh"
demo_begin "$@"

size=$(sed -n 's/^.*[ {]FIELD_SIZE = \([0-9]*\),.*/\1/p' "$root/plugins/arena.c")
tick='    now.tick = (uint32_t)f->tick;'
grep -qxF "$tick" "$root/plugins/arena.c" ||
    fail "plugins/arena.c has no line $tick, which this script edits"

# edit_arena LINE: puts a line into the field's tick, saves and builds.
edit_arena() {
    sed "s|^$tick\$|&\\n    $1|" "$root/plugins/arena.c" >"$folder/arena/arena.c"
    build_arena
}

# says PATTERN: shows what the host says about it.
says() {
    wait_for "$1" "$folder/host.log"
    grep -o "$1" "$folder/host.log" | head -n 1 | sed 's/\r$//; s/^/  the host says: /'
}

# ---- 1. a crash in a new build -------------------------------------------------------------------

build_arena
host_begin
players_begin 300 clock
echo "Two players are in a field of the arena:"
see_until "points: 5"

bug='field_find(f, (portico_session){UINT64_MAX})->score++;'
echo "arena.c gets a line that crashes in every tick, is saved and built:"
echo "    $bug"
edit_arena "$bug"
says 'arena .* replaces [^:]*'
says 'bad address .* of arena .*'
says 'at  *field_on_tick.*\|at  *[^ ]*arena\.[ds][^ ]*+0x.*'
says 'rolled back to generation .*'
see_until "points: 5"
echo "ctl faults"
ctl faults | sed 's/\r$//; s/^/  /'
echo "The line is taken out again, and the file built: the host swaps, and nobody notices."
edit_arena ""
wait_for 'arena .* replaces ' "$folder/host.log" 3
host_end

# ---- 2. a crash with nothing to go back to -------------------------------------------------------

bug='if (f->slots[0].score == 5) { field_find(f, (portico_session){UINT64_MAX})->score++; }'
echo
echo "The host starts with a build that crashes when the first player has five points:"
echo "    $bug"
edit_arena "$bug"
host_begin
players_begin 300 clock
see_until "the field's clock stands still"
says 'bad address .* of arena .*'
says 'the module waits for its next build or ctl thaw[^:]*'
echo "Nobody is disconnected, and new players wait as well. arena.c is fixed and built:"
edit_arena ""
says 'arena .* replaces [^:]*'
see_until "the field's clock runs again"
see_both "points: 5" "the field ends at $((size - 1))"
host_end
