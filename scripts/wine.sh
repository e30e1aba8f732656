#!/bin/sh
# wine.sh: runs a Windows program under Wine for a person or a test (CMAKE_CROSSCOMPILING_EMULATOR).
#
#   wine.sh PROGRAM [ARGUMENT...]    runs it and prints its output when it has ended
#   wine.sh --serve PROGRAM ...      runs it and prints its output as it is written
#   wine.sh --prepare                creates the prefix, if there is none
#
# WINEPREFIX   Wine's own files; default build/wineprefix, created at the first run
# WINEDLLPATH  the folder of inih.dll.so; default build/windows/wine
#
# A test's output goes through a file: processes that Wine starts in the background keep a pipe
# open, and its reader would wait for ever. SIGTERM, SIGINT and SIGHUP become a Ctrl+C for the
# program: Wine would end it on SIGTERM without one.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
WINEPREFIX=${WINEPREFIX:-$root/build/wineprefix}
WINEDLLPATH=${WINEDLLPATH:-$root/build/windows/wine}
WINEDEBUG=${WINEDEBUG:--all,err+virtual}
# Without a UTF-8 locale Wine has no names for files beyond ASCII.
LC_ALL=${LC_ALL:-C.UTF-8}
export WINEPREFIX WINEDLLPATH WINEDEBUG LC_ALL

# The sockets of all programs belong to Wine's server, which inherits the limit of the process that
# starts it.
ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true

# Debian's Wine has no preloader, and its loader is just below 0x7ffe0000, an address that Wine
# needs. In 1 start of 3,300 the system puts the loader's heap there, and Wine ends before it loads
# a program. That does not happen without randomised addresses; where they cannot be turned off, a
# test is started again.
wine=wine
setarch -R true 2>/dev/null && wine="setarch -R wine"

# Programs see Windows 10, and end when they crash instead of starting a debugger.
# shellcheck disable=SC2086 # a command and its options
make_prefix() {
    echo "Preparing Wine in $WINEPREFIX" >&2
    mkdir -p "$WINEPREFIX" &&
        WINEDLLOVERRIDES="mscoree,mshtml=" $wine wineboot -i </dev/null >/dev/null 2>&1 &&
        $wine winecfg -v win10 </dev/null >/dev/null 2>&1 &&
        $wine reg add 'HKLM\Software\Microsoft\Windows NT\CurrentVersion\AeDebug' \
            /v Debugger /t REG_SZ /d "" /f </dev/null >/dev/null 2>&1 &&
        : >"$WINEPREFIX/portico-ready"
}

# Creates the prefix once, even if several tests start at the same moment.
prepare() {
    [ -e "$WINEPREFIX/portico-ready" ] && return 0
    mkdir -p "$(dirname -- "$WINEPREFIX")"
    tries=0
    while ! mkdir "$WINEPREFIX.lock" 2>/dev/null; do
        sleep 0.5
        tries=$((tries + 1))
        [ -e "$WINEPREFIX/portico-ready" ] && return 0
        if [ $tries -gt 120 ]; then
            echo "$WINEPREFIX.lock is a minute old: remove it if nothing is preparing Wine" >&2
            return 1
        fi
    done
    trap 'rmdir "$WINEPREFIX.lock"' EXIT
    trap 'exit 130' INT TERM HUP
    make_prefix || { echo "Preparing Wine failed" >&2; return 1; }
    rmdir "$WINEPREFIX.lock"
    trap - EXIT INT TERM HUP
}

prepare || exit 1
case "${1:-}" in
--prepare) exit 0 ;;
--serve)
    shift
    serving=yes
    ;;
*) serving=no ;;
esac

# Passes a Ctrl+C on. Some senders signal the shell and then its whole group: count that once,
# because a second Ctrl+C makes Portico exit at once.
last_s=0
interrupt() {
    now_s=$(date +%s)
    if [ $((now_s - last_s)) -gt 1 ]; then
        last_s=$now_s
        kill -INT "$pid" 2>/dev/null
    fi
}

# Waits for the program to end, even if signals arrive.
wait_for_end() {
    trap interrupt INT TERM HUP
    wait "$pid"
    code=$?
    while kill -0 "$pid" 2>/dev/null; do
        wait "$pid"
        code=$?
    done
    trap '' INT TERM HUP
}

# Wine printed this line and nothing else, and has not run the program.
never_began() {
    [ "$code" = 1 ] && [ "$(wc -l <"$folder/output")" = 1 ] &&
        grep -q '^err:virtual:virtual_alloc_first_teb wine: failed to map the shared user data' \
            "$folder/output"
}

folder=$(mktemp -d "${TMPDIR:-/tmp}/portico-wine.XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT

if [ $serving = no ]; then
    for try in 1 2 3; do
        # shellcheck disable=SC2086 # a command and its options
        $wine "$@" </dev/null >"$folder/output" 2>&1 &
        pid=$!
        wait_for_end
        never_began || break
        echo "wine.sh: try $try: Wine could not start: $(cat "$folder/output")"
    done
    cat "$folder/output"
    if [ "$code" != 0 ] && [ ! -s "$folder/output" ]; then
        echo "wine.sh: exit code $code and no output: $1"
    fi
    exit "$code"
fi

# Wine gets pipes, because on a terminal it would draw a console of its own, and a session of its
# own, because otherwise the terminal would send it a second Ctrl+C.
mkfifo "$folder/out" "$folder/err" || exit 1
sed -u 's/\r$//' "$folder/out" &
out_pid=$!
sed -u 's/\r$//' "$folder/err" >&2 &
err_pid=$!
# shellcheck disable=SC2086 # a command and its options
setsid $wine "$@" </dev/null >"$folder/out" 2>"$folder/err" &
pid=$!
wait_for_end
# Processes that Wine left in the background may hold the pipes. Give both readers a second to read
# what was written: one may finish before the other.
tries=0
while [ $tries -lt 10 ] && { kill -0 $out_pid || kill -0 $err_pid; } 2>/dev/null; do
    sleep 0.1
    tries=$((tries + 1))
done
kill $out_pid $err_pid 2>/dev/null
exit "$code"
