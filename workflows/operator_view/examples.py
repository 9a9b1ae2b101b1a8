"""Updates as an operator copies them into the Temporal UI: one JSON object each."""

import json
from collections.abc import Iterable

LEFT_EMPTY = "Fill in `reason` and `by`, your name: both stay on record."


def example_of(**fields: object) -> str:
    """Return the JSON of an update as a block of Markdown.

    Empty fields are rejected, so that nobody sends the example unchanged.
    """
    return f"```json\n{json.dumps(fields)}\n```"


def example_of_resolve(
    outcomes: Iterable[str], usual: str, *, proposed: str | None
) -> str:
    """Say which outcomes `resolve` takes, and in which shape.

    Args:
        outcomes: All that there are.
        usual: The outcome of the example; the one that is proposed goes before.
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
