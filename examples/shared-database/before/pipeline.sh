#!/bin/bash
# What the Jenkins pipeline runs. Finds the color that is not live, starts it,
# asks for its health ten times, points both proxies at it, takes the old one down.
cd "$(dirname "$0")" || exit 1

inner=nginx/conf.d/service-url.inc
front=/etc/nginx/conf.d/service-url.inc

if docker-compose -p shop-blue -f docker-compose.blue.yml ps | grep -q Up; then
	old=blue new=green old_port=${DJANGO_PORT_BLUE:-8000} new_port=${DJANGO_PORT_GREEN:-8001}
else
	old=green new=blue old_port=${DJANGO_PORT_GREEN:-8001} new_port=${DJANGO_PORT_BLUE:-8000}
fi

# point COLOR PORT
point() {
	echo "set \$service_url http://shop-django-$1:8000;" >$inner
	echo "set \$service_url http://127.0.0.1:$2;" | sudo tee $front >/dev/null
	docker exec shop-nginx nginx -s reload
	sudo nginx -s reload
}

fail() {
	echo "$1"
	docker-compose -p shop-$new -f docker-compose.$new.yml logs --tail 50
	docker-compose -p shop-$new -f docker-compose.$new.yml down
	point $old $old_port
	exit 1
}

echo "starting $new"
docker-compose -p shop-$new -f docker-compose.$new.yml up -d --build || fail "$new can't be started"

healthy=no
for try in $(seq 10); do
	sleep "${SLEEP:-10}"
	if curl -fs -o /dev/null "http://127.0.0.1:$new_port/healthz"; then
		healthy=yes
		break
	fi
	echo "try $try: not healthy yet"
done
[ $healthy = yes ] || fail "$new is not healthy"

point $new $new_port
docker-compose -p shop-$old -f docker-compose.$old.yml down
echo "$new is live"
