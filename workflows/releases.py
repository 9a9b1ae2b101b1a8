"""The rules and texts of older releases, which the runs they began keep.

Commands and results are part of the history, and the auditor's replay compares them.
Once no run of an old release is kept any more, its rules and texts can go.
"""

from datetime import timedelta

from contracts import RELEASE, Money, in_words

# From these releases on: money reads `PHP 1,314.00`; only a refusal of Alipay's gives
# the payment a result code.
MONEY_IN_WORDS = 1
ONLY_REFUSALS = 1
# From this release on a proven success ends a payment even while a requested inquiry is
# unanswered, which may take hours.
PROOF_IS_ENOUGH = 2
# From this release on a payment that Alipay calls PENDING is shown as CHECKING, and not
# as AWAITING_CUSTOMER: the customer has finished.
FINISHED_IS_CHECKED = 2
# From this release on: an open inquiry about one attempt does not delay the end of
# another one, and a second charge is given back whatever its amount.
ATTEMPTS_END_INDEPENDENTLY = 3
# A success without an amount or a payment_id proves nothing, and is a hint.
SUCCESS_HAS_AN_AMOUNT = 3
# A lost cashier page is followed by the next attempt.
LOST_PAGE_OPENS_ANOTHER = 3
# DECLINED is only an attempt that Alipay calls declined, or that fails well before its
# expiry; and the expiry is a whole second, as `pay` sends it.
DECLINED_MEANS_DECLINED = 3
# The shop is notified that a person must decide.
SHOP_IS_NOTIFIED_OF_REVIEW = 3
# Late money looks at the order's payment first, and needs attention after a long wait.
LATE_MONEY_CHECKS_ITS_ORDER = 3
# The workflow itself verifies Alipay's signatures, and believes only signed messages.
PROOF_IS_VERIFIED = 4
# A call to Alipay or to the shop ends even if its activity is paused or moved to a task
# queue without workers.
CALLS_ARE_BOUNDED = 4
# The worker may ask Alipay before it notifies the shop, which takes longer.
EVENTS_ARE_PROVEN = 4
# The margin after an expiry is spread, and so are the inquiries after Alipay notifies
# an expiry.
EXPIRY_IS_SPREAD = 4
# A payment in REVIEW rejects `cancel` at once, instead of leaving it unanswered.
REVIEW_REFUSES_CANCELS = 4
# Another outcome replaces a proposal only if the resolution names the proposed one.
PROPOSALS_ARE_REPLACED_BY_NAME = 4
# A payment whose refunds were all requested for its order stays PAID.
REFUNDED_ORDER_IS_PAID = 5
# An order's queue of callbacks continues as new when its history is long.
QUEUES_CONTINUE_AS_NEW = 3


class NewerReleaseError(RuntimeError):
    """The workflow was begun by a newer release than this worker's.

    An ordinary exception: it fails the workflow task, not the workflow. A worker that
    knows the release continues the workflow; until then it is listed as stuck.
    """


def check_release(release: int) -> None:
    """Fail before the first command if the run needs a newer worker.

    Raises:
        NewerReleaseError: Names the release the worker must have.
    """
    if release > RELEASE:
        raise NewerReleaseError(
            f"this workflow was begun by release {release}, and this worker knows "
            f"releases up to {RELEASE}: deploy workers of release {release}; it goes "
            "on by itself then"
        )


def time_to_notify(release: int) -> timedelta:
    """Return the time-out of one `tell_shop`, with the checks before the call."""
    return timedelta(seconds=20 if release >= EVENTS_ARE_PROVEN else 10)


def longest_notification(release: int) -> timedelta | None:
    """Return the time-out of the shop's first notification, with its one retry.

    After it, also in a task queue without workers, the order's `Callback` takes over.
    """
    return timedelta(minutes=3) if release >= CALLS_ARE_BOUNDED else None


def money_of(amount: Money | None, release: int) -> str:
    """Format money as the release did."""
    if release >= MONEY_IN_WORDS or amount is None:
        return in_words(amount)
    return f"{amount.currency} {amount.value}"


def other_money(paid: Money | None, asked: Money, release: int) -> str:
    """Return the text for late money of another amount, as the release wrote it."""
    if release >= MONEY_IN_WORDS:
        return f"paid was {in_words(paid)}, not {in_words(asked)}"
    return f"paid was {paid}, not {asked}"
