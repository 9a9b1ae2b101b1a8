"""The rules for bundles and payments, and a finding for each broken rule."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# The seen value comes from an untrusted file, and may have any length.
LONGEST_SHOWN: Final = 300


class Rule(StrEnum):
    """The rules for a bundle, and for each history in it."""

    # Of the bundle: nothing was removed, added or changed.
    MANIFEST = "MANIFEST"  # it exists, in a known form
    SIGNATURE_OF_BUNDLE = "SIGNATURE_OF_BUNDLE"
    CHAIN = "CHAIN"  # it names the previous bundle
    PERIOD_GAP = "PERIOD_GAP"  # the periods of the bundles follow each other
    FILE_MISSING = "FILE_MISSING"
    FILE_ADDED = "FILE_ADDED"
    FILE_CHANGED = "FILE_CHANGED"
    INDEX_DIFFERS = "INDEX_DIFFERS"  # the index agrees with the history

    # Of a history: our code has made it, and nothing else.
    UNREADABLE = "UNREADABLE"
    REPLAY = "REPLAY"
    INPUT_DIFFERS = "INPUT_DIFFERS"
    TIMER_DIFFERS = "TIMER_DIFFERS"
    RESULT_DIFFERS = "RESULT_DIFFERS"
    NOT_CLOSED = "NOT_CLOSED"
    STOPPED = "STOPPED"  # it was stopped from outside
    STOPPED_WITH_MONEY = (
        "STOPPED_WITH_MONEY"  # the same, although Alipay has signed that it was paid
    )
    ID_DIFFERS = "ID_DIFFERS"  # the workflow id does not match its input
    START_DIFFERS = "START_DIFFERS"  # the texts in the UI do not match its input

    # Of all runs together: none is missing, none is doubled.
    RUN_MISSING = "RUN_MISSING"
    RUN_DOUBLED = "RUN_DOUBLED"

    # Of its evidence: Alipay and we have signed this.
    ALIPAY_SIGNATURE = "ALIPAY_SIGNATURE"
    OWN_SIGNATURE = "OWN_SIGNATURE"
    EVIDENCE_MISSING = "EVIDENCE_MISSING"
    EVIDENCE_DIFFERS = (
        "EVIDENCE_DIFFERS"  # the recorded values agree with the signed message
    )

    # Of the money.
    PAID_WITHOUT_PROOF = "PAID_WITHOUT_PROOF"
    PAID_TWICE = "PAID_TWICE"
    REFUNDED_TOO_MUCH = "REFUNDED_TOO_MUCH"
    REFUNDED_TWICE = "REFUNDED_TWICE"  # one refund_id has moved money more than once
    REFUNDED_WITHOUT_PROOF = "REFUNDED_WITHOUT_PROOF"
    REFUSED_WITHOUT_PROOF = (
        "REFUSED_WITHOUT_PROOF"  # its amount became refundable again
    )
    TWO_OWNERS = "TWO_OWNERS"  # two workflows have returned money of one payment

    # Of the people.
    NOBODY_NAMED = "NOBODY_NAMED"  # an operator acts with a name and a reason
    SECOND_PERSON = "SECOND_PERSON"


@dataclass(frozen=True)
class Finding:
    """One broken rule: where, the expected value, and the value seen.

    Attributes:
        workflow_id, order_id: Empty for a finding about the whole bundle.
        event_id: The event; 0 for a finding about the whole history.
    """

    rule: Rule
    workflow_id: str = ""
    order_id: str = ""
    event_id: int = 0
    expected: str = ""
    seen: str = ""

    def in_words(self) -> str:
        """Return it as one line of text, safe for a terminal."""
        where = ""
        if self.order_id or self.workflow_id:
            where = f" order {_printable(self.order_id) or '?'}"
            where += f" ({_printable(self.workflow_id)})"
        if self.event_id:
            where += f" event {self.event_id}"
        expected, seen = _printable(self.expected), _printable(self.seen)
        return f"{self.rule}{where}: expected {expected}, seen {seen}"


def _printable(text: str) -> str:
    line = "".join(sign if sign.isprintable() else "?" for sign in text)
    return line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 3]}..."
