"""In any order of events, never more goes back than was paid.

The pure core is driven as the workflow drives it, beside an Alipay that does whatever
the examples choose: takes effect unseen, takes on, refuses, is short of balance, has
other refunds made in its portal, lists what it has done late, and sends notices early,
late and doubled. It caps nothing by itself: only the core does.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

import pytest

from contracts import (
    CancelAnswer,
    CancelVerdict,
    InquiryVerdict,
    OrderRefundAnswer,
    OrderRefundCall,
    PaymentLook,
    RefundAnswer,
    RefundNotified,
    RefundRequest,
    RefundSeen,
    RefundStatus,
    RefundVerdict,
)
from tests.workflows.refunds.refunding import PAID, php, refused, seen
from translation.refund_room import (
    is_all_of_it,
    is_another_amount,
    is_under_way,
    room_for,
)
from workflows.refunds.answers import record_answer, record_notice, record_order_answer
from workflows.refunds.decision import Inquire, Send, Wait, next_step
from workflows.refunds.ledger import Ledger
from workflows.refunds.refund import Refund
from workflows.refunds.views import facts_of, refund_from

ORDER = "order-1"
NAMES = ("r-1", "r-2")
# Of 10000: two of them are too much, or just enough.
AMOUNTS = (None, 1, 4000, 6000, 10000, 10001)
EFFECTS = (
    "succeeds",
    "succeeds unseen",
    "has no effect, unseen",
    "is taken on",
    "is taken on unseen",
    "is short of balance",
    "is refused",
    "is called our own fault",
)


@dataclass
class Alipay:
    """Alipay's true ledger, whatever its answers say."""

    given_back: dict[str, int] = field(default_factory=dict)
    under_way: dict[str, int] = field(default_factory=dict)
    failed: dict[str, tuple[int, str]] = field(default_factory=dict)
    portal: int = 0
    cancelled: bool = False
    taken_on: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        if self.cancelled:
            return PAID.value
        back = sum(self.given_back.values()) + sum(self.under_way.values())
        return back + self.portal

    def look(self, *, is_late: bool) -> PaymentLook:
        """List the refunds; without ours while the list is late."""
        refunds = [
            *(seen(name, "SUCCESS", php(it)) for name, it in self.given_back.items()),
            *(seen(name, "PROCESSING", php(it)) for name, it in self.under_way.items()),
            *(seen(name, "FAIL", php(it)) for name, (it, _) in self.failed.items()),
        ] * (not is_late)
        if self.portal:
            refunds.append(
                RefundSeen(
                    refund_request_id="portal",
                    kind="REFUND",
                    status="SUCCESS",
                    amount=php(self.portal),
                )
            )
        paid = InquiryVerdict.SUCCESS
        return PaymentLook(
            verdict=InquiryVerdict.CANCELLED if self.cancelled else paid,
            payment_id="1",
            amount=PAID,
            refunds=tuple(refunds),
        )

    def refunds(self, call: OrderRefundCall, effect: str) -> RefundAnswer | None:
        """Answer a call as Alipay does: idempotent, limited to the paid amount."""
        name, value = call.refund_request_id, call.amount.value
        assert name not in self.taken_on, "sent again after it was taken on"
        if self.cancelled:
            return refused("ORDER_IS_CANCELED")
        if effect == "is called our own fault":
            return refused("REPEAT_REQ_INCONSISTENT")
        if name in self.given_back:
            return RefundAnswer(verdict=RefundVerdict.REFUNDED)
        if name in self.under_way:
            self.taken_on.add(name)
            return RefundAnswer(verdict=RefundVerdict.IN_PROCESS)
        if name in self.failed:
            return refused(self.failed[name][1])
        match effect:
            case "has no effect, unseen":
                return None
            case "is short of balance":
                self.failed[name] = value, "MERCHANT_BALANCE_NOT_ENOUGH"
            case "is refused":
                self.failed[name] = value, "RISK_REJECT"
            case "is taken on" | "is taken on unseen":
                self.under_way[name] = value
                if effect == "is taken on unseen":
                    return None
                self.taken_on.add(name)
                return RefundAnswer(verdict=RefundVerdict.IN_PROCESS)
            case _:
                self.given_back[name] = value
                if effect == "succeeds unseen":
                    return None
                return RefundAnswer(verdict=RefundVerdict.REFUNDED)
        return refused(self.failed[name][1])

    def inquired(self, name: str, effect: str) -> RefundAnswer:
        if name in self.taken_on and effect == "has no effect, unseen":
            return RefundAnswer(verdict=RefundVerdict.NOT_EXIST)
        if name in self.given_back:
            return RefundAnswer(verdict=RefundVerdict.REFUNDED)
        if name in self.under_way:
            return RefundAnswer(verdict=RefundVerdict.IN_PROCESS)
        if name in self.failed:
            return refused(self.failed[name][1])
        return RefundAnswer(verdict=RefundVerdict.NOT_EXIST)


