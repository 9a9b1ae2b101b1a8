"""The index of a bundle: one line of JSON for each history, sorted by file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from audit.bundle.folders import plain_file
from audit.bundle.manifest import HISTORY_NAME, INDEX, LONGEST_LINE, SHA256

# The limit of a field: Temporal's limit of workflow ids is 1,000 characters.
Text = Annotated[str, Field(max_length=1000)]


class Entry(BaseModel):
    """One run of a workflow, as an entry of the index.

    Attributes:
        order_id: Empty where it is unknown.
        outcome: Its outcome; None while it is open, or where it could not be read.
        status: Temporal's status of the run: `COMPLETED`, ...; or `RUNNING`.
        amount_minor: The price of the order, in minor units of the currency.
        file, sha256: The file of its history, and its SHA-256.
    """

    # Without the parser's string cache, which would fill up with unique ids.
    model_config = ConfigDict(frozen=True, extra="ignore", cache_strings="keys")

    workflow_id: Text
    run_id: Text
    workflow_type: Text
    order_id: Text
    outcome: Text | None
    status: Text
    currency: Text | None
    amount_minor: int | None
    started_at: AwareDatetime
    closed_at: AwareDatetime | None
    file: Annotated[str, Field(pattern=rf"^{HISTORY_NAME}$")]
    sha256: Annotated[str, Field(pattern=rf"^{SHA256}$")]


def read_index(folder: Path) -> Iterator[tuple[int, Entry | None]]:
    """Read an index with line numbers; None for a malformed line.

    A missing index has no lines.
    """
    path = plain_file(folder, INDEX)
    if path is None:
        return
    with path.open("rb") as lines:
        number = 0
        while line := lines.readline(LONGEST_LINE):
            number += 1
            try:
                yield number, Entry.model_validate_json(line)
            except ValidationError:
                yield number, None
