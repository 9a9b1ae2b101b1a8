"""The settings of a local system as a file, for commands in another terminal."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from cashier.system.private_files import open_private

BEGIN = (
    "# The settings of this local system, for `.venv/bin/cashier ...` in another\n"
    "# terminal: read them with a dot and a space before the name of this file.\n"
)


def write_settings(file: Path, settings: Mapping[str, str]) -> None:
    """Write settings for a shell to read; only the owner of the file can read them.

    Args:
        file: It is replaced if it exists.
        settings: Values by the names of their environment variables.
    """
    lines = (
        f"export {name}={shlex.quote(value)}\n"
        for name, value in sorted(settings.items())
    )
    file.unlink(missing_ok=True)
    with open_private(file) as written:
        written.write((BEGIN + "".join(lines)).encode())
