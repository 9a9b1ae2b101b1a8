"""A shop beside a simulator whose time stands still."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from simulator.config import SimulatorConfig
from tests.simulator.shop import (
    BASE_URL,
    CLIENT_ID,
    REFUND_NOTIFY_URL,
    MovableClock,
    Shop,
)


@pytest.fixture
def config(
    merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey, tmp_path: Path
) -> SimulatorConfig:
    merchant = merchant_key.public_key()
    return SimulatorConfig(
        private_key=alipay_key,
        # The second id is a merchant in production, with the same key for simplicity.
        clients={CLIENT_ID: merchant, "5J0000000000000000": merchant},
        base_url=BASE_URL,
        refund_notify_url=REFUND_NOTIFY_URL,
        timeout_seconds=0.05,
        slow_seconds=0.01,
        state_file=tmp_path / "state.jsonl",
    )


@pytest.fixture
async def shop(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> AsyncIterator[Shop]:
    async with Shop(config, merchant_key, MovableClock()).open() as shop:
        yield shop
