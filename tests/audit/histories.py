"""Recorded histories, and the same after somebody has changed them.

Whoever changes them here has all our keys but those of the signers, can read and write
every payload, and numbers the events anew where one was taken out.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.update.v1 import Request
from temporalio.client import WorkflowHistory

from alipay.messages import Message
from alipay.signing import sign
from audit.bundle.describing import describe
from audit.bundle.index import Entry
from audit.findings import Rule
from audit.history.record import Record, read_history
from audit.rules.keys import VerifierKeys
from audit.verify.history import verify_history
from audit.verify.verdicts import HistoryVerdict
from codec.payload_codec import EncryptingCodec
from tests.histories.record import HISTORIES
from tests.histories.signed_paths import (
    PAYLOAD_KEYS,
    SIGNED_PATHS,
    payload_keys,
    signers_of,
)

JsonObject = dict[str, Any]
Change = Callable[[JsonObject], None]

CODEC = EncryptingCodec(payload_keys())
ALL = sorted(file.stem for file in HISTORIES.glob("*.json"))
PROVEN = sorted(SIGNED_PATHS)
# Of releases that kept no evidence.
OLDER = [name for name in ALL if name not in PROVEN]


def text_of(name: str) -> str:
    return (HISTORIES / f"{name}.json").read_text()


# A bundle is verified with the keys of one time.
OF_ONE_TIME = [
    name
    for name in PROVEN
    if signers_of(text_of(name)) == signers_of(text_of("proven-paid"))
]


def keys_of(name: str = "proven-paid", **changes: Any) -> VerifierKeys:
    """Return the keys of those who signed a recorded history."""
    signers = signers_of(text_of(name))
    keys = VerifierKeys(
        alipay_keys_dir=signers / "alipay",
        merchant_keys_dir=signers / "merchant",
        payload_keys_dir=PAYLOAD_KEYS,
    )
    return replace(keys, **changes)


def entry_of(text: str) -> Entry:
    """Return what an honest index says of a history."""
    history = WorkflowHistory.from_json("", text)
    return describe(history, CODEC, sha256="0" * 64)


def verdict_on(
    text: str, keys: VerifierKeys | None = None, entry: Entry | None = None
) -> HistoryVerdict:
    return verify_history(text, entry or entry_of(text), keys or keys_of())


def rules(verdict: HistoryVerdict) -> set[Rule]:
    return {finding.rule for finding in verdict.findings}


class Forged:
    """One recorded history in the hands of somebody who wants it to say otherwise."""

    def __init__(self, name: str = "", text: str = "") -> None:
        """Read a recorded history by its name, or one that is given as text."""
        self.record: Record = read_history(text or text_of(name), CODEC)
        self.events = self.record.events

    @property
    def text(self) -> str:
        return WorkflowHistory("", self.events).to_json()

    def verdict(self, keys: VerifierKeys | None = None) -> HistoryVerdict:
        return verdict_on(self.text, keys)

    def events_of(self, kind: "EventType.ValueType") -> list[HistoryEvent]:
        return [event for event in self.events if event.event_type == kind]

    def drop(self, event: HistoryEvent) -> "Forged":
        """Take an event out, and number all others so that none is missed."""
        gone = event.event_id
        self.events.remove(event)
        for one in self.events:
            _renumber(one, lambda number: number - (number > gone))
        return self

    def insert(self, event: HistoryEvent, before: int) -> "Forged":
        """Put an event before another one, and number all others so that it fits."""
        for one in self.events:
            _renumber(one, lambda number: number + (number >= before))
        event.event_id = before
        self.events.insert(before - 1, event)
        return self

    # ---- payloads in the history ----

    @property
    def start(self) -> Payloads:
        return self.events[0].workflow_execution_started_event_attributes.input

    @property
    def result(self) -> Payloads:
        return self.events[-1].workflow_execution_completed_event_attributes.result

    def scheduled(self, activity: str, number: int = 0) -> HistoryEvent:
        kind = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
        return [
            event
            for event in self.events_of(kind)
            if event.activity_task_scheduled_event_attributes.activity_type.name
            == activity
        ][number]

    def completed(self, activity: str, number: int = 0) -> HistoryEvent:
        began = self.scheduled(activity, number).event_id
        kind = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
        [event] = [
            event
            for event in self.events_of(kind)
            if event.activity_task_completed_event_attributes.scheduled_event_id
            == began
        ]
        return event

    def call(self, activity: str, number: int = 0) -> Payloads:
        event = self.scheduled(activity, number)
        return event.activity_task_scheduled_event_attributes.input

    def answer(self, activity: str, number: int = 0) -> Payloads:
        event = self.completed(activity, number)
        return event.activity_task_completed_event_attributes.result

    @property
    def notified(self) -> HistoryEvent:
        return self.events_of(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)[0]

    @property
    def notification(self) -> Payloads:
        return self.notified.workflow_execution_signaled_event_attributes.input

    def accepted(self, update: str, number: int = 0) -> HistoryEvent:
        """Return the event by which the n-th update of this name was accepted."""
        kind = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
        named = [
            event
            for event in self.events_of(kind)
            if request_in(event).input.name == update
        ]
        return named[number]

    def update(self, name: str, number: int = 0) -> Payloads:
        return request_in(self.accepted(name, number)).input.args


def request_in(accepted: HistoryEvent) -> Request:
    return accepted.workflow_execution_update_accepted_event_attributes.accepted_request


def change(payloads: Payloads, *changes: Change) -> None:
    """Change what stands there; each change gets the whole JSON object."""
    content = content_of(payloads)
    for one in changes:
        one(content)
    payloads.payloads[0].data = json.dumps(content).encode()


def content_of(payloads: Payloads) -> JsonObject:
    content: JsonObject = json.loads(payloads.payloads[0].data)
    return content


def setting(path: str, value: object) -> Change:
    """Return a change of one field, named as in `evidence.answer.body`."""

    def set_it(content: JsonObject) -> None:
        *parents, last = path.split(".")
        part: Any = content
        for name in parents:
            part = part[name]
        part[last] = value

    return set_it


def signed_anew(path: str, key: RSAPrivateKey, *, version: int = 1) -> Change:
    """Return a change that signs what stands there with another key."""

    def sign_it(content: JsonObject) -> None:
        part: Any = content
        for name in path.split("."):
            part = part[name]
        message = Message(
            part["method"],
            part["path"],
            part["client_id"],
            part["time"],
            part["body"].encode(),
        )
        part["signature"] = sign(message, key, key_version=version)

    return sign_it


def flip_a_byte(text: str) -> str:
    """Change one bit of the first encrypted payload."""
    history = json.loads(text)
    started = history["events"][0]["workflowExecutionStartedEventAttributes"]
    payload = started["input"]["payloads"][0]
    data = bytearray(base64.b64decode(payload["data"]))
    data[len(data) // 2] ^= 1
    payload["data"] = base64.b64encode(bytes(data)).decode()
    return json.dumps(history)


def _renumber(event: HistoryEvent, renumbered: Callable[[int], int]) -> None:
    event.event_id = renumbered(event.event_id)
    for _, attributes in event.ListFields():
        if not hasattr(attributes, "ListFields"):
            continue
        for field, value in attributes.ListFields():
            if field.name.endswith("_event_id"):
                setattr(attributes, field.name, renumbered(value))
