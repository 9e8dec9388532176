"""What stands before every view: who may enter, and how far they see."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts import access
from accounts.access import PLATFORM, Permission, Reach
from accounts.models import Membership, Tenant, User

View = Callable[..., HttpResponseBase]


class UserRequest(HttpRequest):
    """A request inside one tenant of the user portal."""

    user: User
    tenant: Tenant
    membership: Membership


class AdminRequest(HttpRequest):
    """A request in the admin portal, with how far the actor sees."""

    user: User
    reach: Reach


def user_view(permission: Permission) -> Callable[[View], View]:
    """Resolve the tenant in the URL and demand `permission` in it.

    A stranger gets 404, because that the tenant exists is private. A member whose
    rights fall short gets 403.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(
            request: UserRequest, tenant_slug: str, **kwargs: Any
        ) -> HttpResponseBase:
            membership = get_object_or_404(
                Membership.objects.select_related("tenant"),
                user=request.user,
                tenant__slug=tenant_slug,
            )
            access.demand(request.user, permission, membership.tenant)
            request.tenant = membership.tenant
            request.membership = membership
            return view(request, **kwargs)

        guarded.required_permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def admin_view(permission: Permission) -> Callable[[View], View]:
    """Demand `permission` over the platform, or over the tenants one administers.

    Somebody with no place in the admin portal gets 403 if they belong to any tenant at
    all, and 404 if they do not.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: AdminRequest, **kwargs: Any) -> HttpResponseBase:
            request.reach = reach_of(request.user, permission)
            return view(request, **kwargs)

        guarded.required_permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def reach_of(actor: User, permission: Permission) -> Reach:
    """How far `actor` may do this in the admin portal; raises 403 or 404 when nowhere."""
    if access.allows(actor, permission, PLATFORM):
        return Reach(None)
    tenant_ids = access.tenants_administered(actor)
    if tenant_ids and permission in access.ROLE_GRANTS[Membership.Role.TENANT_ADMIN]:
        return Reach(tenant_ids)
    if actor.is_operator or Membership.objects.filter(user=actor).exists():
        raise PermissionDenied
    raise Http404


def public_view(reason: str) -> Callable[[View], View]:
    """Mark a view that anybody may call, and say why."""

    def decorate(view: View) -> View:
        opened = login_not_required(view)
        opened.required_permission = f"public: {reason}"  # type: ignore[attr-defined]
        return opened

    return decorate


def personal_view(reason: str) -> Callable[[View], View]:
    """Mark a view that shows everybody who is logged in what is their own, and say why."""

    def decorate(view: View) -> View:
        view.required_permission = f"personal: {reason}"  # type: ignore[attr-defined]
        return view

    return decorate
