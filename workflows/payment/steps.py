"""The steps of a payment: what `decide` may want next, and the workflow carries out."""

from dataclasses import dataclass
from datetime import datetime

from contracts import LateMoneyPolicy, PaymentOutcome
from workflows.payment.attempt import Attempt, Success
from workflows.payment.doubts import Doubt


@dataclass(frozen=True)
class Begin:
    """Begin the next attempt, the former one being certainly over."""

    number: int
    wallet: str


@dataclass(frozen=True)
class Pay:
    """Ask Alipay to open the attempt, or to repeat its answer."""

    attempt: Attempt


@dataclass(frozen=True)
class Inquire:
    """Ask Alipay what became of the attempt."""

    attempt: Attempt


@dataclass(frozen=True)
class Cancel:
    """Ask Alipay to close the attempt, so that nobody can pay it late."""

    attempt: Attempt


@dataclass(frozen=True)
class GiveBack:
    """Return the money of an attempt, for another one pays the order."""

    attempt: Attempt


@dataclass(frozen=True)
class LeaveToLateMoney:
    """Hand over a success that Alipay does not confirm now, so that it is not lost.

    Attributes:
        attempt: Another one than the current.
        policy: What becomes of the money once Alipay confirms it.
        order_paid_by: The attempt that pays the order; None while none does.
    """

    attempt: Attempt
    policy: LateMoneyPolicy
    order_paid_by: Attempt | None = None


@dataclass(frozen=True)
class Wait:
    """Nothing to do before this time, unless news arrive.

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
