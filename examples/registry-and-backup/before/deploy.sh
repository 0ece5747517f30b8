#!/bin/bash
# TAG=abc123 ./deploy.sh: what the self-hosted runner runs, main first, then backup.
set -e
cd "$(dirname "$0")"

echo "$REGISTRY_PASSWORD" | docker login -u "$REGISTRY_USER" --password-stdin "$REGISTRY"

for server in main backup; do
	docker-compose stop $server
	docker-compose rm -f $server
	docker-compose pull $server
	docker-compose up -d $server
	sleep "${SLEEP:-10}"
	docker-compose ps $server | grep Up
done

# keep the last two images
docker images -q "$REGISTRY/shop/api" | tail -n +3 | xargs -r docker rmi || true
