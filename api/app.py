"""Composes the HTTP face."""

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from temporalio.client import Client

from api import health, notifications, payments
from api.late_payments import LatePayments
from api.limits import BodyLimit
from api.payment_workflows import PaymentWorkflows
from api.problems import DOCUMENTED, add_problem_handlers
from settings import ApiSettings


def create_app(settings: ApiSettings, client: Client) -> FastAPI:
    """Return the application; the client may be lazy, so Temporal may come up later."""
    app = FastAPI(
        title="Durable cashier",
        summary="Take payments with digital wallets through Alipay Cashier Payment",
        version="1",
    )
    late_payments = LatePayments(client, settings.late_money)
    app.state.late_payments = late_payments
    app.state.payment_workflows = PaymentWorkflows(client, late_payments)
    app.state.notification_reader = settings.notification_reader()
    app.state.seen_notifications = notifications.SeenNotifications()
    app.state.settlement_currency = settings.settlement_currency
    app.state.api_key = settings.api_key
    app.include_router(payments.router, responses=DOCUMENTED)
    app.include_router(notifications.router)
    app.include_router(health.router)
    app.add_middleware(BodyLimit)
    add_problem_handlers(app)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app
