-- ---------------------------------------------------------------- fund accounts

-- The owner of a fund account belongs to its tenant for as long as the account lives.
ALTER TABLE public.funds_fundaccount
  ADD COLUMN living_owner_id bigint
    GENERATED ALWAYS AS (CASE WHEN deleted_at IS NULL THEN owner_id END) STORED,
  ADD CONSTRAINT fund_account_owner_is_a_member
    FOREIGN KEY (tenant_id, living_owner_id)
    REFERENCES public.accounts_membership (tenant_id, user_id);

-- A link joins a fund account and a business group of one tenant.
ALTER TABLE public.funds_fundaccountgroup
  ADD CONSTRAINT fund_account_group_account_is_of_the_tenant
    FOREIGN KEY (fund_account_id, tenant_id)
    REFERENCES public.funds_fundaccount (id, tenant_id),
  ADD CONSTRAINT fund_account_group_group_is_of_the_tenant
    FOREIGN KEY (business_group_id, tenant_id)
    REFERENCES public.accounts_businessgroup (id, tenant_id);

CREATE TRIGGER fund_account_stays BEFORE DELETE OR TRUNCATE ON public.funds_fundaccount
  FOR EACH STATEMENT EXECUTE FUNCTION public.funds_refuse();

CREATE TRIGGER fund_account_identity BEFORE UPDATE ON public.funds_fundaccount
  FOR EACH ROW
  WHEN ((OLD.id, OLD.tenant_id, OLD.kind, OLD.currency, OLD.created_at)
    IS DISTINCT FROM (NEW.id, NEW.tenant_id, NEW.kind, NEW.currency, NEW.created_at))
  EXECUTE FUNCTION public.funds_refuse();

CREATE TRIGGER fund_account_deleted_stays_so BEFORE UPDATE ON public.funds_fundaccount
  FOR EACH ROW WHEN (OLD.deleted_at IS NOT NULL)
  EXECUTE FUNCTION public.funds_refuse();

-- Its pots are born with it, and the pot that its usage goes to exists from then on.
CREATE FUNCTION public.funds_account_born() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.deleted_at IS NOT NULL THEN
    RAISE EXCEPTION 'a fund account starts alive'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'fund_account_born';
  END IF;
  INSERT INTO public.funds_pot
    (tenant_id, kind, fund_account_id, currency, is_tracked, floor, usage_floor)
  VALUES
    (NEW.tenant_id, 1, NEW.id, NEW.currency, true, -NEW.credit_limit, NULL),
    (NEW.tenant_id, 2, NEW.id, NEW.currency, true, 0, 0);
  PERFORM public.funds_system_pot(12::smallint, NEW.currency);
  RETURN NULL;
END $$;
CREATE TRIGGER fund_account_born AFTER INSERT ON public.funds_fundaccount
  FOR EACH ROW EXECUTE FUNCTION public.funds_account_born();

-- The floor follows the credit limit; a deleted account may not be spent from at all.
-- The hot row is locked first, since postings read the floor under that lock.
CREATE FUNCTION public.funds_account_floor() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM public.funds_potbalance b JOIN public.funds_pot p ON p.id = b.pot_id
    WHERE p.fund_account_id = NEW.id ORDER BY b.pot_id FOR NO KEY UPDATE OF b;
  UPDATE public.funds_pot
     SET floor = CASE WHEN NEW.deleted_at IS NULL THEN -NEW.credit_limit ELSE 0 END
   WHERE fund_account_id = NEW.id AND kind = 1;
  RETURN NULL;
END $$;
CREATE TRIGGER fund_account_floor AFTER UPDATE ON public.funds_fundaccount
  FOR EACH ROW
  WHEN ((OLD.credit_limit, OLD.deleted_at)
    IS DISTINCT FROM (NEW.credit_limit, NEW.deleted_at))
  EXECUTE FUNCTION public.funds_account_floor();

-- Only an empty fund account that no group pays from can be deleted.
CREATE FUNCTION public.funds_account_ends() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM public.funds_potbalance b JOIN public.funds_pot p ON p.id = b.pot_id
    WHERE p.fund_account_id = NEW.id ORDER BY b.pot_id FOR NO KEY UPDATE OF b;
  IF EXISTS (SELECT FROM public.funds_potbalance b
               JOIN public.funds_pot p ON p.id = b.pot_id
              WHERE p.fund_account_id = NEW.id AND b.balance <> 0) THEN
    RAISE EXCEPTION 'fund account %: there is money in it', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'fund_account_ends_empty';
  END IF;
  IF EXISTS (SELECT FROM public.funds_fundaccountgroup
              WHERE fund_account_id = NEW.id AND unlinked_at IS NULL) THEN
    RAISE EXCEPTION 'fund account %: a business group pays from it', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'fund_account_ends_unlinked';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER fund_account_ends BEFORE UPDATE ON public.funds_fundaccount
  FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
  EXECUTE FUNCTION public.funds_account_ends();

-- ---------------------------------------------------------------- group links

CREATE TRIGGER fund_account_group_stays
  BEFORE DELETE OR TRUNCATE ON public.funds_fundaccountgroup
  FOR EACH STATEMENT EXECUTE FUNCTION public.funds_refuse();

-- A link can only end, once.
CREATE TRIGGER fund_account_group_identity BEFORE UPDATE ON public.funds_fundaccountgroup
  FOR EACH ROW
  WHEN (OLD.unlinked_at IS NOT NULL
    OR (OLD.id, OLD.fund_account_id, OLD.business_group_id, OLD.tenant_id, OLD.linked_at)
      IS DISTINCT FROM
       (NEW.id, NEW.fund_account_id, NEW.business_group_id, NEW.tenant_id, NEW.linked_at))
  EXECUTE FUNCTION public.funds_refuse();

-- FOR SHARE waits for a deletion under way, which a foreign key's KEY SHARE would not.
CREATE FUNCTION public.funds_link_born() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM public.funds_fundaccount
    WHERE id = NEW.fund_account_id AND deleted_at IS NULL FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'fund account % is deleted', NEW.fund_account_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'fund_account_group_born';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER fund_account_group_born BEFORE INSERT ON public.funds_fundaccountgroup
  FOR EACH ROW EXECUTE FUNCTION public.funds_link_born();
