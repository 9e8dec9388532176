import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from cmp.lib import crypto


def test_a_secret_survives_rotation_and_the_old_key_can_go(
    settings: Settings,
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    cipher = crypto.encrypt("request phrase")

    settings.ENCRYPTION_KEYS = [new, old]
    renewed = crypto.reencrypt(cipher)

    settings.ENCRYPTION_KEYS = [new]
    assert crypto.decrypt(renewed) == "request phrase"
    with pytest.raises(crypto.SecretUnreadable):
        crypto.decrypt(cipher)


def test_the_cipher_does_not_show_the_secret() -> None:
    assert "phrase" not in crypto.encrypt("phrase")
