"""The money at risk in stuck workflows: of one, and the sums."""

from collections import Counter
from collections.abc import Iterable

from contracts import Money, MoneyAtRisk, in_words


def risk_in_words(said: MoneyAtRisk) -> str:
    """Write the money at risk: `PHP 1,315.00`, `at most PHP 520.00`, or `nothing`."""
    taken, at_most = _summed(said.taken), _summed(said.at_most)
    if taken and at_most:
        return f"{taken}, and at most {at_most} besides"
    return taken or (f"at most {at_most}" if at_most else "nothing")


def all_at_risk(each: Iterable[MoneyAtRisk]) -> MoneyAtRisk:
    """Return the sums by currency: certainly taken, and possibly taken."""
    said = list(each)
    return MoneyAtRisk(
        taken=_sums(money for one in said for money in one.taken),
        at_most=_sums(money for one in said for money in one.at_most),
    )


def _sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    totals: Counter[str] = Counter()
    for money in amounts:
        totals[money.currency] += money.value
    return tuple(Money(currency=one, value=totals[one]) for one in sorted(totals))


def _summed(amounts: Iterable[Money]) -> str:
    return ", ".join(map(in_words, _sums(amounts)))
