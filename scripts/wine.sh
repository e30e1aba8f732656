#!/bin/sh
# wine.sh: runs a program for Windows under Wine, as the tests need it (CMAKE_CROSSCOMPILING_EMULATOR).
#
#   wine.sh PROGRAM [ARGUMENT...]    runs it; its output comes when it has ended
#   wine.sh --serve PROGRAM ...      runs it for a person: its output comes as it is written
#   wine.sh --prepare                makes the prefix, if it is not there yet
#
# WINEPREFIX   Wine's own files; default build/wineprefix, made at the first run
# WINEDLLPATH  where inih.dll.so is; default build/windows/wine
#
# A test's output goes through a file: what Wine starts in the background keeps a pipe open, and whoever
# reads the pipe waits for ever. SIGTERM and SIGINT become a Ctrl+C for the program, which SIGTERM alone is not.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
WINEPREFIX=${WINEPREFIX:-$root/build/wineprefix}
WINEDLLPATH=${WINEDLLPATH:-$root/build/windows/wine}
WINEDEBUG=${WINEDEBUG:--all,err+virtual}
export WINEPREFIX WINEDLLPATH WINEDEBUG

# The sockets of all programs live in Wine's server, which has the limit of whoever starts it.
ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true

# Debian's Wine has no preloader, and its loader lies just below an address that Wine needs, 0x7ffe0000. Now and
# then (1 start of 3,300) the system puts the loader's heap on it, and Wine ends before it has loaded a program.
# Without randomised addresses that does not happen; where they cannot be turned off, it is tried again.
wine=wine
setarch -R true 2>/dev/null && wine="setarch -R wine"

# Programs are to find Windows 10, and to end when they crash instead of meeting a debugger.
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

# Makes the prefix once, also when several tests start at the same moment.
prepare() {
    [ -e "$WINEPREFIX/portico-ready" ] && return 0
    mkdir -p "$(dirname -- "$WINEPREFIX")"
    tries=0
    while ! mkdir "$WINEPREFIX.lock" 2>/dev/null; do
        sleep 0.5
        tries=$((tries + 1))
        [ -e "$WINEPREFIX/portico-ready" ] && return 0
        if [ $tries -gt 120 ]; then
            echo "$WINEPREFIX.lock is there since a minute: remove it if nothing prepares Wine" >&2
            return 1
        fi
    done
    trap 'rmdir "$WINEPREFIX.lock"' EXIT
    make_prefix || { echo "Wine could not be prepared" >&2; return 1; }
    rmdir "$WINEPREFIX.lock"
    trap - EXIT
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

# Passes a Ctrl+C on. Some senders signal the shell and then its whole group: that is one and not two, for
# the second one would end Portico at once.
last_s=0
interrupt() {
    now_s=$(date +%s)
    if [ $((now_s - last_s)) -gt 1 ]; then
        last_s=$now_s
        kill -INT "$pid" 2>/dev/null
    fi
}

# Waits for the program, whatever signals come in between.
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

# Wine says this and nothing else, before it loads anything: the program has not run.
never_began() {
    [ "$code" = 1 ] && [ "$(wc -l <"$folder/output")" = 1 ] &&
        grep -q '^err:virtual:virtual_alloc_first_teb wine: failed to map the shared user data' "$folder/output"
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
        echo "wine.sh: try $try: Wine could not begin: $(cat "$folder/output")"
    done
    cat "$folder/output"
    if [ "$code" != 0 ] && [ ! -s "$folder/output" ]; then
        echo "wine.sh: exit code $code and no output: $1"
    fi
    exit "$code"
fi

# On a terminal Wine would draw a console of its own: it gets pipes. In a session of its own it does not get
# the terminal's Ctrl+C a second time.
mkfifo "$folder/out" "$folder/err" || exit 1
sed -u 's/\r$//' "$folder/out" &
out_pid=$!
sed -u 's/\r$//' "$folder/err" >&2 &
err_pid=$!
# shellcheck disable=SC2086 # a command and its options
setsid $wine "$@" </dev/null >"$folder/out" 2>"$folder/err" &
pid=$!
wait_for_end
# What Wine left in the background may hold the pipes; everything that was written has been read soon, by each of
# the two: who is done first does not end the other.
tries=0
while [ $tries -lt 10 ] && { kill -0 $out_pid || kill -0 $err_pid; } 2>/dev/null; do
    sleep 0.1
    tries=$((tries + 1))
done
kill $out_pid $err_pid 2>/dev/null
exit "$code"
