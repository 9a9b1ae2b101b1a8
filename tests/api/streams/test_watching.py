"""Watching payments: one look for all who watch, and none where nobody does."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from api.bodies import PaymentState
from api.problems import Problem, UnavailableProblem
from api.streams.listed_changes import ListedChanges, query_of_changes
from api.streams.watching import LOOKS_AT_ONCE, PaymentWatch, WatchedPayment

ORDER = "coffee-1"
SOON_SECONDS = 5


def a_state(status: str = "AWAITING_CUSTOMER", *, minutes: float = 10) -> PaymentState:
    ended = status in ("PAID", "DECLINED", "EXPIRED", "CANCELLED")
    return PaymentState.model_validate(
        {
            "order_id": ORDER,
            "amount": {"currency": "PHP", "value": 131400},
            "status": status,
            "outcome": status if ended else None,
            "attempts": [
                {
                    "payment_request_id": f"{ORDER}_1",
                    "payment_id": "2026",
                    "wallet": "GCASH",
                    "cashier": None,
                    "expires_at": datetime.now(UTC) + timedelta(minutes=minutes),
                    "is_paid": status == "PAID",
                }
            ],
            "result_code": None,
            "result_message": None,
            "paid_at": None,
            "settlement": None,
            "started_at": None,
            "closed_at": None,
        }
    )


class PlayedPayments:
    """Answers looks in turn, the last for ever, and counts them."""

    def __init__(self, *answers: PaymentState | Problem) -> None:
        self.looks = 0
        self._answers = list(answers)

    async def read(self, order_id: str) -> PaymentState:
        self.looks += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Problem):
            raise answer
        return answer


class PlayedList(ListedChanges):
    """Temporal's list, which tells in turn what is given, and then nothing."""

    def __init__(self, *told: set[str] | Exception) -> None:
        self.questions = 0
        self._told: Iterator[set[str] | Exception] = iter(told)

    async def since_last_time(self) -> set[str]:
        self.questions += 1
        told = next(self._told, set())
        if isinstance(told, Exception):
            raise told
        return told


@asynccontextmanager
async def watched(
    payments: PlayedPayments, *told: set[str] | Exception
) -> AsyncIterator[tuple[PaymentWatch, WatchedPayment, PlayedList]]:
    listed = PlayedList(*told)
    watch = PaymentWatch(payments.read, listed)
    payment = watch.join(ORDER)
    try:
        yield watch, payment, listed
    finally:
        watch.leave(ORDER)


async def seen(payment: WatchedPayment, before: str | None = None) -> Any:
    snapshot = await payment.other_than(before, within=SOON_SECONDS)
    assert snapshot
    return snapshot


async def test_what_the_list_tells_is_looked_at() -> None:
    payments = PlayedPayments(a_state(), a_state("PAID"))
    async with watched(payments, set(), {ORDER, "another"}) as (_, payment, _):
        first = await seen(payment)
        assert (await seen(payment, first.id)).state.outcome == "PAID"
    assert payments.looks == 2


async def test_a_list_that_cannot_be_read_is_asked_again() -> None:
    away = RPCError("no connection", RPCStatusCode.UNAVAILABLE, b"")
    payments = PlayedPayments(a_state(), a_state("PAID"))
    async with watched(payments, away, away, {ORDER}) as (_, payment, _):
        first = await seen(payment)
        assert (await seen(payment, first.id)).state.outcome == "PAID"


async def test_while_it_cannot_be_read_nothing_is_told() -> None:
    payments = PlayedPayments(a_state(), UnavailableProblem("away"), a_state("PAID"))
    async with watched(payments) as (watch, payment, _):
        first = await seen(payment)
        watch.hint(ORDER)
        # Not the failure, and not an empty state: the next thing that is known.
        assert (await seen(payment, first.id)).state.outcome == "PAID"
    assert payments.looks == 3


async def test_a_flood_of_hints_becomes_few_looks() -> None:
    payments = PlayedPayments(a_state())
    async with watched(payments) as (watch, payment, _):
        newest = await seen(payment)
        for _ in range(200):
            watch.hint(ORDER)
            await asyncio.sleep(0)
        assert await payment.other_than(newest.id, within=0.1) is None
    assert payments.looks <= 3


async def test_what_passes_by_itself_is_looked_at_without_a_hint() -> None:
    payments = PlayedPayments(a_state("OPENING"), a_state())
    async with watched(payments) as (_, payment, _):
        first = await seen(payment)
        assert (await seen(payment, first.id)).state.status == "AWAITING_CUSTOMER"


async def test_a_payment_whose_time_is_over_is_looked_at_without_a_hint() -> None:
    payments = PlayedPayments(a_state(minutes=-1), a_state("EXPIRED"))
    async with watched(payments) as (_, payment, _):
        first = await seen(payment)
        assert (await seen(payment, first.id)).state.outcome == "EXPIRED"


async def test_viewers_of_one_payment_share_its_looks_and_the_list() -> None:
    payments = PlayedPayments(a_state())
    async with watched(payments) as (watch, payment, listed):
        others = [watch.join(ORDER) for _ in range(50)]
        await asyncio.gather(*(seen(one) for one in others))
        assert {id(one) for one in others} == {id(payment)}
        for _ in others:
            watch.leave(ORDER)
        assert listed.questions <= 2
    assert payments.looks == 1


async def test_with_the_last_viewer_all_watching_ends() -> None:
    payments = PlayedPayments(a_state())
    before = asyncio.all_tasks()
    async with watched(payments) as (_, payment, _):
        await seen(payment)
        assert asyncio.all_tasks() > before
    # Tasks that were cancelled end with the loop's next turn.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_failed_first_look_is_every_viewers_own() -> None:
    payments = PlayedPayments(Problem(404, "UNKNOWN_ORDER", "none"), a_state())
    async with watched(payments) as (_, payment, _):
        with pytest.raises(Problem):
            await payment.newest()
        assert (await payment.newest()).state.status == "AWAITING_CUSTOMER"


async def test_after_a_restart_few_looks_are_made_at_once() -> None:
    at_once = most = 0

    async def read(_: str) -> PaymentState:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        return a_state()

    watch = PaymentWatch(read, PlayedList())
    orders = [f"coffee-{number}" for number in range(100)]
    await asyncio.gather(*(watch.join(order).newest() for order in orders))
    for order in orders:
        watch.leave(order)
    assert most == LOOKS_AT_ONCE


def test_the_list_is_asked_for_what_is_recent_and_for_reviews() -> None:
    query = query_of_changes(datetime(2026, 11, 24, 10, 2, 41, tzinfo=UTC))
    assert 'StartTime >= "2026-11-24T10:02:31Z"' in query
    assert 'CloseTime >= "2026-11-24T10:02:31Z"' in query
    assert 'NeedsAttention = "REVIEW" AND StartTime >= "2026-11-24T09:02:41Z"' in query
