"""What runs that older releases began do, and say in their results, to this day.

Commands and results are part of the history, and the auditor's replay compares them.
Once no run of an old release is kept any more, its ways and words can go.
"""

from contracts import Money, in_words

# From these releases on: money reads `PHP 1,314.00`; what is no refusal of Alipay's is
# no result code of the payment.
MONEY_IN_WORDS = 1
ONLY_REFUSALS = 1
# From this release on a proven success ends a payment though somebody has asked for an
# inquiry, which Alipay may not answer for hours.
PROOF_IS_ENOUGH = 2
# From this release on a payment that Alipay calls PENDING, in which the customer has
# finished, is no longer told as one that waits for the customer.
FINISHED_IS_CHECKED = 2


def money_of(amount: Money | None, release: int) -> str:
    """Write money as the release did."""
    if release >= MONEY_IN_WORDS or amount is None:
        return in_words(amount)
    return f"{amount.currency} {amount.value}"


def other_money(paid: Money | None, asked: Money, release: int) -> str:
    """Say that late money is not the order's, as the release did."""
    if release >= MONEY_IN_WORDS:
        return f"paid was {in_words(paid)}, not {in_words(asked)}"
    return f"paid was {paid}, not {asked}"
