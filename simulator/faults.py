"""The fault menu: what can be made to go wrong, for which payment, how often.

A fault is planned for one payment (or order) and waits until the moment it belongs to:
a call of the merchant's, the customer's payment, the expiry, a notification. Only a
fault that was really injected is counted.

Magic amounts (minor units, any currency), as in Alipay's own beta mock; they hold for
the first two calls of that API for that payment, afterwards all is normal:

* 9901: `pay` answers U UNKNOWN_EXCEPTION and does nothing
* 9902: `pay` takes effect and never answers
* 9903: `inquiryPayment` answers U UNKNOWN_EXCEPTION
* 9904: `inquiryPayment` never answers
"""

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Fault(StrEnum):
    """Everything that can be made to go wrong."""

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


# What happens to a call of the merchant's, whatever the API.
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
# The customer only pays later than asked, so paying now does nothing.
LATE_FAULTS = frozenset({Fault.PAY_AFTER_EXPIRY, Fault.PAY_AFTER_CANCEL})

FOR_EVER = frozenset({Fault.U_FOR_EVER, Fault.CLOCK_SKEW})
SEVERAL = frozenset({Fault.U_BEFORE, Fault.U_AFTER, Fault.RATE_LIMIT})
# Enough that a client which repeats once or twice does not get through by luck.
SEVERAL_TIMES = 3
# More than any tolerance of minutes, less than an hour, so no time zone looks right.
DEFAULT_SKEW = timedelta(minutes=25)

# What a mix has only when asked: a payment that answers U for ever can never end, and
# a time cut short is for people who will not wait. Mixes draw by place: what is added
# here later stays out too, or an old seed would draw something else.
ONLY_ASKED = frozenset({Fault.U_FOR_EVER, Fault.PAID_TOO_LATE})
DEFAULT_MIX = tuple(fault for fault in Fault if fault not in ONLY_ASKED)
MIXED_APIS = ("pay", "inquiryPayment", "cancel")

MAGIC: dict[tuple[str, int], Fault] = {
    ("pay", 9901): Fault.U_BEFORE,
    ("pay", 9902): Fault.TIMEOUT_AFTER,
    ("inquiryPayment", 9903): Fault.U_BEFORE,
    ("inquiryPayment", 9904): Fault.TIMEOUT_AFTER,
}
MAGIC_CALLS = 2


@dataclass(eq=False)
class Planned:
    """A fault that waits; `left` is None when it never ends."""

    fault: Fault
    api: str | None
    left: int | None
    skew: timedelta = DEFAULT_SKEW

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
        self, rate: float, seed: int, faults: Collection[Fault] = DEFAULT_MIX
    ) -> None:
        """From now on give a share of the new payments faults, the same every time."""
        self._rate, self._seed, self._mixed = rate, seed, tuple(faults)

    def plan(
        self,
        key: str,
        fault: Fault,
        *,
        times: int | None = None,
        api: str | None = None,
        skew: timedelta = DEFAULT_SKEW,
    ) -> None:
        """Let a fault wait for a paymentRequestId or an order id."""
        if times is None and fault not in FOR_EVER:
            times = SEVERAL_TIMES if fault in SEVERAL else 1
        self._queues[key].append(Planned(fault, api, times, skew))

    def meet(self, payment_request_id: str) -> None:
        """Draw the faults of a payment seen for the first time."""
        if payment_request_id in self._met:
            return
        self._met.add(payment_request_id)
        # Seeded by the id, so the order in which payments come does not matter.
        dice = random.Random(f"{self._seed}:{payment_request_id}")  # noqa: S311
        while self._mixed and dice.random() < self._rate:
            fault = dice.choice(self._mixed)
            api = dice.choice(MIXED_APIS) if fault in CALL_FAULTS else None
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
