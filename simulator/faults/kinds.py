"""The fault menu: all faults that can be injected, and how often by default.

Magic amounts (minor units, any currency), as in Alipay's own beta mock; they hold for
the first two calls of that API for that payment, afterwards all is normal:

* 9901: `pay` answers U UNKNOWN_EXCEPTION and does nothing
* 9902: `pay` takes effect and never answers
* 9903: `inquiryPayment` answers U UNKNOWN_EXCEPTION
* 9904: `inquiryPayment` never answers
"""

from datetime import timedelta
from enum import StrEnum


class Fault(StrEnum):
    """All faults that can be injected."""

    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    SERVER_ERROR_BEFORE = "server_error_before"
    SERVER_ERROR_AFTER = "server_error_after"
    CUT = "cut"
    SLOW = "slow"
    U_BEFORE = "u_before"
    U_AFTER = "u_after"
    U_FOR_EVER = "u_for_ever"
    UNSIGNED = "unsigned"
    BADLY_SIGNED = "badly_signed"
    RATE_LIMIT = "rate_limit"
    CLOCK_SKEW = "clock_skew"
    CANCEL_LOSES_RACE = "cancel_loses_race"
    REFUND_IN_PROCESS = "refund_in_process"
    PAID_BEFORE_RESPONSE = "paid_before_response"
    PAY_AFTER_EXPIRY = "pay_after_expiry"
    PAY_AFTER_CANCEL = "pay_after_cancel"
    OTHER_AMOUNT = "other_amount"
    PENDING_THEN_S = "pending_then_s"
    F_THEN_S = "f_then_s"
    OUT_OF_ORDER = "out_of_order"
    NOTIFICATION_LOST = "notification_lost"
    NOTIFICATION_DOUBLED = "notification_doubled"
    NOTIFICATION_LATE = "notification_late"
    NOTIFICATION_FORGED = "notification_forged"
    PAID_TOO_LATE = "paid_too_late"
    REFUND_FAILS_LATER = "refund_fails_later"
    REFUND_TAKES_HOURS = "refund_takes_hours"
    REFUND_FAILS_AFTER_HOURS = "refund_fails_after_hours"
    REFUND_REFUSED = "refund_refused"
    BALANCE_SHORT = "balance_short"
    REFUND_UNKNOWN_BEFORE = "refund_unknown_before"
    REFUND_UNKNOWN_AFTER = "refund_unknown_after"
    REFUND_UNANSWERED = "refund_unanswered"
    REFUND_NOT_FOUND = "refund_not_found"
    REFUND_RETURNED = "refund_returned"
    INSTANT_REFUND_NOTIFIED = "instant_refund_notified"
    REFUND_NOTICE_LOST = "refund_notice_lost"
    REFUND_NOTICE_DOUBLED = "refund_notice_doubled"
    REFUND_NOTICE_LATE = "refund_notice_late"
    REFUND_NOTICE_FORGED = "refund_notice_forged"
    REFUND_NOTICE_EARLY = "refund_notice_early"
    SENT_ONCE = "sent_once"


# Faults of a merchant's call of any API.
CALL_FAULTS = frozenset(
    {
        Fault.TIMEOUT_BEFORE,
        Fault.TIMEOUT_AFTER,
        Fault.SERVER_ERROR_BEFORE,
        Fault.SERVER_ERROR_AFTER,
        Fault.CUT,
        Fault.SLOW,
        Fault.U_BEFORE,
        Fault.U_AFTER,
        Fault.U_FOR_EVER,
        Fault.UNSIGNED,
        Fault.BADLY_SIGNED,
        Fault.RATE_LIMIT,
    }
)
# The same for calls about refunds only: on the cashier page they are planned before
# any refund has been requested.
REFUND_CALL_FAULTS = {
    "refund": {
        Fault.REFUND_UNKNOWN_BEFORE: Fault.U_BEFORE,
        Fault.REFUND_UNKNOWN_AFTER: Fault.U_AFTER,
        Fault.REFUND_UNANSWERED: Fault.TIMEOUT_AFTER,
    },
    "inquiryRefund": {Fault.REFUND_NOT_FOUND: Fault.REFUND_NOT_FOUND},
}
# Faults of the notification of a refund.
REFUND_NOTICE_FAULTS = frozenset(
    {
        Fault.REFUND_NOTICE_LOST,
        Fault.REFUND_NOTICE_DOUBLED,
        Fault.REFUND_NOTICE_LATE,
        Fault.REFUND_NOTICE_FORGED,
        Fault.REFUND_NOTICE_EARLY,
    }
)
# The customer pays later, so that paying now does nothing.
LATE_FAULTS = frozenset({Fault.PAY_AFTER_EXPIRY, Fault.PAY_AFTER_CANCEL})

FOR_EVER = frozenset(
    {Fault.U_FOR_EVER, Fault.CLOCK_SKEW, Fault.BALANCE_SHORT, Fault.SENT_ONCE}
)
SEVERAL = frozenset(
    {
        Fault.U_BEFORE,
        Fault.U_AFTER,
        Fault.RATE_LIMIT,
        Fault.REFUND_UNKNOWN_BEFORE,
        Fault.REFUND_UNKNOWN_AFTER,
    }
)
# Enough that a client which retries once or twice does not succeed by luck.
SEVERAL_TIMES = 3
# More than any tolerance of minutes, and less than an hour, so that the difference
# does not look like a time zone.
DEFAULT_SKEW = timedelta(minutes=25)

# As final as any other F, and without special handling.
DEFAULT_REFUSAL = "RISK_REJECT"

# Faults of refunds, which a mix has only on request.
REFUND_FAULTS = (
    *(fault for fault in Fault if fault.startswith(("refund_", "instant_refund_"))),
    Fault.BALANCE_SHORT,
)
# Faults that a mix has only on request: a payment that answers U for ever never ends,
# and an early expiry is for people who do not want to wait. Mixes draw by position:
# faults that are added later stay out too, or an old seed would draw others.
ONLY_ASKED = frozenset({Fault.U_FOR_EVER, Fault.PAID_TOO_LATE, Fault.SENT_ONCE}) | (
    frozenset(REFUND_FAULTS) - {Fault.REFUND_IN_PROCESS}
)
DEFAULT_MIX = tuple(fault for fault in Fault if fault not in ONLY_ASKED)
MIXED_APIS = ("pay", "inquiryPayment", "cancel")

MAGIC: dict[tuple[str, int], Fault] = {
    ("pay", 9901): Fault.U_BEFORE,
    ("pay", 9902): Fault.TIMEOUT_AFTER,
    ("inquiryPayment", 9903): Fault.U_BEFORE,
    ("inquiryPayment", 9904): Fault.TIMEOUT_AFTER,
}
MAGIC_CALLS = 2
