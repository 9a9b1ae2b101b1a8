"""Events that were swapped are found where they stand, and without a replay."""

import pytest

from audit.findings import Rule
from audit.replay.order_of_events import check_order
from tests.audit.histories import ALL, Forged, rules

NAME = "proven-reviewed"
PLACES = range(2, len(Forged(NAME).events))
# The replay itself finds this one: both are wanted by the code, in either order.
SAME_TASK = {18, 29}


def swapped(place: int, *, numbered_anew: bool) -> Forged:
    """Return a history in which an event and the next one have changed places."""
    forged = Forged(NAME)
    one, other = forged.events[place - 1], forged.events[place]
    forged.events[place - 1], forged.events[place] = other, one
    if numbered_anew:
        one.event_id, other.event_id = other.event_id, one.event_id
    return forged


@pytest.mark.parametrize("name", ALL)
def test_the_events_of_a_recorded_history_are_in_order(name: str) -> None:
    assert not list(check_order(Forged(name).record))


@pytest.mark.parametrize("place", PLACES)
def test_two_swapped_events_are_found_at_once_and_where_they_are(place: int) -> None:
    found = list(check_order(swapped(place, numbered_anew=False).record))
    assert [(one.rule, one.event_id) for one in found] == [(Rule.REPLAY, place + 1)]


@pytest.mark.parametrize("place", sorted(set(PLACES) - SAME_TASK))
def test_numbers_made_anew_do_not_hide_swapped_events(place: int) -> None:
    [found] = check_order(swapped(place, numbered_anew=True).record)
    assert found.rule is Rule.REPLAY
    # Where the events belong, or where the first one stands that refers to them.
    assert place <= found.event_id <= place + 6


@pytest.mark.parametrize("place", sorted(SAME_TASK))
def test_what_the_code_wants_in_one_task_has_an_order_too(place: int) -> None:
    verdict = swapped(place, numbered_anew=True).verdict()
    assert Rule.REPLAY in rules(verdict)
    assert all(found.event_id for found in verdict.findings)


def test_a_broken_order_is_not_replayed() -> None:
    # The engine would wait for ever for what it has already missed.
    verdict = swapped(2, numbered_anew=True).verdict()
    [found] = [one for one in verdict.findings if one.rule is Rule.REPLAY]
    assert found.event_id == 2
