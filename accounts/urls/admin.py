from django.urls import path

from accounts.views import audit, groups, people, places, tenants

app_name = "accounts_admin"
urlpatterns = [
    path("tenants/", tenants.list_tenants, name="list-tenants"),
    path("tenants/add/", tenants.add_tenant, name="add-tenant"),
    path("tenants/<int:tenant_id>/", tenants.view_tenant, name="view-tenant"),
    path("tenants/<int:tenant_id>/edit/", tenants.edit_tenant, name="edit-tenant"),
    path("groups/", groups.list_groups, name="list-groups"),
    path("groups/add/", groups.add_group, name="add-group"),
    path("groups/<int:group_id>/rename/", groups.rename_group, name="rename-group"),
    path("people/", people.list_people, name="list-people"),
    path("people/add/", places.add_person, name="add-person"),
    path("people/<int:membership_id>/", people.view_person, name="view-person"),
    path("people/<int:membership_id>/edit/", places.edit_person, name="edit-person"),
    path("people/<int:membership_id>/link/", places.send_link, name="send-link"),
    path("people/<int:membership_id>/remove/", places.remove_person, name="remove-person"),
    path("people/<int:membership_id>/close/", places.close_account, name="close-account"),
    path(
        "people/<int:membership_id>/reopen/", places.reopen_account, name="reopen-account"
    ),
    path("audit/", audit.list_audit, name="list-audit"),
    path("audit/<int:entry_id>/", audit.view_audit_entry, name="view-audit-entry"),
]
