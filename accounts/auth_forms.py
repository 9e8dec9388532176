"""allauth's forms in our words; what they check and do stays allauth's."""

from typing import Any

from allauth.account import forms as allauth_forms
from django.utils.translation import gettext_lazy as _


class _InOurWords:
    """Labels above instead of placeholders inside, and our words for the fields."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {
            "login": _("E-mail"),
            "email": _("E-mail"),
            "password": _("Password"),
            "oldpassword": _("Password until now"),
            "password1": _("New password"),
            "password2": _("New password again"),
            "remember": _("Keep me logged in on this device"),
        }
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = words.get(name, field.label)


class LogInForm(_InOurWords, allauth_forms.LoginForm):  # type: ignore[misc]
    """E-mail and password."""

    field_order = ("login", "password", "remember")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class ResetPasswordForm(_InOurWords, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """Where to send the link."""


class NewPasswordForm(_InOurWords, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """The password that a mailed link sets."""


class ChangePasswordForm(_InOurWords, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """One's own password."""
