"""Money is counted once, and what rests on a person's word is in sight."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from audit.history.people import settled_by_a_person
from audit.history.proofs import Evidenced
from audit.report.money import MoneyOnce
from audit.report.summary import write_report
from audit.verify.verdicts import HistoryVerdict
from cashier.commands import app
from contracts import Money
from tests.audit.histories import (
    Forged,
    change,
    keys_of,
    setting,
    text_of,
    verdict_on,
)
from tests.audit.telling import BEGAN
from tests.histories.record import HISTORIES
from tests.histories.signed_paths import PAYLOAD_KEYS


@pytest.fixture
def money() -> Iterator[MoneyOnce]:
    once = MoneyOnce()
    yield once
    once.close()


def verdict_of(name: str, **changes: Any) -> HistoryVerdict:
    verdict = verdict_on(text_of(name), keys_of(name))
    return replace(verdict, entry=verdict.entry.model_copy(update=changes))


def test_a_run_that_was_made_twice_is_paid_once(money: MoneyOnce) -> None:
    money.add(verdict_of("proven-paid"), is_proven=True)
    money.add(verdict_of("proven-paid", run_id="again"), is_proven=True)
    assert money.paid() == [("PHP", 1, "PHP 1,314.00", "PHP 1,314.00")]


def test_money_is_proven_only_if_each_history_of_it_is(money: MoneyOnce) -> None:
    money.add(verdict_of("proven-paid"), is_proven=True)
    money.add(verdict_of("proven-paid", run_id="again"), is_proven=False)
    assert money.paid() == [("PHP", 1, "PHP 1,314.00", "PHP 0.00")]


def test_what_is_found_at_the_end_is_not_proven_money(money: MoneyOnce) -> None:
    money.add(verdict_of("proven-paid"), is_proven=True)
    money.take_back("payment:recorded-proven-paid")
    assert money.paid() == [("PHP", 1, "PHP 1,314.00", "PHP 0.00")]


def test_two_orders_are_two_payments(money: MoneyOnce) -> None:
    for name in ("proven-paid", "proven-notification-lost"):
        money.add(verdict_of(name), is_proven=True)
    assert [row[1] for row in money.paid()] == [2]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("proven-late-returned", "cancelled after payment"),
        ("proven-late-refunded", "refunded"),
    ],
)
def test_money_given_back_is_counted_once(
    money: MoneyOnce, name: str, how: str
) -> None:
    verdict = verdict_of(name)
    amount = verdict.claims and verdict.claims.proven[0].amount
    assert isinstance(amount, Money)
    money.add(verdict, is_proven=True)
    money.add(replace(verdict), is_proven=True)
    [(currency, told, number, _, _)] = money.given_back()
    assert (currency, told, number) == (amount.currency, how, 1)


def test_the_report_has_tables_of_money_given_back_and_of_persons(
    tmp_path: Path,
) -> None:
    verdicts = [verdict_of("proven-late-returned"), verdict_of("proven-reviewed")]
    file = tmp_path / "report.html"
    write_report(file, verdicts, (), made_at=BEGAN)
    text = file.read_text()
    assert "Refunds" in text
    assert "Decided by persons" in text
    assert "1 outcome rests on the decision of a person" in text


# ---- persons ----


def test_an_outcome_against_signed_money_is_told_so() -> None:
    settled = verdict_of("proven-reviewed").settled
    assert settled is not None
    assert (settled.outcome, settled.by) == ("CANCELLED", "anna")
    assert settled.against.startswith("Alipay has signed that it was paid, and no ret")


def test_what_nobody_had_to_settle_is_not_told() -> None:
    assert verdict_of("proven-paid").settled is None


def test_a_word_that_no_signed_money_contradicts_is_not_against_it() -> None:
    settled = settled_by_a_person(Forged("proven-reviewed").record, Evidenced())
    assert settled is not None
    assert settled.against == ""


def test_paid_by_a_word_alone_is_against_alipays_silence() -> None:
    forged = Forged("proven-reviewed")
    change(forged.result, setting("outcome", "PAID"))
    settled = settled_by_a_person(forged.record, Evidenced())
    assert settled is not None
    assert settled.against == "Alipay has signed no payment of this amount: nothing"


def verify(folder: Path, *names: str) -> str:
    """Return what the command says of a bundle of recorded histories."""
    runner = CliRunner()
    env = {"CASHIER_PAYLOAD_KEYS_DIR": str(PAYLOAD_KEYS)}
    files = [str(HISTORIES / f"{name}.json") for name in names]
    bundle = str(folder / "bundle")
    made = runner.invoke(app, ["audit", "bundle", bundle, *files], env=env)
    assert made.exit_code == 0, made.output
    keys = ("--alipay-keys", str(keys_of(names[0]).alipay_keys_dir))
    options = (*keys, "--unsigned", "--processes", "1")
    said = runner.invoke(app, ["audit", "verify", bundle, *options], env=env)
    assert said.exit_code == 0, said.output
    return said.output


def test_what_persons_have_settled_stands_in_the_commands_last_lines(
    tmp_path: Path,
) -> None:
    *_, settled, last = verify(tmp_path, "proven-reviewed").strip().splitlines()
    assert settled.startswith("Decided by anna")
    assert "contradicts Alipay: Alipay has signed that it was paid" in settled
    assert last == (
        "All proven, but 1 outcome rests on the decision of a person, 1 of them "
        "contradict Alipay's signed messages."
    )


def test_what_needs_no_person_is_all_proven(tmp_path: Path) -> None:
    assert verify(tmp_path, "proven-paid").strip().endswith("All proven.")


def test_what_a_choice_of_histories_cannot_show_is_said(tmp_path: Path) -> None:
    said = verify(tmp_path, "proven-paid")
    assert "NOTE: bundle holds histories that were given one by one" in said
