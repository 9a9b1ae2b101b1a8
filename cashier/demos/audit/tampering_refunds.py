"""Tamperings of an insider with the histories of refunds."""

import json
from collections.abc import Callable
from typing import Any, Final

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from cashier.demos.audit.forging import Forgery, History, JsonObject
from cashier.demos.audit.tampering import change_history
from cashier.demos.audit.tampering_runs import TERMINATED, end_with, in_run

REFUNDS: Final = "OrderRefunds"
PARTS, LATER, REFUSED, TWO, PORTAL, BOUNCED = (
    "audit-back-parts-1",
    "audit-back-later-1",
    "audit-back-refused-1",
    "audit-back-two-1",
    "audit-back-portal-1",
    "audit-back-bounced-1",
)
SUCCESS: Final = {
    "resultStatus": "S",
    "resultCode": "SUCCESS",
    "resultMessage": "success.",
}


async def take_the_asker_away(bundle: Forgery) -> None:
    def change(request: JsonObject) -> None:
        request["by"] = ""

    await _change(bundle, PARTS, lambda one: one.update("refund"), change)


async def ask_for_another_amount(bundle: Forgery) -> None:
    def change(request: JsonObject) -> None:
        request["amount"]["value"] -= 100

    await _change(bundle, PARTS, lambda one: one.update("refund"), change)


async def confirm_it_oneself(bundle: Forgery) -> None:
    """The person who asked for the refund also confirms it."""
    entry = bundle.entry(TWO, REFUNDS)
    history = bundle.open(entry)
    asked: list[str] = []

    def read(request: JsonObject) -> None:
        asked.append(request["by"])

    def change(confirmation: JsonObject) -> None:
        confirmation["by"] = asked[0]

    await history.change(history.update("refund"), read)
    await history.change(history.update("confirm"), change)
    bundle.keep(entry, history)
    bundle.make_anew()


async def write_that_it_was_refunded(bundle: Forgery) -> None:
    def change(answer: JsonObject) -> None:
        answer["refund"]["verdict"] = "REFUNDED"

    await _change(bundle, REFUSED, _answer, change)


async def write_that_alipay_signed_the_refund(bundle: Forgery) -> None:
    def change(answer: JsonObject) -> None:
        answer["refund"]["verdict"] = "REFUNDED"
        signed = answer["refund"]["evidence"]["answer"]
        signed["body"] = json.dumps(json.loads(signed["body"]) | {"result": SUCCESS})

    await _change(bundle, REFUSED, _answer, change)


async def take_the_proof_away(bundle: Forgery) -> None:
    def change(answer: JsonObject) -> None:
        answer["refund"]["evidence"] = None

    await _change(bundle, PARTS, _answer, change)


async def hide_what_the_portal_refunded(bundle: Forgery) -> None:
    def change(answer: JsonObject) -> None:
        answer["look"]["refunds"] = []

    await _change(bundle, PORTAL, _answer, change)


async def write_given_back_as_the_result(bundle: Forgery) -> None:
    def change(view: JsonObject) -> None:
        view["refunds"][0]["status"] = "SUCCEEDED"

    await _change(bundle, REFUSED, lambda history: history.result, change)


async def free_an_amount_in_the_result(bundle: Forgery) -> None:
    """Then the amount could be refunded again."""

    def change(view: JsonObject) -> None:
        view["refunds"][0]["status"] = "REFUSED"
        view["left"]["value"] += view["refunds"][0]["amount"]["value"]

    await _change(bundle, LATER, lambda history: history.result, change)


async def stop_it_under_way(bundle: Forgery) -> None:
    def stop(history: History) -> None:
        completed = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
        taken_on = history.events_of(completed)[0].event_id
        end = HistoryEvent(event_id=taken_on + 1, event_type=TERMINATED)
        ended = end.workflow_execution_terminated_event_attributes
        ended.identity, ended.reason = "anna", "it hangs"
        end_with(history, end)

    in_run(bundle, LATER, stop, kind=REFUNDS)


async def say_that_it_bounced_for_no_reason(bundle: Forgery) -> None:
    def change(said: JsonObject) -> None:
        said["reason"] = ""

    await _change(bundle, BOUNCED, lambda one: one.update("returned"), change)


async def _change(
    bundle: Forgery,
    order_id: str,
    place: Callable[[History], Any],
    change: Callable[[JsonObject], None],
) -> None:
    await change_history(bundle, order_id, place, change, kind=REFUNDS)


def _answer(history: History) -> Any:  # noqa: ANN401
    return history.answer("refund_order")
