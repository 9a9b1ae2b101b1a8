"""Only a signed answer of Alipay to the very call is proof."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from alipay.errors import MissingAlipayKeyError
from alipay.keys.rsa import fingerprint
from contracts import (
    AlipayAnswer,
    CancelCall,
    Contract,
    Evidence,
    InquiryCall,
    Money,
    PayAnswer,
    PayCall,
    PaymentNotified,
    PayVerdict,
    RefundAnswer,
    RefundCall,
    RefundInquiryCall,
    RefundVerdict,
    SignedEvidence,
)
from tests.builders import (
    PRICE,
    a_cancel,
    a_notification,
    a_page,
    a_refusal,
    an_inquiry,
    an_order,
)
from tests.signing import (
    CLIENT_ID,
    Signer,
    alipays_key,
    signed_answer,
    signed_notification,
    trust,
)
from translation.proof import Proof, was_signed_since

ORDER = an_order(order_id="order")
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = Signer(OTHER_KEY)
OTHER_MERCHANT = Signer(alipays_key(), client_id="5J9999999999999999")
OTHER_VERSION = Signer(alipays_key(), key_version=7)
PROOF = Proof.by(trust())

PAY = PayCall(order=ORDER, payment_request_id="order_1", wallet="GCASH")
INQUIRY = InquiryCall(payment_request_id="order_1")
CANCEL = CancelCall(payment_request_id="order_1", wallet="GCASH")
REFUND = RefundCall(
    refund_request_id="order_1_late", payment_id="1", amount=PRICE, reason="late"
)
REFUND_INQUIRY = RefundInquiryCall(refund_request_id="order_1_late")

# They name no payment.
REFUSALS = (PayVerdict.REFUSED, PayVerdict.ID_IS_DEAD)
ANSWERS: list[tuple[Contract, AlipayAnswer]] = [
    (PAY, a_page()),
    (PAY, a_refusal()),
    (PAY, a_refusal(verdict=PayVerdict.ID_IS_DEAD, result_code="ORDER_IS_CLOSED")),
    *(
        (INQUIRY, an_inquiry(verdict))
        for verdict in ("SUCCESS", "FAIL", "CANCELLED", "PROCESSING", "PENDING")
    ),
    (CANCEL, a_cancel()),
    (REFUND, RefundAnswer(verdict=RefundVerdict.REFUNDED, result_code="SUCCESS")),
    *(
        (REFUND_INQUIRY, RefundAnswer(verdict=verdict))
        for verdict in (
            RefundVerdict.REFUNDED,
            RefundVerdict.IN_PROCESS,
            RefundVerdict.REFUSED,
        )
    ),
]
IDS = [
    f"{type(call).__name__}-{getattr(said, 'verdict', '')}" for call, said in ANSWERS
]
each_answer = pytest.mark.parametrize(("call", "said"), ANSWERS, ids=IDS)


def other(call: Contract) -> Contract:
    """Return the same call about something else."""
    name = "payment_request_id"
    name = name if hasattr(call, name) else "refund_request_id"
    return call.model_copy(update={name: "another_1"})


# ---- answers ----


@each_answer
def test_a_signed_answer_is_believed(call: Contract, said: AlipayAnswer) -> None:
    signed = signed_answer(call, said)
    assert PROOF.answer(call, signed) == signed


@each_answer
def test_a_believed_answer_is_read_from_the_signed_bytes(
    call: Contract, said: AlipayAnswer
) -> None:
    """Not from the fields beside the evidence."""
    signed = signed_answer(call, said)
    forged = {
        "payment_id": "forged",
        "amount": Money(currency="PHP", value=1),
        "result_message": "forged",
        "cashier": None,
    }
    known = {name: it for name, it in forged.items() if name in type(said).model_fields}
    assert PROOF.answer(call, signed.model_copy(update=known)) == signed


@each_answer
@pytest.mark.parametrize("signer", [STRANGER, OTHER_MERCHANT, OTHER_VERSION])
def test_an_answer_signed_by_another_key_proves_nothing(
    call: Contract, said: AlipayAnswer, signer: Signer
) -> None:
    assert PROOF.answer(call, signed_answer(call, said, signer)) is None


@each_answer
def test_a_changed_byte_proves_nothing(call: Contract, said: AlipayAnswer) -> None:
    evidence = signed_answer(call, said).evidence
    assert evidence is not None
    body = evidence.answer.body.replace("{", "{ ", 1)
    changed = evidence.answer.model_copy(update={"body": body})
    forged = evidence.model_copy(update={"answer": changed})
    assert PROOF.answer(call, said.model_copy(update={"evidence": forged})) is None


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (call, said)
        for call, said in ANSWERS
        if not (isinstance(said, PayAnswer) and said.verdict in REFUSALS)
    ],
)
def test_an_answer_about_something_else_proves_nothing(
    call: Contract, said: AlipayAnswer
) -> None:
    elsewhere = signed_answer(other(call), said)
    assert PROOF.answer(call, elsewhere) is None


def test_an_answer_to_another_kind_of_call_proves_nothing() -> None:
    """A signed *cancelled* is no answer to an inquiry, and the reverse."""
    evidence = signed_answer(CANCEL, a_cancel()).evidence
    said = an_inquiry("CANCELLED", evidence=evidence)
    assert PROOF.answer(INQUIRY, said) is None


@each_answer
def test_an_answer_without_evidence_proves_nothing(
    call: Contract, said: AlipayAnswer
) -> None:
    assert PROOF.answer(call, said) is None


def test_a_body_that_was_too_long_to_be_kept_proves_nothing() -> None:
    evidence = signed_answer(INQUIRY, an_inquiry("SUCCESS")).evidence
    assert evidence is not None
    left_out = evidence.answer.model_copy(update={"body": "", "left_out": 20_000})
    said = an_inquiry(
        "SUCCESS", evidence=Evidence(request=evidence.request, answer=left_out)
    )
    assert PROOF.answer(INQUIRY, said) is None


def unsigned(call: Contract, said: AlipayAnswer) -> AlipayAnswer:
    """Return an answer as Alipay gives it before it knows the caller."""
    signed = signed_answer(call, said)
    assert signed.evidence is not None
    bare = signed.evidence.answer.model_copy(
        update={"signature": "", "time": "", "client_id": ""}
    )
    evidence = signed.evidence.model_copy(update={"answer": bare})
    return signed.model_copy(update={"evidence": evidence})


def test_an_unsigned_refusal_counts_only_where_there_never_was_a_page() -> None:
    refused = unsigned(PAY, a_refusal("INVALID_SIGNATURE"))
    proven = PROOF.answer(PAY, refused)
    assert proven is not None
    assert proven == refused


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (PAY, a_page()),
        *((INQUIRY, an_inquiry(it)) for it in ("SUCCESS", "FAIL", "CANCELLED")),
        (INQUIRY, an_inquiry("NOT_EXIST")),
        (CANCEL, a_cancel()),
        (REFUND, RefundAnswer(verdict=RefundVerdict.REFUSED, result_code="NO")),
        (REFUND_INQUIRY, RefundAnswer(verdict=RefundVerdict.NOT_EXIST)),
    ],
)
def test_no_other_unsigned_answer_proves_anything(
    call: Contract, said: AlipayAnswer
) -> None:
    assert PROOF.answer(call, unsigned(call, said)) is None


def test_a_cancel_that_was_never_sent_needs_no_proof() -> None:
    said = a_cancel("NOT_ALLOWED")
    assert PROOF.answer(CANCEL, said) == said


@pytest.mark.parametrize("verdict", ["REFUSED", "CANCELLED"])
def test_a_cancel_without_a_signed_answer_may_have_taken_effect(verdict: str) -> None:
    assert PROOF.answer(CANCEL, a_cancel(verdict)) is None
    assert PROOF.answer(CANCEL, unsigned(CANCEL, a_cancel(verdict))) is None


def test_an_expiry_that_cannot_be_is_not_believed() -> None:
    """The worker computes it, and it is not signed."""
    now = datetime.now(UTC)
    for odd in (now + timedelta(days=300), now.replace(tzinfo=None)):
        answer = PROOF.answer(PAY, signed_answer(PAY, a_page(expires_at=odd)))
        assert answer is not None
        assert answer.expires_at is None


def test_an_expiry_that_was_asked_for_is_the_one_that_counts() -> None:
    asked_for = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    call = PAY.model_copy(update={"expires_at": asked_for})
    answer = PROOF.answer(call, signed_answer(call, a_page()))
    assert answer is not None
    assert answer.expires_at == asked_for


def test_a_refund_is_done_only_where_the_answer_names_it() -> None:
    """One in process names no refund (tests/samples), and is inquired."""
    done = RefundAnswer(verdict=RefundVerdict.REFUNDED, result_code="SUCCESS")
    of_another = REFUND.model_copy(update={"refund_request_id": "another_1_late"})
    assert PROOF.answer(REFUND, signed_answer(of_another, done)) is None
    taken_on = RefundAnswer(verdict=RefundVerdict.IN_PROCESS)
    answer = PROOF.answer(REFUND, signed_answer(REFUND, taken_on))
    assert answer is not None
    assert answer.verdict is RefundVerdict.IN_PROCESS


# ---- notifications ----


def signed_by(signer: Signer) -> Callable[[PaymentNotified], PaymentNotified]:
    return lambda success: signed_notification(success, signer)


def unsigned_notification(success: PaymentNotified) -> PaymentNotified:
    return success.model_copy(update={"evidence": None})


def with_a_changed_body(success: PaymentNotified) -> PaymentNotified:
    evidence = success.evidence
    assert evidence is not None
    body = evidence.body.replace("{", "{ ", 1)
    changed = evidence.model_copy(update={"body": body})
    return success.model_copy(update={"evidence": changed})


def with_the_answer_to_an_inquiry(success: PaymentNotified) -> PaymentNotified:
    evidence = signed_answer(INQUIRY, an_inquiry("SUCCESS")).evidence
    assert evidence is not None
    return success.model_copy(update={"evidence": evidence.answer})


@pytest.mark.parametrize(
    "forge",
    [
        unsigned_notification,
        signed_by(STRANGER),
        signed_by(OTHER_MERCHANT),
        signed_by(OTHER_VERSION),
        with_a_changed_body,
        with_the_answer_to_an_inquiry,
    ],
)
def test_a_forged_notification_proves_nothing(
    forge: Callable[[PaymentNotified], PaymentNotified],
) -> None:
    assert PROOF.notification(forge(a_notification(ORDER))) is None


def test_a_notification_is_read_from_the_signed_bytes_alone() -> None:
    changes: dict[str, Any] = {"notify_type": "PAYMENT_PENDING"}
    pending = a_notification(ORDER, **changes)
    said_paid = pending.model_copy(update={"notify_type": "PAYMENT_RESULT"})
    proven = PROOF.notification(said_paid)
    assert proven is not None
    assert proven.notify_type == "PAYMENT_PENDING"


def test_of_a_success_the_amount_and_the_attempt_are_proven() -> None:
    success = a_notification(ORDER).evidence
    answer = signed_answer(INQUIRY, an_inquiry("SUCCESS")).evidence
    pending = signed_answer(INQUIRY, an_inquiry("PROCESSING")).evidence
    assert success
    assert answer
    assert pending
    less = Money(currency=PRICE.currency, value=PRICE.value - 1)
    for evidence in (success, answer.answer):
        assert PROOF.proves_paid(evidence, "order_1", PRICE)
        assert not PROOF.proves_paid(evidence, "order_2", PRICE)
        assert not PROOF.proves_paid(evidence, "order_1", less)
    assert not PROOF.proves_paid(pending.answer, "order_1", PRICE)
    assert not PROOF.proves_paid(SignedEvidence(), "order_1", PRICE)


def test_an_answer_that_reports_a_refund_does_not_prove_money() -> None:
    refunded = an_inquiry("SUCCESS", is_refunded=True)
    answer = signed_answer(INQUIRY, refunded).evidence
    assert answer
    evidence = answer.answer
    assert not PROOF.proves_paid(evidence, "order_1", PRICE)
    assert PROOF.proves_paid(evidence, "order_1", PRICE, even_if_refunded=True)


# ---- times ----


def in_milliseconds(at: datetime) -> Signer:
    """Sign with the time as Alipay's current documentation writes it."""
    return Signer(alipays_key(), time=str(round(at.timestamp() * 1000)))


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(days=2)])
def test_how_old_a_message_is_can_be_read_from_either_form_of_its_time(
    ago: timedelta,
) -> None:
    """Both are documented (docs/protocol.md 1.3)."""
    now = datetime.now(UTC)
    for signer in (in_milliseconds(now - ago), None):
        said = signed_notification(a_notification(ORDER), signer, now - ago)
        assert said.evidence
        for unreadable in (True, False):
            is_fresh = was_signed_since(
                said.evidence, now - timedelta(minutes=1), if_unreadable=unreadable
            )
            assert is_fresh is (not ago)


