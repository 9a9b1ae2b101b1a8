"""`cashier audit reconcile`: shows what differs; the exit code says whether any."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from alipay.wallets import format_money
from audit.bundle.errors import BundleError
from audit.reconcile.bundles import open_bundles
from audit.reconcile.files.errors import SettlementFileError
from audit.reconcile.files.reading import Amounts, SettlementFile
from audit.reconcile.files.text import UTF_8
from audit.reconcile.matching import reconcile
from audit.reconcile.our_money import Histories
from audit.reconcile.outcome import Difference, Kind, Reconciliation, Sums
from cashier.printing import print_line
from cashier.temporal_calls import WrongSettingError, a_console, printable
from codec.keyring import Keyring
from contracts import Money

# More than a person reads at once; `--json` has them all.
ROWS_FOR_PEOPLE: Final = 200
KEYS_SETTING: Final = "CASHIER_PAYLOAD_KEYS_DIR"

_MEANS: Final = {
    Kind.MISSING_HERE: "in Alipay's files, not in our histories",
    Kind.MISSING_THERE: "in our histories, not in any file",
    Kind.DIFFERENT_MONEY: "our histories and Alipay's files differ",
    Kind.TWICE_THERE: "listed twice",
    Kind.REFUNDED_IN_PORTAL: "refunded in Alipay's portal",
    Kind.REFUND_RETURNED: "a refund bounced",
    Kind.UNREADABLE_HERE: "a history cannot be read",
    Kind.ORDER_MISSING_HERE: "in the shop's list, not in any bundle",
    Kind.ORDER_MISSING_THERE: "in our histories, not in the shop's list",
    Kind.ORDER_DIFFERS: "the shop's list and our histories differ",
    Kind.REFUNDS_DIFFER: "the shop lists another refunded amount",
    Kind.CUT_OFF: "a file is incomplete",
}


def reconcile_paths(
    paths: Sequence[Path],
    *,
    keyring: Keyring | None,
    amounts: str,
    as_json: bool,
    orders: Path | None = None,
) -> int:
    """Compare the money of bundles with Alipay's files; return the exit code.

    Args:
        paths: Folders are bundles, files are Alipay's; in any order.
        keyring: Reads encrypted histories.
        amounts: How the files write money.
        as_json: One JSON object instead of text.
        orders: The shop's own list of orders; None where it is not given.

    Raises:
        WrongSettingError: Something is missing, given twice, or cannot be read.
    """
    if amounts not in list(Amounts):
        raise WrongSettingError(f"--amounts: must be one of {', '.join(Amounts)}")
    if orders and not orders.is_file():
        raise WrongSettingError(f"--orders: there is no file {str(orders)!r}")
    folders, files = _sorted_out(paths)
    try:
        bundles, notes = open_bundles(folders)
        return run(
            bundles,
            files,
            a_console(),
            notes=notes,
            keyring=keyring,
            amounts=Amounts(amounts),
            as_json=as_json,
            orders=orders,
        )
    except (SettlementFileError, BundleError, OSError) as error:
        raise WrongSettingError(printable(str(error), longest=2000)) from None


def _sorted_out(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the bundles' folders and Alipay's files."""
    known: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise WrongSettingError(f"there is no {str(path)!r}")
        if path.resolve() in known:
            raise WrongSettingError(f"{str(path)!r} is given twice: give it once")
        if not path.is_dir() and not path.is_file():
            raise WrongSettingError(
                f"{str(path)!r} is not a regular file: each file is read more than once"
            )
        known.add(path.resolve())
    folders = [path for path in paths if path.is_dir()]
    files = [path for path in paths if not path.is_dir()]
    if not folders:
        raise WrongSettingError("no bundle is given: name the folder of at least one")
    if not files:
        raise WrongSettingError(
            "none of Alipay's files is given: name a transaction or settlement file "
            "(CSV) besides the bundles"
        )
    return folders, files


def run(
    bundles: Sequence[Histories],
    files: Sequence[Path],
    console: Console,
    *,
    notes: Sequence[str] = (),
    keyring: Keyring | None = None,
    amounts: Amounts = Amounts.AUTO,
    as_json: bool = False,
    orders: Path | None = None,
) -> int:
    """Print the result of the comparison; return 1 if anything differs, else 0.

    Args:
        bundles: To be verified before; here their histories are taken as true.
        files: Transaction and settlement files.
        console: Where it is printed.
        notes: Warnings about the bundles.
        keyring: Reads encrypted histories.
        amounts: How the files write money.
        as_json: One JSON object instead of text.
        orders: The shop's own list of orders.

    Raises:
        SettlementFileError: A file cannot be read; the message is for people.
        OSError: The same.
    """
    result = reconcile(bundles, files, keyring=keyring, amounts=amounts, orders=orders)
    if as_json:
        console.file.write(_as_json(result, notes) + "\n")
    else:
        _show(console, result, notes)
    return 0 if result.is_clean else 1


