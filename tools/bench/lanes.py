"""The lanes of the posting bench: ours, and what a textbook would write."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import environ
from django.db import connections, models, transaction
from django.utils import timezone

Post = Callable[[int, Decimal, str], None]


def connect_django(url: str) -> None:
    """Point this process's default connection at the measured database."""
    connections.close_all()
    settings = connections["default"].settings_dict
    found = environ.Env.db_url_config(url)
    settings["NAME"], settings["USER"] = found["NAME"], found["USER"]


def _ledger() -> Post:
    """`funds.actions.ledger.post`, as every action of the product calls it."""
    from cmp.lib.money import Money
    from funds.actions import ledger

    revenue = ledger.system_pot_id(ledger.PotKind.REVENUE, "USD")

    def post(pot: int, amount: Decimal, key: str) -> None:
        with transaction.atomic():
            ledger.post(
                ledger.Movement(
                    source_id=pot,
                    target_id=revenue,
                    amount=Money(amount, "USD"),
                    kind=ledger.Kind.PURCHASE,
                    tenant_id=1,
                    reference="order:1",
                    key=key,
                    at=timezone.now(),
                )
            )

    return post


def _orm_loop() -> Post:
    """What a textbook writes: a row lock, a look for the key, a create and a save."""
    balances, movements = _unguarded_models()

    def post(pot: int, amount: Decimal, key: str) -> None:
        with transaction.atomic():
            row = balances.objects.select_for_update().get(pot_id=pot)
            if movements.objects.filter(key=key).exists():
                return
            row.balance -= amount
            row.version += 1
            movements.objects.create(
                tenant_id=1,
                currency="USD",
                source_id=pot,
                target_id=9,
                amount=amount,
                kind=20,
                occurred_at=timezone.now(),
                key=key,
                reference="order:1",
                source_version=row.version,
                source_balance_after=row.balance,
            )
            row.save(update_fields=["balance", "version"])

    return post


def _unguarded_models() -> tuple[Any, Any]:
    """Models over the unguarded copies of the ledger's tables."""

    class BenchBalance(models.Model):  # noqa: DJ008 – never shown
        pot_id = models.BigIntegerField(primary_key=True)
        balance = models.DecimalField(max_digits=20, decimal_places=6)
        version = models.BigIntegerField()

        class Meta:
            app_label = "jobs"
            managed = False
            db_table = "bench_balance"

    class BenchTransaction(models.Model):  # noqa: DJ008 – never shown
        tenant_id = models.BigIntegerField()
        currency = models.CharField(max_length=3)
        source_id = models.BigIntegerField()
        target_id = models.BigIntegerField()
        amount = models.DecimalField(max_digits=20, decimal_places=6)
        kind = models.SmallIntegerField()
        occurred_at = models.DateTimeField()
        key = models.CharField(max_length=200)
        reference = models.CharField(max_length=200)
        source_version = models.BigIntegerField(null=True)
        source_balance_after = models.DecimalField(
            max_digits=20, decimal_places=6, null=True
        )

        class Meta:
            app_label = "jobs"
            managed = False
            db_table = "bench_transaction"

    return BenchBalance, BenchTransaction


LANES: dict[str, Callable[[], Post]] = {"run": _ledger, "orm_loop": _orm_loop}
