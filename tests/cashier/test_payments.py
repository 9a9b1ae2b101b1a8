"""What an operator sees of an order, and does to it, in their own name."""

import asyncio
import getpass
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment
from typer.testing import Result

from cashier.payments.reading import look_at
from cashier.payments.send_update import act
from cashier.temporal_calls import UnreachableError
from codec.keyring import Keyring, make_key
from contracts import (
    TASK_QUEUE,
    CancelWish,
    Money,
    Order,
    PaymentOutcome,
    PaymentView,
    callback_id,
    callbacks_id,
    late_payment_id,
    payment_request_id,
    workflow_id,
)
from temporal_client import data_converter
from tests.builders import a_cancel, a_page, an_event, an_inquiry, an_order
from tests.cashier.operating import Desk, a_desk, a_worker, callback_attributes, until
from tests.fakes import FakeAlipay

OTHER_MONEY = Money(currency="PHP", value=100)
PATIENCE_SECONDS = 20


@pytest.fixture(scope="module")
async def desk(dev_server: WorkflowEnvironment) -> Desk:
    return await a_desk(dev_server)


@asynccontextmanager
async def under_review(desk: Desk, **changes: Any) -> AsyncIterator[Order]:
    """A payment of which Alipay reports other money."""
    async with a_worker(desk, FakeAlipay(pay=[a_page()])):
        order = await desk.begin(**changes)
        await desk.notify(order, amount=OTHER_MONEY)
        await until(lambda: is_reviewed(desk, order))
        await until(lambda: is_listed_for_review(desk, workflow_id(order.order_id)))
        yield order


async def is_reviewed(desk: Desk, order: Order) -> bool:
    return bool((await view_of(desk, order)).review)


async def is_listed_for_review(desk: Desk, named: str) -> bool:
    query = f"WorkflowId = '{named}' AND NeedsAttention = 'REVIEW'"
    return (await desk.client.count_workflows(query)).count == 1


async def view_of(desk: Desk, order: Order) -> PaymentView:
    seen = await look_at(desk.client, workflow_id(order.order_id), PaymentView)
    assert seen.view is not None
    return seen.view


async def has_page(desk: Desk, order: Order) -> bool:
    return (await view_of(desk, order)).attempts[-1].cashier is not None


async def resolve(desk: Desk, order: Order, *words: str, by: str = "ana") -> Result:
    return await desk.run(
        *("payments", "resolve", order.order_id, "--outcome", "CANCELLED"),
        *("--by", by, "--reason", "seen at Alipay", *words),
    )


async def shown(desk: Desk, order: Order) -> dict[str, Any]:
    told = await desk.run("payments", "show", order.order_id, "--json")
    assert told.exit_code == 0, told.output
    found: dict[str, Any] = json.loads(told.stdout)
    return found


async def test_an_open_payment_is_shown_with_what_it_waits_for(desk: Desk) -> None:
    async with a_worker(desk, FakeAlipay(pay=[a_page()])):
        order = await desk.begin()
        await until(lambda: has_page(desk, order))
        told = await desk.run("payments", "show", order.order_id)
        as_json = await shown(desk, order)
        await desk.notify(order)
    assert told.exit_code == 0
    for words in (order.order_id, "PHP 1,314.00", f"{order.order_id}_1", "GCASH"):
        assert words in told.output
    assert "AWAITING_CUSTOMER" in told.output
    assert "wait for the customer until" in told.output
    assert f"/workflows/payment%3A{order.order_id}/" in told.output
    assert "/user-metadata" in told.output
    assert as_json["is_open"] is True
    assert as_json["payment"]["amount"] == {"currency": "PHP", "value": 131400}
    assert "Next:" in as_json["waits"]


async def test_a_closed_payment_is_shown_with_its_end(desk: Desk) -> None:
    async with a_worker(desk, FakeAlipay(pay=[a_page()])):
        order = await desk.begin()
        await desk.notify(order)
        await desk.client.get_workflow_handle(workflow_id(order.order_id)).result()
    # Its worker has gone: what has ended needs none.
    told = await desk.run("payments", "show", order.order_id)
    as_json = await shown(desk, order)
    assert told.exit_code == 0
    assert "PAID" in told.output
    assert "Paid at  2026-11-24 10:02:40 UTC" in told.output
    assert (as_json["is_open"], as_json["waits"]) == (False, None)
    assert as_json["payment"]["outcome"] == "PAID"


