"""Reads a history from a file, with all payloads decrypted and typed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, get_type_hints

from google.protobuf.message import Message
from pydantic import BaseModel, ValidationError
from temporalio import workflow
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import (
    HistoryEvent,
    WorkflowExecutionStartedEventAttributes,
)

from activities.callbacks import CallbackActivities
from activities.order_payments import OrderActivities
from activities.order_refunds import OrderRefundActivities
from activities.payments import PaymentActivities
from activities.refunds import RefundActivities
from audit.bundle.describing import parse_history, run_id_of
from audit.bundle.errors import BundleError
from audit.findings import Finding, Rule
from codec.keyring import KeyringError
from codec.payload_codec import ENCODING, EncryptingCodec, UnreadablePayloadError
from contracts import (
    CallbackInput,
    LatePaymentInput,
    NoticeInput,
    Order,
    RefundsInput,
)
from workflows.kinds import WORKFLOWS

ModelT = TypeVar("ModelT", bound=BaseModel)

# The workflow types of this program.
Input = Order | LatePaymentInput | CallbackInput | NoticeInput | RefundsInput

# Private, yet exported: the only source for the types of a workflow.
_DEFINITIONS = [workflow._Definition.must_from_class(kind) for kind in WORKFLOWS]


def _brought_to(definition: workflow._Definition) -> dict[str, type[BaseModel]]:
    handlers: dict[str | None, Any] = {**definition.updates, **definition.signals}
    return {
        name: handler.arg_types[0]
        for name, handler in handlers.items()
        if name and handler.arg_types
    }


# The input and result types of each workflow type.
INPUTS: dict[str, type[BaseModel]] = {
    one.name: one.arg_types[0] for one in _DEFINITIONS if one.name and one.arg_types
}
RESULTS: dict[str, type[BaseModel]] = {
    one.name: one.ret_type for one in _DEFINITIONS if one.name and one.ret_type
}
# The argument types of updates and signals; `resolve` of late money has another.
MESSAGES: dict[str, dict[str, type[BaseModel]]] = {
    one.name: _brought_to(one) for one in _DEFINITIONS if one.name
}
# The events that end a run.
CLOSING = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "COMPLETED",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "FAILED",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "CANCELED",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "TERMINATED",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "TIMED_OUT",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: "CONTINUED_AS_NEW",
}


def _types_of(method: Callable[..., object]) -> tuple[type[BaseModel], type[BaseModel]]:
    hints = get_type_hints(method)
    answer = hints.pop("return")
    (call,) = hints.values()
    return call, answer


# The input and result types of each activity.
ACTIVITIES: dict[str, tuple[type[BaseModel], type[BaseModel]]] = {
    method.__name__: _types_of(method)
    for method in (
        PaymentActivities.pay,
        PaymentActivities.inquire_payment,
        PaymentActivities.cancel_payment,
        RefundActivities.refund_payment,
        RefundActivities.inquire_refund,
        OrderActivities.find_payment,
        CallbackActivities.tell_shop,
        OrderRefundActivities.refund_order,
    )
}


class UnreadableHistoryError(Exception):
    """A history cannot be read: it is not a history, or its key is missing."""


class UndecryptedHistoryError(UnreadableHistoryError):
    """A payload cannot be decrypted: its key is missing or wrong, or it was changed."""


@dataclass
class Record:
    """One history: its events, with payloads in clear text.

    Attributes:
        workflow_id: From the history's first event.
        events: The events, in order.
    """

    workflow_id: str
    events: list[HistoryEvent]

    @property
    def started(self) -> WorkflowExecutionStartedEventAttributes:
        return self.events[0].workflow_execution_started_event_attributes

    @property
    def workflow_type(self) -> str:
        return self.started.workflow_type.name

    @property
    def run_id(self) -> str:
        return run_id_of(self.events)

    @cached_property
    def input(self) -> Input:
        """The input of the run.

        Raises:
            UnreadableHistoryError: It is not the input of this workflow type.
        """
        model = INPUTS[self.workflow_type]
        read = parsed(self.started.input, model)
        if not isinstance(read, Input):
            raise UnreadableHistoryError(
                f"the input of event 1 is not the {model.__name__} that "
                f"{self.workflow_type} takes"
            )
        return read

    @property
    def order_id(self) -> str:
        given = self.input
        if isinstance(given, CallbackInput):
            return given.event.order_id
        return given.order_id

    def found(self, rule: Rule, event_id: int, *, expected: str, seen: str) -> Finding:
        """Return a finding about this history."""
        return Finding(rule, self.workflow_id, self.order_id, event_id, expected, seen)

    @property
    def closing(self) -> HistoryEvent | None:
        """The event that ends the run; None while it runs."""
        last = self.events[-1]
        return last if last.event_type in CLOSING else None

    @cached_property
    def result(self) -> BaseModel | None:
        """The result of the run; None without a readable result."""
        if self.closing is None:
            return None
        done = self.closing.workflow_execution_completed_event_attributes
        return parsed(done.result, RESULTS[self.workflow_type])

    def message(self, name: str, payloads: Payloads) -> BaseModel | None:
        """Read the argument of an update or signal; None where it has none."""
        model = MESSAGES[self.workflow_type].get(name)
        return parsed(payloads, model) if model else None


def read_history(text: str, codec: EncryptingCodec | None) -> Record:
    """Read a history's JSON and decrypt it.

    Raises:
        UnreadableHistoryError: It is not one of our histories, or not all of it is
            readable.
    """
    try:
        events = list(parse_history(text, "the file").events)
    except BundleError as error:
        raise UnreadableHistoryError(str(error)) from None
    record = Record(
        events[0].workflow_execution_started_event_attributes.workflow_id, events
    )
    if record.workflow_type not in INPUTS:
        raise UnreadableHistoryError(
            f"not one of our workflows: {record.workflow_type!r}"
        )
    for event in events:
        for payload in _payloads(event):
            if payload.metadata.get("encoding") == ENCODING:
                _decrypt(payload, codec, event.event_id)
    return record


def _payloads(message: Message) -> Iterator[Payload]:
    """Yield all payloads in a message, at any depth."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = field.message_type.fields_by_name["value"].message_type
            parts = list(value.values()) if inner else []
        else:
            parts = list(value) if field.is_repeated else [value]
        for part in parts:
            if isinstance(part, Payload):
                yield part
            else:
                yield from _payloads(part)


