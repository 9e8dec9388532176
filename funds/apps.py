"""Fund accounts, their pots and every movement of money between them."""

from django.apps import AppConfig


class FundsConfig(AppConfig):
    """Tells `accounts.access` what owning a fund account allows."""

    name = "funds"

    def ready(self) -> None:
        from accounts import access
        from funds import queries

        access.register_grant_source(queries.grants_of_owner)
