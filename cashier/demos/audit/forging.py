"""A copy of a bundle that is tampered with."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from audit.bundle.describing import describe, parse_history
from audit.bundle.manifest import Selection
from audit.bundle.reading import Bundle, Entry
from audit.bundle.writing import UnfinishedBundle
from codec.keyring import Keyring
from codec.payload_codec import EncryptingCodec

JsonObject = dict[str, Any]


class History:
    """One history that is being changed, with the payload keys."""

    def __init__(self, text: str, codec: EncryptingCodec) -> None:
        self.events = list(parse_history(text, "a history").events)
        self._codec = codec

    def to_text(self) -> str:
        return WorkflowHistory("", self.events).to_json()

    # ---- payloads in the history ----

    def events_of(self, kind: "EventType.ValueType") -> list[HistoryEvent]:
        return [event for event in self.events if event.event_type == kind]

    @property
    def start(self) -> Payloads:
        """The input of the run."""
        return self.events[0].workflow_execution_started_event_attributes.input

    @property
    def result(self) -> Payloads:
        """The result of the run."""
        ended = self.events[-1].workflow_execution_completed_event_attributes
        return ended.result

    @property
    def notification(self) -> Payloads:
        """The first notification of Alipay."""
        [heard, *_] = self.events_of(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)
        return heard.workflow_execution_signaled_event_attributes.input

    def call(self, activity: str) -> Payloads:
        """The input of the first call of an activity."""
        return self._scheduled(activity).activity_task_scheduled_event_attributes.input

    def answer(self, activity: str) -> Payloads:
        """The result of the first call of an activity."""
        asked = self._scheduled(activity).event_id
        for event in self.events_of(EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED):
            completed = event.activity_task_completed_event_attributes
            if completed.scheduled_event_id == asked:
                return completed.result
        raise LookupError(f"{activity} has no answer")

    def update(self, name: str, *, number: int = 0) -> Payloads:
        """The argument of the n-th update of this name, from 0."""
        kind = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
        requests = [
            event.workflow_execution_update_accepted_event_attributes.accepted_request
            for event in self.events_of(kind)
        ]
        named = [request for request in requests if request.input.name == name]
        return named[number].input.args

    def _scheduled(self, activity: str) -> HistoryEvent:
        for event in self.events_of(EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED):
            scheduled = event.activity_task_scheduled_event_attributes
            if scheduled.activity_type.name == activity:
                return event
        raise LookupError(f"{activity} was never called")

    # ---- changing payloads ----

    async def change(
        self, payloads: Payloads, change: Callable[[JsonObject], None]
    ) -> None:
        """Decrypt a payload, change it, and encrypt it again."""
        [payload] = await self._codec.decode(payloads.payloads)
        content = json.loads(payload.data)
        change(content)
        changed = Payload(metadata=payload.metadata, data=json.dumps(content).encode())
        payloads.payloads[0].CopyFrom((await self._codec.encode([changed]))[0])


class Forgery:
    """A copy of a bundle to change, as an outsider or an insider with our keys."""

    def __init__(
        self, original: Path, folder: Path, keyring: Keyring, key: Ed25519PrivateKey
    ) -> None:
        """Copy the bundle.

        Args:
            original: The bundle, which stays unchanged.
            folder: Where the copy goes; must not exist.
            keyring: The payload keys.
            key: The key that signed the bundle.
        """
        shutil.copytree(original, folder)
        self.folder = folder
        self.touched: set[str] = set()
        self.key = key
        self._codec = EncryptingCodec(keyring)
        self._bundle = Bundle.open(folder)
        self._entries = list(self._bundle.entries())

    def entry(self, order_id: str, kind: str = "CashierPayment") -> Entry:
        """Return the index entry of an order's newest run, and note its workflow."""
        found = [
            one
            for one in self._entries
            if one.order_id == order_id and one.workflow_type == kind
        ]
        newest = max(found, key=lambda one: one.started_at)
        self.touched.add(newest.workflow_id)
        return newest

    @property
    def selection(self) -> Selection:
        """The selection in the manifest of the original."""
        return self._bundle.manifest.selection

    def file(self, entry: Entry) -> Path:
        return self.folder / entry.file

    def open(self, entry: Entry) -> History:
        return History(self._bundle.read(entry), self._codec)

    def keep(self, entry: Entry, history: History) -> None:
        """Write a changed history; the manifest still has the old digest."""
        self.file(entry).write_text(history.to_text())

    def make_anew(
        self,
        *,
        key: Ed25519PrivateKey | None = None,
        selection: Selection | None = None,
        is_chained: bool = True,
    ) -> None:
        """Write index, manifest and signature for the histories as they are now.

        Args:
            key: The key that signs; None for the key of the original.
            selection: The selection that it names; None for that of the original.
            is_chained: Whether it names the previous bundle, as the original does.
        """
        changed = self.folder.with_name(f"{self.folder.name}-anew")
        manifest = self._bundle.manifest
        with UnfinishedBundle.opened(changed) as unfinished:
            for file in sorted((self.folder / "histories").glob("*.json")):
                content = file.read_bytes()
                entry = describe(
                    parse_history(content, file.name),
                    self._codec,
                    sha256=hashlib.sha256(content).hexdigest(),
                )
                unfinished.add(entry, content)
            unfinished.finish(
                selection or manifest.selection,
                key=key or self.key,
                previous=manifest.previous if is_chained else None,
                made_at=manifest.made_at,
            )
        shutil.rmtree(self.folder)
        changed.rename(self.folder)

    def flip_a_byte(self, entry: Entry) -> None:
        """Change one bit in the middle of a history's file, which stays JSON."""
        content = bytearray(self.file(entry).read_bytes())
        middle = len(content) // 2
        # A letter or digit of a payload, so that the file stays JSON.
        while not chr(content[middle]).isalnum():
            middle += 1
        content[middle] ^= 1
        self.file(entry).write_bytes(bytes(content))
