"""The worker: composes settings, client and activities; holds no logic of its own."""

import asyncio
import signal
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from activities.payments import PaymentActivities
from activities.refunds import RefundActivities
from alipay.client import AlipayClient, open_connections
from contracts import TASK_QUEUE
from settings import WorkerSettings
from temporal_client import connect
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment

# An activity in flight is one call to Alipay, at most 20 s: let it finish and be
# recorded, instead of leaving another unknown behind. Containers must grant more.
GRACE = timedelta(seconds=25)


def build_worker(client: Client, alipay: AlipayClient, *, notify_url: str) -> Worker:
    """Return the worker as it runs in production; the tests run this one too."""
    payments = PaymentActivities(alipay, notify_url=notify_url)
    refunds = RefundActivities(alipay)
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[CashierPayment, LatePayment],
        activities=[
            payments.pay,
            payments.inquire_payment,
            payments.cancel_payment,
            refunds.refund_payment,
            refunds.inquire_refund,
        ],
        graceful_shutdown_timeout=GRACE,
    )


async def run_worker(settings: WorkerSettings) -> None:
    """Serve payments until SIGTERM or SIGINT, then finish what is in flight."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    client = await connect()
    async with open_connections() as http:
        alipay = settings.alipay_client(http)
        async with build_worker(client, alipay, notify_url=settings.notify_url):
            await stop.wait()


if __name__ == "__main__":
    asyncio.run(run_worker(WorkerSettings()))
