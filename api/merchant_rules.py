"""The merchant's settings that apply to every payment."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.settings import ApiSettings
from contracts import RELEASE, AlipayTrust, LateMoneyPolicy, Order

ALL_OTHERS = "*"


@dataclass(frozen=True)
class MerchantRules:
    """The settings of the merchant that each new payment gets.

    Attributes:
        client_id: The merchant at Alipay, as operators know it.
        settlement_currency: Where the shop names none.
        late_money: What to do with money that comes after the end.
        second_person_above: By currency (`*` for all others) the most, in minor units,
            that one person may resolve; any amount where the currency is not named.
        tells_shop: Whether the shop hears of outcomes by callbacks.
        runbook_url: Where operators find what to do.
        trust: Whose signatures a payment believes.
    """

    client_id: str = ""
    settlement_currency: str | None = None
    late_money: LateMoneyPolicy = LateMoneyPolicy.REFUND
    second_person_above: Mapping[str, int] | None = None
    tells_shop: bool = False
    runbook_url: str | None = None
    trust: AlipayTrust | None = None

    @classmethod
    def of(cls, settings: ApiSettings) -> "MerchantRules":
        return cls(
            client_id=settings.client_id,
            settlement_currency=settings.settlement_currency,
            late_money=settings.late_money,
            second_person_above=settings.second_person_above,
            tells_shop=settings.callback_url is not None,
            runbook_url=settings.runbook_url,
            trust=AlipayTrust(
                client_id=settings.client_id, keys=settings.alipay_keys.fingerprints
            ),
        )

    def most_for_one_person(self, currency: str) -> int | None:
        """Return the most that one person may resolve, in minor units."""
        limits = self.second_person_above or {}
        return limits.get(currency, limits.get(ALL_OTHERS))

    def applied_to(self, order: Order) -> Order:
        """Return the order as its payment is begun with it."""
        return order.model_copy(
            update={
                "settlement_currency": order.settlement_currency
                or self.settlement_currency,
                "second_person_above": self.most_for_one_person(order.amount.currency),
                "tells_shop": self.tells_shop,
                "runbook_url": self.runbook_url,
                "late_money": self.late_money,
                "release": RELEASE,
                "trust": self.trust,
            }
        )
