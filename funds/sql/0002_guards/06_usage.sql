-- ---------------------------------------------------------------- hourly usage
-- Called by billing's triggers only: the depth guard on balances refuses these functions
-- everywhere else, and the application may not execute them.

-- Move the watermark of each available pot over one hour, and take the hour's amount from
-- prepaid and flexible fund accounts (postpaid use is invoiced). Returns how many pots
-- moved: the caller must refuse unless that is as many as it gave. A pot does not move if
-- it is unknown, has no watermark or is ahead of the hour, or if its amount is no sum of
-- money; named twice, it moves once. The transaction counts from the end of its hour.
CREATE FUNCTION public.funds_charge_usage(
  p_hour timestamptz, p_pots bigint[], p_amounts numeric[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE n bigint;
BEGIN
  EXECUTE $q$
    WITH due AS MATERIALIZED (
      SELECT * FROM unnest($2, $3) AS d (pot_id, amount)
       WHERE d.amount >= 0 AND d.amount < 1e13 AND d.amount = round(d.amount, 6)
         AND $1 = date_trunc('hour', $1, 'UTC')),
    moved AS (
      UPDATE public.funds_potbalance b
         SET charged_through = $1 + interval '1 hour',
             balance = b.balance - CASE WHEN a.kind = 'POSTPAID' THEN 0 ELSE d.amount END,
             version = b.version + (a.kind <> 'POSTPAID' AND d.amount > 0)::int
        FROM due d
        JOIN public.funds_pot p ON p.id = d.pot_id AND p.kind = 1
        JOIN public.funds_fundaccount a ON a.id = p.fund_account_id
       WHERE b.pot_id = d.pot_id AND b.charged_through <= $1
      RETURNING b.pot_id, p.tenant_id, p.currency, b.version, b.balance,
                CASE WHEN a.kind = 'POSTPAID' THEN 0 ELSE d.amount END AS taken),
    booked AS (
      INSERT INTO public.funds_transaction
        (tenant_id, currency, source_id, target_id, amount, kind, occurred_at, key,
         reference, source_version, source_balance_after)
      SELECT m.tenant_id, m.currency, m.pot_id, r.id, m.taken, 31,
             $1 + interval '1 hour',
             'usage:' || to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z:"') || m.pot_id,
             'usage:' || to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z"'),
             m.version, m.balance
        FROM moved m
        JOIN public.funds_pot r
          ON r.kind = 12 AND r.currency = m.currency AND r.fund_account_id IS NULL
       WHERE m.taken > 0
       ORDER BY m.pot_id)
    SELECT count(*) FROM moved $q$
    INTO n USING p_hour, p_pots, p_amounts;
  RETURN n;
END $$;

-- The watermark of a pot begins at the hour of its first subscription.
CREATE FUNCTION public.funds_watermark_start(p_pot bigint, p_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.funds_potbalance
     SET charged_through = date_trunc('hour', p_at, 'UTC')
   WHERE pot_id = p_pot AND charged_through IS NULL;
END $$;
