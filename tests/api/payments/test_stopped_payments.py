"""A payment whose workflow was stopped: it goes on, and nobody is charged twice."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import WorkflowHandle

from contracts import (
    InquiryAnswer,
    PaymentView,
    PayVerdict,
    late_payment_id,
    notice_id,
    payment_request_id,
    workflow_id,
)
from tests.api.running import Shop, paid_notification
from tests.builders import a_cancel, a_page, a_refusal, an_inquiry
from tests.fakes import NO_VERDICT, FakeAlipay, NoVerdict
from visibility import ORDER_ID
from visibility.views import newest_run
from workflows.cashier_payment import CashierPayment


async def stop(shop: Shop, order_id: str) -> None:
    """Do what the button Terminate does."""
    await shop.client.get_workflow_handle(workflow_id(order_id)).terminate(
        reason="by mistake"
    )


async def result(shop: Shop, order_id: str) -> PaymentView:
    handle: WorkflowHandle[Any, PaymentView] = shop.client.get_workflow_handle_for(
        CashierPayment.run, workflow_id(order_id)
    )
    return await handle.result()


async def test_a_notification_for_a_stopped_payment_makes_it_paid(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    order_id = await shop.opens(alipay)
    await stop(shop, order_id)
    response = await shop.notified(paid_notification(order_id))
    assert response.status_code == 200
    view = await result(shop, order_id)
    assert view.outcome == "PAID"
    assert [one.payment_request_id for one in view.attempts] == [f"{order_id}_1"]
    assert "pay 2" not in alipay.calls
    assert alipay.calls.count("pay") == 1


async def test_a_stopped_payment_asks_alipay_before_it_opens_the_same_page(
    shop: Shop,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    body = shop.sells(alipay)
    first = await shop.http.post("/payments", json=body)
    await stop(shop, body["order_id"])
    again = await shop.http.post("/payments", json=body)
    assert again.status_code == 200
    assert again.json()["cashier"] == first.json()["cashier"]
    assert again.json()["payment_request_id"] == first.json()["payment_request_id"]
    assert alipay.calls == ["pay", "inquire", "pay"]
    [one, other] = [call.payment_request_id for call in alipay.pay_calls]
    assert one == other


async def test_a_stopped_payment_that_was_paid_is_opened_for_nobody(
    shop: Shop,
) -> None:
    """The customer has paid, and the notification is lost; then the shop asks again."""
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    await stop(shop, body["order_id"])
    again = await shop.http.post("/payments", json=body)
    assert again.status_code == 200
    assert again.json()["outcome"] == "PAID"
    assert alipay.calls == ["pay", "inquire"]


async def test_a_stopped_payment_whose_call_is_not_answered_opens_no_other_attempt(
    shop: Shop,
) -> None:
    """Stopped before the page: nobody knows whether Alipay has the attempt."""
    alipay = FakeAlipay(
        pay=[NO_VERDICT, a_page()],
        inquiries=[NO_VERDICT, an_inquiry("NOT_EXIST")],
    )
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    await stop(shop, body["order_id"])
    alipay.answers_inquiries(an_inquiry("NOT_EXIST"))
    again = await shop.http.post("/payments", json=body)
    assert again.json()["payment_request_id"].endswith("_1")
    assert again.json()["cashier"]
    assert {call.payment_request_id for call in alipay.pay_calls} == {
        payment_request_id(body["order_id"], 1)
    }


async def with_two_wallets(
    shop: Shop, inquiries_of: dict[int, Sequence[InquiryAnswer | NoVerdict]]
) -> tuple[dict[str, Any], FakeAlipay]:
    """Stop a payment that has been opened with GCASH, and then with Maya."""
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries_of={
            1: [an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
            2: [an_inquiry("PROCESSING")],
        },
        cancels=[a_cancel()],
    )
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    other = {**body, "wallet": "MAYA"}
    opened = await shop.http.post("/payments", json=other)
    assert opened.status_code == 201, opened.text
    await stop(shop, body["order_id"])
    for attempt, answers in inquiries_of.items():
        alipay.answers_inquiries_of(attempt, *answers)
    alipay.calls.clear()
    return other, alipay


async def test_all_attempts_of_a_stopped_payment_are_asked_about(shop: Shop) -> None:
    body, alipay = await with_two_wallets(
        shop, {1: [an_inquiry("CANCELLED")], 2: [an_inquiry("PROCESSING")]}
    )
    again = await shop.http.post("/payments", json=body)
    assert again.status_code == 200, again.text
    assert again.json()["payment_request_id"].endswith("_2")
    assert sorted(alipay.calls) == ["inquire", "inquire 2", "pay 2"]
    assert alipay.calls[-1] == "pay 2"


async def test_an_earlier_attempt_that_is_paid_pays_a_stopped_order(shop: Shop) -> None:
    body, alipay = await with_two_wallets(
        shop,
        {
            1: [an_inquiry("SUCCESS", payment_id="earlier")],
            2: [an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        },
    )
    await shop.http.post("/payments", json=body)
    view = await result(shop, body["order_id"])
    assert view.outcome == "PAID"
    assert [one.is_paid for one in view.attempts] == [True, False]
    assert not any(call.startswith("pay") for call in alipay.calls)
    assert "cancel 2" in alipay.calls


async def test_no_page_is_opened_while_an_earlier_attempt_is_in_doubt(
    shop: Shop,
) -> None:
    body, alipay = await with_two_wallets(
        shop, {1: [NO_VERDICT], 2: [an_inquiry("NOT_EXIST")]}
    )
    again = await shop.http.post("/payments", json=body)
    assert again.status_code == 202
    assert not any(call.startswith("pay") for call in alipay.calls)
    await stop(shop, body["order_id"])


async def test_a_payment_that_is_stopped_again_still_knows_all_its_attempts(
    shop: Shop,
) -> None:
    body, alipay = await with_two_wallets(
        shop, {1: [an_inquiry("CANCELLED")], 2: [an_inquiry("PROCESSING")]}
    )
    await shop.http.post("/payments", json=body)
    await stop(shop, body["order_id"])
    alipay.calls.clear()
    await shop.http.post("/payments", json=body)
    assert sorted(alipay.calls) == ["inquire", "inquire 2", "pay 2"]


async def test_the_other_wallet_of_a_stopped_payment_begins_after_the_first_is_closed(
    shop: Shop,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries_of={
            1: [
                an_inquiry("PROCESSING"),
                an_inquiry("PROCESSING"),
                an_inquiry("CANCELLED"),
            ],
            2: [an_inquiry("PROCESSING")],
        },
        cancels=[a_cancel()],
    )
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    await stop(shop, body["order_id"])
    other = await shop.http.post("/payments", json={**body, "wallet": "MAYA"})
    assert other.json()["payment_request_id"].endswith("_2")
    assert alipay.calls.index("cancel") < alipay.calls.index("pay 2")
    assert alipay.calls.index("inquire") < alipay.calls.index("pay 2")


async def test_all_who_come_at_once_to_a_stopped_payment_begin_one_run(
    shop: Shop,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    await stop(shop, body["order_id"])
    paid = paid_notification(body["order_id"])
    posts = [shop.http.post("/payments", json=body) for _ in range(3)]
    *opened, notified = await asyncio.gather(*posts, shop.notified(paid))
    assert {one.status_code for one in opened} <= {200, 202}
    assert notified.status_code == 200
    assert {call.payment_request_id for call in alipay.pay_calls} == {
        payment_request_id(body["order_id"], 1)
    }
    alipay.answers_inquiries(an_inquiry("SUCCESS"))
    assert (await shop.look(body["order_id"], refresh=True))["outcome"] == "PAID"


async def test_other_money_for_a_stopped_order_is_refused(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    await stop(shop, body["order_id"])
    dearer = {**body, "amount": {"currency": "PHP", "value": 1000}}
    refused = await shop.http.post("/payments", json=dearer)
    assert refused.status_code == 409
    assert refused.json()["code"] == "ORDER_DIFFERS"


async def test_late_money_that_was_stopped_is_dealt_with(shop: Shop) -> None:
    """Its first run is stopped while Alipay does not answer; Alipay notifies again."""
    alipay = FakeAlipay(pay=[a_refusal()], inquiries=[NO_VERDICT], cancels=[a_cancel()])
    body = shop.sells(alipay)
    assert (await shop.http.post("/payments", json=body)).status_code == 402
    name = payment_request_id(body["order_id"], 1)
    assert (await shop.notified(paid_notification(body["order_id"]))).status_code == 200
    await shop.client.get_workflow_handle(late_payment_id(name)).terminate()
    alipay.answers_inquiries(an_inquiry("SUCCESS"), an_inquiry("CANCELLED"))
    opened = await shop.http.post("/payments", json=body)
    assert opened.json().get("code") in ("LATE_MONEY", "REFUSED")
    assert await shop.client.get_workflow_handle(late_payment_id(name)).result()
    assert "cancel" in alipay.calls


async def deleted(shop: Shop, order_id: str) -> None:
    """Have a payment deleted, and wait until it is."""
    name = workflow_id(order_id)
    await shop.client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=shop.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=name),
        )
    )
    # The server has no way to wait until it is gone.
    soon = timedelta(seconds=5)
    while await newest_run(shop.client, name, within=soon):  # noqa: ASYNC110
        await asyncio.sleep(0.1)


async def test_a_deleted_payment_that_was_paid_is_charged_to_nobody_again(
    shop: Shop,
) -> None:
    """Alipay answers the same number with what became of it, and no page."""
    alipay = FakeAlipay(
        pay=[
            a_page(),
            a_page(verdict=PayVerdict.NO_PAGE, result_code="SUCCESS", cashier=None),
        ],
        inquiries=[an_inquiry("SUCCESS")],
    )
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    await deleted(shop, body["order_id"])
    again = await shop.http.post("/payments", json=body)
    assert again.json()["outcome"] == "PAID"
    assert alipay.calls == ["pay", "pay", "inquire"]


async def test_a_deleted_payment_opened_with_another_wallet_asks_before_the_next_number(
    shop: Shop,
) -> None:
    alipay = FakeAlipay(
        pay=[
            a_page(),
            a_refusal("REPEAT_REQ_INCONSISTENT", verdict=PayVerdict.ID_DIFFERS),
        ],
        inquiries=[an_inquiry("SUCCESS")],
    )
    body = shop.sells(alipay)
    await shop.http.post("/payments", json=body)
    await deleted(shop, body["order_id"])
    again = await shop.http.post("/payments", json={**body, "wallet": "MAYA"})
    assert again.json()["outcome"] == "PAID"
    assert alipay.calls == ["pay", "pay", "inquire"]


@pytest.mark.parametrize("attempt", [1, 2])
async def test_a_success_of_a_deleted_payment_is_kept_for_a_person(
    shop: Shop, attempt: int
) -> None:
    body = shop.sells(FakeAlipay(pay=[a_page()]))
    await shop.http.post("/payments", json=body)
    await deleted(shop, body["order_id"])
    success = paid_notification(body["order_id"], attempt=attempt)
    assert (await shop.notified(success)).status_code == 200
    notice = await shop.client.get_workflow_handle(notice_id(success)).describe()
    assert notice.typed_search_attributes.get(ORDER_ID) == body["order_id"]
