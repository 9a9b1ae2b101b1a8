"""The wallet's cashier page, on which a person or a script plays the customer."""

from pathlib import Path
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from simulator.faults import SENTENCES, Fault
from simulator.payments import Payment
from simulator.simulation import Simulation

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)
# It is too late for these once the customer sees the page.
TOO_LATE = frozenset({Fault.PAID_BEFORE_RESPONSE})
# A page that shows a state must never come out of a cache.
FRESH = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


class CashierPage:
    """One page per payment, found only by its unguessable token."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.router = APIRouter(tags=["Wallet"], prefix="/cashier/{token}")
        self.router.get("", response_class=HTMLResponse)(self.show)
        for path, action in (
            ("/pay", self.pay),
            ("/decline", self.decline),
            ("/leave", self.leave),
        ):
            self.router.post(path, response_class=RedirectResponse, status_code=303)(
                action
            )

    async def show(self, token: str) -> HTMLResponse:
        """The page with the buttons Pay, Decline and Leave."""
        payment = self._find(token)
        return self._page(payment, 200)

    async def pay(self, token: str, request: Request) -> RedirectResponse:
        """The customer pays; `fault` (query or form) names what goes wrong."""
        payment = self._find(token)
        self._simulation.lifecycle.pay(payment, await _chosen_fault(request))
        return _back(payment)

    async def decline(self, token: str, request: Request) -> RedirectResponse:
        """The customer declines."""
        payment = self._find(token)
        self._simulation.lifecycle.decline(payment, await _chosen_fault(request))
        return _back(payment)

    async def leave(self, token: str, request: Request) -> RedirectResponse:
        """The customer goes back to the shop and has done nothing."""
        payment = self._find(token)
        self._simulation.lifecycle.plan(payment, await _chosen_fault(request))
        return _back(payment)

    async def refuse(self, request: Request, error: Exception) -> HTMLResponse:
        """Say why the payment cannot be paid or declined; for the exception handler."""
        return self._page(self._find(request.path_params["token"]), 409, str(error))

    def _find(self, token: str) -> Payment:
        payment = self._simulation.register.with_token(token)
        if payment is None:
            raise HTTPException(404, "There is no such cashier page.")
        self._simulation.lifecycle.catch_up(payment)
        return payment

    def _page(self, payment: Payment, status: int, problem: str = "") -> HTMLResponse:
        left = (payment.expires_at - self._simulation.clock()).total_seconds()
        page = TEMPLATES.get_template("cashier.html").render(
            payment=payment,
            problem=problem,
            seconds_left=max(0, int(left)),
            menu=[item for item in SENTENCES.items() if item[0] not in TOO_LATE],
        )
        return HTMLResponse(page, status, FRESH)


async def _chosen_fault(request: Request) -> Fault | None:
    """Read the query, else the form: parsed by hand, it is one field."""
    name = request.query_params.get("fault")
    if name is None:
        form = parse_qs((await request.body()).decode(errors="replace"))
        name = form.get("fault", [""])[0]
    if not name:
        return None
    try:
        return Fault(name)
    except ValueError:
        raise HTTPException(422, f"There is no fault {name!r}.") from None


def _back(payment: Payment) -> RedirectResponse:
    # The redirect carries no result, as with the real wallets (docs/protocol.md 2.1).
    return RedirectResponse(payment.redirect_url, 303)
