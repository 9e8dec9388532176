-- ---------------------------------------------------------------- posting
-- The only way in for the application. Both functions lock the pots in ascending order,
-- look the key up, and insert. What a caller can cause comes back as a row with its
-- refusal instead of an error, so that the caller's transaction stays usable:
--   ledger_floor        a pot would fall below its floor; `missing` says by how much
--   ledger_key_content  the key was used for another movement
--   ledger_reversed     the transaction to undo is undone already
-- Everything else is raised by the trigger, which also stays the judge of these three.

CREATE FUNCTION public.funds_post(
  p_key text, p_tenant bigint, p_currency text, p_source bigint, p_target bigint,
  p_amount numeric, p_kind smallint, p_reference text, p_occurred timestamptz,
  p_reverses bigint DEFAULT NULL)
RETURNS TABLE (id bigint, source_after numeric, target_after numeric, replay boolean,
               refusal text, missing numeric)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sv bigint; sb numeric; s_floor numeric;
  tv bigint; tb numeric;
  o record;
BEGIN
  replay := false;
  IF p_source < p_target THEN
    SELECT b.version + 1, b.balance - p_amount INTO sv, sb
      FROM public.funds_potbalance b WHERE b.pot_id = p_source FOR NO KEY UPDATE;
  END IF;
  SELECT b.version + 1, b.balance + p_amount INTO tv, tb
    FROM public.funds_potbalance b WHERE b.pot_id = p_target FOR NO KEY UPDATE;
  IF p_source > p_target THEN
    SELECT b.version + 1, b.balance - p_amount INTO sv, sb
      FROM public.funds_potbalance b WHERE b.pot_id = p_source FOR NO KEY UPDATE;
  END IF;
  IF sv IS NULL AND tv IS NULL THEN
    -- Two system pots have no row to lock: rivals with this key wait for each other here.
    PERFORM pg_advisory_xact_lock(hashtextextended(p_key, 0));
  END IF;

  SELECT * INTO o FROM public.funds_transaction x WHERE x.key = p_key;
  IF FOUND THEN
    IF (o.tenant_id, o.currency, o.source_id, o.target_id, o.amount, o.kind,
        o.reference, o.reverses_id)
       IS DISTINCT FROM
       (p_tenant, p_currency::varchar, p_source, p_target, p_amount, p_kind,
        p_reference, p_reverses)
    THEN
      refusal := 'ledger_key_content';
    ELSE
      id := o.id; replay := true;
      source_after := o.source_balance_after; target_after := o.target_balance_after;
    END IF;
    RETURN NEXT; RETURN;
  END IF;

  IF p_reverses IS NOT NULL AND EXISTS (
    SELECT FROM public.funds_transaction x WHERE x.reverses_id = p_reverses)
  THEN
    refusal := 'ledger_reversed';
    RETURN NEXT; RETURN;
  END IF;

  IF sv IS NOT NULL THEN
    SELECT CASE WHEN p_kind BETWEEN 30 AND 39 THEN p.usage_floor ELSE p.floor END
      INTO s_floor FROM public.funds_pot p WHERE p.id = p_source;
    IF sb < s_floor THEN
      refusal := 'ledger_floor'; missing := s_floor - sb;
      RETURN NEXT; RETURN;
    END IF;
  END IF;

  INSERT INTO public.funds_transaction AS x
    (tenant_id, currency, source_id, target_id, amount, kind, occurred_at, key, reference,
     reverses_id, source_version, source_balance_after, target_version, target_balance_after)
  VALUES
    (p_tenant, p_currency, p_source, p_target, p_amount, p_kind, p_occurred, p_key,
     p_reference, p_reverses, sv, sb, tv, tb)
  RETURNING x.id INTO id;
  source_after := sb; target_after := tb;
  RETURN NEXT;
END $$;

-- Many at once, all or nothing, in the order given per pot. One row per movement, or one
-- row that says which key was refused.
CREATE FUNCTION public.funds_post_many(
  p_key text[], p_tenant bigint[], p_currency text[], p_source bigint[], p_target bigint[],
  p_amount numeric[], p_kind smallint[], p_reference text[], p_occurred timestamptz[],
  p_reverses bigint[])
