"""The user portal's pages of billing, mounted under `/portal/<tenant>/`."""

from django.urls import path

from billing.views import catalogue, orders, resources

app_name = "billing"
urlpatterns = [
    path("catalogue/", catalogue.view_catalogue, name="view-catalogue"),
    path("catalogue/instance/", catalogue.request_instance, name="request-instance"),
    path("orders/", orders.list_orders, name="list-orders"),
    path("orders/<int:order_id>/", orders.view_order, name="view-order"),
    path("orders/<int:order_id>/pay/", orders.pay_order, name="pay-order"),
    path("orders/<int:order_id>/cancel/", orders.cancel_order, name="cancel-order"),
    path("resources/", resources.list_resources, name="list-resources"),
    path("resources/<int:instance_id>/", resources.view_resource, name="view-resource"),
    path(
        "resources/<int:instance_id>/delete/",
        resources.delete_resource,
        name="delete-resource",
    ),
]
