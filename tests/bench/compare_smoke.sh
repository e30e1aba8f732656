#!/bin/sh
# compare_smoke.sh BUILD: a test of a few seconds that the client of the comparisons gets right
# answers from Portico and a raw loop, and notices wrong ones. Its figures mean nothing.
set -eu

build=$1
server_pid=
stop() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    [ -z "$server_pid" ] || wait "$server_pid" 2>/dev/null || true
    server_pid=
}
trap stop EXIT
trap 'exit 130' INT TERM

# serve COMMAND...: starts a server and sets `port`, which it prints or writes to Portico's
# ready_file.
serve() {
    rm -f ready output
    "$@" >output 2>&1 &
    server_pid=$!
    tries=0
    port=
    while [ -z "$port" ]; do
        port=$(cat output ready 2>/dev/null | sed -n 's/^port=//p; s/^listener game .*://p')
        tries=$((tries + 1))
        if [ $tries -gt 200 ] || ! kill -0 $server_pid 2>/dev/null; then
            echo "$* did not start:" >&2
            cat output >&2
            exit 1
        fi
        [ -n "$port" ] || sleep 0.05
    done
}

load() {
    "$build/tests/bench.load" --port "$port" --pid $server_pid --warm-up-ms 20 --seconds 0.2 \
        --limit-s 20 "$@"
}

cat >host.ini <<INI
[host]
workers = 1
run_dir = run
ready_file = ready
[admin]
enabled = no
[modules]
autoload = no
[module echo]
file = $build/modules/echo.so
[listener game]
address = 127.0.0.1
port = 0
type = echo.session
INI
serve "$build/bin/portico" run host.ini
load --connections 20 --in-flight 16 --silent 5 --opcodes 1000
load --connections 4 --work churn
rounds=$(printf '\n\n\n' | load --connections 4 --work churn --steps | grep -c ^work=churn)
if [ "$rounds" != 3 ]; then
    echo "Three lines on stdin made $rounds rounds" >&2
    exit 1
fi
stop

serve "$build/tests/bench.raw_epoll" --broadcast
load --connections 10 --work broadcast --in-flight 4
stop

for lie in flip swap drop double; do
    serve "$build/tests/bench.raw_epoll" --lie $lie
    code=0
    load --connections 2 --in-flight 8 || code=$?
    if [ $code != 1 ]; then
        echo "The client ended with $code beside a server that lies: $lie" >&2
        exit 1
    fi
    stop
done
