"""What `cashier stuck` lists: one stuck payment of each kind, and nothing else."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from cashier.demos.pausing import pause_call
from cashier.stuck.finding import find_stuck
from cashier.stuck.queries import saved_views
from contracts import (
    TASK_QUEUE,
    CallbackInput,
    InquiryAnswer,
    InquiryCall,
    Money,
    Order,
    PayAnswer,
    PayCall,
    PaymentView,
    ShopEvent,
    callback_id,
    workflow_id,
)
from tests.builders import a_page, a_refusal, an_inquiry, an_order
from tests.cashier.broken import BrokenLatePayment
from tests.cashier.operating import (
    Desk,
    a_client,
    a_desk,
    a_worker,
    callback_attributes,
    until,
)
from tests.fakes import FakeAlipay
from visibility.stuck import KINDS_OF_REFUNDS, Kind, filter_of
from workflows.callback import Callback

FIELDS = {
    "kind": str,
    "kinds": list,
    "order_id": str,
    "workflow_id": str,
    "run_id": str,
    "workflow_type": str,
    "wallet": str,
    "currency": str,
    "amount_minor": int,
    "since": str,
    "seconds": int,
    "why": str,
    "todo": str,
    "at_risk": dict,
    "runbook": str,
    "link": str,
}
EXPIRED = timedelta(minutes=10)
# Those of refunds: test_stuck_refunds.py.
KINDS = [kind for kind in Kind if kind not in KINDS_OF_REFUNDS]
RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"


class SilentForKakao(FakeAlipay):
    """Gives every wallet its page but one, and answers no question."""

    @activity.defn
    async def pay(self, call: PayCall) -> PayAnswer:
        if call.wallet == "KAKAOPAY":
            raise ApplicationError("HTTP 502 from Alipay", non_retryable=True)
        if call.wallet == "MAYA":
            raise ApplicationError(
                "HTTP 502 from Alipay", next_retry_delay=timedelta(minutes=1)
            )
        return await super().pay(call)

    @activity.defn
    async def inquire_payment(self, call: InquiryCall) -> InquiryAnswer:
        raise ApplicationError("HTTP 502 from Alipay", non_retryable=True)


@dataclass
class Bad:
    """A desk with one stuck order of each kind, and one that is well."""

    desk: Desk
    orders: dict[Kind, Order]
    well: Order

    async def listed(self, *words: str, **settings: str) -> list[dict[str, Any]]:
        told = await self.desk.run("stuck", "--json", *words, **settings)
        assert told.exit_code == 1, told.output
        rows: list[dict[str, Any]] = json.loads(told.stdout)
        return rows

    async def row(self, kind: Kind) -> dict[str, Any]:
        [row] = [row for row in await self.listed() if row["kind"] == kind]
        return row


@pytest.fixture(scope="module")
async def bad(dev_server: WorkflowEnvironment) -> AsyncIterator[Bad]:
    desk = await a_desk(dev_server)
    alipay = SilentForKakao(pay=[a_page()])
    alipay.shop_is_away = True
    async with a_worker(desk, alipay, late_payment=BrokenLatePayment):
        won = Money(currency="KRW", value=5000)
        orders = {Kind.NO_VERDICT: await desk.begin(wallet="KAKAOPAY", amount=won)}
        orders[Kind.REVIEW] = await desk.begin()
        await desk.notify(orders[Kind.REVIEW], amount=Money(currency="PHP", value=100))
        ago = datetime.now(UTC) - EXPIRED
        orders[Kind.OVERDUE] = await desk.begin(expires_at=ago)
        orders[Kind.TASK_FAILURE] = an_order()
        await desk.begin_late(orders[Kind.TASK_FAILURE], attempt=2)
        orders[Kind.CALLBACK] = an_order()
        await begin_callback(desk, orders[Kind.CALLBACK])
        orders[Kind.STOPPED] = await desk.begin()
        stopped = workflow_id(orders[Kind.STOPPED].order_id)
        handle = desk.client.get_workflow_handle(stopped)
        await handle.terminate(reason="by mistake")
        orders[Kind.PAUSED] = await desk.begin(wallet="MAYA")
        paused = workflow_id(orders[Kind.PAUSED].order_id)
        await pause_call(desk.client, paused, by="anna", reason="to look")
        orders[Kind.NO_WORKER] = await desk.begin(task_queue="cashier-of-old")
        in_time = datetime.now(UTC) + EXPIRED
        well = await desk.begin(expires_at=in_time)
        await until(lambda: shows(desk, set(KINDS)))
        yield Bad(desk, orders, well)


async def shows(desk: Desk, kinds: set[Kind]) -> bool:
    found = await find_stuck(desk.client, datetime.now(UTC))
    return {one.kind for one in found.stuck} == kinds


async def begin_callback(desk: Desk, order: Order) -> None:
    event = ShopEvent(
        id=f"{order.order_id}-paid",
        type="payment.paid",
        occurred_at=datetime.now(UTC),
        order_id=order.order_id,
        payment_request_id=f"{order.order_id}_1",
        amount=order.amount,
        outcome="PAID",
    )
    await desk.client.start_workflow(
        Callback.run,
        CallbackInput(event=event),
        id=callback_id(event.id),
        task_queue=TASK_QUEUE,
        search_attributes=callback_attributes(order),
    )


async def test_each_kind_is_listed_exactly_once(bad: Bad) -> None:
    rows = await bad.listed()
    listed = {row["kind"]: row["order_id"] for row in rows}
    assert len(rows) == len(KINDS)
    assert listed == {kind: order.order_id for kind, order in bad.orders.items()}


async def test_rows_for_programs_have_all_their_fields(bad: Bad) -> None:
    for row in await bad.listed():
        assert row.keys() == FIELDS.keys()
        for name, kind in FIELDS.items():
            assert isinstance(row[name], kind), name
        assert row["kinds"][0] == row["kind"]
        assert datetime.fromisoformat(row["since"]).utcoffset() == timedelta()


@pytest.mark.parametrize(
    ("kind", "why", "todo"),
    [
        (Kind.REVIEW, "PHP 1.00 instead of PHP 1,314.00", "cashier payments resolve"),
        (Kind.NO_VERDICT, "paid: HTTP 502 from Alipay.", "cashier payments check"),
        (Kind.OVERDUE, "open long after the time to pay", "cashier payments check"),
        (Kind.TASK_FAILURE, "a bug; order-", "Deploy the worker"),
        (Kind.CALLBACK, "the shop answered HTTP 503", "cashier callbacks resend"),
        (Kind.STOPPED, "(terminated by ", "cashier recover order-"),
        (Kind.STOPPED, "by mistake); the customer may have paid", "asks Alipay first"),
        (Kind.PAUSED, "Paused by anna: pay: to look.", "temporal activity unpause "),
        (Kind.CALLBACK, "the shop answered", "cashier callbacks settle order-"),
        (Kind.NO_WORKER, "the task queue 'cashier-of-old'", "Start a worker"),
        (Kind.NO_WORKER, "its timers", "at once: cashier recover order-"),
    ],
)
async def test_a_row_says_in_words_why_and_what_to_do(
    bad: Bad, kind: Kind, why: str, todo: str
) -> None:
    row = await bad.row(kind)
    assert why in row["why"]
    assert todo in row["todo"]


async def test_a_paused_call_is_named_where_its_payment_is_shown(bad: Bad) -> None:
    order_id = bad.orders[Kind.PAUSED].order_id
    told = await bad.desk.run("payments", "show", order_id)
    as_json = await bad.desk.run("payments", "show", order_id, "--json")
    unpause = f"temporal activity unpause --workflow-id {workflow_id(order_id)} "
    assert "It is paused by anna: pay: to look. To free it:" in told.output
    assert unpause in told.output
    assert json.loads(as_json.stdout)["paused"] == "paused by anna: pay: to look"


async def test_a_row_says_since_when(bad: Bad) -> None:
    overdue, review = await bad.row(Kind.OVERDUE), await bad.row(Kind.REVIEW)
    assert EXPIRED.total_seconds() <= overdue["seconds"] < 20 * 60
    assert review["seconds"] < 60


async def test_a_row_names_a_chapter_that_the_runbook_has(bad: Bad) -> None:
    titles = re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    chapters = {title.lower().replace(" ", "-") for title in titles}
    for row in await bad.listed():
        path, _, chapter = row["runbook"].partition("#")
        assert path == "docs/runbook.md"
        assert chapter in chapters


async def test_a_row_links_to_its_page(bad: Bad) -> None:
    namespace = bad.desk.client.namespace
    for row in await bad.listed(CASHIER_UI_URL="https://ui.example/"):
        workflow = row["workflow_id"].replace(":", "%3A")
        # The page that explains it; where the code fails, only the history does.
        tab = "history" if row["kind"] == Kind.TASK_FAILURE else "user-metadata"
        path = f"workflows/{workflow}/{row['run_id']}/{tab}"
        assert row["link"] == f"https://ui.example/namespaces/{namespace}/{path}"


async def test_the_table_tells_people_the_same(bad: Bad) -> None:
    told = await bad.desk.run("stuck")
    assert told.exit_code == 1
    for kind, order in bad.orders.items():
        assert order.order_id in told.output
        assert f"{kind}: " in told.output
    assert bad.well.order_id not in told.output
    assert "Stuck: 8" in told.output
    # PHP 1.00 is under review, PHP 1,314.00 paid and the shop does not know; the paused
    # one was never sent; of the five others nobody knows whether they are paid.
    assert (
        "Money at risk: PHP 1,315.00, and at most KRW 5,000, PHP 5,256.00 besides"
    ) in told.output


async def test_a_limit_says_how_many_are_left(bad: Bad) -> None:
    told = await bad.desk.run("stuck", "--limit", "2")
    assert "and 6 more" in told.output
    assert "Stuck: 8" in told.output
    assert len(await bad.listed("--limit", "2")) == 2


async def test_only_what_is_stuck_for_long_can_be_asked_for(bad: Bad) -> None:
    rows = await bad.listed("--older-than", "5")
    assert [row["kind"] for row in rows] == [Kind.OVERDUE]
    young = await bad.desk.run("stuck", "--older-than", "600")
    assert (young.exit_code, young.output) == (0, "Nothing is stuck.\n")


@pytest.mark.parametrize("kind", KINDS)
async def test_the_filter_of_a_kind_finds_it_and_nothing_else(
    bad: Bad, kind: Kind
) -> None:
    query = filter_of(kind, datetime.now(UTC))
    found = [one.id async for one in bad.desk.client.list_workflows(query)]
    assert len(found) == 1
    assert bad.orders[kind].order_id in found[0]


async def test_every_saved_view_is_accepted_by_the_server(bad: Bad) -> None:
    counts = {
        view.name: (await bad.desk.client.count_workflows(view.query)).count
        for view in saved_views()
    }
    # One is overdue by the clock alone: its worker has not said so.
    assert counts["stuck"] == len(KINDS) - 1
    # Two of the stuck ones are no payments but late money and a callback, one ended.
    assert counts["open"] == len(KINDS) - 3 + 1
    assert counts["late-money"] == counts["stopped"] == 1
    assert counts["paid"] == 0


async def test_the_saved_views_are_printed_with_their_links(bad: Bad) -> None:
    told = await bad.desk.run("stuck", "--queries")
    namespace = bad.desk.client.namespace
    assert told.exit_code == 0
    for view in saved_views():
        assert f"{view.name}: {view.finds}" in told.output
    links = told.output.count(f"/namespaces/{namespace}/workflows?query=")
    assert links == len(list(saved_views()))


async def test_what_is_stuck_in_two_ways_has_one_row_and_both_reasons(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    ago = datetime.now(UTC) - EXPIRED
    order = await desk.begin(expires_at=ago)
    await until(lambda: shows(desk, {Kind.NO_WORKER}))
    [row] = await Bad(desk, {}, order).listed()
    assert row["kinds"] == [Kind.NO_WORKER, Kind.OVERDUE]
    assert "Also: it is open long after the time to pay." in row["why"]


async def test_without_any_worker_all_that_is_open_is_stuck(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    order = await desk.begin(expires_at=datetime.now(UTC) + EXPIRED)
    await until(lambda: shows(desk, {Kind.NO_WORKER}))
    [row] = await Bad(desk, {}, order).listed()
    assert row["order_id"] == order.order_id
    assert f"the task queue '{TASK_QUEUE}'" in row["why"]


async def test_nothing_stuck_is_told_by_the_exit_code(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    alipay = FakeAlipay(pay=[a_page()])
    async with a_worker(desk, alipay):
        order = await desk.begin(expires_at=datetime.now(UTC) + EXPIRED)
        told = await desk.run("stuck")
        as_json = await desk.run("stuck", "--json")
        await desk.notify(order)
        await desk.client.get_workflow_handle(workflow_id(order.order_id)).result()
    assert (told.exit_code, told.output) == (0, "Nothing is stuck.\n")
    assert (as_json.exit_code, json.loads(as_json.stdout)) == (0, [])


def test_no_saved_view_freezes_a_time() -> None:
    for view in saved_views():
        assert not re.search(r"\d", view.query), view.name


async def test_the_columns_of_the_saved_views_are_named(bad: Bad) -> None:
    told = await bad.desk.run("stuck", "--queries")
    assert "NeedsAttention" in told.output
    assert "OrderId, Wallet, Currency, AmountMinor" in told.output


async def test_money_at_risk_is_what_was_taken_and_not_what_was_asked(
    bad: Bad,
) -> None:
    rows = {row["kind"]: row["at_risk"] for row in await bad.listed()}
    taken = {"taken": [{"currency": "PHP", "value": 100}], "at_most": []}
    assert rows[Kind.REVIEW] == taken
    # Nobody knows whether the customer has paid.
    won = {"currency": "KRW", "value": 5000}
    assert rows[Kind.NO_VERDICT] == {"taken": [], "at_most": [won]}
    told = await bad.desk.run("stuck")
    assert "PHP 1.00" in told.output
    assert "and at most KRW 5,000" in told.output


async def test_where_nothing_was_taken_nothing_is_at_risk(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    alipay = FakeAlipay(pay=[a_refusal()])
    alipay.shop_is_away = True
    async with a_worker(desk, alipay):
        order = await desk.begin(tells_shop=True)
        await desk.client.get_workflow_handle(workflow_id(order.order_id)).result()
        await until(lambda: shows(desk, {Kind.CALLBACK}))
        told = await desk.run("stuck")
    assert "Money at risk: nothing" in told.output


async def test_a_paid_payment_is_among_those_paid(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    async with a_worker(desk, FakeAlipay(pay=[a_page()])):
        order = await desk.begin()
        await desk.notify(order)
        await desk.client.get_workflow_handle(workflow_id(order.order_id)).result()
    views = {view.name: view.query for view in saved_views()}

    async def is_paid() -> bool:
        return (await desk.client.count_workflows(views["paid"])).count == 1

    await until(is_paid)
    assert (await desk.client.count_workflows(views["unpaid"])).count == 0


async def test_a_temporal_that_is_away_is_told_by_the_exit_code(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = Desk(dev_server.client)
    away = await desk.run("stuck", "--json", TEMPORAL_ADDRESS="127.0.0.1:1")
    assert away.exit_code == 3
    assert away.stdout == ""
    assert "Temporal cannot be reached" in away.stderr


async def test_a_namespace_that_is_not_set_up_is_said(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = Desk(await a_client(dev_server))
    async with a_worker(desk, FakeAlipay()):
        wrong = await desk.run("stuck")
    with pytest.raises(RPCError):
        await desk.client.count_workflows(filter_of(Kind.REVIEW, datetime.now(UTC)))
    assert wrong.exit_code == 2
    assert "run: cashier setup" in wrong.stderr


async def test_a_wrong_setting_is_named(dev_server: WorkflowEnvironment) -> None:
    wrong = await Desk(dev_server.client).run("stuck", CASHIER_UI_URL="http://ui.test")
    assert wrong.exit_code == 2
    assert "CASHIER_UI_URL" in wrong.output


async def test_a_stopped_payment_is_recovered_by_name_and_reason(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_worker(desk, alipay):
        order = await desk.begin(expires_at=datetime.now(UTC) + EXPIRED)
        name = workflow_id(order.order_id)
        await until(lambda: has_page(desk, name))
        await desk.client.get_workflow_handle(name).terminate(reason="by mistake")
        await until(lambda: shows(desk, {Kind.STOPPED}))
        shown = await desk.run("payments", "show", order.order_id)
        words = ("recover", order.order_id, "--by", "ana")
        without_reason = await desk.run(*words, "--reason", " ")
        done = await desk.run(*words, "--reason", "terminated by mistake")
        result = await desk.client.get_workflow_handle(
            name, result_type=PaymentView
        ).result()
        await until(lambda: shows(desk, set()))
        again = await desk.run(*words, "--reason", "once more")
        acts = await desk.run("payments", "show", order.order_id)
    assert "PHP 1,314.00 may be paid" in shown.output
    assert f"cashier recover {order.order_id}" in shown.output
    assert without_reason.exit_code == 2
    assert done.exit_code == 0, done.output
    assert result.outcome == "PAID"
    assert alipay.calls == ["pay", "inquire"]
    assert again.exit_code == 1
    assert "no workflow of order" in again.stderr
    assert "recover" in acts.output
    assert "terminated by mistake" in acts.output


async def has_page(desk: Desk, name: str) -> bool:
    handle = desk.client.get_workflow_handle(name)
    view: PaymentView = await handle.query("view", result_type=PaymentView)
    return view.attempts[-1].cashier is not None


async def test_callbacks_that_were_stopped_are_told_after_all(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    alipay = FakeAlipay()
    alipay.shop_is_away = True
    async with a_worker(desk, alipay):
        order = an_order()
        await begin_callback(desk, order)
        await until(lambda: shows(desk, {Kind.CALLBACK}))
        name = callback_id(f"{order.order_id}-paid")
        await desk.client.get_workflow_handle(name).terminate()
        await until(lambda: shows(desk, {Kind.STOPPED}))
        alipay.shop_is_away = False
        alipay.shop_events.clear()
        words = ("recover", order.order_id, "--by", "ana", "--reason", "by mistake")
        done = await desk.run(*words)
        await desk.client.get_workflow_handle(name).result()
    assert done.exit_code == 0, done.output
    assert f"Recovered: {name}" in done.output
    assert [event.type for event in alipay.shop_events] == ["payment.paid"]
