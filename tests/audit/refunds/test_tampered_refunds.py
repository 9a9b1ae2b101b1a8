"""Each thing that somebody changes in the history of refunds is found by its rule."""

import json
from typing import Any

import pytest
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.findings import Finding, Rule
from tests.audit.histories import (
    Forged,
    JsonObject,
    change,
    content_of,
    rules,
    setting,
    signed_anew,
)
from tests.audit.refunds.playing import Played

ANSWER = "refund.evidence.answer"
LOOK = "look.evidence.answer"


def forged(played: Played, name: str) -> Forged:
    return Forged(text=played.texts[name])


def found(history: Forged, played: Played) -> set[Rule]:
    return rules(history.verdict(played.keys))


def finding(history: Forged, played: Played, rule: Rule) -> Finding:
    findings = history.verdict(played.keys).findings
    return next(one for one in findings if one.rule is rule)


def in_body(payloads: Payloads, path: str, **fields: Any) -> None:
    """Change what Alipay has signed, whose signature does not fit then."""

    def change_it(content: JsonObject) -> None:
        part: Any = content
        for name in path.split("."):
            part = part[name]
        part["body"] = json.dumps(json.loads(part["body"]) | fields)

    change(payloads, change_it)


# ---- who asked ----


async def test_a_refund_that_nobody_named_has_asked_for_is_found(
    played: Played,
) -> None:
    history = forged(played, "in-parts")
    change(history.update("refund"), setting("by", " "))
    assert Rule.NOBODY_NAMED in found(history, played)


@pytest.mark.parametrize(
    ("field", "value"), [("refund_id", "r-9"), ("amount.value", 40000)]
)
async def test_a_refund_that_nobody_has_asked_for_is_found(
    played: Played, field: str, value: object
) -> None:
    history = forged(played, "in-parts")
    change(history.update("refund"), setting(field, value))
    seen = finding(history, played, Rule.NOBODY_NAMED).seen
    assert seen.endswith("_rr-1_1 is sent")


async def test_a_second_person_who_is_the_first_one_is_found(played: Played) -> None:
    history = forged(played, "by-two-persons")
    change(history.update("confirm"), setting("by", "Shop-Key "))
    assert Rule.SECOND_PERSON in found(history, played)


async def test_a_large_refund_without_a_second_person_is_found(played: Played) -> None:
    history = forged(played, "in-parts")
    change(history.start, setting("second_person_above", 60000))
    assert Rule.SECOND_PERSON in found(history, played)


@pytest.mark.parametrize(
    ("name", "update"), [("returned", "returned"), ("by-a-persons-word", "resolve")]
)
async def test_a_person_without_a_reason_is_found(
    played: Played, name: str, update: str
) -> None:
    history = forged(played, name)
    change(history.update(update), setting("reason", ""))
    assert Rule.NOBODY_NAMED in found(history, played)


# ---- what Alipay has signed ----


async def test_a_refusal_that_is_recorded_as_a_success_is_found(played: Played) -> None:
    history = forged(played, "refused")
    change(history.answer("refund_order"), setting("refund.verdict", "REFUNDED"))
    assert Rule.EVIDENCE_DIFFERS in found(history, played)


@pytest.mark.parametrize("part", [LOOK, ANSWER])
async def test_one_changed_word_of_any_signed_part_is_found(
    played: Played, part: str
) -> None:
    history = forged(played, "in-parts")
    in_body(history.answer("refund_order"), part, paymentId="2026")
    assert Rule.ALIPAY_SIGNATURE in found(history, played)


async def test_a_success_whose_proof_was_taken_away_is_found(played: Played) -> None:
    history = forged(played, "in-parts")
    last = history.answer("refund_order", 1)
    change(last, setting("refund.evidence", None))
    assert Rule.EVIDENCE_MISSING in found(history, played)


async def test_a_result_that_no_signed_word_proves_is_found(played: Played) -> None:
    history = forged(played, "refused")
    change(history.result, _refund(0, status="SUCCEEDED"))
    assert Rule.REFUNDED_WITHOUT_PROOF in found(history, played)


async def test_an_amount_that_became_free_without_a_refusal_is_found(
    played: Played,
) -> None:
    history = forged(played, "in-process")
    change(history.result, _refund(0, status="REFUSED", result_code="RISK_REJECT"))
    problem = finding(history, played, Rule.REFUSED_WITHOUT_PROOF)
    assert "only then are PHP 500.00 refundable again" in problem.expected


