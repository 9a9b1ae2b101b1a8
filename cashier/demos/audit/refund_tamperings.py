"""The table of tamperings with refunds, each with the rule that must find it."""

from typing import Final

from audit.findings import Rule
from cashier.demos.audit.tampering import Tampering
from cashier.demos.audit.tampering_refunds import (
    ask_for_another_amount,
    confirm_it_oneself,
    free_an_amount_in_the_result,
    hide_what_the_portal_refunded,
    say_that_it_bounced_for_no_reason,
    stop_it_under_way,
    take_the_asker_away,
    take_the_proof_away,
    write_given_back_as_the_result,
    write_that_alipay_signed_the_refund,
    write_that_it_was_refunded,
)

OF_REFUNDS: Final = (
    Tampering(
        "with our keys: the request for a refund is removed",
        Rule.NOBODY_NAMED,
        take_the_asker_away,
    ),
    Tampering(
        "with our keys: the requested refund is smaller",
        Rule.NOBODY_NAMED,
        ask_for_another_amount,
    ),
    Tampering(
        "with our keys: one person requests and confirms a large refund",
        Rule.SECOND_PERSON,
        confirm_it_oneself,
    ),
    Tampering(
        "with our keys: a refused refund becomes refunded",
        Rule.EVIDENCE_DIFFERS,
        write_that_it_was_refunded,
    ),
    Tampering(
        "with our keys: Alipay's signed message becomes refunded",
        Rule.ALIPAY_SIGNATURE,
        write_that_alipay_signed_the_refund,
    ),
    Tampering(
        "with our keys: the proof of a refund is removed",
        Rule.EVIDENCE_MISSING,
        take_the_proof_away,
    ),
    Tampering(
        "with our keys: a refund in Alipay's portal is hidden",
        Rule.EVIDENCE_DIFFERS,
        hide_what_the_portal_refunded,
    ),
    Tampering(
        "with our keys: the result becomes refunded",
        Rule.REFUNDED_WITHOUT_PROOF,
        write_given_back_as_the_result,
    ),
    Tampering(
        "with our keys: a refund's amount can be refunded again",
        Rule.REFUSED_WITHOUT_PROOF,
        free_an_amount_in_the_result,
    ),
    Tampering(
        "with our keys: a refund under way is terminated",
        Rule.STOPPED_WITH_MONEY,
        stop_it_under_way,
    ),
    Tampering(
        "with our keys: a refund bounces without a reason",
        Rule.NOBODY_NAMED,
        say_that_it_bounced_for_no_reason,
        of_next=True,
    ),
)
