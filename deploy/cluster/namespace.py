"""The namespace of a cluster, with the search attributes of payments."""

import asyncio
import time
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from rich.console import Console
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cashier.system.setup import set_up
from cashier.system.temporal import KEPT

NAMESPACE = "default"
QUICK = timedelta(seconds=5)
# Frontends refresh the namespaces every ten seconds.
KNOWN_WITHIN_SECONDS = 30
ASKED_AGAIN_SECONDS = 0.2


async def set_up_namespace(address: str) -> None:
    """Create the namespace if it is missing, and set it up as `cashier setup` does.

    Raises:
        CommandError: It has a search attribute of ours with another type.
        RPCError: The cluster refuses it.
    """
    client = await Client.connect(address, namespace=NAMESPACE)
    request = RegisterNamespaceRequest(
        namespace=NAMESPACE,
        workflow_execution_retention_period=Duration(seconds=int(KEPT.total_seconds())),
    )
    try:
        await client.workflow_service.register_namespace(request, timeout=QUICK)
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
    await _until_known(client)
    await set_up(client, Console(quiet=True), retention_days=KEPT.days)


async def _until_known(client: Client) -> None:
    patience = time.monotonic() + KNOWN_WITHIN_SECONDS
    while True:
        try:
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=NAMESPACE), timeout=QUICK
            )
        except RPCError as error:
            is_new = error.status is RPCStatusCode.NOT_FOUND
            if not is_new or time.monotonic() > patience:
                raise
        else:
            return
        await asyncio.sleep(ASKED_AGAIN_SECONDS)
