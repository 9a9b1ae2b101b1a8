"""The tamperings with a bundle, one function for each.

Outsiders have only the files. Insiders also have our keys, including the key that signs
bundles; they cannot sign as Alipay, or as the merchant.
"""

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.api.enums.v1 import EventType

from audit.bundle.manifest import INDEX
from audit.findings import Rule
from cashier.demos.audit.forging import Forgery, History, JsonObject

# The orders that are tampered with, one of each kind.
PAID, OTHER, REVIEWED, LOST = (
    "audit-paid-1",
    "audit-twice-notified-1",
    "audit-two-1",
    "audit-declined-1",
)
CHECKOUT = Path(__file__).parents[3]
# Folders without code, or private to this machine.
LEFT_OUT = shutil.ignore_patterns(
    ".*", "__pycache__", "node_modules", "tests", "docs", "bench", "chaos"
)
DECISION = "workflows/payment/doubts.py"
RULE_SIX = "if success.amount != price:"


@dataclass(frozen=True)
class Tampering:
    """One tampering.

    Attributes:
        words: Its description, for the table.
        rule: The rule by which it must be found.
        change: The function that does it.
        in_next: Whether it shows in the bundle after the changed one.
        of_next: Whether it is done to that bundle, and both are verified together.
        together: Whether both are verified together.
    """

    words: str
    rule: Rule
    change: Callable[[Forgery], Awaitable[None]]
    in_next: bool = False
    of_next: bool = False
    together: bool = False


# ---- outsiders ----


async def flip_a_byte(bundle: Forgery) -> None:
    bundle.flip_a_byte(bundle.entry(PAID))


async def write_another_amount_into_the_index(bundle: Forgery) -> None:
    entry = bundle.entry(PAID)
    text = (bundle.folder / INDEX).read_text()
    [line] = [one for one in text.splitlines() if entry.run_id in one]
    assert entry.amount_minor is not None  # noqa: S101 - every payment has one
    other = line.replace(str(entry.amount_minor), str(entry.amount_minor + 1))
    (bundle.folder / INDEX).write_text(text.replace(line, other))


async def drop_a_history(bundle: Forgery) -> None:
    bundle.file(bundle.entry(PAID)).unlink()


async def add_a_file(bundle: Forgery) -> None:
    (bundle.folder / "histories" / "one-more.json").write_text("{}")


async def sign_with_another_key(bundle: Forgery) -> None:
    bundle.make_anew(key=Ed25519PrivateKey.generate())


# ---- insiders ----


async def drop_it_and_sign_again(bundle: Forgery) -> None:
    await drop_a_history(bundle)
    bundle.make_anew()


async def raise_the_price(bundle: Forgery) -> None:
    def change(order: JsonObject) -> None:
        order["amount"]["value"] += 100

    await change_history(bundle, PAID, lambda history: history.start, change)


async def swap_two_notifications(bundle: Forgery) -> None:
    one, other = bundle.entry(PAID), bundle.entry(OTHER)
    first, second = bundle.open(one), bundle.open(other)
    payload = first.notification.payloads[0]
    kept = type(payload).FromString(payload.SerializeToString())
    payload.CopyFrom(second.notification.payloads[0])
    second.notification.payloads[0].CopyFrom(kept)
    bundle.keep(one, first)
    bundle.keep(other, second)
    bundle.make_anew()


async def take_the_reason_away(bundle: Forgery) -> None:
    def change(resolution: JsonObject) -> None:
        resolution["reason"] = ""

    await change_history(bundle, REVIEWED, lambda one: one.update("resolve"), change)


async def take_the_second_person_away(bundle: Forgery) -> None:
    def change(resolution: JsonObject) -> None:
        resolution["by"] = "anna"

    await change_history(
        bundle, REVIEWED, lambda one: one.update("resolve", number=1), change
    )


async def write_that_alipay_said_paid(bundle: Forgery) -> None:
    """Changes the input of the decision, as an activity or a signal recorded it."""

    def change(notified: JsonObject) -> None:
        notified["result_status"] = "S"
        notified["result_code"] = "SUCCESS"

    await change_history(bundle, LOST, lambda history: history.notification, change)


async def write_that_alipay_signed_it(bundle: Forgery) -> None:
    """Changes the signed body, too; the signature is Alipay's, of another body."""

    def change(notified: JsonObject) -> None:
        notified["result_status"] = "S"
        notified["result_code"] = "SUCCESS"
        evidence = notified["evidence"]
        body = evidence["body"].replace('"resultStatus":"F"', '"resultStatus":"S"')
        evidence["body"] = body.replace('"resultStatus": "F"', '"resultStatus": "S"')

    await change_history(bundle, LOST, lambda history: history.notification, change)


async def write_paid_as_the_result(bundle: Forgery) -> None:
    def change(view: JsonObject) -> None:
        view["outcome"] = "PAID"
        view["status"] = "PAID"

    await change_history(bundle, LOST, lambda history: history.result, change)


async def ask_alipay_for_more(bundle: Forgery) -> None:
    def change(call: JsonObject) -> None:
        call["order"]["amount"]["value"] += 100

    await change_history(bundle, PAID, lambda history: history.call("pay"), change)


async def wait_for_longer(bundle: Forgery) -> None:
    entry = bundle.entry(PAID)
    history = bundle.open(entry)
    [timer, *_] = history.events_of(EventType.EVENT_TYPE_TIMER_STARTED)
    timer.timer_started_event_attributes.start_to_fire_timeout.seconds += 60
    bundle.keep(entry, history)
    bundle.make_anew()


async def cut_the_end_off(bundle: Forgery) -> None:
    entry = bundle.entry(PAID)
    history = bundle.open(entry)
    history.events.pop()
    bundle.keep(entry, history)
    bundle.make_anew()


async def change_history(
    bundle: Forgery,
    order_id: str,
    place: Callable[[History], Any],
    change: Callable[[JsonObject], None],
    *,
    kind: str = "CashierPayment",
) -> None:
    """Change one payload of an order's history, and update the bundle."""
    entry = bundle.entry(order_id, kind)
    history = bundle.open(entry)
    await history.change(place(history), change)
    bundle.keep(entry, history)
    bundle.make_anew()


def other_code(folder: Path) -> Path:
    """Copy this program, with a decision that accepts any amount.

    Raises:
        LookupError: The code of the decision has changed.
    """
    copy = folder / "other-code"
    shutil.copytree(CHECKOUT, copy, ignore=LEFT_OUT)
    decision = copy / DECISION
    text = decision.read_text()
    if text.count(RULE_SIX) != 1:
        raise LookupError(f"{RULE_SIX!r} is not in {DECISION}")
    decision.write_text(text.replace(RULE_SIX, "if success.amount is None:"))
    return copy
