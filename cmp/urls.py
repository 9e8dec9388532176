"""Every URL of the product: two portals, log-in, payment callbacks, health."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from cmp.health import healthz

_APPS = ("accounts", "features", "funds", "pricing", "resources", "payments", "billing")


def _portal(portal: str) -> list[URLPattern | URLResolver]:
    """The URLs that each app has for one portal."""
    modules = (f"{app}.urls.{portal}" for app in _APPS if find_spec(f"{app}.urls"))
    return [path("", include(module)) for module in modules if find_spec(module)]


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", include(_portal("admin"))),
    path("portal/<slug:tenant_slug>/", include(_portal("user"))),
]
