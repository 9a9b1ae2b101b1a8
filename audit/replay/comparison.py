"""Compares the commands of a replay with the events of the history."""

import re
from collections.abc import Callable, Iterator

from pydantic import BaseModel
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import (
    HistoryEvent,
)

from audit.differences import difference
from audit.findings import Finding, Rule
from audit.history.record import (
    ACTIVITIES,
    CLOSING,
    INPUTS,
    MESSAGES,
    RESULTS,
    Record,
    plain,
)
from audit.history.updates import requests_of
from audit.replay.aspects import attributes_of, failure_of, options_of, seconds_of
from audit.replay.commands import ENDS, Commands
from audit.replay.replaying import Replayed
from contracts import Refusal

# The event in the error message of a replay.
EVENT_ID = re.compile(r"\bid: (\d+)")
# The SDK's core sets this attribute by itself, without a command of the code.
OF_THE_ENGINE = {"TemporalChangeVersion"}
# The failure types with which a validator requires a name, or another name.
REFUSALS: dict[str, Rule] = {
    Refusal.RESOLUTION_INCOMPLETE: Rule.NOBODY_NAMED,
    Refusal.SECOND_PERSON_NEEDED: Rule.SECOND_PERSON,
    Refusal.PROPOSED_OTHERWISE: Rule.SECOND_PERSON,
}


