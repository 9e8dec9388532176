"""FND-10, F05, F06: hourly use moves the watermark and takes the money, hour by hour.

`funds_charge_usage` is for a trigger of billing; here a bait table stands for its charges.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.funds import raw_world

H10 = datetime(2026, 3, 1, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
BAIT = """
CREATE TABLE public.bait (hour timestamptz, pots bigint[], amounts numeric[], moved bigint);
CREATE TABLE public.starts (pot bigint, at timestamptz);
CREATE FUNCTION public.bait_charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.moved := public.funds_charge_usage(NEW.hour, NEW.pots, NEW.amounts);
RETURN NEW; END $$;
CREATE TRIGGER charge BEFORE INSERT ON public.bait
  FOR EACH ROW EXECUTE FUNCTION public.bait_charge();
CREATE FUNCTION public.bait_start() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM public.funds_watermark_start(NEW.pot, NEW.at); RETURN NEW; END $$;
CREATE TRIGGER start BEFORE INSERT ON public.starts
  FOR EACH ROW EXECUTE FUNCTION public.bait_start();
"""


@dataclass
class Ledger:
    connection: psycopg.Connection
    ids: dict[str, int]

    def charge(self, hour: datetime, due: dict[str, str]) -> int:
        """Charge these pots these amounts; returns how many moved."""
        return self.charge_pots(hour, [self.ids[p] for p in due], list(due.values()))

    def charge_pots(self, hour: datetime, pots: list[int], amounts: list[str]) -> int:
        return int(
            self.one(
                "INSERT INTO bait VALUES (%s, %s::bigint[], %s::numeric[], NULL) "
                "RETURNING moved",
                [hour, pots, [Decimal(a) for a in amounts]],
            )[0]
        )

    def start(self, pot: str, at: datetime) -> None:
        self.connection.execute("INSERT INTO starts VALUES (%s, %s)", [self.ids[pot], at])

    def pot(self, pot: str) -> tuple[Any, ...]:
        return self.one(
            "SELECT balance, version, charged_through FROM funds_potbalance "
            "WHERE pot_id = %s",
            [self.ids[pot]],
        )

    def one(self, sql: str, values: list[Any]) -> tuple[Any, ...]:
        row = self.connection.execute(sql.encode(), values).fetchone()
        assert row is not None
        return row

    def deductions(self) -> int:
        return int(
            self.one("SELECT count(*) FROM funds_transaction WHERE kind = 31", [])[0]
        )


@pytest.fixture
def ledger(owner_connection) -> Ledger:
    """The raw world, its pot A with a watermark at 10:00."""
    owner_connection.execute(BAIT)
    ledger = Ledger(owner_connection, raw_world.build(owner_connection))
    ledger.start("a", H10)
    return ledger


def test_an_hour_lowers_the_balance_and_moves_the_watermark_in_one_step(ledger):
    assert ledger.charge(H10, {"a": "11.930800"}) == 1

    assert ledger.pot("a") == (Decimal("58.069200"), 3, H10 + HOUR)
    row = ledger.one(
        "SELECT key, reference, amount, occurred_at, source_version, source_balance_after, "
        "target_id, tenant_id, target_version FROM funds_transaction WHERE kind = 31",
        [],
    )
    assert row == (
        f"usage:2026-03-01T10Z:{ledger.ids['a']}",
        "usage:2026-03-01T10Z",
        Decimal("11.930800"),
        H10 + HOUR,
        3,
        Decimal("58.069200"),
        ledger.ids["revenue"],
        ledger.ids["acme"],
        None,
    )


def test_hours_follow_each_other_and_may_overdraw(ledger):
    for n in range(7):
        assert ledger.charge(H10 + n * HOUR, {"a": "15"}) == 1

    assert ledger.pot("a") == (Decimal(-35), 9, H10 + 7 * HOUR)
    assert ledger.deductions() == 7


def test_the_same_hour_again_moves_nothing(ledger):
    ledger.charge(H10, {"a": "15"})
    before = ledger.pot("a")

    assert ledger.charge(H10, {"a": "15"}) == 0
    assert ledger.charge(H10 - HOUR, {"a": "15"}) == 0

    assert ledger.pot("a") == before
    assert ledger.deductions() == 1


def test_an_hour_of_nothing_moves_the_watermark_alone(ledger):
    assert ledger.charge(H10, {"a": "0"}) == 1

    assert ledger.pot("a") == (Decimal(70), 2, H10 + HOUR)
    assert ledger.deductions() == 0


def test_idle_hours_may_be_passed_over(ledger):
    assert ledger.charge(H10 + 5 * HOUR, {"a": "1"}) == 1

    assert ledger.pot("a") == (Decimal(69), 3, H10 + 6 * HOUR)


def test_use_of_a_postpaid_account_is_invoiced_and_not_taken(ledger):
    ledger.connection.execute(
        "INSERT INTO funds_fundaccount (tenant_id, name, description, kind, currency, "
        "owner_id, credit_limit, created_at) "
        "VALUES (%s, 'Later', '', 'POSTPAID', 'USD', %s, 0, now())",
        [ledger.ids["acme"], ledger.ids["alice"]],
    )
    (ledger.ids["later"],) = ledger.one(
        "SELECT p.id FROM funds_pot p JOIN funds_fundaccount a ON a.id = p.fund_account_id "
        "WHERE a.name = 'Later' AND p.kind = 1",
        [],
    )
    ledger.start("later", H10)

    assert ledger.charge(H10, {"later": "5", "a": "1"}) == 2

    assert ledger.pot("later") == (Decimal(0), 0, H10 + HOUR)
    assert ledger.deductions() == 1


def test_a_flexible_account_pays_from_its_balance(ledger):
    ledger.start("a2", H10)

    assert ledger.charge(H10, {"a2": "5"}) == 1

    assert ledger.pot("a2") == (Decimal(-5), 1, H10 + HOUR)


@pytest.mark.parametrize("amount", ["NaN", "-1", "0.0000001", "1e13"])
def test_what_is_no_sum_of_money_moves_nothing(ledger, amount):
    assert ledger.charge(H10, {"a": amount}) == 0

    assert ledger.pot("a") == (Decimal(70), 2, H10)
    assert ledger.deductions() == 0


@pytest.mark.parametrize("pot", ["rich", "a_held", "revenue"])
def test_a_pot_without_a_watermark_does_not_move(ledger, pot):
    assert ledger.charge(H10, {"a": "1", pot: "1"}) == 1


def test_a_pot_named_twice_or_unknown_is_missed_by_the_count(ledger):
    pot = ledger.ids["a"]

    assert ledger.charge_pots(H10, [pot, pot, 0], ["1", "1", "1"]) == 1

    assert ledger.pot("a") == (Decimal(69), 3, H10 + HOUR)


def test_half_past_is_no_hour(ledger):
    assert ledger.charge(H10 + HOUR / 2, {"a": "1"}) == 0


def test_an_hour_that_is_not_over_cannot_be_charged(ledger):
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + HOUR

    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        ledger.charge(this_hour, {"a": "1"})

    assert refusal.value.diag.constraint_name == "ledger_shape"


def test_a_usage_floor_holds(ledger):
    ledger.connection.execute(
        "UPDATE funds_pot SET usage_floor = -10 WHERE id = %s", [ledger.ids["a"]]
    )
    assert ledger.charge(H10, {"a": "80"}) == 1

    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        ledger.charge(H10 + HOUR, {"a": "0.000001"})

    assert refusal.value.diag.constraint_name == "ledger_chain"


def test_the_watermark_begins_at_the_hour_and_never_again(ledger):
    ledger.start("rich", H10 + timedelta(minutes=17, seconds=3))
    ledger.start("rich", H10 - 5 * HOUR)

    assert ledger.pot("rich") == (Decimal(1000), 3, H10)


def test_a_purchase_between_two_hours_keeps_the_chain(ledger):
    ledger.charge(H10, {"a": "1"})
    ledger.one(
        "SELECT id FROM funds_post('order:5:purchase', %s, 'USD', %s, %s, 9, 20::smallint, "
        "'', now())",
        [ledger.ids["acme"], ledger.ids["a"], ledger.ids["revenue"]],
    )
    ledger.charge(H10 + HOUR, {"a": "1"})

    assert ledger.pot("a") == (Decimal(59), 5, H10 + 2 * HOUR)
