"""A run that was ended from outside is never proven."""

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.findings import Rule
from tests.audit.histories import Forged, rules

TERMINATED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED
TIMED_OUT = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT


def stopped(name: str, before: int, kind: "EventType.ValueType") -> Forged:
    """Return a history that somebody ended in place of an event."""
    forged = Forged(name)
    del forged.events[before - 1 :]
    end = HistoryEvent(event_id=before, event_type=kind)
    if kind == TERMINATED:
        ended = end.workflow_execution_terminated_event_attributes
        ended.identity, ended.reason = "anna", "it hung"
    else:
        end.workflow_execution_timed_out_event_attributes.SetInParent()
    forged.events.append(end)
    return forged


@pytest.mark.parametrize("kind", [TERMINATED, TIMED_OUT])
def test_a_stopped_payment_is_not_proven(kind: "EventType.ValueType") -> None:
    forged = stopped("proven-notification-lost", 14, kind)
    verdict = forged.verdict()
    assert rules(verdict) == {Rule.STOPPED}
    [found] = verdict.findings
    assert found.event_id == 14
    assert found.order_id == "recorded-proven-notification-lost"


def test_who_has_stopped_it_and_why_is_said() -> None:
    [found] = stopped("proven-notification-lost", 14, TERMINATED).verdict().findings
    assert found.seen == "TERMINATED by anna: it hung"


@pytest.mark.parametrize("kind", [TERMINATED, TIMED_OUT])
def test_a_stopped_payment_with_signed_money_is_worse(
    kind: "EventType.ValueType",
) -> None:
    whole = Forged("proven-paid")
    after_the_money = whole.notified.event_id + 1
    verdict = stopped("proven-paid", after_the_money, kind).verdict()
    assert rules(verdict) == {Rule.STOPPED_WITH_MONEY}
    [found] = verdict.findings
    assert "PHP 1,314.00 for recorded-proven-paid_1" in found.expected


def test_late_money_that_was_stopped_is_money() -> None:
    whole = Forged("proven-late-returned")
    first = whole.scheduled("inquire_payment").event_id
    verdict = stopped("proven-late-returned", first, TERMINATED).verdict()
    assert Rule.STOPPED_WITH_MONEY in rules(verdict)
