-- ---------------------------------------------------------------- subscriptions

-- Locks the pot against its hourly run and returns the first instant at or after `p_at`
-- that is not charged yet: where a subscription may begin or end.
CREATE FUNCTION public.billing_open_instant(p_pot bigint, p_at timestamptz)
RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE v_through timestamptz;
BEGIN
  SELECT b.charged_through INTO v_through
    FROM public.funds_potbalance b WHERE b.pot_id = p_pot FOR NO KEY UPDATE;
  RETURN greatest(p_at, v_through);
END $$;

CREATE FUNCTION public.billing_sub_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE v_pot record; v_through timestamptz;
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'subscriptions stay'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'subscription_stays';
  END IF;
  IF TG_OP = 'UPDATE' AND (
      to_jsonb(NEW) - 'billed_until' <> to_jsonb(OLD) - 'billed_until'
      OR OLD.billed_until IS NOT NULL AND NEW.billed_until IS DISTINCT FROM OLD.billed_until) THEN
    RAISE EXCEPTION 'a subscription can only end, once'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'subscription_stays';
  END IF;
  IF (NEW.billed_from, NEW.billed_until) IS DISTINCT FROM
     (date_trunc('second', NEW.billed_from), date_trunc('second', NEW.billed_until)) THEN
    RAISE EXCEPTION 'use is counted in whole seconds'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'subscription_has_whole_seconds';
  END IF;

  SELECT p.tenant_id, p.currency, b.charged_through INTO v_pot
    FROM public.funds_pot p JOIN public.funds_potbalance b ON b.pot_id = p.id
   WHERE p.id = NEW.fund_pot_id AND p.kind = 1 FOR NO KEY UPDATE OF b;
  IF NOT FOUND OR (v_pot.tenant_id, v_pot.currency) IS DISTINCT FROM (NEW.tenant_id, NEW.currency)
     OR NOT EXISTS (
        SELECT FROM public.billing_order o
          JOIN public.resources_instance i ON i.id = o.instance_id
          JOIN public.funds_pot p ON p.fund_account_id = o.fund_account_id
         WHERE o.id = NEW.order_id AND o.tenant_id = NEW.tenant_id AND o.sale = NEW.sale
           AND i.id = NEW.instance_id AND i.tenant_id = NEW.tenant_id AND p.id = NEW.fund_pot_id)
  THEN
    RAISE EXCEPTION 'a subscription is paid by the fund account of its order and tenant'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'subscription_fits_its_fund_account';
  END IF;

  IF NEW.sale <> 'HOURLY' THEN RETURN NEW; END IF;
  v_through := v_pot.charged_through;
  IF TG_OP = 'INSERT' AND v_through IS NULL THEN
    PERFORM public.funds_watermark_start(
      NEW.fund_pot_id, date_trunc('hour', NEW.billed_from, 'UTC'));
    RETURN NEW;
  END IF;
  IF NEW.billed_until < v_through OR (TG_OP = 'INSERT' AND NEW.billed_from < v_through) THEN
    RAISE EXCEPTION 'hours before % are closed', v_through
      USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_hours_stay';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER billing_sub_guard BEFORE INSERT OR UPDATE OR DELETE ON public.billing_subscription
  FOR EACH ROW EXECUTE FUNCTION public.billing_sub_guard();
CREATE TRIGGER billing_sub_no_truncate BEFORE TRUNCATE ON public.billing_subscription
  FOR EACH STATEMENT EXECUTE FUNCTION public.billing_refuse();

-- ---------------------------------------------------------------- rates

CREATE FUNCTION public.billing_rate_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE v_sub record;
BEGIN
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND
      to_jsonb(NEW) - 'valid_until' <> to_jsonb(OLD) - 'valid_until') THEN
    RAISE EXCEPTION 'a rate can only end'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'rate_stays';
  END IF;
  SELECT s.sale, s.currency, s.billed_from, b.charged_through INTO v_sub
    FROM public.billing_subscription s
    JOIN public.funds_potbalance b ON b.pot_id = s.fund_pot_id
   WHERE s.id = NEW.subscription_id FOR NO KEY UPDATE OF b;
  -- An hour has one rate, so a rate begins with its subscription or on a full hour.
  IF (v_sub.sale = 'HOURLY'
      AND (NEW.valid_from = v_sub.billed_from
           OR NEW.valid_from > v_sub.billed_from
              AND NEW.valid_from = date_trunc('hour', NEW.valid_from, 'UTC'))
      AND (NEW.valid_until IS NULL
           OR NEW.valid_until = date_trunc('hour', NEW.valid_until, 'UTC'))) IS NOT TRUE THEN
    RAISE EXCEPTION 'a rate fits the hours of an hourly subscription'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'an_hour_has_one_rate';
  END IF;
  IF NOT EXISTS (
      SELECT FROM public.pricing_priceversion v
        JOIN public.pricing_pricelist l ON l.id = v.price_list_id
       WHERE v.id = NEW.price_version_id AND l.currency = v_sub.currency
         AND v.published_at IS NOT NULL) THEN
    RAISE EXCEPTION 'a rate comes from a published version of its currency'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'rate_has_a_published_price';
  END IF;
  IF TG_OP = 'INSERT' AND NEW.valid_from < v_sub.charged_through
     OR TG_OP = 'UPDATE' AND NEW.valid_until IS DISTINCT FROM OLD.valid_until
        AND least(NEW.valid_until, OLD.valid_until) < v_sub.charged_through THEN
    RAISE EXCEPTION 'hours before % are closed', v_sub.charged_through
      USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_hours_stay';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER billing_rate_guard BEFORE INSERT OR UPDATE OR DELETE ON public.billing_rate
  FOR EACH ROW EXECUTE FUNCTION public.billing_rate_guard();
CREATE TRIGGER billing_rate_no_truncate BEFORE TRUNCATE ON public.billing_rate
  FOR EACH STATEMENT EXECUTE FUNCTION public.billing_refuse();
