#!/bin/sh
# The password goes through a file of this container only: arguments are seen by everybody.
set -eu
umask 077
printf 'requirepass %s\n' "$(cat /run/secrets/broker_password)" > /tmp/password.conf
exec valkey-server /tmp/password.conf \
  --appendonly yes --save "" --dir /data --maxmemory-policy noeviction
