"""Refunds in all books: ours, Alipay's files, and the shop's list of orders."""

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from audit.bundle.reading import Bundle
from audit.bundle.writing import write_bundle
from audit.findings import LONGEST_SHOWN
from audit.reconcile.matching import reconcile
from audit.reconcile.our_refunds import movements_of
from audit.reconcile.outcome import Difference, Kind, Reconciliation
from cashier.audit.reconcile import run
from contracts import Money
from tests.audit.histories import Forged
from tests.audit.reconcile.shelves import HEADER, SETTLED_HEADER, a_file
from tests.audit.refunds.playing import Played

PAID = 131400


class Books:
    """One order, with its payment and refunds, as each side writes them."""

    def __init__(self, played: Played, folder: Path, name: str) -> None:
        texts = played.payments[name], played.texts[name]
        histories = [(str(one), text.encode()) for one, text in enumerate(texts)]
        write_bundle(folder / "bundle", histories, codec=None)
        self.bundle = Bundle.open(folder / "bundle")
        self.folder = folder
        [self.order_id] = {one.order_id for one in self.bundle.entries()}

    @property
    def payment(self) -> str:
        return f"id,,{self.order_id}_1,PAYMENT,{PAID},PHP"

    def refund(
        self, name: str, value: int, retry: int = 1, type_: str = "REFUND"
    ) -> str:
        """Return a refund's line; a name of ours, or one of the portal's."""
        own = f"{self.order_id}_r{name}_{retry}" if name.startswith("r-") else name
        return f"refund-{name},id,{own},{type_},-{value},PHP"

    def compared(
        self, *lines: str, settled: bool = False, **more: Any
    ) -> Reconciliation:
        if settled:
            file = a_file(
                self.folder, *(f"B1,{one}" for one in lines), header=SETTLED_HEADER
            )
        else:
            file = a_file(self.folder, *lines, header=HEADER)
        return reconcile([self.bundle], [file], **more)

    def with_orders(self, orders: str, *lines: str) -> Reconciliation:
        listed = self.folder / "orders.csv"
        listed.write_text(orders.replace("ORDER", self.order_id))
        return self.compared(self.payment, *lines, orders=listed)


def only(result: Reconciliation) -> Difference:
    [difference] = result.differences
    return difference


async def test_refunds_of_both_sides_match(played: Played, tmp_path: Path) -> None:
    books = Books(played, tmp_path, "in-parts")
    parts = books.refund("r-1", 50000), books.refund("r-2", 81400)
    result = books.compared(books.payment, *parts)
    assert result.is_clean
    sums = result.sums["PHP", "BACK"]
    assert (sums.here, sums.there, sums.matched_minor) == (2, 2, PAID)


async def test_a_cancel_in_a_refunds_place_matches_by_its_payments_id(
    played: Played, tmp_path: Path
) -> None:
    books = Books(played, tmp_path, "cancelled")
    cancel = f"id,,{books.order_id}_1,CANCEL,-{PAID},PHP"
    assert books.compared(books.payment, cancel).is_clean


async def test_the_try_that_succeeded_is_the_one_that_matches(
    played: Played, tmp_path: Path
) -> None:
    books = Books(played, tmp_path, "balance-short")
    parts = books.refund("r-1", 50000, retry=2), books.refund("r-2", 81400)
    assert books.compared(books.payment, *parts).is_clean


async def test_a_refund_that_ended_by_a_notice_is_ours(
    played: Played, tmp_path: Path
) -> None:
    books = Books(played, tmp_path, "in-process")
    parts = books.refund("r-1", 50000), books.refund("r-2", 81400)
    assert books.compared(books.payment, *parts).is_clean


async def test_a_refund_in_our_books_that_no_file_lists_is_missing_there(
    played: Played, tmp_path: Path
) -> None:
    books = Books(played, tmp_path, "in-parts")
    one = only(books.compared(books.payment, books.refund("r-1", 50000)))
    assert (one.kind, one.movement) == (Kind.MISSING_THERE, "BACK")
    assert one.id == f"{books.order_id}_rr-2_1"


async def test_a_refund_by_a_persons_word_names_the_person(
    played: Played, tmp_path: Path
) -> None:
    books = Books(played, tmp_path, "by-a-persons-word")
    one = only(books.compared(books.payment, books.refund("r-2", 81400)))
    assert one.kind is Kind.MISSING_THERE
    assert one.note == "given back by decision of anna: seen in the portal"


async def test_another_amount_of_a_refund_is_told_from_both_sides(
    played: Played, tmp_path: Path
) -> None:
    books = Books(played, tmp_path, "in-parts")
    parts = books.refund("r-1", 40000), books.refund("r-2", 81400)
    one = only(books.compared(books.payment, *parts))
    assert one.kind is Kind.DIFFERENT_MONEY
    assert one.there == Money(currency="PHP", value=40000)


@pytest.mark.parametrize("is_seen", [True, False])
async def test_a_refund_made_in_the_portal_is_found(
    played: Played, tmp_path: Path, is_seen: bool
) -> None:
    books = Books(played, tmp_path, "in-the-portal" if is_seen else "returned")
    name = _portal_id(played) if is_seen else "portal-9"
    lines = {
        True: [books.refund("r-2", 81400)],
        False: [books.refund("r-1", 50000), books.refund("r-2", 81400)],
    }
    one = only(
        books.compared(books.payment, *lines[is_seen], books.refund(name, 50000))
    )
    assert (one.kind, one.order_id) == (Kind.REFUNDED_IN_PORTAL, books.order_id)
    expected = "known here since" if is_seen else "not known here yet"
    assert one.note.startswith(expected)


