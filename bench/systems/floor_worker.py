"""The floor's worker as its own process, with the settings of our worker."""

import asyncio
import signal

from temporalio.worker import Worker

from bench.systems.floor import FLOOR_TASK_QUEUE, FloorPage, FloorPayment, nothing
from settings.worker import WorkerSettings
from temporal_client import connect
from worker import GRACE


async def main() -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    worker = Worker(
        # Comparable: the same settings and encryption.
        await connect(keyring=WorkerSettings().keyring),
        task_queue=FLOOR_TASK_QUEUE,
        workflows=[FloorPage, FloorPayment],
        activities=[nothing],
        graceful_shutdown_timeout=GRACE,
    )
    async with worker:
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
