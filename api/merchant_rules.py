"""The merchant's settings that apply to every payment."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.settings import ApiSettings
from contracts import RELEASE, AlipayTrust, LateMoneyPolicy, Order

ALL_OTHERS = "*"


@dataclass(frozen=True)
class MerchantRules:
    """The merchant's settings that each new payment records.

    Attributes:
        client_id: The merchant's client id at Alipay.
        settlement_currency: The settlement currency where the shop names none.
        late_money: The policy for money that comes after the end.
        second_person_above: By currency (`*` for all others), the most that one person
            may resolve, in minor units; no limit where the currency is not named.
        tells_shop: Whether the shop is notified of outcomes by callbacks.
        runbook_url: The address of the runbook.
        trust: The keys whose signatures a payment trusts.
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
        """Return the order with these settings, as the input of its payment."""
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
