#!/bin/sh
# certificate.sh: what scripts/certificate.sh makes is good for `portico check`, with the lines that
# it prints, and it overwrites nothing.
#
#   certificate.sh SCRIPT PORTICO...      PORTICO... is the command that runs portico
set -eu

script=$1
shift
folder=made
rm -rf $folder
sh "$script" $folder game.test >said
{
    printf '[modules]\nautoload = no\ndir = .\n[module echo]\nload = no\n'
    printf '[listener game]\naddress = 127.0.0.1\nport = 0\ntype = echo.session\n'
    sed -n '/^tls = /,$p' said
} >$folder/host.ini
grep -q '^key = key.pem$' $folder/host.ini
"$@" check $folder/host.ini
openssl x509 -in $folder/certificate.pem -noout -checkhost game.test | grep -q 'does match'
cp $folder/key.pem kept
if sh "$script" $folder >said 2>&1; then
    echo "it has made a certificate over another" >&2
    exit 1
fi
grep -q 'exists: remove it first' said
cmp $folder/key.pem kept
