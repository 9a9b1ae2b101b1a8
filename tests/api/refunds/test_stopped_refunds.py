"""An owner of refunds that was stopped goes on once a shop or Alipay calls."""

from contracts import refund_request_id, refunds_id
from tests.api.refunds.refunding_shop import RefundingShop
from tests.api.refunds.test_refund_notices import in_process, notice, of_order


async def stop(refunding: RefundingShop, order_id: str) -> None:
    handle = refunding.shop.client.get_workflow_handle(refunds_id(order_id))
    await handle.terminate(reason="by mistake")


async def test_a_further_refund_has_the_stopped_one_followed_to_its_end(
    refunding: RefundingShop,
) -> None:
    order_id, name = await in_process(refunding)
    await stop(refunding, order_id)
    more = await refunding.refunds(order_id, "r-2", 5000)
    assert (more.status_code, more.json()["code"]) == (409, "MORE_THAN_IS_LEFT")
    other = await refunding.refunds(order_id, "r-3", 4000)
    assert (other.status_code, other.json()["status"]) == (201, "SUCCEEDED")
    ledger = refunding.ledgers.of(order_id)
    ledger.ends(name)
    await refunding.notified(of_order(order_id), notice(name))
    await refunding.becomes(order_id, "r-1", "SUCCEEDED")
    sent = [call.refund_request_id for call in ledger.sent]
    assert sent == [name, refund_request_id(order_id, "r-3", 1)]


async def test_a_notice_of_alipay_has_a_stopped_owner_go_on(
    refunding: RefundingShop,
) -> None:
    order_id, name = await in_process(refunding)
    await stop(refunding, order_id)
    refunding.ledgers.of(order_id).ends(name)
    answer = await refunding.notified(of_order(order_id), notice(name))
    assert answer.status_code == 200
    await refunding.becomes(order_id, "r-1", "SUCCEEDED")
    assert refunding.ledgers.of(order_id).total_back == 6000


async def test_the_same_refund_asked_for_anew_is_the_stopped_one(
    refunding: RefundingShop,
) -> None:
    order_id, name = await in_process(refunding)
    await stop(refunding, order_id)
    again = await refunding.refunds(order_id, "r-1", 6000)
    assert (again.status_code, again.json()["status"]) == (202, "IN_PROCESS")
    sent = [call.refund_request_id for call in refunding.ledgers.of(order_id).sent]
    assert sent == [name]
