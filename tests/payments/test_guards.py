"""The database refuses what the code would never do: raw SQL as cmp_app and as owner.

Each constraint and trigger of the payment tables has an attack here; the census fails
for one that has none.
"""

import re
from typing import Any

import psycopg
import pytest

from accounts.models import Tenant, User
from payments.actions import channels, inbox
from payments.models import GatewayMessage, PaymentChannel, Recharge
from tests.databases import Database
from tests.factories import payments as make
from tests.factories.payments import answer, deliver

TABLES = (
    "payments_paymentchannel",
    "payments_recharge",
    "payments_gatewaymessage",
    "payments_unplacedpayment",
)


@pytest.fixture
def rows(  # noqa: PLR0917 (fixtures are arguments)
    committed_db: Database,
    alice: User,
    acme: Tenant,
    acme_account: Any,
    channel: PaymentChannel,
    globex: Tenant,
    charlie: User,
    sam: User,
    tina: User,
) -> dict[str, int]:
    """One row in each state that an attack needs."""
    waiting = make.start_recharge(alice, acme_account, channel)
    created = make.start_recharge(alice, acme_account, channel, is_sent=False)
    paid = make.start_recharge(alice, acme_account, channel)
    message = deliver(channel, answer(paid))
    suspended = deliver(channel, answer(waiting, merchant_reference="NOBODY", fort_id="7"))
    failed = make.start_recharge(alice, acme_account, channel)
    deliver(channel, make.declined(failed))
    unjudged = inbox.store(
        channel_id=channel.pk,
        origin=GatewayMessage.Origin.NOTICE,
        content_type=make.FORM,
        body=b"a=1",
        at=make.NOON,
    )
    theirs = make.make_channel(sam, globex, name="Theirs")
    gone = make.make_channel(tina, acme, name="Gone")
    channels.delete(actor=tina, channel_id=gone.pk, at=make.NOON)
    return {
        "unjudged": unjudged.pk,
        "theirs": theirs.pk,
        "gone": gone.pk,
        "acme": acme.pk,
        "globex": globex.pk,
        "alice": alice.pk,
        "charlie": charlie.pk,
        "account": acme_account.pk,
        "channel": channel.pk,
        "waiting": waiting.pk,
        "created": created.pk,
        "paid": paid.pk,
        "failed": failed.pk,
        "message": message.pk,
        "suspended": suspended.pk,
    }


@pytest.fixture
def connect(committed_db: Database) -> Any:
    return committed_db.connect


_INSERT = (
    "INSERT INTO payments_recharge (tenant_id, fund_account_id, channel_id, payer_id,"
    " amount, currency, merchant_reference, form_key, return_to, purpose, language, state,"
    " gateway_code, created_at, checks_done) VALUES ("
    "{tenant}, {account}, {channel}, {alice}, {amount}, {currency}, {reference},"
    " gen_random_uuid(), {return_to}, '', 'en', {state}, '', now(), 0)"
)


def _insert(rows: dict[str, int], **changes: object) -> str:
    values = {
        "tenant": rows["acme"],
        "account": rows["account"],
        "channel": rows["channel"],
        "alice": rows["alice"],
        "amount": "10",
        "currency": "'USD'",
        "reference": "'ATTACK-1'",
        "return_to": "''",
        "state": "'CREATED'",
        **changes,
    }
    return _INSERT.format(**values)


