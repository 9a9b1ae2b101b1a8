"""Keeps a signed notice that belongs to no payment, and explains it in the UI."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts import NoticeInput, NoticeView
    from workflows.releases import check_release


@workflow.defn(name="AlipayNotice")
class AlipayNotice:
    """Keeps a notice: its input is the signed message, and it ends at once.

    It costs one action, the start, and runs no activity.
    """

    @workflow.run
    async def run(self, notice: NoticeInput) -> NoticeView:
        check_release(notice.release)
        workflow.set_current_details(notice_details_of(notice))
        return NoticeView(notify_type=notice.notify_type)


def notice_details_of(notice: NoticeInput) -> str:
    """Return the current details of a notice, as Markdown: its kind and what to do."""
    kind = f"`{notice.notify_type}`" if notice.notify_type else "a notice of no kind"
    return (
        f"### Kept: {kind}\n\n"
        f"Alipay has signed and sent it, about {subjects_of(notice)}. It changes "
        "nothing here: what becomes of a payment is decided by its own workflow.\n\n"
        "**You may:** read it in this workflow's input (`evidence.body`), and see to "
        "it in Alipay's portal, where refunds and disputes are dealt with."
    )


def subjects_of(notice: NoticeInput) -> str:
    """Name the payment, refund or dispute that a notice is about."""
    named = {
        "order": notice.order_id,
        "dispute": notice.dispute_id,
        "refund": notice.refund_request_id,
        "payment request": notice.payment_request_id,
        "payment": notice.payment_id,
    }
    found = [f"{what} `{name}`" for what, name in named.items() if name]
    return ", ".join(found) or "nothing that it names"
