"""Reads results of activities, which may not come from a worker of ours."""

from typing import TypeVar

from temporalio import workflow
from temporalio.common import RawValue

from contracts import Contract

ContractT = TypeVar("ContractT", bound=Contract)


def read_result(raw: RawValue, gives: type[ContractT]) -> ContractT | None:
    """Read an activity's result; None for one of another shape.

    Decoded by the SDK, such a result would fail every later workflow task.
    """
    try:
        return workflow.payload_converter().from_payload(raw.payload, gives)
    except Exception:  # a converter may raise anything on a malformed payload
        workflow.logger.warning("a malformed result counts as no verdict")
        return None
