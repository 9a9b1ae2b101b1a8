"""The lifecycle of a payment: its state, money movements and notifications."""

from collections.abc import Callable
from datetime import datetime, timedelta

from simulator.config import Clock, SimulatorConfig
from simulator.faults.kinds import LATE_FAULTS, Fault
from simulator.faults.planned import Faults
from simulator.payments.announcer import Announcer, keys_of
from simulator.payments.ledger import Kind
from simulator.payments.movements import Movements
from simulator.payments.payment import Payment, Status
from simulator.payments.refunds import Refunds
from simulator.payments.register import Register
from simulator.requests.refusal import RefusedError
from simulator.timers import Timers

# How long "pending" and a late customer take: long enough for the merchant to notice
# the previous state.
PAUSE = timedelta(minutes=1)
# For people who try a late payment: time to read the shop's page, and no longer.
SHORT_PAUSE = timedelta(seconds=20)
# A merchant whose clock is a little behind, or who wrote the expiry in whole seconds,
# must not be notified of the expiry before the payment has expired for him as well.
NOTIFIED_AFTER_EXPIRY = timedelta(seconds=3)
# The result code when the customer declines; an F code of paymentrn_online.
DECLINED = "USER_BALANCE_NOT_ENOUGH"


class Lifecycle:
    """Carries out the actions of merchant and customer on payments, and expiries."""

    def __init__(
        self,
        config: SimulatorConfig,
        clock: Clock,
        timers: Timers,
        faults: Faults,
        register: Register,
        movements: Movements,
        refunds: Refunds,
        announcer: Announcer,
        save: Callable[[Payment], None],
    ) -> None:
        self._config = config
        self._clock = clock
        self._timers = timers
        self._faults = faults
        self._register = register
        self._movements = movements
        self._refunds = refunds
        self._announcer = announcer
        self._save = save

    def open(self, payment: Payment) -> None:
        self._register.add(payment)
        self._save(payment)
        self._wake(payment, payment.expires_at)

    def repeat(self, payment: Payment) -> None:
        """The merchant repeats `pay`."""
        self.catch_up(payment)
        payment.pay_calls += 1
        self._save(payment)

    def resume(self, payment: Payment) -> None:
        """Resume a payment after a restart."""
        self._register.add(payment)
        waits = [payment.completes_at, payment.pays_late_at]
        self._refunds.resume(payment)
        waits += [payment.expires_at if payment.payable else None]
        for at in waits:
            if at is not None:
                self._wake(payment, at)

    def catch_up(self, payment: Payment) -> None:
        """Apply changes that are due; called by timers and before each read."""
        now = self._clock()
        if payment.completes_at is not None and now >= payment.completes_at:
            payment.complete(payment.completes_at)
            self._charge(payment)
        if payment.expire(now):
            delay = self._config.shortened(NOTIFIED_AFTER_EXPIRY)
            self._end_unpaid(payment, payment.expires_at + delay)
        if payment.pays_late_at is not None and now >= payment.pays_late_at:
            self._pay_late(payment)
        self._refunds.catch_up(payment)

    def pay(self, payment: Payment, fault: Fault | None = None) -> None:
        """The customer pays.

        Args:
            payment: The payment.
            fault: The fault to plan; dropped if the action is refused.

        Raises:
            NotPayableError: The payment has ended, or the wallet works on it.
        """
        keys = keys_of(payment)
        self.catch_up(payment)
        late = late_faults(payment)
        allowed = payment.payable or fault in late
        if not allowed and not self._faults.waiting(keys, late):
            raise payment.not_payable()
        self._plan(payment, fault)
        if self._comes_too_late(payment):
            return
        if self._faults.take(keys, late):
            self._pay_late(payment)
            return
        if self._faults.waiting(keys, LATE_FAULTS):
            return  # This customer pays later, after the expiry.
        if self._faults.take(keys, {Fault.PENDING_THEN_S}):
            payment.begin(self._clock() + self._config.shortened(PAUSE))
            self._wake(payment, payment.completes_at)
            self._announcer.pending(payment)
            self._save(payment)
            return
        payment.complete(self._clock())
        self._charge(payment)

    def leave(self, payment: Payment, fault: Fault | None = None) -> None:
        """The customer leaves the page; a chosen fault stays planned."""
        self.catch_up(payment)
        self._plan(payment, fault)
        self._comes_too_late(payment)

    def expire(self, payment: Payment, fault: Fault | None = None) -> None:
        """The payment expires now, at Alipay only.

        Raises:
            NotPayableError: The payment has ended, or the wallet works on it.
        """
        self.catch_up(payment)
        if not payment.payable:
            raise payment.not_payable()
        self._plan(payment, fault)
        payment.expires_at = self._clock()
        payment.expire(payment.expires_at)
        self._end_unpaid(payment, payment.expires_at)

    def decline(self, payment: Payment, fault: Fault | None = None) -> None:
        """The customer declines.

        Args:
            payment: The payment.
            fault: The fault to plan; dropped if the action is refused.

        Raises:
            NotPayableError: The payment has ended, or the wallet works on it.
        """
        self.catch_up(payment)
        payment.decline(DECLINED)
        self._plan(payment, fault)
        self._save(payment)
        self._announcer.failure(payment, DECLINED, self._clock())

    def dispute(self, payment: Payment, kind: str) -> None:
        """The customer disputes a payment, or the dispute proceeds; no money moves.

        Args:
            payment: The disputed payment.
            kind: Alipay's type of the notification, e.g. DISPUTE_CREATED.
        """
        self.catch_up(payment)
        self._announcer.dispute(payment, kind)

    def cancel(self, payment: Payment) -> None:
        """The merchant cancels.

        Raises:
            RefusedError: The wallet, the state or the window forbids it.
        """
        self.catch_up(payment)
        loses = payment.payable and payment.rules.cancellable
        if loses and self._faults.take(keys_of(payment), {Fault.CANCEL_LOSES_RACE}):
            payment.complete(self._clock())
            self._charge(payment)
            raise RefusedError("ORDER_STATUS_INVALID", "The customer has just paid.")
        was_paid = payment.status is Status.SUCCESS
        if payment.status is not Status.CANCELLED:
            payment.cancel(self._clock())
            if was_paid:
                self._movements.move(
                    Kind.RETURN, payment, payment.charged.value, "cancel"
                )
            else:
                self._plan_late(payment, Fault.PAY_AFTER_CANCEL)
            self._save(payment)

    def _charge(self, payment: Payment) -> None:
        """Record the charge, and notify the merchant."""
        if self._faults.take(keys_of(payment), {Fault.OTHER_AMOUNT}):
            # A multiple of 100, so that it is valid rupiah as well.
            payment.other_value = payment.value + 100
        self._save(payment)
        self._movements.move(Kind.CHARGE, payment, payment.charged.value, "customer")
        self._announcer.success(payment)

    def _end_unpaid(self, payment: Payment, notified_at: datetime) -> None:
        self._announcer.failure(payment, "ORDER_IS_CLOSED", notified_at)
        self._plan_late(payment, Fault.PAY_AFTER_EXPIRY)
        self._save(payment)

    def _plan(self, payment: Payment, fault: Fault | None) -> None:
        if fault is not None:
            self._faults.plan(payment.payment_request_id, fault)

    def _comes_too_late(self, payment: Payment) -> bool:
        """Whether the time was planned to end now, and the customer to pay after it."""
        keys = keys_of(payment)
        if not payment.payable or not self._faults.take(keys, {Fault.PAID_TOO_LATE}):
            return False
        self.expire(payment)
        self._comes_late(payment, SHORT_PAUSE)
        return True

    def _plan_late(self, payment: Payment, fault: Fault) -> None:
        if self._faults.take(keys_of(payment), {fault}):
            self._comes_late(payment, PAUSE)

    def _comes_late(self, payment: Payment, pause: timedelta) -> None:
        payment.pays_late_at = self._clock() + self._config.shortened(pause)
        self._wake(payment, payment.pays_late_at)
        self._save(payment)

    def _pay_late(self, payment: Payment) -> None:
        payment.complete_late(self._clock())
        self._charge(payment)
        if payment.status is Status.CANCELLED:
            # Alipay gives it back by itself (cashierpay/cancel, cancel before payment).
            self._movements.move(
                Kind.REFUND, payment, payment.charged.value, "automatic"
            )

    def _wake(self, payment: Payment, at: datetime | None) -> None:
        if at is not None:
            self._timers.at(at, lambda: self.catch_up(payment))


def late_faults(payment: Payment) -> frozenset[Fault]:
    """Return the faults that let the customer pay a closed payment."""
    if payment.expired:
        return frozenset({Fault.PAY_AFTER_EXPIRY})
    if payment.status is Status.CANCELLED and payment.paid_at is None:
        return frozenset({Fault.PAY_AFTER_CANCEL})
    return frozenset()
