-- ---------------------------------------------------------------- payment channels

CREATE TRIGGER channel_stays BEFORE DELETE OR TRUNCATE ON public.payments_paymentchannel
  FOR EACH STATEMENT EXECUTE FUNCTION public.payments_refuse();

CREATE TRIGGER channel_identity BEFORE UPDATE ON public.payments_paymentchannel
  FOR EACH ROW
  WHEN ((OLD.id, OLD.tenant_id, OLD.kind, OLD.created_at)
    IS DISTINCT FROM (NEW.id, NEW.tenant_id, NEW.kind, NEW.created_at))
  EXECUTE FUNCTION public.payments_refuse();

-- Its phrases may be re-encrypted under a new key, everything else stays as it was.
CREATE TRIGGER channel_deleted_stays_so BEFORE UPDATE ON public.payments_paymentchannel
  FOR EACH ROW
  WHEN (OLD.deleted_at IS NOT NULL AND
    (OLD.deleted_at, OLD.name, OLD.description, OLD.address, OLD.access_code,
     OLD.merchant_identifier, OLD.sha_type, OLD.return_url, OLD.is_active)
    IS DISTINCT FROM
    (NEW.deleted_at, NEW.name, NEW.description, NEW.address, NEW.access_code,
     NEW.merchant_identifier, NEW.sha_type, NEW.return_url, NEW.is_active))
  EXECUTE FUNCTION public.payments_refuse();

-- The share lock that a new recharge's foreign key takes on its channel waits for this
-- update and the other way round, so neither can slip past the other.
CREATE FUNCTION public.payments_channel_ends() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM public.payments_recharge r
             WHERE r.channel_id = NEW.id
               AND r.state IN ('CREATED', 'REDIRECTED', 'REVIEW')) THEN
    RAISE EXCEPTION 'the channel has unfinished recharges'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'channel_ends';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER channel_ends BEFORE UPDATE ON public.payments_paymentchannel
  FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
  EXECUTE FUNCTION public.payments_channel_ends();
