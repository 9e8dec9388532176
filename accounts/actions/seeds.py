"""The seeds of second factors, kept encrypted."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from cmp.lib import crypto

_SECRETS = ("secret", "seed")


def reencrypt() -> tuple[int, list[str]]:
    """Put every seed under the newest key; returns how many, and those no key opens.

    Each row in a transaction of its own, so that it may be stopped and run again.
    """
    renewed, unreadable = 0, []
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        try:
            _reencrypt_one(pk)
        except crypto.SecretUnreadable:
            unreadable.append(f"authenticator:{pk}")
        else:
            renewed += 1
    return renewed, unreadable


@transaction.atomic
def _reencrypt_one(pk: int) -> None:
    # Locked, because a recovery code used meanwhile is written to the same column.
    authenticator = Authenticator.objects.select_for_update().get(pk=pk)
    for name in _SECRETS:
        if name in authenticator.data:
            authenticator.data[name] = crypto.reencrypt(authenticator.data[name])
    authenticator.save(update_fields=["data"])
