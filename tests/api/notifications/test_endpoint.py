"""POST /alipay/notifications/payment: an acknowledgement only for what is kept."""

import httpx
import pytest

from alipay.notifications import ACKNOWLEDGEMENT
from api.notifications.verification import LARGEST_BODY
from contracts import (
    LateOutcome,
    LatePaymentView,
    late_payment_id,
    payment_request_id,
    workflow_id,
)
from tests.api.running import Shop, paid_notification
from tests.builders import PAYMENT_ID, a_cancel, a_page, a_refusal, an_inquiry
from tests.fakes import FakeAlipay
from tests.samples.reading import changed, sample

ACK = (
    b'{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}'
)


def is_acknowledged(response: httpx.Response) -> bool:
    """Whether Alipay would stop sending: by the body or by the status."""
    return response.status_code == 200 or response.content == ACK


async def test_a_proper_notification_is_acknowledged_and_pays(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    order_id = await shop.opens(alipay)
    response = await shop.notified(paid_notification(order_id))
    assert response.status_code == 200
    assert response.content == ACK
    assert response.json() == ACKNOWLEDGEMENT
    assert (await shop.look(order_id))["outcome"] == "PAID"
    assert alipay.calls == ["pay"]


async def test_alipay_needs_no_api_key_of_ours(shop: Shop) -> None:
    order_id = await shop.opens(FakeAlipay(pay=[a_page()]))
    response = await shop.notified(
        paid_notification(order_id), extra=(("Authorization", ""),)
    )
    assert response.content == ACK


async def test_a_duplicate_is_acknowledged_again(shop: Shop) -> None:
    order_id = await shop.opens(FakeAlipay(pay=[a_page()]))
    for _ in range(3):
        response = await shop.notified(paid_notification(order_id))
        assert response.content == ACK
    assert (await shop.look(order_id))["outcome"] == "PAID"


async def test_one_changed_byte_changes_nothing(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    order_id = await shop.opens(alipay)
    body = paid_notification(order_id)
    for forged in (
        body.replace(b'"131400"', b'"131401"'),
        body + b" ",
        body.replace(order_id.encode(), order_id.upper().encode()),
        b"",
    ):
        response = await shop.notified(body, received=forged)
        assert response.status_code == 401
        assert response.json()["code"] == "SIGNATURE"
    assert (await shop.look(order_id))["status"] == "AWAITING_CUSTOMER"
    assert alipay.calls == ["pay"]


@pytest.mark.parametrize("header", ["Signature", "signature", "Client-Id"])
async def test_a_header_that_comes_twice_is_not_believed(
    header: str, shop: Shop
) -> None:
    order_id = await shop.opens(FakeAlipay(pay=[a_page()]))
    response = await shop.notified(
        paid_notification(order_id), extra=((header, "keyVersion=1,signature=AAAA"),)
    )
    assert response.status_code == 401
    assert (await shop.look(order_id))["outcome"] is None


async def test_an_unsigned_call_is_refused(shop: Shop) -> None:
    response = await shop.http.post(
        "/alipay/notifications/payment", content=paid_notification("order-1")
    )
    assert response.status_code == 401
    assert not is_acknowledged(response)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"not JSON",
        paid_notification("x")[:-1],
        paid_notification("x")[:-1] + b',"notifyType":"PAYMENT_RESULT"}',
        paid_notification("x")[:-1] + b',"x":NaN}',
    ],
)
async def test_a_signed_body_that_cannot_be_read_is_a_400(
    body: bytes, shop: Shop
) -> None:
    response = await shop.notified(body)
    assert response.status_code == 400
    assert response.json()["code"] == "MALFORMED"


async def test_half_an_emoji_in_the_customers_name_does_not_hide_a_payment(
    shop: Shop,
) -> None:
    # JSON can name half a character, yet neither Temporal nor UTF-8 can carry it.
    order_id = await shop.opens(FakeAlipay(pay=[a_page()]))
    body = changed(
        sample("25"),
        paymentRequestId=f"{order_id}_1",
        paymentId=PAYMENT_ID,
        paymentAmount={"currency": "PHP", "value": "131400"},
        result={
            "resultCode": "SUCCESS",
            "resultStatus": "S",
            "resultMessage": "\ud83d",
        },
    )
    assert b"Mar\\ud83d***" in body
    assert (await shop.notified(body)).content == ACK
    assert (await shop.look(order_id))["outcome"] == "PAID"


async def test_a_decline_without_an_amount_ends_the_payment(shop: Shop) -> None:
    order_id = await shop.opens(
        FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("FAIL")])
    )
    body = changed(sample("24"), paymentRequestId=f"{order_id}_1")
    assert (await shop.notified(body)).content == ACK
    await shop.client.get_workflow_handle(workflow_id(order_id)).result()
    assert (await shop.look(order_id))["outcome"] == "DECLINED"


async def test_a_late_success_without_an_amount_is_inquired(shop: Shop) -> None:
    alipay = FakeAlipay(
        pay=[a_refusal()], inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()]
    )
    order_id = await a_refused_order(shop, alipay)
    body = changed(paid_notification(order_id), paymentAmount=None)
    assert (await shop.notified(body)).content == ACK
    assert (await late_money_of(shop, order_id, 1)).outcome is LateOutcome.RETURNED


