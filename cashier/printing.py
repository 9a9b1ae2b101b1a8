"""Prints for people at a terminal: lines as they are, times in UTC."""

from datetime import UTC, datetime

from rich.console import Console


def print_line(console: Console, text: str) -> None:
    """Print a text as it is; others may have written it, so no markup is read."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def time_in_utc(at: datetime) -> str:
    """Return a time for people: `2026-11-30 15:17:00 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
