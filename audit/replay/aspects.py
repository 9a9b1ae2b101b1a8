"""The aspects of commands and events to compare, as plain values."""

import json
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from temporalio.api.common.v1 import SearchAttributes
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import ActivityTaskScheduledEventAttributes
from temporalio.bridge.proto.workflow_commands import ScheduleActivity

TIMEOUTS = (
    "schedule_to_close_timeout",
    "schedule_to_start_timeout",
    "start_to_close_timeout",
    "heartbeat_timeout",
)


def options_of(
    options: ScheduleActivity | ActivityTaskScheduledEventAttributes,
    given: ScheduleActivity,
) -> dict[str, object]:
    """Return an activity's time-outs and retry policy, as far as given."""
    seconds: dict[str, object] = {
        name: seconds_of(value)
        for name, value in _set(options).items()
        if name in TIMEOUTS and name in _set(given)
    }
    if not given.HasField("retry_policy"):
        return seconds
    policy = options.retry_policy
    pauses = {
        name: seconds_of(value)
        for name, value in _set(policy).items()
        if name.endswith("_interval") and name in _set(given.retry_policy)
    }
    numbers = (policy.maximum_attempts, policy.backoff_coefficient)
    return {**seconds, **pauses, "attempts and backoff": str(numbers)}


def _set(message: Message) -> dict[str, Any]:
    return {field.name: value for field, value in message.ListFields()}


def seconds_of(duration: Duration) -> float:
    return duration.seconds + duration.nanos / 1e9


def attributes_of(attributes: SearchAttributes) -> dict[str, str]:
    fields = attributes.indexed_fields
    return {name: fields[name].data.decode(errors="replace") for name in fields}


def failure_of(failure: Failure) -> dict[str, str]:
    """Return the message of a failure, which may be an encrypted payload."""
    message = failure.message
    if failure.HasField("encoded_attributes"):
        message = json.loads(failure.encoded_attributes.data).get("message", "")
    return {"type": failure.application_failure_info.type, "message": message}
