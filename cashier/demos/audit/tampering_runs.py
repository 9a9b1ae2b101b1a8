"""Tamperings of an insider with whole runs: stopped, doubled, renamed, withheld."""

import json
from collections.abc import Callable
from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from cashier.demos.audit.forging import Forgery, History
from cashier.demos.audit.tampering import LOST, PAID

# A payment with a late callback, so that it has started a `Callback` workflow.
TOLD = "audit-told-late-1"
CALLBACK = "Callback"
SIGNALLED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
TERMINATED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED
TIMED_OUT = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT


async def stop_it_when_paid(bundle: Forgery) -> None:
    def stop(history: History) -> None:
        heard = history.events_of(SIGNALLED)[0].event_id
        end = HistoryEvent(event_id=heard + 1, event_type=TERMINATED)
        ended = end.workflow_execution_terminated_event_attributes
        ended.identity, ended.reason = "anna", "it hangs"
        end_with(history, end)

    in_run(bundle, PAID, stop)


async def stop_it_before_any_word(bundle: Forgery) -> None:
    def stop(history: History) -> None:
        heard = history.events_of(SIGNALLED)[0].event_id
        end = HistoryEvent(event_id=heard, event_type=TIMED_OUT)
        end.workflow_execution_timed_out_event_attributes.SetInParent()
        end_with(history, end)

    in_run(bundle, LOST, stop)


async def say_that_it_is_open(bundle: Forgery) -> None:
    """Cut it where the code had decided nothing: the rest still replays."""

    def cut(history: History) -> None:
        heard = history.events_of(SIGNALLED)[0].event_id
        del history.events[heard - 1 :]

    in_run(bundle, PAID, cut)


async def swap_two_events(bundle: Forgery) -> None:
    def swap(history: History) -> None:
        events = history.events
        place = events.index(history.events_of(SIGNALLED)[0])
        one, other = events[place], events[place + 1]
        events[place], events[place + 1] = other, one
        one.event_id, other.event_id = other.event_id, one.event_id

    in_run(bundle, PAID, swap)


async def make_it_twice(bundle: Forgery) -> None:
    entry = bundle.entry(PAID)
    history = bundle.open(entry)
    started = history.events[0].workflow_execution_started_event_attributes
    started.original_execution_run_id = "01998f3e-0000-7000-8000-000000000002"
    twice = bundle.file(entry).with_name(f"{PAID}-again.json")
    twice.write_text(history.to_text())
    bundle.make_anew()


async def call_it_otherwise(bundle: Forgery) -> None:
    def rename(history: History) -> None:
        started = history.events[0].workflow_execution_started_event_attributes
        started.workflow_id += "-again"
        bundle.touched.add(started.workflow_id)

    in_run(bundle, PAID, rename)


async def list_another_amount(bundle: Forgery) -> None:
    def change(history: History) -> None:
        started = history.events[0].workflow_execution_started_event_attributes
        listed = started.search_attributes.indexed_fields["AmountMinor"]
        listed.data = json.dumps(1).encode()

    in_run(bundle, PAID, change)


async def write_a_memo(bundle: Forgery) -> None:
    def write(history: History) -> None:
        started = history.events[0].workflow_execution_started_event_attributes
        note = started.memo.fields["note"]
        note.metadata["encoding"] = b"json/plain"
        note.data = b'"paid in cash"'

    in_run(bundle, PAID, write)


async def withhold_a_child(bundle: Forgery) -> None:
    bundle.entry(TOLD)  # which names it
    bundle.file(bundle.entry(TOLD, CALLBACK)).unlink()
    bundle.make_anew()


async def withhold_a_parent(bundle: Forgery) -> None:
    bundle.entry(TOLD, CALLBACK)  # which names it
    bundle.file(bundle.entry(TOLD)).unlink()
    bundle.make_anew()


async def begin_the_chain_anew(bundle: Forgery) -> None:
    bundle.make_anew(is_chained=False)


async def leave_a_second_out(bundle: Forgery) -> None:
    since = bundle.selection.since
    if since is None:
        raise LookupError("the next bundle has no beginning")
    later = {"since": since + timedelta(seconds=1)}
    bundle.make_anew(selection=bundle.selection.model_copy(update=later))


def end_with(history: History, end: HistoryEvent) -> None:
    """End a history with an event, in place of all events from there on."""
    del history.events[end.event_id - 1 :]
    end.event_time.CopyFrom(history.events[-1].event_time)
    history.events.append(end)


def in_run(
    bundle: Forgery,
    order_id: str,
    change: Callable[[History], None],
    *,
    kind: str = "CashierPayment",
) -> None:
    """Change the history of an order's run, and update the bundle."""
    entry = bundle.entry(order_id, kind)
    history = bundle.open(entry)
    change(history)
    bundle.keep(entry, history)
    bundle.make_anew()