def _attacks(rows: dict[str, int]) -> list[tuple[str, str]]:
    """(the guard that must refuse, the statement)."""
    channel = "UPDATE payments_paymentchannel SET {} WHERE id = " + str(rows["channel"])
    gone = "UPDATE payments_paymentchannel SET {} WHERE id = " + str(rows["gone"])
    waiting = "UPDATE payments_recharge SET {} WHERE id = " + str(rows["waiting"])
    created = "UPDATE payments_recharge SET {} WHERE id = " + str(rows["created"])
    paid = "UPDATE payments_recharge SET {} WHERE id = " + str(rows["paid"])
    failed = "UPDATE payments_recharge SET {} WHERE id = " + str(rows["failed"])
    fake, fake_number = "transaction_number = 'T-1'", "gateway_reference = '1'"
    taken = "(SELECT min(merchant_reference) FROM payments_recharge)"
    paid_fields = (
        "state = 'PAID', settled_at = now(), next_check_at = NULL,"
        " gateway_reference = '{}', transaction_number = '{}'"
    )
    new_channel = (
        "INSERT INTO payments_paymentchannel (tenant_id, name, description, kind, address,"
        " access_code, merchant_identifier, sha_type, request_phrase_cipher,"
        " response_phrase_cipher, return_url, is_active, created_at, deleted_at)"
        " SELECT {} FROM payments_paymentchannel WHERE id = " + str(rows["channel"])
    )
    columns = {
        "tenant_id": "tenant_id",
        "name": "'New'",
        "description": "''",
        "kind": "kind",
        "address": "address",
        "access_code": "access_code",
        "merchant_identifier": "merchant_identifier",
        "sha_type": "sha_type",
        "request_phrase_cipher": "request_phrase_cipher",
        "response_phrase_cipher": "response_phrase_cipher",
        "return_url": "return_url",
        "is_active": "true",
        "created_at": "now()",
        "deleted_at": "NULL",
    }

    def added(**changes: str) -> str:
        return new_channel.format(", ".join({**columns, **changes}.values()))

    return [
        # --- channels
        (
            "channel_stays",
            f"DELETE FROM payments_paymentchannel WHERE id = {rows['channel']}",
        ),
        ("channel_stays", "TRUNCATE payments_paymentchannel CASCADE"),
        ("channel_identity", channel.format("tenant_id = NULL")),
        ("channel_identity", channel.format(f"tenant_id = {rows['globex']}")),
        ("channel_identity", channel.format("created_at = now()")),
        ("channel_identity", channel.format("id = 999999")),
        ("channel_ends", channel.format("deleted_at = now(), is_active = false")),
        ("channel_deleted_stays_so", gone.format("deleted_at = NULL")),
        ("channel_deleted_stays_so", gone.format("is_active = true, deleted_at = NULL")),
        ("channel_deleted_stays_so", gone.format("address = 'https://evil.test'")),
        ("channel_deleted_is_not_active", added(deleted_at="now()")),
        ("channel_kind_is_known", added(kind="'OTHER'")),
        ("channel_sha_type_is_known", added(sha_type="'SHA-128'")),
        ("channel_is_complete", added(access_code="''")),
        ("channel_is_complete", added(merchant_identifier="' '")),
        ("channel_is_complete", added(request_phrase_cipher="''")),
        ("channel_is_complete", added(response_phrase_cipher="''")),
        ("channel_is_complete", added(address="'javascript:alert(1)'")),
        ("channel_is_complete", added(name="' '")),
        ("channel_phrases_are_two", added(response_phrase_cipher="request_phrase_cipher")),
        ("channel_name_is_unique_in_its_tenant", added(name="upper(name)")),
        # --- recharges: born
        ("recharge_born", _insert(rows, state="'REDIRECTED'")),
        ("recharge_born", _insert(rows, channel=0)),
        ("recharge_born", _insert(rows, channel=rows["theirs"])),
        ("recharge_born", _insert(rows, channel=rows["gone"])),
        ("recharge_account_is_of_the_tenant_and_currency", _insert(rows, currency="'EUR'")),
        ("recharge_currency_is_a_code", _insert(rows, currency="'usd'")),
        ("recharge_amount_is_sane", _insert(rows, amount="0")),
        ("recharge_amount_is_sane", _insert(rows, amount="-1")),
        ("recharge_amount_is_sane", _insert(rows, amount="'NaN'")),
        ("recharge_amount_is_sane", _insert(rows, amount="1e13")),
        (
            "recharge_merchant_reference_fits_the_gateway",
            _insert(rows, reference="'a=b'"),
        ),
        ("recharge_merchant_reference_fits_the_gateway", _insert(rows, reference="''")),
        ("recharge_returns_to_our_own_host", _insert(rows, return_to="'//evil.test'")),
        ("recharge_returns_to_our_own_host", _insert(rows, return_to="'/\\evil.test'")),
        (
            "recharge_returns_to_our_own_host",
            _insert(rows, return_to="'https://evil.test'"),
        ),
        # --- recharges: identity
        *[
            ("recharge_identity", waiting.format(change))
            for change in (
                "amount = amount + 1",
                "currency = 'EUR'",
                f"tenant_id = {rows['globex']}",
                "fund_account_id = 0",
                "channel_id = 0",
                f"payer_id = {rows['charlie']}",
                "merchant_reference = 'OTHER'",
                "form_key = gen_random_uuid()",
                "return_to = '/elsewhere'",
                "purpose = 'other'",
                "language = 'ar'",
                "created_at = now()",
                "id = 999999",
            )
        ],
        ("recharge_redirected_once", waiting.format("redirected_at = now()")),
        ("recharge_redirected_once", waiting.format("redirected_at = NULL")),
        # --- recharges: moves
        ("recharge_moves", created.format("state = 'PAID'")),
        ("recharge_moves", created.format("state = 'FAILED', redirected_at = now()")),
        ("recharge_moves", created.format("state = 'REVIEW'")),
        ("recharge_moves", created.format("state = 'NONSENSE'")),
        ("recharge_moves", waiting.format("state = 'CREATED'")),
        ("recharge_moves", waiting.format("state = 'NONSENSE'")),
        ("recharge_moves", failed.format("state = 'REDIRECTED', settled_at = NULL")),
        ("recharge_moves", failed.format("state = 'CANCELLED'")),
        ("recharge_moves", failed.format("state = 'EXPIRED', next_check_at = NULL")),
        ("recharge_moves", failed.format("state = 'REVIEW', settled_at = NULL")),
        ("recharge_moves", paid.format("state = 'FAILED'")),
        ("recharge_paid_stays_so", paid.format("gateway_code = '1'")),
        ("recharge_paid_stays_so", paid.format("transaction_number = 'T-1'")),
        ("recharge_paid_stays_so", paid.format("gateway_reference = '1'")),
        (
            "recharge_is_paid_with_its_transaction",
            waiting.format(fake),
        ),
        (
            "recharge_is_paid_with_its_transaction",
            waiting.format(fake_number),
        ),
        (
            "recharge_is_paid_with_its_transaction",
            waiting.format("state = 'PAID', settled_at = now(), next_check_at = NULL"),
        ),
        (
            "recharge_transaction_is_used_once",
            failed.format(paid_fields.format("1", "{paid_transaction}")),
        ),
        (
            "recharge_gateway_reference_is_used_once",
            failed.format(paid_fields.format("{paid_reference}", "T-0")),
        ),
        ("recharge_is_settled_with_its_time", waiting.format("settled_at = now()")),
        ("recharge_is_settled_with_its_time", waiting.format("state = 'FAILED'")),
        (
            "recharge_was_redirected_before_an_answer",
            created.format("state = 'REDIRECTED'"),
        ),
        (
            "recharge_closed_is_not_checked",
            waiting.format("state = 'EXPIRED', settled_at = now()"),
        ),
        ("recharge_stays", f"DELETE FROM payments_recharge WHERE id = {rows['created']}"),
        ("recharge_stays", "TRUNCATE payments_recharge CASCADE"),
        (
            "payments_recharge_merchant_reference_key",
            _insert(rows, reference=taken),
        ),
        (
            "payments_recharge_form_key_key",
            _insert(rows).replace(
                "gen_random_uuid()", "(SELECT form_key FROM payments_recharge LIMIT 1)"
            ),
        ),
        # --- the inbox
        *[
            (
                "message_stays_as_it_came",
                f"UPDATE payments_gatewaymessage SET {change}"
                f" WHERE id = {rows['unjudged']}",
            )
            for change in (
                "body = ''",
                "channel_id = 0",
                "origin = 'RETURN'",
                "content_type = 'x'",
                "received_at = now()",
                "id = 999999",
            )
        ],
        (
            "message_is_judged_once",
            "UPDATE payments_gatewaymessage SET judged_verdict = 'FAILED'"
            f" WHERE id = {rows['message']}",
        ),
        (
            "message_is_judged_once",
            "UPDATE payments_gatewaymessage SET judged_at = NULL, judged_verdict = '',"
            f" judged_recharge_id = NULL WHERE id = {rows['message']}",
        ),
        ("message_stays", "DELETE FROM payments_gatewaymessage"),
        ("message_stays", "TRUNCATE payments_gatewaymessage CASCADE"),
        ("message_is_not_too_long", _message(rows, body="repeat('x', 262145)::bytea")),
        ("message_is_judged_whole", _message(rows, judged_at="now()")),
        ("message_is_judged_whole", _message(rows, judged_verdict="'CREDITED'")),
        ("message_answers_a_question_or_none", _message(rows, origin="'STATUS'")),
        ("message_answers_a_question_or_none", _message(rows, origin="'OTHER'")),
        # --- suspense
        ("unplaced_payment_stays", "UPDATE payments_unplacedpayment SET amount = 1"),
        ("unplaced_payment_stays", "DELETE FROM payments_unplacedpayment"),
        ("unplaced_payment_stays", "TRUNCATE payments_unplacedpayment"),
        ("unplaced_payment_amount_is_sane", _unplaced(rows, amount="'NaN'")),
        ("unplaced_payment_amount_is_sane", _unplaced(rows, amount="0")),
        (
            "unplaced_payment_is_noted_once",
            _unplaced(rows, gateway_reference="'7'"),
        ),
        (
            "payments_unplacedpayment_message_id_key",
            _unplaced(rows, message=rows["suspended"]),
        ),
        (
            "payments_unplacedpayment_transaction_number_key",
            _unplaced(
                rows,
                number="(SELECT transaction_number FROM payments_unplacedpayment LIMIT 1)",
            ),
        ),
    ]


