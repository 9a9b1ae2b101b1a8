"""The movements of money in a history of an order's refunds."""

from dataclasses import dataclass, field

from audit.history.answers import answers_of, parts_of, refund_notices_of
from audit.history.proofs import Evidenced, GivenBack
from audit.history.record import Record, UnreadableHistoryError
from audit.history.refunds import RefundFacts, facts_of_refunds
from audit.history.refunds_given_back import (
    ELSEWHERE,
    RETURNED,
    refunds_given_back,
)
from audit.reconcile.files.lines import Movement
from contracts import (
    Money,
    RefundDecision,
    RefundReturn,
    refund_named_in,
)


@dataclass(frozen=True)
class RefundMoved:
    """One movement of money by a refund, or by a cancel instead.

    Attributes:
        id: The id of our request to Alipay.
        refund_id: The merchant's id of it; empty where it is not one of our refunds.
        note: The source, where Alipay has not signed it.
    """

    movement: Movement
    id: str
    amount: Money
    refund_id: str = ""
    note: str = ""


@dataclass
class RefundsMoved:
    """The movements of one history; `elsewhere`: portal refunds by their ids."""

    movements: list[RefundMoved] = field(default_factory=list)
    elsewhere: dict[str, Money] = field(default_factory=dict)


def movements_of(record: Record) -> RefundsMoved:
    """Return the movements in a history, whose content is trusted here.

    Also for an open run, which has no result yet, from its answers.

    Raises:
        UnreadableHistoryError: It is not a history of refunds.
    """
    answers = [part for one in answers_of(record) for part in parts_of(one)]
    notices = list(refund_notices_of(record))
    seen = Evidenced(answers=answers, proven=answers, refund_notices=notices)
    facts = facts_of_refunds(record, seen)
    if facts is None:
        raise UnreadableHistoryError("the input is not that of refunds")
    found = RefundsMoved()
    for back in refunds_given_back(record, seen):
        _add(found, back, facts)
    _add_by_persons(found, facts)
    return found


def _add(found: RefundsMoved, back: GivenBack, facts: RefundFacts) -> None:
    key, amount = back.key, back.amount
    if key.startswith(ELSEWHERE):
        if amount:
            found.elsewhere[key.removeprefix(ELSEWHERE)] = amount
        return
    if key.startswith(RETURNED):
        name = key.removeprefix(RETURNED)
        if amount:
            found.movements.append(_returned(name, amount, facts))
        return
    is_cancel = amount is None
    paid = facts.paid
    if is_cancel and paid is None:
        return
    name = refund_named_in(key)
    id_ = back.request_id if is_cancel else key
    refund_id = facts.cancelled_refund if is_cancel else facts.refund_id_of(name)
    money = amount or paid
    assert money is not None  # noqa: S101 - one of the two is, as was looked at before
    found.movements.append(RefundMoved(Movement.BACK, id_, money, refund_id))


def _returned(name: str, minus: Money, facts: RefundFacts) -> RefundMoved:
    """Return the movement of a bounced refund: from Alipay to the merchant."""
    words = [one.request_id for one in facts.words_on(name)]
    said = next(
        one for one in facts.returns() if facts.name_of(one.refund_id) == name
    ).message
    note = ""
    if isinstance(said, RefundReturn):
        note = f"recorded by {said.by}: {said.reason}"
    amount = minus.model_copy(update={"value": -minus.value})
    id_ = words[-1] if words else f"{name}_1"
    return RefundMoved(Movement.RETURNED, id_, amount, facts.refund_id_of(name), note)


def _add_by_persons(found: RefundsMoved, facts: RefundFacts) -> None:
    """Add the refunds that only a person's decision reports."""
    known = {one.refund_id for one in found.movements}
    for sent in facts.sent:
        name = refund_named_in(sent.call.refund_request_id)
        refund_id = facts.refund_id_of(name)
        said = facts.decided(refund_id, RefundDecision.GIVEN_BACK)
        if not said or refund_id in known:
            continue
        known.add(refund_id)
        by = getattr(said[-1].message, "by", "")
        reason = getattr(said[-1].message, "reason", "")
        found.movements.append(
            RefundMoved(
                Movement.BACK,
                sent.call.refund_request_id,
                sent.call.amount,
                refund_id,
                f"given back by decision of {by}: {reason}",
            )
        )
