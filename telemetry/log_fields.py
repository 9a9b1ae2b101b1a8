"""Log fields from the context of a log line: ids, attempts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final

Fields = Mapping[str, Any]

_here: ContextVar[Fields] = ContextVar(
    "fields_of_the_log", default=MappingProxyType({})
)

# The fields of the Temporal SDK's records, with our names; the rest is left out.
_OF_SDK: Final = {
    "workflow_id": "workflow_id",
    "run_id": "run_id",
    "workflow_run_id": "run_id",
    "workflow_type": "workflow_type",
    "activity_type": "activity",
    "attempt": "attempt",
    "update_name": "update",
    "update_id": "update_id",
}


@contextmanager
def log_fields(**fields: object) -> Iterator[None]:
    """Add these fields to every line that is logged inside the block."""
    token = _here.set({**_here.get(), **fields})
    try:
        yield
    finally:
        _here.reset(token)


def fields_here() -> Fields:
    return _here.get()


def fields_of_sdk(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an SDK record, with the ids of the order."""
    fields = {
        ours: details[theirs]
        for theirs, ours in _OF_SDK.items()
        if details.get(theirs) is not None
    }
    return {**ids_of(str(fields.get("workflow_id", ""))), **fields}


def ids_of(workflow_id: str) -> dict[str, str]:
    """Return the order and the attempt that a workflow id names.

    The id of one callback of older releases names neither: it is the event's id.
    """
    kind, _, name = workflow_id.partition(":")
    if not name:
        return {}
    if kind in ("payment", "callbacks"):
        return {"order_id": name}
    if kind == "late-payment":
        return {"order_id": name.rpartition("_")[0], "payment_request_id": name}
    if kind == "callback":
        return {"event_id": name}
    return {}