def _message(rows: dict[str, int], **changes: object) -> str:
    values = {
        "origin": "'NOTICE'",
        "body": "''",
        "judged_at": "NULL",
        "judged_verdict": "''",
        **changes,
    }
    return (
        "INSERT INTO payments_gatewaymessage (channel_id, origin, content_type, body,"
        " received_at, judged_at, judged_verdict, judged_reason) VALUES"
        f" ({rows['channel']}, {values['origin']}, '', {values['body']}, now(),"
        f" {values['judged_at']}, {values['judged_verdict']}, '')"
    )


def _unplaced(rows: dict[str, int], **changes: object) -> str:
    values = {
        "gateway_reference": "'8'",
        "message": rows["message"],
        "amount": "1",
        "number": "'T-0'",
        **changes,
    }
    return (
        "INSERT INTO payments_unplacedpayment (channel_id, gateway_reference, message_id,"
        " amount, currency, reason, transaction_number, created_at) VALUES"
        f" ({rows['channel']}, {values['gateway_reference']}, {values['message']},"
        f" {values['amount']}, 'USD', 'UNKNOWN_REFERENCE', {values['number']}, now())"
    )


# What cmp_app has no right to, so that it does not even reach the guard.
_DENIED_TO_APP = {
    "channel_stays",
    "recharge_stays",
    "message_stays",
    "message_stays_as_it_came",
    "unplaced_payment_stays",
}


