from django.urls import path

from accounts.views import audit

app_name = "accounts_admin"
urlpatterns = [
    path("audit/", audit.list_audit, name="list-audit"),
    path("audit/<int:entry_id>/", audit.view_audit_entry, name="view-audit-entry"),
]
