"""The page of an order's refunds: attention, possible updates, a line for each."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from contracts import (
    PaymentLook,
    Proposed,
    RefundAnswer,
    RefundConfirmation,
    RefundDecision,
    RefundRequest,
    RefundResolution,
    RefundReturn,
    RefundsInput,
    RefundStatus,
    RefundVerdict,
    Resolved,
)
from tests.workflows.operator_view.test_payment_page import example_in
from tests.workflows.refunds.refunding import (
    IN_PROCESS,
    PAID,
    SUCCEEDED,
    RefundingAlipay,
    php,
    record_in,
    refunds_of,
    refused,
    seen,
)
from visibility import NeedsAttention
from visibility.runbook import REFUND_CHAPTERS
from workflows.operator_view.refunds import (
    MOST_EXPLAINED,
    MOST_LINES,
    WORDS,
    refunds_details_of,
)
from workflows.order_refunds import OrderRefunds
from workflows.refunds.ledger import Ledger
from workflows.refunds.refund import Refund

NOW = datetime(2026, 5, 2, 9, tzinfo=UTC)
RUNBOOK = Path(__file__).parents[3] / "docs" / "runbook.md"


def a_refund(refund_id: str = "r-1", value: int = 1000, **facts: Any) -> Refund:
    request = RefundRequest(refund_id=refund_id, by="anna", note="see ticket 7")
    return Refund("coffee-1", request, php(value), NOW, **facts)


def a_page(*refunds: Refund, now: datetime = NOW, **changes: Any) -> str:
    ledger = Ledger("coffee-1", "coffee-1_1", "GCASH", PAID)
    ledger.refunds = {one.refund_id: one for one in refunds}
    for name, value in changes.items():
        setattr(ledger, name, value)
    given = RefundsInput(
        order_id="coffee-1",
        payment_request_id="coffee-1_1",
        runbook_url="https://ops.example/runbook",
    )
    return refunds_details_of(ledger, given, now)


def after(refund: Refund, said: RefundAnswer) -> Refund:
    """Return a refund that was sent, and of which Alipay has said this."""
    refund.is_sent(NOW, may_be_cancelled=False)
    refund.add_answer(refund.request_id, said, NOW, proof=None)
    return refund


def without_answer() -> Refund:
    refund = a_refund()
    refund.is_sent(NOW, may_be_cancelled=False)
    refund.got_no_verdict(NOW)
    return refund


STUCK: dict[NeedsAttention, Callable[[], Refund]] = {
    NeedsAttention.SECOND_PERSON: lambda: a_refund(needs_second_person=True),
    NeedsAttention.REVIEW: lambda: a_refund(doubt="dispute d-7 is open"),
    NeedsAttention.NO_VERDICT: without_answer,
    NeedsAttention.BALANCE: lambda: after(
        a_refund(), refused("MERCHANT_BALANCE_NOT_ENOUGH")
    ),
    NeedsAttention.OVERDUE: lambda: after(a_refund(), IN_PROCESS),
    NeedsAttention.REFUSED: lambda: after(a_refund(), refused("PROCESS_FAIL")),
}
LATER = NOW + timedelta(days=1)


@pytest.mark.parametrize("attention", STUCK)
def test_the_reason_for_attention_comes_first_and_links_to_its_chapter(
    attention: NeedsAttention,
) -> None:
    refund = STUCK[attention]()
    title, first, *_ = a_page(refund, now=LATER).split("\n\n")
    assert title.startswith("### Refunds: PHP 0.00 of PHP 100.00 refunded")
    assert first.startswith("**Needs attention:** `r-1` over PHP 10.00: ")
    assert f"`{refund.request_id}`" in first
    chapter = REFUND_CHAPTERS[attention]
    assert f"(https://ops.example/runbook#{chapter})" in first


def test_every_chapter_of_refunds_is_in_the_runbook() -> None:
    titles = re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    chapters = {title.lower().replace(" ", "-") for title in titles}
    assert chapters >= {*REFUND_CHAPTERS.values()}
    assert REFUND_CHAPTERS.keys() == STUCK.keys()


@pytest.mark.parametrize(
    ("attention", "outcomes"),
    [
        (NeedsAttention.REVIEW, "SEND WITHDRAW"),
        (NeedsAttention.BALANCE, "SEND WITHDRAW"),
        (NeedsAttention.NO_VERDICT, "SEND GIVEN_BACK NOT_GIVEN_BACK"),
        (NeedsAttention.OVERDUE, "SEND GIVEN_BACK NOT_GIVEN_BACK"),
    ],
)
def test_the_outcomes_that_are_possible_are_named_with_json_to_copy(
    attention: NeedsAttention, outcomes: str
) -> None:
    page = a_page(STUCK[attention](), now=LATER)
    for outcome in RefundDecision:
        assert (f"`{outcome}` (" in page) is (outcome in outcomes.split())
    said = RefundResolution.model_validate(example_in(page))
    assert said == RefundResolution(refund_id="r-1", outcome=outcomes.split()[0])


def test_a_second_person_copies_the_confirmation() -> None:
    page = a_page(a_refund(needs_second_person=True))
    said = RefundConfirmation.model_validate(example_in(page))
    assert said == RefundConfirmation(refund_id="r-1")
    assert page.index("`confirm`") < page.index("`resolve`")


def test_the_example_contains_the_proposal() -> None:
    refund = a_refund(doubt="dispute d-7 is open")
    refund.proposed = Proposed(
        outcome="WITHDRAW", by="anna", reason="lost\nit", about="dispute d-7 is open"
    )
    page = a_page(refund)
    assert "**Proposed:** WITHDRAW, by anna (reason: lost it)." in page
    assert example_in(page)["outcome"] == "WITHDRAW"
    assert '`"replaces": "WITHDRAW"`' in page


def test_each_refund_has_one_line_and_the_newest_comes_first() -> None:
    refunds = [
        after(a_refund(f"r-{number}"), refused("PROCESS_FAIL\nno\n\n# way"))
        for number in range(3)
    ]
    lines = [line for line in a_page(*refunds).splitlines() if line.startswith("- ")]
    assert [line[:7] for line in lines] == ["- `r-2`", "- `r-1`", "- `r-0`"]
    assert all("PROCESS_FAIL no # way no. Asked for by anna on" in one for one in lines)


def test_a_page_of_many_refunds_has_an_end() -> None:
    many = [a_refund(f"r-{number}", doubt="x") for number in range(200)]
    page = a_page(*many)
    lines = [line for line in page.splitlines() if line.startswith("- ")]
    assert len(lines) == MOST_LINES + 1
    assert f"{200 - MOST_EXPLAINED} more: `cashier refunds show coffee-1`" in page
    assert page.count("**Needs attention:** `") == MOST_EXPLAINED


def test_every_status_has_a_text() -> None:
    assert WORDS.keys() == set(RefundStatus)


def test_bounces_and_refunds_in_the_portal_are_shown() -> None:
    refund = after(a_refund(), SUCCEEDED)
    refund.returned = Resolved(by="anna", reason="settlement file")
    look = PaymentLook(
        verdict="SUCCESS", amount=PAID, refunds=(seen("x", "SUCCESS", php(700)),)
    )
    page = a_page(refund, look=look)
    assert "- `r-1`: PHP 10.00, had gone back, and has bounced." in page
    assert (
        "Gone back otherwise, in Alipay's portal or before this run: PHP 7.00." in page
    )
    assert "PHP 93.00 can still be refunded." in page


def test_the_page_is_valid_markdown_with_json_in_separate_blocks() -> None:
    page = a_page(*(make() for make in STUCK.values()), now=LATER)
    tokens = MarkdownIt().parse(page)
    fences = [token for token in tokens if token.type == "fence"]
    assert len(fences) == page.count("```json")
    assert all(token.info == "json" for token in fences)
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h3"]
    items = [token for token in tokens if token.type == "list_item_open"]
    assert len(items) == 1  # all six have one name here


async def test_the_example_of_a_refund_is_refused_unchanged_then_accepted(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = RefundingAlipay()
    async with refunds_of(skipping.client, alipay) as refunds:
        await refunds.ask("r-1", 6000)
        page = await refunds.details()
        example = example_in(page)
        with pytest.raises(WorkflowUpdateFailedError):
            await refunds.handle.execute_update("refund", example)
        assert alipay.total_back == 6000
        said = {**example, "refund_id": "r-2", "by": "anna"}
        await refunds.handle.execute_update("refund", said)
        result = await refunds.handle.result()
    assert RefundRequest.model_validate(example).amount == php(4000)
    assert record_in(result, "r-2").status is RefundStatus.SUCCEEDED


async def test_the_example_of_a_bounce_is_accepted_once_it_is_filled_in(
    skipping: WorkflowEnvironment,
) -> None:
    async with refunds_of(skipping.client, RefundingAlipay()) as refunds:
        await refunds.ask("r-1", 6000)
        page = await refunds.details()
        example = example_in(page[page.index("`returned`") :])
        assert RefundReturn.model_validate(example) == RefundReturn()
        said = {**example, "refund_id": "r-1", "by": "anna", "reason": "bounced"}
        await refunds.handle.execute_update("returned", said)
        view = await refunds.handle.query(OrderRefunds.view)
        await refunds.handle.terminate()
    assert record_in(view, "r-1").status is RefundStatus.RETURNED


def test_a_refused_refund_is_shown_with_its_code() -> None:
    said = RefundAnswer(
        verdict=RefundVerdict.REFUSED, result_code="RISK_REJECT", result_message="no."
    )
    page = a_page(after(a_refund(), said))
    assert "was refused: RISK_REJECT no. Nothing went back" in page
