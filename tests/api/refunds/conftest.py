"""One worker and one API, whose storefront may refund, for each module here."""

from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contracts import TASK_QUEUE
from tests.api.refunds.refunding_shop import Ledgers, RefundingShop
from tests.api.running import Shop, settings_in
from workflows.kinds import WORKFLOWS


@pytest.fixture(scope="module")
async def refunding(
    dev_server: WorkflowEnvironment,
    alipay_key: RSAPrivateKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RefundingShop]:
    settings = settings_in(tmp_path_factory.mktemp("settings"), alipay_key)
    shop = Shop(settings, dev_server.client, alipay_key)
    ledgers = Ledgers()
    async with (
        shop.http,
        Worker(
            dev_server.client,
            task_queue=TASK_QUEUE,
            workflows=WORKFLOWS,
            activities=[*shop.alipays.activities, *ledgers.activities],
        ),
    ):
        yield RefundingShop(shop, ledgers)
