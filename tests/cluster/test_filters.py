"""Each filter of ours finds on PostgreSQL what it finds on the development server."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.our_runs import OurRuns
from api.metrics.reasons import queries_of_stuck, queries_of_stuck_refunds
from api.streams.listed_changes import query_of_changes
from audit.bundle.export import query_of
from audit.bundle.manifest import Selection
from cashier.payments.listing import Wanted as Listing, filter_of as filter_of_listing
from cashier.stuck.queries import saved_views
from contracts import TASK_QUEUE, PaymentOutcome
from deploy.cluster.running import Cluster
from tests.cluster.runs import ODD_IDS, Wanted, all_kinds, found_by, make_runs
from visibility import KEYS, Listed
from visibility.stopped import find_stopped
from visibility.stuck import (
    OPEN,
    OPEN_CALLBACKS,
    OPEN_PAYMENTS,
    OURS,
    PAUSED,
    STOPPED,
    Kind,
    filter_of,
    filter_of_all,
)

pytestmark = pytest.mark.timeout(300)

KIND = "CashierPayment"
NOW = datetime.now(UTC)
WITHIN = timedelta(seconds=10)


def filters() -> Iterator[tuple[str, str]]:
    """Yield every filter of ours, with a name."""
    for view in saved_views():
        yield f"view {view.name}", view.query
    for kind in Kind:
        yield f"stuck {kind}", filter_of(kind, NOW)
    yield "stuck in any way", filter_of_all(NOW)
    for reason, query in queries_of_stuck(NOW).items():
        yield f"metric {reason}", query
    for reason, query in queries_of_stuck_refunds(NOW).items():
        yield f"metric of refunds {reason}", query
    yield (
        "metric, all",
        " OR ".join(f"({one})" for one in queries_of_stuck(NOW).values()),
    )
    for name, query in {
        "ours": OURS,
        "open": OPEN,
        "open payments": OPEN_PAYMENTS,
        "open callbacks": OPEN_CALLBACKS,
        "stopped": STOPPED,
        "paused": PAUSED,
        "changes": query_of_changes(NOW),
        "attributes": " AND ".join(f"{key.name} IS NULL" for key in KEYS),
    }.items():
        yield name, query
    for status in (*PaymentOutcome, "OPEN", Listed.REVIEW, "STOPPED"):
        yield f"listing {status}", filter_of_listing(Listing(status=status))
    yield "listing wallet", filter_of_listing(Listing(wallet="MAYA"))
    yield "listing attention", filter_of_listing(Listing(attention=True))
    day = timedelta(days=1)
    for name, selection in {
        "all": Selection(),
        "a day": Selection(since=NOW - day, before=NOW + day),
        "open too": Selection(since=NOW - day, include_open=True),
        "an order": Selection(order_id="waits", include_open=True),
        "a query": Selection(query='Wallet = "MAYA"'),
    }.items():
        yield f"bundle {name}", query_of(selection)


FILTERS = dict(filters())
# Nothing of what is made here is so.
FIND_NOTHING = {"listing CANCELLED", "attributes"}


@pytest.fixture(scope="module")
async def made(cluster: Cluster, dev_server: WorkflowEnvironment) -> list[Wanted]:
    wanted = all_kinds(NOW)
    for client in (await Client.connect(cluster.address), dev_server.client):
        await make_runs(client, wanted)
    return wanted


@pytest.fixture
async def on_postgresql(made: list[Wanted], cluster: Cluster) -> Client:
    return await Client.connect(cluster.address)


@pytest.mark.parametrize("name", FILTERS)
async def test_a_filter_finds_what_it_finds_on_the_development_server(
    name: str, on_postgresql: Client, dev_server: WorkflowEnvironment
) -> None:
    found = await found_by(on_postgresql, FILTERS[name])
    assert found == await found_by(dev_server.client, FILTERS[name])
    assert (found == []) == (name in FIND_NOTHING)
    counted = await on_postgresql.count_workflows(FILTERS[name])
    assert counted.count == len(found)


async def test_stopped_payments_are_found(on_postgresql: Client) -> None:
    found = await find_stopped(on_postgresql, within=WITHIN)
    assert {one.id for one in found} == {
        "payment:stopped",
        "payment:cancelled-in-the-ui",
        "payment:failed",
    }


@pytest.mark.parametrize("name", ODD_IDS)
async def test_the_runs_of_an_id_with_signs_of_sql_are_found(
    name: str, on_postgresql: Client
) -> None:
    env = ActivityEnvironment()
    env.info = replace(env.info, task_queue=TASK_QUEUE)
    # The newest is looked up; the one before it is known to the list alone.
    runs = await env.run(OurRuns(on_postgresql, within=WITHIN).all_of, name, KIND)
    assert len(runs) == 2
