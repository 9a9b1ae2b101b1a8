"""Reads Alipay's amounts and settlements into our contracts."""

from alipay.models import Amount, Notification, Settlement as WireSettlement
from contracts import Money, Settlement


def read_money(amount: Amount | None) -> Money | None:
    return Money(currency=amount.currency, value=amount.value) if amount else None


def read_settlement(wire: WireSettlement | Notification) -> Settlement | None:
    quote = wire.settlement_quote
    if not (wire.gross_settlement_amount or quote):
        return None
    return Settlement(
        amount=read_money(wire.gross_settlement_amount),
        currency_pair=quote.quote_currency_pair if quote else None,
        price=quote.quote_price if quote else None,
        quote_id=quote.quote_id if quote else None,
    )
