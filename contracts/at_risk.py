"""The money that is at risk while a payment, late money or a callback is open."""

from contracts.base import Contract, Money


class MoneyAtRisk(Contract):
    """The answer to the query `at_risk`; all in minor units, nothing where it is empty.

    Attributes:
        taken: What Alipay says was taken from the customer, and nobody has settled.
        at_most: What may have been taken besides: nobody knows.
    """

    taken: tuple[Money, ...] = ()
    at_most: tuple[Money, ...] = ()
