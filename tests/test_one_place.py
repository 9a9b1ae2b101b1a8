"""Facts that are written in one place only: a second copy could differ."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from activities.order_payments import OrderActivities
from activities.payments import PaymentActivities
from activities.refunds import RefundActivities
from alipay.wallets import default_expiry
from workflows.payment.attempt import USUAL_EXPIRY

ROOT = Path(__file__).parent.parent
NOT_OURS_OR_TESTS = {".venv", "tests", "node_modules"}


@cache
def trees() -> dict[str, ast.Module]:
    """Every file of the product and of its measurements, by its path."""
    files = (file.relative_to(ROOT) for file in ROOT.rglob("*.py"))
    return {
        str(file): ast.parse((ROOT / file).read_text(), str(file))
        for file in files
        if NOT_OURS_OR_TESTS.isdisjoint(file.parts)
    }


def places(code: str) -> set[str]:
    """Return the files that contain a piece of code.

    Args:
        code: An expression; a name that begins with `ANY` matches any expression.
    """
    return {*every_place(code)}


def every_place(code: str) -> list[str]:
    """Return such files, each as often as it contains the code."""
    wanted = ast.parse(code, mode="eval").body
    return [
        file
        for file, tree in trees().items()
        for node in ast.walk(tree)
        if _is_like(node, wanted)
    ]


def places_with_text(text: str, *, at_the_start: bool = False) -> set[str]:
    """Return the files with a string that contains a text, or begins with it."""
    strings = [
        (file, str(node.value))
        for file, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
    ]
    return {
        file
        for file, string in strings
        if (string.startswith(text) if at_the_start else text in string)
    }


def _is_like(node: object, wanted: object) -> bool:
    if isinstance(wanted, ast.Name) and wanted.id.startswith("ANY"):
        return isinstance(node, ast.expr)
    if isinstance(wanted, ast.AST):
        return type(node) is type(wanted) and all(
            _is_like(mine, theirs) for mine, theirs in _parts(node, wanted)
        )
    if isinstance(wanted, list):
        return (
            isinstance(node, list)
            and len(node) == len(wanted)
            and all(map(_is_like, node, wanted))
        )
    return node == wanted


def _parts(node: object, wanted: ast.AST) -> Iterator[tuple[object, object]]:
    for name, value in ast.iter_fields(wanted):
        yield getattr(node, name, None), value


def test_a_payment_request_id_is_cut_in_one_place() -> None:
    cuts = ("rpartition('_')", "rsplit('_', 1)", "rsplit('_')")
    cutting = set().union(*(places(f"ANY.{cut}") for cut in cuts))
    assert cutting == {
        "contracts/ids.py",
        # A shop like any other: it has the ids of the HTTP API and no code of ours.
        "storefront/payment_api/answers.py",
        # Imports nothing of ours, and a log line must never fail for an odd id.
        "telemetry/log_fields.py",
    }


def test_the_form_of_order_ids_is_written_in_one_place() -> None:
    assert places_with_text("[A-Za-z0-9_-]{1,60}") == {
        "contracts/ids.py",
        "telemetry/access.py",  # imports nothing of ours
    }


@pytest.mark.parametrize("kind", ["late-payment:", "callback:"])
def test_the_id_of_a_workflow_is_spelled_in_one_place(kind: str) -> None:
    assert places_with_text(kind, at_the_start=True) == {"contracts/ids.py"}


def test_money_is_formatted_by_the_contracts() -> None:
    # It has its own text for an unknown amount.
    assert places("format_money(ANY.currency, ANY.value)") <= {
        "cashier/audit/reconcile.py"
    }


def test_the_usual_expiry_is_written_once_for_calls_and_once_for_histories() -> None:
    # The simulator has Alipay's side of it; demos and measurements use it.
    product = ("activities/", "alipay/", "api/", "contracts/", "workflows/")
    written = {file for file in places("14") if file.startswith(product)}
    assert written == {"workflows/payment/attempt.py"}  # beside alipay/wallets.toml


def test_a_workflow_waits_as_long_as_the_rule_book_says() -> None:
    # Where this fails, the rule book has changed: give workflows the new default by
    # what starts them, and leave the old one to payments of older releases.
    assert default_expiry("a wallet that is not in the book") == USUAL_EXPIRY


def test_the_rule_for_paid_is_written_once_for_us_and_once_for_the_auditor() -> None:
    assert places("ANY.notify_type == 'PAYMENT_RESULT'") == {
        "contracts/payment.py",
        "audit/history/proofs.py",
    }


def test_only_one_place_knows_how_a_workflow_is_looked_at() -> None:
    # Open: its query, refused once it has closed. Closed: the result of that very run.
    looking = places("QueryRejectCondition.NOT_OPEN")
    looking |= places("ANY.result(follow_runs=False, rpc_timeout=ANY)")
    assert looking == {
        "visibility/views.py",
        # A storefront's own code, which shows how it is done.
        "examples/temporal_client/take_payment.py",
    }


def test_one_place_reads_an_inquiry_of_an_unknown_id() -> None:
    assert places("'ORDER_NOT_EXIST'") == {
        "translation/answers.py",
        "simulator/payments/register.py",  # Alipay's side
        "workflows/operator_view/answers.py",  # its words for people
    }


def test_workflows_call_each_activity_in_one_place() -> None:
    for kind in (PaymentActivities, RefundActivities, OrderActivities):
        for name in vars(kind):
            if not name.startswith("_"):
                named = every_place(f"{kind.__name__}.{name}")
                calling = [file for file in named if file.startswith("workflows/")]
                assert calling == ["workflows/alipay_calls.py"], name


def test_one_place_distinguishes_a_verdict_from_none() -> None:
    assert every_place("_failure_of(ANY)") == ["activities/verdicts.py"]
    assert {f for f in places("ANY.exchange") if f.startswith("activities/")} == {
        "activities/verdicts.py"
    }


def test_the_answers_of_a_history_are_decoded_once() -> None:
    assert sorted(every_place("answers_of(ANY)")) == [
        # Reconciling reads refunds without verifying them.
        "audit/reconcile/our_refunds.py",
        "audit/rules/evidence.py",
    ]


def test_commands_print_lines_with_words_of_others_in_one_place() -> None:
    line = "ANY_CONSOLE.print(ANY_TEXT, markup=False, highlight=False, soft_wrap=True)"
    found = {file for file in places(line) if file.startswith("cashier/")}
    assert found == {"cashier/printing.py"}
