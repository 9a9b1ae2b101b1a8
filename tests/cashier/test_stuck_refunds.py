"""What `cashier stuck` says of refunds: each way to hang, and what a person does."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from typer.testing import Result

from cashier.refunds.owner import update_owner
from cashier.stuck.finding import find_stuck
from cashier.stuck.queries import saved_views
from contracts import (
    RELEASE,
    Money,
    OrderRefundAnswer,
    OrderRefundCall,
    RefundAnswer,
    RefundInquiryCall,
    RefundRecord,
    RefundRequest,
    RefundsInput,
    RefundStatus,
    RefundsView,
    StoppedRun,
    refund_request_id,
    refunds_id,
)
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
from tests.signing import trust
from tests.workflows.refunds.refunding import PAID, RefundingAlipay, php, record_in
from visibility.runbook import REFUND_CHAPTERS
from visibility.stuck import ATTENTIONS, Kind, filter_of

TWO_DAYS_AGO = datetime.now(UTC) - timedelta(days=2)
# What Alipay answers to the first refund of each order.
ANSWERS = {
    Kind.NO_VERDICT: "UNKNOWN_EXCEPTION",
    Kind.BALANCE: "MERCHANT_BALANCE_NOT_ENOUGH",
    Kind.REFUSED: "PROCESS_FAIL",
}
HANGS = (Kind.REVIEW, Kind.SECOND_PERSON, Kind.OVERDUE, *ANSWERS)


@dataclass
class Alipays(RefundingAlipay):
    """A ledger for each order, which is named by how its refund hangs."""

    ledgers: dict[str, RefundingAlipay] = field(default_factory=dict)

    @activity.defn
    async def refund_order(self, call: OrderRefundCall) -> OrderRefundAnswer:
        return await self.ledgers[call.order_id].refund_order(call)

    @activity.defn
    async def inquire_refund(self, call: RefundInquiryCall) -> RefundAnswer:
        order_id = call.refund_request_id.partition("_")[0]
        return await self.ledgers[order_id].inquire_refund(call)


def an_input(kind: Kind, **changes: Any) -> RefundsInput:
    given = RefundsInput(
        order_id=kind,
        payment_request_id=f"{kind}_1",
        wallet="GCASH",
        paid=PAID,
        release=RELEASE,
        trust=trust(),
    )
    return given.model_copy(update=changes)


def taken_on_long_ago() -> RefundsInput:
    """As an owner begins in the place of one that was stopped two days ago."""
    record = RefundRecord(
        refund_id="r-1",
        amount=php(6000),
        status=RefundStatus.IN_PROCESS,
        by="shop-key",
        asked_at=TWO_DAYS_AGO,
        sent_at=TWO_DAYS_AGO,
        refund_request_id=refund_request_id(Kind.OVERDUE, "r-1", 1),
    )
    known = RefundsView(
        order_id=Kind.OVERDUE,
        payment_request_id=f"{Kind.OVERDUE}_1",
        paid=PAID,
        left=php(4000),
        refunds=(record,),
    )
    stopped = StoppedRun(run_id="r", ended="TERMINATED", by="anna", reason="mistake")
    return an_input(Kind.OVERDUE, known=known, stopped=stopped)


async def begin(desk: Desk, alipay: Alipays, kind: Kind) -> None:
    """Have a refund hang in this way."""
    ledger = alipay.ledgers[kind] = RefundingAlipay()
    request = RefundRequest(refund_id="r-1", amount=php(6000), by="shop-key")
    given = an_input(kind)
    match kind:
        case Kind.REVIEW:
            request = request.model_copy(update={"dispute_id": "d-7"})
        case Kind.SECOND_PERSON:
            given = an_input(kind, second_person_above=5000)
        case Kind.OVERDUE:
            ledger.processing[refund_request_id(kind, "r-1", 1)] = php(6000)
            given = taken_on_long_ago()
        case _:
            ledger.next_refunds = [ANSWERS[kind]]
    await update_owner(desk.client, given, "refund", request)


@pytest.fixture(scope="module")
async def desk(dev_server: WorkflowEnvironment) -> AsyncIterator[Desk]:
    desk, alipay = await a_desk(dev_server), Alipays()
    async with served(desk, alipay):
        for kind in HANGS:
            await begin(desk, alipay, kind)
        await until(lambda: shows(desk, set(HANGS)))
        yield desk


async def shows(desk: Desk, kinds: set[Kind]) -> bool:
    found = await find_stuck(desk.client, datetime.now(UTC))
    return {one.kind for one in found.stuck} == kinds


async def listed(desk: Desk) -> dict[str, dict[str, Any]]:
    told = await desk.run("stuck", "--json")
    assert told.exit_code == 1, told.output
    return {row["order_id"]: row for row in json.loads(told.stdout)}


async def test_each_way_to_hang_has_one_row_and_its_own_chapter(desk: Desk) -> None:
    rows = await listed(desk)
    assert {name: row["kind"] for name, row in rows.items()} == {
        kind: kind for kind in HANGS
    }
    for kind in HANGS:
        chapter = REFUND_CHAPTERS[ATTENTIONS[kind]]
        assert rows[kind]["runbook"] == f"docs/runbook.md#{chapter}"


@pytest.mark.parametrize(
    ("kind", "why", "todo"),
    [
        (Kind.REVIEW, "dispute d-7 is open", "--outcome SEND|WITHDRAW"),
        (Kind.SECOND_PERSON, "which shop-key has asked for", "refunds confirm"),
        (
            Kind.NO_VERDICT,
            "not reported the outcome of r-1",
            "GIVEN_BACK|NOT_GIVEN_BACK",
        ),
        (Kind.BALANCE, "balance at Alipay is too low for r-1", "Top up"),
        (Kind.REFUSED, "was refused: PROCESS_FAIL no. Nothing", "refunds start"),
        (
            Kind.OVERDUE,
            "accepted r-1 over PHP 60.00 more than a day",
            "Never refund it",
        ),
    ],
)
async def test_a_row_says_in_words_why_and_what_to_do(
    desk: Desk, kind: Kind, why: str, todo: str
) -> None:
    row = (await listed(desk))[kind]
    assert why in row["why"]
    assert "r-1 over PHP 60.00" in row["why"]
    assert todo in row["todo"]
    assert str(kind) in row["todo"]  # the order, so that the command can be copied


@pytest.mark.parametrize(
    ("kind", "impossible"),
    [
        (Kind.REVIEW, "GIVEN_BACK"),
        (Kind.SECOND_PERSON, "SEND"),
        (Kind.NO_VERDICT, "WITHDRAW"),
        (Kind.OVERDUE, "WITHDRAW"),
        (Kind.BALANCE, "NOT_GIVEN_BACK"),
    ],
)
async def test_each_outcome_that_the_owner_takes_is_named_with_its_command(
    desk: Desk, kind: Kind, impossible: str
) -> None:
    resolve = ("refunds", "resolve", kind, "r-1", "--yes", *AS_ANNA, *BECAUSE)
    refused = in_one_line(await desk.run(*resolve, "--outcome", impossible))
    possible = re.search(r"must be one of ([A-Z_, ]+) while", refused)
    assert possible, refused
    outcomes = possible[1].replace(", ", "|")
    command = f"cashier refunds resolve {kind} r-1 --outcome {outcomes} --by NAME"
    assert command in (await listed(desk))[kind]["todo"]
    one = in_one_line(await desk.run("refunds", "show", kind, "r-1"))
    every = in_one_line(await desk.run("refunds", "show", kind))
    for told in (one, every):
        assert command in told
        assert all(f"{outcome}: " in told for outcome in outcomes.split("|"))


async def test_nothing_is_offered_for_a_refund_that_is_over(desk: Desk) -> None:
    told = await desk.run("refunds", "show", Kind.REFUSED, "r-1")
    assert told.exit_code == 0, told.output
    assert "ou may" not in told.output


def in_one_line(told: Result) -> str:
    return " ".join(told.output.split())


async def test_the_money_that_waits_is_what_is_at_risk(desk: Desk) -> None:
    rows = await listed(desk)
    waits = {"taken": [], "at_most": [{"currency": "PHP", "value": 6000}]}
    for kind in HANGS:
        nothing: dict[str, Any] = {"taken": [], "at_most": []}
        assert rows[kind]["at_risk"] == (nothing if kind is Kind.REFUSED else waits)


@pytest.mark.parametrize("kind", HANGS)
async def test_the_filter_of_a_kind_finds_it_and_nothing_else(
    desk: Desk, kind: Kind
) -> None:
    query = filter_of(kind, datetime.now(UTC))
    found = [one.id async for one in desk.client.list_workflows(query)]
    assert found == [refunds_id(kind)]


async def test_the_saved_view_of_refunds_shows_those_that_wait(desk: Desk) -> None:
    views = {view.name: view.query for view in saved_views()}
    assert (await desk.client.count_workflows(views["refunds"])).count == len(HANGS)
    for kind in (Kind.SECOND_PERSON, Kind.BALANCE, Kind.REFUSED):
        assert (await desk.client.count_workflows(views[kind])).count == 1


async def test_a_stopped_owner_is_found_and_recovered_without_a_second_refund(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    alipay = RefundingAlipay(next_refunds=["REFUND_IN_PROCESS"])
    async with served(desk, alipay):
        order = await a_paid_order(desk)
        await give_back(desk, order, "r-1", "60.00")
        await owner_of(desk, order).terminate(reason="by mistake")
        await until(lambda: shows(desk, {Kind.STOPPED}))
        row = (await listed(desk))[order.order_id]
        refused = await give_back(desk, order, "r-2", "40.00")
        payment = await desk.run("payments", "show", order.order_id)
        told = await desk.run("recover", order.order_id, *AS_ANNA, *BECAUSE)
        again = await desk.run("recover", order.order_id, *AS_ANNA, *BECAUSE)
        before = await shown(desk, order.order_id)
        more = await give_back(desk, order, "r-2", "50.00")
        alipay.ends(refund_request_id(order.order_id, "r-1", 1))
        name = refund_request_id(order.order_id, "r-1", 1)
        handle = owner_of(desk, order)
        await handle.signal("refund_notified", alipay.notice(name))
        await give_back(desk, order, "r-2", "40.00")
        result = await handle.result()
        acts = await desk.run("payments", "show", order.order_id)
    assert "may have taken effect or not, and no workflow handles them" in row["why"]
    assert f"cashier recover {order.order_id}" in row["todo"]
    assert refused.exit_code == 1
    assert f"cashier recover {order.order_id}" in refused.output
    assert "stopped before its end" in payment.output
    assert told.exit_code == 0, told.output
    assert f"Recovered: {refunds_id(order.order_id)}" in told.output
    assert again.exit_code == 1
    # What is open is reserved still.
    assert before["left"] == Money(currency="PHP", value=4000).model_dump()
    assert "PHP 40.00 can still be refunded" in more.output
    assert record_in(result, "r-1").status is RefundStatus.SUCCEEDED
    assert len([one for one in alipay.sent if one.refund_request_id == name]) == 1
    assert alipay.total_back == 10000
    assert "recover" in acts.output
    assert "by: anna" in acts.output


async def test_an_owner_that_nobody_can_replay_is_left_as_it_is(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    async with served(desk, RefundingAlipay()):
        handle = await desk.client.start_workflow(
            "OrderRefunds",
            an_input(Kind.REVIEW),
            id=refunds_id("unreadable"),
            task_queue="cashier-of-old",
        )
        await handle.terminate()
        told = await desk.run("recover", "unreadable", *AS_ANNA, *BECAUSE)
    assert told.exit_code == 1
    assert "cannot be recovered" in told.output
    assert (await handle.describe()).run_id == handle.result_run_id
