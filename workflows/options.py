"""How long an activity may take and how it is repeated, each with its reason."""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig


def ask_alipay(summary: str) -> ActivityConfig:
    """Return the options of one question to Alipay, with its words for the UI."""
    return ActivityConfig(
        summary=summary,
        # One HTTP call: 3 s to connect, 10 s to read, and some room to translate.
        start_to_close_timeout=timedelta(seconds=20),
        # Quick retries are bounded, because an activity that retries for ever is
        # invisible to every list filter. After them (about a minute when Alipay times
        # out) the workflow itself goes on asking, with growing pauses, and says so.
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1),
            backoff_coefficient=2.0,
            maximum_interval=timedelta(seconds=10),
            maximum_attempts=5,
        ),
    )
