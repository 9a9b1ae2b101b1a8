"""Notices about refunds reach their owner, at whichever of our addresses they come."""

from datetime import timedelta

import pytest

from alipay.notifications import ACKNOWLEDGEMENT
from contracts import notice_id, refund_request_id, refunds_id
from tests.api.refunds.refunding_shop import RefundingShop
from tests.api.running import NOTIFICATIONS
from tests.samples.reading import changed, sample
from visibility.views import newest_run

AT_DASHBOARDS = "/alipay/notifications/refund"


def of_order(order_id: str) -> str:
    return f"{AT_DASHBOARDS}/{order_id}"


def notice(name: str, status: str = "SUCCESS", *, value: int = 6000) -> bytes:
    return changed(
        sample("60"),
        refundRequestId=name,
        refundStatus=status,
        refundAmount={"currency": "PHP", "value": str(value)},
    )


async def in_process(refunding: RefundingShop) -> tuple[str, str]:
    """Ask for a refund that Alipay takes on; return the order and the refund's name."""
    order_id = await refunding.paid()
    refunding.ledgers.of(order_id).next_refunds = ["REFUND_IN_PROCESS"]
    answer = await refunding.refunds(order_id, "r-1", 6000)
    assert (answer.status_code, answer.json()["status"]) == (202, "IN_PROCESS")
    return order_id, refund_request_id(order_id, "r-1", 1)


async def is_kept(refunding: RefundingShop, body: bytes) -> bool:
    client = refunding.shop.client
    run = await newest_run(client, notice_id(body), within=timedelta(seconds=5))
    return run is not None


@pytest.mark.parametrize("address", ["of the order", AT_DASHBOARDS, NOTIFICATIONS])
async def test_a_notice_ends_a_refund_that_alipay_has_taken_on(
    address: str, refunding: RefundingShop
) -> None:
    order_id, name = await in_process(refunding)
    path = of_order(order_id) if address == "of the order" else address
    answer = await refunding.notified(path, notice(name))
    assert (answer.status_code, answer.json()) == (200, ACKNOWLEDGEMENT)
    await refunding.becomes(order_id, "r-1", "SUCCEEDED")


async def test_a_notice_of_a_failure_frees_the_money(refunding: RefundingShop) -> None:
    order_id, name = await in_process(refunding)
    failed = changed(
        notice(name, "FAIL"),
        result={
            "resultStatus": "F",
            "resultCode": "PROCESS_FAIL",
            "resultMessage": "no",
        },
    )
    await refunding.notified(of_order(order_id), failed)
    state = await refunding.becomes(order_id, "r-1", "REFUSED")
    assert (state["result_code"], state["left"]["value"]) == ("PROCESS_FAIL", 10000)


async def test_a_notice_that_comes_again_changes_nothing(
    refunding: RefundingShop,
) -> None:
    order_id, name = await in_process(refunding)
    for body in (notice(name), notice(name), changed(notice(name), resent=1)):
        answer = await refunding.notified(of_order(order_id), body)
        assert answer.json() == ACKNOWLEDGEMENT
    state = await refunding.becomes(order_id, "r-1", "SUCCEEDED")
    assert state["left"]["value"] == 4000


async def test_a_forged_notice_is_refused_and_not_believed(
    refunding: RefundingShop,
) -> None:
    order_id, name = await in_process(refunding)
    other = await refunding.paid()
    for path, signed_path in (
        (of_order(order_id), f"/pay{of_order(other)}"),
        (of_order(order_id), f"/pay{AT_DASHBOARDS}"),
        (AT_DASHBOARDS, f"/pay{of_order(order_id)}"),
        (NOTIFICATIONS, f"/pay{of_order(order_id)}"),
    ):
        answer = await refunding.notified(path, notice(name), signed_path=signed_path)
        assert answer.status_code == 401
    assert (await refunding.look(order_id, "r-1"))["status"] == "IN_PROCESS"


async def test_a_notice_before_the_answer_gives_back_once(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    body = notice(refund_request_id(order_id, "r-1", 1))
    told = []

    async def notify() -> None:
        told.append(await refunding.notified(of_order(order_id), body))

    refunding.ledgers.before_answers[order_id] = notify
    answer = await refunding.refunds(order_id, "r-1", 6000)
    assert (answer.status_code, answer.json()["left"]["value"]) == (201, 4000)
    assert [one.status_code for one in told] == [200]


async def test_a_notice_that_is_lost_loses_no_refund(refunding: RefundingShop) -> None:
    order_id = await refunding.paid()
    ledger = refunding.ledgers.of(order_id)
    ledger.next_refunds = ["UNKNOWN_EXCEPTION"]
    answer = await refunding.refunds(order_id, "r-1", 6000)
    assert (answer.status_code, answer.json()["status"]) == (202, "SENT")
    # Nobody is told; a resend of the same notice, hours later, is enough.
    name = refund_request_id(order_id, "r-1", 1)
    await refunding.notified(of_order(order_id), notice(name))
    await refunding.becomes(order_id, "r-1", "SUCCEEDED")


async def test_a_duplicate_for_an_owner_that_has_ended_begins_no_other(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    await refunding.refunds(order_id, "r-1")
    owner = refunding.shop.client.get_workflow_handle(refunds_id(order_id))
    await owner.result()
    before = (await owner.describe()).run_id
    body = notice(refund_request_id(order_id, "r-1", 1), value=10000)
    answer = await refunding.notified(of_order(order_id), body)
    assert answer.json() == ACKNOWLEDGEMENT
    assert (await owner.describe()).run_id == before
    assert not await is_kept(refunding, body)


async def test_news_for_an_owner_that_has_ended_begins_another_which_knows_all(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    await refunding.refunds(order_id, "r-1")
    owner = refunding.shop.client.get_workflow_handle(refunds_id(order_id))
    await owner.result()
    before = (await owner.describe()).run_id
    # A second try of the same refund, as nobody here has ever sent it.
    body = notice(refund_request_id(order_id, "r-1", 2), value=10000)
    await refunding.notified(of_order(order_id), body)
    assert (await owner.describe()).run_id != before
    [state] = (await refunding.look(order_id))["refunds"]
    assert (state["refund_id"], state["status"]) == ("r-1", "SUCCEEDED")


@pytest.mark.parametrize(
    "name",
    ["REFUND-1", "{order}_1_late", "another-order_rr-1_1", "{order}_rr-9_1"],
)
async def test_a_notice_about_a_refund_of_nobody_here_is_kept_for_a_person(
    name: str, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    body = notice(name.format(order=order_id))
    answer = await refunding.notified(NOTIFICATIONS, body)
    assert answer.json() == ACKNOWLEDGEMENT
    assert await is_kept(refunding, body)


async def test_an_order_of_60_characters_is_led_to_by_the_refund_alone(
    refunding: RefundingShop,
) -> None:
    order_id = "o-" + "x" * 58
    await refunding.paid(order_id=order_id)
    refunding.ledgers.of(order_id).next_refunds = ["REFUND_IN_PROCESS"]
    await refunding.refunds(order_id, "r-1", 6000)
    name = refund_request_id(order_id, "r-1", 1)
    assert len(name) <= 64
    await refunding.notified(AT_DASHBOARDS, notice(name))
    await refunding.becomes(order_id, "r-1", "SUCCEEDED")
