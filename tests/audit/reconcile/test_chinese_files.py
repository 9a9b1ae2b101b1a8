"""Files in GBK, and lines of sums in Chinese."""

from pathlib import Path

import pytest

from audit.reconcile.files.errors import SettlementFileError
from audit.reconcile.files.reading import SettlementFile
from audit.reconcile.matching import reconcile
from audit.reconcile.outcome import Kind

HEADER = (
    "transactionId,transactionRequestId,orderDescription,transactionType,"
    "transactionAmountValue,transactionCurrency"
)
COFFEE = "1,coffee-1_1,两杯咖啡,PAYMENT,1314.00,PHP"
SUMS = [
    "合计,,,,1314.00,PHP",
    "总计\uff1a1笔,,,,1314.00,PHP",
    ",,,合计,1314.00,PHP",
    ",,,小计\uff08笔\uff09,1314.00,PHP",
    "合 计,,,PAYMENT,1314.00,PHP",
    ",總計,,PAYMENT,1314.00,PHP",
    ",,交易金额合计,,1314.00,PHP",
    "合计,,,,,",
    "汇总",
    "#总计 1",
    "TOTAL,,,PAYMENT,1314.00,PHP",
    "Grand total:,,,,1314.00,PHP",
    ",,,SUBTOTAL,1314.00,PHP",
]


def opened(
    folder: Path, *lines: str, encoding: str = "utf-8", title: str = ""
) -> SettlementFile:
    file = folder / "items.csv"
    text = "\n".join((*filter(None, [title]), HEADER, *lines, "<END>", ""))
    file.write_bytes(text.encode(encoding))
    return SettlementFile.open(file)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_file_is_read_in_the_encodings_that_chinese_spreadsheets_write(
    tmp_path: Path, encoding: str
) -> None:
    lines = (COFFEE, "合计,,,,1314.00,PHP")
    file = opened(tmp_path, *lines, encoding=encoding, title="交易明细报告")
    (row,) = file
    assert (row.request_id, row.amount_minor) == ("coffee-1_1", 131400)
    assert (file.rows, file.left_out, file.notes) == (1, 1, [])


@pytest.mark.parametrize("line", SUMS)
def test_a_line_of_sums_is_no_money(tmp_path: Path, line: str) -> None:
    file = opened(tmp_path, COFFEE, line)
    assert [row.request_id for row in file] == ["coffee-1_1"]
    assert (file.rows, file.left_out) == (1, 1)


@pytest.mark.parametrize(
    "line",
    [
        "1,total-1_1,Tea,PAYMENT,1.00,PHP",
        "1,TOTAL_1,Tea,PAYMENT,1.00,PHP",
        "1,coffee-1_1,合计,PAYMENT,1.00,PHP",
        "1,coffee-1_1,TOTAL,PAYMENT,1.00,PHP",
        "1,,Total,PAYMENT,1.00,PHP",
        "1,pay-2_1,Tea,合计,1.00,PHP",
        ",pay-2_1,Tea,TOTAL,1.00,PHP",
        "1,,合计,SUMMARY,1.00,PHP",
        "1,TOTAL,Tea,DEFAULT,1.00,PHP",
    ],
)
def test_money_with_a_word_for_sums_in_it_stays_money(
    tmp_path: Path, line: str
) -> None:
    file = opened(tmp_path, line)
    assert [row.amount_minor for row in file] == [100]
    assert (file.rows, file.left_out) == (1, 0)


def test_money_whose_type_is_a_word_for_sums_is_reported_by_that_word(
    tmp_path: Path,
) -> None:
    file = opened(tmp_path, "1,pay-2_1,Tea,合计,1.00,PHP")
    [difference] = reconcile([], [file.path]).differences
    assert (difference.kind, difference.movement) == (Kind.MISSING_HERE, "合计")
    assert (difference.order_id, difference.id) == ("pay-2", "pay-2_1")


def test_a_line_that_names_only_its_payment_is_no_line_of_sums(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    header = HEADER.replace("orderDescription", "originalTransactionId")
    path.write_text(f"{header}\n,,payment-1,TOTAL,1.00,PHP\n<END>\n")
    file = SettlementFile.open(path)
    assert (file.rows, file.left_out) == (1, 0)
    with pytest.raises(SettlementFileError, match="each line needs an id"):
        list(file)


def test_a_payment_without_an_id_is_an_error_whatever_it_was_for(
    tmp_path: Path,
) -> None:
    file = opened(tmp_path, ",,优惠合计,PAYMENT,5.00,PHP")
    with pytest.raises(SettlementFileError, match="each line needs an id"):
        list(file)


def test_a_line_that_lost_a_separator_in_another_encoding_is_refused(
    tmp_path: Path,
) -> None:
    # In GBK the last letter of the remark and the separator after it are one sign.
    header = "Remarks|Partner_transaction_id|Type|Amount|Currency|Transaction_id"
    lines = (header, "tea|pay-2_1|P|5.00|HKD|2", "caf\xe9|pay-1_1|P|5.00|HKD|1", "")
    path = tmp_path / "items.csv"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    file = SettlementFile.open(path)
    with pytest.raises(
        SettlementFileError,
        match=r"items.csv, line 3: 5 columns; the first line names 6; the file is not "
        r"UTF-8 and was read as GBK",
    ):
        list(file)


def test_a_line_with_fewer_columns_than_are_named_is_refused(tmp_path: Path) -> None:
    header = "transactionId,transactionType,Amount,Currency,Remarks"
    path = tmp_path / "items.csv"
    path.write_text(f"{header},\n1,P,5.00,HKD,\n2,P,5.00,HKD\n")
    rows = iter(SettlementFile.open(path))
    assert next(rows).transaction_id == "1", "only named columns are needed"
    with pytest.raises(SettlementFileError, match=r"line 3: 4 columns; .* names 5$"):
        next(rows)


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04" + HEADER.encode(),
        b"\xd0\xcf\x11\xe0" + HEADER.encode(),
        HEADER.encode("utf-16"),
        HEADER.encode() + b"\n\x81\x20",
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "items.csv"
    file.write_bytes(content)
    with pytest.raises(SettlementFileError, match="must be CSV in UTF-8 or GBK"):
        SettlementFile.open(file)
