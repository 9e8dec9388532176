from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Tells the apps below why their money moved."""

    name = "billing"

    def ready(self) -> None:
        from billing import connections

        connections.register()