RETURNS TABLE (id bigint, key text, source_after numeric, target_after numeric,
               replay boolean, refusal text, missing numeric)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE $q$
    SELECT count(*) FROM (
      SELECT FROM public.funds_potbalance b WHERE b.pot_id = ANY ($1 || $2)
       ORDER BY b.pot_id FOR NO KEY UPDATE) x $q$
    USING p_source, p_target;
  EXECUTE $q$
    SELECT count(pg_advisory_xact_lock(h)) FROM (
      SELECT hashtextextended(i.key, 0) AS h
        FROM unnest($1, $2, $3) AS i (key, source, target)
       WHERE NOT EXISTS (SELECT FROM public.funds_potbalance b
                          WHERE b.pot_id IN (i.source, i.target))
       ORDER BY 1) x $q$
    USING p_key, p_source, p_target;

  RETURN QUERY EXECUTE $q$
    SELECT NULL::bigint, i.key, NULL::numeric, NULL::numeric, false,
           'ledger_key_content', NULL::numeric
      FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
        AS i (key, tenant, currency, source, target, amount, kind, reference, reverses)
      JOIN public.funds_transaction o ON o.key = i.key
     WHERE (o.tenant_id, o.currency, o.source_id, o.target_id, o.amount, o.kind,
            o.reference, o.reverses_id)
           IS DISTINCT FROM
           (i.tenant, i.currency::varchar, i.source, i.target, i.amount, i.kind,
            i.reference, i.reverses)
     LIMIT 1 $q$
    USING p_key, p_tenant, p_currency, p_source, p_target, p_amount, p_kind, p_reference,
          p_reverses;
  IF FOUND THEN
    RETURN;
  END IF;

  IF array_remove(p_reverses, NULL) <> '{}' THEN
    RETURN QUERY EXECUTE $q$
      SELECT NULL::bigint, i.key, NULL::numeric, NULL::numeric, false,
             'ledger_reversed', NULL::numeric
        FROM unnest($1, $2) AS i (key, reverses)
        JOIN public.funds_transaction o ON o.reverses_id = i.reverses AND o.key <> i.key
       LIMIT 1 $q$
      USING p_key, p_reverses;
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;

  -- Columns are carried through and grouped again: a join of an unnest with itself is
  -- planned for a few rows and becomes a nested loop.
  RETURN QUERY EXECUTE $q$
    WITH i AS MATERIALIZED (
      SELECT u.*, o.id AS old_id, o.source_balance_after AS old_source,
             o.target_balance_after AS old_target
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) WITH ORDINALITY
          AS u (key, tenant, currency, source, target, amount, kind, reference,
                occurred, reverses, n)
        LEFT JOIN public.funds_transaction o ON o.key = u.key),
    leg AS (
      SELECT i.*, true AS leaving, source AS pot, -amount AS delta FROM i
       WHERE old_id IS NULL
      UNION ALL
      SELECT i.*, false, target, amount FROM i WHERE old_id IS NULL),
    chained AS MATERIALIZED (
      SELECT l.*, b.version + row_number() OVER w AS version,
             b.balance + sum(l.delta) OVER w AS balance,
             CASE WHEN l.kind BETWEEN 30 AND 39 THEN p.usage_floor ELSE p.floor END AS floor
        FROM leg l
        LEFT JOIN public.funds_potbalance b ON b.pot_id = l.pot
        LEFT JOIN public.funds_pot p ON p.id = l.pot
      WINDOW w AS (PARTITION BY l.pot ORDER BY l.n)),
    short AS MATERIALIZED (
      SELECT c.key, c.n,
             max(c.floor - c.balance) OVER (PARTITION BY c.pot) AS missing
        FROM chained c WHERE c.leaving AND c.balance < c.floor ORDER BY c.n LIMIT 1),
    booked AS (
      INSERT INTO public.funds_transaction AS x
        (tenant_id, currency, source_id, target_id, amount, kind, occurred_at, key,
         reference, reverses_id, source_version, source_balance_after, target_version,
         target_balance_after)
      SELECT tenant, currency, source, target, amount, kind, occurred, key,
             reference, reverses,
             max(version) FILTER (WHERE leaving), max(balance) FILTER (WHERE leaving),
             max(version) FILTER (WHERE NOT leaving), max(balance) FILTER (WHERE NOT leaving)
        FROM chained
       WHERE NOT EXISTS (SELECT FROM short)
       GROUP BY n, tenant, currency, source, target, amount, kind, occurred, key,
                reference, reverses
       ORDER BY n
      RETURNING x.id, x.key, x.source_balance_after, x.target_balance_after)
    SELECT k.id, k.key, k.source_balance_after, k.target_balance_after, false,
           NULL::text, NULL::numeric
      FROM booked k
    UNION ALL
    SELECT i.old_id, i.key, i.old_source, i.old_target, true, NULL, NULL
      FROM i WHERE i.old_id IS NOT NULL AND NOT EXISTS (SELECT FROM short)
    UNION ALL
    SELECT NULL, s.key, NULL, NULL, false, 'ledger_floor', s.missing FROM short s $q$
    USING p_key, p_tenant, p_currency, p_source, p_target, p_amount, p_kind, p_reference,
          p_occurred, p_reverses;
END $$;

-- Locks pots in the order that everybody locks them, for a batch that will post to them.
CREATE FUNCTION public.funds_lock_pots(p_pots bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE n bigint;
BEGIN
  EXECUTE $q$
    SELECT count(*) FROM (
      SELECT FROM public.funds_potbalance b WHERE b.pot_id = ANY ($1)
       ORDER BY b.pot_id FOR NO KEY UPDATE) x $q$ INTO n USING p_pots;
  RETURN n;
END $$;