class Owner:
    """The workflow without Temporal: facts, the pure core, and a clock."""

    def __init__(self, alipay: Alipay) -> None:
        self.alipay = alipay
        self.now = datetime(2026, 11, 30, tzinfo=UTC)
        self.ledger = Ledger(ORDER, f"{ORDER}_1", "GCASH", PAID)
        self.wanted: dict[str, int | None] = {}

    def request(self, name: str, value: int | None) -> None:
        request = RefundRequest(
            refund_id=name, amount=php(value) if value else None, by="shop"
        )
        if self.ledger.check(request) or name in self.ledger.refunds:
            return
        left = self.ledger.left
        assert left is not None
        self.ledger.refunds[name] = Refund(
            order_id=ORDER,
            request=request,
            amount=request.amount or left,
            asked_at=self.now,
        )

    def step(
        self, name: str, effect: str, *, can_cancel: bool, is_late: bool = False
    ) -> None:
        """Carry out the next step of a refund, and let its pause pass."""
        refund = self.ledger.refunds.get(name)
        if refund is None:
            return
        step = next_step(refund, self.now)
        if isinstance(step, Wait):
            self.now = step.until
            step = next_step(refund, self.now)
        if isinstance(step, Inquire) and refund.may_be_cancelled:
            step = Send()
        if isinstance(step, Inquire):
            said = self.alipay.inquired(refund.request_id, effect)
            record_answer(
                self.ledger, refund, refund.request_id, said, self.now, is_inquired=True
            )
        elif isinstance(step, Send):
            self._send(refund, effect, can_cancel=can_cancel, is_late=is_late)

    def _send(
        self, refund: Refund, effect: str, *, can_cancel: bool, is_late: bool
    ) -> None:
        call = self.ledger.call_for(refund)
        refund.is_sent(self.now, may_be_cancelled=call.may_cancel)
        look = self.alipay.look(is_late=is_late)
        answer = OrderRefundAnswer(look=look)
        if (
            look.verdict is InquiryVerdict.SUCCESS
            and not is_another_amount(call, look)
            and not is_under_way(call, look)
            and room_for(call, look) >= call.amount.value
        ):
            if can_cancel and is_all_of_it(call, look) and not self.alipay.total:
                self.alipay.cancelled = True
                done = CancelAnswer(verdict=CancelVerdict.CANCELLED)
                answer = answer.model_copy(update={"cancel": done})
                if effect.endswith("unseen"):
                    refund.got_no_verdict(self.now)
                    return
            else:
                said = self.alipay.refunds(call, effect)
                if said is None:
                    refund.got_no_verdict(self.now)
                    return
                answer = answer.model_copy(update={"refund": said})
        record_order_answer(self.ledger, refund, call, answer, self.now)

    def continue_as_new(self) -> None:
        for name, refund in list(self.ledger.refunds.items()):
            self.ledger.refunds[name] = refund_from(facts_of(refund))


WEIGHTS = {
    "request": 15,
    "step": 50,
    "ends": 8,
    "notice": 12,
    "portal": 3,
    "new run": 4,
    "portal cancels": 1,
}


def happenings(chance: Random) -> list[tuple[object, ...]]:
    """Draw the events independently, so that most of them have an effect."""
    found: list[tuple[object, ...]] = []
    for _ in range(chance.randint(4, 40)):
        name = chance.choice(NAMES)
        match chance.choices(
            (
                "request",
                "step",
                "ends",
                "notice",
                "portal",
                "new run",
                "portal cancels",
            ),
            weights=tuple(WEIGHTS.values()),
        ):
            case ["request"]:
                found.append(("request", name, chance.choice(AMOUNTS)))
            case ["step"]:
                effect, can_cancel = chance.choice(EFFECTS), chance.random() < 0.2
                is_late = chance.random() < 0.4
                found.append(("step", name, effect, can_cancel, is_late))
            case ["ends"]:
                found.append(("ends", chance.randint(0, 5), chance.random() < 0.7))
            case ["notice"]:
                found.append(("notice", chance.randint(0, 9)))
            case ["portal"]:
                found.append(("portal", chance.choice((1, 4000, 6000))))
            case [other]:
                found.append((other,))
    return found


