"""Example arguments of updates, to copy into the Temporal UI: one JSON object each."""

import json
from collections.abc import Iterable

LEFT_EMPTY = "Fill in `reason` and `by`, your name: both stay on record."


def example_of(**fields: object) -> str:
    """Return an update's argument as JSON in a block of Markdown.

    Empty fields are rejected, so that nobody sends the example unchanged.
    """
    return f"```json\n{json.dumps(fields)}\n```"


def example_of_resolve(
    outcomes: Iterable[str], usual: str, *, proposed: str | None
) -> str:
    """Return the outcomes that `resolve` takes, with an example.

    Args:
        outcomes: All possible outcomes.
        usual: The outcome in the example, unless another one is proposed.
        proposed: The outcome that waits for a second person.
    """
    named = ", ".join(f"`{one}`" for one in outcomes)
    again = (
        f" Another outcome takes the place of `{proposed}` with "
        f'`"replaces": "{proposed}"`.'
        if proposed
        else ""
    )
    example = example_of(outcome=proposed or usual, reason="", by="")
    return f"`outcome` is one of {named}. {LEFT_EMPTY}{again}\n\n{example}"
