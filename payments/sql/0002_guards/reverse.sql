DROP TRIGGER unplaced_payment_stays ON public.payments_unplacedpayment;
DROP TRIGGER message_stays ON public.payments_gatewaymessage;
DROP TRIGGER message_is_judged_once ON public.payments_gatewaymessage;
DROP TRIGGER message_stays_as_it_came ON public.payments_gatewaymessage;
ALTER TABLE public.payments_gatewaymessage DROP CONSTRAINT message_is_not_too_long;
DROP TRIGGER recharge_stays ON public.payments_recharge;
DROP TRIGGER recharge_paid_stays_so ON public.payments_recharge;
DROP TRIGGER recharge_redirected_once ON public.payments_recharge;
DROP TRIGGER recharge_moves ON public.payments_recharge;
DROP TRIGGER recharge_identity ON public.payments_recharge;
DROP TRIGGER recharge_born ON public.payments_recharge;
DROP FUNCTION public.payments_recharge_born();
ALTER TABLE public.payments_recharge
  DROP CONSTRAINT recharge_account_is_of_the_tenant_and_currency;
DROP TRIGGER channel_ends ON public.payments_paymentchannel;
DROP FUNCTION public.payments_channel_ends();
DROP TRIGGER channel_deleted_stays_so ON public.payments_paymentchannel;
DROP TRIGGER channel_identity ON public.payments_paymentchannel;
DROP TRIGGER channel_stays ON public.payments_paymentchannel;
DROP FUNCTION public.payments_refuse();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cmp_app') THEN
    REVOKE UPDATE (judged_at, judged_verdict, judged_reason, judged_recharge_id)
      ON public.payments_gatewaymessage FROM cmp_app;
    GRANT UPDATE ON public.payments_gatewaymessage, public.payments_unplacedpayment
      TO cmp_app;
    GRANT DELETE
      ON public.payments_paymentchannel, public.payments_recharge,
         public.payments_gatewaymessage, public.payments_unplacedpayment
      TO cmp_app;
  END IF;
END $$;
