"""Each line is one JSON object with its ids, in UTC, and without secrets."""

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from telemetry.log_fields import log_fields
from telemetry.logs import start_logging


class Written:
    """What was logged, parsed."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def written() -> Iterator[Written]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    show = warnings.showwarning
    written = Written()
    start_logging("worker", stream=written.stream)
    try:
        yield written
    finally:
        logging.captureWarnings(False)
        warnings.showwarning = show
        root.handlers[:], sys.excepthook = handlers, hook
        root.setLevel(level)


def test_a_line_says_when_where_and_what(written: Written) -> None:
    logging.getLogger("api.payments").info(
        "payment opened", extra={"order_id": "coffee-1"}
    )
    [line] = written.lines
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "service": "worker",
        "logger": "api.payments",
        "message": "payment opened",
        "order_id": "coffee-1",
    }


def test_the_time_is_utc(written: Written) -> None:
    logging.getLogger("x").info("now")
    said = datetime.fromisoformat(written.lines[0]["time"])
    assert said.utcoffset() == timedelta()
    assert abs(datetime.now(UTC) - said) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("workflow", "ids"),
    [
        ("payment:coffee-1", {"order_id": "coffee-1"}),
        (
            "late-payment:cof_fee_2",
            {"order_id": "cof_fee", "payment_request_id": "cof_fee_2"},
        ),
        ("callback:evt-1", {"event_id": "evt-1"}),
        ("callbacks:coffee-1", {"order_id": "coffee-1"}),
        ("another", {}),
    ],
)
def test_records_of_temporal_tell_the_order_as_a_field(
    workflow: str, ids: dict[str, str], written: Written
) -> None:
    details = {
        "workflow_id": workflow,
        "workflow_run_id": "run-1",
        "activity_type": "pay",
        "attempt": 3,
        "namespace": "default",
    }
    logging.getLogger("temporalio.activity").warning(
        "failed", extra={"temporal_activity": details}
    )
    [line] = written.lines
    told = {
        name: value
        for name, value in line.items()
        if name not in ("time", "level", "service", "logger", "message")
    }
    assert told == {
        "workflow_id": workflow,
        "run_id": "run-1",
        "activity": "pay",
        "attempt": 3,
        **ids,
    }


def test_lines_of_a_block_have_its_fields_and_later_ones_have_not(
    written: Written,
) -> None:
    log = logging.getLogger("x")
    with log_fields(order_id="coffee-1"):
        log.info("inside")
    log.info("outside")
    inside, outside = written.lines
    assert inside["order_id"] == "coffee-1"
    assert "order_id" not in outside


def test_no_secret_passes_in_message_field_or_stack_trace(written: Written) -> None:
    log = logging.getLogger("x")
    mail, token = "jane@shop.example", "Bearer tok-4711"
    log.info("mail of %s", mail, extra={"headers": {"Authorization": token}})
    log.info("list", extra={"seen": [mail, object]})
    try:
        raise ValueError(f"cannot reach {mail} with {token}")
    except ValueError:
        log.exception("went wrong")
    text = written.stream.getvalue()
    assert "jane" not in text
    assert "tok-4711" not in text
    assert "ValueError: cannot reach [removed]" in text
    assert len(written.lines) == 3


def test_an_expected_failure_of_an_activity_is_not_told_twice(
    written: Written,
) -> None:
    log = logging.getLogger("temporalio.activity")
    for error in (ApplicationError("no verdict"), KeyError("a bug")):
        try:
            raise error
        except Exception:
            log.warning("Completing activity as failed", exc_info=True)
    [line] = written.lines
    assert "KeyError" in line["exc_info"]


def test_whole_urls_of_calls_are_not_logged(written: Written) -> None:
    logging.getLogger("httpx").info("HTTP Request: POST https://x.example/secret/1")
    assert written.lines == []


def test_a_crash_and_a_warning_are_lines_too(written: Written) -> None:
    try:
        raise RuntimeError("no more")
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("odd", UserWarning, stacklevel=1)
    crash, warning = written.lines
    assert crash["level"] == "CRITICAL"
    assert "RuntimeError: no more" in crash["exc_info"]
    assert "odd" in warning["message"]
