"""Of facts that an earlier run carried over, only signed ones are believed."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from contracts import (
    AlipayAnswer,
    CancelCall,
    Contract,
    InquiryCall,
    InquiryVerdict,
    Money,
    PayCall,
    PaymentNotified,
    PayVerdict,
)
from tests.builders import (
    PRICE,
    a_cancel,
    a_notification,
    a_page,
    an_inquiry,
    an_order,
)
from tests.signing import Signer, signed_answer, signed_notification, trust
from translation.proof import Proof
from workflows.payment.attempt import Asked
from workflows.payment.doubts import find_doubt
from workflows.payment.facts import Facts
from workflows.payment.proven import keep_proven, with_what_proves_it

ORDER = an_order(order_id="order")
NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=1)
PROOF = Proof.by(trust())
STRANGER = Signer(rsa.generate_private_key(public_exponent=65537, key_size=2048))
PAY = PayCall(order=ORDER, payment_request_id="order_1", wallet="GCASH")
INQUIRY = InquiryCall(payment_request_id="order_1")
CANCEL = CancelCall(payment_request_id="order_1", wallet="GCASH")
OTHER_MONEY = Money(currency="PHP", value=PRICE.value + 1)


def answered(
    call: Contract, said: AlipayAnswer, signer: Signer | None = None
) -> Asked[AlipayAnswer]:
    """An answer as a workflow keeps it, and carries it over."""
    return Asked(NOW, NOW, with_what_proves_it(signed_answer(call, said, signer)))


def carried(facts: Facts) -> Facts:
    """Return the facts as a continued run takes them over."""
    taken = Facts.of(facts.carried(), LATER)
    keep_proven(taken, PROOF, LATER)
    return taken


@pytest.mark.parametrize("signer", [None, STRANGER], ids=["alipay", "a stranger"])
def test_a_page_and_a_cancel_are_carried_over_only_as_alipay_signed_them(
    signer: Signer | None,
) -> None:
    facts = Facts.of(ORDER, NOW)
    facts.current.pays.append(answered(PAY, a_page(), signer))  # type: ignore[arg-type]
    facts.current.cancels.append(answered(CANCEL, a_cancel(), signer))  # type: ignore[arg-type]
    current = carried(facts).current
    is_believed = signer is None
    assert bool(current.pay_verdicts(PayVerdict.OPENED)) is is_believed
    assert current.is_cancelled_by_us is is_believed


@pytest.mark.parametrize("verdict", ["FAIL", "CANCELLED", "NOT_EXIST"])
def test_an_outcome_signed_by_another_key_is_not_carried_over(verdict: str) -> None:
    for signer in (None, STRANGER):
        facts = Facts.of(ORDER, NOW)
        asked = answered(INQUIRY, an_inquiry(verdict), signer)
        facts.current.inquiries.append(asked)  # type: ignore[arg-type]
        kept = carried(facts).current.verdicts(InquiryVerdict(verdict))
        assert bool(kept) is (signer is None)


def test_a_carried_success_is_inquired_again_as_it_may_have_gone_back() -> None:
    facts = Facts.of(ORDER, NOW)
    facts.add_notification(a_notification(ORDER), NOW)
    facts.current.inquiries.append(answered(INQUIRY, an_inquiry("SUCCESS")))  # type: ignore[arg-type]
    assert facts.paid
    taken = carried(facts)
    assert taken.paid == []
    assert list(taken.current.hints)  # for which Alipay is asked


def test_a_doubt_about_which_a_person_decides_is_carried_over_with_its_proof() -> None:
    facts = Facts.of(ORDER, NOW)
    facts.current.pays.append(answered(PAY, a_page()))  # type: ignore[arg-type]
    paid = an_inquiry("SUCCESS", amount=OTHER_MONEY)
    facts.current.inquiries.append(answered(INQUIRY, paid))  # type: ignore[arg-type]
    doubt = find_doubt(facts)
    assert doubt is not None
    assert find_doubt(carried(facts)) == doubt


def test_a_notification_of_another_attempt_proves_nothing_about_this_one() -> None:
    """True evidence is put beside another attempt's id."""
    facts = Facts.of(ORDER, NOW)
    of_second = signed_notification(
        a_notification(ORDER, payment_request_id="order_2", evidence=None)
    )
    moved = of_second.model_copy(update={"payment_request_id": "order_1"})
    facts.add_notification(moved, NOW)
    [notified] = carried(facts).current.heard
    assert notified.notification == PaymentNotified(payment_request_id="order_1")


def test_without_a_known_key_nothing_is_believed() -> None:
    facts = Facts.of(ORDER, NOW)
    facts.current.pays.append(answered(PAY, a_page()))  # type: ignore[arg-type]
    facts.add_notification(a_notification(ORDER), NOW)
    keep_proven(facts, None, LATER)
    assert facts.current.page is None
    assert facts.paid == []
