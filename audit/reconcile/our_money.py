"""Collects the money paid and returned, from the histories of bundles."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from audit.bundle.reading import BundleError, Entry
from audit.bundle.same_history import is_same_history
from audit.history.record import Record, UnreadableHistoryError, read_history
from audit.reconcile.files.columns import FileKind
from audit.reconcile.files.lines import Movement, Row
from audit.reconcile.our_refunds import movements_of
from audit.reconcile.unreadable import UnreadableHistories
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
REFUNDS: Final = "OrderRefunds"
# Outcomes of late money that had come. NOT_PAID is not among them: it never came, or
# Alipay has returned it by itself.
GIVEN_BACK: Final = (LateOutcome.REFUNDED, LateOutcome.RETURNED)
HAD_COME: Final = (LateOutcome.HONOURED, *GIVEN_BACK)


class Histories(Protocol):
    """The interface of a bundle that is used here."""

    def entries(self) -> Iterator[Entry]: ...

    def read(self, entry: Entry) -> str: ...


@dataclass
class Ours:
    """One movement of money in our histories, and its lines in Alipay's files.

    Attributes:
        id: The id of our request.
        there: Its lines for each kind of file, without repeats.
        note: The source where it is not an answer of Alipay's, or a remark from a file.
        refund_id: The merchant's id of it, if it is a refund of an order.
    """

    movement: Movement
    order_id: str
    id: str
    amount: Money
    there: dict[FileKind, list[Row]] = field(default_factory=dict)
    note: str = ""
    refund_id: str = ""


@dataclass(frozen=True, slots=True)
class _Given:
    """The history of a run, from the first bundle that has it."""

    bundle: Histories
    sha256: str
    file: str

    def is_same(self, bundle: Histories, entry: Entry) -> bool:
        """Whether another bundle's history of the run has the same content."""
        if self.sha256 == entry.sha256:
            return True
        before = entry.model_copy(update={"file": self.file})
        try:
            return is_same_history(self.bundle.read(before), bundle.read(entry))
        except (BundleError, OSError):
            return False


