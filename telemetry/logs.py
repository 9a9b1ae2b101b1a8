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

# httpx logs the whole URL of each call, and a path may be a customer's token; we log
# our calls ourselves.
QUIET: Final = ("httpx", "httpcore", "hpack", "asyncio")

# Dictionaries in the SDK's records, which become fields of ours.
SDK_EXTRAS: Final = ("temporal_workflow", "temporal_activity")

# Attributes that the SDK's core adds for its own formatting.
DROPPED: Final = (
    "temporal_log",
    "__temporal_error_identifier",
    "color_message",
    "taskName",
)


def start_logging(service: str, *, stream: TextIO | None = None) -> None:
    """Log everything of this process as JSON, UTC, without secrets.

    Args:
        service: The name of the process, for the field `service`: `worker`, `api`, ...
        stream: Where to write; None for stderr.
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
    """Formats a record as one line; every text in it is redacted."""

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
    """Drop the SDK's record of an activity that failed in an expected way.

    `telemetry.activities` has logged it; the SDK would add a stack trace of 30 lines to
    each call while Alipay does not answer. A bug is not an ApplicationError: its stack
    trace stays.
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
