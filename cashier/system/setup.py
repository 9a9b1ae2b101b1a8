"""`cashier setup`: registers the search attributes of payments."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cashier.printing import print_line
from cashier.temporal_calls import (
    QUICK,
    UnreachableError,
    WrongSettingError,
    plain_words,
    printable,
)
from visibility import KEYS

# A cluster's frontends cache the attributes for up to a minute.
USABLE_WITHIN = timedelta(seconds=90)
LOOK_AGAIN_SECONDS = 0.5
# The errors of a server whose attributes are managed elsewhere, as Temporal Cloud.
MANAGED_ELSEWHERE = (
    RPCStatusCode.UNIMPLEMENTED,
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNAUTHENTICATED,
)

TYPES = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in KEYS}


@dataclass(frozen=True)
class Setup:
    """Which of our search attributes a namespace has, and which it lacks."""

    found: tuple[str, ...]
    missing: tuple[str, ...]


async def look_at(client: Client, namespace: str) -> Setup:
    """Return which of our search attributes the namespace has.

    Raises:
        WrongSettingError: One exists with another type; it must be removed first.
        RPCError: The server does not answer.
    """
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=namespace), timeout=QUICK
    )
    there = listed.custom_attributes
    # The server accepts adding an existing attribute, even with another type.
    if wrong := [name for name in TYPES if there.get(name, TYPES[name]) != TYPES[name]]:
        told = ", ".join(
            f"{name} is {word_of(there[name])} and must be {word_of(TYPES[name])}"
            for name in wrong
        )
        raise WrongSettingError(
            f"search attributes of namespace {namespace!r} have another type: {told}. "
            "Nothing was changed. Use a separate namespace, or remove them."
        )
    return Setup(
        found=tuple(name for name in TYPES if name in there),
        missing=tuple(name for name in TYPES if name not in there),
    )


async def set_up(
    client: Client,
    console: Console,
    *,
    namespace: str | None = None,
    dry_run: bool = False,
    retention_days: int | None = None,
) -> int:
    """Register missing attributes, wait until they are usable, and print what was done.

    Args:
        client: Connected to the cluster.
        console: Where it is printed.
        namespace: The namespace, which may differ from the client's.
        dry_run: Only print what would be done.
        retention_days: How long closed payments are kept; None leaves it as it is.

    Returns:
        The exit code.

    Raises:
        CommandError: A type is wrong, the namespace is unknown, or the server does not
            answer.
    """
    namespace = namespace or client.namespace
    try:
        setup = await look_at(client, namespace)
        if setup.found:
            console.print(f"Found: {', '.join(setup.found)}", highlight=False)
        if dry_run:
            console.print(_would(setup, retention_days), highlight=False)
            return 0
        if setup.missing:
            await _add(client, namespace, setup.missing)
            console.print(f"Added: {', '.join(setup.missing)}", highlight=False)
        if retention_days is not None:
            await _keep(client, namespace, days=retention_days)
            console.print(f"Closed payments are kept for {retention_days} days")
    except RPCError as error:
        if error.status not in MANAGED_ELSEWHERE:
            raise
        console.print(
            f"This server does not allow it ({error.status.name}: "
            f"{printable(error.message)}). On Temporal Cloud, do it with:\n",
            markup=False,
            highlight=False,
        )
        print_cloud(console, namespace, retention_days=retention_days)
        return WrongSettingError.exit_code
    console.print(f"Namespace {namespace!r} is set up.", highlight=False)
    return 0


def print_cloud(
    console: Console, namespace: str, *, retention_days: int | None = None
) -> None:
    """Print the commands that set up a namespace of Temporal Cloud, for both tools.

    Args:
        console: Where they are printed.
        namespace: With its account: `payments.a1b2c`.
        retention_days: How long closed payments are kept; None leaves it as it is.
    """
    for line in _cloud_commands(namespace, retention_days):
        print_line(console, line)


def _cloud_commands(namespace: str, retention_days: int | None) -> Iterable[str]:
    yield "# With tcld:"
    added = (
        f"  --search-attribute {name}={word_of(kind)}" for name, kind in TYPES.items()
    )
    yield " \\\n".join(
        [f"tcld namespace search-attributes add --namespace {namespace}", *added]
    )
    if retention_days is not None:
        yield (
            f"tcld namespace retention set --namespace {namespace} "
            f"--retention-days {retention_days}"
        )
    yield "\n# Or with the cloud extension of the Temporal CLI:"
    for name, kind in TYPES.items():
        yield (
            f"temporal cloud namespace search-attribute create --namespace {namespace} "
            f"--name {name} --type {word_of(kind)} --idempotent"
        )
    if retention_days is not None:
        yield (
            f"temporal cloud namespace retention set --namespace {namespace} "
            f"--retention-days {retention_days}"
        )


def word_of(kind: int) -> str:
    """Return a type's name as Temporal's tools write it: `Keyword`, `Int`."""
    name = IndexedValueType.Name(IndexedValueType.ValueType(kind))
    words = name.removeprefix("INDEXED_VALUE_TYPE_").split("_")
    return "".join(word.capitalize() for word in words)


def _would(setup: Setup, retention_days: int | None) -> str:
    lines = []
    if setup.missing:
        told = ", ".join(f"{name} ({word_of(TYPES[name])})" for name in setup.missing)
        lines.append(f"Would add: {told}")
    if retention_days is not None:
        lines.append(f"Would keep closed payments for {retention_days} days")
    return "\n".join([*lines, "Nothing was changed (--dry-run)."])


async def _add(client: Client, namespace: str, names: Sequence[str]) -> None:
    request = AddSearchAttributesRequest(
        namespace=namespace, search_attributes={name: TYPES[name] for name in names}
    )
    try:
        await client.operator_service.add_search_attributes(request, timeout=QUICK)
    except RPCError as error:
        # The same error as for an invalid name or type; ours are valid.
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        raise _no_room(namespace, names, error) from None
    await _until_usable(client, namespace)


def _no_room(
    namespace: str, names: Sequence[str], error: RPCError
) -> WrongSettingError:
    """Return the error of a server with too many attributes: ten of a type at most."""
    wanted = ", ".join(f"{name} ({word_of(TYPES[name])})" for name in names)
    return WrongSettingError(
        f"namespace {namespace!r} has no room for search attributes that payments "
        f"need, {wanted}: {printable(error.message)} Nothing was added. Use a "
        "separate namespace, or remove unused attributes: temporal "
        f"operator search-attribute remove --namespace {namespace} --name NAME"
    )


async def _until_usable(client: Client, namespace: str) -> None:
    """Wait until a filter can name them all: before, a start with them fails."""
    query = " AND ".join(f"{name} IS NULL" for name in TYPES)
    request = CountWorkflowExecutionsRequest(namespace=namespace, query=query)
    patience = time.monotonic() + USABLE_WITHIN.total_seconds()
    while True:
        try:
            await client.workflow_service.count_workflow_executions(
                request, timeout=QUICK
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.INVALID_ARGUMENT:
                raise
            if time.monotonic() > patience:
                raise UnreachableError(
                    "the search attributes were added, but are not usable yet: "
                    f"{printable(error.message)}. Run it again in a minute."
                ) from None
        else:
            return
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _keep(client: Client, namespace: str, *, days: int) -> None:
    request = UpdateNamespaceRequest(namespace=namespace)
    request.config.workflow_execution_retention_ttl.FromTimedelta(timedelta(days=days))
    with plain_words():
        await client.workflow_service.update_namespace(request, timeout=QUICK)
