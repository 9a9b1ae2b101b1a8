"""The report's timelines, one for each history, in one or several files."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

from markupsafe import Markup

from alipay.wallets import format_money
from audit.report.rendering import generate, in_utc, render
from audit.verify.verdicts import HistoryVerdict

# The names of workflow types for readers.
PAYMENT: Final = "CashierPayment"
KINDS: Final = {
    PAYMENT: "payment",
    "LatePayment": "late money",
    "Callback": "callback to the shop",
    "AlipayNotice": "notice from Alipay",
    "OrderRefunds": "refunds",
}
_PIECE: Final = 1 << 16


class Pages:
    """The files of timelines; none if all fit into the summary."""

    def __init__(self, file: Path, current: IO[str], per_page: int) -> None:
        self.folder = file.with_name(f"{file.stem}.pages")
        self.files: list[Path] = []
        self.starts: list[dict[str, str]] = []
        self._summary = f"../{quote(file.name)}"
        self._current = current
        self._per_page = per_page
        self._on_page = 0
        self._number = 1
        self._first = ("", "")
        self._remove_old()

    def add(self, verdict: HistoryVerdict, *, is_spoiled: bool) -> tuple[int, str]:
        """Add one timeline; return its page number and its anchor."""
        if self._on_page == self._per_page:
            self._turn(is_last=False)
        if not self._on_page:
            self._first = (verdict.entry.order_id, in_utc(verdict.entry.started_at))
        self._on_page += 1
        anchor = f"h{self._on_page}"
        self._current.write(timeline_of(verdict, anchor, is_spoiled=is_spoiled))
        return self._number, anchor

    def finish(self, orders: Iterator[dict[str, Any]]) -> None:
        if not self.files:
            return
        self._turn(is_last=True)
        file = self.folder / "orders.html"
        rows = generate("orders.html", summary=self._summary, rows=orders)
        write_whole(file, rows)
        self.files.append(file)

    def _turn(self, *, is_last: bool) -> None:
        self.folder.mkdir(exist_ok=True)
        file = self.folder / f"{self._number:04}.html"
        page = generate(
            "page.html",
            summary=self._summary,
            number=self._number,
            is_last=is_last,
            histories=pieces_of(self._current),
        )
        write_whole(file, page)
        self.files.append(file)
        first, began = self._first
        self.starts.append({"first": first, "began": began})
        self._current.seek(0)
        self._current.truncate()
        self._number += 1
        self._on_page = 0

    def _remove_old(self) -> None:
        """Remove pages of an earlier, longer report."""
        for old in self.folder.glob("*.html"):
            if old.stem == "orders" or old.stem.isdecimal():
                old.unlink()


def outcome_of(verdict: HistoryVerdict) -> str:
    """Return the outcome, or the status of a workflow without one."""
    entry = verdict.entry
    return str(verdict.story.outcome or entry.outcome or entry.status)


def amount_of(verdict: HistoryVerdict) -> tuple[str, int] | None:
    """Return currency and minor units, from the history and not from the index."""
    story = verdict.story
    if not story.currency or story.amount is None:
        return None
    return story.currency, story.amount


def timeline_of(verdict: HistoryVerdict, anchor: str, *, is_spoiled: bool) -> str:
    return render(
        "history.html",
        verdict=verdict,
        anchor=anchor,
        is_spoiled=is_spoiled,
        outcome=outcome_of(verdict),
        kind=kind_of(verdict.entry.workflow_type),
        money=money_of(verdict),
    )


def kind_of(workflow_type: str) -> str:
    return KINDS.get(workflow_type, workflow_type)


def money_of(verdict: HistoryVerdict) -> str:
    amount = amount_of(verdict)
    return format_money(*amount) if amount else ""


def line_of(row: dict[str, Any]) -> str:
    # ASCII, so that a lone surrogate in a foreign text cannot stop the report.
    return json.dumps(row) + "\n"


def lines_of(spool: IO[str]) -> Iterator[dict[str, Any]]:
    spool.seek(0)
    for line in spool:
        yield json.loads(line)


def pieces_of(spool: IO[str]) -> Iterator[Markup]:
    spool.seek(0)
    while piece := spool.read(_PIECE):
        yield Markup(piece)  # noqa: S704 - rendered, and so escaped, before


def write_whole(file: Path, text: Iterable[str]) -> None:
    """Write a file atomically: half a report would look complete."""
    part = file.with_name(f"{file.name}.part")
    with part.open("w", encoding="utf-8") as stream:
        stream.writelines(text)
    part.replace(file)
