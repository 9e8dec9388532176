"""URLs with the mistakes that the matrix must find; used by `test_teeth` only."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import include, path
from django.views.decorators.http import require_GET, require_POST

from accounts.access import Permission
from accounts.decorators import AdminRequest, UserRequest, admin_view, user_view
from accounts.models import BusinessGroup
from cmp.urls import urlpatterns as real


def undecorated(_request: UserRequest, **_kwargs: Any) -> HttpResponse:
    return HttpResponse()


@require_POST
@admin_view(Permission.EDIT_PEOPLE)
def writes_before_it_refuses(request: AdminRequest, group_id: int) -> HttpResponse:
    BusinessGroup.objects.filter(pk=group_id).update(name="taken over")
    if not request.reach.covers(BusinessGroup.objects.get(pk=group_id).tenant_id):
        raise Http404
    return HttpResponse()


@require_GET
@user_view(Permission.VIEW_ORDERS)
def fetches_around_the_tenant(_request: UserRequest, group_id: int) -> HttpResponse:
    get_object_or_404(BusinessGroup, pk=group_id)
    return HttpResponse()


@require_GET
@user_view(Permission.VIEW_ORDERS)
def breaks(_request: UserRequest) -> HttpResponse:
    raise RuntimeError


@require_GET
@user_view(Permission.VIEW_ORDERS)
def tells_foreign_from_absent(request: UserRequest, group_id: int) -> HttpResponse:
    group = get_object_or_404(BusinessGroup, pk=group_id)
    if group.tenant_id != request.tenant.pk:
        return HttpResponse("not yours", status=404)
    return HttpResponse()


@require_GET
@admin_view(Permission.VIEW_CHANNELS)
def of_an_unknown_kind(_request: AdminRequest, gizmo_id: int) -> HttpResponse:
    return HttpResponse(str(gizmo_id))


_leaky = [
    path("undecorated", undecorated, name="undecorated"),
    path("around/<int:group_id>/", fetches_around_the_tenant, name="around"),
    path("breaks/", breaks, name="breaks"),
    path("tells/<int:group_id>/", tells_foreign_from_absent, name="tells"),
]
urlpatterns = [
    path("portal/<slug:tenant_slug>/", include(_leaky)),
    path("admin/writes/<int:group_id>/", writes_before_it_refuses, name="writes"),
    path("admin/gizmo/<int:gizmo_id>/", of_an_unknown_kind, name="gizmo"),
    *real,
]
