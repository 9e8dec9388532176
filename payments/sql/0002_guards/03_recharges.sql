-- ---------------------------------------------------------------- recharges

-- A recharge, its fund account and its currency are of one tenant, for ever.
ALTER TABLE public.payments_recharge
  ADD CONSTRAINT recharge_account_is_of_the_tenant_and_currency
    FOREIGN KEY (fund_account_id, tenant_id, currency)
    REFERENCES public.funds_fundaccount (id, tenant_id, currency);

-- It starts as CREATED, with a channel that is alive and serves its tenant.
CREATE FUNCTION public.payments_recharge_born() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE c record;
BEGIN
  SELECT tenant_id, is_active, deleted_at INTO c
    FROM public.payments_paymentchannel WHERE id = NEW.channel_id FOR SHARE;
  IF NEW.state <> 'CREATED' OR NEW.redirected_at IS NOT NULL OR NOT FOUND
     OR NOT c.is_active OR c.deleted_at IS NOT NULL
     OR (c.tenant_id IS NOT NULL AND c.tenant_id <> NEW.tenant_id) THEN
    RAISE EXCEPTION 'a recharge starts unsent, with a channel in use of its tenant'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'recharge_born';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER recharge_born BEFORE INSERT ON public.payments_recharge
  FOR EACH ROW EXECUTE FUNCTION public.payments_recharge_born();

CREATE TRIGGER recharge_identity BEFORE UPDATE ON public.payments_recharge
  FOR EACH ROW
  WHEN ((OLD.id, OLD.tenant_id, OLD.fund_account_id, OLD.channel_id, OLD.payer_id,
         OLD.amount, OLD.currency, OLD.merchant_reference, OLD.form_key, OLD.return_to,
         OLD.purpose, OLD.language, OLD.created_at)
    IS DISTINCT FROM
        (NEW.id, NEW.tenant_id, NEW.fund_account_id, NEW.channel_id, NEW.payer_id,
         NEW.amount, NEW.currency, NEW.merchant_reference, NEW.form_key, NEW.return_to,
         NEW.purpose, NEW.language, NEW.created_at))
  EXECUTE FUNCTION public.payments_refuse();

CREATE TRIGGER recharge_moves BEFORE UPDATE ON public.payments_recharge
  FOR EACH ROW
  WHEN (OLD.state <> NEW.state AND NOT CASE OLD.state
    WHEN 'CREATED' THEN NEW.state IN ('REDIRECTED', 'CANCELLED', 'EXPIRED')
    WHEN 'REDIRECTED' THEN
      NEW.state IN ('PAID', 'FAILED', 'CANCELLED', 'EXPIRED', 'REVIEW')
    WHEN 'PAID' THEN false
    ELSE NEW.state = 'PAID' END)
  EXECUTE FUNCTION public.payments_refuse();

CREATE TRIGGER recharge_redirected_once BEFORE UPDATE ON public.payments_recharge
  FOR EACH ROW
  WHEN (OLD.redirected_at IS NOT NULL AND OLD.redirected_at IS DISTINCT FROM NEW.redirected_at)
  EXECUTE FUNCTION public.payments_refuse();

CREATE TRIGGER recharge_paid_stays_so BEFORE UPDATE ON public.payments_recharge
  FOR EACH ROW WHEN (OLD.state = 'PAID')
  EXECUTE FUNCTION public.payments_refuse();

CREATE TRIGGER recharge_stays BEFORE DELETE OR TRUNCATE ON public.payments_recharge
  FOR EACH STATEMENT EXECUTE FUNCTION public.payments_refuse();
