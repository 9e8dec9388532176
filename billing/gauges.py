"""What operators watch of orders, hourly use and the books."""

from typing import Final

from cmp.lib.gauges import Gauge

GAUGES: Final = [
    Gauge(
        "cmp_hourly_use_overdue_s",
        "Seconds since the oldest hour ended that is not charged (parked accounts apart)",
        """
        SELECT extract(epoch FROM now() - interval '1 hour' - min(
                 greatest(b.charged_through, date_trunc('hour', s.billed_from, 'UTC'))))
          FROM public.billing_subscription s
          JOIN public.funds_potbalance b ON b.pot_id = s.fund_pot_id
          JOIN public.funds_pot p ON p.id = b.pot_id
         WHERE s.sale = 'HOURLY'
           AND (s.billed_until IS NULL
                OR s.billed_until > greatest(b.charged_through, s.billed_from))
           AND greatest(b.charged_through, date_trunc('hour', s.billed_from, 'UTC'))
               + interval '1 hour' <= now()
           AND NOT EXISTS (SELECT FROM public.billing_parking k
                            WHERE k.fund_account_id = p.fund_account_id
                              AND k.resolved_at IS NULL)
        """,
    ),
    Gauge(
        "cmp_fund_accounts_parked",
        "Fund accounts that the hourly run goes on without",
        "SELECT count(*) FROM public.billing_parking WHERE resolved_at IS NULL",
    ),
    Gauge(
        "cmp_order_overdue_s",
        "Seconds since the oldest order fell due to be worked on",
        """
        SELECT extract(epoch FROM now() - min(next_attempt_at))
          FROM public.billing_order
         WHERE state = 'PROCESSING' AND next_attempt_at < now()
        """,
    ),
    Gauge(
        "cmp_orders_processing",
        "Orders being worked on",
        "SELECT count(*) FROM public.billing_order WHERE state = 'PROCESSING'",
    ),
    Gauge(
        "cmp_books_breaches",
        "Breaches that the last finished audit of the books found",
        """
        SELECT counted FROM public.jobs_jobrun
         WHERE job = 'audit_books' AND state = 'FINISHED'
         ORDER BY started_at DESC, id DESC LIMIT 1
        """,
    ),
]
