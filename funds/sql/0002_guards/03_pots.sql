-- ---------------------------------------------------------------- pots

-- The row that every posting locks and rewrites: room for HOT updates, and no CHECKs.
ALTER TABLE public.funds_potbalance SET (fillfactor = 50);

ALTER TABLE public.funds_pot
  ADD CONSTRAINT pot_fits_its_fund_account
    FOREIGN KEY (fund_account_id, tenant_id, currency)
    REFERENCES public.funds_fundaccount (id, tenant_id, currency);

CREATE TRIGGER pot_stays BEFORE DELETE OR TRUNCATE ON public.funds_pot
  FOR EACH STATEMENT EXECUTE FUNCTION public.funds_refuse();
CREATE TRIGGER pot_balance_stays BEFORE DELETE OR TRUNCATE ON public.funds_potbalance
  FOR EACH STATEMENT EXECUTE FUNCTION public.funds_refuse();

CREATE TRIGGER pot_identity BEFORE UPDATE ON public.funds_pot
  FOR EACH ROW
  WHEN ((OLD.id, OLD.tenant_id, OLD.kind, OLD.fund_account_id, OLD.currency, OLD.is_tracked)
    IS DISTINCT FROM
        (NEW.id, NEW.tenant_id, NEW.kind, NEW.fund_account_id, NEW.currency, NEW.is_tracked))
  EXECUTE FUNCTION public.funds_refuse();

-- A tracked pot's balance row is born with it, empty.
CREATE FUNCTION public.funds_pot_born() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.is_tracked THEN
    INSERT INTO public.funds_potbalance (pot_id, balance, version) VALUES (NEW.id, 0, 0);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER pot_born AFTER INSERT ON public.funds_pot
  FOR EACH ROW EXECUTE FUNCTION public.funds_pot_born();

CREATE FUNCTION public.funds_pot_balance_born() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.balance <> 0 OR NEW.version <> 0 OR NEW.charged_through IS NOT NULL
     OR NOT EXISTS (SELECT FROM public.funds_pot p WHERE p.id = NEW.pot_id AND p.is_tracked)
  THEN
    RAISE EXCEPTION 'a pot starts empty'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'pot_balance_born';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER pot_balance_born BEFORE INSERT ON public.funds_potbalance
  FOR EACH ROW EXECUTE FUNCTION public.funds_pot_balance_born();

-- A balance moves only below a trigger: of a transaction, or of the charges of an hour.
CREATE TRIGGER pot_balance_moves BEFORE INSERT OR UPDATE ON public.funds_potbalance
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
  EXECUTE FUNCTION public.funds_refuse();

-- A version never goes back, and a balance never moves without one.
CREATE TRIGGER pot_balance_forward AFTER UPDATE ON public.funds_potbalance
  FOR EACH ROW
  WHEN (NEW.version < OLD.version OR NEW.pot_id <> OLD.pot_id
    OR (NEW.version = OLD.version AND NEW.balance <> OLD.balance))
  EXECUTE FUNCTION public.funds_refuse();

-- The system's pot of this kind and currency, made when first asked for.
CREATE FUNCTION public.funds_system_pot(p_kind smallint, p_currency text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE found_id bigint;
BEGIN
  SELECT id INTO found_id FROM public.funds_pot
   WHERE kind = p_kind AND currency = p_currency AND fund_account_id IS NULL;
  IF found_id IS NULL THEN
    INSERT INTO public.funds_pot (tenant_id, kind, currency, is_tracked)
    VALUES (0, p_kind, p_currency, false)
    ON CONFLICT (kind, currency) WHERE fund_account_id IS NULL DO NOTHING;
    SELECT id INTO found_id FROM public.funds_pot
     WHERE kind = p_kind AND currency = p_currency AND fund_account_id IS NULL;
  END IF;
  RETURN found_id;
END $$;
