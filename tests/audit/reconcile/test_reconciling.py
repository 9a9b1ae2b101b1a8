import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from audit.reconcile.files.reading import Amounts
from audit.reconcile.matching import reconcile
from audit.reconcile.outcome import Difference, Kind, Reconciliation
from cashier.audit.reconcile import run
from codec.keyring import Keyring
from contracts import Money
from tests.audit.reconcile.shelves import (
    HEADER,
    HISTORIES,
    PAID,
    PHP,
    SETTLED_HEADER,
    Shelf,
    a_file,
    paid,
    payment_id_of,
)
from tests.codec.keys import a_ring

PAYLOAD_KEYS = HISTORIES / "keys" / "payloads"


def compared(result: Reconciliation) -> list[tuple[Kind, str, str]]:
    return [(one.kind, one.movement, one.order_id) for one in result.differences]


def only(result: Reconciliation) -> Difference:
    (difference,) = result.differences
    return difference


def test_money_that_both_sides_know_matches(tmp_path: Path) -> None:
    shelf = Shelf("proven-paid", "proven-notification-lost", "proven-cancelled")
    file = a_file(tmp_path, paid(PAID), paid("recorded-proven-notification-lost"))
    result = reconcile([shelf], [file])
    assert result.is_clean
    sums = result.sums["PHP", "PAYMENT"]
    assert (sums.here, sums.there, sums.matched) == (2, 2, 2)
    assert sums.here_minor == sums.there_minor == sums.matched_minor == 262800


def test_money_is_found_by_alipays_id_where_ours_is_not_given(tmp_path: Path) -> None:
    file = a_file(tmp_path, f"{payment_id_of('proven-paid')},,,PAYMENT,131400,PHP")
    assert reconcile([Shelf("proven-paid")], [file]).matched == 1


def test_money_that_no_file_lists_is_missing_there(tmp_path: Path) -> None:
    difference = only(reconcile([Shelf("proven-paid")], [a_file(tmp_path)]))
    assert difference.kind is Kind.MISSING_THERE
    assert (difference.order_id, difference.here) == (PAID, PHP)
    assert difference.there is None


def test_money_that_we_do_not_know_is_missing_here_with_what_its_order_is(
    tmp_path: Path,
) -> None:
    shelf = Shelf("proven-cancelled")
    file = a_file(tmp_path, paid("recorded-proven-cancelled"), paid("stranger"))
    ours, strange = reconcile([shelf], [file]).differences
    assert ours.kind is strange.kind is Kind.MISSING_HERE
    assert ours.note == "the order is CANCELLED here"
    assert (ours.there, ours.where) == (PHP, "items.csv:2")
    assert strange.note == "no such order in the bundles"


def test_other_money_is_told_from_both_sides(tmp_path: Path) -> None:
    file = a_file(tmp_path, paid(PAID, "131300"))
    difference = only(reconcile([Shelf("proven-paid")], [file]))
    assert difference.kind is Kind.DIFFERENT_MONEY
    assert (difference.here, difference.there) == (
        PHP,
        Money(currency="PHP", value=131300),
    )


def test_the_same_number_of_another_currency_is_other_money(tmp_path: Path) -> None:
    file = a_file(tmp_path, paid(PAID, currency="THB"))
    assert only(reconcile([Shelf("proven-paid")], [file])).kind is Kind.DIFFERENT_MONEY


def test_a_wrong_guess_of_the_units_is_recognised_and_can_be_corrected(
    tmp_path: Path,
) -> None:
    shelf, file = Shelf("proven-paid"), a_file(tmp_path, paid(PAID, "1314"))
    assert "see --amounts" in only(reconcile([shelf], [file])).note
    assert reconcile([shelf], [file], amounts=Amounts.MAJOR).is_clean


def test_late_money_must_have_come_and_gone_back(tmp_path: Path) -> None:
    order = "recorded-proven-late-refunded"
    came = paid(order, currency="IDR")
    back = f"r1,id-of-{order},{order}_1_late,REFUND,-131400,IDR"
    shelf = Shelf("proven-late-refunded")
    assert reconcile([shelf], [a_file(tmp_path, came, back)]).matched == 2
    assert compared(reconcile([shelf], [a_file(tmp_path, came)])) == [
        (Kind.MISSING_THERE, "BACK", order)
    ]


def test_late_money_returned_by_a_cancel_is_found_by_its_payments_id(
    tmp_path: Path,
) -> None:
    order = "recorded-proven-late-returned"
    back = f"id-of-{order},,{order}_1,CANCEL,-131400,PHP"
    file = a_file(tmp_path, paid(order), back)
    assert reconcile([Shelf("proven-late-returned")], [file]).is_clean


