-- ---------------------------------------------------------------- transactions
-- Inserting transactions is the only mover. One AFTER INSERT statement trigger checks
-- what the rows state against the locked pots, and moves the pots itself.

CREATE TRIGGER transaction_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON public.funds_transaction
  FOR EACH STATEMENT EXECUTE FUNCTION public.funds_refuse();

-- What a row must look like is judged here and not by CHECKs on the table, since each
-- of those is prepared anew by every posting (docs/adr/0004).
CREATE FUNCTION public.funds_apply() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  r record;
  n bigint;
  n_within bigint;
  n_moved bigint;
  n_low bigint;
  n_strange bigint;
  v text;
  w text;
BEGIN
  SELECT t.*, (SELECT count(*) FROM new_rows) AS n,
         s.is_tracked AS s_tracked, s.tenant_id AS s_tenant, s.currency AS s_currency,
         s.kind AS s_kind, s.fund_account_id AS s_account,
         CASE WHEN t.kind BETWEEN 30 AND 39 THEN s.usage_floor ELSE s.floor END AS s_floor,
         g.is_tracked AS g_tracked, g.tenant_id AS g_tenant, g.currency AS g_currency,
         g.kind AS g_kind, g.fund_account_id AS g_account
    INTO r
    FROM new_rows t
    LEFT JOIN public.funds_pot s ON s.id = t.source_id
    LEFT JOIN public.funds_pot g ON g.id = t.target_id
   LIMIT 1;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;

  IF r.n = 1 AND r.kind <> 31 THEN
    -- One row: no set operations, no planning.
    IF (r.amount > 0 AND r.amount < 1e13 AND r.source_id <> r.target_id
        AND r.kind IN (10, 11, 20, 21, 30, 40, 50, 51, 52, 60, 61, 70, 71)
        AND (r.kind BETWEEN 50 AND 69) = (r.reverses_id IS NOT NULL)
        AND length(r.key) BETWEEN 8 AND 200
        AND r.occurred_at > '2000-01-01'
        AND r.occurred_at <= r.posted_at + interval '5 minutes') IS NOT TRUE
    THEN
      RAISE EXCEPTION 'transaction %: malformed', r.key
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_shape';
    END IF;
    IF (r.s_currency = r.currency
        AND CASE WHEN r.s_tracked
                 THEN r.s_tenant = r.tenant_id AND r.source_version IS NOT NULL
                 ELSE r.source_version IS NULL AND r.source_balance_after IS NULL
            END) IS NOT TRUE
    THEN
      RAISE EXCEPTION 'transaction %: source refused', r.key
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_source';
    END IF;
    IF (r.g_currency = r.currency
        AND CASE WHEN r.g_tracked
                 THEN r.g_tenant = r.tenant_id AND r.target_version IS NOT NULL
                 ELSE r.target_version IS NULL AND r.target_balance_after IS NULL
            END) IS NOT TRUE
    THEN
      RAISE EXCEPTION 'transaction %: target refused', r.key
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_target';
    END IF;
    IF (CASE WHEN r.kind = 40
             THEN r.s_kind = 1 AND r.g_kind = 2 AND r.s_account = r.g_account
             WHEN r.kind BETWEEN 50 AND 59
             THEN r.s_kind = 2 AND r.g_kind = 1 AND r.s_account = r.g_account
             ELSE r.s_kind <> 2 AND r.g_kind <> 2 AND NOT (r.s_tracked AND r.g_tracked)
        END) IS NOT TRUE
    THEN
      RAISE EXCEPTION 'transaction %: not between these pots', r.key
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_pots';
    END IF;
    IF r.s_tracked THEN
      UPDATE public.funds_potbalance b
         SET balance = r.source_balance_after, version = r.source_version
       WHERE b.pot_id = r.source_id AND b.version = r.source_version - 1
         AND b.balance - r.amount = r.source_balance_after;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'transaction %: source refused', r.key
          USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_source';
      END IF;
      IF r.source_balance_after < r.s_floor THEN
        RAISE EXCEPTION 'transaction %: below the floor', r.key
          USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_floor';
      END IF;
    END IF;
    IF r.g_tracked THEN
      UPDATE public.funds_potbalance b
         SET balance = r.target_balance_after, version = r.target_version
       WHERE b.pot_id = r.target_id AND b.version = r.target_version - 1
         AND b.balance + r.amount = r.target_balance_after;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'transaction %: target refused', r.key
          USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_target';
      END IF;
    END IF;
    IF r.reverses_id IS NULL THEN
      RETURN NULL;
    END IF;

  ELSE
    -- Sets: EXECUTE, so that each statement is planned for its own number of rows.
    EXECUTE $q$
      SELECT count(*) FILTER (WHERE kind = 31),
             count(*) FILTER (WHERE kind BETWEEN 40 AND 59),
             min(key) FILTER (WHERE (
               amount > 0 AND amount < 1e13 AND source_id <> target_id
               AND kind IN (10, 11, 20, 21, 30, 31, 40, 50, 51, 52, 60, 61, 70, 71)
               AND (kind BETWEEN 50 AND 69) = (reverses_id IS NOT NULL)
               AND length(key) BETWEEN 8 AND 200
               AND occurred_at > '2000-01-01'
               AND occurred_at <= posted_at + interval '5 minutes') IS NOT TRUE),
             min(key) FILTER (WHERE (kind BETWEEN 40 AND 59)
               <> (source_version IS NOT NULL AND target_version IS NOT NULL))
        FROM new_rows $q$ INTO n, n_within, v, w;
    IF v IS NOT NULL THEN
      RAISE EXCEPTION 'transaction %: malformed', v
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_shape';
    END IF;
    IF n > 0 AND (n <> r.n OR pg_trigger_depth() < 2) THEN
      RAISE EXCEPTION 'hourly deductions are written by their charges, unmixed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_derived';
    END IF;

    IF n > 0 THEN
      -- funds_charge_usage moved the pots in the same statement: confirm that it did.
      EXECUTE $q$
        SELECT count(*)
          FROM new_rows t
          JOIN public.funds_potbalance b
            ON b.pot_id = t.source_id AND b.version = t.source_version
           AND b.balance = t.source_balance_after AND b.charged_through = t.occurred_at
          JOIN public.funds_pot p
            ON p.id = t.source_id AND p.kind = 1
           AND p.currency = t.currency AND p.tenant_id = t.tenant_id
           AND coalesce(t.source_balance_after >= p.usage_floor, true)
         WHERE t.target_version IS NULL AND t.target_balance_after IS NULL
           AND NOT EXISTS (SELECT FROM public.funds_transaction o
                            WHERE o.target_id = t.source_id
                              AND o.target_version = t.source_version) $q$ INTO n_moved;
      IF n_moved <> n THEN
        RAISE EXCEPTION 'hourly deduction without its pot'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_chain';
      END IF;
    ELSE
      EXECUTE $q$
        WITH leg AS (
          SELECT source_id AS pot, source_version AS version, source_balance_after AS after,
                 -amount AS delta, tenant_id, currency, kind, true AS leaving
            FROM new_rows
           WHERE source_version IS NOT NULL OR source_balance_after IS NOT NULL
          UNION ALL
          SELECT target_id, target_version, target_balance_after,
                 amount, tenant_id, currency, kind, false
            FROM new_rows
           WHERE target_version IS NOT NULL OR target_balance_after IS NOT NULL),
        judged AS (
          SELECT l.pot, l.version, l.delta, b.version AS v0, b.balance AS b0,
                 coalesce(p.currency = l.currency AND p.tenant_id = l.tenant_id
                   AND l.version = b.version + row_number() OVER w
                   AND l.after = b.balance + sum(l.delta) OVER w, false) AS fits,
                 coalesce(l.leaving AND l.after < CASE WHEN l.kind BETWEEN 30 AND 39
                   THEN p.usage_floor ELSE p.floor END, false) AS low,
                 p.kind <> CASE WHEN l.kind = 40 AND NOT l.leaving THEN 2
                                WHEN l.kind BETWEEN 50 AND 59 AND l.leaving THEN 2
                                ELSE 1 END AS strange
            FROM leg l
            LEFT JOIN public.funds_potbalance b ON b.pot_id = l.pot
            LEFT JOIN public.funds_pot p ON p.id = l.pot
          WINDOW w AS (PARTITION BY l.pot ORDER BY l.version)),
        chain AS MATERIALIZED (
          SELECT pot, bool_and(fits) AS fits, bool_or(low) AS low,
                 bool_or(strange) AS strange, max(version) AS last,
                 sum(delta) AS delta, min(v0) AS v0, min(b0) AS b0
            FROM judged GROUP BY pot),
        moved AS (
          UPDATE public.funds_potbalance b
             SET balance = c.b0 + c.delta, version = c.last
            FROM chain c
           WHERE b.pot_id = c.pot AND c.fits AND b.version = c.v0 AND b.balance = c.b0
          RETURNING 1)
        SELECT (SELECT count(*) FROM chain), (SELECT count(*) FROM moved),
               (SELECT count(*) FROM chain WHERE low),
               (SELECT count(*) FROM chain WHERE strange) $q$
        INTO n, n_moved, n_low, n_strange;
      IF n <> n_moved THEN
        RAISE EXCEPTION 'ledger chain refused for % of % pots', n - n_moved, n
          USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_chain';
      END IF;
      IF n_strange = 0 AND w IS NULL AND n_within > 0 THEN
        EXECUTE $q$
          SELECT count(*), min(t.key)
            FROM new_rows t
            JOIN public.funds_pot s ON s.id = t.source_id
            JOIN public.funds_pot g ON g.id = t.target_id
           WHERE t.kind BETWEEN 40 AND 59 AND s.fund_account_id <> g.fund_account_id $q$
          INTO n_strange, w;
      END IF;
      IF n_strange > 0 OR w IS NOT NULL THEN
        RAISE EXCEPTION 'transactions (%): not between these pots', coalesce(w, 'several')
          USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_pots';
      END IF;
      IF n_low > 0 THEN
        RAISE EXCEPTION '% of % pots: below the floor', n_low, n
          USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_floor';
      END IF;
    END IF;

    -- A side that states no version must be a system pot of this currency.
    SELECT x.pot INTO v FROM (
      SELECT source_id AS pot, currency FROM new_rows
       WHERE source_version IS NULL GROUP BY 1, 2
      UNION ALL
      SELECT target_id, currency FROM new_rows
       WHERE target_version IS NULL GROUP BY 1, 2) x
     WHERE NOT EXISTS (SELECT FROM public.funds_pot p
                        WHERE p.id = x.pot AND NOT p.is_tracked
                          AND p.currency = x.currency)
     LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'pot %: not a system pot of this currency', v
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_system_pot';
    END IF;
  END IF;

  -- A reversal undoes the transaction it names, in full; 5x undo holds and nothing else.
  SELECT x.key INTO v
    FROM new_rows x LEFT JOIN public.funds_transaction o ON o.id = x.reverses_id
   WHERE x.reverses_id IS NOT NULL
     AND (o.id IS NULL OR o.id = x.id
          OR o.source_id <> x.target_id OR o.target_id <> x.source_id
          OR o.amount <> x.amount OR o.currency <> x.currency
          OR o.tenant_id <> x.tenant_id
          OR (x.kind BETWEEN 50 AND 59) <> (o.kind = 40)
          OR o.reverses_id IS NOT NULL)
   LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transaction %: does not undo the one it names', v
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_reverses';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER transaction_apply AFTER INSERT ON public.funds_transaction
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION public.funds_apply();
