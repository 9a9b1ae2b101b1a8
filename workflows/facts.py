"""All that is known of one order's payment."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from contracts import (
    CancelWish,
    Order,
    PaymentNotified,
    Resolution,
    payment_request_id,
)
from workflows.attempt import USUAL_EXPIRY, Attempt, Heard


@dataclass(frozen=True)
class WalletWish:
    """The customer's newest choice of a wallet."""

    wallet: str
    at: datetime
    call_id: str


@dataclass
class Facts:
    """What a payment's decisions rest on; carried along when a run is continued.

    Attributes:
        order: As the run was started with it.
        started_at: When the first run of this chain began.
        attempts: Ordered by number; those of earlier runs only if something was heard.
        check_wanted_at: When somebody last asked for an inquiry.
        cancel_wanted_at: When somebody last asked to close the payment.
    """

    order: Order
    started_at: datetime
    attempts: list[Attempt] = field(default_factory=list)
    wallet_wish: WalletWish | None = None
    check_wanted_at: datetime | None = None
    cancel_wanted_at: datetime | None = None
    cancel_wish: CancelWish | None = None
    resolution: Resolution | None = None

    @classmethod
    def of(cls, order: Order, now: datetime) -> "Facts":
        """Return the facts at the start of a run: carried along, or none yet."""
        if order.carried is not None:
            return _FACTS.validate_python(order.carried)
        facts = cls(order, now)
        facts.begin_attempt(order.first_attempt, order.wallet, now)
        return facts

    def carried(self) -> Order:
        """Return the input with which a new run goes on from these facts."""
        carried = _FACTS.dump_python(self, mode="json")
        return self.order.model_copy(update={"carried": carried})

    @property
    def current(self) -> Attempt:
        return self.attempts[-1]

    def begin_attempt(
        self, number: int, wallet: str, now: datetime, *, opened_by: str | None = None
    ) -> None:
        minutes = self.order.expires_in_minutes
        lasts = timedelta(minutes=minutes) if minutes else USUAL_EXPIRY
        name = payment_request_id(self.order.order_id, number)
        self.attempts.append(Attempt(name, number, wallet, now, lasts, opened_by))

    def hear(self, notification: PaymentNotified, now: datetime) -> bool:
        """Keep a notification; return whether it is news.

        One about an attempt of an earlier run makes that attempt known to this run.
        """
        attempt = self._attempt_with(notification.payment_request_id, now)
        if attempt is None:
            return False
        # Resent notifications differ in their evidence only, which history keeps.
        content = notification.model_copy(update={"evidence": None})
        return attempt.hear(Heard(now, content))

    def _attempt_with(self, request_id: str, now: datetime) -> Attempt | None:
        for attempt in self.attempts:
            if attempt.request_id == request_id:
                return attempt
        order_id = self.order.order_id
        for number in range(1, self.current.number):
            if payment_request_id(order_id, number) == request_id:
                earlier = Attempt(request_id, number, "", now)
                self.attempts.append(earlier)
                self.attempts.sort(key=lambda attempt: attempt.number)
                return earlier
        return None

    @property
    def wallet_wanted(self) -> str:
        """The wallet to pay with: the last choice, if Alipay lets go of the one before.

        A choice that could not be followed is forgotten, because nobody waits for it.
        """
        wish = self.wallet_wish
        if wish is None or self.current.refused_cancel_since(wish.at):
            return self.current.wallet
        return wish.wallet


_FACTS = TypeAdapter(Facts)
