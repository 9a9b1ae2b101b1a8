"""Determines which period the bundles cover, and the gaps of a chain.

A bundle cannot show histories that were left out. Conclusions from other bundles and
from its selection become findings, or notes where there may be a valid reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from audit.bundle.manifest import MANIFEST, Selection, digest_of
from audit.bundle.reading import Bundle
from audit.findings import Finding, Rule

_EVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass
class Coverage:
    """The periods of closing times that the bundles cover completely.

    Attributes:
        periods: Start and end of each, merged where they meet, in order.
        last_from: The start of the newest period.
        has_open: Whether the newest bundle also contains open runs.
    """

    periods: list[tuple[datetime, datetime]] = field(default_factory=list)
    last_from: datetime = _EVER
    has_open: bool = False

    @classmethod
    def of(cls, bundles: Sequence[Bundle]) -> "Coverage":
        coverage = cls()
        for one in sorted(filter(holds_a_period, bundles), key=_since):
            start, end = _since(one), _until(one)
            merged = coverage.periods
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
            coverage.last_from = start
            coverage.has_open = one.manifest.selection.include_open
        return coverage

    def holds(self, at: datetime, *, has_ended: bool) -> bool:
        """Whether a run that existed at a time must be in the bundles.

        Args:
            at: The time at which it existed.
            has_ended: Whether it had ended by then. Otherwise it may have been open for
                long: it is missing only if the bundles cover a later period.
        """
        if not any(start <= at < end for start, end in self.periods):
            return False
        return has_ended or self.has_open or at < self.last_from

    def holds_all_before(self, at: datetime) -> bool:
        """Whether all runs that had ended by a time must be in the bundles."""
        return any(start == _EVER and at < end for start, end in self.periods)


def holds_a_period(bundle: Bundle) -> bool:
    """Whether a bundle contains all closed runs of a period, and not a selection."""
    return not choice_of(bundle.manifest.selection)


def chain_findings(
    bundles: Sequence[Bundle], previous: Path | None
) -> Iterator[Finding]:
    """Yield a finding for each gap or fork between bundles given together."""
    ordered = sorted(bundles, key=lambda one: (one.manifest.made_at, one.folder.name))
    known = {digest_of(one.folder / MANIFEST) for one in ordered}
    if previous is not None and (previous / MANIFEST).is_file():
        known.add(digest_of(previous / MANIFEST))
    followed: dict[str, str] = {}
    periodic = [one for one in ordered if holds_a_period(one)]
    for one in ordered:
        before, name = one.manifest.previous, one.folder.name
        if before is None:
            if one in periodic[1:]:
                seen = f"{name} begins a chain of its own (previous: null)"
                yield _chain("the bundle before it, by its SHA-256", seen)
            continue
        if before in followed:
            seen = f"{followed[before]} and {name} both follow {before}"
            yield _chain("one bundle after each, and no fork", seen)
        followed.setdefault(before, name)
        if one is not ordered[0] and before not in known:
            seen = f"{name} follows {before}, which is not given"
            yield _chain("each bundle between the first and the last", seen)
    yield from _gaps(periodic)


def notes_on(bundles: Sequence[Bundle], previous: Path | None) -> Iterator[str]:
    """Yield what these bundles cannot prove, even if they are valid."""
    ordered = sorted(bundles, key=lambda one: (one.manifest.made_at, one.folder.name))
    known = {digest_of(one.folder / MANIFEST) for one in ordered}
    for one in ordered:
        if choice := choice_of(one.manifest.selection):
            yield (
                f"{one.folder.name} holds {choice}: histories that it leaves out are "
                "not detected as missing"
            )
    if not ordered:
        return
    before = ordered[0].manifest.previous
    if before is not None and before not in known and previous is None:
        yield (
            f"{ordered[0].folder.name} is not the first of its chain: the bundle with "
            f"the manifest {before}, and those before it, are not given"
        )
    since = ordered[0].manifest.selection.since
    if before is None and since is not None:
        yield (
            f"{ordered[0].folder.name} is the first of its chain, and contains only "
            f"runs that closed from {_utc(since)} on: no bundle of the chain contains "
            "runs that closed before"
        )


def _gaps(periodic: Sequence[Bundle]) -> Iterator[Finding]:
    end: datetime | None = None
    name = ""
    for one in sorted(periodic, key=_since):
        if end is not None and _since(one) > end:
            yield Finding(
                Rule.PERIOD_GAP,
                expected=f"what was closed from {_utc(end)} on, where {name} ends",
                seen=f"{one.folder.name} begins at {_utc(_since(one))}",
            )
        if end is None or _until(one) > end:
            end, name = _until(one), one.folder.name


def choice_of(selection: Selection) -> str:
    """Describe the selection of a bundle within its period; empty for all."""
    if selection.from_files:
        return "histories that were given one by one"
    parts = []
    if selection.order_id:
        parts.append(f"workflows of order {selection.order_id}")
    if selection.query:
        parts.append(f"what the query {selection.query!r} finds")
    return "only " + ", and of that ".join(parts) if parts else ""


def _since(bundle: Bundle) -> datetime:
    return bundle.manifest.selection.since or _EVER


def _until(bundle: Bundle) -> datetime:
    # Runs that closed after it was made cannot be in it, whatever its selection.
    made_at, before = bundle.manifest.made_at, bundle.manifest.selection.before
    return min(made_at, before) if before else made_at


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _chain(expected: str, seen: str) -> Finding:
    return Finding(Rule.CHAIN, expected=expected, seen=seen)
