"""Mails about accounts, in the language of whoever receives them."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Tenant, User


def invitation(user: User, tenant: Tenant) -> EmailMessage:
    """How to log in: with a link to set the first password, for those who have none."""
    with translation.override(user.language):
        context = {
            "person": user,
            "tenant": tenant,
            "link": "" if user.has_usable_password() else password_link(user),
            "login_url": f"{settings.PUBLIC_URL}{reverse('account_login')}",
        }
        return EmailMessage(
            subject=_("Your access to %(tenant)s at CMP Billing") % {"tenant": tenant.name},
            body=render_to_string("accounts/mails/invitation.txt", context),
            to=[user.email],
        )


def password_link(user: User) -> str:
    """A link to set the password, good once and for a few days."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    link: str = get_adapter().get_reset_password_from_key_url(key)
    return link
