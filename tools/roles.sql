-- The two roles and the database, made by a superuser:  psql -X -v ON_ERROR_STOP=1 -f tools/roles.sql
-- May be repeated. In production set passwords afterwards: ALTER ROLE cmp_app PASSWORD '…'.

SELECT 'CREATE ROLE cmp_owner LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cmp_owner') \gexec

SELECT 'CREATE ROLE cmp_app LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cmp_app') \gexec

-- A migration that cannot get its lock gives up instead of queueing all traffic behind it;
-- this holds for a psql session too, the project's own settings come with each connection.
ALTER ROLE cmp_owner SET lock_timeout = '5s';

SELECT 'CREATE DATABASE cmp OWNER cmp_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'cmp') \gexec

\connect cmp
SET ROLE cmp_owner;
\ir grants.sql
