"""The admin portal's pages of billing, mounted under `/admin/`."""

from django.urls import path

from billing.views import admin_jobs, admin_orders, admin_prices

app_name = "billing_admin"
urlpatterns = [
    path("orders/", admin_orders.list_orders, name="list-orders"),
    path("orders/<int:order_id>/", admin_orders.view_order, name="view-order"),
    path("price-lists/", admin_prices.view_prices, name="view-prices"),
    path("jobs/", admin_jobs.list_jobs, name="list-jobs"),
    path("jobs/runs/", admin_jobs.list_runs, name="list-runs"),
    path("jobs/dry-run/", admin_jobs.run_dry, name="run-dry"),
    path("jobs/<slug:job>/run/", admin_jobs.run_job, name="run-job"),
]
