"""The fault menu as texts, for the cashier page and the control API."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.faults.kinds import Fault


@dataclass(frozen=True)
class Group:
    """Faults of one kind, worded for people without knowledge of payments.

    Attributes:
        press: The button of the cashier page that triggers them.
        seen: What the shop's page then shows.
        is_of_refunds: It can also be chosen once the payment is paid.
    """

    title: str
    press: str
    seen: str
    sentences: Mapping[Fault, str]
    is_of_refunds: bool = False


GROUPS = (
    Group(
        "The customer is late",
        "Choose one and press Leave. For the last two, cancel the payment in the shop.",
        "Not paid, at first. When the money comes after all: that it came too late "
        "and goes back, or was not kept. In the last case: paid.",
        {
            Fault.PAID_TOO_LATE: "The time to pay runs out now. The customer pays "
            "20 seconds later.",
            Fault.PAY_AFTER_EXPIRY: "The customer pays a minute after the time to pay "
            "is over.",
            Fault.PAY_AFTER_CANCEL: "The shop cancels, and the customer pays a minute "
            "later.",
            Fault.CANCEL_LOSES_RACE: "The shop cancels, but the customer paid just "
            "before.",
        },
    ),
    Group(
        "The message to the shop goes astray",
        "Alipay sends the shop a message when you have paid. Choose what happens to it "
        "and press Pay.",
        "Paid, all the same. The shop asks Alipay as soon as you are back, and "
        "believes no message that is not proven.",
        {
            Fault.NOTIFICATION_LOST: "The message never arrives.",
            Fault.NOTIFICATION_LATE: "The message arrives five minutes late.",
            Fault.NOTIFICATION_DOUBLED: "The message arrives twice.",
            Fault.NOTIFICATION_FORGED: "A forged message of success arrives as well.",
            Fault.F_THEN_S: "A message of failure arrives first, then one of success.",
            Fault.OUT_OF_ORDER: "The message of success arrives first, then an older "
            "one: still pending.",
        },
    ),
    Group(
        "The wallet takes the money in another way",
        "Choose one and press Pay.",
        "Another amount: a person looks into it, and nothing is delivered. A minute "
        "later: checking, then paid.",
        {
            Fault.OTHER_AMOUNT: "The wallet takes another amount than was asked for.",
            Fault.PENDING_THEN_S: "The wallet works on it, and takes the money a "
            "minute later.",
        },
    ),
    Group(
        "The money is to go back",
        "Choose one and press Pay. Then refund the order in the shop.",
        "Refunded only when Alipay has said so, and never more than you have paid. "
        "Until then: under way, waiting, or refused with the reason.",
        {
            Fault.REFUND_IN_PROCESS: "The next refund is done only a minute later.",
            Fault.REFUND_FAILS_LATER: "The next refund is accepted, and fails a minute "
            "later.",
            Fault.REFUND_TAKES_HOURS: "The next refund is done only three hours later.",
            Fault.REFUND_FAILS_AFTER_HOURS: "The next refund is accepted, and fails "
            "three hours later.",
            Fault.REFUND_REFUSED: "The next refund is refused.",
            Fault.BALANCE_SHORT: "There is too little money at Alipay for refunds, "
            "until the merchant tops it up.",
            Fault.REFUND_UNKNOWN_BEFORE: "Three refunds are answered “unknown”. "
            "Nothing was given back.",
            Fault.REFUND_UNKNOWN_AFTER: "Three refunds are answered “unknown”, but "
            "were carried out.",
            Fault.REFUND_UNANSWERED: "The next refund is not answered, but was carried "
            "out.",
            Fault.REFUND_NOT_FOUND: "The next question about a refund is answered: "
            "there is no such refund.",
            Fault.REFUND_RETURNED: "The next refund succeeds. A minute later the money "
            "comes back to the merchant, and only the settlement file shows it.",
            Fault.INSTANT_REFUND_NOTIFIED: "The next refund is done at once, and a "
            "message reports it as well.",
        },
        is_of_refunds=True,
    ),
    Group(
        "The message of a refund goes astray",
        "Choose one and press Pay. Then refund the order in the shop. Alipay does it a "
        "minute later, and sends the shop a message.",
        "Refunded, all the same, and once. The shop asks Alipay if no message arrives, "
        "and believes none that is not proven.",
        {
            Fault.REFUND_NOTICE_LOST: "The message of the refund never arrives.",
            Fault.REFUND_NOTICE_LATE: "The message of the refund arrives five minutes "
            "late.",
            Fault.REFUND_NOTICE_DOUBLED: "The message of the refund arrives twice.",
            Fault.REFUND_NOTICE_FORGED: "A forged message of success arrives while the "
            "refund is under way.",
            Fault.REFUND_NOTICE_EARLY: "The message of the refund arrives before "
            "Alipay answers the shop.",
            Fault.SENT_ONCE: "Every message is sent only once, as the sandbox does.",
        },
        is_of_refunds=True,
    ),
    Group(
        "Alipay does not answer properly",
        "Choose one and press Leave. The shop then asks Alipay, which answers like "
        "this. Come back to this page with the Back button and press Pay to end it.",
        "Open, or checking for longer than usual, but never a guess: paid, or not "
        "paid, is said only when Alipay has said it.",
        {
            Fault.TIMEOUT_BEFORE: "The next call is not answered. Nothing was done.",
            Fault.TIMEOUT_AFTER: "The next call is not answered, but was carried out.",
            Fault.SERVER_ERROR_BEFORE: "The next call meets an error (HTTP 503). "
            "Nothing was done.",
            Fault.SERVER_ERROR_AFTER: "The next call meets an error (HTTP 503), but "
            "was carried out.",
            Fault.CUT: "The next answer breaks off in the middle.",
            Fault.SLOW: "The next answer comes slowly.",
            Fault.U_BEFORE: "Three calls are answered “unknown”. Nothing was done.",
            Fault.U_AFTER: "Three calls are answered “unknown”, but were carried out.",
            Fault.U_FOR_EVER: "Every call is answered “unknown”, for ever.",
            Fault.UNSIGNED: "The next answer is not signed.",
            Fault.BADLY_SIGNED: "The next answer is signed wrongly.",
            Fault.RATE_LIMIT: "Three calls are refused: too many of them.",
            Fault.CLOCK_SKEW: "All times come from a clock that is wrong.",
        },
    ),
)
OF_REFUNDS = tuple(group for group in GROUPS if group.is_of_refunds)
# Not on the page: when the customer sees the page, it is too late for these.
TOO_LATE = {
    Fault.PAID_BEFORE_RESPONSE: "The customer has paid, and the message has arrived, "
    "before Alipay answers the shop.",
}

SENTENCES: dict[Fault, str] = TOO_LATE | {
    fault: sentence for group in GROUPS for fault, sentence in group.sentences.items()
}
