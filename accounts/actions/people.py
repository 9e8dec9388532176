"""People: added to tenants, given roles and groups, removed, their accounts closed.

Lock order: the tenant's row before its memberships, so that two administrators cannot
take the last administrator away together.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.access import PLATFORM, Permission
from accounts.actions import audit
from accounts.models import BusinessGroup, Membership, Tenant, User
from cmp.lib import jobs
from cmp.lib.display import Words
from cmp.lib.errors import DomainError, refusals


class PersonRefused(DomainError):
    """A person cannot have this place; `field` is the input that says why, if one does."""

    words: Words = ""
    field: str | None = None

    def __str__(self) -> str:
        return str(self.words)


class AlreadyThere(PersonRefused):
    """The person is in the tenant."""

    words = _("This person belongs to the tenant. Change the role on their page.")
    field = "email"


class BelongsElsewhere(PersonRefused):
    """The person is somebody else's: adding them would show one tenant another's people."""

    words = _("Only the operator can add this person. Ask them to.")
    field = "email"


class GroupRefused(PersonRefused):
    """A business group is of another tenant."""

    words = _("Choose business groups of this tenant.")
    field = "groups"


class LastAdministrator(PersonRefused):
    """The tenant would have no administrator."""

    words = _("The tenant needs an administrator. Name another one first.")
    field = "role"


class OwnsFundAccount(PersonRefused):
    """An open fund account has this person as its owner."""

    words = _("This person owns a fund account of the tenant. Name another owner first.")


class NotYours(PersonRefused):
    """Closing an account reaches further than the actor does."""

    words = _(
        "Only the operator can close or reopen this account. You can remove the person"
        " from your tenant."
    )


class OwnAccount(PersonRefused):
    """Nobody closes their own account or takes their own role away."""

    words = _("You cannot do this to yourself. Ask another administrator.")


@transaction.atomic
def invite(
    *,
    actor: User,
    tenant_id: int,
    email: str,
    name: str,
    role: str,
    group_ids: Collection[int],
    at: datetime,
) -> Membership:
    """Give a person a place in a tenant and mail them how to log in.

    Somebody with an account keeps their name and password. Raises `AlreadyThere`,
    `BelongsElsewhere`, `GroupRefused`.
    """
    Tenant.objects.select_for_update().get(pk=tenant_id)
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_user(email, name=name)
    elif not _may_meet(actor, user):
        raise BelongsElsewhere
    with refusals({"one_membership_per_tenant_and_person": AlreadyThere}):
        membership = Membership.objects.create(tenant_id=tenant_id, user=user, role=role)
    _set_groups(membership, group_ids)
    _record(membership, "membership.added", actor=actor, at=at, after=_facts(membership))
    _mail(membership)
    return membership


@transaction.atomic
def change_place(
    *,
    actor: User,
    membership_id: int,
    role: str,
    group_ids: Collection[int],
    at: datetime,
) -> Membership:
    """Give a person another role or other groups in a tenant.

    Raises `LastAdministrator`, `GroupRefused`, `OwnAccount` for one's own role.
    """
    membership = _locked(membership_id)
    before = _facts(membership)
    if role != membership.role:
        _refuse_own(actor, membership.user_id)
        if role != Membership.Role.TENANT_ADMIN:
            _demand_another_administrator(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    _set_groups(membership, group_ids)
    after = _facts(membership)
    _record(
        membership, "membership.changed", actor=actor, at=at, before=before, after=after
    )
    return membership


@transaction.atomic
def remove(*, actor: User, membership_id: int, reason: str, at: datetime) -> None:
    """Take a person out of a tenant; their account and other places stay.

    Raises `OwnAccount`, `LastAdministrator`, `OwnsFundAccount`.
    """
    membership = _locked(membership_id)
    _refuse_own(actor, membership.user_id)
    _demand_another_administrator(membership)
    before = _facts(membership)
    _record(
        membership, "membership.removed", actor=actor, at=at, before=before, reason=reason
    )
    # funds holds owners to membership in the database; its constraint speaks here.
    with refusals({"fund_account_owner_is_a_member": OwnsFundAccount}):
        membership.delete()


@transaction.atomic
def send_link(*, actor: User, membership_id: int, at: datetime) -> None:
    """Mail a person of a tenant a fresh link to set their password."""
    membership = Membership.objects.select_related("user").get(pk=membership_id)
    _record(membership, "membership.link_sent", actor=actor, at=at)
    _mail(membership)


@transaction.atomic
def close_account(*, actor: User, user_id: int, reason: str, at: datetime) -> User:
    """End all access of a person at once; nothing of theirs is removed.

    Raises `OwnAccount`, and `NotYours` when the account reaches beyond the actor.
    """
    return _set_active(user_id, is_active=False, actor=actor, reason=reason, at=at)


@transaction.atomic
def reopen_account(*, actor: User, user_id: int, reason: str, at: datetime) -> User:
    """Let a person in again, with the places they had. Raises `NotYours`, `OwnAccount`."""
    return _set_active(user_id, is_active=True, actor=actor, reason=reason, at=at)


def may_close(actor: User, user: User) -> bool:
    """Whether closing this account stays within what the actor administers."""
    if user.is_operator:
        return actor.staff_role == User.StaffRole.PLATFORM_ADMIN
    return _may_meet(actor, user) and (
        Membership.objects.filter(user=user).exists()
        or access.allows(actor, Permission.EDIT_PEOPLE, PLATFORM)
    )


def _may_meet(actor: User, user: User) -> bool:
    """Whether the actor may learn that this person has an account."""
    if access.allows(actor, Permission.EDIT_PEOPLE, PLATFORM):
        return True
    places = set(Membership.objects.filter(user=user).values_list("tenant_id", flat=True))
    return not user.is_operator and places <= access.tenants_administered(actor)


def _set_active(
    user_id: int, *, is_active: bool, actor: User, reason: str, at: datetime
) -> User:
    _refuse_own(actor, user_id)
    user = User.objects.select_for_update().get(pk=user_id)
    if not may_close(actor, user):
        raise NotYours
    if user.is_active != is_active:
        user.is_active = is_active
        user.save(update_fields=["is_active"])
        audit.record(
            actor=actor,
            verb="user.reopened" if is_active else "user.closed",
            subject=f"user:{user.pk}",
            at=at,
            before={"is_active": not is_active},
            after={"is_active": is_active},
            reason=reason,
        )
    return user


def _locked(membership_id: int) -> Membership:
    """The membership, its tenant locked before it."""
    tenant_id = Membership.objects.values_list("tenant_id", flat=True).get(pk=membership_id)
    Tenant.objects.select_for_update().get(pk=tenant_id)
    return Membership.objects.select_for_update(of=("self",)).get(pk=membership_id)


def _refuse_own(actor: User, user_id: int) -> None:
    if actor.pk == user_id:
        raise OwnAccount


def _demand_another_administrator(membership: Membership) -> None:
    if membership.role != Membership.Role.TENANT_ADMIN:
        return
    others = Membership.objects.filter(
        tenant_id=membership.tenant_id,
        role=Membership.Role.TENANT_ADMIN,
        user__is_active=True,
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise LastAdministrator


def _set_groups(membership: Membership, group_ids: Collection[int]) -> None:
    groups = BusinessGroup.objects.filter(tenant_id=membership.tenant_id, pk__in=group_ids)
    if len(groups) != len(set(group_ids)):
        raise GroupRefused
    membership.groups.set(groups)


def _mail(membership: Membership) -> None:
    jobs.enqueue(
        "accounts.tasks.send_invitation",
        user_id=membership.user_id,
        tenant_id=membership.tenant_id,
    )


def _facts(membership: Membership) -> dict[str, Any]:
    groups = membership.groups.order_by("name").values_list("name", flat=True)
    return {
        "person": membership.user.email,
        "role": membership.role,
        "groups": list(groups),
    }


def _record(membership: Membership, verb: str, **entry: Any) -> None:
    audit.record(
        verb=verb,
        subject=f"user:{membership.user_id}",
        tenant_id=membership.tenant_id,
        **entry,
    )
