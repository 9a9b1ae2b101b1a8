"""Verdicts of invented payments, for the report."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from audit.bundle.reading import Entry
from audit.findings import Finding, Rule
from audit.story.timeline import Story, StoryStep
from audit.verify.verdicts import HistoryVerdict

BEGAN = datetime(2026, 11, 24, 9, 48, tzinfo=UTC)
ALIPAY, US = "signed by Alipay, key 1", "signed by us, key 1"


def an_entry(order_id: str, **changes: Any) -> Entry:
    entry = Entry(
        workflow_id=f"payment:{order_id}",
        run_id="01998f3e-0000-7000-8000-000000000001",
        workflow_type="CashierPayment",
        order_id=order_id,
        outcome="PAID",
        status="COMPLETED",
        currency="PHP",
        amount_minor=131400,
        started_at=BEGAN,
        closed_at=BEGAN + timedelta(minutes=3),
        file=f"histories/{len(order_id)}.json",
        sha256="0" * 64,
    )
    return entry.model_copy(update=changes)


def a_verdict(order_id: str, **changes: Any) -> HistoryVerdict:
    entry = an_entry(order_id, **changes)
    at = entry.started_at
    steps = [
        StoryStep(at, 1, "shop", "asks for PHP 1,314.00 by GCash: Two cups of coffee"),
        StoryStep(at, 5, "us", "ask Alipay to open the payment", US),
        StoryStep(at, 7, "Alipay", "opens it and gives the wallet's page", ALIPAY),
        StoryStep(
            at, 14, "Alipay", "says that it is paid", ALIPAY, "PHP 1,314.00 came"
        ),
        StoryStep(at, 19, "us", "end the payment: PAID"),
    ]
    return HistoryVerdict(entry, [], a_story(entry, *steps))


def a_story(entry: Entry, *steps: StoryStep, **changes: Any) -> Story:
    story = Story(
        workflow_id=entry.workflow_id,
        run_id=entry.run_id,
        order_id=entry.order_id,
        outcome=entry.outcome,
        wallet="GCASH",
        amount=entry.amount_minor,
        currency=entry.currency,
        started_at=entry.started_at,
        closed_at=entry.closed_at,
        steps=list(steps),
    )
    return replace(story, **changes)


def a_finding(order_id: str, **changes: Any) -> Finding:
    finding = Finding(
        Rule.PAID_WITHOUT_PROOF,
        workflow_id=f"payment:{order_id}" if order_id else "",
        order_id=order_id,
        event_id=14,
        expected="a signed word of Alipay that PHP 1,314.00 is paid",
        seen="a notification whose signature does not verify",
    )
    return replace(finding, **changes)


def many(number: int) -> Iterator[HistoryVerdict]:
    """Yield payments of a month that ended in all ways, one at a time."""
    outcomes = ("PAID", "PAID", "PAID", "EXPIRED", "PAID", "CANCELLED", "DECLINED")
    for one in range(number):
        yield a_verdict(
            f"order-{one:05}",
            outcome=outcomes[one % len(outcomes)],
            started_at=BEGAN - timedelta(hours=one % (24 * 30)),
        )