class _Comparison:
    """Compares one history with its replay."""

    def __init__(self, record: Record, replayed: Replayed) -> None:
        self._record = record
        self._failure = replayed.failure
        self._did = Commands(replayed.commands)
        self._asked = requests_of(record)
        self._updates: dict[str, str] = {}
        self._changed = 0
        self._signalled = 0
        self._checks: dict[int, Callable[[HistoryEvent], Iterator[Finding]]] = {
            EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: self._activity,
            EventType.EVENT_TYPE_TIMER_STARTED: self._timer,
            EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: self._child,
            EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: (
                self._signal
            ),
            EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: self._change,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: self._accepted,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED: self._answered,
        }

    def findings(self) -> Iterator[Finding]:
        for event in self._record.events:
            if check := self._checks.get(event.event_type):
                yield from check(event)
        closing = self._record.closing
        if closing is not None:
            yield from self._end(closing)
        # After a rejected update the code takes another path, which is not a finding.
        if self._failure is not None and not self._did.refused:
            yield self._deviation(self._failure)

    def _deviation(self, failure: Exception) -> Finding:
        text = " ".join(str(failure).split())
        named = EVENT_ID.search(text)
        return self._record.found(
            Rule.REPLAY,
            int(named[1]) if named else 0,
            expected="today's code agrees with the history",
            seen=text,
        )

    def _undone(self, event: HistoryEvent, what: str) -> Iterator[Finding]:
        """Yield events without a command, unless the replay broke off."""
        if self._failure is None:
            yield self._record.found(
                Rule.REPLAY, event.event_id, expected="nothing", seen=what
            )

    def _differs(
        self, rule: Rule, event: HistoryEvent, what: str, one: object, other: object
    ) -> Iterator[Finding]:
        if one != other:
            expected, seen = difference(one, other)
            yield self._record.found(
                rule,
                event.event_id,
                expected=f"{what}: {expected}",
                seen=f"{what}: {seen}",
            )

    def _payloads(
        self,
        rule: Rule,
        event: HistoryEvent,
        what: str,
        done: Payloads,
        recorded: Payloads,
        model: type[BaseModel] | None,
    ) -> Iterator[Finding]:
        if done == recorded:
            return
        yield from self._differs(
            rule, event, what, plain(done, model), plain(recorded, model)
        )

    def _activity(self, event: HistoryEvent) -> Iterator[Finding]:
        recorded = event.activity_task_scheduled_event_attributes
        name, did = recorded.activity_type.name, self._did.activities
        done = did.get(recorded.activity_id)
        if done is None:
            yield from self._undone(event, f"the activity {name}")
            return
        rule = Rule.INPUT_DIFFERS
        yield from self._differs(rule, event, "activity", done.activity_type, name)
        call, _ = ACTIVITIES.get(done.activity_type, (None, None))
        arguments = Payloads(payloads=done.arguments)
        yield from self._payloads(rule, event, name, arguments, recorded.input, call)
        # The server sets options that the code leaves open.
        yield from self._differs(
            rule,
            event,
            f"options of {name}",
            options_of(done, done),
            options_of(recorded, done),
        )

    def _timer(self, event: HistoryEvent) -> Iterator[Finding]:
        recorded = event.timer_started_event_attributes
        done = self._did.timers.get(recorded.timer_id)
        if done is None:
            yield from self._undone(event, f"the timer {recorded.timer_id}")
            return
        yield from self._differs(
            Rule.TIMER_DIFFERS,
            event,
            f"timer {recorded.timer_id}",
            seconds_of(done.start_to_fire_timeout),
            seconds_of(recorded.start_to_fire_timeout),
        )

    def _child(self, event: HistoryEvent) -> Iterator[Finding]:
        recorded = event.start_child_workflow_execution_initiated_event_attributes
        starts = self._did.children.get(recorded.workflow_id)
        if not starts:
            yield from self._undone(event, f"the child {recorded.workflow_id}")
            return
        done, name = starts.pop(0), recorded.workflow_type.name
        rule = Rule.INPUT_DIFFERS
        yield from self._differs(rule, event, "child", done.workflow_type, name)
        given = Payloads(payloads=done.input)
        model = INPUTS[done.workflow_type]
        yield from self._payloads(rule, event, name, given, recorded.input, model)
        yield from self._differs(
            rule,
            event,
            f"attributes of {name}",
            attributes_of(done.search_attributes),
            attributes_of(recorded.search_attributes),
        )

    def _signal(self, event: HistoryEvent) -> Iterator[Finding]:
        recorded = event.signal_external_workflow_execution_initiated_event_attributes
        number, self._signalled = self._signalled, self._signalled + 1
        name = recorded.signal_name
        if number >= len(self._did.signals):
            yield from self._undone(event, f"the signal {name}")
            return
        done, rule = self._did.signals[number], Rule.INPUT_DIFFERS
        told, whom = done.workflow_execution, recorded.workflow_execution
        yield from self._differs(rule, event, "signal", done.signal_name, name)
        yield from self._differs(
            rule, event, f"{name} to", told.workflow_id, whom.workflow_id
        )
        given = Payloads(payloads=done.args)
        # Signals to our other workflows: only callbacks get them.
        model = MESSAGES["Callback"].get(name)
        yield from self._payloads(rule, event, name, given, recorded.input, model)

    def _change(self, event: HistoryEvent) -> Iterator[Finding]:
        recorded = event.upsert_workflow_search_attributes_event_attributes
        if set(recorded.search_attributes.indexed_fields) == OF_THE_ENGINE:
            return
        number, self._changed = self._changed, self._changed + 1
        if number >= len(self._did.changes):
            yield from self._undone(event, "a change of search attributes")
            return
        yield from self._differs(
            Rule.INPUT_DIFFERS,
            event,
            "search attributes",
            attributes_of(self._did.changes[number].search_attributes),
            attributes_of(recorded.search_attributes),
        )

    def _accepted(self, event: HistoryEvent) -> Iterator[Finding]:
        recorded = event.workflow_execution_update_accepted_event_attributes
        update, request = recorded.protocol_instance_id, self._asked[event.event_id]
        name = request.input.name
        self._updates[request.meta.update_id] = name
        if refusal := self._did.refused.get(update):
            kind = refusal.application_failure_info.type
            yield self._record.found(
                REFUSALS.get(kind, Rule.REPLAY),
                event.event_id,
                expected=f"{name} is refused: {refusal.message}",
                seen=f"{name} was accepted",
            )
        elif update not in self._did.answers:
            yield from self._undone(event, f"the update {name}")

    def _answered(self, event: HistoryEvent) -> Iterator[Finding]:
        recorded = event.workflow_execution_update_completed_event_attributes
        update = recorded.meta.update_id
        name = self._updates.get(update, update)
        done = self._did.answers.get(update)
        if done is None:
            yield from self._undone(event, f"the answer of the update {name}")
            return
        rule, outcome = Rule.RESULT_DIFFERS, recorded.outcome
        if done.HasField("rejected") or outcome.HasField("failure"):
            yield from self._differs(
                rule,
                event,
                f"failure of {name}",
                failure_of(done.rejected),
                failure_of(outcome.failure),
            )
            return
        # All our updates answer with the type of the workflow's result.
        model = RESULTS[self._record.workflow_type]
        answer = Payloads(payloads=[done.completed])
        yield from self._payloads(rule, event, name, answer, outcome.success, model)

    def _end(self, event: HistoryEvent) -> Iterator[Finding]:
        recorded = CLOSING[event.event_type]
        if recorded in ("TERMINATED", "TIMED_OUT"):
            return  # the code did not end it
        if self._did.end is None:
            yield from self._undone(event, f"the end {recorded}")
            return
        done = self._did.end
        kind = ENDS[done.WhichOneof("variant") or ""]
        rule, record = Rule.RESULT_DIFFERS, self._record
        yield from self._differs(rule, event, "end", kind, recorded)
        if kind != recorded:
            return
        if recorded == "COMPLETED":
            result = event.workflow_execution_completed_event_attributes.result
            given = Payloads(payloads=[done.complete_workflow_execution.result])
            model: type[BaseModel] = RESULTS[record.workflow_type]
            yield from self._payloads(rule, event, "result", given, result, model)
        elif recorded == "FAILED":
            failure = event.workflow_execution_failed_event_attributes.failure
            yield from self._differs(
                rule,
                event,
                "failure",
                failure_of(done.fail_workflow_execution.failure),
                failure_of(failure),
            )
        elif recorded == "CONTINUED_AS_NEW":
            next_run = event.workflow_execution_continued_as_new_event_attributes
            going_on = done.continue_as_new_workflow_execution
            given = Payloads(payloads=going_on.arguments)
            model = INPUTS[record.workflow_type]
            rule = Rule.INPUT_DIFFERS
            yield from self._payloads(
                rule, event, "next run", given, next_run.input, model
            )


def compare(record: Record, replayed: Replayed) -> Iterator[Finding]:
    """Yield the differences of history and code, in the history's order."""
    yield from _Comparison(record, replayed).findings()
