"""The rules for resolutions by a person.

Above an amount one person proposes and another one confirms: the maker and the checker.
"""

from collections.abc import Iterable
from enum import StrEnum
from unicodedata import normalize

from temporalio.exceptions import ApplicationError

from contracts import (
    LateResolution,
    Money,
    Proposed,
    RefundResolution,
    Refusal,
    Resolution,
    Resolved,
)

AnyResolution = Resolution | LateResolution | RefundResolution

# Longer texts are neither names nor reasons.
LONGEST_NAME = 64
LONGEST_REASON = 1000


def check_is_said(said: object) -> None:
    """Reject a missing argument: JSON's null decodes to any type.

    Raises:
        ApplicationError: Nothing is written to history.
    """
    if said is None:
        raise ApplicationError("one JSON object is needed", type=Refusal.WRONG_SHAPE)


def check_outcome(outcome: str, outcomes: type[StrEnum]) -> None:
    """Reject an outcome that does not exist.

    Raises:
        ApplicationError: Names the possible outcomes; nothing is written to history.
    """
    if outcome not in list(outcomes):
        raise ApplicationError(
            f"outcome: must be one of {', '.join(outcomes)}",
            type=Refusal.RESOLUTION_INCOMPLETE,
        )


def check_names_and_reasons(*, by: str, reason: str) -> None:
    """Reject a resolution without a name or a reason; both stay on record.

    Raises:
        ApplicationError: Names the field; nothing is written to history.
    """
    for field, value, rule, longest in (
        ("by", by, "must say who decides", LONGEST_NAME),
        ("reason", reason, "must say why", LONGEST_REASON),
    ):
        if not value.strip():
            raise ApplicationError(
                f"{field}: {rule}", type=Refusal.RESOLUTION_INCOMPLETE
            )
        if len(value) > longest:
            raise ApplicationError(
                f"{field}: has at most {longest} characters, not {len(value)}",
                type=Refusal.RESOLUTION_INCOMPLETE,
            )
    if not by.isprintable():
        # Invisible characters would let one person pass as two.
        raise ApplicationError(
            "by: must hold printable characters only",
            type=Refusal.RESOLUTION_INCOMPLETE,
        )


def check_second_person(
    proposed: Proposed | None, said: AnyResolution, about: str
) -> None:
    """Reject a confirmation by the person who made the proposal.

    Raises:
        ApplicationError: Names the proposed outcome; nothing is written to history.
    """
    if (
        _repeats(proposed, said, about)
        and proposed
        and is_same_person(proposed.by, said.by)
    ):
        raise ApplicationError(
            f"by: this person has proposed {proposed.outcome} already; another person "
            "must confirm it",
            type=Refusal.SECOND_PERSON_NEEDED,
        )


def check_replacement(
    proposed: Proposed | None, said: AnyResolution, about: str
) -> None:
    """Reject an outcome other than the proposed one, unless it says `replaces`.

    A proposal about a doubt that has changed since is void, so any may follow it.

    Raises:
        ApplicationError: Names the proposed outcome; nothing is written to history.
    """
    is_open = proposed is not None and proposed.about == about
    if not is_open or proposed is None or proposed.outcome == said.outcome:
        return
    if said.replaces != proposed.outcome:
        raise ApplicationError(
            f"outcome: {proposed.outcome} is proposed, and waits for a second person. "
            f'Confirm it with "outcome": "{proposed.outcome}", or propose '
            f'{said.outcome} in its place with "replaces": "{proposed.outcome}"',
            type=Refusal.PROPOSED_OTHERWISE,
        )


def needs_second_person(
    above: int | None, currency: str, at_risk: Iterable[Money | None]
) -> bool:
    """Whether more money is at risk than one person may settle.

    Args:
        above: The most that one person may settle, in minor units; None for all.
        currency: The currency of `above`; any other always needs two persons.
        at_risk: The amounts; None is an unknown one, which needs two persons as well.
    """
    if above is None:
        return False
    return any(
        money is None or money.currency != currency or money.value > above
        for money in at_risk
    )


def propose(said: AnyResolution, about: str) -> Proposed:
    """Return the first person's proposal, with the text of the doubt as shown."""
    return Proposed(
        outcome=said.outcome, by=said.by.strip(), reason=said.reason, about=about
    )


def confirm(
    proposed: Proposed | None, said: AnyResolution, about: str
) -> Resolved | None:
    """Return the decision if a second person says the same, else None.

    A doubt that has changed since needs a new proposal.
    """
    if proposed is None or not _repeats(proposed, said, about):
        return None
    return Resolved(
        by=proposed.by, reason=proposed.reason, confirmed_by=said.by.strip()
    )


def _repeats(proposed: Proposed | None, said: AnyResolution, about: str) -> bool:
    return proposed is not None and (proposed.outcome, proposed.about) == (
        said.outcome,
        about,
    )


def is_same_person(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    """Full width, ligatures and the like are other spellings of the same letters."""
    return " ".join(normalize("NFKC", name).split()).casefold()