async def test_a_payment_that_was_terminated_names_its_money_and_how_it_comes_back(
    desk: Desk,
) -> None:
    order = await desk.begin()
    handle = desk.client.get_workflow_handle(workflow_id(order.order_id))
    await handle.terminate(reason="by mistake")
    told = await desk.run("payments", "show", order.order_id)
    assert told.exit_code == 0
    assert "stopped before its end" in told.output
    assert "PHP 1,314.00 may be paid" in told.output
    assert f"cashier recover {order.order_id}" in told.output
    assert "reason: by mistake" in told.output


async def test_an_unknown_order_is_said(desk: Desk) -> None:
    for command in ("show", "check"):
        unknown = await desk.run("payments", command, "nobodys")
        assert unknown.exit_code == 1
        assert "there is no 'payment:nobodys' in namespace" in unknown.stderr


async def test_an_order_id_of_another_shape_is_refused_by_its_rule(desk: Desk) -> None:
    wrong = await desk.run("payments", "show", 'x" OR OrderId != "')
    assert wrong.exit_code == 1
    assert "1 to 60 of the characters" in wrong.stderr


async def test_a_check_asks_alipay_now(desk: Desk) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_worker(desk, alipay):
        order = await desk.begin()
        checked = await desk.run("payments", "check", order.order_id)
    assert checked.exit_code == 0
    assert "PAID" in checked.output
    assert alipay.calls == ["pay", "inquire"]


async def test_a_check_of_an_open_payment_prints_what_alipay_answers(
    desk: Desk,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    async with a_worker(desk, alipay):
        order = await desk.begin()
        checked = await desk.run("payments", "check", order.order_id)
        await desk.notify(order)
    assert checked.exit_code == 0
    assert "Alipay's last answer" in checked.output
    assert "not paid yet, and it can still be paid" in checked.output


async def test_a_cancel_that_is_not_confirmed_yet_is_not_said_to_have_failed(
    desk: Desk,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING")],
        cancels=[a_cancel("REFUSED", "ORDER_STATUS_INVALID")],
    )
    async with a_worker(desk, alipay):
        order = await desk.begin()
        told = await desk.run(
            *("payments", "cancel", order.order_id, "--by", "ana", "--reason", "x")
        )
        await desk.notify(order)
    assert told.exit_code == 1
    assert "has not confirmed the cancel" in told.output
    assert f"cashier payments show {order.order_id}" in told.output


async def test_a_cancel_closes_the_payment(desk: Desk) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    async with a_worker(desk, alipay):
        order = await desk.begin()
        words = ("payments", "cancel", order.order_id, "--reason", "sold out")
        done = await desk.run(*words, CASHIER_OPERATOR="ana")
        again = await desk.run(*words, CASHIER_OPERATOR="ana")
    assert done.exit_code == 0
    assert "CANCELLED" in done.output
    assert again.exit_code == 1
    assert "refused: the workflow has ended, and its end is CANCELLED" in again.stderr
    [act] = (await shown(desk, order))["acts"]
    assert act["words"] == {"by": "ana", "reason": "sold out"}


async def test_a_cancel_that_is_too_late_is_told_by_the_exit_code(desk: Desk) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("SUCCESS")],
        cancels=[a_cancel("REFUSED", "ORDER_IS_CLOSED")],
    )
    async with a_worker(desk, alipay):
        order = await desk.begin()
        late = await desk.run(
            *("payments", "cancel", order.order_id, "--by", "ana", "--reason", "x")
        )
    assert late.exit_code == 1
    assert "the customer had paid before" in late.output


