"""Real payments, one of each common kind, signed with available keys."""

from collections.abc import AsyncIterator
from pathlib import Path

from temporalio.client import Client

from cashier.system.temporal import start_embedded
from codec.keyring import Keyring
from temporal_client import data_converter
from tests.histories import signed_paths
from tests.histories.proving import Signers, proven_order

# Shares of a hundred payments. None has a pause, whose length depends on the order id.
MIX = {
    signed_paths.paid: 76,
    signed_paths.notification_lost: 6,
    signed_paths.declined: 8,
    signed_paths.cancelled: 7,
    signed_paths.another_wallet: 2,
    signed_paths.reviewed: 1,
}


async def make_originals(
    folder: Path, signers: Signers, keyring: Keyring
) -> AsyncIterator[tuple[str, int]]:
    """Yield each kind's history, encrypted, as Temporal's JSON, and its share."""
    async with await start_embedded() as server:
        client = await Client.connect(
            server.client.service_client.config.target_host,
            data_converter=data_converter(keyring),
            identity="bench",
        )
        for make, share in MIX.items():
            name = f"original-{make.__name__}"
            (home := folder / name).mkdir()
            async with proven_order(client, home, signers) as order:
                history = await make(order, name)
                yield history.to_json(), share
