"""When an attempt is over, and how: declined, expired or cancelled."""

from collections.abc import Sequence
from datetime import datetime

from contracts import (
    EXPIRY_MARGIN,
    InquiryAnswer,
    InquiryVerdict,
    PaymentOutcome,
    PayVerdict,
    expiry_margin,
    expiry_spread,
)
from workflows.payment.attempt import Asked, Attempt
from workflows.payment.facts import Facts
from workflows.releases import DECLINED_MEANS_DECLINED, EXPIRY_IS_SPREAD

# Answers to `pay` after which an attempt will never have a page.
PAGELESS = (
    PayVerdict.REFUSED,
    PayVerdict.ID_IS_DEAD,
    PayVerdict.ID_DIFFERS,
    PayVerdict.NO_PAGE,
)
# Codes of FAIL for a payment that has expired (docs/protocol.md 3.3); the first one is
# used for other failures too.
EXPIRY_CODES = frozenset(
    {
        "",
        "PROCESS_FAIL",
        "ORDER_IS_CLOSED",
        "TIMEOUT_PAYMENT",
        "TRANSACTION_UNPAID_CLOSED",
    }
)


def deadline_of(attempt: Attempt) -> datetime:
    """Return when an attempt without news is inquired: its expiry and a margin."""
    if attempt.release < EXPIRY_IS_SPREAD:
        return attempt.expires_at + EXPIRY_MARGIN
    return attempt.expires_at + expiry_margin(attempt.request_id)


def may_be_asked_at(attempt: Attempt, hint: datetime) -> datetime:
    """Return the earliest time of an inquiry after a hint: as a rule at once.

    Alipay notifies of many expiries at once. Their inquiries are spread over the same
    time as the deadlines of attempts without a notification.
    """
    is_notified_of_end = hint >= attempt.expires_at and any(
        notified.at == hint and notified.notification.says_failed
        for notified in attempt.heard
    )
    if attempt.release < EXPIRY_IS_SPREAD or not is_notified_of_end:
        return hint
    return attempt.expires_at + 2 * expiry_spread(attempt.request_id)


def has_no_page(attempt: Attempt) -> bool:
    """Whether it exists at Alipay, and its page never reached us."""
    refused = [verdict for verdict in PAGELESS if verdict is not PayVerdict.NO_PAGE]
    return (
        bool(attempt.pay_verdicts(PayVerdict.NO_PAGE))
        and attempt.page is None
        and not attempt.pay_verdicts(*refused)
    )


def how_it_ended(attempt: Attempt, facts: Facts) -> PaymentOutcome:
    """Return the unpaid outcome of a dead attempt, and so of its order."""
    if facts.cancel_wanted_at is not None:
        return PaymentOutcome.CANCELLED
    by_new_rules = facts.order.release >= DECLINED_MEANS_DECLINED
    if attempt.pay_verdicts(*PAGELESS) and not (by_new_rules and has_no_page(attempt)):
        return PaymentOutcome.DECLINED
    if attempt.is_cancelled_by_us:
        return PaymentOutcome.EXPIRED
    if attempt.verdicts(InquiryVerdict.CANCELLED):
        return PaymentOutcome.CANCELLED  # by the merchant, in Alipay's dashboard
    failed = attempt.verdicts(InquiryVerdict.FAIL)
    if by_new_rules:
        return _how_it_failed(attempt, failed)
    at_its_end = all(asked.at >= attempt.expires_at for asked in failed)
    return PaymentOutcome.EXPIRED if at_its_end else PaymentOutcome.DECLINED


def _how_it_failed(
    attempt: Attempt, failed: Sequence[Asked[InquiryAnswer]]
) -> PaymentOutcome:
    """Distinguish decline and expiry: Alipay's FAIL is both (docs/protocol.md 3.3).

    A code that names a reason is a decline at any time. Without one it is a decline
    only well before the expiry, for two clocks never agree to the second.
    """
    codes = {asked.answer.result_code for asked in failed if asked.answer}
    codes |= {
        notified.notification.result_code
        for notified in attempt.heard
        if notified.notification.says_failed
    }
    if codes - EXPIRY_CODES:
        return PaymentOutcome.DECLINED
    near = attempt.expires_at - EXPIRY_MARGIN
    is_early = any(asked.at < near for asked in failed)
    return PaymentOutcome.DECLINED if is_early else PaymentOutcome.EXPIRED
