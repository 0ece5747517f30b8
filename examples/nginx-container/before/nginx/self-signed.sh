#!/bin/sh
# Makes a certificate at the first start, when none is there.
set -e
crt=/etc/nginx/certs/$DOMAIN.crt key=/etc/nginx/certs/$DOMAIN.key
[ -f "$crt" ] && [ -f "$key" ] && exit 0
mkdir -p /etc/nginx/certs
openssl req -x509 -nodes -newkey rsa:2048 -days 365 -subj "/CN=$DOMAIN" \
	-addext "subjectAltName=DNS:$DOMAIN" -keyout "$key" -out "$crt" 2>/dev/null
echo "a self-signed certificate for $DOMAIN was made"
