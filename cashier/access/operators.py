"""Who may read payments: the operators' passwords and the keys of payloads."""

from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console

from codec.keyring import make_key
from codec.server.operators import add_operator, new_password


def let_operator_in(file: Path, name: str, console: Console, *, generate: bool) -> None:
    """Add an operator or renew a password, asking for it twice or making one.

    Raises:
        OperatorsError: The file is malformed, or the name or the password too weak.
    """
    password = (
        new_password()
        if generate
        else str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    )
    add_operator(file, name, password)
    console.print(f"{name} may log in; written to {file}", soft_wrap=True)
    if generate:
        console.print(f"Password: {password}", highlight=False, markup=False)


def make_payload_key(folder: Path, begins: datetime | None, console: Console) -> None:
    """Make a key, and print from when on it encrypts.

    Args:
        folder: Where the keys are.
        begins: From when on; without a time zone it is UTC. None for now.
        console: Where that is printed.

    Raises:
        FileExistsError: There is already a key of that time.
    """
    time = begins or datetime.now(UTC)
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    path = make_key(folder, begins=time)
    console.print(f"{path}", soft_wrap=True, highlight=False)
    console.print(
        "All processes that have the key encrypt with it from "
        f"{time:%Y-%m-%d %H:%M:%S} UTC "
        "on.\nGive it to all of them before, and keep the older keys: payments of "
        "their time need them.",
        highlight=False,
    )
