"""Texts on stuck workflows: why one is stuck, and what to do."""

from contextlib import suppress
from datetime import datetime

from cashier.stuck import refunds
from cashier.stuck.details import Details
from cashier.stuck.finding import Stuck
from contracts import TASK_QUEUE, attempt_of
from visibility.stuck import ATTENTIONS, Kind

_FIRST = {
    Kind.NO_WORKER: "no worker polls its task queue",
    Kind.TASK_FAILURE: "the worker's code fails on it",
    Kind.STOPPED: "it was stopped before its end",
    Kind.PAUSED: "somebody has paused it",
    Kind.REVIEW: "a person must decide",
    Kind.CALLBACK: "the shop does not accept the callback",
    Kind.NO_VERDICT: "Alipay does not answer",
    Kind.OVERDUE: "it is open long after the time to pay",
    Kind.SECOND_PERSON: "a second person must confirm",
    Kind.BALANCE: "the merchant's balance at Alipay is too low",
    Kind.REFUSED: "Alipay has refused it",
}
# By the type of the error: workflow tasks with these failures need no new code.
_MENDS = {
    "MissingAlipayKeyError": (
        "Put the file of that key into CASHIER_ALIPAY_KEYS_DIR of each worker and "
        "API, and restart them"
    ),
    "MissingKeyError": (
        "Restore the payload key that it names in CASHIER_PAYLOAD_KEYS_DIR of each "
        "worker"
    ),
    "NewerReleaseError": "Deploy workers of the release that it names",
}
_DEPLOY = "Deploy the worker that last ran it, or a fixed one"
# The texts on all other kinds are the same for refunds and for payments.
_OF_REFUNDS = frozenset(ATTENTIONS) - {Kind.CALLBACK}


def why(stuck: Stuck, details: Details) -> str:
    """Return why it does not progress: a sentence, and further reasons after it."""
    said = _why(stuck, details)
    also = [_FIRST[kind] for kind in stuck.kinds[1:]]
    return f"{said} Also: {'; '.join(also)}." if also else said


def _why(stuck: Stuck, details: Details) -> str:
    if stuck.is_refunds and stuck.kind in _OF_REFUNDS:
        return refunds.why(stuck.kind, details.refunds)
    match stuck.kind:
        case Kind.NO_WORKER if stuck.version:
            return (
                f"It is pinned to version {stuck.version!r} of the workers, and no "
                "worker of this version polls: nothing progresses, not even its "
                "timers."
            )
        case Kind.NO_WORKER:
            return (
                f"No worker polls the task queue {stuck.task_queue!r}: nothing "
                "progresses, not even its timers."
            )
        case Kind.TASK_FAILURE:
            cause = details.failure or ", ".join(stuck.problems)
            return f"The worker's code fails on it repeatedly: {_ended(cause)}"
        case Kind.STOPPED:
            how = f" ({details.stopped})" if details.stopped else ""
            if stuck.is_refunds:
                return (
                    f"It was stopped before its end{how}; refunds that it had sent "
                    "may have taken effect or not, and no workflow handles them."
                )
            return (
                f"It was stopped before its end{how}; the customer may have paid, or "
                "may still pay, and no workflow handles the money."
            )
        case Kind.PAUSED:
            return _why_paused(details)
        case Kind.REVIEW:
            said = _ended(f"A person must decide: {details.review or 'see its page'}")
            if details.proposed:
                outcome, by = details.proposed
                said += f" {by} has proposed {outcome}; a second person must confirm."
            return said
        case Kind.CALLBACK:
            tries = f" after {details.tries} tries" if details.tries > 1 else ""
            said = f"The shop does not accept the callback{tries}"
            return _ended(f"{said}: {details.failure}" if details.failure else said)
        case Kind.NO_VERDICT:
            said = "Alipay does not answer, so it is unknown whether it was paid"
            return _ended(f"{said}: {details.failure}" if details.failure else said)
        case Kind.OVERDUE if stuck.workflow_type == "LatePayment":
            return (
                "Late money waits: Alipay answers, but reports neither paid nor "
                "unpaid, or has not completed the refund."
            )
        case Kind.OVERDUE:
            until = f" ({_clock(stuck.expires_at)})" if stuck.expires_at else ""
            return (
                f"It is open long after the time to pay{until}, without a certain end."
            )
    return _ended(_FIRST[stuck.kind].capitalize())


