"""One watched system for each module of these tests."""

from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.testing import WorkflowEnvironment

from tests.telemetry.running import Watched, watched_system


@pytest.fixture(scope="module")
async def watched(
    dev_server: WorkflowEnvironment,
    merchant_key: RSAPrivateKey,
    alipay_key: RSAPrivateKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Watched]:
    folder = tmp_path_factory.mktemp("settings")
    async with watched_system(
        dev_server.client, folder, merchant_key, alipay_key
    ) as system:
        yield system