def test_what_a_person_says_was_refunded_must_have_gone_back(tmp_path: Path) -> None:
    order = "recorded-proven-reviewed"
    result = reconcile([Shelf("proven-reviewed")], [a_file(tmp_path)])
    came, back = result.differences
    assert (came.movement, back.movement) == ("PAYMENT", "BACK")
    assert "ended CANCELLED by hand by" in back.note
    # What Alipay said was paid, and not what the order cost: that was the doubt.
    assert came.here is not None
    assert came.here != PHP
    value = came.here.value
    # A refund made by hand bears an id of its own, and names the payment by Alipay's.
    payment_id = payment_id_of("proven-reviewed")
    refund = f"r1,{payment_id},portal-1,REFUND,-{value},PHP"
    file = a_file(tmp_path, paid(order, str(value)), refund)
    assert reconcile([Shelf("proven-reviewed")], [file]).is_clean


def test_a_refund_that_we_did_not_ask_for_is_told(tmp_path: Path) -> None:
    refund = f"r1,id-of-{PAID},portal-1,REFUND,-5000,PHP"
    file = a_file(tmp_path, paid(PAID), refund)
    assert compared(reconcile([Shelf("proven-paid")], [file])) == [
        (Kind.REFUNDED_IN_PORTAL, "BACK", PAID)
    ]


def test_a_dispute_is_told_by_alipays_word(tmp_path: Path) -> None:
    dispute = f"d1,id-of-{PAID},,DISPUTE,-131400,PHP"
    difference = only(
        reconcile([Shelf("proven-paid")], [a_file(tmp_path, paid(PAID), dispute)])
    )
    assert (difference.kind, difference.movement) == (Kind.MISSING_HERE, "DISPUTE")


def test_the_same_payment_twice_in_a_file_is_told(tmp_path: Path) -> None:
    file = a_file(tmp_path, paid(PAID), paid(PAID))
    difference = only(reconcile([Shelf("proven-paid")], [file]))
    assert difference.kind is Kind.TWICE_THERE
    assert (difference.where, difference.note) == ("items.csv:3", "before: items.csv:2")


def test_transactions_and_settlements_are_compared_together(tmp_path: Path) -> None:
    shelf = Shelf("proven-paid", "proven-notification-lost")
    transactions = a_file(
        tmp_path, paid(PAID), paid("recorded-proven-notification-lost")
    )
    settled = a_file(
        tmp_path, f"batch,{paid(PAID)}", name="settled.csv", header=SETTLED_HEADER
    )
    result = reconcile([shelf], [transactions, settled])
    assert result.is_clean
    assert (result.matched, result.not_settled) == (2, 1)
    assert reconcile([shelf], [transactions]).not_settled is None


def test_each_file_must_agree(tmp_path: Path) -> None:
    settled = a_file(
        tmp_path,
        f"batch,{paid(PAID, '131000')}",
        name="settled.csv",
        header=SETTLED_HEADER,
    )
    files = [a_file(tmp_path, paid(PAID)), settled]
    difference = only(reconcile([Shelf("proven-paid")], files))
    assert (difference.kind, difference.where) == (
        Kind.DIFFERENT_MONEY,
        "settled.csv:2",
    )


def test_a_transaction_that_failed_there_is_no_money_and_is_named(
    tmp_path: Path,
) -> None:
    file = a_file(
        tmp_path,
        f"{paid(PAID)},FAIL",
        f"{paid('stranger')},FAIL",
        f"{paid('doubtful')},CANCELLED",
        header=f"{HEADER},status",
    )
    doubtful, ours = reconcile([Shelf("proven-paid")], [file]).differences
    assert (doubtful.kind, doubtful.order_id) == (Kind.MISSING_HERE, "doubtful")
    assert "its status is CANCELLED" in doubtful.note
    assert (ours.kind, ours.note) == (
        Kind.MISSING_THERE,
        "items.csv:2 lists it as FAIL",
    )


def test_a_payment_that_is_paid_here_and_cancelled_there_is_missing_there(
    tmp_path: Path,
) -> None:
    header = f"{HEADER},status"
    file = a_file(tmp_path, f"{paid(PAID)},CANCELLED", header=header)
    difference = only(reconcile([Shelf("proven-paid")], [file]))
    assert difference.kind is Kind.MISSING_THERE
    assert difference.note == "items.csv:2 lists it as CANCELLED"


def test_a_late_payment_that_we_returned_may_be_called_cancelled_there(
    tmp_path: Path,
) -> None:
    order = "recorded-proven-late-returned"
    back = f"id-of-{order},,{order}_1,CANCEL,-131400,PHP,SUCCESS"
    lines = (f"{paid(order)},CANCELLED", back)
    file = a_file(tmp_path, *lines, header=f"{HEADER},status")
    assert reconcile([Shelf("proven-late-returned")], [file]).is_clean


