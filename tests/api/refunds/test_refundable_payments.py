"""Which payments can be refunded, for how long, and what the shop is told."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest

from contracts import (
    LateMoneyPolicy,
    Money,
    late_payment_id,
    refund_request_id,
    refunds_id,
    workflow_id,
)
from tests.api.refunds.refunding_shop import PRICE, RefundingShop, php
from tests.api.running import Shop, paid_notification, settings_in
from tests.builders import a_refusal, an_inquiry, an_order, as_a_shop_sends_it
from tests.fakes import FakeAlipay
from tests.workflows.refunds.refunding import seen
from visibility.views import newest_run


async def deleted(shop: Shop, name: str) -> None:
    """Have a closed workflow deleted, as retention does, and wait until it is."""
    await shop.client.get_workflow_handle(name).result()
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


async def test_late_money_that_was_honoured_can_be_refunded(
    refunding: RefundingShop, alipay_key: RSAPrivateKey, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path, alipay_key).model_copy(
        update={"late_money": LateMoneyPolicy.HONOUR}
    )
    shop = Shop(settings, refunding.shop.client, alipay_key)
    shop.alipays = refunding.shop.alipays
    order = an_order(amount=PRICE)
    order_id = order.order_id
    paid = an_inquiry("SUCCESS", amount=PRICE)
    shop.alipays.set(order_id, FakeAlipay(pay=[a_refusal()], inquiries=[paid]))
    async with shop.http:
        await shop.http.post("/payments", json=as_a_shop_sends_it(order))
        amount = {"currency": "PHP", "value": str(PRICE.value)}
        await shop.notified(paid_notification(order_id, paymentAmount=amount))
    late = late_payment_id(f"{order_id}_1")
    await refunding.shop.client.get_workflow_handle(late).result()
    answer = await refunding.refunds(order_id, "r-1", 6000)
    assert (answer.status_code, answer.json()["left"]) == (201, php(4000))
    state = await refunding.shop.look(order_id)
    assert state["late_money"][0]["outcome"] == "HONOURED"
    assert state["refunds"]["given_back"] == php(6000)


async def test_a_payment_that_is_not_kept_any_more_is_refunded_by_its_name(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    await deleted(refunding.shop, workflow_id(order_id))
    unnamed = await refunding.refunds(order_id, "r-1", 6000)
    named: dict[str, Any] = {"payment_request_id": f"{order_id}_1"}
    no_amount = await refunding.refunds(order_id, "r-1", **named)
    too_much = await refunding.refunds(order_id, "r-0", 10001, **named)
    answer = await refunding.refunds(order_id, "r-1", 6000, **named)
    later = await refunding.refunds(order_id, "r-2")
    assert (unnamed.status_code, unnamed.json()["code"]) == (404, "UNKNOWN_ORDER")
    assert no_amount.status_code == 422
    assert no_amount.json()["errors"][0]["field"] == "amount"
    assert (too_much.status_code, too_much.json()["result_code"]) == (
        402,
        "MORE_THAN_IS_LEFT",
    )
    assert (answer.status_code, answer.json()["left"]) == (201, php(4000))
    # The owner knows by now which payment it is.
    assert (later.status_code, later.json()["left"]) == (201, php(0))


async def test_what_is_left_of_a_payment_that_is_not_kept_cannot_be_compared(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    await deleted(refunding.shop, workflow_id(order_id))
    named: dict[str, Any] = {"payment_request_id": f"{order_id}_1"}
    answer = await refunding.refunds(
        order_id, "r-1", 6000, remaining=php(9000), **named
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "REMAINING_DIFFERS")
    assert refunding.ledgers.of(order_id).calls == {}


async def test_a_payment_that_is_not_kept_needs_a_second_person_as_any_other(
    refunding: RefundingShop, alipay_key: RSAPrivateKey, tmp_path: Path
) -> None:
    """Though only its refund says in which currency it was paid."""
    settings = settings_in(tmp_path, alipay_key).model_copy(
        update={"second_person_above": {"PHP": 5000}}
    )
    order_id = await refunding.paid()
    await deleted(refunding.shop, workflow_id(order_id))
    shop = Shop(settings, refunding.shop.client, alipay_key)
    named: dict[str, Any] = {"payment_request_id": f"{order_id}_1"}
    async with shop.http:
        desk = RefundingShop(shop, refunding.ledgers)
        answer = await desk.refunds(order_id, "r-1", 6000, **named)
    assert (answer.status_code, answer.json()["status"]) == (202, "CONFIRMING")
    assert refunding.ledgers.of(order_id).calls == {}


async def test_another_payment_than_the_refunded_one_is_not_taken_for_it(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    await refunding.refunds(order_id, "r-1", 1000)
    await deleted(refunding.shop, workflow_id(order_id))
    other: dict[str, Any] = {"payment_request_id": f"{order_id}_2"}
    answer = await refunding.refunds(order_id, "r-2", 2000, **other)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert f"{order_id}_1" in error["rule"]
    assert refunding.ledgers.of(order_id).total_back == 1000


async def test_a_payment_that_is_kept_is_refunded_under_its_own_name_only(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    wrong: dict[str, Any] = {"payment_request_id": f"{order_id}_2"}
    answer = await refunding.refunds(order_id, "r-1", 6000, **wrong)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "payment_request_id"
    assert f"{order_id}_1" in error["rule"]


async def test_the_same_refund_is_the_same_also_after_its_owner_has_ended(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    first = await refunding.refunds(order_id, "r-1")
    owner = refunding.shop.client.get_workflow_handle(refunds_id(order_id))
    await owner.result()
    before = (await owner.describe()).run_id
    again = await refunding.refunds(order_id, "r-1")
    other = await refunding.refunds(order_id, "r-1", 5000)
    more = await refunding.refunds(order_id, "r-2", 1000)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "status": "SUCCEEDED"}
    assert (other.status_code, other.json()["code"]) == (409, "REFUND_DIFFERS")
    assert (more.status_code, more.json()["code"]) == (409, "MORE_THAN_IS_LEFT")
    assert (await owner.describe()).run_id == before


async def test_what_was_refunded_in_alipays_portal_counts(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    ledger = refunding.ledgers.of(order_id)
    await refunding.refunds(order_id, "r-1", 1000)
    by_hand = seen("by-hand-1", "SUCCESS", Money(currency="PHP", value=7000))
    ledger.listed.append(by_hand)
    refused = await refunding.refunds(order_id, "r-2", 5000)
    assert refused.status_code == 402
    assert refused.json()["result_code"] == "MORE_THAN_IS_LEFT"
    assert "portal" in refused.json()["advice"]
    state = await refunding.look(order_id)
    assert state["elsewhere"] == [{"amount": php(7000), "status": "SUCCESS"}]
    assert (state["given_back"], state["left"]) == (php(8000), php(2000))


async def test_a_refund_that_alipay_refuses_is_a_402_with_advice(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    refunding.ledgers.of(order_id).next_refunds = ["PARTIAL_REFUND_NOT_SUPPORTED"]
    for _ in range(2):
        answer = await refunding.refunds(order_id, "r-1", 6000)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (402, "REFUSED")
        assert problem["result_code"] == "PARTIAL_REFUND_NOT_SUPPORTED"
        assert "only the whole payment" in problem["advice"]
        assert problem["refund"]["left"] == php(10000)
    assert len(refunding.ledgers.of(order_id).sent) == 1


async def test_a_balance_that_is_too_low_is_told_and_waited_for(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    refunding.ledgers.of(order_id).next_refunds = ["MERCHANT_BALANCE_NOT_ENOUGH"]
    answer = await refunding.refunds(order_id, "r-1", 6000)
    assert (answer.status_code, answer.json()["status"]) == (202, "WAITING")
    assert "balance" in answer.json()["waits_for"]
    assert answer.headers["retry-after"]
    assert answer.json()["left"] == php(4000)
    assert (
        refund_request_id(order_id, "r-1", 1) in refunding.ledgers.of(order_id).failed
    )
