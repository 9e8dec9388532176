"""What happens about people outside a request."""

from celery import shared_task

from accounts import mails
from accounts.models import Tenant, User


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=6)
def send_invitation(*, user_id: int, tenant_id: int, **_newer_arguments: object) -> None:
    """Mail how to log in; a second mail does no harm, a lost one can be sent again."""
    user, tenant = User.objects.get(pk=user_id), Tenant.objects.get(pk=tenant_id)
    mails.invitation(user, tenant).send()
