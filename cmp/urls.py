"""Every URL of the product: two portals, log-in, payment callbacks, health."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from accounts.urls import security
from cmp import views
from cmp.health import healthz
from cmp.metrics import metrics

_APPS = ("accounts", "features", "funds", "pricing", "resources", "payments", "billing")


def _portal(portal: str) -> list[URLPattern | URLResolver]:
    """The URLs that each app has for one portal."""
    modules = (f"{app}.urls.{portal}" for app in _APPS if find_spec(f"{app}.urls"))
    return [path("", include(module)) for module in modules if find_spec(module)]


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path("", views.home, name="home"),
    path("theme", views.choose_theme, name="choose-theme"),
    path("language", views.choose_language, name="choose-language"),
    path("accounts/", include("allauth.account.urls")),
    # Our security page takes the place of allauth's overview.
    path("accounts/2fa/", RedirectView.as_view(pattern_name="view-security")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/security/", include(security)),
    path("pay/", include("payments.urls.callbacks")),
    path("admin/", views.admin_dashboard, name="admin-dashboard"),
    path("admin/", include(_portal("admin"))),
    path("portal/", views.choose_tenant, name="choose-tenant"),
    path("portal/<slug:tenant_slug>/", views.user_dashboard, name="user-dashboard"),
    path("portal/<slug:tenant_slug>/", include(_portal("user"))),
]

handler400 = "cmp.errors.bad_request"
handler403 = "cmp.errors.permission_denied"
handler404 = "cmp.errors.page_not_found"
handler429 = "cmp.errors.too_many_requests"  # allauth's limits ask for it
handler500 = "cmp.errors.server_error"
