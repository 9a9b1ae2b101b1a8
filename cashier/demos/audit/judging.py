"""Judges whether a tampering was found, and nothing else."""

from dataclasses import dataclass

from audit.findings import Rule
from cashier.demos.audit.proving import Verified


@dataclass(frozen=True)
class Judgement:
    """One line of the demonstration's table.

    Attributes:
        found: The first finding of the rule that the tampering breaks.
        rest: How many of the unchanged histories are proven.
        is_good: Whether it was found, and all unchanged histories are proven.
    """

    words: str
    found: str
    rest: str
    is_good: bool


def judge(verified: Verified, words: str, rule: Rule, touched: set[str]) -> Judgement:
    """Return whether it was found by its rule, and nothing was found elsewhere.

    Args:
        verified: The output of the auditor's command.
        words: The tampering, as text.
        rule: The rule by which it must be found.
        touched: The workflows that were tampered with.
    """
    named = [one for one in verified.findings if one["rule"] == rule]
    alone = [one for one in verified.histories if one["workflow_id"] not in touched]
    proven = [one for one in alone if one["is_proven"]]
    elsewhere = [
        one
        for one in verified.findings
        if one["workflow_id"] and one["workflow_id"] not in touched
    ]
    return Judgement(
        words,
        in_words(named[0]) if named else "MISSED",
        f"{len(proven)} of {len(alone)} proven",
        bool(named)
        and not verified.is_proven
        and len(proven) == len(alone)
        and not elsewhere,
    )


def in_words(finding: dict[str, object]) -> str:
    """Return a finding as text: the rule, the order, the event."""
    order = f" {finding['order_id']}" if finding["order_id"] else ""
    event = f" event {finding['event_id']}" if finding["event_id"] else ""
    return f"{finding['rule']}{order}{event}"
