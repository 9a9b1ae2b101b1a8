"""The auditor's demonstration: what is alone is proven, what is touched is named."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from audit.findings import Rule
from cashier.demos.audit.demo import NEXT, AuditDemo
from cashier.demos.audit.judging import judge
from cashier.demos.audit.kinds import KINDS, planned
from cashier.demos.audit.proving import Verified
from cashier.demos.audit.tamperings import TAMPERINGS

# Each kind once, but for those that take minutes, and those of the next day.
QUICK = sum(not kind.is_slow for kind in KINDS.values()) + NEXT


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_payments_of_all_kinds_are_proven_and_every_tampering_is_named(
    tmp_path: Path,
) -> None:
    console = Console(width=160, file=StringIO())
    demo = AuditDemo(console, tmp_path, payments=QUICK, slow=False)
    assert await demo.run(), _told(console)
    told = _told(console)
    for tampering in TAMPERINGS:
        assert tampering.words in told
    assert "MISSED" not in told
    assert "day-1 and day-2: " in told


def _told(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_200_payments_are_of_all_kinds() -> None:
    orders = planned(200)
    assert len({order for order, _ in orders}) == 200
    assert {kind.words for _, kind in orders} == {one.words for one in KINDS.values()}


def test_fewer_payments_than_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="payments: 3 are fewer than"):
        planned(3)


def a_line(name: str, *rules: Rule) -> dict[str, Any]:
    found = [
        {"rule": rule, "workflow_id": name, "order_id": name, "event_id": 7}
        for rule in rules
    ]
    return {"workflow_id": name, "is_proven": not found, "findings": found}


def verified(*lines: dict[str, Any]) -> Verified:
    is_proven = all(line["is_proven"] for line in lines)
    return Verified(is_proven, list(lines), {"bundle_findings": []})


def test_a_tampering_counts_only_if_its_own_rule_names_it() -> None:
    said = verified(a_line("touched", Rule.REPLAY), a_line("alone"))
    assert judge(said, "", Rule.REPLAY, {"touched"}).is_good
    other = judge(said, "", Rule.TIMER_DIFFERS, {"touched"})
    assert (other.is_good, other.found) == (False, "MISSED")


def test_a_tampering_that_spoils_others_does_not_count() -> None:
    said = verified(a_line("touched", Rule.REPLAY), a_line("alone", Rule.REPLAY))
    spoiled = judge(said, "", Rule.REPLAY, {"touched"})
    assert (spoiled.is_good, spoiled.rest) == (False, "0 of 1 proven")