def _show(console: Console, result: Reconciliation, notes: Sequence[str]) -> None:
    differences = result.differences
    if result.lack_their_keys:
        # Once, and at the top: it is the cause of all differences below.
        told = f"{Kind.UNREADABLE_HERE}: {result.lack_their_keys}"
        print_line(console, f"{_printable(told)}: see {KEYS_SETTING}")
        differences = differences[1:]
    for note in notes:
        print_line(console, _printable(note))
    for file in result.files:
        print_line(console, _description(file))
    console.print()
    if differences:
        _show_differences(console, differences)
    _show_sums(console, result)
    number = len(result.differences)
    words = f"{number} {'differs' if number == 1 else 'differ'}"
    words = "nothing differs" if result.is_clean else words
    print_line(console, f"Matched: {result.matched}; {words}")
    if result.orders is None:
        print_line(
            console,
            "The shop's list of orders was not given (--orders): an unpaid order that "
            "was left out of all bundles is not detected",
        )
    else:
        print_line(console, f"Orders in the shop's list: {result.orders}")
    if result.returned:
        print_line(
            console,
            "Taken and returned by Alipay itself, unpaid here: "
            f"{len(result.returned)}; "
            "see --json",
        )
    if result.not_settled:
        number = result.not_settled
        print_line(
            console, f"Not in a settlement file: {number}; Alipay settles them later"
        )


def _show_differences(console: Console, differences: Sequence[Difference]) -> None:
    table = Table(show_lines=True, header_style="bold")
    for column in ("What", "Order", "Id", "Here", "There", "File and remark"):
        table.add_column(column, overflow="fold")
    for one in differences[:ROWS_FOR_PEOPLE]:
        table.add_row(
            Text.assemble(
                (one.kind, "red"), f"\n{f'{one.movement} {_MEANS[one.kind]}'.strip()}"
            ),
            Text(_printable(one.order_id), style="bold"),
            Text(_printable(one.id)),
            _money(one.here),
            _money(one.there),
            Text(_printable("\n".join(filter(None, (one.where, one.note))))),
        )
    console.print(table)
    if len(differences) > ROWS_FOR_PEOPLE:
        print_line(
            console, f"... and {len(differences) - ROWS_FOR_PEOPLE} more; see --json"
        )


def _show_sums(console: Console, result: Reconciliation) -> None:
    table = Table(header_style="bold")
    table.add_column("Money")
    for column in ("Here", "There", "Matched", "Difference"):
        table.add_column(column, justify="right")
    for (currency, movement), sums in sorted(result.sums.items()):
        table.add_row(
            Text(_printable(f"{currency} {movement}")),
            _sum(currency, sums.here, sums.here_minor),
            _sum(currency, sums.there, sums.there_minor),
            _sum(currency, sums.matched, sums.matched_minor),
            format_money(currency, sums.there_minor - sums.here_minor),
        )
    console.print(table)


def _as_json(result: Reconciliation, notes: Sequence[str]) -> str:
    """Return the whole comparison as JSON; fields are only ever added."""
    told = {
        "is_clean": result.is_clean,
        "matched": result.matched,
        "not_settled": result.not_settled,
        "orders": result.orders,
        "notes": list(notes),
        "differences": [_entry(one) for one in result.differences],
        "returned": [
            {
                "order_id": one.order_id,
                "id": one.id,
                "amount": one.amount.model_dump(),
                "where": one.where,
            }
            for one in result.returned
        ],
        "sums": [
            {"currency": currency, "movement": movement, **_numbers(sums)}
            for (currency, movement), sums in sorted(result.sums.items())
        ],
        "files": [_file_entry(file) for file in result.files],
    }
    return json.dumps(told, indent=1)


def _file_entry(file: SettlementFile) -> dict[str, Any]:
    return {
        "file": file.path.name,
        "kind": file.columns.kind,
        "encoding": file.columns.read_as,
        "rows": file.rows,
        "left_out": file.left_out,
        "amounts": _unit(file),
        "cut_off": bool(file.cut_off),
        "notes": file.notes,
    }


def _entry(one: Difference) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "movement": one.movement,
        "order_id": one.order_id,
        "id": one.id,
        "here": one.here and one.here.model_dump(),
        "there": one.there and one.there.model_dump(),
        "where": one.where,
        "note": one.note,
    }


def _numbers(sums: Sums) -> dict[str, int]:
    return {
        "here": sums.here,
        "here_minor": sums.here_minor,
        "there": sums.there,
        "there_minor": sums.there_minor,
        "matched": sums.matched,
        "matched_minor": sums.matched_minor,
    }


def _description(file: SettlementFile) -> str:
    kind = file.columns.kind.lower()
    lines = f"{file.rows} {'line' if file.rows == 1 else 'lines'}"
    told = [f"{file.path.name}: {kind}, {lines}", f"amounts in {_unit(file)} units"]
    if file.columns.read_as != UTF_8:
        # Text of a third encoding may pass for GBK, with some characters wrong.
        told.insert(1, f"read as {file.columns.read_as}")
    if file.left_out:
        word = "line" if file.left_out == 1 else "lines"
        told.insert(1, f"{file.left_out} {word} of sums left out")
    return _printable("; ".join((", ".join(told), *file.notes)))


def _unit(file: SettlementFile) -> str:
    return "major" if file.in_major_units else "minor"


def _money(money: Money | None) -> str:
    return format_money(money.currency, money.value) if money else ""


def _sum(currency: str, number: int, minor: int) -> str:
    return f"{number}: {format_money(currency, minor)}" if number else ""


def _printable(text: str) -> str:
    """Return a text from a file, safe for a terminal."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)
