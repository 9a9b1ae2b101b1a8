"""The money at risk while a payment, late money or a callback is open."""

from contracts.base import Contract, Money


class MoneyAtRisk(Contract):
    """The answer to the query `at_risk`, in minor units; empty if nothing is at risk.

    Attributes:
        taken: Amounts that Alipay says were taken from the customer, not settled yet.
        at_most: Amounts that may have been taken besides.
    """

    taken: tuple[Money, ...] = ()
    at_most: tuple[Money, ...] = ()
