#!/bin/bash
# Run by AWS CodeDeploy (appspec.yml, ApplicationStart), or by hand.
cd "$(dirname "$0")/.." || exit 1

EXIST_BLUE=$(docker-compose -p app-blue -f docker-compose.blue.yml ps | grep Up)

if [ -z "$EXIST_BLUE" ]; then
	BEFORE=green AFTER=blue PORT=${APP_PORT_BLUE:-8081}
else
	BEFORE=blue AFTER=green PORT=${APP_PORT_GREEN:-8082}
fi

echo "$AFTER container up"
docker-compose -p app-$AFTER -f docker-compose.$AFTER.yml up -d --build || exit 1

sleep "${SLEEP:-10}"

EXIST_AFTER=$(docker-compose -p app-$AFTER -f docker-compose.$AFTER.yml ps | grep Up)
if [ -n "$EXIST_AFTER" ]; then
	echo "set \$service_url http://127.0.0.1:$PORT;" | sudo tee /etc/nginx/conf.d/service-url.inc
	sudo nginx -s reload

	docker-compose -p app-$BEFORE -f docker-compose.$BEFORE.yml down
	echo "$BEFORE container down"
fi
