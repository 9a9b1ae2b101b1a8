"""What can be wrong with a bundle or with a payment in it, one finding each."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# The seen value comes from an untrusted file, and may be of any length.
LONGEST_SHOWN: Final = 300


class Rule(StrEnum):
    """The rules that a bundle, and each history in it, must obey."""

    # Of the bundle: nothing was removed, added or changed.
    MANIFEST = "MANIFEST"  # it is there, and of a form that we know
    SIGNATURE_OF_BUNDLE = "SIGNATURE_OF_BUNDLE"
    CHAIN = "CHAIN"  # it names the bundle before it
    PERIOD_GAP = "PERIOD_GAP"  # the periods of the bundles follow each other
    FILE_MISSING = "FILE_MISSING"
    FILE_ADDED = "FILE_ADDED"
    FILE_CHANGED = "FILE_CHANGED"
    INDEX_DIFFERS = "INDEX_DIFFERS"  # the index says what the history says

    # Of a history: our code did this, and nothing else.
    UNREADABLE = "UNREADABLE"
    REPLAY = "REPLAY"
    INPUT_DIFFERS = "INPUT_DIFFERS"
    TIMER_DIFFERS = "TIMER_DIFFERS"
    RESULT_DIFFERS = "RESULT_DIFFERS"
    NOT_CLOSED = "NOT_CLOSED"
    STOPPED = "STOPPED"  # it was ended from outside, and not by its code
    STOPPED_WITH_MONEY = "STOPPED_WITH_MONEY"  # the same, and Alipay says: paid
    ID_DIFFERS = "ID_DIFFERS"  # the workflow's id does not fit its input
    START_DIFFERS = "START_DIFFERS"  # what the UI shows of it does not fit its input

    # Of all runs together: none was left out, none was made twice.
    RUN_MISSING = "RUN_MISSING"
    RUN_DOUBLED = "RUN_DOUBLED"

    # Of its evidence: Alipay and we have said this.
    ALIPAY_SIGNATURE = "ALIPAY_SIGNATURE"
    OWN_SIGNATURE = "OWN_SIGNATURE"
    EVIDENCE_MISSING = "EVIDENCE_MISSING"
    EVIDENCE_DIFFERS = "EVIDENCE_DIFFERS"  # what is recorded is what was signed

    # Of the money.
    PAID_WITHOUT_PROOF = "PAID_WITHOUT_PROOF"
    PAID_TWICE = "PAID_TWICE"
    REFUNDED_TOO_MUCH = "REFUNDED_TOO_MUCH"
    REFUNDED_TWICE = "REFUNDED_TWICE"  # one refund_id has moved money more than once
    REFUNDED_WITHOUT_PROOF = "REFUNDED_WITHOUT_PROOF"
    REFUSED_WITHOUT_PROOF = "REFUSED_WITHOUT_PROOF"  # its money became free again
    TWO_OWNERS = "TWO_OWNERS"  # two workflows have given money of one payment back

    # Of the people.
    NOBODY_NAMED = "NOBODY_NAMED"  # an operator acts with a name and a reason
    SECOND_PERSON = "SECOND_PERSON"


@dataclass(frozen=True)
class Finding:
    """One rule that was broken: where, what was expected, and what was seen.

    Attributes:
        workflow_id, order_id: Empty where the bundle as a whole is meant.
        event_id: Of the history; 0 where it is meant as a whole.
    """

    rule: Rule
    workflow_id: str = ""
    order_id: str = ""
    event_id: int = 0
    expected: str = ""
    seen: str = ""

    def in_words(self) -> str:
        """Return it as one line for a person, safe for a terminal."""
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
