"""The error for a file that cannot be read."""

from pathlib import Path


class SettlementFileError(ValueError):
    """A file cannot be read; the message names file, line, column, value and rule."""

    def __init__(
        self, file: Path, line: int, column: str, *, seen: str, rule: str
    ) -> None:
        where = f"{file.name}, line {line}" if line else file.name
        where += f", column {column}" if column else ""
        super().__init__(f"{where}: {seen}; {rule}")
