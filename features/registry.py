"""The 20 billing features, each declared once (source: Config › CMP Config › Feature
Configuration › Billing; defaults as in the product's domain notes, 2.1)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from features.kinds import Amount, Choice, Integer, Kind, Switch, Text

PLANS: Final = (
    ("PREPAID", _("Prepaid")),
    ("POSTPAID", _("Postpaid")),
    ("FLEXIBLE", _("Flexible")),
)
_ADMIN, _USER, _BOTH = _("Admin portal"), _("User portal"), _("Both portals")


@dataclass(frozen=True)
class Feature:
    """One feature: its words, its kind of value, its default and where it shows."""

    key: str
    label: Any
    help: Any
    kind: Kind
    default: Any
    shows_in: Any


_DECLARED: Final = (
    Feature(
        "default_ip_charge",
        _("Enable Default IP Charge"),
        _("A default public IP is charged, shown in the cost estimate and announced."),
        Switch(),
        True,
        _USER,
    ),
    Feature(
        "multi_currency",
        _("Enable Multi-currency"),
        _("Customers choose among supported currencies for costs, invoices and payments."),
        Switch(),
        False,
        _BOTH,
    ),
    Feature(
        "portal_payment",
        _("Enable Portal Payment"),
        _("Payment settings are shown and invoices can be paid in the portal."),
        Switch(),
        True,
        _USER,
    ),
    Feature(
        "prepaid_hourly_billing",
        _("Enable Prepaid Hourly Billing"),
        _("Prepaid customers see their cost change every hour."),
        Switch(),
        True,
        _USER,
    ),
    Feature(
        "free_for_one_ip",
        _("Enable Free for One IP"),
        _("The first public IP of a customer is free on the monthly invoice."),
        Switch(),
        False,
        _USER,
    ),
    Feature(
        "invoice_menu",
        _("Enable Invoice Menu"),
        _("Invoices, their history and payment records are shown under Billing."),
        Switch(),
        True,
        _USER,
    ),
    Feature(
        "suspended_account_billing",
        _("Enable Suspended Account Billing"),
        _("Accounts with overdue invoices are suspended until they are settled."),
        Switch(),
        False,
        _BOTH,
    ),
    Feature(
        "negative_balance_display",
        _("Enable Prepaid Negative Balance Display"),
        _("A negative prepaid balance is shown, with a prompt to add funds."),
        Switch(),
        True,
        _BOTH,
    ),
    Feature(
        "verification_refund",
        _("Enable Account Verification Refund"),
        _("The sign-up deposit goes back once the account is verified."),
        Switch(),
        False,
        _USER,
    ),
    Feature(
        "secondary_ip_billing",
        _("Enable Secondary IP Billing"),
        _("Secondary IPs of an instance are paid; off, they are free."),
        Switch(),
        False,
        _USER,
    ),
    Feature(
        "contract_type",
        _("Enable Billing Contract Type"),
        _(
            "Add Client offers Pay-As-You-Go or Fixed Payment; off, every client is Pay-As-You-Go."
        ),
        Switch(),
        False,
        _ADMIN,
    ),
    Feature(
        "signup_payment",
        _("Enable SignUp Payment"),
        _("Activation of a new account needs a payment."),
        Switch(),
        False,
        _USER,
    ),
    Feature(
        "whmcs_billing",
        _("Enable WHMCS Billing"),
        _("Clients, invoices and payments are kept in step with WHMCS."),
        Switch(),
        False,
        _BOTH,
    ),
    Feature(
        "cost_decimal_points",
        _("Configure Cost Decimal Points (Digit)"),
        _(
            "Decimals of unit prices, estimates and lines; payable totals keep the currency's own."
        ),
        Integer(0, 6),
        2,
        _BOTH,
    ),
    Feature(
        "minimum_recharge",
        _("Specify Minimum Prepaid Recharge"),
        _("A smaller recharge is refused. Counted in the fund account's currency."),
        Amount(),
        Decimal(0),
        _USER,
    ),
    Feature(
        "individual_billing_plan",
        _("Enable Individual Billing Plan"),
        _("Preset for clients of type Individual; wins over the general billing plan."),
        Choice(PLANS),
        "PREPAID",
        _BOTH,
    ),
    Feature(
        "organization_billing_plan",
        _("Enable Organization Billing Plan"),
        _("Preset for clients of type Organization; wins over the general billing plan."),
        Choice(PLANS),
        "PREPAID",
        _BOTH,
    ),
    Feature(
        "billing_plan",
        _("Billing Plan"),
        _("Preset where no type-specific plan applies."),
        Choice(PLANS),
        "PREPAID",
        _BOTH,
    ),
    Feature(
        "promo_code_prefix",
        _("Promo Code Prefix"),
        _("Generated promo codes start with it."),
        Text(12),
        "",
        _ADMIN,
    ),
    Feature(
        "maximum_recharge",
        _("Specify Maximum Prepaid Recharge (Amount)"),
        _("A larger single recharge is refused. Empty means no limit."),
        Amount(),
        None,
        _USER,
    ),
)

FEATURES: Final[dict[str, Feature]] = {feature.key: feature for feature in _DECLARED}
