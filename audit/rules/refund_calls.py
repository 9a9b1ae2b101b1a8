"""Checks that `refund_order` sent what Alipay's answer to its inquiry allowed.

The single calls are checked elsewhere; this checks their sequence.
"""

from collections.abc import Iterable, Iterator

from audit.history.answers import Answered
from contracts import (
    CancelVerdict,
    OrderRefundAnswer,
    OrderRefundCall,
    RefundVerdict,
)
from translation.refund_room import is_all_of_it, may_be_sent

# The event, the expected value, and the value seen.
Problem = tuple[int, str, str]


def check_what_was_sent(answers: Iterable[Answered]) -> Iterator[Problem]:
    """Yield calls that the inquiry forbade, and missing calls that it allowed.

    Args:
        answers: The answers of activities, not of their single calls.
    """
    for one in answers:
        call, said = one.call, one.answer
        if isinstance(call, OrderRefundCall) and isinstance(said, OrderRefundAnswer):
            for expected, seen in _problems(call, said, is_first=one.attempt == 1):
                yield one.completed.event_id, expected, seen


def _problems(
    call: OrderRefundCall, said: OrderRefundAnswer, *, is_first: bool
) -> Iterator[tuple[str, str]]:
    may, was_sent = may_be_sent(call, said.look), said.cancel or said.refund
    if was_sent and not may:
        yield "nothing sent, because Alipay's answer forbids it", "a refund was sent"
    if may and not was_sent:
        yield "Alipay's answer to the refund", "no answer to it"
    is_refused = said.refund and said.refund.verdict is RefundVerdict.REFUSED
    is_over = is_refused or (not may and not was_sent)
    if is_over and said.certain != is_first:
        seen = "certain" if said.certain else "not certain"
        yield "certain in the first try of the activity only", seen
    if said.cancel and not is_all_of_it(call, said.look):
        yield "a refund, because only a part of the payment is returned", "a cancel"
    was_cancelled = said.cancel and said.cancel.verdict is CancelVerdict.CANCELLED
    if was_cancelled and said.refund:
        yield "no refund after a cancel that Alipay has accepted", "both"