def carry_out(alipay: Alipay, owner: Owner, happened: list[tuple[object, ...]]) -> None:
    for what in happened:
        match what:
            case ("request", str(name), int() | None as value):
                owner.request(name, value)
            case ("step", str(name), str(effect), bool(can_cancel), bool(is_late)):
                owner.step(name, effect, can_cancel=can_cancel, is_late=is_late)
            case ("portal cancels",):
                alipay.cancelled = alipay.cancelled or not alipay.total
            case ("ends", int(number), bool(well)):
                if alipay.under_way:
                    names = list(alipay.under_way)
                    name = names[number % len(names)]
                    value = alipay.under_way.pop(name)
                    if well:
                        alipay.given_back[name] = value
                    else:
                        alipay.failed[name] = value, "PROCESS_FAIL"
            case ("notice", int(number)):
                ended = {
                    **dict.fromkeys(alipay.given_back, "SUCCESS"),
                    **dict.fromkeys(alipay.failed, "FAIL"),
                }
                if ended:
                    name = list(ended)[number % len(ended)]
                    code = alipay.failed.get(name, (0, "SUCCESS"))[1]
                    notice = RefundNotified(
                        refund_request_id=name, status=ended[name], result_code=code
                    )
                    record_notice(owner.ledger, notice, owner.now)
            case ("portal", int(value)):
                # As Alipay's portal does: never more than is left there.
                if not alipay.cancelled:
                    alipay.portal += min(value, PAID.value - alipay.total)
            case ("new run",):
                owner.continue_as_new()
        check(alipay, owner)


def check(alipay: Alipay, owner: Owner) -> None:
    """Check the invariants."""
    assert alipay.total <= PAID.value
    back = {name.rpartition("_")[0] for name in alipay.given_back}
    moved = [*alipay.given_back, *alipay.under_way]
    # Each refund_id moves money at most once, in any try.
    assert len({name.rpartition("_")[0] for name in moved}) == len(moved)
    for refund in owner.ledger.refunds.values():
        if refund.status is RefundStatus.SUCCEEDED:
            is_all = alipay.cancelled and refund.amount == PAID
            assert refund.name in back or is_all
        if refund.status is RefundStatus.REFUSED:
            assert refund.name not in {name.rpartition("_")[0] for name in moved}
    ours = sum(refund.reserved for refund in owner.ledger.refunds.values())
    if not alipay.portal:
        assert ours <= PAID.value


@pytest.mark.parametrize("tenth", range(10))
def test_never_more_goes_back_than_was_paid_and_each_refund_once(tenth: int) -> None:
    seen_statuses: Counter[RefundStatus] = Counter()
    for seed in range(tenth * 200, tenth * 200 + 200):
        happened = happenings(Random(seed))
        alipay = Alipay()
        owner = Owner(alipay)
        try:
            carry_out(alipay, owner, happened)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {happened}") from error
        seen_statuses.update(one.status for one in owner.ledger.refunds.values())
    assert len(seen_statuses) >= 6, "the examples are too tame"


@pytest.mark.parametrize("tenth", range(10))
def test_every_refund_ends_once_alipay_answers(tenth: int) -> None:
    """Every refund ends with the status that it has at Alipay."""
    for seed in range(tenth * 50, tenth * 50 + 50):
        alipay = Alipay()
        owner = Owner(alipay)
        carry_out(alipay, owner, happenings(Random(seed)))
        _let_all_end(alipay, owner)
        for refund in owner.ledger.refunds.values():
            assert refund.is_over, (seed, refund)
            names = {name.rpartition("_")[0] for name in alipay.given_back}
            has_moved = refund.name in names or (alipay.cancelled and refund.by_cancel)
            assert (refund.status is RefundStatus.SUCCEEDED) == has_moved, seed
        left = owner.ledger.left
        assert left is not None
        if owner.ledger.look is not None and not alipay.portal and not alipay.cancelled:
            assert left.value == PAID.value - alipay.total, seed


def _let_all_end(alipay: Alipay, owner: Owner) -> None:
    for name in list(alipay.under_way):
        alipay.given_back[name] = alipay.under_way.pop(name)
    for _ in range(12):
        for name in NAMES:
            owner.step(name, "succeeds", can_cancel=False)
            check(alipay, owner)
