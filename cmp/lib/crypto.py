"""Secrets at rest: encrypted with the first key of `ENCRYPTION_KEYS`, readable with any."""

from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from cmp.lib.errors import DomainError


class SecretUnreadable(DomainError):
    """No key of the environment opens the stored secret."""


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(cipher: str) -> str:
    """The secret in clear; raises `SecretUnreadable` when its key has been taken away."""
    with _told_when_unreadable():
        return _keys().decrypt(cipher.encode()).decode()


def reencrypt(cipher: str) -> str:
    """The same secret under the newest key; raises `SecretUnreadable` as `decrypt`."""
    with _told_when_unreadable():
        return _keys().rotate(cipher.encode()).decode()


@contextmanager
def _told_when_unreadable() -> Iterator[None]:
    try:
        yield
    except InvalidToken as error:
        raise SecretUnreadable(
            "A stored secret cannot be read with the keys in use."
        ) from error


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
