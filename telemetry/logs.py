"""Logs: one JSON object a line on stderr, with ids as fields and no secrets."""

import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO

from pythonjsonlogger.json import JsonFormatter

from telemetry.log_fields import fields_here, fields_of_sdk
from telemetry.redaction import redact

# httpx logs each call with its whole URL, and a path may be a customer's token; we log
# the call and its end ourselves.
QUIET: Final = ("httpx", "httpcore", "hpack", "asyncio")

# Of the SDK's records: flattened into our own fields.
SDK_EXTRAS: Final = ("temporal_workflow", "temporal_activity")

# What a record of the SDK's engine carries for its own formatting.
DROPPED: Final = (
    "temporal_log",
    "__temporal_error_identifier",
    "color_message",
    "taskName",
)


def start_logging(service: str, *, stream: TextIO | None = None) -> None:
    """Log everything of this process as JSON, UTC, without secrets.

    Args:
        service: The process, for the field of that name: `worker`, `api`, ...
        stream: Where to; stderr where it is left out.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json(service))
    handler.addFilter(_is_news)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _log_crash


class _Json(JsonFormatter):
    """One record as one line; every text in it passes the guard."""

    def __init__(self, service: str) -> None:
        super().__init__("%(message)s", json_ensure_ascii=False)
        self._service = service

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        guarded: dict[str, Any] = _guarded(log_data)
        return guarded

    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],
    ) -> None:
        fields: dict[str, Any] = {}
        super().add_fields(fields, record, message_dict)
        sdk: dict[str, Any] = {}
        for name in SDK_EXTRAS:
            sdk |= fields_of_sdk(fields.pop(name, None) or {})
        for name in DROPPED:
            fields.pop(name, None)
        log_data |= {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": fields.pop("message"),
            **fields_here(),
            **sdk,
            **fields,
        }


def _guarded(value: Any) -> Any:  # noqa: ANN401 - whatever was logged
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, MutableMapping):
        return {redact(str(name)): _guarded(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_guarded(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))


def _is_news(record: logging.LogRecord) -> bool:
    """Drop what the SDK says of an activity that failed as it may.

    `telemetry.activities` has logged it already; the SDK adds a stack trace of 30
    lines, and where Alipay is away for hours it does so for each call. A bug is no
    ApplicationError, and its stack trace stays.
    """
    raised = record.exc_info[1] if record.exc_info else None
    expected = type(raised).__name__ == "ApplicationError"
    return not (expected and record.name == "temporalio.activity")


def _log_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger(__name__).critical(
            "crashed: %s", kind.__name__, exc_info=(kind, error, trace)
        )