def test_encrypted_histories_are_read_with_their_keys_and_named_without(
    tmp_path: Path,
) -> None:
    shelf = Shelf("encrypted-paid")
    file = a_file(tmp_path, paid("recorded-encrypted-paid"))
    assert reconcile([shelf], [file], keyring=Keyring.load(PAYLOAD_KEYS)).is_clean
    unreadable, line = reconcile([shelf], [file]).differences
    assert unreadable.kind is Kind.UNREADABLE_HERE
    assert "no payload keys are given" in unreadable.note
    assert (line.kind, line.note) == (Kind.MISSING_HERE, "its history cannot be read")


def test_money_of_a_history_without_its_key_is_not_called_unknown(
    tmp_path: Path,
) -> None:
    shelf = Shelf("proven-paid", "encrypted-paid")
    orders = (PAID, "recorded-encrypted-paid", "stranger")
    file = a_file(tmp_path, *map(paid, orders))
    result = reconcile([shelf], [file])
    assert result.lack_their_keys == ""
    assert {(one.kind, one.order_id, one.note) for one in result.differences} == {
        (Kind.MISSING_HERE, "recorded-encrypted-paid", "its history cannot be read"),
        (Kind.MISSING_HERE, "stranger", "no such order in the bundles"),
        (
            Kind.UNREADABLE_HERE,
            "recorded-encrypted-paid",
            "event 1 is encrypted, and no payload keys are given",
        ),
    }


@pytest.mark.parametrize("keyring", [None, a_ring()])
def test_that_no_history_has_its_key_is_said_once_and_first(
    tmp_path: Path, keyring: Keyring | None
) -> None:
    shelves = [Shelf("encrypted-paid", run_id=run_id) for run_id in ("1", "2", "3")]
    file = a_file(tmp_path, paid("recorded-encrypted-paid"), paid("stranger"))
    result = reconcile(shelves, [file], keyring=keyring)
    kinds = [one.kind for one in result.differences]
    assert kinds == [Kind.UNREADABLE_HERE, Kind.MISSING_HERE, Kind.MISSING_HERE]
    assert result.differences[0].note == result.lack_their_keys
    assert "none of the 3 payments' histories can be read" in result.lack_their_keys
    people = Console(file=io.StringIO(), width=200)
    assert run(shelves, [file], people, notes=["a note"], keyring=keyring) == 1
    assert isinstance(people.file, io.StringIO)
    told = people.file.getvalue()
    assert told.startswith("UNREADABLE_HERE: none of the 3 payments' histories")
    assert "CASHIER_PAYLOAD_KEYS_DIR" in told.splitlines()[0]
    assert told.count("UNREADABLE_HERE") == 1


def test_without_keys_two_different_histories_of_a_run_are_still_found(
    tmp_path: Path,
) -> None:
    other = "histories/proven-paid.json"
    again = Shelf("encrypted-paid", sha256="1" * 64, file=other)
    result = reconcile([Shelf("encrypted-paid"), again], [a_file(tmp_path)])
    first, second = result.differences
    assert first.note == result.lack_their_keys
    assert second.note == "two bundles contain different histories of its run run"


def test_a_damaged_history_is_not_said_to_lack_its_key(tmp_path: Path) -> None:
    shelves = [
        Shelf("encrypted-paid"),
        Shelf("proven-paid", run_id="another", file="histories/gone.json"),
    ]
    result = reconcile(shelves, [a_file(tmp_path)])
    assert result.lack_their_keys == ""
    assert [one.kind for one in result.differences] == [Kind.UNREADABLE_HERE] * 2


def test_a_history_that_is_gone_is_named(tmp_path: Path) -> None:
    shelf = Shelf("proven-paid", file="histories/gone.json")
    difference = only(reconcile([shelf], [a_file(tmp_path)]))
    assert difference.kind is Kind.UNREADABLE_HERE


@pytest.mark.parametrize(("lines", "code"), [([paid(PAID)], 0), ([], 1)])
def test_the_command_tells_people_and_programs_the_same(
    tmp_path: Path, lines: list[str], code: int
) -> None:
    file = a_file(tmp_path, *lines)
    people, programs = (
        Console(file=io.StringIO(), width=200),
        Console(file=io.StringIO()),
    )
    assert run([Shelf("proven-paid")], [file], people) == code
    assert run([Shelf("proven-paid")], [file], programs, as_json=True) == code
    assert isinstance(people.file, io.StringIO)
    assert isinstance(programs.file, io.StringIO)
    told = json.loads(programs.file.getvalue())
    assert told["is_clean"] is (code == 0)
    assert told["sums"][0]["here_minor"] == 131400
    assert "PHP 1,314.00" in people.file.getvalue()
    assert ("MISSING_THERE" in people.file.getvalue()) is (code == 1)
