"""No two lines of Alipay's files that differ are ever taken for one."""

import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from audit.reconcile.files.lines import Row
from audit.reconcile.files.reading import SettlementFile
from audit.reconcile.matching import reconcile
from audit.reconcile.outcome import Kind, Reconciliation
from contracts import Money
from tests.audit.reconcile.shelves import PAID, Shelf, payment_id_of

SAMPLES = Path(__file__).parents[2] / "samples" / "settlement"
NAMES = (
    "transactionType",
    "transactionRequestId",
    "transactionId",
    "originalTransactionRequestId",
    "originalTransactionId",
    "transactionAmountValue",
    "transactionCurrency",
)
Line = tuple[str, ...]
# Few values, so that lines agree in most of what they say.
LINES = st.tuples(
    st.sampled_from(
        ["PAYMENT", "REFUND", "CANCEL", "PAYMENT_REVERSAL", "DISPUTE", "CAPTURE"]
    ),
    st.sampled_from(["", "stranger_1", "r1"]),
    st.sampled_from(["", "p1", "x1"]),
    st.sampled_from(["", "stranger_1"]),
    st.sampled_from(["", "p1", "p2"]),
    st.sampled_from(["100", "200"]),
    st.sampled_from(["PHP", "THB"]),
).filter(lambda line: line[1] or line[2])


def a_file(folder: Path, name: str, lines: Sequence[Line]) -> Path:
    """Write a file; one whose name says so is a settlement."""
    file = folder / name
    extra = ["settlementBatchId"] if name.startswith("settled") else []
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*NAMES, *extra])
        writer.writerows([[*line, *extra] for line in lines])
        writer.writerow(["<END>"])
    return file


def reported_lines(result: Reconciliation) -> list[str]:
    return [one.where for one in result.differences]


def of_type(type_: str, ids: str, value: str = "100") -> Line:
    """Return a line with `request id, id, original request id, original id`."""
    request_id, id_, original_request_id, original_id = ids.split(",")
    return (type_, request_id, id_, original_request_id, original_id, value, "PHP")


