"""What runs that older releases began say in their results: their own words.

A result is part of the history, and the auditor's replay compares it. Once no run of an
old release is kept any more, its words can go.
"""

from contracts import Money, in_words

# From these releases on: money reads `PHP 1,314.00`; what is no refusal of Alipay's is
# no result code of the payment.
MONEY_IN_WORDS = 1
ONLY_REFUSALS = 1


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
