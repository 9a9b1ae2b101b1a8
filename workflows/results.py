"""Reads results of activities, which somebody else may have completed."""

from typing import TypeVar

from temporalio import workflow
from temporalio.common import RawValue

from contracts import Contract

ContractT = TypeVar("ContractT", bound=Contract)


def read_result(raw: RawValue, gives: type[ContractT]) -> ContractT | None:
    """Read an activity's result; None for one of another shape.

    Left to the SDK, such a result would fail each attempt to go on, for ever.
    """
    try:
        return workflow.payload_converter().from_payload(raw.payload, gives)
    except Exception:  # whatever a converter raises on a payload of the wrong shape
        workflow.logger.warning("an answer of the wrong shape counts as no verdict")
        return None
