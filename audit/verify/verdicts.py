"""What one history was found to be: its story, and all that is wrong with it."""

from dataclasses import dataclass, field

from audit.bundle.index import Entry
from audit.findings import Finding
from audit.history.claims import Claims
from audit.history.proofs import Settled
from audit.history.story import Story


@dataclass(frozen=True)
class HistoryVerdict:
    """The verdict on one history; it can be sent from one process to another.

    Attributes:
        findings: What is wrong; nothing means proven.
        notes: What an auditor should know, though nothing is wrong with it.
        claims: What the other histories of the order are compared with.
        settled: How a person settled it; None where nobody had to.
    """

    entry: Entry
    findings: list[Finding]
    story: Story
    notes: list[str] = field(default_factory=list)
    claims: Claims | None = None
    settled: Settled | None = None

    @property
    def is_proven(self) -> bool:
        return not self.findings
