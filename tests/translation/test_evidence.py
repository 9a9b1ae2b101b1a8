"""The time at which a message was signed, read from the message."""

from datetime import UTC, datetime

import pytest

from contracts import SignedEvidence
from translation.evidence import signed_at

THEN = datetime(2026, 11, 24, 10, 2, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    "time",
    ["2026-11-24T03:02:41-07:00", "2026-11-24T10:02:41Z", "1795514561000"],
)
def test_alipays_times_are_read_in_both_forms(time: str) -> None:
    assert signed_at(SignedEvidence(time=time)) == THEN


@pytest.mark.parametrize("time", ["", "now", "2026-11-24T10:02:41", "9" * 40, "²"])
def test_a_time_that_cannot_be_read_is_none(time: str) -> None:
    assert signed_at(SignedEvidence(time=time)) is None
