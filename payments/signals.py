"""What payments tells higher apps; each has a sweep that reaches the same end."""

from django.dispatch import Signal

# Sent once money of a recharge is in its fund account, after the commit, with
# recharge_id, fund_account_id and tenant_id.
recharge_credited = Signal()
