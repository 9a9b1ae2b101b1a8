"""A history says what the code did: every argument, time and result."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType

from audit.findings import Rule
from tests.audit.histories import (
    ALL,
    Forged,
    change,
    entry_of,
    keys_of,
    rules,
    setting,
    text_of,
    verdict_on,
)

OF_REPLAY = {
    Rule.REPLAY,
    Rule.INPUT_DIFFERS,
    Rule.TIMER_DIFFERS,
    Rule.RESULT_DIFFERS,
    Rule.NOT_CLOSED,
    Rule.UNREADABLE,
    Rule.INDEX_DIFFERS,
}


@pytest.mark.parametrize("name", ALL)
def test_a_recorded_history_says_what_the_code_does(name: str) -> None:
    assert not rules(verdict_on(text_of(name), keys_of(name))) & OF_REPLAY


def argument(forged: Forged) -> int:
    change(forged.call("pay"), setting("order.amount.value", 13_140_000))
    return forged.scheduled("pay").event_id


def activity_name(forged: Forged) -> int:
    event = forged.scheduled("pay")
    event.activity_task_scheduled_event_attributes.activity_type.name = "inquire"
    return event.event_id


def time_out(forged: Forged) -> int:
    event = forged.scheduled("pay")
    scheduled = event.activity_task_scheduled_event_attributes
    scheduled.start_to_close_timeout.FromTimedelta(timedelta(hours=2))
    return event.event_id


def repeats(forged: Forged) -> int:
    event = forged.scheduled("pay")
    event.activity_task_scheduled_event_attributes.retry_policy.maximum_attempts = 1
    return event.event_id


def timer(forged: Forged) -> int:
    [event, *_] = forged.events_of(EventType.EVENT_TYPE_TIMER_STARTED)
    event.timer_started_event_attributes.start_to_fire_timeout.seconds += 60
    return event.event_id


def result(forged: Forged) -> int:
    change(forged.result, setting("outcome", "EXPIRED"), setting("status", "EXPIRED"))
    return forged.events[-1].event_id


def answer_of_an_update(forged: Forged) -> int:
    kind = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED
    [event] = forged.events_of(kind)
    answered = event.workflow_execution_update_completed_event_attributes
    change(answered.outcome.success, setting("status", "PAID"))
    return event.event_id


def request_of_an_update(forged: Forged) -> int:
    change(forged.update("cashier_page"), setting("amount.value", 1))
    [event] = forged.events_of(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
    return event.event_id


@pytest.mark.parametrize("name", ["proven-paid", "encrypted-paid"])
@pytest.mark.parametrize(
    ("forge", "rule", "expected", "seen"),
    [
        (argument, Rule.INPUT_DIFFERS, "order.amount.value 131400", "13140000"),
        (activity_name, Rule.INPUT_DIFFERS, "pay", "inquire"),
        (time_out, Rule.INPUT_DIFFERS, "start_to_close_timeout 20", "7200"),
        (repeats, Rule.INPUT_DIFFERS, "5", "1"),
        (timer, Rule.TIMER_DIFFERS, "timer 1", "timer 1"),
        (result, Rule.RESULT_DIFFERS, "PAID", "EXPIRED"),
        (answer_of_an_update, Rule.RESULT_DIFFERS, "AWAITING_CUSTOMER", "PAID"),
        (request_of_an_update, Rule.REPLAY, "cashier_page is refused", "accepted"),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_what_was_changed_is_named_with_its_event(
    name: str, forge: Callable[[Forged], int], rule: Rule, expected: str, seen: str
) -> None:
    forged = Forged(name)
    event_id = forge(forged)
    verdict = forged.verdict()
    [found] = [
        finding
        for finding in verdict.findings
        if finding.rule is rule and finding.event_id == event_id
    ]
    assert expected in found.expected
    assert seen in found.seen
    assert found.expected != found.seen
    assert found.order_id == f"recorded-{name}"
    assert found.workflow_id == f"payment:recorded-{name}"


def test_a_changed_start_of_another_workflow_is_named() -> None:
    forged = Forged("told-while-shop-is-away")
    kind = EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED
    [event] = forged.events_of(kind)
    child = event.start_child_workflow_execution_initiated_event_attributes
    change(child.input, setting("event.outcome", "EXPIRED"))
    found = [
        finding.event_id
        for finding in forged.verdict().findings
        if finding.rule is Rule.INPUT_DIFFERS
    ]
    assert found == [event.event_id]


def test_a_changed_event_that_joined_the_queue_is_named() -> None:
    forged = Forged("queue-joined")
    kind = EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED
    [event] = forged.events_of(kind)
    signal = event.signal_external_workflow_execution_initiated_event_attributes
    change(signal.input, setting("event.outcome", "PAID"))
    [found] = [f for f in forged.verdict().findings if f.rule is Rule.INPUT_DIFFERS]
    assert (found.event_id, "PAID" in found.seen) == (event.event_id, True)


def test_an_event_that_joined_another_orders_queue_is_named() -> None:
    forged = Forged("queue-joined")
    kind = EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED
    [event] = forged.events_of(kind)
    signal = event.signal_external_workflow_execution_initiated_event_attributes
    signal.workflow_execution.workflow_id = "callbacks:another"
    [found] = [f for f in forged.verdict().findings if f.rule is Rule.INPUT_DIFFERS]
    assert "callbacks:another" in found.seen


@pytest.mark.parametrize("name", ["queue-begun", "queue-joined"])
def test_without_its_patch_a_payment_would_have_told_in_another_way(name: str) -> None:
    forged = Forged(name)
    for kind in (
        EventType.EVENT_TYPE_MARKER_RECORDED,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    ):
        forged.drop(forged.events_of(kind)[-1])
    assert Rule.REPLAY in rules(forged.verdict())


def test_a_changed_line_of_the_list_is_named() -> None:
    forged = Forged("proven-reviewed")
    kind = EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES
    event = forged.events_of(kind)[0]
    upsert = event.upsert_workflow_search_attributes_event_attributes
    fields = upsert.search_attributes.indexed_fields
    fields["PaymentStatus"].data = b'"PAID"'
    [found] = [f for f in forged.verdict().findings if f.rule is Rule.INPUT_DIFFERS]
    assert (found.event_id, "REVIEW" in found.expected) == (event.event_id, True)


def test_a_changed_answer_of_alipay_leads_to_another_end() -> None:
    forged = Forged("paid-notification-lost")  # of a release without evidence
    change(forged.answer("inquire_payment"), setting("verdict", "FAIL"))
    assert rules(forged.verdict()) & {Rule.RESULT_DIFFERS, Rule.REPLAY}


@pytest.mark.parametrize("name", ["proven-paid", "proven-reviewed", "callback-resent"])
def test_a_history_without_its_end_is_not_proven(name: str) -> None:
    forged = Forged(name)
    forged.drop(forged.events[-1])
    text = forged.text
    verdict = verdict_on(text, entry=entry_of(text_of(name)))
    assert Rule.NOT_CLOSED in rules(verdict)
    # Nor where the index says that it was open.
    said_open = entry_of(text)
    assert said_open.status == "RUNNING"
    assert Rule.NOT_CLOSED in rules(verdict_on(text, entry=said_open))


def test_a_history_that_was_open_when_it_was_taken_away_is_no_finding() -> None:
    forged = Forged("proven-notification-lost")
    # As it stood while the customer was at the wallet's page.
    del forged.events[13:]
    assert forged.events[-1].event_type == (
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED
    )
    assert rules(forged.verdict()) == set()


@pytest.mark.parametrize(
    "kind",
    [
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_TIMER_STARTED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    ],
    ids=EventType.Name,
)
@pytest.mark.parametrize("renumbered", [True, False])
def test_an_event_that_was_cut_out_is_missed(
    kind: "EventType.ValueType", renumbered: bool
) -> None:
    forged = Forged("proven-paid")
    event = forged.events_of(kind)[0]
    if renumbered:
        forged.drop(event)
    else:
        forged.events.remove(event)
    assert rules(forged.verdict()) & {Rule.REPLAY, Rule.RESULT_DIFFERS}


def test_nothing_may_stand_behind_the_end() -> None:
    forged = Forged("proven-paid")
    copied = forged.events[13]
    behind = type(copied)()
    behind.CopyFrom(copied)
    behind.event_id = len(forged.events) + 1
    forged.events.append(behind)
    assert Rule.REPLAY in rules(forged.verdict())


def test_events_in_another_order_are_found() -> None:
    forged = Forged("proven-paid")
    forged.events[12], forged.events[13] = forged.events[13], forged.events[12]
    assert Rule.REPLAY in rules(forged.verdict())


def test_other_code_is_named_by_what_it_does_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "workflows.payment.endings.EXPIRY_MARGIN", timedelta(seconds=90)
    )
    verdict = verdict_on(text_of("proven-paid"))
    assert rules(verdict) == {Rule.TIMER_DIFFERS}
    monkeypatch.undo()
    # As if that release had doubted every payment.
    monkeypatch.setattr("workflows.payment.decision.find_doubt", str)
    assert Rule.REPLAY in rules(verdict_on(text_of("proven-paid")))


def test_a_history_is_read_only_with_its_key() -> None:
    no_keys = keys_of(payload_keys_dir=None)
    [found] = verdict_on(text_of("encrypted-paid"), no_keys).findings
    assert found.rule is Rule.UNREADABLE
    assert "event 1 is encrypted" in found.seen


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"events": []}',
        '{"events": [{"eventId": "1"}]}',
        '{"events": [{"eventId": "1", "eventType": "EVENT_TYPE_TIMER_FIRED"}]}',
        "\x00",
    ],
)
def test_what_is_no_history_is_named(text: str) -> None:
    entry = entry_of(text_of("proven-paid"))
    [found] = verdict_on(text, entry=entry).findings
    assert found.rule is Rule.UNREADABLE
    assert found.order_id == "recorded-proven-paid"


def test_a_workflow_that_is_not_ours_is_named() -> None:
    forged = Forged("proven-paid")
    started = forged.events[0].workflow_execution_started_event_attributes
    started.workflow_type.name = "Lottery"
    [found] = forged.verdict().findings
    assert (found.rule, "Lottery" in found.seen) == (Rule.UNREADABLE, True)


def test_an_input_that_is_no_order_is_named() -> None:
    forged = Forged("proven-paid")
    forged.start.payloads[0].CopyFrom(
        Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(7).encode())
    )
    entry = entry_of(text_of("proven-paid"))
    verdict = verdict_on(forged.text, entry=entry)
    assert rules(verdict) == {Rule.UNREADABLE}
