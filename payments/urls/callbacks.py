"""What gateways and returning browsers call, mounted at `/pay/`."""

from django.urls import path

from payments.views import callbacks

app_name = "payments_callbacks"
urlpatterns = [
    path("unverified", callbacks.view_unverified, name="view-unverified"),
    path("<int:channel_id>/return", callbacks.receive_return, name="receive-return"),
    path("<int:channel_id>/notice", callbacks.receive_notice, name="receive-notice"),
]
