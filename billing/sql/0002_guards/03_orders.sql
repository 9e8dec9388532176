-- ---------------------------------------------------------------- orders

CREATE FUNCTION public.billing_order_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- What moves; everything else is what was agreed when the order was made.
  v_moving text[] := ARRAY['state', 'hold_id', 'instance_id', 'paid_at', 'finished_at',
                           'failure', 'tries', 'next_attempt_at'];
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'orders stay'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'order_stays';
  END IF;
  IF TG_OP = 'INSERT' THEN
    -- FOR SHARE waits for a deletion of the fund account under way.
    PERFORM FROM public.funds_fundaccount a
       JOIN public.accounts_businessgroup g ON g.id = NEW.business_group_id
      WHERE a.id = NEW.fund_account_id AND a.tenant_id = NEW.tenant_id
        AND g.tenant_id = NEW.tenant_id AND a.currency = NEW.currency
        AND NEW.needs_payment = (a.kind <> 'POSTPAID') AND a.deleted_at IS NULL
        FOR SHARE OF a;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'an order fits its fund account, group and tenant'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fits_its_fund_account';
    END IF;
    IF (NEW.state = 'PENDING_PAYMENT') <> NEW.needs_payment
       OR NEW.state NOT IN ('PENDING_PAYMENT', 'PROCESSING') THEN
      RAISE EXCEPTION 'an order does not start as %', NEW.state
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'order_moves_forward';
    END IF;
    RETURN NEW;
  END IF;
  IF to_jsonb(NEW) - v_moving <> to_jsonb(OLD) - v_moving
     OR OLD.hold_id IS NOT NULL AND NEW.hold_id IS DISTINCT FROM OLD.hold_id
     OR OLD.instance_id IS NOT NULL AND NEW.instance_id IS DISTINCT FROM OLD.instance_id
     OR OLD.finished_at IS NOT NULL AND NEW IS DISTINCT FROM OLD THEN
    RAISE EXCEPTION 'order %: what was agreed stays', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'order_keeps_what_was_agreed';
  END IF;
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
      ('PENDING_PAYMENT', 'PROCESSING'), ('PENDING_PAYMENT', 'CANCELLED'),
      ('PROCESSING', 'COMPLETED'), ('PROCESSING', 'FAILED')) THEN
    RAISE EXCEPTION 'order %: % to % refused', OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'order_moves_forward';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER billing_order_guard BEFORE INSERT OR UPDATE OR DELETE ON public.billing_order
  FOR EACH ROW EXECUTE FUNCTION public.billing_order_guard();
CREATE TRIGGER billing_order_no_truncate BEFORE TRUNCATE ON public.billing_order
  FOR EACH STATEMENT EXECUTE FUNCTION public.billing_refuse();
CREATE TRIGGER order_event_is_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON public.billing_orderevent
  FOR EACH STATEMENT EXECUTE FUNCTION public.billing_refuse();
