from django.urls import path

from funds.views import admin_accounts, admin_transactions

app_name = "funds_admin"
_ACCOUNT = "fund-accounts/<int:account_id>/"
urlpatterns = [
    path("fund-accounts/", admin_accounts.list_accounts, name="list-accounts"),
    path("fund-accounts/add/", admin_accounts.add_account, name="add-account"),
    path(_ACCOUNT, admin_accounts.view_account, name="view-account"),
    path(f"{_ACCOUNT}edit/", admin_accounts.edit_account, name="edit-account"),
    path(f"{_ACCOUNT}delete/", admin_accounts.delete_account, name="delete-account"),
    path(
        f"{_ACCOUNT}credit-limit/", admin_accounts.set_credit_limit, name="set-credit-limit"
    ),
    path("transactions/", admin_transactions.list_transactions, name="list-transactions"),
    path(
        "transactions/<int:transaction_id>/",
        admin_transactions.view_transaction,
        name="view-transaction",
    ),
]
