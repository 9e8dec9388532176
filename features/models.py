"""What admins set: one row for each feature that has ever been changed."""

from django.db import models

from accounts.models import User


class FeatureSetting(models.Model):
    """The value of one billing feature, with who set it last.

    A feature without a row has the default that the registry declares.
    """

    key = models.CharField(max_length=40, primary_key=True)
    # JSON: a switch is true or false, an amount is text, so that no float touches it.
    value = models.JSONField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.key