async def test_a_review_is_settled_in_the_operators_name(desk: Desk) -> None:
    async with under_review(desk) as order:
        done = await resolve(desk, order, "--yes")
        view = await view_of(desk, order)
    assert done.exit_code == 0
    assert "PHP 1.00 at risk" in done.output
    assert "PHP 1.00 instead of PHP 1,314.00" in done.output
    assert "is CANCELLED, by ana" in done.output
    assert view.outcome is PaymentOutcome.CANCELLED
    assert view.resolved is not None
    assert (view.resolved.by, view.resolved.reason) == ("ana", "seen at Alipay")


async def test_the_history_keeps_who_is_at_the_terminal_beside_the_name_that_is_said(
    desk: Desk,
) -> None:
    async with under_review(desk) as order:
        await resolve(desk, order, "--yes", by="ana.santos")
    handle = desk.client.get_workflow_handle(workflow_id(order.order_id))
    accepted = [
        event.workflow_execution_update_accepted_event_attributes.accepted_request
        async for event in handle.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
    ]
    here = f"{getpass.getuser()}@{socket.gethostname()}"
    assert [one.meta.identity for one in accepted] == [here]
    told = await desk.run("payments", "show", order.order_id)
    assert "Who acted" in told.output
    assert f"by: ana.santos  ({here})" in told.output


async def test_whoever_says_no_changes_nothing(desk: Desk) -> None:
    async with under_review(desk) as order:
        asked = await desk.run(
            *("payments", "resolve", order.order_id, "--outcome", "PAID"),
            *("--by", "ana", "--reason", "seen"),
            typed="n\n",
        )
        still = await view_of(desk, order)
        await resolve(desk, order, "--yes")
    assert "Resolve it as PAID, in the name of ana?" in asked.output
    assert asked.exit_code == 1
    assert still.outcome is None


async def test_where_nobody_can_answer_the_option_that_does_not_ask_is_named(
    desk: Desk,
) -> None:
    async with under_review(desk) as order:
        asked = await resolve(desk, order)
        still = await view_of(desk, order)
        await resolve(desk, order, "--yes")
    assert asked.exit_code == 1
    assert "nothing was changed; --yes does not ask" in asked.stderr
    assert still.outcome is None


async def test_above_an_amount_another_person_must_confirm(desk: Desk) -> None:
    async with under_review(desk, second_person_above=1000) as order:
        proposed = await resolve(desk, order, "--yes", by="ana")
        alone = await resolve(desk, order, "--yes", by=" Ana ")
        waiting = await view_of(desk, order)
        told = await desk.run("payments", "show", order.order_id)
        listed = await desk.run("stuck")
        done = await resolve(desk, order, "--yes", by="ben")
    assert proposed.exit_code == 0
    assert "a second person confirms it" in proposed.output
    assert f"cashier payments resolve {order.order_id} --outcome CANCELLED" in (
        proposed.output
    )
    assert alone.exit_code == 1
    assert "refused: by: this person has proposed CANCELLED already" in alone.stderr
    assert waiting.outcome is None
    assert "CANCELLED by ana: seen at Alipay" in told.output
    assert "ana has proposed CANCELLED; a second person must confirm" in listed.output
    assert done.exit_code == 0
    assert "is CANCELLED, by ana, confirmed by ben" in done.output


async def test_under_review_a_cancel_is_answered_at_once(desk: Desk) -> None:
    words = ("--by", "ana", "--reason", "sold out")
    async with under_review(desk) as order:
        began = monotonic()
        refused = await desk.run("payments", "cancel", order.order_id, *words)
        took = monotonic() - began
        await resolve(desk, order, "--yes")
    assert refused.exit_code == 1
    assert "refused: it cannot be cancelled while a person must decide" in (
        refused.stderr
    )
    assert took < PATIENCE_SECONDS


async def test_an_update_that_nobody_answers_ends_within_its_patience(
    desk: Desk,
) -> None:
    # Of an older release, whose cancel waits under review for as long as it takes.
    async with under_review(desk, release=3) as order:
        began = monotonic()
        with pytest.raises(UnreachableError) as ended:
            await act(
                desk.client,
                workflow_id(order.order_id),
                "cancel",
                CancelWish(by="ana", reason="sold out"),
                answers=PaymentView,
                patience=timedelta(seconds=2),
            )
        took = monotonic() - began
        await resolve(desk, order, "--yes")
    assert "not answered within 2 s; it is not known yet" in str(ended.value)
    assert took < 10


