"""The throttle: how long who guesses has to wait, and that others need not."""

import pytest

from codec.server.throttle import (
    FREE_FAILURES,
    LONGEST_PAUSE_SECONDS,
    MOST_FAILURES,
    MOST_NAMES,
    Throttle,
    TooManyFailuresError,
)
from tests.codec.keys import Clocks


def fail(throttle: Throttle, name: str, times: int) -> None:
    for _ in range(times):
        throttle.take(name)


def pause_of(throttle: Throttle, name: str) -> int:
    with pytest.raises(TooManyFailuresError) as refusal:
        throttle.take(name)
    return refusal.value.seconds


def test_each_failure_doubles_the_pause_up_to_five_minutes() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    fail(throttle, "olga", FREE_FAILURES)
    pauses = []
    for _ in range(11):
        pauses.append(pause_of(throttle, "olga"))
        clocks.move(pauses[-1])
        throttle.take("olga")
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, LONGEST_PAUSE_SECONDS, 300]


def test_a_refused_try_does_not_make_the_pause_longer() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    fail(throttle, "olga", FREE_FAILURES)
    for _ in range(50):
        pause_of(throttle, "olga")
    clocks.move(1)
    throttle.take("olga")


def test_others_do_not_wait_for_who_guesses_one_name() -> None:
    throttle = Throttle(Clocks().monotonic)
    fail(throttle, "olga", FREE_FAILURES)
    assert pause_of(throttle, "olga")
    throttle.take("omar")


def test_a_success_is_the_end_of_it() -> None:
    throttle = Throttle(Clocks().monotonic)
    for _ in range(100):
        throttle.take("olga")
        throttle.succeeded("olga")


def test_failures_are_forgotten_after_an_hour() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    fail(throttle, "olga", FREE_FAILURES)
    clocks.move(3600)
    fail(throttle, "olga", FREE_FAILURES)
    assert pause_of(throttle, "olga") == 1


def test_over_all_names_one_a_second_may_fail() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    for number in range(int(MOST_FAILURES)):
        throttle.take(f"name{number}")
    assert pause_of(throttle, "another") == 1
    clocks.move(1)
    throttle.take("another")
    assert pause_of(throttle, "yet another") == 1


def test_names_that_are_made_up_do_not_fill_the_memory() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    for number in range(MOST_NAMES + 100):
        throttle.take(f"name{number}")
        clocks.move(1)
    assert len(vars(throttle)["_failed"]) == MOST_NAMES