def _portal_id(played: Played) -> str:
    [name] = movements_of(Forged(text=played.texts["in-the-portal"]).record).elsewhere
    return name


async def test_a_refund_of_ours_whose_bundle_is_not_given_is_not_the_portals(
    played: Played, tmp_path: Path
) -> None:
    books = Books(played, tmp_path, "cancelled")
    cancel = f"id,,{books.order_id}_1,CANCEL,-{PAID},PHP"
    one = only(books.compared(books.payment, cancel, books.refund("r-7", 100)))
    assert (one.kind, one.order_id) == (Kind.MISSING_HERE, books.order_id)
    assert one.note.endswith("the bundle with this refund is not given")


# ---- refunds that bounced ----


@pytest.mark.parametrize("word", ["REFUND_RETURN", "REFUND_REVERSAL"])
async def test_a_refund_that_bounced_is_found_and_the_command_is_told(
    played: Played, tmp_path: Path, word: str
) -> None:
    books = Books(played, tmp_path, "in-parts")
    lines = (
        books.payment,
        books.refund("r-1", 50000),
        books.refund("r-2", 81400),
        books.refund("r-2", 81400, type_=word),
    )
    one = only(books.compared(*lines, settled=True))
    assert (one.kind, one.movement) == (Kind.REFUND_RETURNED, "RETURNED")
    assert f"cashier refunds returned {books.order_id} r-2 --by NAME" in one.note


async def test_a_refund_that_bounced_and_was_recorded_matches(
    played: Played, tmp_path: Path
) -> None:
    books = Books(played, tmp_path, "returned")
    parts = books.refund("r-1", 50000), books.refund("r-2", 81400)
    bounced = books.refund("r-1", 50000, type_="REFUND_RETURN")
    assert books.compared(books.payment, *parts, bounced, settled=True).is_clean


async def test_a_recorded_return_is_missed_in_settlement_files_alone(
    played: Played, tmp_path: Path
) -> None:
    books = Books(played, tmp_path, "returned")
    lines = books.payment, books.refund("r-1", 50000), books.refund("r-2", 81400)
    assert books.compared(*lines).is_clean
    one = only(books.compared(*lines, settled=True))
    assert (one.kind, one.movement) == (Kind.MISSING_THERE, "RETURNED")
    assert one.note == "recorded by anna: in the settlement file"


# ---- the shop's list of orders ----

ORDERS = "order_id,status,amount_minor,currency,refunded\nORDER,{},131400,PHP,{}\n"


@pytest.mark.parametrize(
    ("name", "status", "refunded"),
    [
        ("in-parts", "refunded", "131400"),
        ("in-parts", "cancelled", ""),
        ("returned", "partially refunded", "81400"),
        ("returned", "paid", ""),
    ],
)
async def test_the_shop_and_the_histories_agree_on_refunds(
    played: Played, tmp_path: Path, name: str, status: str, refunded: str
) -> None:
    books = Books(played, tmp_path, name)
    parts = books.refund("r-1", 50000), books.refund("r-2", 81400)
    assert books.with_orders(ORDERS.format(status, refunded), *parts).is_clean


@pytest.mark.parametrize(
    ("name", "status", "refunded", "kind", "note"),
    [
        (
            "in-parts", "paid", "131400", Kind.ORDER_DIFFERS,
            "the shop lists it as PAID, and it is PAID, PHP 1,314.00 of it refunded "
            "here",
        ),
        (
            "in-parts", "partly refunded", "", Kind.ORDER_DIFFERS,
            "the shop lists it as PARTLY_REFUNDED, and it is PAID, PHP 1,314.00 of it "
            "refunded here",
        ),
        (
            "in-parts", "refunded", "50000", Kind.REFUNDS_DIFFER,
            "PHP 1,314.00 refunded here, PHP 500.00 for the shop",
        ),
        (
            "returned", "refunded", "", Kind.ORDER_DIFFERS,
            "the shop lists it as UNPAID, and it is PAID, PHP 814.00 of it refunded "
            "here",
        ),
    ],
)  # fmt: skip
async def test_what_the_shop_calls_refunded_and_we_do_not_is_found(
    played: Played,
    tmp_path: Path,
    name: str,
    status: str,
    refunded: str,
    kind: Kind,
    note: str,
) -> None:
    books = Books(played, tmp_path, name)
    parts = books.refund("r-1", 50000), books.refund("r-2", 81400)
    one = only(books.with_orders(ORDERS.format(status, refunded), *parts))
    assert (one.kind, one.note) == (kind, note)


async def test_the_command_tells_what_bounced(played: Played, tmp_path: Path) -> None:
    books = Books(played, tmp_path, "in-parts")
    file = a_file(
        tmp_path,
        *(f"B1,{one}" for one in (
            books.payment,
            books.refund("r-1", 50000),
            books.refund("r-2", 81400),
            books.refund("r-2", 81400, type_="REFUND_RETURN"),
        )),
        header=SETTLED_HEADER,
    )  # fmt: skip
    console = Console(width=LONGEST_SHOWN, record=True)
    assert run([books.bundle], [file], console, as_json=False) == 1
    told = console.export_text()
    assert "REFUND_RETURNED" in told
    assert "a refund bounced" in told
    assert "PHP RETURNED" in told