async def test_another_outcome_replaces_a_proposal_only_where_it_is_named(
    desk: Desk,
) -> None:
    async with under_review(desk, second_person_above=1000) as order:
        await resolve(desk, order, "--yes", by="ana")
        words = ("payments", "resolve", order.order_id, "--outcome", "PAID", "--yes")
        who = ("--by", "ben", "--reason", "delivered")
        silent = await desk.run(*words, *who)
        named = await desk.run(*words, *who, "--replaces", "CANCELLED")
        await desk.run(*words, "--by", "ana", "--reason", "so it is")
    assert silent.exit_code == 1
    assert "Proposed so far: CANCELLED by ana: seen at Alipay" in silent.output
    assert "CANCELLED is proposed, and waits for a second person" in silent.stderr
    assert named.exit_code == 0
    assert "Proposed: PAID by ben" in named.output


@pytest.mark.parametrize("who", ["shop", "Temporal", " "])
async def test_a_person_acts_under_a_persons_name(desk: Desk, who: str) -> None:
    words = ("payments", "cancel", "coffee-1", "--reason", "sold out", "--by", who)
    refused = await desk.run(*words, TEMPORAL_ADDRESS="127.0.0.1:1")
    assert refused.exit_code == 2
    assert "--by" in refused.stderr


async def test_an_empty_reason_is_no_reason(desk: Desk) -> None:
    for words in (
        ("payments", "cancel", "coffee-1"),
        ("payments", "resolve", "coffee-1", "--outcome", "PAID"),
        ("callbacks", "settle", "coffee-1"),
    ):
        said = ("--by", "ana", "--reason", " ")
        refused = await desk.run(*words, *said, TEMPORAL_ADDRESS="127.0.0.1:1")
        assert refused.exit_code == 2
        assert "a reason is needed" in refused.stderr


async def test_what_is_not_under_review_is_refused_in_words(desk: Desk) -> None:
    async with a_worker(desk, FakeAlipay(pay=[a_page()])):
        order = await desk.begin()
        await until(lambda: has_page(desk, order))
        refused = await resolve(desk, order, "--yes")
        await desk.notify(order)
    assert refused.exit_code == 1
    assert "refused: only a payment that needs attention" in refused.stderr


async def test_a_decision_without_a_name_is_refused_before_anything(
    desk: Desk,
) -> None:
    nameless = await desk.run(
        *("payments", "resolve", "coffee-1", "--outcome", "PAID", "--reason", "seen"),
        TEMPORAL_ADDRESS="127.0.0.1:1",
    )
    assert nameless.exit_code == 2
    assert "CASHIER_OPERATOR" in nameless.stderr


async def test_an_outcome_of_late_money_is_no_end_of_a_payment(desk: Desk) -> None:
    words = ("payments", "resolve", "coffee-1", "--by", "ana", "--reason", "seen")
    payment = await desk.run(*words, "--outcome", "REFUNDED")
    late = await desk.run(*words, "--outcome", "DECLINED", "--attempt", "1")
    assert (payment.exit_code, late.exit_code) == (2, 2)
    assert "PAID, DECLINED, EXPIRED, CANCELLED" in one_line(payment.stderr)
    assert "NOT_PAID, RETURNED, REFUNDED, HONOURED" in one_line(late.stderr)


def one_line(framed: str) -> str:
    return " ".join(framed.replace("│", " ").split())


async def test_late_money_is_shown_and_settled_by_its_attempt(desk: Desk) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("SUCCESS"), an_inquiry("SUCCESS", amount=OTHER_MONEY)],
    )
    async with a_worker(desk, alipay):
        order = await desk.begin()
        await desk.run("payments", "check", order.order_id)
        await desk.begin_late(order, attempt=2)
        late_id = late_payment_id(payment_request_id(order.order_id, 2))
        await until(lambda: is_listed_for_review(desk, late_id))
        told = await desk.run("payments", "show", order.order_id)
        words = ("payments", "resolve", order.order_id, "--outcome", "REFUNDED")
        more = ("--by", "ana", "--reason", "by hand", "--yes")
        done = await desk.run(*words, *more, "--attempt", "2")
        after = await shown(desk, order)
    assert "a person must decide" in told.output
    assert late_id in told.output
    assert done.exit_code == 0
    assert f"{late_id} is REFUNDED, by ana" in done.output
    [late] = after["late_money"]
    assert late["view"]["resolved"]["by"] == "ana"
    assert "resolve" in [act["name"] for act in after["acts"]]


