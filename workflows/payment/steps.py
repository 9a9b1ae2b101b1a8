"""The steps of a payment: `decide` returns them, and the workflow carries them out."""

from dataclasses import dataclass
from datetime import datetime

from contracts import LateMoneyPolicy, PaymentOutcome
from workflows.payment.attempt import Attempt, Success
from workflows.payment.doubts import Doubt


@dataclass(frozen=True)
class Begin:
    """Begin the next attempt, as the one before is certainly over."""

    number: int
    wallet: str


@dataclass(frozen=True)
class Pay:
    """Call `pay` to open the attempt, or to repeat its answer."""

    attempt: Attempt


@dataclass(frozen=True)
class Inquire:
    """Call `inquiryPayment` for the attempt's state."""

    attempt: Attempt


@dataclass(frozen=True)
class Cancel:
    """Call `cancel` to close the attempt, so that it cannot be paid late."""

    attempt: Attempt


@dataclass(frozen=True)
class GiveBack:
    """Return the money of an attempt, because another one pays the order."""

    attempt: Attempt


@dataclass(frozen=True)
class LeaveToLateMoney:
    """Hand over a success that Alipay does not confirm now, so that it is not lost.

    Attributes:
        attempt: Another attempt than the current one.
        policy: Whether to keep or return the money once Alipay confirms it.
        order_paid_by: The attempt that pays the order; None while none does.
    """

    attempt: Attempt
    policy: LateMoneyPolicy
    order_paid_by: Attempt | None = None


@dataclass(frozen=True)
class Wait:
    """Wait until this time, or until there are new facts.

    Attributes:
        others_at: When another attempt is to be asked about meanwhile, if any.
    """

    until: datetime
    others_at: datetime | None = None


@dataclass(frozen=True)
class Review:
    """A person must decide.

    Attributes:
        doubt: Why, and what money is at risk.
        others_at: When another attempt is to be asked about meanwhile, if any.
    """

    doubt: Doubt
    others_at: datetime | None = None


@dataclass(frozen=True)
class End:
    """The payment is over."""

    outcome: PaymentOutcome
    attempt: Attempt
    success: Success | None = None


Step = (
    Begin | Pay | Inquire | Cancel | GiveBack | LeaveToLateMoney | Wait | Review | End
)
