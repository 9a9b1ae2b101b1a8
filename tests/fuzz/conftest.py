"""One worker and one API for each module of these tests."""

from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contracts import TASK_QUEUE
from tests.api.refunds.refunding_shop import Ledgers
from tests.api.running import Shop, settings_in
from tests.builders import PRICE
from workflows.kinds import WORKFLOWS


@pytest.fixture(scope="module")
async def shop(
    dev_server: WorkflowEnvironment,
    alipay_key: RSAPrivateKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Shop]:
    folder = tmp_path_factory.mktemp("settings")
    settings = settings_in(folder, alipay_key)
    shop = Shop(settings, dev_server.client, alipay_key)
    async with (
        shop.http,
        Worker(
            dev_server.client,
            task_queue=TASK_QUEUE,
            workflows=WORKFLOWS,
            activities=[*shop.alipays.activities, *Ledgers(PRICE).activities],
        ),
    ):
        yield shop
