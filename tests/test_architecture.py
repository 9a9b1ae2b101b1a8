"""The allowed imports: dependencies point one way, and no package has our names."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# The parts of ours that each part may import, besides itself. A prefix allows what is
# below it.
MAY_IMPORT: dict[str, set[str]] = {
    "contracts": set(),
    "alipay": set(),
    "translation": {"alipay", "contracts"},
    # And the forms of settings; not the settings of other processes.
    "codec": {"http_server", "settings.forms", "settings.process", "settings.urls"},
    "telemetry": set(),
    # Knows no application of ours; the shop and the simulator are given it.
    "http_server": set(),
    "visibility": {"contracts"},
    "temporal_client": {
        "codec.clear_text", "codec.keyring", "codec.payload_codec", "contracts",
        "settings.temporal",
        "telemetry",
    },
    # And the rules for callback addresses: a setting is refused before it is used.
    "settings": {"activities.shop.addresses", "alipay", "codec", "contracts"},
    "workflows": {"activities", "contracts", "translation", "visibility"},
    "activities": {"alipay", "contracts", "translation", "visibility"},
    "version": {"contracts"},
    "worker": {
        "activities", "alipay", "codec.refusing_runner", "contracts", "http_server",
        "settings", "telemetry", "temporal_client", "version", "workflows",
    },
    "api": {
        "alipay", "contracts", "http_server", "settings", "telemetry",
        "temporal_client", "translation", "visibility", "workflows",
    },
    "audit": {
        "activities", "alipay", "codec", "contracts", "temporal_client", "translation",
        "version",
        "visibility", "workflows",
    },
    # Another implementation of Alipay's side, or a mistake in ours could not show.
    "simulator": {
        "alipay.messages", "alipay.signing", "alipay.keys", "alipay.errors",
        "settings.forms", "settings.process", "settings.urls", "telemetry.logs",
        "wallet_looks",
    },
    # Pictures, which a customer must meet again from the shop to the wallet.
    "wallet_looks": set(),
    # As any shop would be: it knows the HTTP API and callbacks, and no code of ours.
    "storefront": {"wallet_looks"},
    "cashier": {
        "activities", "alipay", "api", "audit", "codec", "contracts", "http_server",
        "settings", "simulator", "storefront", "telemetry", "temporal_client",
        "translation", "version", "visibility", "worker", "workflows",
    },
}  # fmt: skip
# What a room of a part may import of ours, besides itself. A part's own modules, which
# stand beside its rooms, may import all rooms of it.
ROOM_MAY_IMPORT: dict[str, set[str]] = {
    "workflows.engine": {"contracts", "visibility"},
    "workflows.payment": {
        "contracts", "translation.proof", "workflows.releases", "workflows.resolution",
    },
    "workflows.refunds": {
        "activities", "contracts", "translation", "visibility",
        "workflows.alipay_calls", "workflows.resolution", "workflows.trust",
    },
    "workflows.late_money": {
        "contracts", "visibility", "workflows.alipay_calls", "workflows.engine.clock",
        "workflows.operator_view", "workflows.payment", "workflows.engine.priorities",
        "workflows.releases", "workflows.shop_calls", "workflows.trust",
    },
    "workflows.operator_view": {
        "contracts", "visibility", "workflows.payment", "workflows.refunds",
    },
    "activities.shop": {
        "activities.inquiry", "activities.order_payments", "activities.our_runs",
        "alipay", "contracts", "translation", "visibility",
    },
    "alipay.keys": {"alipay.errors"},
    "api.metrics": {"alipay", "contracts", "http_server", "telemetry", "visibility"},
    "api.callers": {"api.metrics", "api.problems", "contracts", "telemetry"},
    "api.streams": {
        "api.bodies", "api.callers", "api.problems", "contracts", "visibility",
    },
    # Only the code that starts workflows, and no rule of theirs.
    "api.payments": {
        "alipay", "api.bodies", "api.callers", "api.merchant_rules", "api.problems",
        "api.streams", "api.temporal_calls", "contracts", "visibility",
        "workflows.callback", "workflows.cashier_payment",
        "workflows.late_money.questions", "workflows.late_payment",
        "workflows.engine.priorities",
    },
    "api.refunds": {
        "alipay", "api.bodies", "api.callers", "api.merchant_rules", "api.payments",
        "api.problems", "api.refunded", "api.streams", "api.temporal_calls",
        "contracts", "visibility", "workflows.order_refunds",
        "workflows.refunds.ledger",
    },
    "api.notifications": {
        "alipay", "api.bodies", "api.metrics", "api.payments", "api.problems",
        "api.refunds", "api.streams", "api.temporal_calls", "contracts", "translation",
        "visibility", "workflows.notice",
    },
    "simulator.requests": set(),
    "simulator.faults": set(),
    "simulator.payments": {
        "alipay.messages", "alipay.signing", "simulator.config", "simulator.faults",
        "simulator.requests", "simulator.timers",
    },
    "simulator.control": {
        "simulator.faults", "simulator.payments", "simulator.report_files",
        "simulator.requests", "simulator.simulation",
    },
    "simulator.page": {
        "simulator.faults.kinds", "simulator.payments", "simulator.requests",
        "simulator.faults.scenarios", "simulator.simulation", "wallet_looks",
    },
    "storefront.payment_api": set(),
    "storefront.ordering": {
        "storefront.catalog", "storefront.payment_api", "storefront.settings",
        "storefront.wallets", "storefront.words",
    },
    # Its pages and the customers' share the code that renders pages.
    "storefront.back_office": {
        "storefront.catalog", "storefront.ordering", "storefront.pages.rendering",
        "storefront.payment_api", "storefront.settings", "storefront.shop",
        "storefront.staff", "storefront.visits", "storefront.words",
    },
    "storefront.pages": {
        "storefront.catalog", "storefront.ordering", "storefront.payment_api",
        "storefront.shop", "storefront.visits", "storefront.wallets",
        "storefront.words", "wallet_looks",
    },
    "audit.bundle": {"audit.findings", "codec", "contracts", "visibility"},
    "audit.history": {
        "activities", "alipay", "audit.bundle", "audit.findings", "codec", "contracts",
        "translation", "workflows",
    },
    "audit.story": {
        "alipay", "audit.bundle", "audit.findings", "audit.history", "codec",
        "contracts", "translation",
    },
    "audit.replay": {
        "audit.differences", "audit.findings", "audit.history", "contracts",
        "temporal_client", "workflows",
    },
    "audit.rules": {
        "activities", "alipay", "audit.bundle", "audit.differences", "audit.findings",
        "audit.history", "audit.replay", "codec", "contracts", "translation",
        "visibility", "workflows",
    },
    "audit.verify": {
        "activities", "alipay", "audit.bundle", "audit.differences", "audit.findings",
        "audit.history", "audit.replay", "audit.rules", "audit.story", "codec",
        "contracts", "translation", "visibility", "workflows",
    },
    "audit.report": {
        "alipay", "audit.findings", "audit.history", "audit.rules", "audit.story",
        "audit.verify", "version",
    },
    "audit.reconcile.files": {"alipay", "contracts"},
    "audit.reconcile": {
        "alipay", "audit.bundle", "audit.history", "codec", "contracts",
    },
    "audit.archive": {"audit.bundle", "codec", "contracts"},
    "codec.server": {
        "codec.keyring", "codec.payload_codec", "http_server", "settings.forms",
        "settings.process", "settings.urls",
    },
    "cashier.access": {
        "api.callers.keys", "cashier.given", "cashier.running", "codec", "contracts",
        "telemetry",
    },
    "cashier.system": {
        "alipay", "api.callers.keys", "cashier.printing", "cashier.temporal_calls",
        "codec", "temporal_client", "visibility",
    },
    "cashier.stuck": {
        "alipay", "cashier.printing", "cashier.refund_decisions", "cashier.running",
        "cashier.settings", "cashier.temporal_calls", "contracts", "visibility",
    },
    "cashier.releases": {
        "cashier.payments.reading", "cashier.running", "cashier.temporal_calls",
        "contracts", "version", "visibility",
    },
    # Reads the settings of all parts, and makes calls as the parts do.
    "cashier.doctor": {
        "activities.callbacks", "activities.shop.connections",
        "alipay", "api.settings", "audit.bundle", "cashier.given", "cashier.printing",
        "cashier.running", "cashier.settings", "cashier.system",
        "cashier.temporal_calls", "codec", "contracts", "settings",
        "simulator.settings", "storefront.settings", "translation", "version",
        "visibility", "worker",
    },
    "cashier.doctor.checks": {
        "activities", "alipay", "cashier.system.setup", "cashier.temporal_calls",
        "codec", "contracts", "settings", "translation", "version", "visibility",
    },
    "cashier.payments": {
        "alipay", "api.merchant_rules", "api.payments.lost_orders",
        "api.payments.recovery", "api.problems", "api.refunds.recovery",
        "api.settings", "audit.reconcile.files", "cashier.given",
        "cashier.printing", "cashier.refund_decisions", "cashier.running",
        "cashier.settings", "cashier.stuck", "cashier.temporal_calls", "codec",
        "contracts", "settings.worker", "translation.answers", "visibility", "worker",
    },
    "cashier.payments.recovery": {
        "api.merchant_rules", "api.payments.lost_orders", "api.payments.recovery",
        "api.problems", "api.refunds.recovery", "api.settings", "audit.reconcile.files",
        "cashier.given", "cashier.payments.options", "cashier.payments.reading",
        "cashier.printing", "cashier.running", "cashier.temporal_calls", "contracts",
        "visibility",
    },
    # Begins an order's owner of refunds as the API does.
    "cashier.refunds": {
        "api.merchant_rules", "api.problems", "api.refunds", "api.temporal_calls",
        "cashier.payments", "cashier.printing", "cashier.refund_decisions",
        "cashier.running", "cashier.settings", "cashier.temporal_calls", "contracts",
        "visibility", "workflows.order_refunds",
    },
    "cashier.audit": {
        "alipay", "audit", "cashier.given", "cashier.printing", "cashier.running",
        "cashier.settings", "cashier.temporal_calls", "codec", "contracts",
        "http_server", "telemetry", "temporal_client", "version",
    },
    # Demonstrations use the system as people do: the product does not import them.
    "cashier.demos": {
        "alipay", "api", "audit", "cashier.given", "cashier.payments",
        "cashier.refunds.actions", "cashier.running", "cashier.stuck", "cashier.system",
        "codec", "contracts", "temporal_client", "translation", "visibility",
        "workflows",
    },
    "cashier.demos.audit": {
        "audit", "cashier.payments", "cashier.system", "codec", "contracts",
        "temporal_client",
    },
}  # fmt: skip
# Tests and measurements may look at everything.
EXEMPT = {"tests", "bench", "chaos"}


# The imports of a storefront's code: a client of the HTTP API needs none of ours.
EXAMPLES_MAY_IMPORT: dict[str, set[str]] = {
    "http": set(),
    "temporal_client": {
        "alipay.errors", "alipay.refund_rules", "alipay.wallets", "codec.keyring",
        "contracts", "temporal_client", "visibility", "workflows",
    },
}  # fmt: skip


def modules_of(part: str) -> list[Path]:
    path = ROOT / part.replace(".", "/")
    module = path.with_suffix(".py")
    return [module] if module.is_file() else sorted(path.rglob("*.py"))


@cache
def imports_of(file: Path) -> frozenset[str]:
    """Every imported name, `from a.b import c` as `a.b.c`."""
    return frozenset(_imports_in(file))


def _imports_in(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: import by the full name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def find_circle(imports: dict[str, set[str]]) -> list[str]:
    """Return modules that import each other, if any do; each imports the one before."""
    modules = {
        module: {name if name in imports else name.rpartition(".")[0] for name in names}
        for module, names in imports.items()
    }
    try:
        TopologicalSorter(modules).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def room_of(name: str) -> str:
    """Return the innermost room of a name; the name itself where it is in none."""
    rooms = [room for room in ROOM_MAY_IMPORT if is_below(name, {room})]
    return max(rooms, key=len, default=name)


def is_below(name: str, prefixes: set[str]) -> bool:
    return any(f"{name}.".startswith(f"{prefix}.") for prefix in prefixes)


def test_every_part_of_ours_stands_in_the_table() -> None:
    found = {path.parent.name for path in ROOT.glob("[a-z]*/*.py")}
    found |= {path.stem for path in ROOT.glob("*.py")}
    assert found - EXEMPT == MAY_IMPORT.keys()


def test_every_room_of_ours_stands_in_the_table() -> None:
    found = {
        ".".join(folder.relative_to(ROOT).parts)
        for part in MAY_IMPORT
        for folder in (ROOT / part).rglob("*")
        if folder.is_dir() and any(folder.glob("*.py"))
    }
    assert found == ROOM_MAY_IMPORT.keys()


@pytest.mark.parametrize("part", [*MAY_IMPORT, *ROOM_MAY_IMPORT])
def test_a_part_imports_only_what_the_table_allows(part: str) -> None:
    allowed = (MAY_IMPORT | ROOM_MAY_IMPORT)[part] | {part}
    ours = MAY_IMPORT.keys() | EXEMPT
    assert modules_of(part)
    for file in modules_of(part):
        taken = {name for name in imports_of(file) if name.partition(".")[0] in ours}
        wrong = {name for name in taken if not is_below(name, allowed)}
        assert not wrong, f"{file.relative_to(ROOT)} may not import {sorted(wrong)}"


@pytest.mark.parametrize("part", EXAMPLES_MAY_IMPORT)
def test_an_example_imports_only_what_a_storefront_has(part: str) -> None:
    ours = MAY_IMPORT.keys() | EXEMPT
    for file in modules_of(f"examples/{part}"):
        taken = {name for name in imports_of(file) if name.partition(".")[0] in ours}
        wrong = {
            name for name in taken if not is_below(name, EXAMPLES_MAY_IMPORT[part])
        }
        assert not wrong, f"{file.relative_to(ROOT)} may not import {sorted(wrong)}"


def test_every_example_in_python_stands_in_the_table() -> None:
    found = {path.parent.name for path in ROOT.glob("examples/*/*.py")}
    assert found == EXAMPLES_MAY_IMPORT.keys()


def test_no_modules_import_each_other() -> None:
    # Imports inside functions and for types alone count: they hide a circle, no more.
    files = [file for part in MAY_IMPORT for file in modules_of(part)]
    assert find_circle({module_of(file): {*imports_of(file)} for file in files}) == []


def test_no_rooms_import_each_other() -> None:
    imports: dict[str, set[str]] = {}
    for part in MAY_IMPORT:
        for file in modules_of(part):
            taken = {room_of(name) for name in imports_of(file)}
            room = room_of(module_of(file))
            imports.setdefault(room, set()).update(taken - {room})
    assert find_circle(imports) == []


def test_a_circle_of_imports_is_found() -> None:
    imports = {"a": {"b.c.Name", "os"}, "b.c": {"d"}, "d": {"a.Other"}}
    assert {*find_circle(imports)} == {"a", "b.c", "d"}
    assert find_circle({**imports, "d": set()}) == []


def test_workflows_cannot_reach_the_network_or_the_environment() -> None:
    banned = {"httpx", "alipay", "settings", "os", "random", "socket", "time", "uuid"}
    for file in modules_of("workflows"):
        wrong = {name for name in imports_of(file) if is_below(name, banned)}
        assert not wrong, f"{file.relative_to(ROOT)} may not import {sorted(wrong)}"


def test_alipay_knows_nothing_of_temporal_and_workflows_only_temporal() -> None:
    for part, banned in (
        ("alipay", {"temporalio", "fastapi", "pydantic_settings"}),
        ("contracts", {"temporalio", "fastapi", "httpx"}),
        ("workflows", {"fastapi", "pydantic_settings", "cryptography"}),
    ):
        for file in modules_of(part):
            wrong = {name for name in imports_of(file) if is_below(name, banned)}
            assert not wrong, f"{file.relative_to(ROOT)}: {sorted(wrong)}"


def test_workflows_take_only_signatures_from_activities() -> None:
    taken = {
        name
        for file in modules_of("workflows")
        for name in imports_of(file)
        if is_below(name, {"activities"})
    }
    # The class of the methods that are executed, and nothing that could be called.
    assert all(name.rpartition(".")[2].endswith("Activities") for name in taken)


def test_no_installed_package_has_one_of_our_names() -> None:
    # This checkout itself is not installed, so any such name would hide or be hidden.
    assert not (MAY_IMPORT.keys() | EXEMPT) & packages_distributions().keys()


def test_the_image_holds_every_part_and_nothing_else() -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in rules if line and not line.startswith("#")]
    copied = [line[1:] for line in rules if line.startswith("!")]
    # Everything is left out, then some is let in, and of that no key ever: the last
    # rule that fits counts.
    left_out = ["**/__pycache__", "**/*.pem", "**/*.key"]
    assert rules == ["*", *(f"!{path}" for path in copied), *left_out]
    assert {path.removesuffix(".py") for path in copied} == {
        *MAY_IMPORT,
        "requirements-runtime.lock",
        # The codec server's pages.
        "docs/runbook.md",
        "docs/images",
    }
    for path in copied:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize(
    "file",
    [
        "requirements.lock",
        "requirements-runtime.lock",
        "tests/official_sdk/requirements.lock",
        "tests/deploy/kubernetes/requirements.lock",
    ],
)
def test_a_lock_file_of_pip_pins_by_hash_and_names_no_host(file: str) -> None:
    text = (ROOT / file).read_text()
    packages = [line for line in text.splitlines() if line[:1].isalnum()]
    assert packages
    assert all("==" in line and line.endswith("\\") for line in packages)
    assert text.count("\\\n    --hash=sha256:") >= len(packages)
    assert "://" not in text


def pins_of(file: str) -> dict[str, list[str]]:
    """Return the lines of each package of a lock file: its release and its hashes."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / file).read_text().splitlines():
        if line[:1].isalnum():
            pins = found.setdefault(line.partition("==")[0], [])
        if "#" not in line:
            pins.append(line.strip(" \\"))
    return found


def test_the_image_gets_the_releases_that_are_tested_and_no_tool_of_ours() -> None:
    everything, runtime = map(
        pins_of, ("requirements.lock", "requirements-runtime.lock")
    )
    assert runtime.items() <= everything.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[\[>=]", one)[0] for one in requirements}

    assert names(project["project"]["dependencies"]) <= runtime.keys()
    tools = names(project["dependency-groups"]["dev"])
    assert tools <= everything.keys()
    assert not tools & runtime.keys()


@pytest.mark.parametrize("folder", ["examples/typescript", "tests/browser/axe"])
def test_a_lock_file_of_npm_pins_by_hash_and_names_no_registry(folder: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert not [name for name, one in packages.items() if "resolved" in one]
