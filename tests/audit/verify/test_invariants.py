"""Money kept is proven, no more goes back than came, and whoever acts has a name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.findings import Finding, Rule
from audit.history.claims import Claims, HandedOver, SentRefund
from audit.history.proofs import GivenBack, Paid
from audit.verify.orders import Ledger
from contracts import Money
from tests.audit.histories import Forged, change, request_in, rules, setting

PHP = Money(currency="PHP", value=131400)
PAID = Paid(14, "coffee_1", "2026", PHP)
CLAIMS = Claims(
    workflow_id="payment:coffee",
    order_id="coffee",
    event_id=19,
    began_at=datetime(2026, 11, 24, tzinfo=UTC),
)


def findings_of(*claims: Claims) -> list[Finding]:
    with Ledger() as ledger:
        found = [finding for each in claims for finding in ledger.add(each)]
        return [*found, *ledger.close()]


# ---- one history: people ----


@pytest.mark.parametrize("field", ["reason", "by"])
@pytest.mark.parametrize("name", ["proven-reviewed", "encrypted-reviewed"])
def test_an_operator_without_name_or_reason_is_found(name: str, field: str) -> None:
    forged = Forged(name)
    change(forged.update("resolve"), setting(field, " "))
    found = [f for f in forged.verdict().findings if f.rule is Rule.NOBODY_NAMED]
    assert [finding.event_id for finding in found] == [
        forged.accepted("resolve").event_id
    ]
    assert field in found[0].expected


def test_one_person_who_confirms_himself_is_found() -> None:
    forged = Forged("proven-reviewed")
    change(forged.update("resolve", 1), setting("by", " Anna"))
    found = [f for f in forged.verdict().findings if f.rule is Rule.SECOND_PERSON]
    assert len(found) == 1
    assert "this person has proposed" in found[0].expected


def test_a_second_person_who_is_only_said_to_have_confirmed_is_found() -> None:
    forged = Forged("proven-reviewed")
    change(forged.result, setting("resolved.confirmed_by", None))
    assert rules(forged.verdict()) == {Rule.RESULT_DIFFERS, Rule.SECOND_PERSON}


@pytest.mark.parametrize(
    ("by", "reason", "lacks"),
    [("anna", "", "reason"), ("", "sold out", "name"), (" ", " ", "name")],
)
def test_an_operator_who_cancels_says_who_and_why(
    by: str, reason: str, lacks: str
) -> None:
    forged = Forged("proven-cancelled")
    change(forged.update("cancel"), setting("by", by), setting("reason", reason))
    [found] = [f for f in forged.verdict().findings if f.rule is Rule.NOBODY_NAMED]
    assert lacks in found.seen


def test_the_shop_cancels_without_a_reason() -> None:
    forged = Forged("proven-cancelled")
    change(forged.update("cancel"), setting("by", "shop"), setting("reason", ""))
    assert forged.verdict().findings == []


def test_an_operator_who_cancels_with_name_and_reason_stands_in_the_story() -> None:
    forged = Forged("proven-cancelled")
    change(forged.update("cancel"), setting("by", "anna"), setting("reason", "sold"))
    verdict = forged.verdict()
    assert verdict.findings == []
    steps = [step.what for step in verdict.story.steps if step.who == "operator"]
    assert steps == ["requests a cancel, says anna: sold (sent by tests)"]


def test_who_wants_alipay_asked_is_known_by_identity() -> None:
    forged = Forged("proven-notification-lost")
    request_in(forged.accepted("check_now")).meta.identity = ""
    [found] = forged.verdict().findings
    assert (found.rule, found.seen) == (Rule.NOBODY_NAMED, "no identity")


@pytest.mark.parametrize("reason", ["", "test payment"])
def test_a_termination_needs_a_reason(reason: str) -> None:
    forged = Forged("proven-notification-lost")
    del forged.events[13:]
    end = HistoryEvent(
        event_id=14, event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED
    )
    end.workflow_execution_terminated_event_attributes.reason = reason
    end.workflow_execution_terminated_event_attributes.identity = "anna"
    forged.events.append(end)
    expected = {Rule.STOPPED} if reason else {Rule.STOPPED, Rule.NOBODY_NAMED}
    verdict = forged.verdict()
    assert rules(verdict) == expected
    assert verdict.story.steps[-1].who == "operator"


# ---- one history: money ----


@pytest.mark.parametrize("name", ["proven-reviewed", "encrypted-reviewed"])
def test_what_persons_settle_is_noted_and_not_taken_for_proof(name: str) -> None:
    verdict = Forged(name).verdict()
    assert verdict.findings == []
    assert verdict.notes == ["event 31: resolved by anna, not by proof"]


def test_a_payment_without_any_word_of_alipays_is_not_paid() -> None:
    forged = Forged("proven-cancelled")
    change(
        forged.result,
        setting("outcome", "PAID"),
        setting("status", "PAID"),
        lambda content: content["attempts"][0].update(is_paid=True),
    )
    verdict = forged.verdict()
    assert rules(verdict) == {Rule.RESULT_DIFFERS, Rule.PAID_WITHOUT_PROOF}


def test_more_given_back_than_paid_is_found() -> None:
    forged = Forged("proven-late-refunded")
    change(forged.call("refund_payment"), setting("amount.value", 200_000))
    found = [f for f in forged.verdict().findings if f.rule is Rule.REFUNDED_TOO_MUCH]
    assert [finding.seen for finding in found] == ["200000 given back (minor units)"]
    assert "131400" in found[0].expected


def test_a_refund_in_another_currency_is_found() -> None:
    forged = Forged("proven-late-refunded")
    change(forged.call("refund_payment"), setting("amount.currency", "PHP"))
    assert Rule.REFUNDED_TOO_MUCH in rules(forged.verdict())


# ---- all histories of an order ----


def test_histories_that_agree_are_no_finding() -> None:
    back = GivenBack(19, "coffee_1_late", "coffee_1", PHP)
    assert (
        findings_of(
            replace(CLAIMS, kept=("coffee_1",), proven=(PAID,)),
            replace(CLAIMS, workflow_id="payment:tea", order_id="tea", kept=("tea_1",)),
            # Told again of the same payment, and of the same refund.
            replace(CLAIMS, kept=("coffee_1",), proven=(PAID,)),
            replace(CLAIMS, workflow_id="a", order_id="cake", given_back=(back,)),
            replace(CLAIMS, workflow_id="b", order_id="cake", given_back=(back,)),
        )
        == []
    )


def test_two_paid_attempts_of_one_order_are_found() -> None:
    late = "late-payment:coffee_2"
    [found] = findings_of(
        replace(CLAIMS, kept=("coffee_1",)),
        replace(CLAIMS, workflow_id=late, kept=("coffee_2",)),
    )
    assert (found.rule, found.order_id) == (Rule.PAID_TWICE, "coffee")
    assert sorted(found.seen.split(",")) == ["coffee_1", "coffee_2"]


def test_a_second_attempt_whose_money_went_back_is_not_kept() -> None:
    back = GivenBack(13, "cancel coffee_1", "coffee_1", None)
    assert (
        findings_of(
            replace(CLAIMS, kept=("coffee_1",)),
            replace(CLAIMS, kept=("coffee_2",)),
            replace(CLAIMS, workflow_id="late-payment:coffee_1", given_back=(back,)),
        )
        == []
    )


def test_what_several_workflows_give_back_is_not_more_than_was_paid() -> None:
    refund = GivenBack(19, "coffee_1_late", "coffee_1", PHP)
    cancel = GivenBack(13, "cancel coffee_1", "coffee_1", None)
    one = replace(CLAIMS, workflow_id="a", proven=(PAID,), given_back=(refund,))
    other = replace(CLAIMS, workflow_id="b", proven=(PAID,), given_back=(cancel,))
    [found] = findings_of(one, other)
    assert (found.rule, found.order_id) == (Rule.REFUNDED_TOO_MUCH, "coffee")
    assert found.seen == "262800 returned by several runs"


def test_a_payment_that_goes_on_in_a_new_run_is_proven_by_the_run_before() -> None:
    before = replace(CLAIMS, proven=(PAID,))
    after = replace(CLAIMS, owed=(PAID,), kept=("coffee_1",))
    assert findings_of(after, before) == []
    [found] = findings_of(after)
    assert (found.rule, found.event_id) == (Rule.PAID_WITHOUT_PROOF, 19)
    less = replace(PAID, amount=Money(currency="PHP", value=1))
    [found] = findings_of(after, replace(CLAIMS, proven=(less,)))
    assert "PHP 131400" in found.expected


@pytest.mark.parametrize("is_giver_first", [True, False])
def test_a_run_that_begins_with_another_input_than_it_was_handed_is_found(
    is_giver_first: bool,
) -> None:
    giver = replace(CLAIMS, gave=(HandedOver("run-2", "digest"),))
    taker = replace(CLAIMS, workflow_id="late", took=HandedOver("run-2", "digest"))
    wrong = replace(CLAIMS, workflow_id="late", took=HandedOver("run-2", "other"))
    assert findings_of(giver, taker) == findings_of(taker, giver) == []
    claims = [giver, wrong] if is_giver_first else [wrong, giver]
    [found] = findings_of(*claims)
    assert (found.rule, found.workflow_id, found.event_id) == (
        Rule.INPUT_DIFFERS,
        "late",
        1,
    )
    assert "payment:coffee" in found.expected


# ---- refunds of an order, in all its runs ----

REFUNDS = replace(
    CLAIMS, workflow_id="refunds:coffee", run_id="first", proven=(PAID,), kept=()
)
HALF = Money(currency="PHP", value=65700)


def a_refund(name: str, amount: Money = HALF) -> GivenBack:
    return GivenBack(9, f"coffee_r{name}_1", "coffee_1", amount)


def test_two_runs_of_one_owner_give_back_no_more_than_was_paid() -> None:
    one = replace(REFUNDS, given_back=(a_refund("1"), a_refund("2")))
    again = replace(REFUNDS, run_id="second", given_back=(a_refund("3"),))
    [found] = findings_of(one, again)
    assert (found.rule, found.seen) == (
        Rule.REFUNDED_TOO_MUCH,
        "197100 returned by several runs",
    )


def test_what_alipay_lists_again_in_a_later_run_counts_once() -> None:
    one = replace(REFUNDS, given_back=(a_refund("1"),))
    again = replace(REFUNDS, run_id="second", given_back=(a_refund("1"), a_refund("2")))
    assert findings_of(one, again) == findings_of(again, one) == []


def test_what_has_bounced_may_go_back_once_more() -> None:
    minus = Money(currency="PHP", value=-65700)
    bounced = GivenBack(12, "returned coffee_r1", "coffee_1", minus)
    one = replace(REFUNDS, given_back=(a_refund("1"), a_refund("2"), bounced))
    again = replace(REFUNDS, run_id="second", given_back=(a_refund("3"),))
    assert findings_of(one, again) == []


def test_money_that_two_workflows_give_back_is_found_though_it_is_not_too_much() -> (
    None
):
    one = replace(REFUNDS, moved=("coffee_1",))
    late = replace(CLAIMS, workflow_id="late-payment:coffee_1", moved=("coffee_1",))
    [found] = findings_of(one, late)
    assert found.rule is Rule.TWO_OWNERS
    assert found.seen == "late-payment:coffee_1 and refunds:coffee"
    assert findings_of(one, replace(one, run_id="second")) == []


def test_one_refund_of_two_amounts_in_two_runs_is_found() -> None:
    one = replace(REFUNDS, refunds=(SentRefund(5, "coffee_r1", HALF),))
    again = replace(REFUNDS, refunds=(SentRefund(5, "coffee_r1", PHP),))
    [found] = findings_of(one, again)
    assert (found.rule, found.seen) == (
        Rule.REFUNDED_TWICE,
        "PHP 1,314.00 and PHP 657.00",
    )


def test_a_second_charge_of_which_a_part_was_refunded_is_still_kept_twice() -> None:
    first = replace(CLAIMS, kept=("coffee_1",), proven=(PAID,))
    second = replace(
        CLAIMS,
        workflow_id="again",
        kept=("coffee_2",),
        proven=(replace(PAID, request_id="coffee_2"),),
    )
    part = replace(REFUNDS, given_back=(a_refund("1"),))
    [found] = findings_of(first, second, part)
    assert found.rule is Rule.PAID_TWICE
    whole = replace(REFUNDS, given_back=(a_refund("1"), a_refund("2")))
    assert findings_of(first, second, whole) == []
