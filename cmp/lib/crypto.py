"""Secrets at rest: encrypted with the first key of `ENCRYPTION_KEYS`, readable with any."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from cmp.lib.errors import DomainError


class SecretUnreadable(DomainError):
    """No key of the environment opens the stored secret."""


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(cipher: str) -> str:
    """The secret in clear; raises `SecretUnreadable` when its key has been taken away."""
    try:
        return _keys().decrypt(cipher.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable(
            "A stored secret cannot be read with the keys in use."
        ) from error


def reencrypt(cipher: str) -> str:
    """The same secret under the newest key."""
    return _keys().rotate(cipher.encode()).decode()


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
