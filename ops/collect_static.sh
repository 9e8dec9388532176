#!/bin/sh
# Collects the static files while the image is built. Nothing is connected to, and the values
# here are thrown away; settings only refuse to start without some.
set -eu
export ENVIRONMENT=production
export SECRET_KEY=build-build-build-build-build-build-build-build-build
export ENCRYPTION_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
export DATABASE_URL=postgres://nobody@nowhere/none REDIS_URL=redis://nowhere:6379/0
export ALLOWED_HOSTS=build.invalid PUBLIC_URL=https://build.invalid
exec python manage.py collectstatic --noinput --verbosity 0
