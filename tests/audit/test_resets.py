"""What a reset leaves in a history, as a server of today writes it."""

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.findings import Rule
from audit.history.named_runs import named_by, resets_of
from audit.history.updates import requests_of
from tests.audit.histories import Forged, change, request_in, rules, setting

ADMITTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED


def reapplied(name: str, update: str) -> Forged:
    """Return a history whose update the server has reapplied after a reset.

    Its request stands in an event of its own, and the one that accepts it says neither
    its name nor who has sent it.
    """
    forged = Forged(name)
    accepted = forged.accepted(update)
    admitted = HistoryEvent(event_type=ADMITTED, event_time=accepted.event_time)
    request = admitted.workflow_execution_update_admitted_event_attributes.request
    request.CopyFrom(request_in(accepted))
    attributes = accepted.workflow_execution_update_accepted_event_attributes
    attributes.ClearField("accepted_request")
    # Before the workflow task in which it is accepted: scheduled, started, completed.
    place = accepted.event_id - 3
    attributes.accepted_request_sequencing_event_id = place
    return forged.insert(admitted, place)


@pytest.mark.parametrize(
    ("name", "update"),
    [("proven-reviewed", "resolve"), ("proven-cancelled", "cancel")],
)
def test_a_reapplied_update_names_who_has_sent_it(name: str, update: str) -> None:
    forged = reapplied(name, update)
    assert forged.verdict().findings == []
    event, *_ = [
        event_id
        for event_id, request in requests_of(forged.record).items()
        if request.input.name == update
    ]
    [step] = [one for one in forged.verdict().story.steps if one.event_id == event]
    assert step.who in ("operator", "shop")


def test_a_reapplied_update_without_a_reason_is_found() -> None:
    forged = reapplied("proven-reviewed", "resolve")
    [admitted] = forged.events_of(ADMITTED)
    known = admitted.workflow_execution_update_admitted_event_attributes.request
    change(known.input.args, setting("reason", ""))
    assert Rule.NOBODY_NAMED in rules(forged.verdict())


def reset(name: str) -> Forged:
    """Return a history that begins as the reset of another run of its workflow."""
    forged = Forged(name)
    failed = HistoryEvent(
        event_id=4, event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    )
    attributes = failed.workflow_task_failed_event_attributes
    attributes.base_run_id, attributes.new_run_id = "the-base", "the-new-run"
    attributes.failure.message = "try it again"
    forged.events[3] = failed
    return forged


def test_a_reset_is_told_and_names_the_run_that_it_comes_from() -> None:
    record = reset("proven-paid").record
    [told] = resets_of(record)
    assert "event 4: reset from run the-base: try it again" in told
    [base] = [one for one in named_by(record) if one.event_id == 4]
    assert (base.run_id, base.has_ended) == ("the-base", True)


def test_a_reset_is_a_run_of_its_own() -> None:
    assert reset("proven-paid").record.run_id == "the-new-run"
    assert reset("proven-paid").verdict().story.run_id == "the-new-run"
