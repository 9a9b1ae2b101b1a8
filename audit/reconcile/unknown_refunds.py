"""Refunds that only Alipay's files list: made in its portal, or bounced since."""

from audit.reconcile.files.lines import REFUND, Movement, Row
from audit.reconcile.our_money import OurMoney
from audit.reconcile.outcome import Kind
from contracts import in_words, refunds_id_of


def about_refund(row: Row, order_id: str, ours: OurMoney) -> tuple[Kind, str]:
    """Say what a line is that nothing of ours explains, and what to do about it.

    Returns:
        MISSING_HERE for all that is neither a refund made in Alipay's portal nor the
        return of a refund.
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
        return "the refund that bounced is in none of the bundles"
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
        return "seen here since, and counted in what is left"
    return "not seen here yet: it counts at the next refund of this payment"


def _is_ours(row: Row) -> bool:
    try:
        refunds_id_of(row.request_id)
    except ValueError:
        return False
    return True
