#!/bin/sh
# Runs once, when the database's volume is empty: the two roles, the database, the passwords.
set -eu
psql -X -q -v ON_ERROR_STOP=1 -f "${ROLES_SQL:-/opt/cmp/roles.sql}"
secrets="${SECRETS:-/run/secrets}"
# psql reads the passwords itself, so that they stand in no argument list.
psql -X -q -v ON_ERROR_STOP=1 <<SQL
\set owner_password \`cat '$secrets/database_owner_password'\`
\set app_password \`cat '$secrets/database_app_password'\`
ALTER ROLE cmp_owner PASSWORD :'owner_password';
ALTER ROLE cmp_app PASSWORD :'app_password';
SQL
