"""Requests leave the viewer's language and zone active in their thread; tests share one."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import timezone, translation


@pytest.fixture(autouse=True)
def usual_language_afterwards() -> Iterator[None]:
    yield
    translation.activate(settings.LANGUAGE_CODE)
    timezone.deactivate()
