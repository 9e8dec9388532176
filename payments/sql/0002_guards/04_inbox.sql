-- ---------------------------------------------------------------- the inbox

ALTER TABLE public.payments_gatewaymessage
  ADD CONSTRAINT message_is_not_too_long CHECK (octet_length(body) <= 262144);

CREATE TRIGGER message_stays_as_it_came BEFORE UPDATE ON public.payments_gatewaymessage
  FOR EACH ROW
  WHEN ((OLD.id, OLD.channel_id, OLD.origin, OLD.asked_id, OLD.content_type, OLD.body,
         OLD.received_at)
    IS DISTINCT FROM
        (NEW.id, NEW.channel_id, NEW.origin, NEW.asked_id, NEW.content_type, NEW.body,
         NEW.received_at))
  EXECUTE FUNCTION public.payments_refuse();

CREATE TRIGGER message_is_judged_once BEFORE UPDATE ON public.payments_gatewaymessage
  FOR EACH ROW WHEN (OLD.judged_at IS NOT NULL)
  EXECUTE FUNCTION public.payments_refuse();

CREATE TRIGGER message_stays BEFORE DELETE OR TRUNCATE ON public.payments_gatewaymessage
  FOR EACH STATEMENT EXECUTE FUNCTION public.payments_refuse();

CREATE TRIGGER unplaced_payment_stays
  BEFORE UPDATE OR DELETE OR TRUNCATE ON public.payments_unplacedpayment
  FOR EACH STATEMENT EXECUTE FUNCTION public.payments_refuse();
