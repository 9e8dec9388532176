"""A published price does not change, and an effective version not at all."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION pricing_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '%: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
END $$;

CREATE FUNCTION pricing_version_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- A version that is published but not yet effective has priced nothing and may be
  -- withdrawn; after that it is what sales were made by.
  IF OLD.published_at IS NOT NULL AND (TG_OP = 'DELETE' OR OLD.effective_from <= now()) THEN
    RAISE EXCEPTION 'price version % is effective', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'effective_price_version_stays';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  IF (NEW.id, NEW.price_list_id) IS DISTINCT FROM (OLD.id, OLD.price_list_id) THEN
    RAISE EXCEPTION 'price version % belongs to its list', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'effective_price_version_stays';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION pricing_price_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE published boolean;
BEGIN
  -- FOR SHARE waits for a publication in flight, which the foreign key alone would not.
  FOR published IN
    SELECT v.published_at IS NOT NULL FROM public.pricing_priceversion v
     WHERE v.id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.version_id END,
                    CASE WHEN TG_OP <> 'DELETE' THEN NEW.version_id END)
       FOR SHARE
  LOOP
    IF published THEN
      RAISE EXCEPTION 'the prices of a published version stay'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'published_price_stays';
    END IF;
  END LOOP;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER pricing_version_guard BEFORE UPDATE OR DELETE ON pricing_priceversion
  FOR EACH ROW EXECUTE FUNCTION pricing_version_guard();
CREATE TRIGGER pricing_version_no_truncate BEFORE TRUNCATE ON pricing_priceversion
  FOR EACH STATEMENT EXECUTE FUNCTION pricing_refuse();
CREATE TRIGGER pricing_price_guard BEFORE INSERT OR UPDATE OR DELETE ON pricing_price
  FOR EACH ROW EXECUTE FUNCTION pricing_price_guard();
CREATE TRIGGER pricing_price_no_truncate BEFORE TRUNCATE ON pricing_price
  FOR EACH STATEMENT EXECUTE FUNCTION pricing_refuse();
CREATE TRIGGER pricing_currency_stays BEFORE UPDATE ON pricing_pricelist
  FOR EACH ROW WHEN (OLD.currency <> NEW.currency) EXECUTE FUNCTION pricing_refuse();

ALTER TABLE pricing_priceversion ENABLE ALWAYS TRIGGER pricing_version_guard;
ALTER TABLE pricing_priceversion ENABLE ALWAYS TRIGGER pricing_version_no_truncate;
ALTER TABLE pricing_price ENABLE ALWAYS TRIGGER pricing_price_guard;
ALTER TABLE pricing_price ENABLE ALWAYS TRIGGER pricing_price_no_truncate;
ALTER TABLE pricing_pricelist ENABLE ALWAYS TRIGGER pricing_currency_stays;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cmp_app') THEN
    REVOKE DELETE, TRUNCATE, TRIGGER ON pricing_pricelist, pricing_priceversion, pricing_price
      FROM cmp_app;
  END IF;
END $$;
"""

REVERSE = """
DROP TRIGGER pricing_currency_stays ON pricing_pricelist;
DROP TRIGGER pricing_price_no_truncate ON pricing_price;
DROP TRIGGER pricing_price_guard ON pricing_price;
DROP TRIGGER pricing_version_no_truncate ON pricing_priceversion;
DROP TRIGGER pricing_version_guard ON pricing_priceversion;
DROP FUNCTION pricing_price_guard();
DROP FUNCTION pricing_version_guard();
DROP FUNCTION pricing_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
