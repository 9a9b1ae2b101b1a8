"""Alipay's transaction and settlement files, written from the ledger.

In the older of the two published forms: minor units, and a `transactionId` of its own
for each refund.
"""

import csv
import io
from collections.abc import Iterable

from simulator.payments.ledger import TO_THE_MERCHANT, Entry, Kind
from simulator.simulation import Simulation

CUSTOMER_ID = "1022188000000000001"
SHARED = (
    "transactionId",
    "originalTransactionId",
    "transactionRequestId",
    "referenceTransactionId",
    "paymentMethodType",
    "transactionType",
    "paymentTime",
    "productCode",
    "transactionAmountValue",
    "transactionCurrency",
)
TRANSACTIONS = ("customerId", *SHARED)
SETTLEMENT = ("settlementBatchId", "customerId", *SHARED, "settlementTime")
# Money that Alipay returned by itself was cancelled. The name for the return of a
# refund is our conclusion: it was found on no page.
TYPES = {
    Kind.CHARGE: "PAYMENT",
    Kind.RETURN: "CANCEL",
    Kind.REFUND: "REFUND",
    Kind.REFUND_RETURN: "REFUND_RETURN",
}


def transaction_file(simulation: Simulation) -> str:
    """Return the file of payments and refunds, without returns of refunds."""
    entries = [
        entry
        for entry in simulation.ledger.entries
        if entry.kind is not Kind.REFUND_RETURN
    ]
    return _file(TRANSACTIONS, [_row(simulation, entry) for entry in entries])


def settlement_file(simulation: Simulation) -> str:
    """Return the file of all movements, paid out to or taken from the merchant."""
    settled = {
        "settlementBatchId": f"{simulation.clock():%Y%m%d}11021040123",
        "settlementTime": simulation.clock().isoformat(timespec="seconds"),
    }
    rows = [_row(simulation, entry) | settled for entry in simulation.ledger.entries]
    return _file(SETTLEMENT, rows)


def _file(names: tuple[str, ...], rows: Iterable[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return f"{text.getvalue()}<END>\n"


def _row(simulation: Simulation, entry: Entry) -> dict[str, str]:
    payment = simulation.register.with_request_id(entry.payment_request_id)
    known = simulation.register.refund_with_request_id(entry.request_id)
    sign = "" if entry.kind in TO_THE_MERCHANT else "-"
    row = {
        "customerId": CUSTOMER_ID,
        "transactionId": entry.payment_id,
        "transactionRequestId": entry.payment_request_id,
        "transactionType": TYPES[entry.kind],
        "referenceTransactionId": entry.order_id,
        "paymentMethodType": payment.wallet if payment else "",
        "paymentTime": entry.time.isoformat(timespec="seconds"),
        "productCode": "CASHIER_PAYMENT",
        "transactionAmountValue": f"{sign}{entry.value}",
        "transactionCurrency": entry.currency,
    }
    if entry.kind is Kind.REFUND and known is None:
        return row | {"transactionType": TYPES[Kind.RETURN]}
    if known is None:
        return row
    return row | {
        "transactionId": known[1].refund_id,
        "originalTransactionId": entry.payment_id,
        "transactionRequestId": entry.request_id,
    }
