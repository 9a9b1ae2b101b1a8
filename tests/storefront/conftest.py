"""The shop in this process, beside a payment API that is played."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from storefront.app import create_app
from storefront.settings import StorefrontSettings
from storefront.shop import Shop
from tests.storefront.customer import Customer
from tests.storefront.played_api import API_KEY, PlayedApi

SECRETS = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
)


@pytest.fixture
def shop_settings(tmp_path: Path) -> StorefrontSettings:
    (tmp_path / "api-key").write_text(API_KEY)
    (tmp_path / "secrets").write_text("\n".join(SECRETS))
    return StorefrontSettings.model_validate(
        {
            "api_url": "http://api.example",
            "api_key_file": tmp_path / "api-key",
            "callback_secrets_file": tmp_path / "secrets",
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

    app = create_app(shop_settings, transport=api.transport, sleep=sleep)
    shop: Shop = app.state.shop
    shop.database.prepare()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url=shop_settings.base_url,
        headers={"Origin": shop_settings.base_url},
    ) as http:
        yield Customer(http, shop)
    await shop.api.close()
