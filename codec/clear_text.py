"""Rejects payloads in clear text, so that nobody without the keys can send any.

Encryption is by a key that only our processes have, so what is encrypted was written by
one of them. What comes in clear text, as a click in the Temporal UI sends it, anybody
with rights in Temporal may have written.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, Final, Self

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import ActivitySerializationContext, SerializationContext

# Set by the codec, which alone sees whether a payload came encrypted.
_MARK: Final = "cashier-came-in-clear-text"


class ClearTextRefusedError(Exception):
    """A payload came in clear text, where only encrypted ones count."""

    def __init__(self) -> None:
        super().__init__(
            "a payload came in clear text: since the time that "
            "CASHIER_CLEAR_TEXT_REFUSED_SINCE names only encrypted ones are read"
        )


def mark_clear_text(payload: Payload) -> Payload:
    """Return a payload that came in clear text, marked as such."""
    marked = Payload()
    marked.CopyFrom(payload)
    marked.metadata[_MARK] = b"true"
    return marked


class RefusingConverter(PydanticPayloadConverter):
    """Rejects each payload that came in clear text.

    The SDK's own rules follow from it: a signal is dropped, an update rejected, and an
    input fails the workflow task before the run begins. A result that is taken raw, as
    workflows take an answer, is refused when it is read: it gives no verdict.
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
    """Return the converter of a worker's client: it refuses what activities are given.

    What the client reads elsewhere, as results of old runs, it reads as before.
    """

    class Converter(PydanticPayloadConverter):
        def with_context(self, context: SerializationContext) -> Self:
            is_given = isinstance(context, ActivitySerializationContext)
            if is_given and datetime.now(UTC) >= refused_since:
                return _REFUSING  # type: ignore[return-value] # no Self, but the same
            return self

    return Converter


_REFUSING: Final = RefusingConverter()
