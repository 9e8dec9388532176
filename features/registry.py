"""The 20 billing features, each declared once.

Source of words and effects: Config › CMP Config › Feature Configuration › Billing.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from features.kinds import Amount, Choice, Integer, Kind, Switch, Text


class Group(Enum):
    """The headings of the screen, in its order."""

    IPS = _("Public IPs")
    PAYING = _("Paying")
    PREPAID = _("Prepaid")
    PLANS = _("Plans of new clients")
    DISPLAY = _("Invoices and display")


PLANS: Final = (
    ("PREPAID", _("Prepaid")),
    ("POSTPAID", _("Postpaid")),
    ("FLEXIBLE", _("Flexible")),
)


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One feature: its words, its kind of value, its default and where it shows.

    `in_effect` says whether the product obeys it yet; the screen tells admins.
    """

    key: str
    group: Group
    label: Any
    help: Any
    kind: Kind
    default: Any
    shows_in: Any
    in_effect: bool = False


_DECLARED: Final = (
    Feature(
        key="default_ip_charge",
        group=Group.IPS,
        label=_("Enable Default IP Charge"),
        help=_("The public IP an instance gets by default is charged."),
        kind=Switch(),
        default=True,
        shows_in=_("Add Instance › Cost estimate; IP Manager › Acquire New Public IP"),
    ),
    Feature(
        key="free_for_one_ip",
        group=Group.IPS,
        label=_("Enable Free for One IP"),
        help=_("A customer’s first public IP is free on the invoice."),
        kind=Switch(),
        default=False,
        shows_in=_("Invoices; cost estimate"),
    ),
    Feature(
        key="secondary_ip_billing",
        group=Group.IPS,
        label=_("Enable Secondary IP Billing"),
        help=_("Secondary IPs are charged; otherwise they are free."),
        kind=Switch(),
        default=False,
        shows_in=_("Instance › Network & Firewall"),
    ),
    Feature(
        key="portal_payment",
        group=Group.PAYING,
        label=_("Enable Portal Payment"),
        help=_("Invoices can be paid in the portal."),
        kind=Switch(),
        default=True,
        shows_in=_("Profile › Payment settings; every invoice"),
    ),
    Feature(
        key="minimum_recharge",
        group=Group.PAYING,
        label=_("Specify Minimum Prepaid Recharge"),
        help=_(
            "A recharge below this amount is refused. Counted in the fund account’s"
            " currency; empty means no minimum."
        ),
        kind=Amount(),
        default=None,
        shows_in=_("Recharge"),
        in_effect=True,
    ),
    Feature(
        key="maximum_recharge",
        group=Group.PAYING,
        label=_("Specify Maximum Prepaid Recharge (Amount)"),
        help=_(
            "A single recharge above this amount is refused. Counted in the fund"
            " account’s currency; empty means no maximum."
        ),
        kind=Amount(),
        default=None,
        shows_in=_("Recharge; Profile › Payment settings"),
        in_effect=True,
    ),
    Feature(
        key="signup_payment",
        group=Group.PAYING,
        label=_("Enable SignUp Payment"),
        help=_("Activation asks for a payment."),
        kind=Switch(),
        default=False,
        shows_in=_("Sign-up › Activation"),
    ),
    Feature(
        key="verification_refund",
        group=Group.PAYING,
        label=_("Enable Account Verification Refund"),
        help=_("The sign-up deposit goes back after verification."),
        kind=Switch(),
        default=False,
        shows_in=_("Sign-up; Transactions"),
    ),
    Feature(
        key="multi_currency",
        group=Group.PAYING,
        label=_("Enable Multi-currency"),
        help=_("Clients see and pay in their own currency."),
        kind=Switch(),
        default=False,
        shows_in=_("Billing › Multi-Currency; cost estimate; invoices"),
    ),
    Feature(
        key="prepaid_hourly_billing",
        group=Group.PREPAID,
        label=_("Enable Prepaid Hourly Billing"),
        help=_("Prepaid clients see cost refreshed every hour; otherwise daily."),
        kind=Switch(),
        default=True,
        shows_in=_("Dashboard; My Profile"),
    ),
    Feature(
        key="negative_balance_display",
        group=Group.PREPAID,
        label=_("Enable Prepaid Negative Balance Display"),
        help=_("A balance below zero is shown, with a prompt to add funds."),
        kind=Switch(),
        default=True,
        shows_in=_("Log-in; client profile"),
    ),
    Feature(
        key="contract_type",
        group=Group.PLANS,
        label=_("Enable Billing Contract Type"),
        help=_("Add Client offers Pay-As-You-Go or Fixed Payment. Off: Pay-As-You-Go."),
        kind=Switch(),
        default=False,
        shows_in=_("Clients › Add Client"),
    ),
    Feature(
        key="billing_plan",
        group=Group.PLANS,
        label=_("Billing Plan"),
        help=_("Used where the two below say nothing else."),
        kind=Choice(PLANS),
        default="PREPAID",
        shows_in=_("Clients › Add Client; sign-up"),
    ),
    Feature(
        key="individual_billing_plan",
        group=Group.PLANS,
        label=_("Enable Individual Billing Plan"),
        help=_("For clients of type Individual."),
        kind=Choice(PLANS),
        default="PREPAID",
        shows_in=_("Clients › Add Client; sign-up"),
    ),
    Feature(
        key="organization_billing_plan",
        group=Group.PLANS,
        label=_("Enable Organization Billing Plan"),
        help=_("For clients of type Organization."),
        kind=Choice(PLANS),
        default="PREPAID",
        shows_in=_("Clients › Add Client; sign-up"),
    ),
    Feature(
        key="invoice_menu",
        group=Group.DISPLAY,
        label=_("Enable Invoice Menu"),
        help=_("Billing › Invoices exists, with history and payment records."),
        kind=Switch(),
        default=True,
        shows_in=_("User portal menu"),
    ),
    Feature(
        key="cost_decimal_points",
        group=Group.DISPLAY,
        label=_("Configure Cost Decimal Points (Digit)"),
        help=_(
            "Decimals of unit prices, estimates and lines. Payable totals keep the"
            " currency’s own; stored amounts keep six."
        ),
        kind=Integer(0, 6),
        default=2,
        shows_in=_("Estimates, summaries, invoices"),
    ),
    Feature(
        key="promo_code_prefix",
        group=Group.DISPLAY,
        label=_("Promo Code Prefix"),
        help=_("Put in front of every new promo code."),
        kind=Text(12),
        default="",
        shows_in=_("Billing › Promo Code › Add"),
    ),
    Feature(
        key="suspended_account_billing",
        group=Group.DISPLAY,
        label=_("Enable Suspended Account Billing"),
        help=_("Clients with overdue invoices are suspended by policy and highlighted."),
        kind=Switch(),
        default=False,
        shows_in=_("Clients; log-in of the client"),
    ),
    Feature(
        key="whmcs_billing",
        group=Group.DISPLAY,
        label=_("Enable WHMCS Billing"),
        help=_("Invoices, payments and subscriptions are kept in step with WHMCS."),
        kind=Switch(),
        default=False,
        shows_in=_("Config › WHMCS; background jobs"),
    ),
)

FEATURES: Final[dict[str, Feature]] = {feature.key: feature for feature in _DECLARED}