@given(st.lists(LINES, min_size=1, max_size=8))
def test_each_line_of_a_file_is_reported_by_itself(lines: list[Line]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = a_file(Path(folder), "items.csv", lines)
        reported = reported_lines(reconcile([], [file]))
    assert sorted(reported) == sorted(f"items.csv:{n + 2}" for n in range(len(lines)))


@given(st.lists(st.tuples(st.integers(0, 3), LINES), min_size=1, max_size=8))
def test_a_line_of_another_file_is_not_reported_only_if_a_reported_one_says_the_same(
    lines: list[tuple[int, Line]],
) -> None:
    names = ("items-1.csv", "items-2.csv", "settled-1.csv", "settled-2.csv")
    with tempfile.TemporaryDirectory() as folder:
        files = [
            a_file(Path(folder), name, [line for at, line in lines if at == number])
            for number, name in enumerate(names)
        ]
        rows = {row.where: row for file in files for row in SettlementFile.open(file)}
        reported = reported_lines(reconcile([], _with_other_content(files)))
    assert len(set(reported)) == len(reported)
    for where in rows.keys() - set(reported):
        row = rows[where]
        others = [rows[one] for one in reported if rows[one].file != row.file]
        assert any(_say_the_same(row, other) for other in others), row


def _with_other_content(files: list[Path]) -> list[Path]:
    """Make files differ that would be refused as copies of each other."""
    for number, file in enumerate(files):
        file.write_text(file.read_text() + "\n" * number)
    return files


def _say_the_same(one: Row, two: Row) -> bool:
    if (one.type, one.money) != (two.type, two.money):
        return False
    is_refund = one.type == "REFUND" and one.request_id == two.request_id != ""
    pairs = [
        (one.request_id, two.request_id),
        (one.transaction_id, two.transaction_id),
        (one.original_request_id, two.original_request_id),
        (one.original_id, two.original_id),
    ]
    return is_refund or all(a == b for a, b in pairs if a and b)


def test_two_disputes_of_one_payment_are_both_reported_with_their_order() -> None:
    file = SAMPLES / "two-disputes-of-one-payment.csv"
    first, second = reconcile([Shelf("proven-paid")], [file]).differences
    assert (first.movement, second.movement) == ("DISPUTE", "DISPUTE")
    assert first.there == Money(currency="PHP", value=100000)
    assert second.there == Money(currency="PHP", value=31400)
    assert first.order_id == second.order_id == PAID
    assert first.note == second.note == "the order is PAID here"


def test_a_dispute_finds_its_order_also_in_a_file_before_the_payments(
    tmp_path: Path,
) -> None:
    dispute = a_file(tmp_path, "1.csv", [of_type("DISPUTE", ",p1,,")])
    payment = a_file(tmp_path, "2.csv", [of_type("PAYMENT", "other_1,p1,,")])
    differences = reconcile([], [dispute, payment]).differences
    assert [one.order_id for one in differences] == ["other", "other"]


@pytest.mark.parametrize(
    "ids", [",p1,,", ",p1,r_1,"], ids=["today's form", "with the payment's request id"]
)
def test_lines_without_an_id_of_their_own_are_counted_one_by_one(
    tmp_path: Path, ids: str
) -> None:
    line = of_type("DISPUTE", ids)
    result = reconcile([], [a_file(tmp_path, "items.csv", [line, line])])
    assert [one.kind for one in result.differences] == [Kind.MISSING_HERE] * 2
    assert result.sums["PHP", "DISPUTE"].there_minor == 200
    assert "its ids are those of items.csv:2, too" in result.differences[1].note


def test_lines_without_an_id_of_their_own_are_two_on_two_days(tmp_path: Path) -> None:
    payment = of_type("PAYMENT", f"{PAID}_1,p1,,", "131400")
    files = [
        a_file(tmp_path, "1.csv", [payment, of_type("DISPUTE", ",p1,,")]),
        a_file(tmp_path, "2.csv", [of_type("DISPUTE", ",p1,,")]),
    ]
    result = reconcile([Shelf("proven-paid")], files)
    assert reported_lines(result) == ["1.csv:3", "2.csv:2"]


def test_a_dispute_with_an_id_of_its_own_that_is_repeated_is_listed_twice(
    tmp_path: Path,
) -> None:
    line = of_type("DISPUTE", ",d1,,p1")
    result = reconcile([], [a_file(tmp_path, "items.csv", [line, line])])
    assert {one.kind for one in result.differences} == {
        Kind.MISSING_HERE,
        Kind.TWICE_THERE,
    }
    assert result.sums["PHP", "DISPUTE"].there_minor == 100


@pytest.mark.parametrize(
    "line",
    [
        of_type("PAYMENT", "other_1,p1,,"),
        of_type("CANCEL", "other_1,p1,,"),
        of_type("REFUND", "r1,p1,other_1,"),
        of_type("REFUND", "r1,x1,,p1"),
        of_type("DISPUTE", ",p1,,"),
        of_type("DISPUTE", ",d1,,p1"),
        of_type("DISPUTE_REVERSAL", ",p1,,", "-100"),
    ],
)
def test_a_transaction_and_its_settlement_are_one_movement(
    tmp_path: Path, line: Line
) -> None:
    files = [a_file(tmp_path, name, [line]) for name in ("1.csv", "settled.csv")]
    [difference] = reconcile([], files).differences
    assert difference.where == "1.csv:2"


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (of_type("PAYMENT", "a_1,p1,,"), of_type("PAYMENT", "a_1,p1,,", "200")),
        (of_type("PAYMENT", "a_1,p1,,"), of_type("PAYMENT", "a_1,p2,,")),
        (of_type("REFUND", "r1,p1,a_1,"), of_type("REFUND", "r2,p1,a_1,")),
        (of_type("REFUND", ",r1,,p1"), of_type("REFUND", ",r2,,p1")),
        (of_type("REFUND", "a_1,x1,a_1,"), of_type("REFUND", "a_1,x2,a_1,")),
        (of_type("CANCEL", "a_1,p1,,"), of_type("REFUND", "a_1,p1,,")),
        (of_type("DISPUTE", ",p1,,", "-100"), of_type("DISPUTE", ",p1,,", "100")),
        (of_type("DISPUTE", ",p1,,"), of_type("DISPUTE_REVERSAL", ",p1,,")),
        (of_type("DISPUTE", "x,,,p1"), of_type("DISPUTE", "x,,,p2")),
        (of_type("CAPTURE", "a_1,c1,,p1"), of_type("CAPTURE", "a_1,c2,,p1")),
    ],
)
def test_lines_that_differ_in_one_thing_are_two_movements_in_whatever_file(
    tmp_path: Path, one: Line, two: Line
) -> None:
    for name in ("2.csv", "settled.csv"):
        files = [a_file(tmp_path, "1.csv", [one]), a_file(tmp_path, name, [two])]
        result = reconcile([], files)
        assert [it.kind for it in result.differences] == [Kind.MISSING_HERE] * 2


