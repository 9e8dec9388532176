-- ---------------------------------------------------------------- who may do what
-- Guards fire also for sessions that replicate (session_replication_role).
ALTER TABLE public.funds_fundaccount ENABLE ALWAYS TRIGGER fund_account_stays;
ALTER TABLE public.funds_fundaccount ENABLE ALWAYS TRIGGER fund_account_identity;
ALTER TABLE public.funds_fundaccount ENABLE ALWAYS TRIGGER fund_account_deleted_stays_so;
ALTER TABLE public.funds_fundaccount ENABLE ALWAYS TRIGGER fund_account_born;
ALTER TABLE public.funds_fundaccount ENABLE ALWAYS TRIGGER fund_account_floor;
ALTER TABLE public.funds_fundaccount ENABLE ALWAYS TRIGGER fund_account_ends;
ALTER TABLE public.funds_fundaccountgroup ENABLE ALWAYS TRIGGER fund_account_group_stays;
ALTER TABLE public.funds_fundaccountgroup ENABLE ALWAYS TRIGGER fund_account_group_identity;
ALTER TABLE public.funds_fundaccountgroup ENABLE ALWAYS TRIGGER fund_account_group_born;
ALTER TABLE public.funds_pot ENABLE ALWAYS TRIGGER pot_stays;
ALTER TABLE public.funds_pot ENABLE ALWAYS TRIGGER pot_identity;
ALTER TABLE public.funds_pot ENABLE ALWAYS TRIGGER pot_born;
ALTER TABLE public.funds_potbalance ENABLE ALWAYS TRIGGER pot_balance_stays;
ALTER TABLE public.funds_potbalance ENABLE ALWAYS TRIGGER pot_balance_born;
ALTER TABLE public.funds_potbalance ENABLE ALWAYS TRIGGER pot_balance_moves;
ALTER TABLE public.funds_potbalance ENABLE ALWAYS TRIGGER pot_balance_forward;
ALTER TABLE public.funds_transaction ENABLE ALWAYS TRIGGER transaction_append_only;
ALTER TABLE public.funds_transaction ENABLE ALWAYS TRIGGER transaction_apply;

REVOKE ALL ON FUNCTION
  public.funds_refuse(), public.funds_account_born(), public.funds_account_floor(),
  public.funds_account_ends(), public.funds_link_born(), public.funds_pot_born(),
  public.funds_pot_balance_born(), public.funds_apply(),
  public.funds_system_pot(smallint, text),
  public.funds_post(text, bigint, text, bigint, bigint, numeric, smallint, text,
                    timestamptz, bigint),
  public.funds_post_many(text[], bigint[], text[], bigint[], bigint[], numeric[],
                         smallint[], text[], timestamptz[], bigint[]),
  public.funds_lock_pots(bigint[]),
  public.funds_charge_usage(timestamptz, bigint[], numeric[]),
  public.funds_watermark_start(bigint, timestamptz)
FROM PUBLIC;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cmp_app') THEN
    REVOKE ALL ON public.funds_fundaccount, public.funds_fundaccountgroup,
      public.funds_pot, public.funds_potbalance, public.funds_transaction FROM cmp_app;
    GRANT SELECT ON public.funds_fundaccount, public.funds_fundaccountgroup,
      public.funds_pot, public.funds_potbalance, public.funds_transaction TO cmp_app;
    GRANT INSERT, UPDATE (name, description, owner_id, credit_limit, deleted_at)
      ON public.funds_fundaccount TO cmp_app;
    GRANT INSERT, UPDATE (unlinked_at) ON public.funds_fundaccountgroup TO cmp_app;
    GRANT EXECUTE ON FUNCTION
      public.funds_system_pot(smallint, text),
      public.funds_post(text, bigint, text, bigint, bigint, numeric, smallint, text,
                        timestamptz, bigint),
      public.funds_post_many(text[], bigint[], text[], bigint[], bigint[], numeric[],
                             smallint[], text[], timestamptz[], bigint[]),
      public.funds_lock_pots(bigint[])
    TO cmp_app;
  END IF;
END $$;
