"""Who calls, and how often: limits hold for each caller by itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.callers.authentication import BURST_SECONDS, Caller, Callers, Limits
from api.callers.keys import ApiKey, Scope, new_key, write_keys
from api.callers.known_keys import KnownKeys
from api.callers.refusals import Reason, Refusal
from tests.codec.keys import Clocks

SHOP, RENEWED, QUICK, FINITE = (new_key() for _ in range(4))
PER_MINUTE = 60
AT_ONCE = PER_MINUTE * BURST_SECONDS // 60


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def callers(tmp_path: Path, clocks: Clocks) -> Callers:
    soon = datetime.now(UTC) + timedelta(hours=1)
    shop = ApiKey.of(SHOP, name="shop")
    keys = [
        shop.model_copy(update={"ends_at": soon}),
        ApiKey.of(RENEWED, name="shop"),
        ApiKey.of(QUICK, name="quick", per_minute=600),
        ApiKey.of(FINITE, name="slow", per_minute=1),
    ]
    write_keys(tmp_path / "api-keys", keys)
    limits = Limits(per_minute=PER_MINUTE, streams=2)
    return Callers(KnownKeys(tmp_path / "api-keys"), limits, clocks.monotonic)


def calls(callers: Callers, key: str, times: int = 1) -> Caller:
    for _ in range(times):
        caller = callers.admit(key, Scope.READ)
    return caller


def refusal_of(callers: Callers, key: str | None) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        callers.admit(key, Scope.READ)
    return refusal.value


def pause_of(callers: Callers, key: str) -> int:
    refusal = refusal_of(callers, key)
    assert refusal.reason is Reason.RATE
    assert refusal.headers
    return int(refusal.headers["Retry-After"])


def test_a_caller_that_has_gone_wild_is_told_when_to_call_again(
    callers: Callers, clocks: Clocks
) -> None:
    calls(callers, SHOP, AT_ONCE)
    assert pause_of(callers, SHOP) == 1
    clocks.move(1)
    calls(callers, SHOP)
    assert pause_of(callers, SHOP) == 1


def test_nobody_else_waits_for_it(callers: Callers) -> None:
    calls(callers, SHOP, AT_ONCE)
    refusal_of(callers, SHOP)
    calls(callers, QUICK)


def test_both_keys_of_a_rotation_have_one_limit(callers: Callers) -> None:
    calls(callers, SHOP, AT_ONCE - 1)
    assert calls(callers, RENEWED).name == "shop"
    assert pause_of(callers, RENEWED) == 1
    assert pause_of(callers, SHOP) == 1


def test_a_key_may_have_a_limit_of_its_own(callers: Callers, clocks: Clocks) -> None:
    calls(callers, QUICK, 10 * AT_ONCE)
    pause_of(callers, QUICK)
    calls(callers, FINITE)
    assert pause_of(callers, FINITE) == 60
    clocks.move(59)
    assert pause_of(callers, FINITE) == 1
    clocks.move(1)
    calls(callers, FINITE)


@pytest.mark.parametrize("seconds", [3, 60, 100_000])
def test_in_no_span_of_time_are_there_more_calls_than_the_limit(
    seconds: int, callers: Callers, clocks: Clocks
) -> None:
    clocks.move(seconds)
    admitted = 0
    for _ in range(1000):
        clocks.move(0.03)
        try:
            callers.admit(SHOP, Scope.READ)
        except Refusal:
            continue
        admitted += 1
    # Thirty seconds have passed: what may come at once, and one a second.
    assert AT_ONCE + 29 <= admitted <= AT_ONCE + 30


def test_a_refused_call_does_not_lengthen_the_wait(
    callers: Callers, clocks: Clocks
) -> None:
    calls(callers, SHOP, AT_ONCE)
    for _ in range(1000):
        pause_of(callers, SHOP)
    clocks.move(1)
    calls(callers, SHOP)


def test_places_for_streams_are_counted_and_given_back(callers: Callers) -> None:
    caller, other = calls(callers, SHOP), calls(callers, RENEWED)
    with caller.streaming(), other.streaming():
        with pytest.raises(Refusal) as refusal, caller.streaming():
            pass
        assert refusal.value.reason is Reason.STREAMS
        with calls(callers, QUICK).streaming():
            pass
    with pytest.raises(ZeroDivisionError), caller.streaming():
        raise ZeroDivisionError
    with caller.streaming(), other.streaming():
        pass