async def test_an_unknown_order_is_not_acknowledged(shop: Shop) -> None:
    """Of a success a person must know (`test_stopped_payments.py`); of this nobody."""
    pending = paid_notification("nobody-knows", notifyType="PAYMENT_PENDING")
    response = await shop.notified(pending)
    assert response.status_code == 404
    assert not is_acknowledged(response)


async def test_too_large_a_body_is_refused(shop: Shop) -> None:
    body = b" " * (LARGEST_BODY + 1)
    response = await shop.notified(body)
    assert response.status_code == 413
    assert response.json()["code"] == "TOO_LARGE"


async def test_a_pending_notification_pays_nothing(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PENDING")])
    order_id = await shop.opens(alipay)
    body = paid_notification(order_id, notifyType="PAYMENT_PENDING")
    assert (await shop.notified(body)).content == ACK
    assert (await shop.look(order_id))["outcome"] is None


async def test_other_money_than_the_orders_pays_nothing(shop: Shop) -> None:
    order_id = await shop.opens(
        FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    )
    for amount in (
        {"currency": "PHP", "value": "1"},
        {"currency": "USD", "value": "131400"},
    ):
        await shop.notified(paid_notification(order_id, paymentAmount=amount))
        assert (await shop.look(order_id))["outcome"] is None


# ---- news of a payment that is over ----


async def a_refused_order(shop: Shop, alipay: FakeAlipay) -> str:
    body = shop.sells(alipay)
    assert (await shop.http.post("/payments", json=body)).status_code == 402
    order_id: str = body["order_id"]
    return order_id


async def test_a_failure_after_an_unpaid_end_is_old_news(shop: Shop) -> None:
    order_id = await a_refused_order(shop, FakeAlipay(pay=[a_refusal()]))
    failed = {"resultStatus": "F", "resultCode": "ORDER_IS_CLOSED"}
    response = await shop.notified(paid_notification(order_id, result=failed))
    assert response.content == ACK


async def late_money_of(shop: Shop, order_id: str, attempt: int) -> LatePaymentView:
    """Wait until the late money of an attempt has been dealt with."""
    name = payment_request_id(order_id, attempt)
    late = shop.client.get_workflow_handle(
        late_payment_id(name), result_type=LatePaymentView
    )
    return LatePaymentView.model_validate(await late.result())


async def test_a_success_after_an_unpaid_end_is_dealt_with_once(shop: Shop) -> None:
    alipay = FakeAlipay(
        pay=[a_refusal()], inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()]
    )
    order_id = await a_refused_order(shop, alipay)
    for resent in range(2):
        body = paid_notification(order_id, resent=resent)
        assert (await shop.notified(body)).content == ACK
    money = await late_money_of(shop, order_id, 1)
    assert money.outcome is LateOutcome.RETURNED
    [shown] = (await shop.look(order_id))["late_money"]
    assert shown["payment_request_id"] == f"{order_id}_1"
    assert shown["outcome"] == "RETURNED"
    assert alipay.calls == ["pay", "inquire", "cancel"]


async def test_a_late_success_that_alipay_does_not_repeat_moves_no_money(
    shop: Shop,
) -> None:
    alipay = FakeAlipay(pay=[a_refusal()], inquiries=[an_inquiry("FAIL")])
    order_id = await a_refused_order(shop, alipay)
    assert (await shop.notified(paid_notification(order_id))).content == ACK
    money = await late_money_of(shop, order_id, 1)
    assert money.outcome is LateOutcome.NOT_PAID
    assert alipay.calls == ["pay", "inquire"]


async def test_a_success_of_an_earlier_run_is_not_lost_in_the_open_one(
    shop: Shop,
) -> None:
    # The attempt that Alipay had refused is paid after all, next to a second one.
    alipay = FakeAlipay(
        pay=[a_refusal(), a_page()], inquiries=[an_inquiry("PROCESSING")]
    )
    order_id = await a_refused_order(shop, alipay)
    await shop.opens_again(order_id)
    await shop.notified(paid_notification(order_id, attempt=1))
    known = [
        one["payment_request_id"] for one in (await shop.look(order_id))["attempts"]
    ]
    assert known == [f"{order_id}_1", f"{order_id}_2"]


async def test_a_success_of_an_earlier_run_is_not_lost_in_the_paid_one(
    shop: Shop,
) -> None:
    alipay = FakeAlipay(
        pay=[a_refusal(), a_page()],
        inquiries=[an_inquiry("SUCCESS")],
        cancels=[a_cancel()],
    )
    order_id = await a_refused_order(shop, alipay)
    await shop.opens_again(order_id)
    await shop.notified(paid_notification(order_id, attempt=2))
    assert (await shop.look(order_id))["outcome"] == "PAID"
    response = await shop.notified(paid_notification(order_id, attempt=1))
    assert response.content == ACK
    # Paid twice, delivered once: the second payment goes back.
    money = await late_money_of(shop, order_id, 1)
    assert money.outcome is LateOutcome.RETURNED
    assert (await shop.look(order_id))["outcome"] == "PAID"
