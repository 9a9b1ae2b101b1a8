"""The names of our metrics, with their labels.

Workflow code may not import this folder, so it repeats the names of its metrics;
`tests/telemetry/test_names.py` compares both.
"""

from typing import Final

# The worker's metrics, on the SDK's endpoint; the SDK adds `_total` to counters.
PAYMENTS_CLOSED: Final = "cashier_payments_closed"  # outcome, wallet
LATE_PAYMENTS_CLOSED: Final = "cashier_late_payments_closed"  # outcome
REFUNDS_ENDED: Final = "cashier_refunds_ended"  # outcome, wallet
CALLBACKS: Final = "cashier_callbacks"  # result
NOTIFICATION_TO_PAID: Final = "cashier_notification_to_paid_seconds"
RUNS_CONTINUED: Final = (
    "cashier_runs_continued"  # runs continued because of a long history
)
LARGE_PAYLOADS: Final = "cashier_large_payloads"
CACHED_WORKFLOWS: Final = "cashier_cached_workflows"  # the most that are kept

# Of the API.
NOTIFICATIONS_REJECTED: Final = "cashier_notifications_rejected"  # reason
NOTIFICATIONS_ACCEPTED: Final = "cashier_notifications_accepted"
NOTICES_KEPT: Final = "cashier_notices_kept"  # notify_type
CALLS_REFUSED: Final = "cashier_calls_refused"  # reason
PAGE: Final = "cashier_page_seconds"  # wallet, result
HTTP_CALLS: Final = "cashier_http_call_seconds"  # method, route, status

# The API's metrics, counted in Temporal's list.
VISIBILITY_UP: Final = "cashier_visibility_up"
PAYMENTS_OPEN: Final = "cashier_payments_open"
STUCK: Final = "cashier_payments_stuck"  # why
OLDEST_STUCK: Final = "cashier_oldest_stuck_seconds"
MONEY_AT_RISK: Final = "cashier_money_at_risk"  # currency, is
REFUNDS_STUCK: Final = "cashier_refunds_stuck"  # why
MONEY_TO_GIVE_BACK: Final = "cashier_money_to_give_back"  # currency
CALLBACKS_PENDING: Final = "cashier_callbacks_pending"
WORKERS_POLLING: Final = "cashier_workers_polling"
