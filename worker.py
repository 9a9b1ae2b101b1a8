"""The worker: composes settings, client and activities, without logic of its own."""

import asyncio
import logging
import signal
from datetime import datetime, timedelta

import httpx
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import Runtime
from temporalio.worker import (
    UnsandboxedWorkflowRunner,
    Worker,
    WorkerDeploymentConfig,
    WorkflowRunner,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities.callbacks import CallbackActivities
from activities.money_guard import Looks, MoneyGuard
from activities.order_payments import PATIENCE, OrderActivities
from activities.order_refunds import OrderRefundActivities
from activities.our_runs import OurRuns
from activities.paid_at_alipay import PaidAtAlipay
from activities.payments import PaymentActivities
from activities.refunds import RefundActivities
from activities.shop.connections import open_shop_connections
from activities.shop.earlier_events import EarlierEvents
from activities.shop.outgoing_proxy import Tunnels
from activities.shop.paid_events import ProvenPaidEvents
from activities.trust import TrustActivities
from alipay.client import LIMITS, AlipayClient, open_connections
from alipay.wallets import WALLETS
from codec.refusing_runner import RefusingRunner
from contracts import ENDED, TASK_QUEUE, LateOutcome, PaymentOutcome
from http_server.beside import served_beside
from http_server.health import create_health_app
from settings.worker import WorkerSettings
from telemetry import names
from telemetry.activities import ActivityLog
from telemetry.large_payloads import count_large_payloads
from telemetry.runtime import count_from_zero, start_runtime
from telemetry.tracing import interceptors_of, start_tracing
from temporal_client import connect
from version import VERSION, identity_of_worker
from workflows.engine.odd_signals import OddSignalFilter
from workflows.engine.overtaking_queries import OvertakingQueryFilter
from workflows.kinds import VERSIONED_WORKFLOWS, WORKFLOWS

# Share of the polls for workflow tasks. A new payment's first task is in the common
# task queue, the tasks of cached payments are in the worker's sticky queue: when a
# thousand of these expire, the SDK's 0.2 would leave new payments one poll in five.
NEW_PAYMENTS_SHARE = 0.5

log = logging.getLogger(__name__)

# An activity in flight is one call to Alipay, at most 20 s: let it finish and be
# recorded, so that its effect is not unknown. Containers must grant more time.
GRACE = timedelta(seconds=25)


def build_worker(
    client: Client,
    alipay: AlipayClient,
    callbacks: CallbackActivities,
    *,
    notify_url: str,
    sandbox: bool,
    cached_workflows: int = 1000,
    activities_per_second: float | None = None,
    clear_text_refused_since: datetime | None = None,
    version: WorkerDeploymentVersion | None = None,
) -> Worker:
    """Return the worker as it runs in production; the tests run this one too.

    Args:
        client: Its data converter must have the same `clear_text_refused_since`.
        alipay: The client of Alipay.
        callbacks: Sends callbacks to the shop.
        notify_url: The URL to which Alipay shall send its notifications.
        sandbox: Whether workflows run in the SDK's sandbox, as in all tests.
        cached_workflows: How many open workflows are kept in memory.
        activities_per_second: How many activities Temporal hands out in a second, to
            all workers together; None for no limit.
        clear_text_refused_since: Runs that start at this time or later must be
            encrypted.
        version: The version of its worker deployment; None for an unversioned worker.
    """
    runner = runner_of(sandbox=sandbox)
    if clear_text_refused_since:
        runner = RefusingRunner(runner, since=clear_text_refused_since)
    payments = PaymentActivities(alipay, notify_url=notify_url)
    orders = OrderActivities(client)
    looks = Looks(orders, OurRuns(client, within=PATIENCE), PaidAtAlipay(alipay))
    refunds = RefundActivities(alipay)
    order_refunds = OrderRefundActivities(alipay, notify_url=notify_url)
    trust = TrustActivities(alipay)
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=VERSIONED_WORKFLOWS if version else WORKFLOWS,
        activities=[
            payments.pay,
            payments.inquire_payment,
            payments.cancel_payment,
            refunds.refund_payment,
            refunds.inquire_refund,
            order_refunds.refund_order,
            orders.find_payment,
            callbacks.tell_shop,
            trust.whom_to_trust,
        ],
        workflow_runner=runner,
        interceptors=[ActivityLog(), MoneyGuard(looks), OddSignalFilter()],
        max_cached_workflows=cached_workflows,
        nonsticky_to_sticky_poll_ratio=NEW_PAYMENTS_SHARE,
        max_task_queue_activities_per_second=activities_per_second,
        # Eager activities come with the answer to a workflow task, and ignore the
        # limit.
        disable_eager_activity_execution=activities_per_second is not None,
        graceful_shutdown_timeout=GRACE,
        # Histories and the list of pollers show it; it does not route tasks.
        build_id=None if version else VERSION,
        deployment_config=deployment_of(version) if version else None,
        identity=identity_of_worker(client.identity) if version else None,
    )


