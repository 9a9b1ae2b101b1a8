"""The throttle: how long who guesses has to wait, and that others need not."""

import pytest

from codec.server.throttle import (
    FREE_FAILURES,
    LONGEST_PAUSE_SECONDS,
    MOST_COUNTED,
    MOST_FAILURES,
    MOST_OF_AN_ADDRESS,
    Throttle,
    TooManyFailuresError,
)
from tests.codec.keys import Clocks

HERE, ELSEWHERE = "203.0.113.1", "203.0.113.2"


def fail(throttle: Throttle, name: str, times: int) -> None:
    for _ in range(times):
        throttle.take(name, address=HERE)


def pause_of(
    throttle: Throttle,
    name: str = "olga",
    address: str = HERE,
    browser: str | None = None,
) -> int:
    with pytest.raises(TooManyFailuresError) as refusal:
        throttle.take(name, address=address, browser=browser)
    return refusal.value.seconds


def test_each_failure_doubles_the_pause_up_to_a_minute() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    fail(throttle, "olga", FREE_FAILURES)
    pauses = []
    for _ in range(9):
        pauses.append(pause_of(throttle))
        clocks.move(pauses[-1])
        throttle.take("olga", address=HERE)
    assert pauses == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE_SECONDS, 60, 60]


def test_a_refused_try_does_not_make_the_pause_longer() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    fail(throttle, "olga", FREE_FAILURES)
    for _ in range(50):
        pause_of(throttle)
    clocks.move(1)
    throttle.take("olga", address=HERE)


def test_others_do_not_wait_for_who_guesses_one_name() -> None:
    throttle = Throttle(Clocks().monotonic)
    fail(throttle, "olga", FREE_FAILURES)
    assert pause_of(throttle)
    throttle.take("omar", address=HERE)


def test_an_operator_elsewhere_does_not_wait_for_who_guesses_her_password() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    for _ in range(40):
        try:
            throttle.take("olga", address=HERE)
        except TooManyFailuresError as error:
            clocks.move(error.seconds)
    throttle.take("olga", address=ELSEWHERE)


def test_a_known_browser_does_not_wait_for_strangers_of_any_address() -> None:
    throttle = Throttle(Clocks().monotonic)
    for number in range(40):
        try:
            throttle.take("olga", address=f"203.0.113.{number}")
        except TooManyFailuresError:
            continue
    assert pause_of(throttle, address=ELSEWHERE)
    throttle.take("olga", address=ELSEWHERE, browser="hers")


def test_a_known_browser_waits_for_its_own_failures() -> None:
    throttle = Throttle(Clocks().monotonic)
    for _ in range(FREE_FAILURES):
        throttle.take("olga", address=HERE, browser="hers")
    assert pause_of(throttle, browser="hers") == 1
    # Wherever it is carried to, and nobody else.
    assert pause_of(throttle, address=ELSEWHERE, browser="hers") == 1
    throttle.take("olga", address=HERE, browser="her other one")


def test_a_success_is_the_end_of_it() -> None:
    throttle = Throttle(Clocks().monotonic)
    for browser in (None, "hers"):
        for _ in range(100):
            throttle.take("olga", address=HERE, browser=browser)
            throttle.succeeded("olga", address=HERE, browser=browser)


def test_failures_are_forgotten_after_an_hour() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    fail(throttle, "olga", FREE_FAILURES)
    clocks.move(3600)
    fail(throttle, "olga", FREE_FAILURES)
    assert pause_of(throttle) == 1


def test_over_all_names_and_addresses_one_a_second_may_fail() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    for number in range(int(MOST_FAILURES)):
        throttle.take(f"name{number}", address=f"203.0.113.{number}")
    assert pause_of(throttle, "another", "203.0.113.98") == 1
    clocks.move(1)
    throttle.take("another", address="203.0.113.98")
    assert pause_of(throttle, "yet another", "203.0.113.99") == 1


def test_one_address_leaves_something_to_the_others() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    for number in range(int(MOST_OF_AN_ADDRESS)):
        throttle.take(f"name{number}", address=HERE)
    assert pause_of(throttle, "another") == 5
    for number in range(50):
        clocks.move(1)
        throttle.take(f"else{number}", address=f"203.0.114.{number}")


def test_names_and_addresses_that_are_made_up_do_not_fill_the_memory() -> None:
    clocks = Clocks()
    throttle = Throttle(clocks.monotonic)
    for number in range(MOST_COUNTED + 100):
        throttle.take(f"name{number}", address=f"address{number}")
        clocks.move(1)
    assert len(vars(throttle)["_failed"]) == MOST_COUNTED
    assert len(vars(throttle)["_of_address"]) == MOST_COUNTED
