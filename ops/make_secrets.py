"""Make the secrets that docker-compose.yml reads; what is there already is kept.

    python3 ops/make_secrets.py [FOLDER]      default: secrets/

The log-in of the mail server and the certificate are yours to put there. Standard library
only, so that it runs on a host without the project's environment.
"""

import base64
import secrets
import sys
from collections.abc import Callable
from pathlib import Path


def fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def password() -> str:
    return secrets.token_urlsafe(32)


RANDOM: dict[str, Callable[[], str]] = {
    "secret_key": lambda: secrets.token_urlsafe(64),
    "encryption_keys": fernet_key,
    "metrics_token": password,
    "database_superuser_password": password,
    "database_owner_password": password,
    "database_app_password": password,
    "broker_password": password,
}
YOURS = ("email_url", "tls_certificate", "tls_key")


def main(folder: Path) -> None:
    # The folder is closed to others. The files are readable, because the containers run as
    # a user of their own and see nothing but the files mounted into them.
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    for name, make in RANDOM.items():
        file = folder / name
        if not file.exists():
            file.write_text(make() + "\n")
            file.chmod(0o444)
            print(f"made   {file}")
    for name in YOURS:
        if not (folder / name).exists():
            print(f"needed {folder / name}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "secrets"))
