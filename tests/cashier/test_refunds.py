"""What an operator gives back, and sees of it, in their own name."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from codec.keyring import Keyring, make_key
from contracts import (
    TASK_QUEUE,
    NoticeInput,
    Order,
    SignedEvidence,
    payment_request_id,
    refund_request_id,
    refunds_id,
)
from temporal_client import data_converter
from tests.cashier.operating import Desk, a_desk, until
from tests.cashier.refunding_desk import (
    AS_ANNA,
    BECAUSE,
    a_paid_order,
    give_back,
    owner_of,
    served,
    shown,
)
from tests.workflows.refunds.refunding import RefundingAlipay, php
from visibility import attributes_of_notice


@pytest.fixture(scope="module")
async def desk(dev_server: WorkflowEnvironment) -> Desk:
    return await a_desk(dev_server)


async def test_a_part_goes_back_in_the_operators_name(desk: Desk) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await a_paid_order(desk)
        words = (*AS_ANNA, "--reason-for-customer", "Sorry!", "--note", "see ticket 7")
        told = await give_back(desk, order, "r-1", "60.00", *words)
        view = await shown(desk, order.order_id)
    assert told.exit_code == 0, told.output
    assert "PHP 60.00" in told.output
    assert "SUCCEEDED" in told.output
    assert "PHP 40.00 can still be refunded" in told.output
    assert alipay.total_back == 6000
    assert [call.reason for call in alipay.sent] == ["Sorry!"]
    [record] = view["refunds"]
    assert (record["by"], record["note"]) == ("anna", "see ticket 7")
    assert view["left"] == {"currency": "PHP", "value": 4000}


async def test_the_same_command_again_gives_nothing_more_back(desk: Desk) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await a_paid_order(desk)
        first = await give_back(desk, order, "r-1", "60.00")
        again = await give_back(desk, order, "r-1", "60.00")
        other = await give_back(desk, order, "r-1", "10.00")
    assert (first.exit_code, again.exit_code, other.exit_code) == (0, 0, 1)
    assert "is a refund of PHP 60.00, not of PHP 10.00" in other.output
    assert alipay.total_back == 6000


async def test_an_owner_that_has_ended_is_followed_by_one_that_knows_its_refunds(
    desk: Desk,
) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await a_paid_order(desk)
        await give_back(desk, order, "r-1", None)
        await owner_of(desk, order).result()
        again = await give_back(desk, order, "r-1", None)
        more = await give_back(desk, order, "r-2", "1.00")
    assert again.exit_code == 0, again.output
    assert more.exit_code == 1
    assert "nothing is left to refund of PHP 100.00" in more.output
    assert alipay.total_back == 10000


@pytest.mark.parametrize("amount", ["0", "0.00", "-5", "5,00", "5.0", "1e3", "five"])
async def test_a_wrong_amount_is_refused_with_its_rule(desk: Desk, amount: str) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await a_paid_order(desk)
        told = await give_back(desk, order, "r-1", amount)
    assert told.exit_code in (1, 2)
    assert "--amount" in told.output
    assert not alipay.calls


async def test_more_than_is_left_is_refused_and_nothing_is_sent(desk: Desk) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await a_paid_order(desk)
        told = await give_back(desk, order, "r-1", "100.01")
    assert told.exit_code == 1
    assert "PHP 100.00 can still be refunded of PHP 100.00" in told.output
    assert not alipay.calls


async def test_an_order_that_is_not_paid_is_refused_in_words(desk: Desk) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await desk.begin()
        told = await give_back(desk, order, "r-1", "1.00")
        nobody = await desk.run(
            *("refunds", "start", "nobody", "--refund-id", "r", *AS_ANNA)
        )
    assert told.exit_code == 1
    assert f"order {order.order_id} is not paid yet" in told.output
    assert nobody.exit_code == 1
    assert not alipay.calls


async def test_what_the_wallet_does_not_give_back_is_refused_with_its_rule(
    desk: Desk,
) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await a_paid_order(desk, wallet="OVO")
        told = await give_back(desk, order, "r-1", "1.00")
    assert told.exit_code == 1
    assert "refused" in told.output
    assert "OVO" in told.output
    assert not alipay.calls


async def test_a_refund_of_a_disputed_payment_waits_for_a_decision(desk: Desk) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await a_paid_order(desk)
        await a_dispute_about(desk, order)
        words = ("refunds", "start", order.order_id, "--refund-id", "r-1", *AS_ANNA)
        told = await desk.run(*words, typed="y\n")
        assert not alipay.calls
        settled = await desk.run(
            *("refunds", "resolve", order.order_id, "r-1", "--outcome", "SEND"),
            *("--yes", *AS_ANNA, *BECAUSE),
        )
        await owner_of(desk, order).result()
    assert "Dispute D-1 is open: it waits for a decision." in told.output
    assert "REVIEW" in told.output
    assert settled.exit_code == 0, settled.output
    assert alipay.total_back == 10000


async def a_dispute_about(desk: Desk, order: Order) -> None:
    """Have a notice of an open dispute kept, and listed."""
    name = payment_request_id(order.order_id, 1)
    notice = NoticeInput(
        notify_type="DISPUTE_CREATED",
        dispute_id="D-1",
        payment_request_id=name,
        evidence=SignedEvidence(),
    )
    await desk.client.start_workflow(
        "AlipayNotice",
        notice,
        id=f"notice:{order.order_id}",
        task_queue=TASK_QUEUE,
        search_attributes=attributes_of_notice(order.order_id),
    )
    query = f"OrderId = '{order.order_id}' AND WorkflowType = 'AlipayNotice'"

    async def is_kept() -> bool:
        return (await desk.client.count_workflows(query)).count == 1

    await until(is_kept)


async def test_nothing_is_sent_before_the_operator_has_said_yes(desk: Desk) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await a_paid_order(desk)
        told = await desk.run(
            *("refunds", "start", order.order_id, "--refund-id", "r-1", *AS_ANNA),
            typed="n\n",
        )
    assert told.exit_code == 1
    assert "Refund all of the PHP 100.00 that are left" in told.output
    assert not alipay.calls


async def test_a_script_without_yes_refunds_and_settles_nothing(desk: Desk) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await a_paid_order(desk, second_person_above=5000)
        words = ("--refund-id", "r-1", "--amount", "60.00", *AS_ANNA)
        told = await desk.run("refunds", "start", order.order_id, *words)
        none = await desk.run("refunds", "show", order.order_id)
        await give_back(desk, order, "r-1", "60.00")
        resolve = ("refunds", "resolve", order.order_id, "r-1", *AS_ANNA, *BECAUSE)
        settled = await desk.run(*resolve, "--outcome", "WITHDRAW")
        after = await shown(desk, order.order_id, "r-1")
    for one in (told, settled):
        assert one.exit_code == 1
        assert "nothing was changed; --yes does not ask" in one.output
    assert "has no refunds" in none.output
    assert after["proposed"] is None


async def test_a_large_refund_waits_for_a_second_person(desk: Desk) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await a_paid_order(desk, second_person_above=5000)
        told = await give_back(desk, order, "r-1", "60.00")
        names = ("refunds", "confirm", order.order_id, "r-1")
        herself = await desk.run(*names, "--by", "Anna", *BECAUSE)
        assert alipay.total_back == 0
        berta = await desk.run(*names, "--by", "berta", *BECAUSE)
    assert "CONFIRMING" in told.output
    assert "cashier refunds confirm" in told.output
    assert herself.exit_code == 1
    assert "another one must confirm it" in herself.output
    assert berta.exit_code == 0, berta.output
    assert alipay.total_back == 6000


async def test_a_refund_that_waits_is_settled_by_two_persons(desk: Desk) -> None:
    alipay = RefundingAlipay(next_refunds=["REFUND_IN_PROCESS"])
    async with served(desk, alipay):
        order = await a_paid_order(desk, second_person_above=5000)
        await give_back(desk, order, "r-1", "60.00")
        words = ("refunds", "resolve", order.order_id, "r-1", "--yes", *BECAUSE)
        told = await desk.run(*words, "--outcome", "SEND", *AS_ANNA)
        one = await desk.run(*words, "--outcome", "WITHDRAW", *AS_ANNA)
        other = await desk.run(*words, "--outcome", "WITHDRAW", "--by", "berta")
        unknown = await desk.run(
            *("refunds", "resolve", order.order_id, "r-9", "--yes", *BECAUSE),
            *("--outcome", "SEND", *AS_ANNA),
        )
    assert told.exit_code == 1
    assert "outcome: must be one of WITHDRAW" in told.output
    assert one.exit_code == 0
    assert "It takes effect once a second person confirms it" in one.output
    assert f"cashier refunds resolve {order.order_id} r-1 --outcome W" in one.output
    assert "WITHDRAWN" in other.output
    assert "has no refund 'r-9'" in unknown.output
    assert alipay.total_back == 0


@pytest.mark.parametrize("amount", [None, "60.00"])
async def test_a_refund_that_bounced_is_refundable_again_though_its_owner_has_ended(
    desk: Desk, amount: str | None
) -> None:
    alipay = RefundingAlipay()
    async with served(desk, alipay):
        order = await a_paid_order(desk)
        await give_back(desk, order, "r-1", amount)
        if amount:
            # As after the day for which an owner stays; a full one has ended by itself.
            await give_back(desk, order, "r-2", "40.00")
        await owner_of(desk, order).result()
        told = await desk.run(
            *("refunds", "returned", order.order_id, "r-1", *AS_ANNA, *BECAUSE)
        )
        view = await shown(desk, order.order_id)
    assert told.exit_code == 0, told.output
    assert f"{'PHP 60.00' if amount else 'PHP 100.00'} can be refunded" in told.output
    record = view["refunds"][0]
    assert record["status"] == "RETURNED"
    assert record["returned"]["by"] == "anna"
    assert view["left"] == {"currency": "PHP", "value": 6000 if amount else 10000}


async def test_a_bounce_is_recorded_by_the_owner_that_is_open(desk: Desk) -> None:
    alipay = RefundingAlipay(next_refunds=["", "PROCESS_FAIL"])
    async with served(desk, alipay):
        order = await a_paid_order(desk, tells_shop=True)
        await give_back(desk, order, "r-1", "60.00")
        await give_back(desk, order, "r-2", "10.00")
        words = (*AS_ANNA, *BECAUSE)
        told = await desk.run("refunds", "returned", order.order_id, "r-1", *words)
        again = await desk.run("refunds", "returned", order.order_id, "r-1", *words)
        refused = await desk.run("refunds", "returned", order.order_id, "r-2", *words)
        await until(lambda: has_heard(alipay, "refund.returned"))
    assert told.exit_code == 0, told.output
    assert (again.exit_code, refused.exit_code) == (1, 1)
    assert "r-1 is RETURNED" in again.output
    assert "r-2 is REFUSED" in refused.output


async def has_heard(alipay: RefundingAlipay, kind: str) -> bool:
    return any(event.type == kind for event in alipay.shop_events)


async def test_refunds_are_found_by_each_id_that_operators_meet(desk: Desk) -> None:
    alipay = RefundingAlipay()
    long = "order-with-a-very-long-id-of-60-characters-0123456789-abcdef"
    async with served(desk, alipay):
        order = await a_paid_order(desk, order_id=long)
        await give_back(desk, order, "r-1", "60.00")
        by_owner = await shown(desk, refunds_id(long))
        by_refund = await shown(desk, refund_request_id(long, "r-1", 1))
        of_payment = await desk.run("payments", "show", f"{long}_1")
        one = await desk.run("refunds", "show", long, "r-1")
        nothing = await desk.run("refunds", "show", (await a_paid_order(desk)).order_id)
    assert by_owner["order_id"] == long
    assert by_refund["refund_id"] == "r-1"
    for words in ("Refunds", "r-1", "PHP 60.00", "Can still be refunded: PHP 40.00"):
        assert words in of_payment.output
    assert "amount: PHP 60.00, by: " in of_payment.output
    assert refund_request_id(long, "r-1", 1) in one.output
    assert nothing.exit_code == 1
    assert "has no refunds" in nothing.output


async def listed(desk: Desk, *words: str) -> dict[str, dict[str, Any]]:
    told = await desk.run("refunds", "list", "--json", *words)
    assert told.exit_code == 0, told.output
    lines = [one for one in json.loads(told.stdout) if one["refund"]]
    return {one["refund"]["refund_id"]: one for one in lines}


async def test_the_newest_refunds_are_listed_with_how_they_stand(desk: Desk) -> None:
    alipay = RefundingAlipay(next_refunds=["", "MERCHANT_BALANCE_NOT_ENOUGH"])
    async with served(desk, alipay):
        order = await a_paid_order(desk)
        await give_back(desk, order, "listed-1", "60.00")
        await give_back(desk, order, "listed-2", "10.00")
        await until(lambda: is_listed(desk, "listed-2", "--attention"))
        found = await listed(desk)
        waiting = await listed(desk, "--status", "WAITING")
        for_people = await desk.run("refunds", "list")
    assert found["listed-1"]["refund"]["status"] == "SUCCEEDED"
    assert found["listed-2"]["attention"] == "BALANCE"
    assert "listed-2" in waiting
    assert "listed-1" not in waiting
    assert "PHP 60.00" in for_people.output
    assert alipay.total_back == 6000
    assert found["listed-1"]["refund"]["amount"] == php(6000).model_dump()


async def is_listed(desk: Desk, refund_id: str, *words: str) -> bool:
    return refund_id in await listed(desk, *words)


async def test_what_an_operator_says_of_a_refund_is_encrypted(
    dev_server: WorkflowEnvironment, tmp_path: Path
) -> None:
    make_key(tmp_path, begins=datetime(2026, 1, 1, tzinfo=UTC))
    converter = data_converter(Keyring.load(tmp_path))
    desk = await a_desk(dev_server, converter=converter)
    keys = {"CASHIER_PAYLOAD_KEYS_DIR": str(tmp_path), "CASHIER_CLEAR_TEXT": "false"}
    none = {"CASHIER_CLEAR_TEXT": "false"}
    async with served(desk, RefundingAlipay()):
        order = await a_paid_order(desk)
        words = ("refunds", "start", order.order_id, "--refund-id", "r-1", "--yes")
        blind = await desk.run(*words, *AS_ANNA, **none)
        told = await desk.run(*words, *AS_ANNA, "--note", "see ticket 7", **keys)
        unread = await desk.run("refunds", "list", **none)
        listed = await desk.run("refunds", "list", **keys)
        history = await owner_of(desk, order).fetch_history()
    assert blind.exit_code == 2
    assert told.exit_code == 0, told.output
    assert "it is encrypted" in unread.output
    assert "r-1" in listed.output
    assert "ticket" not in history.to_json()
    assert "anna" not in history.to_json()
