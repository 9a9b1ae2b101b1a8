"""Several bundles that are compared together."""

import json
import shutil
from itertools import permutations
from pathlib import Path

import pytest

from audit.bundle.manifest import MANIFEST, digest_of
from audit.bundle.reading import Bundle, BundleError
from audit.bundle.writing import write_bundle
from audit.reconcile.bundles import open_bundles
from audit.reconcile.matching import reconcile
from audit.reconcile.outcome import Kind, Reconciliation
from tests.audit.reconcile.shelves import HISTORIES, Shelf, a_file, paid

DAYS = (
    ("proven-paid", "late-untrue"),
    ("proven-notification-lost", "proven-late-returned"),
    ("proven-cancelled",),
)


@pytest.fixture
def days(tmp_path: Path) -> list[Path]:
    """Three bundles, one after the other, each chained to the one before."""
    folders: list[Path] = []
    for number, names in enumerate(DAYS):
        folder = tmp_path / f"day-{number}"
        files = [(name, (HISTORIES / f"{name}.json").read_bytes()) for name in names]
        previous = digest_of(folders[-1] / MANIFEST) if folders else None
        write_bundle(folder, files, previous=previous)
        folders.append(folder)
    return folders


def compared(result: Reconciliation) -> set[tuple[Kind, str, str, str]]:
    return {
        (one.kind, one.movement, one.order_id, one.note) for one in result.differences
    }


def test_money_of_all_bundles_is_compared_in_any_order(
    days: list[Path], tmp_path: Path
) -> None:
    file = a_file(
        tmp_path,
        paid("recorded-proven-paid"),
        paid("recorded-proven-notification-lost"),
        paid("recorded-proven-late-returned"),
        paid("recorded-proven-cancelled"),
    )
    for folders in permutations(days):
        bundles, notes = open_bundles(folders)
        assert notes == []
        result = reconcile(bundles, [file])
        assert result.matched == 3
        assert compared(result) == {
            (Kind.MISSING_THERE, "BACK", "recorded-proven-late-returned", ""),
            (
                Kind.MISSING_HERE,
                "PAYMENT",
                "recorded-proven-cancelled",
                "the order is CANCELLED here",
            ),
        }


def test_a_bundle_that_is_given_twice_is_refused_also_as_a_copy(
    days: list[Path], tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(days[0], copy)
    with pytest.raises(BundleError, match=r"'.*copy' is the same bundle as '.*day-0'"):
        open_bundles([days[0], days[1], copy])


def test_a_folder_that_is_no_bundle_is_named(days: list[Path], tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    with pytest.raises(
        BundleError, match=r"'.*some' is not a bundle: there is no manifest"
    ):
        open_bundles([*days, tmp_path / "some"])


def test_a_bundle_that_is_missing_in_between_is_named(days: list[Path]) -> None:
    for folders in ([days[0], days[2]], [days[2], days[0]]):
        _, [note] = open_bundles(folders)
        assert note.startswith("day-2: the previous bundle is not given")
    # What was before the first one is nobody's question.
    assert open_bundles(days[1:])[1] == []


def test_a_history_in_two_bundles_counts_once(days: list[Path], tmp_path: Path) -> None:
    again = tmp_path / "again"
    both = ("proven-paid", "declined")
    files = [(name, (HISTORIES / f"{name}.json").read_bytes()) for name in both]
    write_bundle(again, files)
    file = a_file(tmp_path, paid("recorded-proven-paid"))
    bundles = [Bundle.open(days[0]), Bundle.open(again)]
    result = reconcile(bundles, [file])
    assert result.is_clean
    assert result.sums["PHP", "PAYMENT"].here == 1


def test_a_history_whose_fields_stand_in_another_order_counts_once(
    tmp_path: Path,
) -> None:
    text = (HISTORIES / "proven-paid.json").read_text()
    bundles = []
    for name, written in (
        ("one", text),
        ("other", json.dumps(json.loads(text), sort_keys=True)),
    ):
        write_bundle(tmp_path / name, [(name, written.encode())])
        bundles.append(Bundle.open(tmp_path / name))
    assert len({one.sha256 for bundle in bundles for one in bundle.entries()}) == 2
    result = reconcile(bundles, [a_file(tmp_path, paid("recorded-proven-paid"))])
    assert result.is_clean
    assert result.sums["PHP", "PAYMENT"].here == 1


def test_two_different_histories_of_one_run_are_reported(tmp_path: Path) -> None:
    other = "histories/proven-cancelled.json"
    shelves = [
        Shelf("proven-paid"),
        Shelf("proven-paid", sha256="1" * 64, file=other),
    ]
    file = a_file(tmp_path, paid("recorded-proven-paid"))
    [difference] = reconcile(shelves, [file]).differences
    assert difference.kind is Kind.UNREADABLE_HERE
    assert difference.note == "two bundles contain different histories of its run run"


def test_an_order_that_was_open_in_one_bundle_has_ended_in_another(
    tmp_path: Path,
) -> None:
    shelves = [Shelf("proven-cancelled", status="RUNNING"), Shelf("proven-cancelled")]
    file = a_file(tmp_path, paid("recorded-proven-cancelled"))
    for some in permutations(shelves):
        [difference] = reconcile(some, [file]).differences
        assert difference.note == "the order is CANCELLED here"


def test_an_order_that_was_also_paid_is_reported_as_paid_in_any_order(
    tmp_path: Path,
) -> None:
    stopped = Shelf("proven-paid", status="TERMINATED", run_id="another")
    dispute = "d1,,recorded-proven-paid_1,DISPUTE,1,PHP"
    file = a_file(tmp_path, paid("recorded-proven-paid"), dispute)
    for some in permutations([Shelf("proven-paid"), stopped]):
        [difference] = reconcile(some, [file]).differences
        assert difference.note == "the order is PAID here"


def test_a_file_that_is_given_twice_is_refused_unless_it_is_empty(
    tmp_path: Path,
) -> None:
    lines = [paid("recorded-proven-paid")]
    files = [a_file(tmp_path, *lines, name=f"{n}.csv") for n in (1, 2)]
    with pytest.raises(ValueError, match=r"2\.csv: holds the same lines as '.*1.csv'"):
        reconcile([Shelf("proven-paid")], files)
    empty = [a_file(tmp_path, name=f"empty-{n}.csv") for n in (1, 2)]
    assert reconcile([], empty).is_clean
