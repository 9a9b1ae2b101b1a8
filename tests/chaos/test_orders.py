"""The plans of a run: the same for the same seed, and such as the rule book allows."""

from alipay.wallets import check_payment, find_wallet
from chaos.orders import plan_order


def test_a_plan_depends_on_nothing_but_its_seed_and_its_number() -> None:
    assert plan_order(1, 7) == plan_order(1, 7)
    assert plan_order(1, 7) != plan_order(2, 7)
    assert plan_order(1, 7) != plan_order(1, 8)


def test_every_plan_can_be_paid_with_each_of_its_wallets() -> None:
    for number in range(500):
        plan = plan_order(1, number)
        for wallet in filter(None, (plan.wallet, plan.other_wallet)):
            check_payment(
                find_wallet(wallet),
                currency=plan.currency,
                value=plan.value,
                terminal="WEB",
                expires_in_minutes=plan.expires_in_minutes,
            )
