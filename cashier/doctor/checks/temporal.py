"""Checks Temporal: connection, release, namespace, retention, search attributes."""

from datetime import timedelta

from temporalio.api.enums.v1 import NamespaceState
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    DescribeNamespaceRequest,
    GetSystemInfoRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cashier.doctor.checks.findings import Finding, ok, wrong
from cashier.doctor.checks.running import Findings
from cashier.system.setup import MANAGED_ELSEWHERE, TYPES, look_at
from cashier.temporal_calls import QUICK, WrongSettingError, printable, reached_temporal

SUBJECT = "temporal"
# Alipay repeats a notification for 24 h 22 min (docs/protocol.md 4.1), shops and
# auditors ask after a weekend, and a broken archiver is repaired within a week.
LEAST_RETENTION = timedelta(days=7)
# The first release with update-with-start, by which the API opens payments.
LEAST_SERVER = (1, 28)
SETUP = "run `cashier setup` (on Temporal Cloud `cashier setup --cloud` says how)"


async def check_temporal() -> Findings:
    """Check the server and the namespace."""
    async with reached_temporal(keyring=None) as client:
        yield await _server(client)
        described = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace), timeout=QUICK
        )
        is_there = (
            described.namespace_info.state == NamespaceState.NAMESPACE_STATE_REGISTERED
        )
        yield _namespace(client.namespace, is_there=is_there)
        kept = described.config.workflow_execution_retention_ttl.ToTimedelta()
        yield _retention(client.namespace, kept)
        yield await _search_attributes(client)


async def _server(client: Client) -> Finding:
    info = await client.workflow_service.get_system_info(
        GetSystemInfoRequest(), timeout=QUICK
    )
    version = printable(info.server_version, longest=40)
    where = client.service_client.config.target_host
    if _numbers_of(version) < LEAST_SERVER:
        least = ".".join(map(str, LEAST_SERVER))
        return wrong(
            SUBJECT,
            "server",
            f"{where} has release {version or 'unknown'}; payments need {least}",
            f"upgrade the Temporal server to {least} or newer",
        )
    return ok(SUBJECT, "server", f"{where} answers, with release {version}")


def _numbers_of(version: str) -> tuple[int, ...]:
    """Return major and minor; those required if it names none, as Cloud may."""
    parts = version.removeprefix("v").split(".")[:2]
    if len(parts) == 2 and all(part.isdecimal() for part in parts):
        return tuple(map(int, parts))
    return LEAST_SERVER


def _namespace(name: str, *, is_there: bool) -> Finding:
    if is_there:
        return ok(SUBJECT, "namespace", f"{name!r} exists")
    return wrong(
        SUBJECT,
        "namespace",
        f"TEMPORAL_NAMESPACE: {name!r} is deprecated or being deleted",
        "choose a namespace in which payments can start",
        exit_code=2,
    )


def _retention(name: str, kept: timedelta) -> Finding:
    days = kept / timedelta(days=1)
    if kept < LEAST_RETENTION:
        return wrong(
            SUBJECT,
            "retention",
            f"{name!r} keeps closed payments for {days:g} days: a repeated "
            "notification would not find its payment",
            "run `cashier setup --retention-days 90`",
        )
    return ok(SUBJECT, "retention", f"closed payments are kept for {days:g} days")


async def _search_attributes(client: Client) -> Finding:
    try:
        setup = await look_at(client, client.namespace)
    except WrongSettingError as error:
        return wrong(SUBJECT, "search attributes", str(error), SETUP, exit_code=2)
    except RPCError as error:
        if error.status not in MANAGED_ELSEWHERE:
            raise
        return await _usable(client)
    if setup.missing:
        return wrong(
            SUBJECT,
            "search attributes",
            f"missing: {', '.join(setup.missing)}; no payment can start",
            SETUP,
            exit_code=2,
        )
    return _all_there()


async def _usable(client: Client) -> Finding:
    """Try them in a filter, where we may not list them."""
    query = " AND ".join(f"{name} IS NULL" for name in TYPES)
    request = CountWorkflowExecutionsRequest(namespace=client.namespace, query=query)
    try:
        await client.workflow_service.count_workflow_executions(request, timeout=QUICK)
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        said = printable(error.message, longest=120)
        return wrong(
            SUBJECT, "search attributes", f"missing: {said}", SETUP, exit_code=2
        )
    return _all_there()


def _all_there() -> Finding:
    return ok(SUBJECT, "search attributes", f"all {len(TYPES)} are there")
