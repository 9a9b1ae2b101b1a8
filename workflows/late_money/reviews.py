"""Waits for a person to decide about late money that no rule covers."""

from temporalio import workflow

from contracts import InquiryAnswer, LateOutcome, PaymentFound
from workflows.alipay_calls import look_at_order
from workflows.late_money.questions import Questions
from workflows.late_money.record import LateMoney
from workflows.releases import LATE_MONEY_CHECKS_ITS_ORDER, money_of, other_money
from workflows.shop_calls import tell_shop


async def review(money: LateMoney, why: str) -> LateOutcome:
    """Wait for a person, and return the outcome that was decided."""
    await _begin_review(money, why)
    await workflow.wait_condition(lambda: money.resolution is not None)
    return money.decided()


async def review_other_money(
    money: LateMoney, questions: Questions, said: InquiryAnswer
) -> LateOutcome | None:
    """Wait for a person, where another amount than the order's was paid.

    Returns:
        The person's outcome; None if other money pays the order by now.
    """
    late, tries = money.late, 0
    await _begin_review(money, other_money(said.amount, late.amount, late.release))
    while True:
        order = await questions.ask(look_at_order(late))
        questions.stop_if_settled()
        is_paid = order is not None and order.paid and order.is_proven
        if order and (is_paid or order.honoured):
            money.show("the order is paid by now", review=None, proposed=None)
            money.is_second_charge = True
            return await outcome_by_payer(money, order)
        await questions.pause(tries, "Look whether the order is paid by now")
        tries += 1


async def outcome_by_payer(money: LateMoney, order: PaymentFound) -> LateOutcome | None:
    """Decide by the payment that pays the order; None if no payment does."""
    if money.late.payment_request_id in order.paid:
        return LateOutcome.NOT_LATE
    if order.paid and not order.is_proven:
        paid = money_of(money.paid, money.late.release)
        return await review(
            money,
            f"{paid} were paid, and a person has called the order paid without a "
            "word of Alipay: this may be its money, or come on top of it",
        )
    return None


async def _begin_review(money: LateMoney, why: str) -> None:
    """List it as needing a person, and notify the shop, once for each doubt."""
    is_news = money.view.review != why
    money.show("a person must decide", review=why)
    by_new_rules = money.late.release >= LATE_MONEY_CHECKS_ITS_ORDER
    if is_news and by_new_rules and money.late.tells_shop:
        money.reviews += 1
        count = f"-{money.reviews}" if money.reviews > 1 else ""
        await tell_shop(
            money.callback(f"late-review{count}", "late_payment.review", "REVIEW", why)
        )
