"""Watching payments in trouble: no failing look makes a viewer deaf."""

import asyncio
from collections.abc import Iterator
from typing import cast

from api.bodies import PaymentState
from api.problems import UnavailableProblem
from api.streams.listed_changes import ListedChanges
from api.streams.watching import LOOKS_AT_ONCE, PaymentWatch

ORDER_ID = "coffee-1"
SOON_SECONDS = 10


def a_state(status: str) -> PaymentState:
    attempt = {
        "payment_request_id": f"{ORDER_ID}_1",
        "payment_id": "2026",
        "wallet": "GCASH",
        "cashier": None,
        "expires_at": "2999-11-24T10:02:41Z",
        "is_paid": False,
    }
    nothing = dict.fromkeys(
        ("outcome", "result_code", "result_message", "paid_at", "settlement")
    )
    return PaymentState.model_validate(
        {
            "order_id": ORDER_ID,
            "amount": {"currency": "PHP", "value": 18000},
            "status": status,
            "attempts": [attempt],
            "started_at": None,
            "closed_at": None,
            **nothing,
        }
    )


class PlayedTemporal:
    """Answers looks and questions in their order; an exception is raised."""

    def __init__(
        self,
        looks: list[PaymentState | Exception],
        lists: list[set[str] | Exception],
    ) -> None:
        self._looks: Iterator[PaymentState | Exception] = iter(looks)
        self._lists: Iterator[set[str] | Exception] = iter(lists)

    async def read(self, _: str) -> PaymentState:
        answer = next(self._looks)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def since_last_time(self) -> set[str]:
        answer: set[str] | Exception = next(self._lists, set())
        if isinstance(answer, Exception):
            raise answer
        return answer


async def changes_seen(temporal: PlayedTemporal) -> list[str]:
    """Watch until there was a change, of which the list tells."""
    watch = PaymentWatch(temporal.read, cast(ListedChanges, temporal))
    watched = watch.join(ORDER_ID)
    try:
        first = await watched.newest()
        second = await watched.other_than(first.id, within=SOON_SECONDS)
    finally:
        watch.leave(ORDER_ID)
    return [one.state.status for one in (first, second) if one]


WAITING, REVIEW = a_state("AWAITING_CUSTOMER"), a_state("REVIEW")


async def test_a_look_that_fails_oddly_is_taken_again() -> None:
    # As where a worker of a broken release answers a query.
    looks: list[PaymentState | Exception] = [WAITING, ValueError("odd"), REVIEW]
    temporal = PlayedTemporal(looks, [{ORDER_ID}])
    assert await changes_seen(temporal) == ["AWAITING_CUSTOMER", "REVIEW"]


async def test_a_list_that_fails_oddly_is_read_again() -> None:
    temporal = PlayedTemporal([WAITING, REVIEW], [ValueError("odd"), {ORDER_ID}])
    assert await changes_seen(temporal) == ["AWAITING_CUSTOMER", "REVIEW"]


async def test_a_first_look_that_fails_fails_for_all_who_wait_for_it() -> None:
    temporal = PlayedTemporal([UnavailableProblem("away"), WAITING], [])
    watch = PaymentWatch(temporal.read, cast(ListedChanges, temporal))
    viewers = [watch.join(ORDER_ID) for _ in range(3)]
    looks = [viewer.newest() for viewer in viewers]
    seen = await asyncio.gather(*looks, return_exceptions=True)
    assert [type(one) for one in seen] == [UnavailableProblem] * 3
    # Whoever asks after that has a look of their own.
    assert (await watch.join(ORDER_ID).newest()).state == WAITING
    for _ in range(4):
        watch.leave(ORDER_ID)


async def test_nobody_waits_long_for_looks_that_do_not_end() -> None:
    async def never(_: str) -> PaymentState:
        await asyncio.Event().wait()
        raise AssertionError

    temporal = cast(ListedChanges, PlayedTemporal([], []))
    watch = PaymentWatch(never, temporal, longest_wait=0)
    orders = [f"coffee-{number}" for number in range(LOOKS_AT_ONCE + 1)]
    looks = [asyncio.ensure_future(watch.join(one).newest()) for one in orders]
    async with asyncio.timeout(SOON_SECONDS):
        [first], others = await asyncio.wait(looks, return_when=asyncio.FIRST_COMPLETED)
    assert isinstance(first.exception(), UnavailableProblem)
    for order in orders:
        watch.leave(order)
    await asyncio.wait(others)