def test_a_refund_is_one_by_its_own_id_in_both_forms_of_the_files(
    tmp_path: Path,
) -> None:
    older = a_file(tmp_path, "1.csv", [of_type("REFUND", "r1,refund-1,,p1")])
    newer = a_file(tmp_path, "2.csv", [of_type("REFUND", "r1,p1,a_1,")])
    assert len(reconcile([], [older, newer]).differences) == 1


@pytest.mark.parametrize("value", ["100000", "131500"])
def test_a_payment_that_another_day_lists_with_other_money_differs(
    tmp_path: Path, value: str
) -> None:
    # Our own payment, not a stranger's: the first line agrees, the second does not.
    first, second = (
        a_file(tmp_path, f"{n}.csv", [of_type("PAYMENT", f"{PAID}_1,p1,,", money)])
        for n, money in enumerate(("131400", value))
    )
    for files in ([first, second], [second, first]):
        [difference] = reconcile([Shelf("proven-paid")], files).differences
        assert difference.kind is Kind.DIFFERENT_MONEY
        assert "0.csv:2" in difference.note
        assert "1.csv:2" in difference.note


@pytest.mark.parametrize(
    ("one", "two"),
    [
        # As AlipayHK lists refunds that were made without an id.
        ("{id},{its},{id},", "{id},{its},{id},"),
        ("r1,,{id},", ",r2,,{its}"),
        ("r1,{its},{id},", "r2,{its},{id},"),
    ],
)
def test_the_parts_in_which_a_payment_went_back_are_added_up(
    tmp_path: Path, one: str, two: str
) -> None:
    order_id = "recorded-proven-reviewed"
    names = {"id": f"{order_id}_1", "its": payment_id_of("proven-reviewed")}
    ids = "{id},{its},,".format(**names)
    lines = [of_type("PAYMENT", ids, "131500")]
    lines += [of_type("REFUND", part.format(**names), "65750") for part in (one, two)]
    file = a_file(tmp_path, "items.csv", lines)
    assert reconcile([Shelf("proven-reviewed")], [file]).is_clean


def test_a_payment_that_is_reported_again_on_another_day_is_the_same(
    tmp_path: Path,
) -> None:
    line = of_type("PAYMENT", f"{PAID}_1,p1,,", "131400")
    files = [a_file(tmp_path, "1.csv", [line]), a_file(tmp_path, "2.csv", [line])]
    files[1].write_text(files[1].read_text() + "\n")
    assert reconcile([Shelf("proven-paid")], files).is_clean


def test_files_of_the_same_name_in_two_folders_are_two_files(tmp_path: Path) -> None:
    line = of_type("PAYMENT", f"{PAID}_1,p1,,", "131400")
    other = of_type("PAYMENT", "other_1,p2,,")
    for day in ("20261124", "20261125"):
        (tmp_path / day).mkdir()
    files = [
        a_file(tmp_path / "20261124", "items.csv", [line, other]),
        a_file(tmp_path / "20261125", "items.csv", [line]),
    ]
    [difference] = reconcile([Shelf("proven-paid")], files).differences
    assert difference.kind is Kind.MISSING_HERE


def test_a_payment_that_is_paid_out_by_two_settlements_is_listed_twice(
    tmp_path: Path,
) -> None:
    line = of_type("PAYMENT", f"{PAID}_1,p1,,", "131400")
    files = [a_file(tmp_path, f"settled-{n}.csv", [line]) for n in (1, 2)]
    files[1].write_text(files[1].read_text() + "\n")
    [difference] = reconcile([Shelf("proven-paid")], files).differences
    assert difference.kind is Kind.TWICE_THERE
