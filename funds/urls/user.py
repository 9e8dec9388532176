from django.urls import path

from funds.views import user_accounts, user_transactions

app_name = "funds"
urlpatterns = [
    path("fund-accounts/", user_accounts.list_accounts, name="list-accounts"),
    path(
        "fund-accounts/<int:account_id>/", user_accounts.view_account, name="view-account"
    ),
    path("transactions/", user_transactions.list_transactions, name="list-transactions"),
    path(
        "transactions/<int:transaction_id>/",
        user_transactions.view_transaction,
        name="view-transaction",
    ),
]
