"""What older releases did otherwise: runs that they began still do and say so.

Commands and results are part of the history, and the auditor's replay compares them.
Once no run of an old release is kept any more, its ways and words can go.
"""

from datetime import timedelta

from contracts import RELEASE, Money, in_words

# From these releases on: money reads `PHP 1,314.00`; only a refusal of Alipay's gives
# the payment a result code.
MONEY_IN_WORDS = 1
ONLY_REFUSALS = 1
# From this release on a proven success ends a payment though somebody has asked for an
# inquiry, which Alipay may not answer for hours.
PROOF_IS_ENOUGH = 2
# From this release on a payment that Alipay calls PENDING, in which the customer has
# finished, is no longer shown as one that waits for the customer.
FINISHED_IS_CHECKED = 2
# From this release on: a question about one attempt keeps no other attempt from its
# end, and a second charge goes back whatever its amount.
NO_ATTEMPT_KEEPS_ANOTHER = 3
# A success without an amount or a payment_id proves nothing, and is a hint.
SUCCESS_HAS_AN_AMOUNT = 3
# A page that got lost is followed by the next attempt.
LOST_PAGE_OPENS_ANOTHER = 3
# Only what Alipay calls declined, or fails well before its expiry, is declined; and the
# expiry is a whole second, as `pay` sends it.
DECLINED_MEANS_DECLINED = 3
# The shop hears that a person must decide.
SHOP_HEARS_OF_REVIEW = 3
# Late money asks the order's payment first, and gets attention when it waits long.
LATE_MONEY_IS_LATE = 3
# Only what Alipay has signed counts as its word; the workflow itself verifies it.
PROOF_IS_VERIFIED = 4
# No call to Alipay or to the shop keeps a workflow waiting for ever, though it is
# paused or moved to a queue that nobody serves.
CALLS_ARE_BOUNDED = 4
# The worker may ask Alipay before it notifies the shop, which takes longer.
EVENTS_ARE_PROVEN = 4
# The margin after an expiry is spread, and so are the inquiries after Alipay notifies
# an expiry.
EXPIRY_IS_SPREAD = 4
# A payment that a person must settle refuses to be cancelled, in place of no answer.
REVIEW_REFUSES_CANCELS = 4
# A proposal is replaced by another outcome only by who names the one that it replaces.
PROPOSALS_ARE_REPLACED_BY_NAME = 4
# A payment that was refunded for its order alone has been paid, and stays so.
REFUNDED_ORDER_IS_PAID = 5
# An order's queue of callbacks goes on in a new run when its history is long.
QUEUES_GO_ON = 3


class NewerReleaseError(RuntimeError):
    """The workflow was begun by a newer release than this worker's.

    An ordinary exception: it fails the workflow task, not the workflow, which goes on
    when a worker comes that knows the release. Until then it is listed as stuck.
    """


def check_release(release: int) -> None:
    """Stop before the first command where the run needs a newer worker.

    Raises:
        NewerReleaseError: Says which release the worker must have.
    """
    if release > RELEASE:
        raise NewerReleaseError(
            f"this workflow was begun by release {release}, and this worker knows "
            f"releases up to {RELEASE}: deploy workers of release {release}; it goes "
            "on by itself then"
        )


def time_to_notify(release: int) -> timedelta:
    """Return how long the shop may take for one event, with all looks before it."""
    return timedelta(seconds=20 if release >= EVENTS_ARE_PROVEN else 10)


def longest_notification(release: int) -> timedelta | None:
    """Return how long the shop's first notification may take, with its repeat.

    Where it is moved to a queue that nobody serves, the order's own queue takes over.
    """
    return timedelta(minutes=3) if release >= CALLS_ARE_BOUNDED else None


def money_of(amount: Money | None, release: int) -> str:
    """Write money as the release did."""
    if release >= MONEY_IN_WORDS or amount is None:
        return in_words(amount)
    return f"{amount.currency} {amount.value}"


def other_money(paid: Money | None, asked: Money, release: int) -> str:
    """Return the words for late money other than the order's, as the release did."""
    if release >= MONEY_IN_WORDS:
        return f"paid was {in_words(paid)}, not {in_words(asked)}"
    return f"paid was {paid}, not {asked}"