def test_the_expiry_by_our_clock_is_kept_with_each_form_of_time() -> None:
    page = a_page(minutes=30)
    proven = PROOF.answer(
        PAY, signed_answer(PAY, page, in_milliseconds(datetime.now(UTC)))
    )
    assert proven is not None
    assert proven.expires_at == page.expires_at


# ---- keys ----


def test_a_key_that_is_not_configured_any_more_is_named() -> None:
    gone = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    missing = fingerprint(gone.public_key())
    trusted = trust().model_copy(update={"keys": {"3": missing}})
    with pytest.raises(
        MissingAlipayKeyError, match=f"version 3 is not among.*{missing}"
    ):
        Proof.by(trusted)


def test_a_key_that_is_configured_but_not_on_record_proves_nothing() -> None:
    """Keys that come later count for a run only once it has them on record."""
    by_version_7 = signed_notification(a_notification(ORDER), OTHER_VERSION)
    assert by_version_7.evidence is not None
    assert not PROOF.verifies(by_version_7.evidence)
    assert PROOF.notification(by_version_7) is None
    later = trust().model_copy(
        update={"keys": {**trust().keys, "7": trust().keys["1"]}}
    )
    assert Proof.by(later).notification(by_version_7) is not None
    assert later.client_id == CLIENT_ID