async def test_a_new_try_before_the_old_one_was_refused_is_found(
    played: Played,
) -> None:
    history = forged(played, "balance-short")
    answer = history.answer("refund_order")
    code = "PROCESS_FAIL"
    change(answer, setting("refund.result_code", code))
    in_body(
        answer,
        ANSWER,
        result={"resultStatus": "F", "resultCode": code, "resultMessage": ""},
    )
    change(answer, signed_anew(ANSWER, played.alipay))
    problem = finding(history, played, Rule.REFUSED_WITHOUT_PROOF)
    assert problem.seen.endswith("_rr-1_2 is sent, although that one may take effect")


async def test_a_notice_that_says_another_thing_than_was_signed_is_found(
    played: Played,
) -> None:
    history = forged(played, "in-process")
    change(history.notification, setting("status", "FAIL"))
    assert Rule.EVIDENCE_DIFFERS in found(history, played)


async def test_a_notice_about_another_orders_refund_is_found(played: Played) -> None:
    history = forged(played, "in-process")
    part, other = history.notification, "other_rr-1_1"
    in_body(part, "evidence", refundRequestId=other)
    change(
        part,
        signed_anew("evidence", played.alipay),
        setting("refund_request_id", other),
    )
    problem = finding(history, played, Rule.EVIDENCE_DIFFERS)
    assert problem.seen == "a message about refunds:other"


# ---- how much ----


def listed(history: Forged, played: Played, request_id: str, value: int) -> None:
    """Let Alipay's last look list one more refund, under Alipay's signature."""
    answer = history.answer("refund_order", 1)
    amount = {"currency": "PHP", "value": value}
    kept = content_of(answer)["look"]
    more = {
        "transactionType": "REFUND",
        "transactionStatus": "SUCCESS",
        "transactionId": "1",
        "transactionRequestId": request_id,
        "transactionAmount": {**amount, "value": str(value)},
        "transactionResult": {"resultStatus": "S", "resultCode": "SUCCESS"},
    }
    body = json.loads(kept["evidence"]["answer"]["body"])
    in_body(answer, LOOK, transactions=[*body["transactions"], more])
    seen = {
        "refund_request_id": request_id,
        "kind": "REFUND",
        "status": "SUCCESS",
        "amount": amount,
    }
    change(
        answer,
        signed_anew(LOOK, played.alipay),
        setting("look.refunds", [*kept["refunds"], seen]),
        setting("look.refunded_by", [*kept["refunded_by"], request_id]),
    )


async def test_more_back_than_came_is_found(played: Played) -> None:
    history = forged(played, "in-parts")
    listed(history, played, "portal-1", 10000)
    problem = finding(history, played, Rule.REFUNDED_TOO_MUCH)
    assert problem.seen == "141400 given back (minor units)"


async def test_a_refund_sent_against_alipays_look_is_found(played: Played) -> None:
    history = forged(played, "in-parts")
    listed(history, played, "portal-1", 10000)
    problem = finding(history, played, Rule.EVIDENCE_DIFFERS)
    assert problem.expected == "nothing sent, because Alipay's answer forbids it"


async def test_one_refund_that_moved_money_under_two_ids_is_found(
    played: Played,
) -> None:
    history = forged(played, "in-parts")
    first = f"{history.record.order_id}_rr-1"
    listed(history, played, f"{first}_2", 50000)
    problem = finding(history, played, Rule.REFUNDED_TWICE)
    assert problem.seen == f"Alipay has signed {first}_1 and {first}_2"


# ---- runs that were stopped ----


@pytest.mark.parametrize(
    ("name", "rule"),
    [("in-process", Rule.STOPPED_WITH_MONEY), ("in-parts", Rule.STOPPED)],
)
async def test_a_stopped_owner_is_worse_while_a_refund_is_under_way(
    played: Played, name: str, rule: Rule
) -> None:
    history = forged(played, name)
    answered = history.completed("refund_order").event_id
    del history.events[answered:]
    end = HistoryEvent(
        event_id=answered + 1,
        event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    )
    end.workflow_execution_terminated_event_attributes.reason = "it hangs"
    end.event_time.CopyFrom(history.events[-1].event_time)
    history.events.append(end)
    stopped = {Rule.STOPPED, Rule.STOPPED_WITH_MONEY}
    assert found(history, played) & stopped == {rule}


async def test_refunds_under_another_orders_workflow_are_found(played: Played) -> None:
    history = forged(played, "in-parts")
    started = history.events[0].workflow_execution_started_event_attributes
    started.workflow_id = "refunds:another"
    assert Rule.ID_DIFFERS in found(history, played)


def _refund(number: int, **fields: object) -> Any:
    def change_it(content: JsonObject) -> None:
        content["refunds"][number] |= fields

    return change_it
