"""The lifecycle of refunds: accepted, refused, done, failed, and returned money."""

from collections.abc import Callable
from datetime import datetime, timedelta

from simulator.config import Clock, SimulatorConfig
from simulator.faults.kinds import REFUND_NOTICE_FAULTS, Fault
from simulator.faults.planned import Faults
from simulator.payments.announcer import Announcer, keys_of
from simulator.payments.ids import new_id
from simulator.payments.ledger import Kind
from simulator.payments.movements import Movements
from simulator.payments.payment import Payment
from simulator.payments.refund import Refund, RefundStatus
from simulator.payments.refund_rules import check_refund
from simulator.payments.register import Register
from simulator.requests.money import Money
from simulator.requests.refund_request import RefundRequest
from simulator.requests.refusal import RefusedError
from simulator.timers import Timers

# Long enough for the merchant to notice the previous state.
PAUSE = timedelta(minutes=1)
# No limit is documented; longer than any merchant waits for a call.
HOURS = timedelta(hours=3)
# The result code of a refund that fails after it was accepted; any F code would do.
FAILED = "PROCESS_FAIL"

# By fault: how long a refund stays in process.
LASTING = {
    Fault.REFUND_IN_PROCESS: PAUSE,
    Fault.REFUND_FAILS_LATER: PAUSE,
    Fault.REFUND_TAKES_HOURS: HOURS,
    Fault.REFUND_FAILS_AFTER_HOURS: HOURS,
}
FAILING = frozenset({Fault.REFUND_FAILS_LATER, Fault.REFUND_FAILS_AFTER_HOURS})


class NotInProcessError(Exception):
    """The state of the refund forbids this; the text says why."""


