"""An instance only moves forward, keeps its shape, and is never removed from the table."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION resources_instance_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'REQUESTED' OR NOT EXISTS (
        SELECT FROM public.accounts_businessgroup g
         WHERE g.id = NEW.business_group_id AND g.tenant_id = NEW.tenant_id) THEN
      RAISE EXCEPTION 'an instance starts as requested, for a group of its tenant'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'instance_starts_requested';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'instances stay' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'instance_stays';
  END IF;
  IF (NEW.id, NEW.tenant_id, NEW.business_group_id, NEW.vcpu, NEW.memory_gib, NEW.disk_gib, NEW.has_public_ip)
     IS DISTINCT FROM
     (OLD.id, OLD.tenant_id, OLD.business_group_id, OLD.vcpu, OLD.memory_gib, OLD.disk_gib, OLD.has_public_ip) THEN
    RAISE EXCEPTION 'an instance keeps its shape and its tenant'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'instance_keeps_its_shape';
  END IF;
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
      ('REQUESTED', 'DEPLOYING'), ('REQUESTED', 'FAILED'), ('DEPLOYING', 'RUNNING'),
      ('DEPLOYING', 'FAILED'), ('RUNNING', 'DELETED')) THEN
    RAISE EXCEPTION 'instance: % to % refused', OLD.state, NEW.state
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'instance_moves_forward';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER resources_instance_guard BEFORE INSERT OR UPDATE OR DELETE ON resources_instance
  FOR EACH ROW EXECUTE FUNCTION resources_instance_guard();
ALTER TABLE resources_instance ENABLE ALWAYS TRIGGER resources_instance_guard;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cmp_app') THEN
    REVOKE DELETE, TRUNCATE, TRIGGER ON resources_instance FROM cmp_app;
  END IF;
END $$;
"""

REVERSE = """
DROP TRIGGER resources_instance_guard ON resources_instance;
DROP FUNCTION resources_instance_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("resources", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
