-- What cmp_app may do in the current database, which cmp_owner owns; run as cmp_owner before the first migration.
-- Money tables take more away in their own migrations. May be repeated.

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO cmp_app;

ALTER DEFAULT PRIVILEGES FOR ROLE cmp_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cmp_app;
ALTER DEFAULT PRIVILEGES FOR ROLE cmp_owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO cmp_app;

DO $$
BEGIN
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
