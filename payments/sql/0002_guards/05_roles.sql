-- ---------------------------------------------------------------- who may do what

-- Also when a session pretends to be a replica.
ALTER TABLE public.payments_paymentchannel
  ENABLE ALWAYS TRIGGER channel_stays,
  ENABLE ALWAYS TRIGGER channel_identity,
  ENABLE ALWAYS TRIGGER channel_deleted_stays_so,
  ENABLE ALWAYS TRIGGER channel_ends;
ALTER TABLE public.payments_recharge
  ENABLE ALWAYS TRIGGER recharge_born,
  ENABLE ALWAYS TRIGGER recharge_identity,
  ENABLE ALWAYS TRIGGER recharge_moves,
  ENABLE ALWAYS TRIGGER recharge_redirected_once,
  ENABLE ALWAYS TRIGGER recharge_paid_stays_so,
  ENABLE ALWAYS TRIGGER recharge_stays;
ALTER TABLE public.payments_gatewaymessage
  ENABLE ALWAYS TRIGGER message_stays_as_it_came,
  ENABLE ALWAYS TRIGGER message_is_judged_once,
  ENABLE ALWAYS TRIGGER message_stays;
ALTER TABLE public.payments_unplacedpayment
  ENABLE ALWAYS TRIGGER unplaced_payment_stays;

REVOKE ALL ON FUNCTION public.payments_refuse() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.payments_channel_ends() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.payments_recharge_born() FROM PUBLIC;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cmp_app') THEN
    REVOKE DELETE, TRUNCATE, TRIGGER, REFERENCES
      ON public.payments_paymentchannel, public.payments_recharge,
         public.payments_gatewaymessage, public.payments_unplacedpayment
      FROM cmp_app;
    REVOKE UPDATE ON public.payments_gatewaymessage, public.payments_unplacedpayment
      FROM cmp_app;
    GRANT UPDATE (judged_at, judged_verdict, judged_reason, judged_recharge_id)
      ON public.payments_gatewaymessage TO cmp_app;
  END IF;
END $$;
