"""An inquiry inside another activity takes no longer than the activity has time for."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.exceptions import ApplicationError

from activities import callbacks, paid_at_alipay
from activities.inquiry import inquire_within
from activities.shop import earlier_events as earlier, paid_events
from alipay.client import CONNECT_TIMEOUT, READ_TIMEOUT, AlipayClient
from alipay.keys.rsa import AlipayKeys

# The time-out of `tell_shop`, and of each call to Alipay, in workflows.
LONGEST = timedelta(seconds=20)


async def test_an_inquiry_that_stays_open_is_given_up_in_time(
    merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with httpx.AsyncClient(transport=httpx.MockTransport(never)) as http:
        client = AlipayClient(
            http,
            host="https://alipay.example",
            client_id="5J0000000000000000",
            private_key=merchant_key,
            alipay_keys=AlipayKeys({"1": alipay_key.public_key()}),
        )
        with pytest.raises(ApplicationError, match="no answer within") as failed:
            await inquire_within(client, "order_1", timedelta(milliseconds=10))
    assert (failed.value.type, failed.value.non_retryable) == ("NoVerdictError", False)


def test_the_checks_and_the_call_fit_into_the_time_out_of_tell_shop() -> None:
    its_turn = 2 * earlier.PATIENCE
    proof = paid_events.ALL_LOOKS + paid_events.INQUIRY
    shop = timedelta(seconds=callbacks.PATIENCE_SECONDS)
    assert its_turn + proof + shop < LONGEST


def test_an_inquiry_leaves_the_call_after_it_all_the_time_that_it_needs() -> None:
    call = CONNECT_TIMEOUT + READ_TIMEOUT
    assert paid_at_alipay.PATIENCE + call < LONGEST
