"""The phrases of payment channels, kept encrypted."""

from django.db import transaction

from cmp.lib import crypto
from payments.models import PaymentChannel


def reencrypt() -> tuple[int, list[str]]:
    """Put every phrase under the newest key; returns how many, and those no key opens.

    Each channel in a transaction of its own, so that it may be stopped and run again.
    Deleted channels too: a late payment may still name one.
    """
    renewed, unreadable = 0, []
    for pk in PaymentChannel.objects.order_by("pk").values_list("pk", flat=True):
        try:
            _reencrypt_one(pk)
        except crypto.SecretUnreadable:
            unreadable.append(f"payment_channel:{pk}")
        else:
            renewed += 1
    return renewed, unreadable


@transaction.atomic
def _reencrypt_one(pk: int) -> None:
    channel = PaymentChannel.objects.select_for_update().get(pk=pk)
    channel.request_phrase_cipher = crypto.reencrypt(channel.request_phrase_cipher)
    channel.response_phrase_cipher = crypto.reencrypt(channel.response_phrase_cipher)
    channel.save(update_fields=["request_phrase_cipher", "response_phrase_cipher"])
