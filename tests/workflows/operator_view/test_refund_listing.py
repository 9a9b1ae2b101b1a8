"""The search attributes of an order's refunds: those of the most urgent refund."""

from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.common import SearchAttributePair
from temporalio.testing import WorkflowEnvironment

from contracts import RefundResolution
from tests.cashier.operating import until
from tests.workflows.operator_view.test_refunds_page import (
    LATER,
    NOW,
    STUCK,
    a_refund,
    after,
)
from tests.workflows.refunds.refunding import (
    IN_PROCESS,
    PAID,
    SUCCEEDED,
    RefundingAlipay,
    Refunds,
    record_in,
    refunds_of,
    refused,
)
from visibility import (
    EXPIRES_AT,
    NEEDS_ATTENTION,
    Listed,
    NeedsAttention,
    attributes_of,
)
from workflows.operator_view.refund_listing import (
    GRAVEST,
    changes_of_refunds,
    listing_of_refunds,
)
from workflows.refunds.decision import REFUND_PATIENCE
from workflows.refunds.ledger import Ledger
from workflows.refunds.persons import settle
from workflows.refunds.refund import Refund


def a_ledger(*refunds: Refund) -> Ledger:
    ledger = Ledger("coffee-1", "coffee-1_1", "GCASH", PAID)
    ledger.refunds = {one.refund_id: one for one in refunds}
    return ledger


UPSERTED = EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES
LISTED = attributes_of(
    order_id="coffee-1", amount=PAID, wallet="GCASH", status=Listed.REFUNDS
)


@pytest.mark.parametrize("attention", STUCK)
def test_each_reason_for_attention_is_listed(attention: NeedsAttention) -> None:
    listing = listing_of_refunds(a_ledger(STUCK[attention]()), LATER)
    assert listing.needs_attention == attention


def test_the_most_urgent_refund_is_listed() -> None:
    assert set(GRAVEST) == STUCK.keys()
    stuck = [STUCK[attention]() for attention in reversed(GRAVEST)]
    for number, one in enumerate(stuck):
        one.request = one.request.model_copy(update={"refund_id": f"r-{number}"})
    listing = listing_of_refunds(a_ledger(*stuck), LATER)
    assert listing.needs_attention == GRAVEST[0]


def test_a_refund_that_ends_at_once_changes_nothing_in_the_list() -> None:
    refund = after(a_refund(), SUCCEEDED)
    assert changes_of_refunds(LISTED, a_ledger(refund), NOW) == []


def test_a_refusal_is_listed_until_a_person_acts() -> None:
    refund = after(a_refund(), refused("PROCESS_FAIL"))
    attention = listing_of_refunds(a_ledger(refund), LATER).needs_attention
    assert attention == NeedsAttention.REFUSED
    another = a_refund("r-2")
    another.asked_at = NOW + timedelta(hours=1)
    ledger = a_ledger(refund, after(another, SUCCEEDED))
    assert listing_of_refunds(ledger, LATER).needs_attention is None


def test_a_withdrawn_refund_needs_no_attention() -> None:
    refund, ledger = a_refund(doubt="dispute d-7 is open"), a_ledger()
    ledger.refunds["r-1"] = refund
    said = RefundResolution(refund_id="r-1", outcome="WITHDRAW", by="anna", reason="x")
    settle(refund, said, NOW, above=None)
    assert listing_of_refunds(ledger, NOW).needs_attention is None


def test_one_that_alipay_took_on_is_found_by_the_clock_once_it_waits() -> None:
    refund = after(a_refund(), IN_PROCESS)
    ledger = a_ledger(refund)
    # Most end within the first minute: they cost nothing.
    assert changes_of_refunds(LISTED, ledger, NOW) == []
    refund.add_answer(
        refund.request_id, IN_PROCESS, NOW + timedelta(minutes=1), proof=None
    )
    [change] = changes_of_refunds(LISTED, ledger, NOW + timedelta(minutes=1))
    assert (change.key, change.value) == (EXPIRES_AT, NOW + REFUND_PATIENCE)
    shown = LISTED.updated(SearchAttributePair(EXPIRES_AT, NOW + REFUND_PATIENCE))
    assert changes_of_refunds(shown, ledger, NOW + timedelta(minutes=2)) == []
    after(refund, SUCCEEDED)
    [change] = changes_of_refunds(shown, ledger, NOW + timedelta(minutes=3))
    assert (change.key, change.value) == (EXPIRES_AT, None)


async def test_a_refund_that_waits_costs_two_changes_of_the_list(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay(next_refunds=["REFUND_IN_PROCESS"])
    async with refunds_of(skipping.client, alipay) as refunds:
        view = await refunds.ask("r-1", None)
        await until(lambda: is_listed_by_the_clock(refunds))
        alipay.ends(record_in(view, "r-1").refund_request_id)
        await refunds.handle.result()
        described = await refunds.handle.describe()
        kinds = [
            event.event_type async for event in refunds.handle.fetch_history_events()
        ]
    assert described.typed_search_attributes.get(EXPIRES_AT) is None
    assert described.typed_search_attributes.get(NEEDS_ATTENTION) is None
    assert kinds.count(UPSERTED) == 2


async def is_listed_by_the_clock(refunds: Refunds) -> bool:
    described = await refunds.handle.describe()
    return described.typed_search_attributes.get(EXPIRES_AT) is not None