async def test_the_shop_is_told_again_at_once_when_asked(desk: Desk) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    alipay.shop_is_away = True
    async with a_worker(desk, alipay):
        order = await desk.begin(tells_shop=True)
        await desk.notify(order)
        await until(lambda: has_callback(desk, order))
        pending = await desk.run("payments", "show", order.order_id)
        alipay.shop_is_away = False
        resent = await desk.run("callbacks", "resend", order.order_id)
        await until(lambda: is_told(desk, order))
        nothing = await desk.run("callbacks", "resend", order.order_id)
    assert "payment.paid, PAID: not accepted by the shop yet" in pending.output
    assert resent.exit_code == 0
    assert "sent to the shop again now" in resent.output
    assert nothing.exit_code == 1
    assert "no callback of order or event" in nothing.stderr


async def test_a_callback_is_settled_by_its_event(desk: Desk) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    alipay.shop_is_away = True
    async with a_worker(desk, alipay):
        order = await desk.begin(tells_shop=True)
        await desk.notify(order)
        await until(lambda: has_callback(desk, order))
        event = f"{order.order_id}_1-paid"
        words = ("callbacks", "settle", event, "--reason", "by phone", "--by", "ana")
        done = await desk.run(*words)
        again = await desk.run(*words)
        after = await shown(desk, order)
    assert done.exit_code == 0
    assert f"{event} is SETTLED, by ana" in done.output
    assert again.exit_code == 1
    assert "refused: the workflow has ended" in again.stderr
    [callback] = after["callbacks"]
    assert callback["view"]["resolved"]["reason"] == "by phone"


@pytest.mark.parametrize("happened", ["late-returned", "late-review-2"])
async def test_of_several_callbacks_of_an_order_the_first_is_settled(
    desk: Desk, happened: str
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    alipay.shop_is_away = True
    async with a_worker(desk, alipay):
        order = await desk.begin(tells_shop=True)
        await desk.notify(order)
        await until(lambda: has_callback(desk, order))
        queue = desk.client.get_workflow_handle(callbacks_id(order.order_id))
        later = f"{order.order_id}_2-{happened}"
        event = an_event(
            id=later,
            order_id=order.order_id,
            payment_request_id=f"{order.order_id}_2",
            type="late_payment.returned",
            occurred_at=datetime.now(UTC) + timedelta(minutes=1),
        )
        await queue.signal("also_tell", {"event": event})
        words = ("--reason", "by phone", "--by", "ana")
        unsure = await desk.run("callbacks", "settle", order.order_id, *words)
        wrong = await desk.run("callbacks", "settle", later, *words)
        first = f"{order.order_id}_1-paid"
        done = await desk.run("callbacks", "settle", first, *words)
        told = await desk.run("payments", "show", order.order_id)
        last = await desk.run("callbacks", "settle", order.order_id, *words)
    assert unsure.exit_code == wrong.exit_code == 1
    assert f"the first of these: {first}, {later}" in unsure.stderr
    assert f"cashier callbacks settle {first} --by" in unsure.stderr
    assert f"{first} is being sent" in wrong.stderr
    assert done.exit_code == 0
    assert "payment.paid, PAID: SETTLED" in told.output
    assert f"PAID: not accepted by the shop yet  ({later})" in told.output
    assert f"{later} is SETTLED, by ana" in last.output


async def test_a_callback_of_an_older_release_is_found_by_its_order(
    desk: Desk,
) -> None:
    alipay = FakeAlipay()
    alipay.shop_is_away = True
    async with a_worker(desk, alipay):
        order = an_order()
        name = f"{order.order_id}_1-paid"
        event = an_event(id=name, order_id=order.order_id)
        await desk.client.start_workflow(
            "Callback",
            {"event": event},
            id=callback_id(name),
            task_queue=TASK_QUEUE,
            search_attributes=callback_attributes(order),
        )
        await until(lambda: has_callback(desk, order))
        words = ("--reason", "by phone", "--by", "ana")
        done = await desk.run("callbacks", "settle", order.order_id, *words)
    assert f"{name} is SETTLED, by ana" in done.output


async def has_callback(desk: Desk, order: Order) -> bool:
    query = (
        f"WorkflowType = 'Callback' AND OrderId = '{order.order_id}' "
        "AND ExecutionStatus = 'Running'"
    )
    return (await desk.client.count_workflows(query)).count == 1


async def is_told(desk: Desk, order: Order) -> bool:
    return not await has_callback(desk, order)


async def test_without_a_worker_nothing_is_asked_in_vain(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    order = await desk.begin()
    async with asyncio.timeout(PATIENCE_SECONDS):
        shown = await desk.run("payments", "show", order.order_id)
        checked = await desk.run("payments", "check", order.order_id)
    assert (shown.exit_code, checked.exit_code) == (3, 3)
    for told in (shown, checked):
        assert "no worker polls the task queue 'cashier'" in told.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("payments", "show", "coffee-1"),
        ("payments", "check", "coffee-1"),
        ("callbacks", "resend", "coffee-1"),
    ],
)
async def test_a_temporal_that_is_away_is_said(
    desk: Desk, words: tuple[str, ...]
) -> None:
    away = await desk.run(*words, TEMPORAL_ADDRESS="127.0.0.1:1")
    assert away.exit_code == 3
    assert "Temporal cannot be reached" in away.stderr


