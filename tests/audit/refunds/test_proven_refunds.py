"""Refunds of all kinds are proven from their histories alone, and told in words."""

import pytest

from audit.verify.verdicts import HistoryVerdict
from tests.audit.histories import Forged, change, setting, verdict_on
from tests.audit.refunds.playing import PLAYS, Played


def told(verdict: HistoryVerdict) -> str:
    """Return a story's words as one text, a line for each step."""
    lines = (
        f"{one.who}: {one.what}. {one.money or ''} {one.proof}"
        for one in verdict.story.steps
    )
    return "\n".join(lines)


@pytest.mark.parametrize("name", PLAYS)
async def test_refunds_of_each_kind_are_proven(played: Played, name: str) -> None:
    verdict = verdict_on(played.texts[name], played.keys)
    assert verdict.findings == []
    assert verdict.notes == []
    proofs = {step.proof for step in verdict.story.steps}
    assert {"signed by Alipay, key 1", "signed by us, key 1"} <= proofs


@pytest.mark.parametrize(
    ("name", "back"),
    [
        ("in-parts", [50000, 81400]),
        ("cancelled", [None]),
        ("refused", [None]),
        ("in-process", [50000, 81400]),
        ("in-the-portal", [50000, 81400]),
        ("returned", [50000, -50000, 81400]),
        ("by-a-persons-word", [81400]),
    ],
)
async def test_all_that_went_back_is_claimed_once(
    played: Played, name: str, back: list[int | None]
) -> None:
    claims = verdict_on(played.texts[name], played.keys).claims
    assert claims is not None
    assert [one.amount and one.amount.value for one in claims.given_back] == back
    assert claims.moved == (f"{claims.order_id}_1",)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("in-parts", "shop: requests the refund r-1, says shop-key"),
        ("in-parts", "Alipay: says: refunded. PHP 500.00 signed by Alipay, key 1"),
        ("in-parts", "it lists refunds of PHP 500.00 SUCCESS"),
        ("cancelled", "Alipay: cancels the payment; the whole payment is returned"),
        ("refused", "Alipay: refuses the refund (RISK_REJECT)"),
        ("in-process", "Alipay: accepts the refund (REFUND_IN_PROCESS)"),
        ("in-process", "_rr-1_1 is given back. PHP 500.00 signed by Alipay, key 1"),
        ("balance-short", "refuses the refund (MERCHANT_BALANCE_NOT_ENOUGH)"),
        ("balance-short", "operator: decides: the refund r-1 should be sent now"),
        ("by-two-persons", "operator: confirms the refund r-1 as a second person"),
        ("in-the-portal", "r-1 of PHP 900.00 REFUSED (MORE_THAN_IS_LEFT)"),
        ("in-the-portal", "PHP 500.00 in Alipay's portal: SUCCESS"),
        ("returned", "operator: records that r-1 has bounced, says anna"),
        ("by-a-persons-word", "operator: decides: the refund r-1 was given back"),
    ],
)
async def test_the_timeline_tells_refunds_in_words(
    played: Played, name: str, words: str
) -> None:
    assert words in told(verdict_on(played.texts[name], played.keys))


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("by-a-persons-word", "r-1 GIVEN_BACK"), ("returned", "r-1 RETURNED")],
)
async def test_what_rests_on_a_persons_word_is_told_with_the_name(
    played: Played, name: str, outcome: str
) -> None:
    settled = verdict_on(played.texts[name], played.keys).settled
    assert settled is not None
    assert (settled.outcome, settled.by, settled.against) == (outcome, "anna", "")


async def test_a_run_of_refunds_is_counted_by_how_much_went_back(
    played: Played,
) -> None:
    def outcome(name: str) -> str | None:
        return verdict_on(played.texts[name], played.keys).story.outcome

    assert outcome("in-parts") == "ALL_REFUNDED"
    history = Forged(text=played.texts["in-parts"])
    change(history.result, setting("left.value", 81400))
    assert history.verdict(played.keys).story.outcome == "PARTLY_REFUNDED"
    change(history.result, setting("refunds", []))
    assert history.verdict(played.keys).story.outcome == "NOTHING_REFUNDED"


async def test_what_alipay_has_signed_rests_on_nobodys_word(played: Played) -> None:
    for name in ("in-parts", "balance-short", "by-two-persons", "in-the-portal"):
        assert verdict_on(played.texts[name], played.keys).settled is None
