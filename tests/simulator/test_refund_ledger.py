"""Whatever is called in whatever order: never more goes back than came."""

import asyncio
from collections import defaultdict
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import HealthCheck, given, settings, strategies as st

from simulator.config import SimulatorConfig
from simulator.faults.kinds import REFUND_FAULTS, Fault
from simulator.payments.ledger import TO_THE_MERCHANT, Entry, Kind
from tests.simulator.shop import MovableClock, Shop

PAID = 131_400
REFUNDS = [f"refund-{number}" for number in range(4)]
# A connection that hangs needs a real wire: tests/simulator/test_broken_connections.py.
FAULTS = st.one_of(
    st.none(),
    st.just(Fault.REFUND_TAKES_HOURS),
    st.sampled_from([f for f in REFUND_FAULTS if f is not Fault.REFUND_UNANSWERED]),
)
AMOUNTS = st.sampled_from([100, 60_000, 90_000, PAID, PAID + 1])
REFUND = st.tuples(st.just("refund"), st.sampled_from(REFUNDS), AMOUNTS, FAULTS)
PORTAL = st.tuples(st.just("portal"), AMOUNTS)
BY_HAND = st.tuples(
    st.sampled_from(["finish", "finish?outcome=FAIL", "return", "notify"]),
    st.sampled_from(REFUNDS),
)
WAIT = st.tuples(st.just("wait"), st.sampled_from([10, 70, 4 * 3600]))
OTHERS = st.sampled_from([("cancel",), ("top-up",), ("restart",)])
# Half of what happens are refunds, and each of them may go wrong.
DEEDS = st.one_of(REFUND, REFUND, REFUND, PORTAL, BY_HAND, WAIT, OTHERS)
# All that is in process ends, and then all that is to return does.
END = [("wait", 4 * 3600), ("wait", 70)]
Deed = tuple[Any, ...]


async def do(shop: Shop, deed: Deed) -> None:
    match deed:
        case ("pay",):
            await shop.pay()
            await shop.customer("pay")
        case ("refund", request_id, value, fault):
            if fault:
                await shop.plan(fault)
            await shop.send("refund", shop.a_refund(value, request_id))
        case ("portal", value):
            await shop.by_hand(f"payments/order-1_1/refund?value={value}")
        case ("cancel",):
            await shop.cancel()
        case ("top-up",):
            await shop.by_hand("top-up")
        case ("wait", seconds):
            await shop.wait(seconds=seconds)
        case (what, request_id):
            name, _, query = what.partition("?")
            await shop.by_hand(f"refunds/{request_id}/{name}?{query}")


async def play(config: SimulatorConfig, key: RSAPrivateKey, deeds: list[Deed]) -> Shop:
    """Do all of it, restarts from the state file among it, until all has ended."""
    clock = MovableClock()
    lives: list[list[Deed]] = [[("pay",)]]
    for deed in deeds:
        if deed == ("restart",):
            lives.append([])
        else:
            lives[-1].append(deed)
    lives[-1] += END
    for life in lives:
        async with Shop(config, key, clock).open() as shop:
            for deed in life:
                await do(shop, deed)
    return shop


def assert_sound(shop: Shop) -> None:
    held, given_back = 0, defaultdict[str, int](int)
    for entry in shop.simulation.ledger.entries:
        held += entry.value if entry.kind in TO_THE_MERCHANT else -entry.value
        assert 0 <= held <= PAID
        if entry.kind is Kind.REFUND:
            given_back[entry.request_id] += 1
    # One id moves money at most once, and only if it ended as SUCCESS.
    assert set(given_back.values()) <= {1}
    (payment,) = shop.simulation.register.payments
    succeeded = {r.refund_request_id for r in payment.refunds if r.status == "SUCCESS"}
    assert given_back.keys() == succeeded
    assert held == PAID - payment.refunded or _is_cancelled(shop)


def _is_cancelled(shop: Shop) -> bool:
    entries: tuple[Entry, ...] = shop.simulation.ledger.entries
    return [entry.kind for entry in entries] == [Kind.CHARGE, Kind.RETURN]


@given(deeds=st.lists(DEEDS, min_size=5, max_size=14))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_never_more_goes_back_than_came_and_once_for_one_id(
    config: SimulatorConfig, merchant_key: RSAPrivateKey, deeds: list[Deed]
) -> None:
    config = replace(config, timeout_seconds=0.0)
    assert config.state_file is not None
    config.state_file.unlink(missing_ok=True)
    assert_sound(asyncio.run(play(config, merchant_key, deeds)))
