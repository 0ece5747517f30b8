#!/bin/sh
# Runs /docker-entrypoint.d/*.sh, fills /etc/nginx/templates/*.template into
# /etc/nginx/conf.d, then becomes the command. Only variables that are set are
# filled in: nginx's own ($host, $uri) stay.
set -eu

fill() {
	known=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')
	for template in /etc/nginx/templates/*.template; do
		[ -f "$template" ] || continue
		name=${template##*/}
		envsubst "$known" <"$template" >"/etc/nginx/conf.d/${name%.template}"
	done
}

if [ "$1" = nginx ]; then
	for script in /docker-entrypoint.d/*.sh; do
		[ ! -x "$script" ] || "$script"
	done
	fill
fi
exec "$@"
