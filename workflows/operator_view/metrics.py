"""The worker's business metrics; not counted on replay, and no commands."""

from temporalio import workflow

from contracts import LateOutcome, PaymentOutcome, RefundStatus
from workflows.payment.steps import End


def count_payment(end: End) -> None:
    """Count an ended payment, and record how long its notification took."""
    meter = workflow.metric_meter()
    meter.create_counter("cashier_payments_closed").add(
        1, {"outcome": end.outcome, "wallet": end.attempt.wallet or "unknown"}
    )
    if end.outcome is not PaymentOutcome.PAID:
        return
    # The sender of the signal wrote `received_at`: without a zone the comparison would
    # fail every later workflow task.
    received = [
        notified.received_at
        for notified in end.attempt.heard
        if notified.says_paid and notified.received_at and notified.received_at.tzinfo
    ]
    if received:
        took = (workflow.now() - min(received)).total_seconds()
        meter.create_histogram_float(
            "cashier_notification_to_paid_seconds", unit="s"
        ).record(max(took, 0.0))


def count_late_payment(outcome: LateOutcome) -> None:
    """Count late money that is settled."""
    workflow.metric_meter().create_counter("cashier_late_payments_closed").add(
        1, {"outcome": outcome}
    )


def count_refund(status: RefundStatus, wallet: str) -> None:
    """Count a refund that is over."""
    workflow.metric_meter().create_counter("cashier_refunds_ended").add(
        1, {"outcome": status, "wallet": wallet or "unknown"}
    )


def count_continued_run() -> None:
    """Count a run that continues as new because its history has grown long."""
    workflow.metric_meter().create_counter("cashier_runs_continued").add(1)
