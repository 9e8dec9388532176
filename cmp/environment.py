"""The environment of the process: `NAME`, or `NAME_FILE` for secrets kept in files."""

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping


class SecretFiles(FileAwareMapping):  # type: ignore[misc]
    """`NAME_FILE` names a file whose text, without the line end, is the value of `NAME`."""

    def __getitem__(self, key: str) -> str:
        try:
            value: str = super().__getitem__(key)
        except OSError as error:
            raise ImproperlyConfigured(f"{key}_FILE cannot be read: {error}") from error
        return value.strip()


class Environment(environ.Env):  # type: ignore[misc]
    """django-environ, reading secrets from files where the environment says so."""

    ENVIRON = SecretFiles()


env = Environment()
