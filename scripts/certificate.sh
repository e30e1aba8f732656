#!/bin/sh
# certificate.sh: makes a self-signed certificate for a try with TLS on this machine.
#
#   sh scripts/certificate.sh [FOLDER] [NAME...]
#
# Writes FOLDER/certificate.pem and FOLDER/key.pem (default: conf), for localhost, 127.0.0.1 and the
# NAMEs, valid for 90 days. Keeps files that exist. For clients on other machines get a certificate
# of an authority, such as Let's Encrypt.
set -eu

folder=${1:-conf}
[ $# -gt 0 ] && shift
names="DNS:localhost,IP:127.0.0.1,IP:::1"
for name in "$@"; do
    names="$names,DNS:$name"
done

if ! command -v openssl >/dev/null 2>&1; then
    echo "The command openssl is missing: install the package openssl" >&2
    exit 1
fi
for file in certificate.pem key.pem; do
    if [ -e "$folder/$file" ]; then
        echo "$folder/$file exists: remove it first, or name another folder" >&2
        exit 1
    fi
done

mkdir -p "$folder"
umask 077 # the host refuses a key that others can read
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 \
    -subj "/CN=${1:-localhost}" -addext "subjectAltName=$names" \
    -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>/dev/null
chmod 644 "$folder/certificate.pem"
echo "Made $folder/certificate.pem and $folder/key.pem. In a [listener NAME] of an ini in $folder:"
echo
echo "tls = yes"
echo "certificate = certificate.pem"
echo "key = key.pem"
