"""Workflow code counts by the names that dashboards, alerts and zeros know."""

import re
from pathlib import Path

from telemetry import names

ROOT = Path(__file__).parent.parent.parent


def test_workflows_count_by_the_names_that_operators_know() -> None:
    code = "\n".join(file.read_text() for file in (ROOT / "workflows").rglob("*.py"))
    counted = set(re.findall(r'"(cashier_[a-z_]+)"', code))
    # An update has such a name too.
    assert counted - {"cashier_page"} == {
        names.PAYMENTS_CLOSED,
        names.LATE_PAYMENTS_CLOSED,
        names.REFUNDS_ENDED,
        names.CALLBACKS,
        names.NOTIFICATION_TO_PAID,
        names.RUNS_CONTINUED,
    }
