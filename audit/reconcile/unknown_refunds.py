"""Classifies refunds that are only in Alipay's files: of the portal, or bounced."""

from audit.reconcile.files.lines import REFUND, Movement, Row
from audit.reconcile.our_money import OurMoney
from audit.reconcile.outcome import Kind
from contracts import in_words, refunds_id_of


def about_refund(row: Row, order_id: str, ours: OurMoney) -> tuple[Kind, str]:
    """Classify a line without a movement in our histories, with a remedy.

    Returns:
        MISSING_HERE for lines that are neither a refund in Alipay's portal nor a
        bounced refund.
    """
    if row.movement is Movement.RETURNED:
        return Kind.REFUND_RETURNED, _returned(row, ours)
    if row.type != REFUND or not ours.was_paid(order_id):
        return Kind.MISSING_HERE, ""
    if _is_ours(row):
        return (
            Kind.MISSING_HERE,
            "its id is one of ours: the bundle with this refund is not given",
        )
    return Kind.REFUNDED_IN_PORTAL, _in_portal(row, ours)


def _returned(row: Row, ours: OurMoney) -> str:
    refund = ours.refund_named(row)
    if refund is None:
        return "the bounced refund is in none of the bundles"
    note = (
        f"record it: cashier refunds returned {refund.order_id} {refund.refund_id} "
        "--by NAME --reason WHY; the customer does not have it, and it can be "
        "refunded again"
    )
    if refund.amount != row.money:
        note += f"; the refund was {in_words(refund.amount)}"
    return note


def _in_portal(row: Row, ours: OurMoney) -> str:
    if row.request_id in ours.elsewhere:
        return "known here since, and included in the amounts"
    return "not known here yet: the next refund of this payment will include it"


def _is_ours(row: Row) -> bool:
    try:
        refunds_id_of(row.request_id)
    except ValueError:
        return False
    return True
