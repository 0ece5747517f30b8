#!/bin/sh
# VERSION=2 ./deploy.sh: starts the color that is not there, waits, stops the other.
# nginx has both colors of each tier in its upstreams and finds out by itself.
set -e
cd "$(dirname "$0")"

if docker-compose ps app_blue | grep -q Up; then
	old=blue new=green
else
	old=green new=blue
fi

echo "deploying $new"
docker-compose up -d --build "app_$new" "back_$new" "pback_$new"
sleep "${SLEEP:-10}"

for tier in app back pback; do
	if ! docker-compose ps "${tier}_$new" | grep -q Up; then
		echo "${tier}_$new did not start"
		docker-compose stop "app_$new" "back_$new" "pback_$new"
		exit 1
	fi
done

docker-compose stop "app_$old" "back_$old" "pback_$old"
docker-compose rm -f "app_$old" "back_$old" "pback_$old"
sudo nginx -s reload
echo "$new is live"