class Refunds:
    """Carries out the actions of merchant and wallet on refunds, and due changes."""

    def __init__(
        self,
        config: SimulatorConfig,
        clock: Clock,
        timers: Timers,
        faults: Faults,
        register: Register,
        movements: Movements,
        announcer: Announcer,
        save: Callable[[Payment], None],
    ) -> None:
        self._config = config
        self._clock = clock
        self._timers = timers
        self._faults = faults
        self._register = register
        self._movements = movements
        self._announcer = announcer
        self._save = save

    def resume(self, payment: Payment) -> None:
        """Resume the refunds of a payment after a restart."""
        for refund in payment.refunds:
            self._wake(payment, refund)

    def catch_up(self, payment: Payment) -> None:
        """Apply changes that are due; called by timers and before each read."""
        now = self._clock()
        for refund in payment.refunds:
            if not refund.done and now >= refund.done_at:
                self.finish(payment, refund)
            if refund.returns_at is not None and now >= refund.returns_at:
                self.give_to_the_merchant(payment, refund)

    def make(self, payment: Payment, request: RefundRequest) -> Refund:
        """The merchant refunds by a call.

        A refusal is kept like a refund: once F, the same id is always answered F.

        Raises:
            RefusedError: The wallet, the state, the period or the amount forbids it.
        """
        refund = self._new(request)
        try:
            check_refund(payment, request.amount, self._clock())
            self._check_planned(payment)
        except RefusedError as refused:
            if request.amount.currency == payment.currency:
                refund.done = refund.is_refused = True
                refund.fails_with = refused.code
                self._keep(payment, refund)
            raise
        self._delay(payment, refund)
        self._keep(payment, refund)
        if self._faults.waiting(keys_of(payment), {Fault.REFUND_NOTICE_FORGED}):
            self._announcer.forged_refund(payment, refund)
        if not self._faults.waiting(keys_of(payment), {Fault.REFUND_NOTICE_EARLY}):
            self.catch_up(payment)
        return refund

    def make_in_portal(self, payment: Payment, amount: Money) -> Refund:
        """The merchant refunds in Alipay's portal, which generates the request's id.

        Raises:
            RefusedError: The wallet, the state, the period, the amount or the balance
                forbids it.
        """
        number = len(payment.refunds) + 1
        request = RefundRequest(f"portal-{payment.payment_id}-{number}", amount)
        check_refund(payment, amount, self._clock())
        self._check_balance(payment)
        refund = self._new(request)
        refund.asynchronous = True  # no answer reports it
        self._keep(payment, refund)
        self.catch_up(payment)
        return refund

    def finish(
        self, payment: Payment, refund: Refund, outcome: RefundStatus | None = None
    ) -> None:
        """End a refund: the money moves, or the refund has failed.

        Args:
            payment: Whose refund it is.
            refund: The refund.
            outcome: SUCCESS or FAIL; None: the planned one.

        Raises:
            NotInProcessError: It has ended already.
        """
        if refund.done:
            raise NotInProcessError("The refund has ended already.")
        if outcome is RefundStatus.SUCCESS:
            refund.fails_with = None
        elif outcome is RefundStatus.FAIL:
            refund.fails_with = refund.fails_with or FAILED
        refund.done, refund.done_at = True, min(refund.done_at, self._clock())
        self._save(payment)
        if refund.status is RefundStatus.SUCCESS:
            self._move(Kind.REFUND, payment, refund)
            if self._faults.take(keys_of(payment), {Fault.REFUND_RETURNED}):
                refund.returns_at = self._clock() + self._config.shortened(PAUSE)
                self._save(payment)
                self._wake(payment, refund)
        if refund.asynchronous or self._is_notified_although_instant(payment):
            self._announcer.refund(payment, refund)

    def give_to_the_merchant(self, payment: Payment, refund: Refund) -> None:
        """The wallet could not credit a refund that ended as SUCCESS: money returns.

        No notification is sent: the refund stays SUCCESS, and only the settlement file
        shows the return.

        Raises:
            NotInProcessError: The refund has not succeeded, or the money came back.
        """
        if refund.status is not RefundStatus.SUCCESS or refund.returned_at is not None:
            raise NotInProcessError("Only a refund that succeeded returns, and once.")
        refund.returns_at, refund.returned_at = None, self._clock()
        self._save(payment)
        self._move(Kind.REFUND_RETURN, payment, refund)

    def notify(self, payment: Payment, refund: Refund) -> None:
        """Send the notification by hand, as the dashboard can.

        Raises:
            NotInProcessError: It is in process still, without a result to report.
        """
        if not refund.done:
            raise NotInProcessError("The refund is in process still.")
        self._announcer.refund(payment, refund)

    def top_up(self) -> None:
        """The merchant tops up the balance, so that new refunds are paid."""
        self._faults.end(Fault.BALANCE_SHORT)

    def _new(self, request: RefundRequest) -> Refund:
        now = self._clock()
        return Refund(
            request.refund_request_id,
            new_id(now, "3"),
            request.amount.value,
            now,
            notify_url=request.notify_url,
            reason=request.reason,
        )

    def _check_planned(self, payment: Payment) -> None:
        """Refuse a refund for which a fault is planned, with the planned code."""
        keys = keys_of(payment)
        planned = self._faults.waiting(keys, {Fault.REFUND_REFUSED})
        if planned and self._faults.take(keys, {Fault.REFUND_REFUSED}):
            raise RefusedError(planned.code, "The refund is refused.")
        self._check_balance(payment)

    def _check_balance(self, payment: Payment) -> None:
        if self._faults.take(keys_of(payment), {Fault.BALANCE_SHORT}):
            raise RefusedError(
                "MERCHANT_BALANCE_NOT_ENOUGH", "The merchant's balance is too low."
            )

    def _delay(self, payment: Payment, refund: Refund) -> None:
        """Keep the refund in process if the wallet or a fault takes time."""
        keys = keys_of(payment)
        fault = self._faults.take(keys, LASTING.keys())
        if fault in FAILING:
            refund.fails_with = FAILED
        lasts = LASTING[fault] if fault else PAUSE
        # A fault of a notification needs an asynchronous refund.
        has_notice = self._faults.waiting(keys, REFUND_NOTICE_FAULTS)
        if not (fault or has_notice) and payment.rules.instant_refunds:
            return
        refund.asynchronous = True
        if not self._faults.waiting(keys, {Fault.REFUND_NOTICE_EARLY}):
            refund.done_at += self._config.shortened(lasts)

    def _is_notified_although_instant(self, payment: Payment) -> bool:
        fault = self._faults.take(keys_of(payment), {Fault.INSTANT_REFUND_NOTIFIED})
        return fault is not None

    def _keep(self, payment: Payment, refund: Refund) -> None:
        payment.refunds.append(refund)
        self._register.add_refund(payment, refund)
        self._save(payment)
        self._wake(payment, refund)

    def _move(self, kind: Kind, payment: Payment, refund: Refund) -> None:
        self._movements.move(kind, payment, refund.value, refund.refund_request_id)

    def _wake(self, payment: Payment, refund: Refund) -> None:
        at: datetime | None = refund.returns_at if refund.done else refund.done_at
        if at is not None:
            self._timers.at(at, lambda: self.catch_up(payment))
