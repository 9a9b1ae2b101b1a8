"""Whether `refund_order` has sent what Alipay's look at the payment allowed.

What was signed is checked part by part; this is about what lies between the parts.
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

# Event, what was expected, and what was seen instead.
Problem = tuple[int, str, str]


def check_what_was_sent(answers: Iterable[Answered]) -> Iterator[Problem]:
    """Yield where something was sent against Alipay's look, or withheld though it may.

    Args:
        answers: The whole answers of activities, and not their parts.
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
        yield "nothing sent, for Alipay's look forbids it", "a refund was sent"
    if may and not was_sent:
        yield "what Alipay answered to the refund", "no answer to it"
    is_refused = said.refund and said.refund.verdict is RefundVerdict.REFUSED
    is_over = is_refused or (not may and not was_sent)
    if is_over and said.certain != is_first:
        seen = "certain" if said.certain else "not certain"
        yield "certain in the first try of the activity only", seen
    if said.cancel and not is_all_of_it(call, said.look):
        yield "a refund, for not all of the payment goes back", "a cancel"
    was_cancelled = said.cancel and said.cancel.verdict is CancelVerdict.CANCELLED
    if was_cancelled and said.refund:
        yield "no refund beside a cancel that Alipay has granted", "both"
