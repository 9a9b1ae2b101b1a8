"""The tables of docs/capacity.md, computed from the measurements by `need`."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from deploy.capacity.assumptions import RATES
from deploy.capacity.need import Milliseconds, Need

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "capacity.md"
BEGIN, END = "<!-- computed: python -m deploy.capacity -->", "<!-- end -->"
# The processes of a real cluster's server, if it was measured.
EMBEDDED: Final = ROOT / "bench" / "results.json"
CLUSTER: Final = ROOT / "bench" / "cluster" / "results.json"
SERVER: Final = ("frontend", "history", "matching", "system worker")
DATABASE: Final = "postgres"

SIZE: Final[dict[str, Callable[[Need], str]]] = {
    "payments open at a time": lambda one: f"{one.open:,}",
    "**workers**, one core each": lambda one: f"**{one.workers}**",
    "`CASHIER_CACHED_WORKFLOWS` of each": lambda one: f"{one.cached:,}",
    "memory of each when full, MiB": lambda one: f"{one.worker_mib:,}",
    "**API processes**, one core each": lambda one: f"**{one.apis}**",
    "**cores of Temporal's server**": lambda one: f"**{one.server_cores}**",
    "**cores of its database**": lambda one: f"**{one.database_cores or 'inside'}**",
    "writes of runs a second": lambda one: f"{one.writes:,}",
    "shards, at least": lambda one: f"{one.shards_at_least}",
    "**shards to take**": lambda one: f"**{one.shards}**",
    "calls to Alipay a second": lambda one: f"{one.calls:,.0f}",
    "actions a second": lambda one: f"{one.actions:,.0f}",
}
PRICE: Final[dict[str, Callable[[Need], str]]] = {
    "million actions a month": lambda one: f"{one.million_actions:,.0f}",
    "actions, USD a month": lambda one: f"{one.actions_usd:,.0f}",
    "storage, USD a month": lambda one: f"{one.storage_usd:,.0f}",
    "**with the plan, USD a month**": lambda one: f"**{one.month_usd:,.0f}**",
}


def measured() -> tuple[Milliseconds, str]:
    """Return the figures with 32 in flight, and the measured server."""
    if not CLUSTER.exists():
        found = _row(json.loads(EMBEDDED.read_text("utf-8"))["throughput"])
        return Milliseconds(found["worker"], found["server"]), "the embedded server"
    found = _row(json.loads(CLUSTER.read_text("utf-8"))["beside_the_floor"])
    server = sum(found[name] for name in SERVER)
    ms = Milliseconds(found["worker"], server, found[DATABASE])
    return ms, "a real cluster (bench/cluster/results.json)"


def tables() -> str:
    """Return the text between the marks."""
    ms, where = measured()
    needs = [Need(rate, ms) for rate in RATES]
    database = f", its database {ms.database:.1f} ms" if ms.database else ""
    said = (
        f"Measured on {where}: a paid payment takes {ms.worker:.1f} ms of a worker's "
        f"processor, {ms.server:.1f} ms of the server's{database}."
    )
    return f"{said}\n\n{_table(SIZE, needs)}\n\n{_table(PRICE, needs)}"


def renewed(page: str) -> str:
    """Return the page with updated tables.

    Raises:
        ValueError: It has no marks.
    """
    begin, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{PAGE.name}: {BEGIN} and {END} are missing")
    return f"{begin}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _row(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    [row] = [one for one in rows if (one["subject"], one["in_flight"]) == ("ours", 32)]
    found: dict[str, float] = row["cpu_ms_per_payment"]
    return found


def _table(rows: dict[str, Callable[[Need], str]], needs: Sequence[Need]) -> str:
    head = " | ".join(f"{one.rate:,}" for one in needs)
    lines = [f"| payments a second | {head} |", "|---|" + "---:|" * len(needs)]
    for name, cell in rows.items():
        lines.append(f"| {name} | {' | '.join(map(cell, needs))} |")
    return "\n".join(lines)
