"""Recorded histories in place of bundles, and small files of Alipay's form."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit.bundle.reading import BundleError, Entry
from contracts import Money

HISTORIES = Path(__file__).parents[2] / "histories"
PAID = "recorded-proven-paid"
PHP = Money(currency="PHP", value=131400)
HEADER = (
    "transactionId,originalTransactionId,transactionRequestId,transactionType,"
    "transactionAmountValue,transactionCurrency"
)
SETTLED_HEADER = f"settlementBatchId,{HEADER}"


class Shelf:
    """Recorded histories, as a bundle hands them out."""

    def __init__(self, *names: str, **changes: Any) -> None:
        self.names = names
        self.changes = changes

    def entries(self) -> Iterator[Entry]:
        for name in self.names:
            text = (HISTORIES / f"{name}.json").read_text()
            started = json.loads(text)["events"][0][
                "workflowExecutionStartedEventAttributes"
            ]
            entry = Entry(
                workflow_id=started["workflowId"],
                run_id="run",
                workflow_type=started["workflowType"]["name"],
                order_id=f"recorded-{name}",
                outcome=None,
                status="COMPLETED",
                currency=None,
                amount_minor=None,
                started_at=datetime(2026, 11, 24, tzinfo=UTC),
                closed_at=None,
                file=f"histories/{name}.json",
                sha256="0" * 64,
            )
            yield entry.model_copy(update=self.changes)

    def read(self, entry: Entry) -> str:
        try:
            return (HISTORIES / Path(entry.file).name).read_text()
        except FileNotFoundError:
            raise BundleError(f"{entry.file} is not there") from None


def a_file(
    folder: Path, *lines: str, name: str = "items.csv", header: str = HEADER
) -> Path:
    file = folder / name
    file.write_text("\n".join((header, *lines, "<END>", "")))
    return file


def paid(order_id: str, value: str = "131400", currency: str = "PHP") -> str:
    return f"id-of-{order_id},,{order_id}_1,PAYMENT,{value},{currency}"


def payment_id_of(name: str) -> str:
    """Return Alipay's id of the payment in a recorded history."""
    events = json.loads((HISTORIES / f"{name}.json").read_text())["events"]
    result = events[-1]["workflowExecutionCompletedEventAttributes"]["result"]
    view = json.loads(base64.b64decode(result["payloads"][0]["data"]))
    return str(view["attempts"][0]["payment_id"])