@pytest.mark.parametrize("role", ["app", "owner"])
def test_every_guard_refuses_its_attack(
    role: str, rows: dict[str, int], connect: Any
) -> None:
    paid = Recharge.objects.get(pk=rows["paid"])
    connection: psycopg.Connection = connect(role)
    wrong = []
    for guard, statement in _attacks(rows):
        attack = statement.replace(
            "{paid_transaction}", str(paid.transaction_number)
        ).replace("{paid_reference}", str(paid.gateway_reference))
        outcome = _attempt(connection, attack)
        expected = "denied" if role == "app" and guard in _DENIED_TO_APP else guard
        if outcome != expected:
            wrong.append((expected, outcome, attack))
    assert wrong == []


@pytest.mark.parametrize("role", ["app", "owner"])
def test_the_controls_pass(role: str, rows: dict[str, int], connect: Any) -> None:
    """What the attacks vary is legal as it stands, so a refusal is for the variation."""
    connection: psycopg.Connection = connect(role)

    for statement in (
        _insert(rows),
        _message(rows),
        _unplaced(rows),
        f"UPDATE payments_recharge SET checks_done = 5 WHERE id = {rows['waiting']}",
        "UPDATE payments_paymentchannel SET description = 'x', is_active = false"
        f" WHERE id = {rows['channel']}",
    ):
        assert _attempt(connection, statement) == "done", statement


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE payments_recharge DISABLE TRIGGER recharge_moves",
        "SET session_replication_role = replica",
        "CREATE TRIGGER x BEFORE UPDATE ON payments_recharge FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "SELECT payments_refuse()",
        "SELECT payments_recharge_born()",
        "SELECT payments_channel_ends()",
        "DROP TABLE payments_unplacedpayment",
    ],
)
def test_the_application_cannot_take_guards_away(
    statement: str, rows: dict[str, int], connect: Any
) -> None:
    assert _attempt(connect("app"), statement) == "denied"


def test_replica_sessions_are_guarded_too(rows: dict[str, int], connect: Any) -> None:
    connection: psycopg.Connection = connect("superuser")
    connection.execute("SET session_replication_role = replica")
    connection.commit()

    outcome = _attempt(
        connection,
        f"UPDATE payments_recharge SET amount = 999 WHERE id = {rows['waiting']}",
    )

    assert outcome == "recharge_identity"


def test_every_constraint_and_trigger_has_its_attack(
    rows: dict[str, int], connect: Any
) -> None:
    attacked = {guard for guard, _ in _attacks(rows)}
    connection: psycopg.Connection = connect("owner")
    found = connection.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = ANY(%s::regclass[])"
        " AND contype IN ('c', 'u', 'x')"
        " UNION SELECT tgname FROM pg_trigger WHERE tgrelid = ANY(%s::regclass[])"
        " AND NOT tgisinternal"
        " UNION SELECT conname FROM pg_constraint WHERE conrelid = ANY(%s::regclass[])"
        " AND contype = 'f' AND array_length(conkey, 1) > 1"
        " UNION SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indrelid = ANY(%s::regclass[]) AND i.indisunique AND NOT i.indisprimary",
        [list(TABLES)] * 4,
    ).fetchall()
    names = {
        name
        for (name,) in found
        # Django's check that a positive number is positive; counts guard no money.
        if name != "payments_recharge_checks_done_check"
    }

    assert {_plain(name) for name in names} - attacked == set()
    assert attacked - {_plain(name) for name in names} == set()


def _plain(name: str) -> str:
    """Unique keys of single fields carry a hash in their names."""
    return re.sub(r"_[0-9a-f]{8}_uniq$", "_key", name)


def _attempt(connection: psycopg.Connection, statement: str) -> str:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return "denied"
    except psycopg.Error as refusal:
        return refusal.diag.constraint_name or str(refusal)
    return "done"
