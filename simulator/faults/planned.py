"""Planned faults: for which payment, when, and how often.

A fault is planned for one payment (or order) and waits until the moment it belongs to:
a call of the merchant's, the customer's payment, the expiry, a notification, a refund.
Only a fault that was really injected is counted.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from simulator.faults.kinds import (
    CALL_FAULTS,
    DEFAULT_MIX,
    DEFAULT_REFUSAL,
    DEFAULT_SKEW,
    FOR_EVER,
    MAGIC,
    MAGIC_CALLS,
    MIXED_APIS,
    REFUND_CALL_FAULTS,
    SEVERAL,
    SEVERAL_TIMES,
    Fault,
)


@dataclass(eq=False)
class Planned:
    """A planned fault; `left` is None when it never ends."""

    fault: Fault
    api: str | None
    left: int | None
    skew: timedelta = DEFAULT_SKEW
    code: str = DEFAULT_REFUSAL

    def fits(self, among: Collection[Fault], api: str | None) -> bool:
        return self.fault in among and (self.api is None or self.api == api)


class Faults:
    """The queues of planned faults and the count of those injected."""

    def __init__(self, *, seed: int = 0, rate: float = 0.0) -> None:
        self.counts: Counter[Fault] = Counter()
        self._queues: defaultdict[str, list[Planned]] = defaultdict(list)
        self._met: set[str] = set()
        self._magic_calls: Counter[tuple[str, str]] = Counter()
        self.mix(rate, seed)

    def mix(
        self,
        rate: float,
        seed: int,
        faults: Collection[Fault] = DEFAULT_MIX,
        apis: Collection[str] = MIXED_APIS,
    ) -> None:
        """Plan faults for a share of the new payments, reproducibly.

        Args:
            rate: The share, below 1.
            seed: Decides which payments get which fault.
            faults: The faults to choose from.
            apis: The APIs whose calls the faults of calls apply to.
        """
        self._rate, self._seed = rate, seed
        self._mixed, self._mixed_apis = tuple(faults), tuple(apis)

    def plan(
        self,
        key: str,
        fault: Fault,
        *,
        times: int | None = None,
        api: str | None = None,
        skew: timedelta = DEFAULT_SKEW,
        code: str = DEFAULT_REFUSAL,
    ) -> None:
        """Plan a fault for a paymentRequestId or an order id."""
        if times is None and fault not in FOR_EVER:
            times = SEVERAL_TIMES if fault in SEVERAL else 1
        self._queues[key].append(Planned(fault, api, times, skew, code))

    def end(self, fault: Fault) -> None:
        """Drop all plans of a fault, for any payment."""
        for queue in self._queues.values():
            queue[:] = [planned for planned in queue if planned.fault is not fault]

    def meet(self, payment_request_id: str) -> None:
        """Draw the faults of a payment seen for the first time."""
        if payment_request_id in self._met:
            return
        self._met.add(payment_request_id)
        # Seeded by the id, so the order in which payments come does not matter.
        dice = random.Random(f"{self._seed}:{payment_request_id}")  # noqa: S311
        while self._mixed and dice.random() < self._rate:
            fault = dice.choice(self._mixed)
            api = dice.choice(self._mixed_apis) if fault in CALL_FAULTS else None
            self.plan(payment_request_id, fault, api=api)

    def waiting(
        self, keys: Iterable[str], among: Collection[Fault], api: str | None = None
    ) -> Planned | None:
        for key in keys:
            for planned in self._queues.get(key, ()):
                if planned.fits(among, api):
                    return planned
        return None

    def take(
        self, keys: Collection[str], among: Collection[Fault], api: str | None = None
    ) -> Fault | None:
        """Return the fault to inject now, counted as injected."""
        planned = self.waiting(keys, among, api)
        if planned is None:
            return None
        self.counts[planned.fault] += 1
        if planned.left is not None:
            planned.left -= 1
            if planned.left <= 0:
                for key in keys:
                    if planned in self._queues.get(key, ()):
                        self._queues[key].remove(planned)
        return planned.fault

    def take_of_refunds(self, keys: Collection[str], api: str) -> Fault | None:
        """Return the fault of this call about a refund, as its general fault."""
        planned = REFUND_CALL_FAULTS.get(api, {})
        fault = self.take(keys, planned.keys())
        return planned[fault] if fault else None

    def take_magic(self, payment_request_id: str, api: str, value: int) -> Fault | None:
        fault = MAGIC.get((api, value))
        if fault is None or self._magic_calls[payment_request_id, api] >= MAGIC_CALLS:
            return None
        self._magic_calls[payment_request_id, api] += 1
        self.counts[fault] += 1
        return fault

    def skew(self, keys: Collection[str]) -> timedelta:
        planned = self.waiting(keys, {Fault.CLOCK_SKEW})
        if planned is None:
            return timedelta()
        self.take(keys, {Fault.CLOCK_SKEW})
        return planned.skew
