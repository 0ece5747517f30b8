#!/bin/bash
# ./run.sh init      first start: nginx and the blue servers
# ./run.sh deploy    VERSION=2 ./run.sh deploy: the other color, with the new version
# ./run.sh rollback  the color before, as it was
set -e
cd "$(dirname "$0")"

live() {
	if docker ps --format '{{.Names}}' | grep -q "^my-blue-server-1$"; then echo blue; else echo green; fi
}

other() {
	if [ "$1" = blue ]; then echo green; else echo blue; fi
}

address() {
	docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"
}

# point nginx at the two servers of a color
point() {
	for n in 1 2; do
		ip=$(address "my-$1-server-$n")
		docker exec my-nginx sed -i "s/server [0-9.]*:8080; # server-$n/server $ip:8080; # server-$n/" /etc/nginx/conf.d/default.conf
	done
	docker exec my-nginx nginx -s reload
}

case $1 in
init)
	docker-compose up -d --build nginx my-blue-server-1 my-blue-server-2
	sleep "${SLEEP:-10}"
	point blue
	;;
deploy)
	old=$(live)
	new=$(other "$old")
	docker-compose up -d --build "my-$new-server-1" "my-$new-server-2"
	sleep "${SLEEP:-10}"
	if [ "$(docker ps | grep "my-$new-server" | grep -c Up)" != 2 ]; then
		echo "$new did not start"
		docker-compose stop "my-$new-server-1" "my-$new-server-2"
		exit 1
	fi
	point "$new"
	docker stop "my-$old-server-1" "my-$old-server-2"
	echo "$new is live"
	;;
rollback)
	old=$(live)
	new=$(other "$old")
	docker start "my-$new-server-1" "my-$new-server-2"
	sleep "${SLEEP:-10}"
	point "$new"
	docker stop "my-$old-server-1" "my-$old-server-2"
	echo "rolled back to $new"
	;;
*)
	echo "usage: $0 init|deploy|rollback" >&2
	exit 2
	;;
esac
