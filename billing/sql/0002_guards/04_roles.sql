-- ---------------------------------------------------------------- who may do what
-- Guards fire also for sessions that replicate (session_replication_role).
ALTER TABLE public.billing_charge ENABLE ALWAYS TRIGGER charge_is_append_only;
ALTER TABLE public.billing_charge ENABLE ALWAYS TRIGGER billing_charge_apply;
ALTER TABLE public.billing_subscription ENABLE ALWAYS TRIGGER billing_sub_guard;
ALTER TABLE public.billing_subscription ENABLE ALWAYS TRIGGER billing_sub_no_truncate;
ALTER TABLE public.billing_rate ENABLE ALWAYS TRIGGER billing_rate_guard;
ALTER TABLE public.billing_rate ENABLE ALWAYS TRIGGER billing_rate_no_truncate;
ALTER TABLE public.billing_order ENABLE ALWAYS TRIGGER billing_order_guard;
ALTER TABLE public.billing_order ENABLE ALWAYS TRIGGER billing_order_no_truncate;
ALTER TABLE public.billing_orderevent ENABLE ALWAYS TRIGGER order_event_is_append_only;

REVOKE ALL ON FUNCTION
  public.billing_refuse(), public.billing_charge_apply(), public.billing_sub_guard(),
  public.billing_rate_guard(), public.billing_order_guard(),
  public.billing_open_month(timestamptz), public.billing_open_instant(bigint, timestamptz),
  public.billing_seconds(timestamptz, timestamptz, timestamptz)
FROM PUBLIC;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cmp_app') THEN
    REVOKE ALL ON public.billing_charge, public.billing_orderevent, public.billing_rate,
      public.billing_subscription FROM cmp_app;
    GRANT SELECT, INSERT ON public.billing_charge, public.billing_orderevent,
      public.billing_rate, public.billing_subscription TO cmp_app;
    GRANT UPDATE (billed_until) ON public.billing_subscription TO cmp_app;
    GRANT UPDATE (valid_until) ON public.billing_rate TO cmp_app;
    REVOKE DELETE, TRUNCATE, TRIGGER ON public.billing_order, public.billing_parking,
      public.billing_hourbatch, public.billing_priceadoption FROM cmp_app;
    GRANT EXECUTE ON FUNCTION
      public.billing_open_month(timestamptz), public.billing_open_instant(bigint, timestamptz),
      public.billing_seconds(timestamptz, timestamptz, timestamptz)
    TO cmp_app;
  END IF;
END $$;
