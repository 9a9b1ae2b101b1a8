"""A doubt is a kind with amounts; its text may change between releases."""

import pytest

from contracts import RELEASE, Money
from tests.builders import PRICE
from workflows.payment.doubts import (
    Doubt,
    NoEnd,
    OtherAmount,
    OtherPaymentId,
    PaidAndUnpaid,
    is_about,
)

PAID = Money(currency="PHP", value=131_500)
DOUBTS: list[Doubt | NoEnd] = [
    OtherAmount("order_1", PAID, PRICE),
    OtherPaymentId("order_1", PRICE, "one", "another"),
    PaidAndUnpaid("order_1", PRICE),
    NoEnd("order_1"),
]


@pytest.mark.parametrize("doubt", DOUBTS, ids=lambda it: type(it).__name__)
@pytest.mark.parametrize("release", range(RELEASE + 1))
def test_a_doubt_is_recognized_in_the_text_of_each_release(
    doubt: Doubt | NoEnd, release: int
) -> None:
    words = doubt.in_words(release)
    assert [other for other in DOUBTS if is_about(other, words)] == [doubt]


def test_the_same_doubt_about_other_money_is_another_doubt() -> None:
    more = Money(currency="PHP", value=PAID.value + 1)
    doubt = OtherAmount("order_1", PAID, PRICE)
    assert not is_about(OtherAmount("order_1", more, PRICE), doubt.in_words(RELEASE))
    assert not is_about(OtherAmount("order_2", PAID, PRICE), doubt.in_words(RELEASE))
