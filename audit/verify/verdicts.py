"""The verdict on one history: its steps, and its findings."""

from dataclasses import dataclass, field

from audit.bundle.index import Entry
from audit.findings import Finding
from audit.history.claims import Claims
from audit.history.proofs import Settled
from audit.story.timeline import Story


@dataclass(frozen=True)
class HistoryVerdict:
    """The verdict on one history; it can be pickled.

    Attributes:
        findings: The broken rules; none means proven.
        notes: Remarks for the auditor that are not findings.
        claims: The claims to compare with the order's other histories.
        settled: The decision of a person; None where there is none.
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
