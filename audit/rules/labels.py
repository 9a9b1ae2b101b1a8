"""Checks that the texts of a run in the Temporal UI match its input.

Workflow id, search attributes, memo, summary and details are not part of the input, and
the replay does not compare them: a client that starts a run can choose them freely.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue
from temporalio.api.common.v1 import Payload

from audit.findings import Finding, Rule
from audit.history.record import Record
from contracts import (
    CallbackInput,
    LatePaymentInput,
    Money,
    NoticeInput,
    Order,
    RefundsInput,
    callback_id,
    callbacks_id,
    in_words,
    late_payment_id,
    refunds_id,
    workflow_id,
)
from visibility import AMOUNT_MINOR, CURRENCY, ORDER_ID, WALLET

# Money as `in_words` writes it: PHP 1,314.00, or KRW 1,314 before a comma.
_MONEY: Final = re.compile(r"\b[A-Z]{3} -?[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?")


def check_labels(record: Record) -> Iterator[Finding]:
    """Yield differences between a run's id, attributes or texts and its input."""
    yield from _check_id(record)
    yield from _check_attributes(record)
    yield from _check_texts(record)
    for name in record.started.memo.fields:
        yield _differs(record, "no memo: this program writes none", f"memo {name}")


def _check_id(record: Record) -> Iterator[Finding]:
    given = record.input
    match given:
        case Order():
            named = [workflow_id(given.order_id)]
        case LatePaymentInput():
            named = [late_payment_id(given.payment_request_id)]
        case CallbackInput():
            named = [callbacks_id(given.event.order_id), callback_id(given.event.id)]
        case RefundsInput():
            named = [refunds_id(given.order_id)]
        case _:
            return  # the id of a notice follows from its evidence, and is checked there
    if record.workflow_id not in named:
        yield record.found(
            Rule.ID_DIFFERS,
            1,
            expected=f"the workflow {named[0]}, by its input",
            seen=record.workflow_id,
        )


def _check_attributes(record: Record) -> Iterator[Finding]:
    listed = record.started.search_attributes.indexed_fields
    amount = _amount(record)
    expected: dict[str, JsonValue] = {}
    if not isinstance(record.input, NoticeInput) or record.order_id:
        expected[ORDER_ID.name] = record.order_id
    if amount:
        expected[CURRENCY.name] = amount.currency
        expected[AMOUNT_MINOR.name] = amount.value
    if wallet := getattr(record.input, "wallet", ""):
        expected[WALLET.name] = wallet
    for name, value in expected.items():
        # Runs of older releases, or on clusters without the attributes, have none.
        if name in listed and _value(listed[name]) != value:
            seen = f"{name} {_value(listed[name])}"
            yield _differs(record, f"{name} {value} in the list, as in the input", seen)


def _check_texts(record: Record) -> Iterator[Finding]:
    shown = record.events[0].user_metadata
    amount, order_id = _amount(record), record.order_id
    for what, payload in (("summary", shown.summary), ("details", shown.details)):
        text = _value(payload) if payload.data else ""
        if not isinstance(text, str) or not text:
            continue
        if (
            order_id
            and not isinstance(record.input, NoticeInput)
            and not re.search(rf"(?<![\w-]){re.escape(order_id)}(?![\w-])", text)
        ):
            expected = f"a {what} about order {order_id}, as in the input"
            yield _differs(record, expected, text)
        if amount is None:
            continue
        other = [one for one in _MONEY.findall(text) if one != in_words(amount)]
        if other:
            expected = f"a {what} with {in_words(amount)}, as in the input"
            yield _differs(record, expected, f"{', '.join(other)} in the {what}")


def _amount(record: Record) -> Money | None:
    given = record.input
    if isinstance(given, CallbackInput):
        return given.event.amount
    if isinstance(given, RefundsInput):
        return given.paid
    return given.amount if isinstance(given, Order | LatePaymentInput) else None


def _value(payload: Payload) -> JsonValue:
    try:
        value: JsonValue = json.loads(payload.data)
    except ValueError:
        return "that cannot be read"
    return value


def _differs(record: Record, expected: str, seen: str) -> Finding:
    return record.found(Rule.START_DIFFERS, 1, expected=expected, seen=seen)
