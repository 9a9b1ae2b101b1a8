"""What we say was paid and given back: taken from the histories of a bundle."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from audit.bundle.reading import BundleError, Entry
from audit.history.record import Record, UnreadableHistoryError, read_history
from audit.reconcile.lines import Movement, Row
from audit.reconcile.settlement_columns import FileKind
from codec.keyring import Keyring
from codec.payload_codec import EncryptingCodec
from contracts import (
    LateOutcome,
    LatePaymentInput,
    LatePaymentView,
    Money,
    PaymentNotified,
    PaymentOutcome,
    PaymentView,
    late_refund_id,
)

PAYMENT: Final = "CashierPayment"
LATE_MONEY: Final = "LatePayment"
# Late money that had come; NOT_PAID never did.
GIVEN_BACK: Final = (LateOutcome.REFUNDED, LateOutcome.RETURNED)
HAD_COME: Final = (LateOutcome.HONOURED, *GIVEN_BACK)


class Histories(Protocol):
    """A bundle, as far as it matters here."""

    def entries(self) -> Iterator[Entry]: ...

    def read(self, entry: Entry) -> str: ...


@dataclass
class Ours:
    """One movement of money as we know it, and where Alipay's files list it.

    Attributes:
        id: The id by which we asked for it.
        there: For each kind of file its lines, by Alipay's id of the movement.
        note: Who says so where no answer of Alipay's does, or what a file says besides.
    """

    movement: Movement
    order_id: str
    id: str
    amount: Money
    there: dict[FileKind, dict[str, Row]] = field(default_factory=dict)
    note: str = ""


class OurMoney:
    """All movements that we know, found by any id that a file may name them by.

    Attributes:
        outcomes: How each order ended; says more of money that we do not expect.
        unreadable: Orders whose histories cannot be read, and why.
    """

    def __init__(self) -> None:
        self.all: list[Ours] = []
        self.outcomes: dict[str, str] = {}
        self.unreadable: list[tuple[str, str]] = []
        self._by_id: dict[tuple[Movement, str], Ours] = {}

    @classmethod
    def of(cls, bundle: Histories, keyring: Keyring | None) -> "OurMoney":
        """Read the histories in which money may have moved, one after the other."""
        ours, codec = cls(), EncryptingCodec(keyring) if keyring else None
        for entry in bundle.entries():
            if entry.workflow_type not in (PAYMENT, LATE_MONEY):
                continue
            # The index is not asked what a history says: it may be wrong, or made by
            # somebody without the keys.
            if entry.status != "COMPLETED":
                ours._ended(entry.order_id, entry.status)
                continue
            try:
                ours._add(read_history(bundle.read(entry), codec))
            except (UnreadableHistoryError, BundleError, OSError) as error:
                ours.unreadable.append((entry.order_id, str(error)))
        return ours

    def find(self, row: Row) -> Ours | None:
        """Return the movement that a line is about."""
        if row.movement is None:
            return None
        ids: tuple[str, ...] = (row.request_id, row.transaction_id)
        if row.movement is Movement.BACK:
            # Refunds are named by their own ids, cancels by those of their payments.
            ids += (row.original_request_id, row.original_id)
        found = (self._by_id.get((row.movement, one)) for one in ids if one)
        return next((one for one in found if one), None)

    def _ended(self, order_id: str, outcome: str) -> None:
        # An order that was closed unpaid may have been paid in a later run.
        if order_id and self.outcomes.get(order_id) != PaymentOutcome.PAID:
            self.outcomes[order_id] = outcome

    def _add(self, record: Record) -> None:
        view = record.result
        if isinstance(view, PaymentView):
            self._ended(view.order_id, view.outcome or view.status)
            self._add_payment(view, record)
        elif isinstance(view, LatePaymentView):
            if view.outcome in HAD_COME:
                self._add_late(record.order_id, view, record.input)
        else:
            raise UnreadableHistoryError("the result is not what this workflow gives")

    def _add_payment(self, view: PaymentView, record: Record) -> None:
        is_paid = view.outcome is PaymentOutcome.PAID
        paid = [one for one in view.attempts if one.is_paid]
        if is_paid and not paid:  # a person's word, and Alipay has not said so
            paid = list(view.attempts[-1:])
        for one in paid:
            id_, payment_id = one.payment_request_id, one.payment_id or ""
            amount = view.amount if is_paid else _said(record, id_) or view.amount
            self._know(Movement.PAYMENT, view.order_id, id_, amount, payment_id)
            if not is_paid:
                # Somebody has ended it unpaid although the customer had paid: as good
                # as saying that the money went back, under an id that we do not know.
                note = f"ended {view.outcome} by hand"
                if view.resolved:
                    note += f" by {view.resolved.by}: {view.resolved.reason}"
                back = self._know(Movement.BACK, view.order_id, id_, amount, payment_id)
                back.note = note

    def _add_late(self, order_id: str, view: LatePaymentView, given: object) -> None:
        id_, payment_id = view.payment_request_id, ""
        if isinstance(given, LatePaymentInput) and given.notification:
            payment_id = given.notification.payment_id
        self._know(Movement.PAYMENT, order_id, id_, view.amount, payment_id)
        if view.outcome in GIVEN_BACK:
            refunded = view.outcome is LateOutcome.REFUNDED
            own_id = late_refund_id(id_) if refunded else id_
            self._know(Movement.BACK, order_id, own_id, view.amount, id_, payment_id)

    def _know(
        self,
        movement: Movement,
        order_id: str,
        own_id: str,
        amount: Money,
        *other_ids: str,
    ) -> Ours:
        # A second success is known to its order, and to the workflow that returned it.
        known = self._by_id.get((movement, own_id))
        if known:
            return known
        ours = Ours(movement, order_id, own_id, amount)
        self.all.append(ours)
        for one in (own_id, *other_ids):
            if one:
                self._by_id[movement, one] = ours
        return ours


def _said(record: Record, payment_request_id: str) -> Money | None:
    """Return what Alipay notified as paid: it may be other money than the order's."""
    for event in record.events:
        signal = event.workflow_execution_signaled_event_attributes
        if not signal.signal_name:
            continue
        told = record.message(signal.signal_name, signal.input)
        if (
            isinstance(told, PaymentNotified)
            and told.payment_request_id == payment_request_id
            and told.result_status == "S"
            and told.amount
        ):
            return told.amount
    return None
