"""How the commands of operators reach Temporal, and how they end.

Exit codes: 0 done, 1 refused or there are findings, 2 a setting is wrong, 3 Temporal or
the worker does not answer, 70 a bug of this program, with a traceback.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import TypeVar
from urllib.parse import quote

from rich.console import Console
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError, RPCStatusCode

from cashier.identity import identity_at_this_terminal
from codec.keyring import Keyring
from temporal_client import connect

ReachedT = TypeVar("ReachedT")

# The tab of a workflow's page with its current details and its actions.
EXPLAINED = "user-metadata"

# A person waits for this at a terminal; a healthy Temporal answers in milliseconds.
QUICK = timedelta(seconds=4)
CONNECT_SECONDS = 5.0
# The SDK's messages for a failed connection, and plain texts for them.
REASONS = {
    "Connection refused": "Connection refused",
    "dns error": "no such host (dns error)",
    "certificate": "its certificate, or ours, is not accepted (TEMPORAL_TLS_*)",
    "Certificate": "its certificate, or ours, is not accepted (TEMPORAL_TLS_*)",
    "CorruptMessage": "the server does not use TLS (TEMPORAL_TLS)",
    "InvalidMessage": "the server does not use TLS (TEMPORAL_TLS)",
    "PermissionDenied": "access is denied (TEMPORAL_API_KEY, TEMPORAL_NAMESPACE)",
    "Unauthenticated": "access is denied (TEMPORAL_API_KEY, TEMPORAL_NAMESPACE)",
}
# Without a terminal there is no width to fit into, and links must not be wrapped.
WIDTH_OF_A_PIPE = 220


class CommandError(Exception):
    """A command cannot do its work; the message is for the operator."""

    exit_code = 1


class WrongSettingError(CommandError):
    """A setting or the setup of the cluster is wrong; nothing was done."""

    exit_code = 2


class UnreachableError(CommandError):
    """Temporal, or the worker behind it, does not answer."""

    exit_code = 3


@asynccontextmanager
async def reached_temporal(*, keyring: Keyring | None) -> AsyncIterator[Client]:
    """Connect within seconds; turn errors of the server into plain messages.

    Args:
        keyring: Decrypts payloads; None where clear text is enough.

    Raises:
        WrongSettingError: A setting TEMPORAL_* is wrong, or the namespace is unknown.
        UnreachableError: No server answers there.
    """
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            client = await connect(
                keyring=keyring, identity=identity_at_this_terminal()
            )
    except TimeoutError:
        raise UnreachableError(
            _nobody(f"no answer within {CONNECT_SECONDS:.0f} s")
        ) from None
    except (RuntimeError, ValueError, OSError) as error:
        if "Failed client connect" in str(error):
            raise _not_connected(str(error)) from None
        raise WrongSettingError(f"a setting TEMPORAL_* is wrong: {error}") from None
    with plain_words():
        yield client


async def check_namespace(client: Client) -> int:
    """Ask Temporal whether the namespace exists, as a worker does.

    Raises:
        RPCError: It does not exist, or we may not use it.
    """
    await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace), timeout=QUICK
    )
    return 0


@asynccontextmanager
async def ends_within(patience: timedelta, otherwise: str) -> AsyncIterator[None]:
    """Limit the time of the block, whatever the SDK repeats inside.

    A time-out of the SDK is for one call; lists, histories and updates make several.

    Args:
        patience: How long it may take, in seconds.
        otherwise: The rest of the error message, after the time.

    Raises:
        UnreachableError: It took longer.
    """
    try:
        async with asyncio.timeout(patience.total_seconds()):
            yield
    except TimeoutError:
        raise UnreachableError(
            f"not answered within {patience.total_seconds():.0f} s; {otherwise}"
        ) from None


@contextmanager
def plain_words() -> Iterator[None]:
    """Turn failed calls to Temporal into errors that name the remedy."""
    try:
        yield
    except RPCError as error:
        raise _in_words(error) from error


def run_command(
    command: Callable[[Client], Awaitable[int]],
    *,
    keyring: Keyring | None = None,
) -> int:
    """Connect, run a command, and return its exit code.

    Errors are printed on stderr.
    """

    async def carry_out() -> int:
        async with reached_temporal(keyring=keyring) as client:
            return await command(client)

    try:
        return asyncio.run(carry_out())
    except CommandError as error:
        # Text of a server may look like markup.
        Console(stderr=True).print(
            str(error), style="red", markup=False, highlight=False, soft_wrap=True
        )
        return error.exit_code


def configured_namespace() -> str:
    """Return the namespace that the environment names, without connecting."""
    return ClientConfig.load_client_connect_config().get("namespace", "default")


def a_console() -> Console:
    """Return the console of a command: as wide as the terminal, or wide in a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH_OF_A_PIPE)


def page_of(
    ui_url: str,
    namespace: str,
    workflow_id: str,
    run_id: str = "",
    *,
    tab: str = EXPLAINED,
) -> str:
    """Return the address of a workflow's page in the Temporal UI.

    Args:
        ui_url: Where the UI is.
        namespace: Of the workflow.
        workflow_id: Which workflow.
        run_id: Which run; empty for the newest, whose page then opens its first tab.
        tab: Which of the page's tabs opens.
    """
    page = f"{ui_url.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows/"
    page += quote(workflow_id, safe="")
    return f"{page}/{run_id}/{tab}" if run_id else page


def list_of(ui_url: str, namespace: str, query: str) -> str:
    """Return the address of the Temporal UI's list, filtered."""
    where = f"{ui_url.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows"
    return f"{where}?query={quote(query, safe='')}"


def printable(text: str, *, longest: int = 400) -> str:
    """Return one line of a text that others wrote, safe for a terminal."""
    line = " ".join(text.split())
    line = "".join(sign if sign.isprintable() else "?" for sign in line)
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def _in_words(error: RPCError) -> CommandError:
    said = printable(error.message)
    match error.status:
        case RPCStatusCode.NOT_FOUND if said.startswith("Namespace"):
            return WrongSettingError(f"TEMPORAL_NAMESPACE: {said}")
        case RPCStatusCode.INVALID_ARGUMENT if "search attribute" in said:
            return WrongSettingError(
                "the namespace does not know the search attributes of payments "
                f"({said}); run: cashier setup"
            )
        case RPCStatusCode.PERMISSION_DENIED | RPCStatusCode.UNAUTHENTICATED:
            return WrongSettingError(f"Temporal denies access: {said}")
    return UnreachableError(f"Temporal does not answer ({error.status.name}): {said}")


def _nobody(why: str) -> str:
    return (
        f"Temporal cannot be reached: {why}. TEMPORAL_ADDRESS is its address "
        "(localhost:7233 if not set)."
    )


def _not_connected(said: str) -> CommandError:
    """Return the error without the SDK's message, which describes its internals."""
    for known, words in REASONS.items():
        if known in said:
            return UnreachableError(_nobody(words))
    if "ParseError" in said or "InvalidCert" in said:
        return WrongSettingError(
            "TEMPORAL_TLS_*: a certificate or the private key cannot be used"
        )
    return UnreachableError(_nobody("the connection failed"))
