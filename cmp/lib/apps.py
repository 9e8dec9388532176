from django.apps import AppConfig


class LibConfig(AppConfig):
    """Template tags and forms below every app; no models."""

    name = "cmp.lib"
    label = "lib"
