"""Alipay tells which order a paymentId belongs to; nobody else holds it."""

from pathlib import Path

import httpx
import pytest

from cashier.payments.alipay_ids import request_id_of
from cashier.system.home import Home
from cashier.temporal_calls import UnreachableError
from tests.alipay.gateway import a_pay_request
from tests.cashier.doctor.checking import answering, worker_settings
from tests.cashier.doctor.test_alipay import simulated


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.prepare()
    return home


async def test_alipay_tells_the_attempt_of_a_payment_id(home: Home) -> None:
    async with simulated(home) as http:
        alipay = worker_settings(home).alipay_client(http)
        opened = await alipay.pay(a_pay_request())
        assert opened.payment_id is not None
        found = await request_id_of(opened.payment_id, alipay)
        unknown = await request_id_of("2026112419401", alipay)
    assert found == "order-1_1"
    assert unknown is None


async def test_an_alipay_that_does_not_answer_is_said(home: Home) -> None:
    async with answering(lambda _: httpx.Response(503)) as http:
        alipay = worker_settings(home).alipay_client(http)
        with pytest.raises(UnreachableError, match="Alipay does not answer"):
            await request_id_of("2026112419401", alipay)
