#!/bin/sh
# Makes a database on an empty volume, then becomes the server, as its own user.
set -eu

if [ "$1" = postgres ] && [ "$(id -u)" = 0 ]; then
	mkdir -p "$PGDATA"
	chown -R postgres:postgres "$PGDATA"
	chmod 700 "$PGDATA"
	exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

first_start() {
	: "${POSTGRES_PASSWORD:?must be set for a new database}"
	secret=$(mktemp)
	printf '%s\n' "$POSTGRES_PASSWORD" >"$secret"
	initdb --username="$user" --pwfile="$secret" --auth-host=scram-sha-256 --auth-local=trust --no-sync >/dev/null
	rm -f "$secret"
	echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
	# Nobody but this script may connect before the database is there.
	pg_ctl -w -o "-c listen_addresses=''" -l "$PGDATA/first-start.log" start >/dev/null
	[ "$database" = postgres ] || createdb --username="$user" "$database"
	pg_ctl -w -m fast stop >/dev/null
	echo "docker-entrypoint: database $database is made"
}

if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
	first_start
fi
exec "$@"
