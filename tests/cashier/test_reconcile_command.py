"""`cashier audit reconcile`: what it takes, what it says, and its exit code."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cashier.test_audit_commands import RECORDED, run

HEADER = (
    "transactionRequestId,transactionId,transactionType,transactionAmountValue,"
    "transactionCurrency"
)


def items_of(folder: Path, *order_ids: str, name: str = "items.csv") -> Path:
    """Write a transaction file in major units that lists these orders as paid."""
    lines = (f"{one}_1,id-of-{one},PAYMENT,1314.00,PHP" for one in order_ids)
    file = folder / name
    file.write_text("\n".join((HEADER, *lines, "<END>", "")))
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One bundle of all."""
    assert run("bundle", str(tmp_path / "bundle"), *RECORDED).exit_code == 0
    return tmp_path / "bundle"


@pytest.fixture
def days(tmp_path: Path) -> list[str]:
    """Bundles of two days, the second chained to the first."""
    made: list[str] = []
    for number, history in enumerate((RECORDED[0], RECORDED[2])):
        folder = str(tmp_path / f"day-{number}")
        previous = ("--previous", made[-1]) if made else ()
        assert run("bundle", folder, history, *previous).exit_code == 0
        made.append(folder)
    return made


def test_money_that_no_file_of_alipays_lists_ends_with_1(
    folder: Path, tmp_path: Path
) -> None:
    said = run("reconcile", str(folder), str(items_of(tmp_path)), "--json")
    kinds = {one["kind"] for one in json.loads(said.stdout)["differences"]}
    assert said.exit_code == 1
    assert kinds == {"MISSING_THERE"}


def test_the_bundles_of_several_days_are_reconciled_together(
    days: list[str], tmp_path: Path
) -> None:
    orders = ("recorded-proven-paid", "recorded-encrypted-paid")
    file = str(items_of(tmp_path, *orders))
    for paths in ((*days, file), (file, *reversed(days))):
        said = run("reconcile", *paths)
        assert said.exit_code == 0, said.output
        assert "Matched: 2; nothing differs" in said.stdout
    assert run("reconcile", days[0], file).exit_code == 1


def test_a_bundle_that_is_missing_between_two_is_named_to_people_and_programs(
    days: list[str], tmp_path: Path
) -> None:
    last = str(tmp_path / "day-2")
    bundled = run("bundle", last, RECORDED[1], "--previous", days[1])
    assert bundled.exit_code == 0
    file = str(items_of(tmp_path, "recorded-proven-paid"))
    people = run("reconcile", days[0], last, file)
    programs = run("reconcile", days[0], last, file, "--json")
    assert people.exit_code == programs.exit_code == 0
    assert "day-2: the previous bundle is not given" in people.stdout
    [note] = json.loads(programs.stdout)["notes"]
    assert note in people.stdout


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (("day-0", "day-0", "items.csv"), "day-0' is given twice: give it once"),
        (("day-0", "copy", "items.csv"), "copy' is the same bundle as "),
        (("day-0", "items.csv", "items.csv"), "items.csv' is given twice"),
        (("day-0", "items.csv", "again.csv"), "again.csv: holds the same lines as "),
        (("day-0", "day-7", "items.csv"), "there is no "),
        (("day-0", "gone.csv"), "there is no "),
        (("day-0", "day-1"), "none of Alipay's files is given: name a transaction"),
        (("items.csv",), "no bundle is given: name the folder of at least one"),
        (("empty", "items.csv"), "empty' is not a bundle: there is no manifest.json"),
        (
            ("day-0", "pipe"),
            "pipe' is not a regular file: each file is read more than once",
        ),
    ],
)
def test_what_is_missing_or_given_twice_is_said_in_words(
    days: list[str], tmp_path: Path, paths: tuple[str, ...], told: str
) -> None:
    shutil.copytree(days[0], tmp_path / "copy")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("items.csv", "again.csv"):
        items_of(tmp_path, "recorded-proven-paid", name=name)
    said = run("reconcile", *(str(tmp_path / path) for path in paths))
    assert said.exit_code == 2
    assert told in said.stderr


def test_a_file_that_is_cut_off_ends_with_1_though_all_of_it_agrees(
    days: list[str], tmp_path: Path
) -> None:
    file = items_of(tmp_path, "recorded-proven-paid")
    whole = run("reconcile", days[0], str(file))
    file.write_text(file.read_text().removesuffix("<END>\n"))
    cut = run("reconcile", days[0], str(file))
    assert (whole.exit_code, cut.exit_code) == (0, 1)
    assert "CUT_OFF" not in whole.stdout
    assert "CUT_OFF" in cut.stdout
    assert "items.csv: transactions, 1 line, amounts in major units; " in cut.stdout


@pytest.mark.parametrize(
    ("encoding", "told", "named"),
    [("utf-8", "1 line, amounts", "UTF-8"), ("gbk", "1 line, read as GBK,", "GBK")],
)
def test_an_encoding_that_is_not_utf_8_is_told_with_the_file(
    days: list[str], tmp_path: Path, encoding: str, told: str, named: str
) -> None:
    file = items_of(tmp_path, "recorded-proven-paid")
    file.write_bytes(f"交易明细报告\n{file.read_text()}".encode(encoding))
    people = run("reconcile", days[0], str(file))
    programs = run("reconcile", days[0], str(file), "--json")
    assert f"items.csv: transactions, {told}" in people.stdout
    [entry] = json.loads(programs.stdout)["files"]
    assert entry["encoding"] == named


def test_what_alipay_returned_by_itself_is_named_and_ends_with_0(
    folder: Path, tmp_path: Path
) -> None:
    orders = ("recorded-proven-paid", "recorded-encrypted-paid")
    file = items_of(tmp_path, *orders, "recorded-proven-cancelled")
    its_id = "recorded-proven-cancelled_1,id-of-recorded-proven-cancelled"
    line = f"{its_id},CANCEL,-1314.00,PHP\n"
    file.write_text(file.read_text().replace("<END>", f"{line}<END>"))
    people = run("reconcile", str(folder), str(file))
    programs = run("reconcile", str(folder), str(file), "--json")
    assert people.exit_code == programs.exit_code == 0
    assert "Taken and returned by Alipay itself, unpaid here: 1" in people.stdout
    [returned] = json.loads(programs.stdout)["returned"]
    assert returned["order_id"] == "recorded-proven-cancelled"
    assert returned["where"] == "items.csv:4, items.csv:5"


@pytest.mark.parametrize(
    ("options", "told"),
    [((), "settlement.xlsx"), (("--amounts", "some"), "--amounts")],
)
def test_a_file_that_cannot_be_reconciled_ends_with_2(
    folder: Path, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    file = tmp_path / "settlement.xlsx"
    file.write_bytes(b"PK\x03\x04\x00")
    said = run("reconcile", str(folder), str(file), *options)
    assert said.exit_code == 2
    assert told in said.stderr
