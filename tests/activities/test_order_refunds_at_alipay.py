"""The activity that refunds an order, on the real client, against the simulator."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.exceptions import ApplicationError

from activities.order_refunds import OrderRefundActivities
from alipay.client import AlipayClient
from alipay.keys.rsa import AlipayKeys
from contracts import (
    CancelVerdict,
    Money,
    OrderRefundAnswer,
    OrderRefundCall,
    RefundVerdict,
    refund_request_id,
)
from simulator.config import SimulatorConfig
from tests.activities.asking import run
from tests.simulator.shop import BASE_URL, CLIENT_ID, NOTIFY_URL, MovableClock, Shop

PAID = 131_400
ORDER = "ORDER-1001"


@dataclass
class Merchant:
    """One paid order at the simulated Alipay, and the activity that refunds it."""

    shop: Shop
    refunds: OrderRefundActivities

    async def gives_back(
        self, value: int, refund_id: str = "cold-coffee", **more: Any
    ) -> OrderRefundAnswer:
        call = OrderRefundCall(
            order_id=ORDER,
            payment_request_id="order-1_1",
            wallet="GCASH",
            refund_request_id=refund_request_id(ORDER, refund_id, more.pop("retry", 1)),
            amount=Money(currency="PHP", value=value),
            **more,
        )
        return await run(self.refunds.refund_order, call)


@pytest.fixture
async def merchant(
    merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey, tmp_path: Path
) -> AsyncIterator[Merchant]:
    config = SimulatorConfig(
        private_key=alipay_key,
        clients={CLIENT_ID: merchant_key.public_key()},
        base_url=BASE_URL,
    )
    # Whether a cancel is in time is measured by the wall clock.
    clock = MovableClock(datetime.now(UTC))
    async with Shop(config, merchant_key, clock).open() as shop:
        client = AlipayClient(
            shop.http,
            host=BASE_URL,
            client_id=CLIENT_ID,
            private_key=merchant_key,
            alipay_keys=AlipayKeys({"1": alipay_key.public_key()}),
        )
        await shop.pay()
        await shop.customer("pay")
        refunds = OrderRefundActivities(client, notify_url=NOTIFY_URL)
        yield Merchant(shop, refunds)


async def test_a_part_is_given_back_once_however_often_it_is_asked_for(
    merchant: Merchant,
) -> None:
    for _ in range(3):
        answer = await merchant.gives_back(5_000)
        assert answer.refund is not None
        assert answer.refund.verdict is RefundVerdict.REFUNDED
    assert await merchant.shop.moved() == ["CHARGE 131400", "REFUND 5000"]


async def test_a_full_refund_is_a_cancel_while_that_is_possible(
    merchant: Merchant,
) -> None:
    answer = await merchant.gives_back(PAID, may_cancel=True)
    assert answer.cancel is not None
    assert answer.cancel.verdict is CancelVerdict.CANCELLED
    assert await merchant.shop.moved() == ["CHARGE 131400", "RETURN 131400"]


async def test_refunds_in_the_portal_are_seen_before_a_refund_is_sent(
    merchant: Merchant,
) -> None:
    await merchant.shop.customer("refund?value=100000")
    answer = await merchant.gives_back(31_401)
    assert (answer.cancel, answer.refund) == (None, None)
    answer = await merchant.gives_back(31_400, "rest")
    assert answer.refund is not None
    assert answer.refund.verdict is RefundVerdict.REFUNDED
    assert (await merchant.shop.moved())[1:] == ["REFUND 100000", "REFUND 31400"]


async def test_a_refund_in_process_is_listed_and_not_sent_again(
    merchant: Merchant,
) -> None:
    await merchant.shop.plan("refund_takes_hours")
    answer = await merchant.gives_back(5_000)
    assert answer.refund is not None
    assert answer.refund.verdict is RefundVerdict.IN_PROCESS
    again = await merchant.gives_back(5_000)
    assert again.refund is None
    [seen] = again.look.refunds
    assert (seen.status, seen.amount) == (
        "PROCESSING",
        Money(currency="PHP", value=5_000),
    )


@pytest.mark.parametrize("fault", ["refund_unknown_before", "refund_unknown_after"])
async def test_an_unknown_refund_is_no_verdict_and_moves_money_once(
    merchant: Merchant, fault: str
) -> None:
    await merchant.shop.plan(fault, times=1)
    with pytest.raises(ApplicationError, match="UNKNOWN_EXCEPTION"):
        await merchant.gives_back(5_000)
    answer = await merchant.gives_back(5_000)
    assert answer.refund is not None
    assert answer.refund.verdict is RefundVerdict.REFUNDED
    assert await merchant.shop.moved() == ["CHARGE 131400", "REFUND 5000"]


async def test_a_short_balance_asks_for_a_new_id(merchant: Merchant) -> None:
    async def result(retry: int) -> tuple[RefundVerdict | None, str | None]:
        answer = (await merchant.gives_back(5_000, retry=retry)).refund
        assert answer is not None
        return answer.verdict, answer.result_code

    short = (RefundVerdict.REFUSED, "MERCHANT_BALANCE_NOT_ENOUGH")
    await merchant.shop.plan("balance_short")
    assert await result(1) == short
    await merchant.shop.by_hand("top-up")
    assert await result(1) == short
    assert (await result(2))[0] is RefundVerdict.REFUNDED


async def test_the_notification_is_sent_to_the_path_of_the_order(
    merchant: Merchant,
) -> None:
    await merchant.shop.plan("refund_in_process")
    await merchant.gives_back(5_000)
    await merchant.shop.wait(minutes=1)
    notified = merchant.shop.heard[-1]
    assert notified.proven
    assert notified.url.endswith(f"/alipay/notifications/refund/{ORDER}")
