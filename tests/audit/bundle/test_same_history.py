"""Whether two files hold the same history."""

import json
from collections.abc import Sequence

import pytest
from temporalio.client import WorkflowHistory

from audit.bundle.export import to_json
from audit.bundle.same_history import is_same_history
from tests.audit.histories import text_of

TEXT = '{"events":[{"eventId":"1","memo":{"a":1,"b":[true,2]}}]}'


def test_an_export_writes_the_fields_in_alphabetical_order() -> None:
    history = WorkflowHistory.from_json("", text_of("proven-paid"))

    def check(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        assert names == sorted(names)
        return dict(pairs)

    json.loads(to_json(history), object_pairs_hook=check)


@pytest.mark.parametrize(
    "other",
    [
        TEXT + "\n",
        '{"events": [{"memo": {"b": [true, 2], "a": 1}, "eventId": "1"}]}',
        TEXT.encode(),
    ],
)
def test_blanks_and_the_order_of_fields_make_no_difference(other: str | bytes) -> None:
    assert is_same_history(TEXT, other)


@pytest.mark.parametrize(
    "other",
    [
        TEXT.replace("[true,2]", "[2,true]"),
        TEXT.replace("true", "1"),
        TEXT.replace("2", "2.0"),
        TEXT.replace('"1"', "1"),
        TEXT.replace('"a":1,', ""),
        TEXT[:-1],
        "[" * 100_000,
        b"\xff",
        b"",
    ],
)
def test_all_else_is_another_history(other: str | bytes) -> None:
    assert not is_same_history(TEXT, other)
    assert not is_same_history(other, TEXT)
