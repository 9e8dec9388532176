"""The user portal's pages of payments, mounted under `/portal/<tenant>/`."""

from django.urls import path

from payments.views import user

app_name = "payments"
urlpatterns = [
    path("recharge/", user.start_recharge, name="start-recharge"),
    path("recharge/<int:recharge_id>/", user.view_recharge, name="view-recharge"),
    path("recharge/<int:recharge_id>/pay/", user.pay_recharge, name="pay-recharge"),
    path("recharges/", user.list_recharges, name="list-recharges"),
]
