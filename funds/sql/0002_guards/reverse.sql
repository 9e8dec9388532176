DROP FUNCTION public.funds_account_born() CASCADE;
DROP FUNCTION public.funds_account_floor() CASCADE;
DROP FUNCTION public.funds_account_ends() CASCADE;
DROP FUNCTION public.funds_link_born() CASCADE;
DROP FUNCTION public.funds_pot_born() CASCADE;
DROP FUNCTION public.funds_pot_balance_born() CASCADE;
DROP FUNCTION public.funds_apply() CASCADE;
DROP FUNCTION public.funds_refuse() CASCADE;
DROP FUNCTION public.funds_system_pot(smallint, text);
DROP FUNCTION public.funds_post(text, bigint, text, bigint, bigint, numeric, smallint, text,
                                timestamptz, bigint);
DROP FUNCTION public.funds_post_many(text[], bigint[], text[], bigint[], bigint[], numeric[],
                                     smallint[], text[], timestamptz[], bigint[]);
DROP FUNCTION public.funds_lock_pots(bigint[]);
DROP FUNCTION public.funds_charge_usage(timestamptz, bigint[], numeric[]);
DROP FUNCTION public.funds_watermark_start(bigint, timestamptz);
ALTER TABLE public.funds_pot DROP CONSTRAINT pot_fits_its_fund_account;
ALTER TABLE public.funds_fundaccountgroup
  DROP CONSTRAINT fund_account_group_account_is_of_the_tenant,
  DROP CONSTRAINT fund_account_group_group_is_of_the_tenant;
ALTER TABLE public.funds_fundaccount
  DROP CONSTRAINT fund_account_owner_is_a_member, DROP COLUMN living_owner_id;
ALTER TABLE public.funds_potbalance RESET (fillfactor);
