import re
from pathlib import Path

import pytest

from audit.reconcile.files.columns import FileKind
from audit.reconcile.files.errors import SettlementFileError
from audit.reconcile.files.lines import Movement
from audit.reconcile.files.reading import Amounts, SettlementFile

SAMPLES = Path(__file__).parents[2] / "samples" / "settlement"
HEADER = (
    "transactionId,transactionRequestId,transactionType,"
    "transactionAmountValue,transactionCurrency"
)


def a_file(folder: Path, *lines: str, name: str = "items.csv") -> Path:
    file = folder / name
    file.write_text("\n".join((HEADER, *lines, "<END>", "")))
    return file


def test_the_published_transaction_file_is_read() -> None:
    file = SettlementFile.open(SAMPLES / "transactionItems_20261124_000.csv")
    rows = list(file)
    assert file.columns.kind is FileKind.TRANSACTIONS
    assert [(row.request_id, row.currency, row.amount_minor) for row in rows] == [
        ("coffee-1_1", "PHP", 131400),
        ("tea-1_1", "KRW", 18000),
        ("late-1_1", "IDR", 131400),
        ("late-1_1_late", "IDR", 131400),
    ]
    assert [row.movement for row in rows][-1] is Movement.BACK
    assert rows[0].line == 2
    assert (file.rows, file.notes) == (4, [])


def test_the_published_settlement_file_is_told_from_it() -> None:
    name = "settlementItems_GCASH_PHP_2026112611021040123_000.csv"
    file = SettlementFile.open(SAMPLES / name)
    # What the customer paid is compared, and not what is left of it after the fee.
    assert [row.amount_minor for row in file] == [131400]
    assert file.columns.kind is FileKind.SETTLEMENT


KINDS = {
    # The older form, and what is added to it.
    "settlementBatchId,settlementTime,{}": FileKind.SETTLEMENT,
    "settlementBatchId,settlementTime,{},status": FileKind.SETTLEMENT,
    "settlementBatchId,settlementTime,{},orderDescription": FileKind.SETTLEMENT,
    "settlementTime,{},status,orderDescription": FileKind.SETTLEMENT,
    "orderDescription,{}": FileKind.TRANSACTIONS,
    "{}": FileKind.TRANSACTIONS,
    # Today's form: both name the batch, and how much is settled.
    "settlementBatchId,settlementInitiatedDate,settlementAmountValue,{}": (
        FileKind.SETTLEMENT
    ),
    "Settlement Batch ID,{},status,orderDescription,Settlement Initiated Date": (
        FileKind.SETTLEMENT
    ),
    "settlementBatchId,orderDescription,status,settlementAmountValue,{}": (
        FileKind.TRANSACTIONS
    ),
    # Of neither form.
    "settlementBatchId,{}": FileKind.SETTLEMENT,
    "settlementBatchId,{},status": FileKind.SETTLEMENT,
    "settlementBatchId,{},orderDescription": FileKind.SETTLEMENT,
}


@pytest.mark.parametrize(("header", "kind"), KINDS.items(), ids=KINDS)
def test_a_settlement_is_told_by_what_only_settlements_have(
    tmp_path: Path, header: str, kind: FileKind
) -> None:
    file = tmp_path / "items.csv"
    file.write_text(f"{header.format(HEADER)}\n<END>\n")
    assert SettlementFile.open(file).columns.kind is kind


@pytest.mark.parametrize(
    ("times", "kind"),
    [
        (("11/26/2026 10:00:00", "11/26/2026 10:00:00"), FileKind.SETTLEMENT),
        (("11/26/2026 10:00:00", ""), FileKind.TRANSACTIONS),
        (("", ""), FileKind.TRANSACTIONS),
        ((), FileKind.TRANSACTIONS),
    ],
)
def test_a_settlement_of_the_hong_kong_wallet_says_in_each_line_when_it_was_paid_out(
    tmp_path: Path, times: tuple[str, ...], kind: FileKind
) -> None:
    file = tmp_path / "2088_settle_20261126_1.csv"
    lines = ["Partner_transaction_id,Amount,Currency,Settlement_time,Type,Status"]
    lines += [
        f"bread-{number}_1,120.50,HKD,{time},P,L" for number, time in enumerate(times)
    ]
    file.write_text("\n".join((*lines, "TOTAL,241.00,HKD,,,", "")))
    assert SettlementFile.open(file).columns.kind is kind


def test_the_dashboards_file_is_read_in_major_units_with_title_blanks_and_sums() -> (
    None
):
    file = SettlementFile.open(SAMPLES / "transaction-details-2026-11-24.csv")
    rows = list(file)
    assert file.columns.kind is FileKind.TRANSACTIONS
    assert file.in_major_units
    assert [(row.request_id, row.amount_minor, row.moved) for row in rows] == [
        ("coffee-1_1", 131400, True),
        ("tea-1_1", 18000, True),  # the won has no smaller part
        ("milk-1_1", 5000, False),
    ]
    assert (file.rows, file.left_out) == (3, 1)


