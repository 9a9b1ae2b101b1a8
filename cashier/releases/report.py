"""Shows the worker versions: as a table, or as JSON."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from cashier.releases.reading import Releases, read_releases
from cashier.releases.verdict import Release
from cashier.temporal_calls import printable


async def report_releases(client: Client, console: Console, *, as_json: bool) -> int:
    """Print the versions; return 1 where open workflows have no worker.

    Raises:
        RPCError: Temporal does not answer, or lacks the search attributes.
    """
    found = await read_releases(client)
    if as_json:
        console.file.write(json.dumps(_document(found), indent=1) + "\n")
    else:
        _show(console, found)
    return 1 if any(one.fault for one in found.releases) else 0


def _document(found: Releases) -> dict[str, Any]:
    """Return the versions as JSON; fields are only ever added."""
    return {
        "releases": [_entry(one) for one in found.releases],
        "without_version_begun_by": dict(found.begun_by),
        "is_cut": found.is_cut,
    }


def _entry(one: Release) -> dict[str, Any]:
    return {
        "deployment": one.version.deployment_name if one.version else None,
        "build_id": one.version.build_id if one.version else None,
        "stands": one.stands,
        "workers": one.workers,
        "programs": list(one.programs),
        "pinned": one.pinned,
        "for_a_person": one.for_a_person,
        "upgrading": one.upgrading,
        "may_go": not one.keeps_it,
        "why_not": one.keeps_it or None,
        "fault": one.fault or None,
    }


def _show(console: Console, found: Releases) -> None:
    table = Table(header_style="bold")
    for name in (
        "Version",
        "Stands",
        "Workers",
        "Pinned",
        "Wait for a person",
        "Upgrading",
    ):
        table.add_column(name, overflow="fold")
    table.add_column("Can its workers be shut down?", overflow="fold", ratio=1)
    for one in found.releases:
        table.add_row(
            printable(one.name, longest=127),
            one.stands,
            _workers(one),
            str(one.pinned),
            str(one.for_a_person),
            str(one.upgrading),
            f"No: {one.keeps_it}." if one.keeps_it else "Yes.",
        )
    console.print(table)
    if found.begun_by:
        begun = ", ".join(
            f"{count} by {printable(build, longest=60) or 'no worker yet'}"
            for build, count in sorted(found.begun_by.items())
        )
        least = "at least " if found.is_cut else ""
        console.print(f"Open without a version: {least}{begun}.", highlight=False)
    for one in found.releases:
        if one.fault:
            console.print(
                f"{printable(one.name, longest=127)}: {one.fault}.",
                style="red",
                markup=False,
                highlight=False,
            )


def _workers(one: Release) -> str:
    programs = ", ".join(printable(name, longest=60) for name in one.programs)
    return f"{one.workers} ({programs})" if programs else str(one.workers)
