-- Refuses whatever statement fired it; the trigger's name says which rule it was.
CREATE FUNCTION public.payments_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '%: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
END $$;
