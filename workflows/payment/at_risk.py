"""The money at risk while a payment is open: certainly or possibly taken."""

from contracts import Money, MoneyAtRisk
from workflows.payment.attempt import Attempt
from workflows.payment.facts import Facts
from workflows.payment.steps import End, Step


def at_risk(facts: Facts, step: Step) -> MoneyAtRisk:
    """Return the money at risk; empty once the payment has ended.

    Example: PHP 1,315.00 were paid where 1,314.00 were asked: 1,315.00 are taken.
    Alipay does not answer whether anything was paid: 1,314.00 at most.
    """
    if isinstance(step, End):
        return MoneyAtRisk()
    taken: list[Money] = []
    at_most: list[Money] = []
    for attempt in facts.attempts:
        if attempt.is_given_back:
            continue
        said = [success.amount for success in attempt.successes]
        newest = next(reversed(said), None)
        if attempt.is_paid and newest is not None:
            taken.append(newest)
        elif said or _may_be_paid(attempt, facts):
            at_most.append(newest or facts.order.amount)
    return MoneyAtRisk(taken=tuple(taken), at_most=tuple(at_most))


def _may_be_paid(attempt: Attempt, facts: Facts) -> bool:
    return attempt is facts.current and bool(attempt.pays) and not attempt.is_dead