def test_the_file_of_the_hong_kong_wallet_is_read() -> None:
    file = SettlementFile.open(SAMPLES / "hk-transactions.txt")
    payment, refund = list(file)
    assert (payment.movement, payment.request_id) == (Movement.PAYMENT, "bread-1_1")
    assert (payment.currency, payment.amount_minor) == ("HKD", 12050)
    assert (refund.movement, refund.original_request_id) == (
        Movement.BACK,
        "bread-1_1",
    )
    assert not file.cut_off
    assert file.notes == [
        "files of this form have no end mark: missing lines at the end cannot be "
        "detected"
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_delimiter_case_and_order_of_columns_will_do(
    tmp_path: Path, delimiter: str
) -> None:
    file = tmp_path / "file.csv"
    header = ["Transaction Currency", "TYPE", "Amount", "Payment_Request_ID"]
    header += ["transaction_amount_value"]
    row = ["php", "payment", "1", " 'coffee-1_1 ", "1314.00"]
    file.write_text(f"{delimiter.join(header)}\n{delimiter.join(row)}\n<END>\n")
    (read,) = SettlementFile.open(file)
    assert (read.request_id, read.currency, read.amount_minor) == (
        "coffee-1_1",
        "PHP",
        131400,
    )


def test_a_decimal_comma_is_read_where_no_comma_separates(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text(
        HEADER.replace(",", ";") + "\n1;coffee-1_1;PAYMENT;1314,50;PHP\n<END>\n"
    )
    (row,) = SettlementFile.open(file)
    assert row.amount_minor == 131450


@pytest.mark.parametrize(
    ("written", "amounts", "minor"),
    [
        ("131400", Amounts.AUTO, 131400),
        ("1314.00", Amounts.AUTO, 131400),
        ("1314", Amounts.MAJOR, 131400),
        ("131400.0", Amounts.MINOR, 131400),
    ],
)
def test_money_is_read_in_the_units_in_which_it_is_written(
    tmp_path: Path, written: str, amounts: Amounts, minor: int
) -> None:
    file = a_file(tmp_path, f"1,coffee-1_1,PAYMENT,{written},PHP")
    (row,) = SettlementFile.open(file, amounts)
    assert row.amount_minor == minor


def test_one_decimal_point_makes_the_whole_file_major_units(tmp_path: Path) -> None:
    file = a_file(
        tmp_path, "1,coffee-1_1,PAYMENT,1314,PHP", "2,coffee-2_1,PAYMENT,0.50,PHP"
    )
    assert [row.amount_minor for row in SettlementFile.open(file)] == [131400, 50]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            "1,coffee-1_1,PAYMENT,13x4.00,PHP",
            "items.csv, line 2, column transactionAmountValue: is '13x4.00' "
            "(7 characters); an amount is written as 1314.00 or 131400",
        ),
        (
            "1,coffee-1_1,PAYMENT,1.3E+5,PHP",
            "column transactionAmountValue: is '1.3E+5'",
        ),
        ("1,coffee-1_1,PAYMENT,,PHP", "column transactionAmountValue: is empty"),
        (
            "1,coffee-1_1,PAYMENT,1314.001,PHP",
            "PHP has at most 2 digits after the point",
        ),
        ("1,coffee-1_1,PAYMENT,-5,PHP", "a payment must not be negative"),
        (
            "1,coffee-1_1,PAYMENT,5,XBT",
            "column transactionCurrency: is 'XBT' (3 characters)",
        ),
        (
            "1,coffee-1_1,,5,PHP",
            "column transactionType: is empty; each line needs a type",
        ),
        (
            ",,PAYMENT,5,PHP",
            "column transactionRequestId: is empty; each line needs an id",
        ),
        (
            "2.02611E+33,coffee-1_1,PAYMENT,5,PHP",
            "column transactionId: is '2.02611E+33' (11 characters); a spreadsheet "
            "program has",
        ),
        ("1,coffee-1_1,PAYMENT,5,PHP,x", "6 columns; the first line names 5"),
        ('1,"coffee-1_1,PAYMENT,5,PHP', "line 2: unexpected end of data"),
    ],
)
def test_bad_input_is_named_by_file_line_column_and_rule(
    tmp_path: Path, line: str, complaint: str
) -> None:
    with pytest.raises(SettlementFileError, match=re.escape(complaint)):
        list(SettlementFile.open(a_file(tmp_path, line)))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (
            b"PK\x03\x04\xff\xfe",
            "not text; it must be CSV in UTF-8 or GBK, not a spreadsheet",
        ),
        (b"", "names transactionType; expected is a transaction or settlement file"),
        (b"a,b,c\n1,2,3\n", "none of the first 20 lines names transactionType"),
        (
            b"transactionType,transactionId,amount\nPAYMENT,1,5\n",
            "names transactionAmountValue, transactionCurrency",
        ),
        (
            b"type,transactionId,amount,amount,currency\n",
            "column transactionAmountValue: stands twice",
        ),
    ],
)
def test_a_file_of_another_kind_is_refused(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    with pytest.raises(SettlementFileError, match=re.escape(complaint)):
        SettlementFile.open(file)


def test_nothing_may_follow_the_end(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    file.write_text(file.read_text() + "1,coffee-1_1,PAYMENT,5,PHP\n")
    with pytest.raises(SettlementFileError, match="nothing follows <END>"):
        SettlementFile.open(file)
