"""An order that was paid after its end is not paid anew while that money counts."""

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.testing import WorkflowEnvironment

from contracts import (
    LateMoneyPolicy,
    LateOutcome,
    LatePaymentInput,
    LatePaymentView,
    late_payment_id,
)
from tests.api.running import Shop, paid_notification, settings_in
from tests.builders import a_cancel, a_page, a_refusal, an_inquiry
from tests.fakes import NO_VERDICT, FakeAlipay


@pytest.fixture
def honouring(
    shop: Shop,
    dev_server: WorkflowEnvironment,
    alipay_key: RSAPrivateKey,
    tmp_path: Path,
) -> Shop:
    """A shop that delivers although the money came late; the same worker serves it."""
    settings = settings_in(tmp_path, alipay_key).model_copy(
        update={"late_money": LateMoneyPolicy.HONOUR}
    )
    other = Shop(settings, dev_server.client, alipay_key)
    other.alipays = shop.alipays
    return other


async def late_result(shop: Shop, order_id: str) -> LatePaymentView:
    late = shop.client.get_workflow_handle(
        late_payment_id(f"{order_id}_1"), result_type=LatePaymentView
    )
    return LatePaymentView.model_validate(await late.result())


async def test_an_order_whose_late_money_was_honoured_is_not_paid_again(
    honouring: Shop,
) -> None:
    alipay = FakeAlipay(pay=[a_refusal(), a_page()], inquiries=[an_inquiry("SUCCESS")])
    body = honouring.sells(alipay)
    await honouring.http.post("/payments", json=body)
    await honouring.notified(paid_notification(body["order_id"]))
    await late_result(honouring, body["order_id"])
    again = await honouring.http.post("/payments", json=body)
    [late] = (await honouring.look(body["order_id"]))["late_money"]
    assert again.status_code == 409
    assert again.json()["code"] == "PAID_LATE"
    assert late["outcome"] == "HONOURED"
    assert alipay.calls == ["pay", "inquire"]


async def test_an_order_is_not_started_anew_while_late_money_is_dealt_with(
    shop: Shop,
) -> None:
    alipay = FakeAlipay(
        pay=[a_refusal(), a_page()],
        inquiries=[NO_VERDICT, an_inquiry("SUCCESS")],
        cancels=[a_cancel()],
    )
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    await shop.notified(paid_notification(body["order_id"]))
    meanwhile = await shop.http.post("/payments", json=body)
    await late_result(shop, body["order_id"])
    afterwards = await shop.http.post("/payments", json=body)
    assert meanwhile.status_code == 409
    assert meanwhile.json()["code"] == "LATE_MONEY"
    assert afterwards.status_code == 201


async def test_a_late_success_that_was_untrue_at_first_is_looked_at_again(
    shop: Shop,
) -> None:
    alipay = FakeAlipay(
        pay=[a_refusal()],
        inquiries=[an_inquiry("FAIL"), an_inquiry("SUCCESS")],
        cancels=[a_cancel()],
    )
    body = shop.sells(alipay)
    order_id = body["order_id"]
    await shop.http.post("/payments", json=body)
    await shop.notified(paid_notification(order_id))
    untrue = await late_result(shop, order_id)
    await shop.notified(paid_notification(order_id, resent=True))
    true = await late_result(shop, order_id)
    assert untrue.outcome is LateOutcome.NOT_PAID
    assert true.outcome is LateOutcome.RETURNED
    assert alipay.calls == ["pay", "inquire", "inquire", "cancel"]


async def test_late_money_that_is_settled_is_not_settled_twice(shop: Shop) -> None:
    alipay = FakeAlipay(
        pay=[a_refusal()], inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()]
    )
    body = shop.sells(alipay)
    order_id = body["order_id"]
    await shop.http.post("/payments", json=body)
    for resent in range(3):
        await shop.notified(paid_notification(order_id, resent=resent))
        await late_result(shop, order_id)
    assert alipay.calls == ["pay", "inquire", "cancel"]


async def test_money_of_an_attempt_that_the_order_never_opened_is_shown(
    shop: Shop,
) -> None:
    alipay = FakeAlipay(
        pay=[a_refusal()], inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()]
    )
    body = shop.sells(alipay)
    order_id = body["order_id"]
    await shop.http.post("/payments", json=body)
    await shop.notified(paid_notification(order_id, attempt=7))
    late = shop.client.get_workflow_handle(late_payment_id(f"{order_id}_7"))
    await late.result()
    async with asyncio.timeout(20):
        # Temporal's list may be some moments behind.
        while not (money := (await shop.look(order_id))["late_money"]):
            pass
    assert [one["payment_request_id"] for one in money] == [f"{order_id}_7"]
    assert money[0]["outcome"] == "RETURNED"


async def test_late_money_says_which_attempt_pays_the_order(shop: Shop) -> None:
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()]
    )
    order_id = await shop.opens(alipay)
    await shop.notified(paid_notification(order_id))
    await shop.client.get_workflow_handle(f"payment:{order_id}").result()
    await shop.notified(paid_notification(order_id, attempt=2))
    late = shop.client.get_workflow_handle(late_payment_id(f"{order_id}_2"))
    first = await anext(aiter(late.fetch_history_events()))
    payloads = first.workflow_execution_started_event_attributes.input.payloads
    [given] = await shop.client.data_converter.decode(payloads, [LatePaymentInput])
    assert given.order_paid_by == f"{order_id}_1"
    assert given.policy is LateMoneyPolicy.REFUND
