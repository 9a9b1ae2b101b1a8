"""The money that an order's refunds returned, ours and those of the portal."""

from collections.abc import Iterator
from typing import Final

from audit.history.proofs import Evidenced, GivenBack
from audit.history.record import Record
from audit.history.refunds import facts_of_refunds
from contracts import (
    RefundSeen,
    RefundsInput,
    RefundVerdict,
    late_refund_id,
    refund_named_in,
    refunds_id_of,
)
from translation.refund_room import goes_back

# The prefix of the key of a refund in Alipay's portal.
ELSEWHERE: Final = "elsewhere "
# The prefix of the key of a bounced refund.
RETURNED: Final = "returned "


def refunds_given_back(record: Record, seen: Evidenced) -> Iterator[GivenBack]:
    """Yield the returned money of the payment, by all messages of Alipay's.

    A bounced refund is also yielded with a negative amount: the money came back.
    """
    facts = facts_of_refunds(record, seen)
    if facts is None:
        return
    request_id = facts.given.payment_request_id
    found: dict[str, GivenBack] = {}
    for word in facts.words:
        if word.verdict is not RefundVerdict.REFUNDED:
            continue
        key, amount = word.request_id, facts.amount_of(refund_named_in(word.request_id))
        if word.by_cancel:
            key, amount = f"cancel {request_id}", None
        elif amount is None:
            continue  # not ours: it counts as listed in the inquiry
        found.setdefault(key, GivenBack(word.event_id, key, request_id, amount))
    for event_id, look in facts.looks:
        for number, one in enumerate(look.refunds):
            if goes_back(one) and one.status == "SUCCESS":
                key = _listed_key(one, number, facts.given)
                back = GivenBack(event_id, key, request_id, one.amount)
                found.setdefault(key, back)
    for said in facts.returns():
        name = facts.name_of(said.refund_id)
        if amount := facts.amount_of(name):
            key = f"{RETURNED}{name}"
            minus = amount.model_copy(update={"value": -amount.value})
            found[key] = GivenBack(said.event_id, key, request_id, minus)
    yield from sorted(found.values(), key=lambda one: one.event_id)


def moved_by(record: Record, seen: Evidenced) -> tuple[str, ...]:
    """Return the attempts of which this workflow itself has returned money.

    Alipay's list also has the returns of other workflows, which are left out.
    """
    facts = facts_of_refunds(record, seen)
    if facts is None:
        return tuple(dict.fromkeys(one.request_id for one in seen.given_back))
    ours = {refund_named_in(sent.call.refund_request_id) for sent in facts.sent}
    moved = any(
        one.verdict in (RefundVerdict.REFUNDED, RefundVerdict.IN_PROCESS)
        and refund_named_in(one.request_id) in ours
        for one in facts.words
    )
    return (facts.given.payment_request_id,) if moved else ()


def is_of_the_portal(one: RefundSeen, given: RefundsInput) -> bool:
    """Whether none of our workflows requested a refund in Alipay's list."""
    if one.refund_request_id == late_refund_id(given.payment_request_id):
        return False
    try:
        refunds_id_of(one.refund_request_id)
    except ValueError:
        return True
    return False


def _listed_key(one: RefundSeen, number: int, given: RefundsInput) -> str:
    if one.kind == "CANCEL":
        return f"cancel {given.payment_request_id}"
    if is_of_the_portal(one, given):
        return f"{ELSEWHERE}{one.refund_request_id or number}"
    return one.refund_request_id
