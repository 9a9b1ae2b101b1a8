"""Each kind of workflow is known wherever kinds are distinguished by name."""

from temporalio import workflow

from audit.history.record import INPUTS, MESSAGES, RESULTS
from audit.report.timelines import KINDS
from cashier import contracts_json
from contracts import Contract
from visibility.stuck import WORKFLOW_TYPES
from workflows.kinds import WORKFLOWS

DEFINITIONS = [workflow._Definition.must_from_class(kind) for kind in WORKFLOWS]
NAMES = [one.name for one in DEFINITIONS]


def test_every_kind_of_workflow_is_listed_reported_and_described() -> None:
    assert list(WORKFLOW_TYPES) == NAMES
    assert list(KINDS) == NAMES
    assert tuple(contracts_json.WORKFLOWS) == WORKFLOWS


def test_every_kind_of_workflow_is_read_by_its_contracts() -> None:
    assert list(INPUTS) == list(RESULTS) == list(MESSAGES) == NAMES
    for model in (*INPUTS.values(), *RESULTS.values()):
        assert issubclass(model, Contract)


def test_every_signal_takes_one_argument_of_one_contract() -> None:
    """So that `OddSignalFilter` drops any other argument."""
    for definition in DEFINITIONS:
        for signal in definition.signals.values():
            [argument] = signal.arg_types or []
            assert issubclass(argument, Contract)
            assert MESSAGES[str(definition.name)][str(signal.name)] is argument


def test_every_signal_and_update_is_read_by_its_contract() -> None:
    assert {name: sorted(known) for name, known in MESSAGES.items()} == {
        "CashierPayment": ["cancel", "cashier_page", "payment_notified", "resolve"],
        "LatePayment": ["resolve"],
        "Callback": ["also_tell", "settle"],
        "AlipayNotice": [],
        "OrderRefunds": [
            "confirm",
            "refund",
            "refund_notified",
            "resolve",
            "returned",
        ],
    }
