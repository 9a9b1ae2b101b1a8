"""The facts about one order's payment."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from contracts import (
    CancelWish,
    InquiryVerdict,
    Money,
    Order,
    PaymentNotified,
    Proposed,
    Resolution,
    SignedEvidence,
    StoppedAttempt,
    payment_request_id,
)
from workflows.payment.attempt import USUAL_EXPIRY, Asked, Attempt, Heard
from workflows.payment.bounds import LONGEST_PROOF, MOST_ATTEMPTS, bounded, settled
from workflows.resolution import confirm, needs_second_person, propose

NUMBER = re.compile(r"[1-9][0-9]{0,5}")
# Alipay's longest text (docs/protocol.md 2.0) is cut a little: it only explains.
LONGEST_TEXT = 128
# In place of the call that caused an attempt, where a stopped run began it.
STOPPED_RUN = "a stopped run"


@dataclass(frozen=True)
class WalletWish:
    """The customer's newest choice of a wallet."""

    wallet: str
    at: datetime
    call_id: str


@dataclass
class Facts:
    """The facts a payment's decisions are based on; carried over when a run continues.

    Attributes:
        order: The input of the run.
        started_at: When the first run of this chain began.
        attempts: First those of other runs, known from notifications only; then this
            run's.
        check_wanted_at: When an inquiry was last requested.
        cancel_wanted_at: When a cancel was last requested.
        resolution: A person's decision; above an amount only once a second person has
            confirmed it.
        proposed: A decision that waits for a second person.
        review_told: The last doubt that the shop was notified of.
        reviews_told: The number of doubts that the shop was notified of.
    """

    order: Order
    started_at: datetime
    attempts: list[Attempt] = field(default_factory=list)
    wallet_wish: WalletWish | None = None
    check_wanted_at: datetime | None = None
    cancel_wanted_at: datetime | None = None
    cancel_wish: CancelWish | None = None
    resolution: Resolution | None = None
    proposed: Proposed | None = None
    confirmed_by: str | None = None
    review_told: str | None = None
    reviews_told: int = 0

    @classmethod
    def of(
        cls, order: Order, now: datetime, *, believes_carried: bool = True
    ) -> "Facts":
        """Return the facts at the start of a run: carried over, or none yet.

        Args:
            order: The run's input.
            now: The workflow's time.
            believes_carried: Whether the run continues another one of ours. Facts in
                the input of any other run are hints at most.
        """
        if order.carried is not None and believes_carried:
            return _FACTS.validate_python(order.carried)
        facts = cls(order.model_copy(update={"carried": None}), now)
        stopped = order.stopped.attempts if order.stopped else ()
        for one in stopped:
            facts.add_stopped(one, now)
        if not any(one.wallet for one in stopped):
            facts.begin_attempt(order.first_attempt, order.wallet, now)
        for request_id in _named_in(order.carried or {}):
            facts.add_hint(request_id, now)
        return facts

    def carried(self) -> Order:
        """Return the input of the run that continues with these facts.

        It stays far below Temporal's limit, however many messages and calls there were;
        the attempts in `excess` are left out.
        """
        gone = {id(one) for one in [*self.excess, *self._long_settled]}
        price, order = (
            self.order.amount,
            self.order.model_copy(update={"carried": None}),
        )
        kept = replace(
            self,
            order=order,
            attempts=[
                bounded(one, price, is_current=one is self.current)
                for one in self.attempts
                if id(one) not in gone
            ],
        )
        carried = _FACTS.dump_python(kept, mode="json")
        return self.order.model_copy(update={"carried": carried})

    @property
    def excess(self) -> list[Attempt]:
        """The oldest attempts in doubt that a new run has no room for.

        Before it begins, those that may be paid are left to late money.
        """
        sure = {id(one) for one in settled(self._others)}
        sure |= {id(one) for one in self.paid}
        in_doubt = [one for one in self._others if id(one) not in sure]
        return in_doubt[: max(0, len(in_doubt) - MOST_ATTEMPTS)]

    @property
    def _long_settled(self) -> list[Attempt]:
        sure = settled(self._others)
        return sure[: max(0, len(sure) - MOST_ATTEMPTS)]

    @property
    def _others(self) -> list[Attempt]:
        """All attempts but the current one and the newest number, the oldest first."""
        newest = max(self.attempts, key=lambda one: one.number)
        kept = (id(self.current), id(newest))
        others = [one for one in self.attempts if id(one) not in kept]
        return sorted(others, key=lambda one: (one.begun_at, one.number))

    @property
    def current(self) -> Attempt:
        """Our newest attempt; those known from notifications only have no wallet."""
        return next(one for one in reversed(self.attempts) if one.wallet)

    def begin_attempt(
        self, number: int, wallet: str, now: datetime, *, opened_by: str | None = None
    ) -> None:
        minutes = self.order.expires_in_minutes
        lasts = timedelta(minutes=minutes) if minutes else USUAL_EXPIRY
        name = payment_request_id(self.order.order_id, number)
        attempt = Attempt(name, number, wallet, now, lasts, opened_by)
        attempt.release = self.order.release
        self.attempts.append(attempt)

    def add_stopped(self, stopped: StoppedAttempt, now: datetime) -> None:
        """Add an attempt that a stopped run may have sent: Alipay is asked about it.

        It counts as sent by a `pay` without a known answer.
        """
        if stopped.wallet:
            began = min(stopped.begun_at, now)
            # No call of this run has caused it.
            self.begin_attempt(
                stopped.number, stopped.wallet, began, opened_by=STOPPED_RUN
            )
            self.current.pays.append(Asked(began, began, None))
        name = payment_request_id(self.order.order_id, stopped.number)
        self.add_hint(name, now)

    def look_further(self, now: datetime) -> None:
        """Add the attempt after the newest one that Alipay knows, to ask about it.

        Only for a lost order, whose number of attempts is unknown. As each takes the
        next number, the first that Alipay does not know is the last.
        """
        newest = max(self.attempts, key=lambda one: one.number)
        name = payment_request_id(self.order.order_id, newest.number + 1)
        if (
            self.order.is_lost
            and newest.is_known_to_alipay
            and len(self.attempts) < MOST_ATTEMPTS
            and self.add_hint(name, now)
        ):
            # No call about it can be under way, as none is about the one before it.
            self.attempts[0].begun_at = newest.begun_at

    def add_notification(self, notification: PaymentNotified, now: datetime) -> bool:
        """Keep a notification; return whether it is new.

        A notification about an attempt of another run adds that attempt to the facts.
        """
        attempt = self._attempt_with(notification.payment_request_id, now)
        if attempt is None:
            return False
        content = notification.model_copy(
            update={
                "evidence": _kept_evidence(notification),
                "received_at": None,
                "result_message": notification.result_message[:LONGEST_TEXT],
            }
        )
        return attempt.add_notification(
            Heard(now, content, notification.received_at), self.order.amount
        )

    def add_hint(self, payment_request_id: str, now: datetime) -> bool:
        """Keep an unproven message about an attempt; return whether it is new.

        Only an inquiry can verify it, so each such hint causes one.
        """
        attempt = self._attempt_with(payment_request_id, now)
        if attempt is None:
            return False
        nothing = PaymentNotified(payment_request_id=payment_request_id)
        attempt.add_hint(Heard(now, nothing))
        return True

    def _attempt_with(self, request_id: str, now: datetime) -> Attempt | None:
        for attempt in self.attempts:
            if attempt.request_id == request_id:
                return attempt
        order_id = self.order.order_id
        prefix = f"{order_id}_"
        number = request_id.removeprefix(prefix)
        if not (request_id.startswith(prefix) and NUMBER.fullmatch(number)):
            return None
        added = Attempt(request_id, int(number), "", now, release=self.order.release)
        self.attempts.insert(0, added)
        return added

    def resolve(self, said: Resolution, doubt: str) -> None:
        """Record a resolution: it settles the payment, or waits for a second person."""
        amounts: list[Money | None] = [self.order.amount]
        amounts += [one.amount for each in self.attempts for one in each.successes]
        above, currency = self.order.second_person_above, self.order.amount.currency
        if not needs_second_person(above, currency, amounts):
            self.resolution = said
        elif resolved := confirm(self.proposed, said, doubt):
            self.resolution = said.model_copy(
                update={"by": resolved.by, "reason": resolved.reason}
            )
            self.confirmed_by = resolved.confirmed_by
        else:
            self.proposed = propose(said, doubt)

    def follow_release(self, release: int) -> None:
        """Follow the rules of a newer release from now on."""
        self.order = self.order.model_copy(update={"release": release})
        for attempt in self.attempts:
            attempt.release = release

    @property
    def paid(self) -> list[Attempt]:
        """The paid attempts; others than the current one only if an inquiry says so."""
        return [
            one
            for one in self.attempts
            if one.is_paid
            and (one is self.current or one.verdicts(InquiryVerdict.SUCCESS))
        ]

    @property
    def wallet_wanted(self) -> str:
        """The wallet to pay with: the last choice, unless a cancel was refused since.

        A choice that could not be followed is dropped, because nobody waits for it.
        """
        choice = self.wallet_wish
        if choice is None or self.current.refused_cancel_since(choice.at):
            return self.current.wallet
        return choice.wallet


_FACTS = TypeAdapter(Facts)


def _kept_evidence(notification: PaymentNotified) -> SignedEvidence | None:
    """Return the evidence, if a later run, or the shop, may have to verify it."""
    evidence = notification.evidence
    if not notification.says_paid or evidence is None:
        return None
    return evidence if len(evidence.body) <= LONGEST_PROOF else None


def _named_in(carried: dict[str, Any]) -> list[str]:
    """Return the ids of the attempts in unproven facts."""
    attempts = carried.get("attempts")
    if not isinstance(attempts, list):
        return []
    names = [one.get("request_id") for one in attempts if isinstance(one, dict)]
    return [name for name in names if isinstance(name, str)][:MOST_ATTEMPTS]
