"""Rejects payloads in clear text, so that only holders of the keys can send any.

Only our processes have the keys, so they have written all encrypted payloads. A payload
in clear text, such as the Temporal UI sends, may come from anybody with write access to
Temporal.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, Final, Self

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import ActivitySerializationContext, SerializationContext

# Set by the codec, because only the codec sees whether a payload was encrypted.
_MARK: Final = "cashier-came-in-clear-text"


class ClearTextRefusedError(Exception):
    """A payload came in clear text, where only encrypted ones are accepted."""

    def __init__(self) -> None:
        super().__init__(
            "a payload came in clear text: since CASHIER_CLEAR_TEXT_REFUSED_SINCE "
            "only encrypted payloads are accepted"
        )


def mark_clear_text(payload: Payload) -> Payload:
    """Mark a payload that came in clear text, and return it."""
    marked = Payload()
    marked.CopyFrom(payload)
    marked.metadata[_MARK] = b"true"
    return marked


class RefusingConverter(PydanticPayloadConverter):
    """Rejects each payload that came in clear text.

    The SDK then drops a signal, rejects an update, and fails the workflow task of an
    input before the run begins. A raw result, as workflows take an answer, is rejected
    when it is read: it gives no verdict.
    """

    def from_payloads(
        self, payloads: Sequence[Payload], type_hints: list[type] | None = None
    ) -> list[Any]:
        """See base class.

        Raises:
            ClearTextRefusedError: One of them came in clear text.
        """
        for payload, wanted in zip_longest(payloads, type_hints or ()):
            if payload and wanted is not RawValue and _MARK in payload.metadata:
                raise ClearTextRefusedError
        return super().from_payloads(payloads, type_hints)


def converter_since(refused_since: datetime) -> type[PydanticPayloadConverter]:
    """Return the converter of a worker's client: it rejects arguments of activities.

    Other payloads that the client reads, such as results of old runs, may be clear
    text.
    """

    class Converter(PydanticPayloadConverter):
        def with_context(self, context: SerializationContext) -> Self:
            is_given = isinstance(context, ActivitySerializationContext)
            if is_given and datetime.now(UTC) >= refused_since:
                return _REFUSING  # type: ignore[return-value] # no Self, but the same
            return self

    return Converter


_REFUSING: Final = RefusingConverter()