def _why_paused(details: Details) -> str:
    paused = details.paused
    if paused is None:
        return "It, or one of its activities, is paused: nothing progresses."
    said = paused.in_words
    return _ended(said[0].upper() + said[1:])


def what_to_do(stuck: Stuck, details: Details) -> str:
    """Return the first thing to do: a sentence with the command to run."""
    order = stuck.order_id
    if stuck.is_refunds and stuck.kind in _OF_REFUNDS:
        return refunds.what_to_do(stuck.kind, order, details.refunds)
    match stuck.kind:
        case Kind.NO_WORKER if stuck.version:
            build = stuck.version.partition(":")[2]
            return (
                "Start workers of that version, or move it to the current version: "
                f"cashier releases move {build} --all --order {order}"
            )
        case Kind.NO_WORKER if stuck.task_queue == TASK_QUEUE:
            return "Start the worker, or read its log: cashier worker"
        case Kind.NO_WORKER:
            return _start_another_programs_worker(stuck)
        case Kind.TASK_FAILURE:
            mends = [_MENDS[name] for name in details.errors if name in _MENDS]
            return (
                f"{mends[0] if mends else _DEPLOY}; it then continues by itself. "
                "Never terminate it."
            )
        case Kind.STOPPED:
            return (
                f"Start a new run, which asks Alipay first: cashier recover {order} "
                "--by NAME --reason WHY"
            )
        case Kind.PAUSED:
            frees = details.paused.frees if details.paused else "Unpause in the UI"
            return f"Ask the person who paused it, then unpause it: {frees}"
        case Kind.CALLBACK:
            event = stuck.workflow_id.partition(":")[2]
            return (
                f"Fix the shop's endpoint, then: cashier callbacks resend {event}. If "
                "a person has notified the shop: cashier callbacks settle "
                f"{event} --by NAME --reason WHY"
            )
        case Kind.REVIEW if details.proposed:
            outcome = details.proposed[0]
            return f"As another person: {resolve_command(stuck, outcome)}"
        case Kind.REVIEW:
            return f"Look it up at Alipay, then: {resolve_command(stuck, 'OUTCOME')}"
    verb = "check" if stuck.workflow_type == "CashierPayment" else "show"
    end = details.proposed[0] if details.proposed else "OUTCOME"
    return (
        f"Check whether Alipay is reachable; then: cashier payments {verb} {order}. "
        "If Alipay never answers, but its portal shows the outcome: "
        f"{resolve_command(stuck, end)}"
    )


def _start_another_programs_worker(stuck: Stuck) -> str:
    said = (
        f"Start a worker of the program that serves {stuck.task_queue!r}; ours serve "
        f"{TASK_QUEUE!r}."
    )
    if stuck.workflow_type != "CashierPayment":
        return said
    return (
        f"{said} If none will ever run again: temporal workflow terminate "
        f"--workflow-id {stuck.workflow_id} --reason WHY, and at once: cashier recover "
        f"{stuck.order_id} --by NAME --reason WHY"
    )


def resolve_command(stuck: Stuck, outcome: str) -> str:
    """Return the command that resolves it; of late money with its attempt's number."""
    command = f"cashier payments resolve {stuck.order_id} --outcome {outcome}"
    if stuck.workflow_type == "LatePayment":
        with suppress(ValueError):  # if started by hand, its id may not name an attempt
            command += f" --attempt {attempt_of(stuck.workflow_id)}"
    return f"{command} --by NAME --reason WHY"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _clock(at: datetime) -> str:
    return f"until {at:%Y-%m-%d %H:%M} UTC"
