"""The texts of a run in the Temporal UI must match its input."""

import json
from collections.abc import Callable

import pytest
from temporalio.api.common.v1 import Payload

from audit.findings import Rule
from audit.rules.labels import check_labels
from contracts import Money, Order
from tests.audit.histories import ALL, Forged, rules, text_of, verdict_on

OF_LABELS = {Rule.ID_DIFFERS, Rule.START_DIFFERS}


def a_payload(value: object) -> Payload:
    return Payload(
        metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode()
    )


@pytest.mark.parametrize("name", ALL)
def test_a_recorded_run_is_labelled_as_its_input_says(name: str) -> None:
    assert not rules(verdict_on(text_of(name))) & OF_LABELS


@pytest.mark.parametrize("name", ["proven-paid", "proven-late-returned", "queue-begun"])
def test_a_workflow_id_that_does_not_fit_its_order_is_found(name: str) -> None:
    forged = Forged(name)
    started = forged.events[0].workflow_execution_started_event_attributes
    started.workflow_id = f"{started.workflow_id}-again"
    forged.record.workflow_id = started.workflow_id
    [found] = [f for f in forged.verdict().findings if f.rule is Rule.ID_DIFFERS]
    assert found.seen == started.workflow_id


def other_order(forged: Forged) -> None:
    list_of(forged)["OrderId"].CopyFrom(a_payload("another"))


def other_amount(forged: Forged) -> None:
    list_of(forged)["AmountMinor"].CopyFrom(a_payload(1))


def other_currency(forged: Forged) -> None:
    list_of(forged)["Currency"].CopyFrom(a_payload("THB"))


def other_wallet(forged: Forged) -> None:
    list_of(forged)["Wallet"].CopyFrom(a_payload("MAYA"))


def a_memo(forged: Forged) -> None:
    started = forged.events[0].workflow_execution_started_event_attributes
    started.memo.fields["note"].CopyFrom(a_payload("paid in cash"))


def a_summary_of_other_money(forged: Forged) -> None:
    text = "GCASH PHP 1.00, order recorded-proven-paid"
    forged.events[0].user_metadata.summary.CopyFrom(a_payload(text))


def a_summary_of_another_order(forged: Forged) -> None:
    text = "GCASH PHP 1,314.00, order recorded-proven-paid-2"
    forged.events[0].user_metadata.summary.CopyFrom(a_payload(text))


def details_of_other_money(forged: Forged) -> None:
    text = "Order `recorded-proven-paid`: PHP 13.14 with GCash"
    forged.events[0].user_metadata.details.CopyFrom(a_payload(text))


def list_of(forged: Forged):  # type: ignore[no-untyped-def]  # noqa: ANN201
    started = forged.events[0].workflow_execution_started_event_attributes
    return started.search_attributes.indexed_fields


@pytest.mark.parametrize(
    "forge",
    [
        other_order,
        other_amount,
        other_currency,
        other_wallet,
        a_memo,
        a_summary_of_other_money,
        a_summary_of_another_order,
        details_of_other_money,
    ],
)
def test_what_the_ui_shows_otherwise_than_the_input_is_found(
    forge: Callable[[Forged], None],
) -> None:
    forged = Forged("proven-paid")
    for name, value in (
        ("OrderId", "recorded-proven-paid"),
        ("AmountMinor", 131400),
        ("Currency", "PHP"),
        ("Wallet", "GCASH"),
    ):
        list_of(forged)[name].CopyFrom(a_payload(value))
    forge(forged)
    assert Rule.START_DIFFERS in rules(forged.verdict())


def test_a_summary_that_says_what_the_input_says_is_none() -> None:
    forged = Forged("proven-paid")
    text = "GCASH PHP 1,314.00, order recorded-proven-paid"
    forged.events[0].user_metadata.summary.CopyFrom(a_payload(text))
    assert forged.verdict().is_proven


def test_a_comma_behind_money_without_minor_units_is_not_part_of_it() -> None:
    forged = Forged("proven-paid")
    money = Money(currency="KRW", value=1043)
    assert isinstance(forged.record.input, Order)
    forged.record.input = forged.record.input.model_copy(update={"amount": money})
    list_of(forged)["Currency"].CopyFrom(a_payload("KRW"))
    list_of(forged)["AmountMinor"].CopyFrom(a_payload(1043))
    text = "KAKAOPAY KRW 1,043, order recorded-proven-paid"
    forged.events[0].user_metadata.summary.CopyFrom(a_payload(text))
    forged.events[0].user_metadata.details.Clear()
    assert list(check_labels(forged.record)) == []
