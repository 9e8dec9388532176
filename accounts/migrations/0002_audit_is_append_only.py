"""The audit log only grows: no role of the product changes or removes an entry."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '%: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
END $$;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
  ON accounts_auditentry FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse();
ALTER TABLE accounts_auditentry ENABLE ALWAYS TRIGGER audit_is_append_only;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cmp_app') THEN
    REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON accounts_auditentry FROM cmp_app;
  END IF;
END $$;
"""

REVERSE = """
DROP TRIGGER audit_is_append_only ON accounts_auditentry;
DROP FUNCTION accounts_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
