#!/bin/sh
# testssl.sh: lets Debian's testssl look at a listener with TLS, and fails on whatever it finds
# above "low", except what follows from a self-signed certificate.
#
#   sh scripts/testssl.sh [BUILD]      BUILD is a built preset, by default build/linux
#
# It starts a host with a new certificate on a free port of 127.0.0.1. Takes some 20 s
# of processor time. Prints what it found; the exit code is 0 if that is allowed.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/packages.sh"
build=$(CDPATH='' cd -- "${1:-$root/build/linux}" && pwd)

# A certificate that nobody else has signed: no chain of trust, and nobody who could revoke it.
allowed="cert_chain_of_trust cert_revocation"

packages_need testssl.sh openssl python3
folder=$(mktemp -d)
host=
end() {
    [ -z "$host" ] || kill "$host" 2>/dev/null || :
    wait 2>/dev/null || :
    rm -rf "$folder"
}
trap end EXIT INT TERM

sh "$root/scripts/certificate.sh" "$folder" >/dev/null
cat >"$folder/host.ini" <<INI
[host]
ready_file = ready
run_dir = run
[log]
level = warn
[modules]
dir = $build/modules
autoload = no
[module echo]
[listener game]
address = 127.0.0.1
port = 0
type = echo.session
tls = yes
certificate = certificate.pem
key = key.pem
INI
cd "$folder"
"$build/bin/portico" run host.ini >host.log 2>&1 &
host=$!
tries=0
while [ ! -e ready ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ] || ! kill -0 "$host" 2>/dev/null; then
        echo "The host does not serve:" >&2
        cat host.log >&2
        exit 1
    fi
    sleep 0.1
done
port=$(sed -n 's/^listener game .*:\([0-9]*\)$/\1/p' ready)

testssl --quiet --color 0 --warnings off --nodns none \
    --protocols --std --server-defaults --server-preference --fs --vulnerable \
    --jsonfile found.json "127.0.0.1:$port" >testssl.log 2>&1 || :

python3 - "$allowed" <<'PYTHON'
import json
import sys

with open("found.json", encoding="utf-8") as file:
    findings = json.load(file)
bad = 0
checks = {finding["id"] for finding in findings}
for finding in findings:
    if finding["severity"] in ("OK", "INFO", "DEBUG", "WARN"):  # WARN: testssl of itself
        continue
    allowed = finding["severity"] == "LOW" or finding["id"].split()[0] in sys.argv[1].split()
    bad += not allowed
    print(f"{'allowed' if allowed else 'BAD':8} {finding['severity']:9} {finding['id']}: "
          f"{finding['finding']}")
if not {"TLS1_3", "heartbleed", "ROBOT", "secure_client_renego"} <= checks:
    print(f"testssl has not finished: {len(checks)} checks", file=sys.stderr)
    bad += 1
print(f"{len(checks)} checks, {bad} bad findings")
sys.exit(bad != 0)
PYTHON
