"""Moves money between customer and merchant, and records each movement once."""

from collections.abc import Callable

from simulator.config import Clock
from simulator.payments.ledger import Entry, Kind, Ledger
from simulator.payments.payment import Payment


class Movements:
    """Writes the ledger and keeps each new entry on disk."""

    def __init__(
        self, clock: Clock, ledger: Ledger, save: Callable[[Entry], None]
    ) -> None:
        self._clock = clock
        self._ledger = ledger
        self._save = save

    def move(self, kind: Kind, payment: Payment, value: int, request_id: str) -> None:
        """Move money of a payment.

        Args:
            kind: Which way it moves, and why.
            payment: Whose money it is.
            value: How much, in minor units of the payment's currency.
            request_id: Which request; a repeat of the same movement has no effect.
        """
        entry = Entry(
            time=self._clock(),
            kind=kind,
            payment_request_id=payment.payment_request_id,
            payment_id=payment.payment_id,
            order_id=payment.order_id,
            currency=payment.currency,
            value=value,
            request_id=request_id,
        )
        if self._ledger.record(entry):
            self._save(entry)
