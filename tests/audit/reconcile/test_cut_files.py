"""A file of Alipay's that lacks its end is reported from a whole one."""

from pathlib import Path

import pytest

from audit.reconcile.files.errors import SettlementFileError
from audit.reconcile.files.reading import Amounts, SettlementFile
from audit.reconcile.matching import reconcile
from audit.reconcile.outcome import Kind

SAMPLES = Path(__file__).parents[2] / "samples" / "settlement"
TRANSACTIONS = (SAMPLES / "transactionItems_20261124_000.csv").read_bytes()
DASHBOARD = (SAMPLES / "transaction-details-2026-11-24.csv").read_bytes()
SETTLED = SAMPLES / "settlementItems_GCASH_PHP_2026112611021040123_000.csv"
MAJOR = (SAMPLES / "complete-in-major-units.csv").read_bytes()
HONG_KONG = (SAMPLES / "hk-transactions.txt").read_bytes()
CHINESE = DASHBOARD.decode("utf-8-sig").replace("Two cups of coffee", "两杯咖啡")
COUNTED = (
    b"Partner:2088000000000000|Payment_time:2026-11-24|Total_count:2\n" + HONG_KONG
)
ENDED = {
    "transactions in minor units": TRANSACTIONS,
    "transactions in major units": MAJOR,
    "transactions with the line ends of Windows": MAJOR.replace(b"\n", b"\r\n"),
    "a settlement": SETTLED.read_bytes(),
    "a settlement in major units": SETTLED.read_bytes().replace(b"131400", b"1314.00"),
    "the dashboard's form": DASHBOARD,
    "the dashboard's form with Chinese words": CHINESE.encode(),
    "the dashboard's form in GBK": CHINESE.encode("gbk"),
    "a day without any payment": TRANSACTIONS.splitlines(keepends=True)[0] + b"<END>\n",
}


def opened(
    folder: Path, content: bytes, amounts: Amounts = Amounts.AUTO
) -> SettlementFile:
    file = folder / "items.csv"
    file.write_bytes(content)
    return SettlementFile.open(file, amounts)


def is_reported(folder: Path, content: bytes) -> bool:
    try:
        file = opened(folder, content)
        list(file)
    except SettlementFileError:
        return True
    return bool(file.cut_off)


@pytest.mark.parametrize("content", ENDED.values(), ids=ENDED)
@pytest.mark.parametrize("amounts", [Amounts.AUTO, Amounts.MINOR, Amounts.MAJOR])
def test_a_whole_file_is_never_said_to_be_cut_off(
    tmp_path: Path, content: bytes, amounts: Amounts
) -> None:
    file = opened(tmp_path, content, amounts)
    assert (file.cut_off, file.notes) == ("", [])


@pytest.mark.parametrize("content", ENDED.values(), ids=ENDED)
def test_a_file_that_is_cut_at_any_byte_is_reported(
    tmp_path: Path, content: bytes
) -> None:
    # What follows the end mark says nothing: only its line's end.
    size = len(content.rstrip(b"\r\n"))
    unnoticed = [
        size for size in range(size) if not is_reported(tmp_path, content[:size])
    ]
    assert unnoticed == []


def test_a_file_without_an_end_mark_is_reported_if_cut_inside_a_line(
    tmp_path: Path,
) -> None:
    assert not is_reported(tmp_path, HONG_KONG)
    for size in range(len(HONG_KONG)):
        cut = HONG_KONG[:size]
        if not is_reported(tmp_path, cut):
            # Between two lines nothing can show it, and that is what is said.
            assert cut.endswith(b"\n")
            [note] = opened(tmp_path, cut).notes
            assert "no end mark" in note


def test_a_title_that_counts_the_lines_shows_also_a_cut_between_them(
    tmp_path: Path,
) -> None:
    whole = opened(tmp_path, COUNTED)
    assert (whole.cut_off, whole.notes) == ("", [])
    unnoticed = [
        size
        for size in range(len(COUNTED))
        if not is_reported(tmp_path, COUNTED[:size])
    ]
    assert unnoticed == []
    last = len(COUNTED.splitlines(keepends=True)[-1])
    file = opened(tmp_path, COUNTED[:-last])
    assert file.cut_off == (
        "has, by its own count, 2 lines, but contains 1: it may be cut off"
    )


def test_a_line_that_is_cut_is_named_together_with_the_missing_end(
    tmp_path: Path,
) -> None:
    file = opened(tmp_path, MAJOR[: MAJOR.index(b",PHP")])
    with pytest.raises(SettlementFileError, match=r"names 6; .*<END>: it may"):
        list(file)


def test_nothing_is_said_to_agree_while_a_file_is_cut_off(tmp_path: Path) -> None:
    # It lists all that we know, and perhaps more that we cannot see.
    file = tmp_path / "items.csv"
    file.write_bytes(MAJOR.splitlines(keepends=True)[0])
    [difference] = reconcile([], [file]).differences
    assert (difference.kind, difference.where) == (Kind.CUT_OFF, "items.csv")
    assert "does not end with <END>" in difference.note
