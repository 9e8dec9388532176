"""Acme with prices, and with money in its fund account."""

import pytest

from accounts.models import BusinessGroup, User
from funds.models import FundAccount
from pricing.models import PriceVersion
from tests.factories.funds import put_in
from tests.factories.pricing import publish


@pytest.fixture
def prices(database: None) -> PriceVersion:
    """The standard USD prices, effective since January."""
    return publish()


@pytest.fixture
def funded(acme_account: FundAccount, prices: PriceVersion, mia: User) -> FundAccount:
    """Acme's prepaid fund account with USD 100.00, and prices to spend it by."""
    put_in(acme_account, "100.00")
    return acme_account


@pytest.fixture
def group(acme_group: BusinessGroup) -> BusinessGroup:
    return acme_group
