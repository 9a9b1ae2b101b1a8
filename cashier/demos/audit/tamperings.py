"""The table of all tamperings, each with the rule that must find it."""

from typing import Final

from audit.findings import Rule
from cashier.demos.audit.refund_tamperings import OF_REFUNDS
from cashier.demos.audit.tampering import (
    Tampering,
    add_a_file,
    ask_alipay_for_more,
    cut_the_end_off,
    drop_a_history,
    drop_it_and_sign_again,
    flip_a_byte,
    raise_the_price,
    sign_with_another_key,
    swap_two_notifications,
    take_the_reason_away,
    take_the_second_person_away,
    wait_for_longer,
    write_another_amount_into_the_index,
    write_paid_as_the_result,
    write_that_alipay_said_paid,
    write_that_alipay_signed_it,
)
from cashier.demos.audit.tampering_runs import (
    begin_the_chain_anew,
    call_it_otherwise,
    leave_a_second_out,
    list_another_amount,
    make_it_twice,
    say_that_it_is_open,
    stop_it_before_any_word,
    stop_it_when_paid,
    swap_two_events,
    withhold_a_child,
    withhold_a_parent,
    write_a_memo,
)

TAMPERINGS: Final = (
    Tampering("a byte of a history is flipped", Rule.FILE_CHANGED, flip_a_byte),
    Tampering(
        "the index names another amount",
        Rule.FILE_CHANGED,
        write_another_amount_into_the_index,
    ),
    Tampering("a history is dropped", Rule.FILE_MISSING, drop_a_history),
    Tampering("a file is added", Rule.FILE_ADDED, add_a_file),
    Tampering(
        "the manifest is signed by another key",
        Rule.SIGNATURE_OF_BUNDLE,
        sign_with_another_key,
    ),
    Tampering(
        "with our keys: a history is dropped",
        Rule.CHAIN,
        drop_it_and_sign_again,
        in_next=True,
    ),
    Tampering(
        "with our keys: the price is raised", Rule.INPUT_DIFFERS, raise_the_price
    ),
    Tampering(
        "with our keys: two orders' notifications are swapped",
        Rule.EVIDENCE_DIFFERS,
        swap_two_notifications,
    ),
    Tampering(
        "with our keys: an operator's reason is removed",
        Rule.NOBODY_NAMED,
        take_the_reason_away,
    ),
    Tampering(
        "with our keys: both persons become one",
        Rule.SECOND_PERSON,
        take_the_second_person_away,
    ),
    Tampering(
        "with our keys: a notification becomes paid",
        Rule.EVIDENCE_DIFFERS,
        write_that_alipay_said_paid,
    ),
    Tampering(
        "with our keys: Alipay's signed message becomes paid",
        Rule.ALIPAY_SIGNATURE,
        write_that_alipay_signed_it,
    ),
    Tampering(
        "with our keys: the result becomes paid",
        Rule.RESULT_DIFFERS,
        write_paid_as_the_result,
    ),
    Tampering(
        "with our keys: an activity's amount is larger",
        Rule.INPUT_DIFFERS,
        ask_alipay_for_more,
    ),
    Tampering("with our keys: a timer is longer", Rule.TIMER_DIFFERS, wait_for_longer),
    Tampering("with our keys: the end is cut off", Rule.NOT_CLOSED, cut_the_end_off),
    Tampering(
        "with our keys: a paid payment is terminated",
        Rule.STOPPED_WITH_MONEY,
        stop_it_when_paid,
    ),
    Tampering(
        "with our keys: a payment is timed out", Rule.STOPPED, stop_it_before_any_word
    ),
    Tampering(
        "with our keys: a paid payment is cut, to look open",
        Rule.NOT_CLOSED,
        say_that_it_is_open,
    ),
    Tampering("with our keys: two events change places", Rule.REPLAY, swap_two_events),
    Tampering("with our keys: a payment is doubled", Rule.RUN_DOUBLED, make_it_twice),
    Tampering(
        "with our keys: the workflow has another id", Rule.ID_DIFFERS, call_it_otherwise
    ),
    Tampering(
        "with our keys: the list shows another amount",
        Rule.START_DIFFERS,
        list_another_amount,
    ),
    Tampering("with our keys: a memo is written", Rule.START_DIFFERS, write_a_memo),
    Tampering(
        "with our keys: a child of a payment is withheld",
        Rule.RUN_MISSING,
        withhold_a_child,
        together=True,
    ),
    Tampering(
        "with our keys: a paid payment is withheld, its callback is not",
        Rule.RUN_MISSING,
        withhold_a_parent,
        together=True,
    ),
    Tampering(
        "with our keys: the next bundle begins a chain anew",
        Rule.CHAIN,
        begin_the_chain_anew,
        of_next=True,
    ),
    Tampering(
        "with our keys: a second is missing between two bundles",
        Rule.PERIOD_GAP,
        leave_a_second_out,
        of_next=True,
    ),
    *OF_REFUNDS,
)
