#!/bin/sh
# Becomes the server as its own user. Options may follow: redis-server --appendonly yes
set -eu

case $1 in
-*) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
	chown -R redis:redis /data
	exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi
# Others reach it through the container's network alone, as with the official
# image, which is built without the protection. A configuration file, which
# would have to come first, says for itself.
if [ "$1" = redis-server ]; then
	shift
	case ${1:-} in
	'' | -*) set -- --protected-mode no "$@" ;;
	esac
	set -- redis-server "$@"
fi
exec "$@"
