"""The admin portal's pages of payments, mounted under `/admin/`."""

from django.urls import path

from payments.views import channels, oversight

app_name = "payments_admin"
urlpatterns = [
    path("channels/", channels.list_channels, name="list-channels"),
    path("channels/add/", channels.add_channel, name="add-channel"),
    path("channels/<int:channel_id>/edit/", channels.edit_channel, name="edit-channel"),
    path(
        "channels/<int:channel_id>/disable/",
        channels.disable_channel,
        name="disable-channel",
    ),
    path(
        "channels/<int:channel_id>/enable/", channels.enable_channel, name="enable-channel"
    ),
    path(
        "channels/<int:channel_id>/delete/", channels.delete_channel, name="delete-channel"
    ),
    path("recharges/", oversight.list_recharges, name="list-recharges"),
    path("recharges/suspense/", oversight.list_unplaced, name="list-unplaced"),
    path("recharges/<int:recharge_id>/", oversight.view_recharge, name="view-recharge"),
]