class OurMoney:
    """All movements in our histories, by any id that a file may use.

    Attributes:
        outcomes: The outcome of each order, for remarks on unexpected money.
        prices: The price of each order with a closed history.
        honoured: The orders whose late money was honoured.
        unpaid: The order of each attempt that ended unpaid, by our id and by Alipay's.
            Alipay may still list its money, as taken and returned.
        not_confirmed: Attempts whose late money ended NOT_PAID.
        elsewhere: Refunds in Alipay's portal that we know, by their ids there.
        unreadable: The histories that cannot be read, and why.
    """

    def __init__(self) -> None:
        self.all: list[Ours] = []
        self.outcomes: dict[str, str] = {}
        self.prices: dict[str, Money] = {}
        self.honoured: set[str] = set()
        self.unpaid: dict[str, str] = {}
        self.not_confirmed: set[str] = set()
        self.elsewhere: dict[str, Money] = {}
        self._refunded: dict[str, int] = defaultdict(int)
        self.unreadable = UnreadableHistories()
        self._by_id: dict[tuple[Movement, str], Ours] = {}
        self._ended_at: dict[str, tuple[bool, datetime, bool]] = {}
        self._runs: dict[tuple[str, str], _Given] = {}

    @classmethod
    def of(cls, bundles: Iterable[Histories], keyring: Keyring | None) -> "OurMoney":
        """Read the histories that may contain movements of money, one after the other.

        Bundles may be in any order, and overlap: each run is read once.
        """
        ours, codec = cls(), EncryptingCodec(keyring) if keyring else None
        for bundle in bundles:
            for entry in bundle.entries():
                ours._read(bundle, entry, codec)
        return ours

    def find(self, row: Row) -> Ours | None:
        """Return the movement of a line."""
        if row.movement is None:
            return None
        ids: tuple[str, ...] = (row.request_id, row.transaction_id)
        if row.movement is not Movement.PAYMENT:
            # Refunds have their own ids, cancels those of their payments.
            ids += (row.original_request_id, row.original_id)
        found = (self._by_id.get((row.movement, one)) for one in ids if one)
        return next((one for one in found if one), None)

    def keeps(self, ours: Ours) -> bool:
        """Whether this is a payment that was not returned, as far as we know."""
        is_payment = ours.movement is Movement.PAYMENT
        return is_payment and (Movement.BACK, ours.id) not in self._by_id

    def keeps_order(self, order_id: str) -> bool:
        """Whether money of an order is kept, all or a part, by the histories."""
        price = self.prices.get(order_id)
        is_left = price is None or self.refunded(order_id) < price.value
        return self.was_paid(order_id) and is_left

    def was_paid(self, order_id: str) -> bool:
        """Whether an order was paid, even if all of it was refunded since."""
        is_paid = self.outcomes.get(order_id) == PaymentOutcome.PAID
        return is_paid or order_id in self.honoured

    def refunded(self, order_id: str) -> int:
        """Return the refunded amount of an order, in minor units."""
        return self._refunded[order_id]

    def refund_named(self, row: Row) -> Ours | None:
        """Return our refund whose bounce a line reports."""
        for one in (row.request_id, row.original_request_id):
            known = self._by_id.get((Movement.BACK, one))
            if known and known.refund_id:
                return known
        return None

    def kept_orders(self) -> Iterator[str]:
        """Yield each order whose money is kept, once."""
        for order_id in {**self.outcomes, **dict.fromkeys(self.honoured)}:
            if self.keeps_order(order_id):
                yield order_id

    def order_of(self, any_id: str) -> str:
        """Return the order of an id; empty where it is unknown."""
        for movement in Movement:
            if ours := self._by_id.get((movement, any_id)):
                return ours.order_id
        return self.unpaid.get(any_id, "")

    def _read(
        self, bundle: Histories, entry: Entry, codec: EncryptingCodec | None
    ) -> None:
        if entry.workflow_type not in (PAYMENT, LATE_MONEY, REFUNDS):
            return
        if entry.workflow_type == REFUNDS:
            # Also of open runs, whose returns have taken place.
            if entry.status != "COMPLETED" or self._is_new(bundle, entry):
                self._read_history(bundle, entry, codec)
            return
        # Not from the index: it may be wrong, or made without the keys.
        if entry.status != "COMPLETED":
            self._ended(entry, entry.order_id, entry.status)
        elif self._is_new(bundle, entry):
            self._read_history(bundle, entry, codec)

    def _read_history(
        self, bundle: Histories, entry: Entry, codec: EncryptingCodec | None
    ) -> None:
        self.unreadable.looked_at += 1
        try:
            record = read_history(bundle.read(entry), codec)
            if entry.workflow_type == REFUNDS:
                self._add_refunds(record)
            else:
                self._add(record, entry)
        except (UnreadableHistoryError, BundleError, OSError) as error:
            self.unreadable.add(entry.order_id, error)

    def _is_new(self, bundle: Histories, entry: Entry) -> bool:
        """Whether no earlier bundle has this run."""
        run = (entry.workflow_id, entry.run_id)
        known = self._runs.get(run)
        if known is None:
            self._runs[run] = _Given(bundle, entry.sha256, entry.file)
        elif not known.is_same(bundle, entry):
            self.unreadable.add_contradiction(entry.order_id, entry.run_id)
        return known is None

    def _ended(self, entry: Entry, order_id: str, outcome: str) -> None:
        # An order closed unpaid may have been paid in a later run; bundles come in any
        # order.
        at = (
            outcome == PaymentOutcome.PAID,
            entry.closed_at or entry.started_at,
            entry.status == "COMPLETED",
        )
        if order_id and at >= self._ended_at.get(order_id, at):
            self._ended_at[order_id] = at
            self.outcomes[order_id] = outcome

    def _add(self, record: Record, entry: Entry) -> None:
        view = record.result
        if isinstance(view, PaymentView):
            self._ended(entry, view.order_id, view.outcome or view.status)
            self.prices[view.order_id] = view.amount
            self._add_payment(view, record)
        elif isinstance(view, LatePaymentView):
            self.prices.setdefault(record.order_id, view.amount)
            if view.outcome is LateOutcome.HONOURED:
                self.honoured.add(record.order_id)
            if view.outcome in HAD_COME:
                self._add_late(record.order_id, view, record.input)
            elif view.outcome is LateOutcome.NOT_PAID:
                ids = (view.payment_request_id, _payment_id(record.input))
                self.unpaid |= {one: record.order_id for one in ids if one}
                self.not_confirmed.add(view.payment_request_id)
        else:
            raise UnreadableHistoryError("the result is not of this workflow type")

    def _add_payment(self, view: PaymentView, record: Record) -> None:
        is_paid = view.outcome is PaymentOutcome.PAID
        paid = [one for one in view.attempts if one.is_paid]
        if is_paid and not paid:  # decided by a person, without an answer of Alipay
            paid = list(view.attempts[-1:])
        for one in view.attempts:
            if one not in paid:
                ids = (one.payment_request_id, one.payment_id)
                self.unpaid |= {id_: view.order_id for id_ in ids if id_}
        for one in paid:
            id_, payment_id = one.payment_request_id, one.payment_id or ""
            amount = view.amount if is_paid else _said(record, id_) or view.amount
            self._know(Movement.PAYMENT, view.order_id, id_, amount, payment_id)
            if not is_paid:
                # A person has resolved it as unpaid although the customer had paid: the
                # money must have been returned under an id that we do not know.
                note = f"ended {view.outcome} by hand"
                if view.resolved:
                    note += f" by {view.resolved.by}: {view.resolved.reason}"
                back = self._know(Movement.BACK, view.order_id, id_, amount, payment_id)
                back.note = note

    def _add_refunds(self, record: Record) -> None:
        """Add the refunds of the payment that pays an order, each once."""
        found = movements_of(record)
        order_id = record.order_id
        for id_, amount in found.elsewhere.items():
            if id_ not in self.elsewhere:
                self._refunded[order_id] += amount.value
        self.elsewhere |= found.elsewhere
        for one in found.movements:
            if (one.movement, one.id) in self._by_id:
                continue  # an earlier run of the order's refunds has it
            known = self._know(one.movement, order_id, one.id, one.amount)
            known.note, known.refund_id = one.note, one.refund_id
            sign = -1 if one.movement is Movement.RETURNED else 1
            self._refunded[order_id] += sign * one.amount.value

    def _add_late(self, order_id: str, view: LatePaymentView, given: object) -> None:
        id_, payment_id = view.payment_request_id, _payment_id(given)
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
        # A second success is in its payment, and in the workflow that returned it.
        known = self._by_id.get((movement, own_id))
        ours = known or Ours(movement, order_id, own_id, amount)
        if known is None:
            self.all.append(ours)
        for one in (own_id, *other_ids):
            if one and not (known and (movement, one) in self._by_id):
                self._by_id[movement, one] = ours
        return ours


def _payment_id(given: object) -> str:
    """Return Alipay's id of late money, from its notification."""
    if isinstance(given, LatePaymentInput) and given.notification:
        return given.notification.payment_id
    return ""


def _said(record: Record, payment_request_id: str) -> Money | None:
    """Return the paid amount in Alipay's notification, which may be another."""
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
