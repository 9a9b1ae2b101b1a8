"""Each call to Alipay is one line: what, for which order, how it ended, how long."""

import logging
from typing import Any

import pytest

from tests.builders import an_order
from tests.telemetry.running import CANARY_EMAIL, Watched


async def test_each_call_to_alipay_is_one_line(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    order_id = an_order().order_id
    await watched.fault(order_id, "server_error_before")
    await watched.opens(order_id=order_id)
    failed, answered = (
        vars(record)
        for record in caplog.records
        # Payments of other tests are still open: they are inquired about, also in vain.
        if record.name == "telemetry.activities"
        and (
            vars(record).get("reason", "").startswith("pay:")
            or vars(record).get("verdict") == "OPENED"
        )
    )
    assert _told(failed) == {
        "message": "activity without an answer",
        "levelname": "WARNING",
        "error": "NoVerdictError",
        "reason": "pay: HTTP 503",
    }
    assert _told(answered) == {
        "message": "activity answered",
        "levelname": "INFO",
        "verdict": "OPENED",
        "result_code": "PAYMENT_IN_PROCESS",
    }
    assert answered["milliseconds"] > 0
    assert CANARY_EMAIL not in str([vars(record) for record in caplog.records])


def _told(said: dict[str, Any]) -> dict[str, Any]:
    names = ("message", "levelname", "error", "reason", "verdict", "result_code")
    return {name: said[name] for name in names if name in said}
