"""Composes the HTTP API."""

from collections.abc import Callable

from fastapi import Depends, FastAPI
from temporalio.client import Client

from api import docs_page, health, wallets
from api.callers.authentication import Callers, Limits
from api.callers.known_keys import KnownKeys
from api.callers.refusals import RefusalLog
from api.headers import SecurityHeaders
from api.limits import BodyLimit
from api.merchant_rules import MerchantRules
from api.metrics.answers import measure, note_order
from api.notifications import endpoint
from api.notifications.notices import Notices
from api.payments import routes
from api.payments.late_payments import LatePayments
from api.payments.states import PaymentStates
from api.payments.workflows import PaymentWorkflows
from api.problems import DOCUMENTED, add_problem_handlers
from api.refunds import routes as refund_routes
from api.refunds.disputes import Disputes
from api.refunds.notices import RefundNotices
from api.refunds.refunding import Refunding
from api.refunds.workflows import RefundWorkflows
from api.settings import ApiSettings
from api.streams import events
from api.streams.listed_changes import ListedChanges
from api.streams.watching import PaymentWatch
from telemetry.access import AccessLog, Call


def create_app(settings: ApiSettings, client: Client) -> FastAPI:
    """Return the application; with a lazy client, Temporal may start later."""
    app = FastAPI(
        title="Durable cashier",
        summary="Take payments with digital wallets through Alipay Cashier Payment",
        version="1",
        # FastAPI's own pages load scripts from other hosts.
        docs_url=None,
        redoc_url=None,
        # A redirect would contain the host that the caller put into the header.
        redirect_slashes=False,
    )
    rules = MerchantRules.of(settings)
    late_payments = LatePayments(client, rules)
    workflows = PaymentWorkflows(client, late_payments, rules)
    refunds = RefundWorkflows(client)
    states = PaymentStates(workflows, late_payments, refunds.view)
    app.state.late_payments = late_payments
    app.state.notices = Notices(client)
    app.state.payment_workflows = workflows
    app.state.payment_states = states
    app.state.refund_workflows = refunds
    app.state.refunding = Refunding(
        refunds, workflows, late_payments, Disputes(client), rules
    )
    app.state.watch = PaymentWatch(states.of, ListedChanges(client))
    app.state.refund_notices = RefundNotices(refunds, workflows, rules)
    app.state.notify_url = settings.notify_url
    app.state.notification_reader = settings.notification_reader()
    app.state.seen_notifications = endpoint.SeenNotifications()
    app.state.callers = Callers(
        KnownKeys(settings.api_keys_file),
        Limits(settings.api_calls_per_minute, settings.api_streams_per_key),
    )
    app.include_router(
        routes.router, responses=DOCUMENTED, dependencies=[Depends(note_order)]
    )
    app.include_router(refund_routes.router, responses=DOCUMENTED)
    app.include_router(events.router, responses=DOCUMENTED)
    app.include_router(wallets.router)
    app.include_router(endpoint.router)
    app.include_router(health.router)
    app.include_router(docs_page.router)
    app.add_middleware(BodyLimit)
    app.add_middleware(AccessLog, measure=_measure_and_log(RefusalLog()))
    app.add_middleware(SecurityHeaders)
    add_problem_handlers(app)
    return app


def _measure_and_log(refusals: RefusalLog) -> Callable[[Call], None]:
    def observe(call: Call) -> None:
        measure(call)
        refusals.log(call)

    return observe
