"""Health probes: whether this process runs, and whether it can take payments now."""

from fastapi import APIRouter, Request

from api.payments.workflows import PaymentWorkflows
from api.problems import UnavailableProblem

router = APIRouter(prefix="/health", tags=["health"])


@router.head("/live", include_in_schema=False)
@router.get("/live")
async def live() -> dict[str, str]:
    """Answer while the process runs."""
    return {"status": "live"}


@router.head("/ready", include_in_schema=False)
@router.get("/ready")
async def ready(request: Request) -> dict[str, str]:
    """Answer 200 when Temporal is reachable and a worker polls, else 503."""
    workflows: PaymentWorkflows = request.app.state.payment_workflows
    if not await workflows.has_worker():
        raise UnavailableProblem("no worker polls for payments")
    return {"status": "ready"}