def _decrypt(payload: Payload, codec: EncryptingCodec | None, event_id: int) -> None:
    if codec is None:
        raise UndecryptedHistoryError(
            f"event {event_id} is encrypted, and no payload keys are given"
        )
    reading = codec.decode([payload])
    try:
        reading.send(None)  # decoding never waits
    except StopIteration as done:
        payload.CopyFrom(done.value[0])
    except (KeyringError, UnreadablePayloadError) as error:
        raise UndecryptedHistoryError(f"event {event_id}: {error}") from None


def parsed(payloads: Payloads, model: type[ModelT]) -> ModelT | None:
    """Read a single payload; None if it does not match the model."""
    if len(payloads.payloads) != 1:
        return None
    try:
        return model.model_validate_json(payloads.payloads[0].data)
    except ValidationError:
        return None


def plain(payloads: Payloads, model: type[BaseModel] | None) -> object:
    """Return payloads as plain values, parsed by a model if there is one.

    With the model, a field that a later release added with a default is no difference.
    """
    if model is not None and (read := parsed(payloads, model)) is not None:
        return read.model_dump(mode="json")
    return [_value(payload) for payload in payloads.payloads]


def _value(payload: Payload) -> object:
    if payload.metadata.get("encoding") == b"binary/null":
        return None
    try:
        value: object = json.loads(payload.data)
    except ValueError:
        return payload.data.hex()
    return value
