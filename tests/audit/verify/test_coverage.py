"""Bundles that do not follow each other, and runs that are named and not there."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.bundle.describing import describe, parse_history
from audit.bundle.manifest import Selection, digest_of
from audit.bundle.reading import Bundle
from audit.bundle.writing import UnfinishedBundle
from audit.findings import Finding, Rule
from audit.history.claims import Claims
from audit.history.named_runs import NamedRun
from audit.verify.bundles import verify_bundles
from audit.verify.coverage import Coverage, chain_findings, notes_on
from audit.verify.runs import Runs
from tests.audit.histories import CODEC, Forged, keys_of, text_of, verdict_on

DAY = timedelta(days=1)
FIRST = datetime(2026, 11, 23, tzinfo=UTC)
SECOND, THIRD, FOURTH = FIRST + DAY, FIRST + 2 * DAY, FIRST + 3 * DAY


def a_bundle(
    folder: Path,
    name: str,
    since: datetime | None,
    before: datetime,
    previous: Bundle | None = None,
    **selected: Any,
) -> Bundle:
    """Write an empty bundle of a period; it was made when the period was over."""
    with UnfinishedBundle.opened(folder / name) as unfinished:
        selection = Selection(since=since, before=before, **selected)
        unfinished.agree_on(selection)
        unfinished.finish(
            selection,
            key=None,
            previous=digest_of(previous.folder / "manifest.json") if previous else None,
            made_at=before,
        )
    return Bundle.open(folder / name)


def three(folder: Path) -> list[Bundle]:
    """Return a chain of three days; the first holds all that was before."""
    one = a_bundle(folder, "1", None, SECOND)
    two = a_bundle(folder, "2", SECOND, THIRD, one)
    return [one, two, a_bundle(folder, "3", THIRD, FOURTH, two)]


def found_in(*bundles: Bundle) -> list[tuple[Rule, str]]:
    return [(one.rule, one.seen) for one in chain_findings(bundles, None)]


def test_a_whole_chain_has_no_finding_and_no_note(tmp_path: Path) -> None:
    chain = three(tmp_path)
    assert found_in(*reversed(chain)) == []
    assert list(notes_on(chain, None)) == []


def test_a_bundle_that_is_left_out_is_a_gap_and_a_broken_chain(tmp_path: Path) -> None:
    one, _, last = three(tmp_path)
    found = found_in(one, last)
    assert [rule for rule, _ in found] == [Rule.CHAIN, Rule.PERIOD_GAP]
    assert "3 follows" in found[0][1]
    assert found[1][1] == "3 begins at 2026-11-25 00:00:00 UTC"


def test_a_gap_between_periods_is_found_in_a_sound_chain(tmp_path: Path) -> None:
    one = a_bundle(tmp_path, "1", None, SECOND)
    two = a_bundle(tmp_path, "2", SECOND + timedelta(hours=1), THIRD, one)
    assert [rule for rule, _ in found_in(one, two)] == [Rule.PERIOD_GAP]


def test_a_chain_that_begins_anew_in_the_middle_is_found(tmp_path: Path) -> None:
    one = a_bundle(tmp_path, "1", None, SECOND)
    two = a_bundle(tmp_path, "2", SECOND, THIRD)
    assert found_in(one, two) == [
        (Rule.CHAIN, "2 begins a chain of its own (previous: null)")
    ]


def test_a_fork_of_the_chain_is_found(tmp_path: Path) -> None:
    one = a_bundle(tmp_path, "1", None, SECOND)
    two = a_bundle(tmp_path, "2", SECOND, THIRD, one)
    other = a_bundle(tmp_path, "2-again", SECOND, THIRD, one)
    [(rule, seen)] = found_in(one, two, other)
    assert rule is Rule.CHAIN
    assert seen.startswith("2 and 2-again both follow ")


def test_a_first_bundle_that_is_withheld_is_a_note(tmp_path: Path) -> None:
    _, two, last = three(tmp_path)
    assert found_in(two, last) == []
    [note] = notes_on([two, last], None)
    assert note.startswith("2 is not the first of its chain")


def test_a_chain_that_begins_late_is_a_note(tmp_path: Path) -> None:
    [note] = notes_on([a_bundle(tmp_path, "1", FIRST, SECOND)], None)
    assert "closed from 2026-11-23 00:00:00 UTC on" in note


@pytest.mark.parametrize(
    ("selected", "told"),
    [
        ({"query": 'WorkflowId != "payment:coffee"'}, "what the query"),
        ({"order_id": "coffee"}, "workflows of order coffee"),
        ({"from_files": True}, "histories that were given one by one"),
    ],
)
def test_a_choice_is_noted_and_covers_no_period(
    tmp_path: Path, selected: dict[str, Any], told: str
) -> None:
    one = a_bundle(tmp_path, "1", None, SECOND)
    two = a_bundle(tmp_path, "2", SECOND, THIRD, one, **selected)
    last = a_bundle(tmp_path, "3", THIRD, FOURTH, two)
    [note] = notes_on([one, two, last], None)
    assert told in note
    # The time of the choice is not covered by it.
    assert [rule for rule, _ in found_in(one, two, last)] == [Rule.PERIOD_GAP]


def test_the_command_says_both(tmp_path: Path) -> None:
    one, _, last = three(tmp_path)
    verdicts = verify_bundles([one, last], keys_of(), processes=1, tell=lambda *_: None)
    assert list(verdicts) == []
    assert {one.rule for one in verdicts.bundle_findings} >= {
        Rule.CHAIN,
        Rule.PERIOD_GAP,
    }


# ---- runs ----

CLAIMS = Claims(
    workflow_id="payment:coffee",
    order_id="coffee",
    event_id=19,
    began_at=FIRST,
    run_id="parent",
    workflow_type="CashierPayment",
    outcome="PAID",
)


def claims(**changes: Any) -> Claims:
    return replace(CLAIMS, **changes)


def a_name(at: datetime, *, has_ended: bool) -> NamedRun:
    return NamedRun("child", 17, "callbacks:coffee, started here", at, has_ended)


def judged(
    bundles: list[Bundle], *claimed: Claims, met: tuple[str, ...] = ()
) -> tuple[list[Finding], list[str]]:
    runs = Runs(Coverage.of(bundles))
    try:
        for one in claimed:
            runs.add(one)
        for run_id in met:
            runs.meet(run_id)
        return list(runs.findings()), list(runs.notes())
    finally:
        runs.close()


def test_a_child_that_is_there_is_not_missed(tmp_path: Path) -> None:
    named = claims(names=(a_name(FIRST, has_ended=False),))
    assert judged(three(tmp_path), named, met=("child",)) == ([], [])


def test_a_child_of_an_earlier_day_that_is_not_there_is_found(tmp_path: Path) -> None:
    named = claims(names=(a_name(FIRST, has_ended=False),))
    [found], notes = judged(three(tmp_path), named)
    assert (found.rule, found.event_id) == (Rule.RUN_MISSING, 17)
    assert found.expected == "the history of run child: callbacks:coffee, started here"
    assert notes == []


def test_a_child_of_the_last_day_may_still_be_open(tmp_path: Path) -> None:
    named = claims(names=(a_name(THIRD, has_ended=False),))
    found, [note] = judged(three(tmp_path), named)
    assert found == []
    assert "run child, callbacks:coffee, started here" in note


def test_a_run_that_had_ended_is_missed_on_the_last_day_too(tmp_path: Path) -> None:
    named = claims(names=(a_name(THIRD, has_ended=True),))
    [found], _ = judged(three(tmp_path), named)
    assert found.rule is Rule.RUN_MISSING


def test_a_child_is_missed_where_open_runs_are_in_the_bundle(tmp_path: Path) -> None:
    bundle = a_bundle(tmp_path, "1", None, SECOND, include_open=True)
    [found], _ = judged([bundle], claims(names=(a_name(FIRST, has_ended=False),)))
    assert found.rule is Rule.RUN_MISSING


def test_the_earlier_run_of_an_order_that_is_not_there_is_found(tmp_path: Path) -> None:
    chain, later = three(tmp_path), claims(first_attempt=2, attempts=(2,))
    [found], _ = judged(chain, later)
    assert found.rule is Rule.RUN_MISSING
    assert found.expected == "an earlier run of the order, with attempt 1"
    earlier = claims(run_id="earlier", attempts=(1,))
    assert judged(chain, later, earlier) == ([], [])


def test_the_earlier_run_may_lie_before_the_first_bundle(tmp_path: Path) -> None:
    _, two, last = three(tmp_path)
    later = claims(first_attempt=2, attempts=(2,), began_at=SECOND)
    found, [note] = judged([two, last], later)
    assert found == []
    assert "an earlier run with attempt 1" in note


def test_two_histories_that_end_one_attempt_are_found(tmp_path: Path) -> None:
    one = claims(ended=("coffee_1",))
    other = claims(ended=("coffee_1",), run_id="again", workflow_id="payment:copy")
    [found], _ = judged(three(tmp_path), one, other)
    assert found.rule is Rule.RUN_DOUBLED
    assert found.expected == "one run with the outcome of coffee_1"
    assert found.seen == "PAID in run parent, PAID in run again"


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        # Its first number was used up before, by a run that is not kept any more.
        ("paid-with-a-later-number", ("recorded-paid-with-a-later-number_2",)),
        # It has opened the second, and heard that the first one was paid as well.
        ("release-3-second-charge", ("recorded-release-3-second-charge_2",)),
        ("proven-paid", ("recorded-proven-paid_1",)),
    ],
)
def test_only_what_a_run_has_opened_or_keeps_is_its_own(
    name: str, opened: tuple[str, ...]
) -> None:
    claimed = verdict_on(text_of(name)).claims
    assert claimed is not None
    assert claimed.ended == opened


def test_another_run_with_another_attempt_is_not_doubled(tmp_path: Path) -> None:
    one = claims(ended=("coffee_1",), outcome="EXPIRED")
    other = claims(ended=("coffee_2",), run_id="later")
    assert judged(three(tmp_path), one, other) == ([], [])


# ---- runs without an end ----


def cut_short(folder: Path, *, with_money: bool = False, **selected: Any) -> Bundle:
    """Write a bundle of a history that was cut before Alipay's word, or behind it."""
    forged = Forged("proven-paid")
    del forged.events[forged.notified.event_id - (not with_money) :]
    content = forged.text.encode()
    sha256 = hashlib.sha256(content).hexdigest()
    with UnfinishedBundle.opened(folder / "bundle") as unfinished:
        selection = unfinished.agree_on(Selection(**selected))
        history = parse_history(content, "a history")
        unfinished.add(describe(history, CODEC, sha256=sha256), content)
        unfinished.finish(selection, key=None, previous=None, made_at=FOURTH)
    return Bundle.open(folder / "bundle")


def verified(bundle: Bundle) -> tuple[list[Finding], list[str]]:
    verdicts = verify_bundles([bundle], keys_of(), processes=1, tell=lambda *_: None)
    # By itself it is sound: it replays, and nothing was decided.
    assert all(verdict.is_proven for verdict in verdicts)
    return verdicts.bundle_findings, verdicts.bundle_notes


def test_an_open_run_among_those_that_had_ended_is_found(tmp_path: Path) -> None:
    [found], [note] = verified(cut_short(tmp_path))
    assert (found.rule, found.order_id) == (Rule.NOT_CLOSED, "recorded-proven-paid")
    assert note.startswith("runs without an end: 1;")


def test_open_runs_that_were_asked_for_are_a_note(tmp_path: Path) -> None:
    found, [note] = verified(cut_short(tmp_path, include_open=True))
    assert found == []
    assert "ask for their outcomes" in note


def test_an_open_run_with_signed_money_is_named(tmp_path: Path) -> None:
    _, notes = verified(cut_short(tmp_path, with_money=True, include_open=True))
    assert notes[-1].endswith("order recorded-proven-paid: PHP 1,314.00")
