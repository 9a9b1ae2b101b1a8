"""The shop in this process, beside a payment API that is played."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from codec.server.operators import hash_password
from storefront.settings import StorefrontSettings
from tests.storefront.customer import Customer, a_customer
from tests.storefront.member import PASSWORD, Member
from tests.storefront.played_api import API_KEY, REFUND_KEY, PlayedApi

SECRETS = tuple(
    f"whsec_{base64.b64encode(one * 3).decode()}" for one in (b"old-key-", b"new-key-")
)


@pytest.fixture
def shop_settings(tmp_path: Path) -> StorefrontSettings:
    (tmp_path / "api-key").write_text(API_KEY)
    (tmp_path / "secrets").write_text("\n".join(SECRETS))
    (tmp_path / "refund-key").write_text(REFUND_KEY)
    # As `cashier operators add` writes it, and quickly compared.
    (tmp_path / "staff").write_text(f"ana:{hash_password(PASSWORD, n=2)}\n")
    return StorefrontSettings.model_validate(
        {
            "api_url": "http://api.example",
            "api_key_file": tmp_path / "api-key",
            "callback_secrets_file": tmp_path / "secrets",
            "refund_key_file": tmp_path / "refund-key",
            "staff_file": tmp_path / "staff",
            "database": tmp_path / "shop.sqlite",
        }
    )


@pytest.fixture
def api() -> PlayedApi:
    return PlayedApi()


@pytest.fixture
def pauses() -> list[float]:
    """How long the shop has paused while the API was away."""
    return []


@pytest.fixture
async def customer(
    shop_settings: StorefrontSettings, api: PlayedApi, pauses: list[float]
) -> AsyncIterator[Customer]:
    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async with a_customer(shop_settings, api, sleep=sleep) as customer:
        yield customer


@pytest.fixture
async def member(customer: Customer) -> Member:
    """A member of the staff who has logged in, in the browser of the customer."""
    member = Member(customer)
    await member.logs_in()
    return member
