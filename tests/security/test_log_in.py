"""TEN-14, F62, F63: guessing passwords, asking who has an account, stealing sessions."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import AuditEntry, User
from tests.security.conftest import PASSWORD, LogIn
from tests.security.counting_hasher import CountingHasher

WRONG = "not-the-password"


def attempts(log_in: LogIn, client: Client, email: str, count: int) -> list[int]:
    return [log_in(client, email, WRONG).status_code for _ in range(count)]


def test_the_sixth_wrong_password_is_refused_with_a_page(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F62: one person, many passwords."""
    assert attempts(log_in, client, alice_with_password.email, 5) == [200] * 5

    refused = log_in(client, alice_with_password.email, WRONG)

    assert refused.status_code == 429
    assert "Too many attempts" in refused.content.decode()
    assert "Wait a few minutes" in refused.content.decode()


def test_the_right_password_is_refused_too_while_the_limit_holds(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F62: otherwise the limit would tell which of the guesses was right."""
    attempts(log_in, client, alice_with_password.email, 6)

    assert log_in(client, alice_with_password.email).status_code == 429
    assert "_auth_user_id" not in client.session


def test_another_person_is_not_locked_out(
    client: Client, alice_with_password: User, sam_with_password: User, log_in: LogIn
) -> None:
    """F62: the limit is on the account that is guessed at."""
    attempts(log_in, client, alice_with_password.email, 6)

    assert log_in(Client(), sam_with_password.email).status_code == 302


def test_upper_case_letters_do_not_give_five_more_guesses(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F62: the same address in other letters is the same account."""
    attempts(log_in, client, alice_with_password.email, 5)

    assert log_in(client, alice_with_password.email.upper(), WRONG).status_code == 429


def test_one_network_guessing_at_many_people_is_refused(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F62: many people, one password."""
    statuses = [
        log_in(client, f"person{number}@example.test", WRONG).status_code
        for number in range(21)
    ]

    assert statuses == [200] * 20 + [429]


def test_right_passwords_do_not_use_the_limit_up(
    alice_with_password: User, log_in: LogIn
) -> None:
    """F62: an office behind one address logs in all morning."""
    statuses = [log_in(Client(), alice_with_password.email).status_code for _ in range(8)]

    assert statuses == [302] * 8


def test_a_wrong_password_and_an_unknown_address_read_the_same(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F62: enumeration by text."""
    wrong = log_in(client, alice_with_password.email, WRONG).content.decode()
    unknown = log_in(client, "nobody@example.test", WRONG).content.decode()

    for page, email in (
        (wrong, alice_with_password.email),
        (unknown, "nobody@example.test"),
    ):
        assert "not correct" in page
        assert email in page
    assert shape(wrong, alice_with_password.email) == shape(unknown, "nobody@example.test")


@pytest.mark.parametrize("email", ["alice@example.test", "nobody@example.test"])
def test_a_wrong_password_costs_the_same_work_for_any_address(
    client: Client, alice: User, log_in: LogIn, settings: Settings, email: str
) -> None:
    """F62: enumeration by timing; hashing is what takes time."""
    settings.PASSWORD_HASHERS = ["tests.security.counting_hasher.CountingHasher"]
    alice.set_password(PASSWORD)
    alice.save(update_fields=["password"])
    before = CountingHasher.hashed

    log_in(client, email, WRONG)

    assert CountingHasher.hashed - before == 1


def shape(page: str, email: str) -> list[str]:
    """The page without what differs each time: the address typed and the form's token."""
    lines = page.replace(email, "…").splitlines()
    return [line for line in lines if "csrfmiddlewaretoken" not in line]


def test_a_password_reset_does_not_tell_whether_the_address_exists(
    alice_with_password: User,
) -> None:
    """F62: both get the same answer, and each address gets a mail."""
    answers = []
    for email in (alice_with_password.email, "nobody@example.test"):
        answer = Client().post(reverse("account_reset_password"), {"email": email})
        answers.append((answer.status_code, answer.headers["Location"]))

    assert answers == [(302, reverse("account_reset_password_done"))] * 2
    assert [message.to for message in mail.outbox] == [
        [alice_with_password.email],
        ["nobody@example.test"],
    ]
    assert "/password/reset/key/" in mail.outbox[0].body
    assert "/password/reset/key/" not in mail.outbox[1].body


def test_the_fourth_reset_mail_to_one_address_is_refused(alice_with_password: User) -> None:
    """F62: nobody's mailbox is filled by asking for resets."""
    statuses = [
        Client()
        .post(reverse("account_reset_password"), {"email": alice_with_password.email})
        .status_code
        for _ in range(4)
    ]

    assert statuses == [302, 302, 302, 429]
    assert len(mail.outbox) == 3


def test_log_in_gives_a_new_session(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F63: an id planted before log-in is worth nothing after it."""
    client.get(reverse("account_login"))
    planted = client.session
    planted["planted"] = True
    planted.save()
    client.cookies["sessionid"] = planted.session_key or ""

    log_in(client, alice_with_password.email)

    assert client.session.session_key != planted.session_key
    thief = Client()
    thief.cookies["sessionid"] = planted.session_key or ""
    assert thief.get(reverse("view-security")).status_code == 302


def test_a_session_is_worth_nothing_after_log_out(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F63: reuse after log-out."""
    log_in(client, alice_with_password.email)
    key = client.session.session_key

    client.post(reverse("account_logout"))

    thief = Client()
    thief.cookies["sessionid"] = key or ""
    assert thief.get(reverse("view-security")).status_code == 302


def test_log_out_by_a_link_asks_first(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F64: a picture's address cannot log somebody out."""
    log_in(client, alice_with_password.email)

    client.get(reverse("account_logout"))

    assert client.get(reverse("view-security")).status_code == 200


def test_a_new_password_ends_the_other_sessions(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F63: reuse after password change; the browser that changed it stays."""
    other = Client()
    log_in(other, alice_with_password.email)
    log_in(client, alice_with_password.email)
    form = {
        "oldpassword": PASSWORD,
        "password1": "another-long-one-7",
        "password2": "another-long-one-7",
    }

    client.post(reverse("account_change_password"), form)

    assert client.get(reverse("view-security")).status_code == 200
    assert other.get(reverse("view-security")).status_code == 302


def test_a_disabled_person_is_out_at_once(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F63: reuse after disable."""
    log_in(client, alice_with_password.email)
    User.objects.filter(pk=alice_with_password.pk).update(is_active=False)

    assert client.get(reverse("view-security")).status_code == 302


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        (PASSWORD, ("session.started", "Alice", {})),
        (WRONG, ("session.refused", "Platform", {"reason": "password"})),
    ],
)
def test_log_ins_stand_in_the_audit_log(
    client: Client,
    alice_with_password: User,
    log_in: LogIn,
    password: str,
    expected: tuple[str, str, dict[str, str]],
) -> None:
    """OPS-02: who, when, from where – also when it failed."""
    log_in(client, alice_with_password.email, password, REMOTE_ADDR="203.0.113.7")

    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor_name, entry.after) == expected
    assert entry.subject == f"user:{alice_with_password.pk}"
    assert entry.origin == "203.0.113.7"


def test_what_was_typed_into_a_failed_log_in_is_not_kept(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F67: people type their password into the field for the address."""
    log_in(client, "my-secret-password@example.test", WRONG)

    entry = AuditEntry.objects.get()
    assert entry.subject == "user:unknown"
    assert "secret" not in repr(vars(entry))
