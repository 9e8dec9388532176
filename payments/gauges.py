"""What operators watch of money on its way in."""

from typing import Final

from cmp.lib.gauges import Gauge

GAUGES: Final = [
    Gauge(
        "cmp_recharge_check_overdue_s",
        "Seconds since the oldest recharge fell due to be asked about at its gateway",
        """
        SELECT extract(epoch FROM now() - min(next_check_at))
          FROM public.payments_recharge WHERE next_check_at < now()
        """,
    ),
    Gauge(
        "cmp_recharges_unresolved",
        "Recharges of which nobody knows yet how they end",
        """
        SELECT count(*) FROM public.payments_recharge
         WHERE state IN ('CREATED', 'REDIRECTED')
        """,
    ),
    Gauge(
        "cmp_recharges_in_review",
        "Recharges that wait for somebody's decision",
        "SELECT count(*) FROM public.payments_recharge WHERE state = 'REVIEW'",
    ),
    Gauge(
        "cmp_inbox_overdue_s",
        "Seconds since the oldest message of a gateway arrived that is not judged",
        """
        SELECT extract(epoch FROM now() - min(received_at))
          FROM public.payments_gatewaymessage WHERE judged_at IS NULL
        """,
    ),
    Gauge(
        "cmp_inbox_backlog",
        "Messages of gateways that are not judged",
        "SELECT count(*) FROM public.payments_gatewaymessage WHERE judged_at IS NULL",
    ),
    Gauge(
        "cmp_payments_unplaced",
        "Payments that were put in suspense because they fit no recharge",
        "SELECT count(*) FROM public.payments_unplacedpayment",
    ),
]
