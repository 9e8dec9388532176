#!/bin/sh
# The password goes through a file of this container only: arguments are seen by everybody.
set -eu
umask 077
secrets="${SECRETS:-/run/secrets}"
settings="$(mktemp)"
printf 'requirepass %s\n' "$(cat "$secrets/broker_password")" > "$settings"
exec valkey-server "$settings" --dir "${DATA:-/data}" \
  --appendonly yes --save "" --maxmemory-policy noeviction "$@"