def deployment_of(version: WorkerDeploymentVersion) -> WorkerDeploymentConfig:
    """Return the deployment options of a versioned worker: workflows are pinned.

    Types that may be open for weeks declare otherwise (`workflows/upgrading.py`).
    """
    return WorkerDeploymentConfig(
        version=version,
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


def runner_of(*, sandbox: bool) -> WorkflowRunner:
    """Return the workflow runner: sandboxed or not (decision 34)."""
    runner = SandboxedWorkflowRunner() if sandbox else UnsandboxedWorkflowRunner()
    return OvertakingQueryFilter(runner)


async def run_worker(settings: WorkerSettings) -> None:
    """Run the worker until SIGTERM or SIGINT, then finish the running activities."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    tracing = start_tracing("worker")
    runtime = start_runtime(settings.metrics_address)
    client = await connect(
        keyring=settings.keyring,
        clear_text_refused_since=settings.clear_text_refused_since,
        runtime=runtime,
        interceptors=interceptors_of(tracing),
    )
    show_counters(runtime, client.namespace, settings.cached_workflows)
    async with (
        open_alipay_connections(settings) as http,
        open_callback_connections(settings) as to_shop,
    ):
        if tracing:
            tracing.watch_client(http)
            tracing.watch_client(to_shop)
        alipay = settings.alipay_client(http)
        callbacks = CallbackActivities(
            to_shop,
            url=settings.callback_url,
            secrets=settings.callback_secrets,
            earlier=EarlierEvents(client),
            paid=ProvenPaidEvents(alipay, client),
            redirects=settings.callback_redirects,
        )
        worker = build_worker(
            client,
            alipay,
            callbacks,
            notify_url=settings.notify_url,
            sandbox=settings.workflow_sandbox,
            cached_workflows=settings.cached_workflows,
            activities_per_second=settings.activities_per_second,
            clear_text_refused_since=settings.clear_text_refused_since,
            version=settings.version,
        )
        health = create_health_app(lambda: worker.is_running and not stop.is_set())
        async with (
            served_beside(health, settings.health_address, what="health is"),
            worker,
        ):
            log.info(
                "worker started",
                extra={
                    "workflow_sandbox": settings.workflow_sandbox,
                    "cached_workflows": settings.cached_workflows,
                    "deployment_name": settings.deployment_name,
                    "build_id": settings.build_id or VERSION,
                },
            )
            await stop.wait()
    if tracing:
        await tracing.stop()


def open_alipay_connections(settings: WorkerSettings) -> httpx.AsyncClient:
    """Return connections to Alipay, through the proxy if one is set."""
    proxy = settings.proxy
    return open_connections(transport=Tunnels(proxy, limits=LIMITS) if proxy else None)


def open_callback_connections(settings: WorkerSettings) -> httpx.AsyncClient:
    """Return connections to the shop, through the proxy if the shop is public."""
    return open_shop_connections(
        private_addresses=settings.callback_private_addresses, proxy=settings.proxy
    )


def show_counters(
    runtime: Runtime, namespace: str, cached_workflows: int = 1000
) -> None:
    """Set each of our counters to 0, so that its first increment is seen too.

    The limit of cached workflows is a metric too, beside their number.
    """
    count_large_payloads(runtime)
    runtime.metric_meter.create_gauge(names.CACHED_WORKFLOWS).set(cached_workflows)
    count_from_zero(
        runtime,
        namespace=namespace,
        task_queue=TASK_QUEUE,
        wallets=WALLETS,
        outcomes=PaymentOutcome,
        late_outcomes=LateOutcome,
        refund_outcomes=ENDED,
        workflow_types=[one.__name__ for one in WORKFLOWS],
    )


if __name__ == "__main__":
    asyncio.run(run_worker(WorkerSettings()))
