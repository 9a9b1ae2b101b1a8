"""Counts what happened, for the worker's metrics; silent on replay, and no command."""

from temporalio import workflow

from contracts import LateOutcome, PaymentOutcome, RefundStatus
from workflows.payment.steps import End


def count_payment(end: End) -> None:
    """Count a payment that has ended, and how long its good news took to be kept."""
    meter = workflow.metric_meter()
    meter.create_counter("cashier_payments_closed").add(
        1, {"outcome": end.outcome, "wallet": end.attempt.wallet or "unknown"}
    )
    if end.outcome is not PaymentOutcome.PAID:
        return
    # Whoever sends the signal says when it was received: without a zone it could not be
    # compared, and every later task would fail.
    received = [
        heard.received_at
        for heard in end.attempt.heard
        if heard.says_paid and heard.received_at and heard.received_at.tzinfo
    ]
    if received:
        took = (workflow.now() - min(received)).total_seconds()
        meter.create_histogram_float(
            "cashier_notification_to_paid_seconds", unit="s"
        ).record(max(took, 0.0))


def count_late_payment(outcome: LateOutcome) -> None:
    """Count late money that has been dealt with."""
    workflow.metric_meter().create_counter("cashier_late_payments_closed").add(
        1, {"outcome": outcome}
    )


def count_refund(status: RefundStatus, wallet: str) -> None:
    """Count a refund that is over."""
    workflow.metric_meter().create_counter("cashier_refunds_ended").add(
        1, {"outcome": status, "wallet": wallet or "unknown"}
    )


def count_continued_run() -> None:
    """Count a run that goes on in a new one, because its history has grown long."""
    workflow.metric_meter().create_counter("cashier_runs_continued").add(1)
