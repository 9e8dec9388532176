"""How somebody wants to see pages. Theirs alone, so no audit entry is written."""

from accounts.models import User


def choose_theme(*, user_id: int, theme: str) -> None:
    """Remember the theme on every device of this person."""
    assert theme in User.Theme.values
    User.objects.filter(pk=user_id).update(theme=theme)


def choose_language(*, user_id: int, language: str) -> None:
    """Remember the language on every device of this person."""
    User.objects.filter(pk=user_id).update(language=language)
