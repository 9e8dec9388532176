-- ---------------------------------------------------------------- the charge table
-- No foreign keys, no surrogate id: they cost the run a multiple of its inserts
-- (performance.md A). Eight-byte columns first, so that no row is padded.
CREATE TABLE public.billing_charge (
  hour             timestamptz    NOT NULL,
  subscription_id  bigint         NOT NULL,
  fund_pot_id      bigint         NOT NULL,
  tenant_id        bigint         NOT NULL,
  rate_id          bigint         NOT NULL,
  seconds          integer        NOT NULL,
  price_version_id integer        NOT NULL,
  amount           numeric(20, 6) NOT NULL,
  CONSTRAINT an_hour_is_charged_once PRIMARY KEY (hour, subscription_id)
) PARTITION BY RANGE (hour);

CREATE FUNCTION public.billing_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '%: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
END $$;

-- Opens the partition of the month that `p_hour` lies in (UTC) and returns its name.
-- Statement triggers of the parent do not see what is done to a partition directly, so
-- every partition refuses that by itself.
CREATE FUNCTION public.billing_open_month(p_hour timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first_instant timestamptz := date_trunc('month', p_hour, 'UTC');
  -- The zone of the session has no say in where a month of UTC ends.
  last_instant timestamptz :=
    ((first_instant AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
  partition_name text :=
    'billing_charge_' || to_char(first_instant AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
  IF (p_hour > '2020-01-01' AND p_hour < now() + interval '2 months') IS NOT TRUE THEN
    RAISE EXCEPTION 'no charges are made in %', p_hour
      USING ERRCODE = 'check_violation', CONSTRAINT = 'charge_month_is_plausible';
  END IF;
  IF to_regclass('public.' || partition_name) IS NOT NULL THEN
    RETURN partition_name;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('billing_open_month'));
  -- Not to_regclass again: this session remembers that the name was unknown a moment ago.
  IF EXISTS (SELECT FROM pg_class WHERE relname = partition_name
                AND relnamespace = 'public'::regnamespace) THEN
    RETURN partition_name;
  END IF;
  EXECUTE format(
    'CREATE TABLE public.%I (LIKE public.billing_charge INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
    partition_name);
  EXECUTE format(
    'ALTER TABLE public.billing_charge ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
    partition_name, first_instant, last_instant);
  EXECUTE format(
    'CREATE TRIGGER charge_enters_by_the_whole BEFORE INSERT ON public.%I'
    ' FOR EACH STATEMENT EXECUTE FUNCTION public.billing_refuse()', partition_name);
  EXECUTE format(
    'CREATE TRIGGER charge_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.%I'
    ' FOR EACH STATEMENT EXECUTE FUNCTION public.billing_refuse()', partition_name);
  EXECUTE format(
    'ALTER TABLE public.%I ENABLE ALWAYS TRIGGER charge_enters_by_the_whole,'
    ' ENABLE ALWAYS TRIGGER charge_is_append_only', partition_name);
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cmp_app') THEN
    EXECUTE format('REVOKE ALL ON public.%I FROM cmp_app', partition_name);
  END IF;
  RETURN partition_name;
END $$;

CREATE TRIGGER charge_is_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON public.billing_charge
  FOR EACH STATEMENT EXECUTE FUNCTION public.billing_refuse();

-- Whole seconds of [p_from, p_until) within the hour that begins at p_hour.
CREATE FUNCTION public.billing_seconds(
  p_hour timestamptz, p_from timestamptz, p_until timestamptz) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE RETURN
  CASE WHEN p_from <= p_hour AND (p_until IS NULL OR p_until >= p_hour + interval '1 hour')
       THEN 3600
       ELSE extract(epoch FROM least(p_until, p_hour + interval '1 hour')
                               - greatest(p_from, p_hour))::integer END;

-- Inserting charges is what closes an hour. All of the statement belong to one hour that
-- is over; for every fund pot they name they are exactly the hourly subscriptions due, each
-- with its seconds, its rate and its amount, and nothing older is open. Then the watermark
-- moves and the deduction is made, by the function that funds owns.
CREATE FUNCTION public.billing_charge_apply() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_hour timestamptz; v_last timestamptz; v_pots bigint[]; v_amounts numeric[];
  v_pot bigint; v_wrong bigint; v_moved bigint;
BEGIN
  EXECUTE $q$
    SELECT min(lo), max(hi), array_agg(pot ORDER BY pot), array_agg(amount ORDER BY pot)
      FROM (SELECT fund_pot_id AS pot, min(hour) AS lo, max(hour) AS hi, sum(amount) AS amount
              FROM new_charge GROUP BY 1) p $q$
    INTO v_hour, v_last, v_pots, v_amounts;
  IF v_pots IS NULL THEN RETURN NULL; END IF;
  IF v_hour <> v_last OR v_hour <> date_trunc('hour', v_hour, 'UTC')
     OR v_hour + interval '1 hour' > clock_timestamp() + interval '5 minutes' THEN
    RAISE EXCEPTION 'charges of % to %: not one hour that is over', v_hour, v_last
      USING ERRCODE = 'check_violation', CONSTRAINT = 'charge_is_of_one_past_hour';
  END IF;

  -- What is due is read under the locks that new and ending subscriptions take, too.
  EXECUTE 'SELECT count(*) FROM (SELECT FROM public.funds_potbalance b'
          ' WHERE b.pot_id = ANY ($1) ORDER BY b.pot_id FOR NO KEY UPDATE) locked'
    INTO v_moved USING v_pots;

  EXECUTE $q$
    WITH due AS (
      SELECT s.id, p.id AS fund_pot_id, p.tenant_id, u.seconds, r.id AS rate_id,
             r.price_version_id, round(r.per_second * u.seconds, 6) AS amount
        FROM public.funds_pot p
        JOIN public.billing_subscription s ON s.fund_pot_id = p.id AND s.sale = 'HOURLY'
         AND s.billed_from < $1 + interval '1 hour'
         AND (s.billed_until IS NULL OR (s.billed_until > $1 AND s.billed_until > s.billed_from))
       CROSS JOIN LATERAL (
             SELECT public.billing_seconds($1, s.billed_from, s.billed_until) AS seconds) u
        LEFT JOIN LATERAL (
             SELECT r.id, r.price_version_id, r.per_second, r.valid_until
               FROM public.billing_rate r
              WHERE r.subscription_id = s.id AND r.valid_from < $1 + interval '1 hour'
              ORDER BY r.valid_from DESC LIMIT 1) r ON coalesce(r.valid_until > $1, true)
       WHERE p.id = ANY ($2))
    SELECT min(coalesce(d.fund_pot_id, c.fund_pot_id)), count(*)
      FROM due d FULL JOIN new_charge c ON c.subscription_id = d.id
     WHERE (d.fund_pot_id, d.tenant_id, d.seconds, d.rate_id, d.price_version_id, d.amount)
           IS DISTINCT FROM
           (c.fund_pot_id, c.tenant_id, c.seconds, c.rate_id, c.price_version_id, c.amount) $q$
    INTO v_pot, v_wrong USING v_hour, v_pots;
  IF v_wrong > 0 THEN
    RAISE EXCEPTION 'hour %: % charges do not match what is due, first in pot %',
      v_hour, v_wrong, v_pot
      USING ERRCODE = 'check_violation', CONSTRAINT = 'charges_are_what_is_due';
  END IF;

  EXECUTE $q$
    SELECT min(b.pot_id) FROM public.funds_potbalance b
     WHERE b.pot_id = ANY ($2) AND b.charged_through < $1
       AND EXISTS (
           SELECT FROM public.billing_subscription s
            WHERE s.fund_pot_id = b.pot_id AND s.sale = 'HOURLY' AND s.billed_from < $1
              AND (s.billed_until IS NULL
                   OR s.billed_until > greatest(b.charged_through, s.billed_from))) $q$
    INTO v_pot USING v_hour, v_pots;
  IF v_pot IS NOT NULL THEN
    RAISE EXCEPTION 'hour %: pot % has an earlier hour open', v_hour, v_pot
      USING ERRCODE = 'check_violation', CONSTRAINT = 'charges_skip_no_hour';
  END IF;

  v_moved := public.funds_charge_usage(v_hour, v_pots, v_amounts);
  IF v_moved <> cardinality(v_pots) THEN
    RAISE EXCEPTION 'hour %: % of % pots could be charged', v_hour, v_moved, cardinality(v_pots)
      USING ERRCODE = 'check_violation', CONSTRAINT = 'charges_skip_no_hour';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER billing_charge_apply AFTER INSERT ON public.billing_charge
  REFERENCING NEW TABLE AS new_charge
  FOR EACH STATEMENT EXECUTE FUNCTION public.billing_charge_apply();