async def test_nothing_readable_is_written_for_want_of_keys(desk: Desk) -> None:
    refused = await desk.run(
        *("payments", "check", "coffee-1"), CASHIER_CLEAR_TEXT="false"
    )
    assert refused.exit_code == 2
    assert "CASHIER_PAYLOAD_KEYS_DIR" in refused.stderr


async def test_an_encrypted_review_is_listed_without_keys_and_told_with_them(
    dev_server: WorkflowEnvironment, tmp_path: Path
) -> None:
    make_key(tmp_path, begins=datetime(2026, 1, 1, tzinfo=UTC))
    converter = data_converter(Keyring.load(tmp_path))
    desk = await a_desk(dev_server, converter=converter)
    keys = {"CASHIER_PAYLOAD_KEYS_DIR": str(tmp_path), "CASHIER_CLEAR_TEXT": "false"}
    none = {"CASHIER_CLEAR_TEXT": "false"}
    async with under_review(desk) as order:
        show = ("payments", "show", order.order_id)
        blind, told = await desk.run("stuck", **none), await desk.run("stuck", **keys)
        unreadable = await desk.run(*show, **none)
        readable = await desk.run(*show, **keys)
        done = await desk.run(
            *("payments", "resolve", order.order_id, "--outcome", "CANCELLED"),
            *("--by", "ana", "--reason", "seen", "--yes"),
            **keys,
        )
    assert (blind.exit_code, told.exit_code) == (1, 1)
    assert "review: A person must decide: see its page." in blind.output
    assert "PHP 1,314.00" in blind.output
    assert "PHP 1.00 instead of PHP 1,314.00" in told.output
    assert unreadable.exit_code == 2
    assert "it is encrypted" in unreadable.stderr
    assert "PHP 1.00 instead of PHP 1,314.00" in readable.output
    assert done.exit_code == 0


async def test_keys_that_cannot_be_read_are_named_and_not_shown(
    desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "20260101T000000Z.key").write_text("c2hvcnQtYnV0LXNlY3JldA==")
    wrong = await desk.run("stuck", CASHIER_PAYLOAD_KEYS_DIR=str(tmp_path))
    assert wrong.exit_code == 2
    assert "20260101T000000Z.key" in wrong.output.replace("\n", "")
    assert "c2hvcnQ" not in wrong.output
