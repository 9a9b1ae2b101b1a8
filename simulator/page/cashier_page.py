"""The wallet's cashier page, on which a person or a script acts as the customer."""

import math
import re
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from simulator.faults.kinds import Fault
from simulator.faults.scenarios import GROUPS, OF_REFUNDS
from simulator.page.assets import TEMPLATES
from simulator.page.receipt import receipt_of
from simulator.payments.announcer import keys_of
from simulator.payments.lifecycle import late_faults
from simulator.payments.payment import Payment, Status
from simulator.requests.money import Money
from simulator.requests.refusal import RefusedError
from simulator.simulation import Simulation
from wallet_looks import look_of

# The hosts that a content security policy can name; IPv6 addresses are not among them.
NAMEABLE_HOST = re.compile(r"[a-z0-9.-]+")


class CashierPage:
    """One page per payment, at a URL with an unguessable token."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.router = APIRouter(tags=["Wallet"], prefix="/cashier/{token}")
        self.router.get("", response_class=HTMLResponse)(self.show)
        for path, action in (
            ("/pay", self.pay),
            ("/decline", self.decline),
            ("/leave", self.leave),
            ("/expire", self.expire),
            ("/plan", self.plan),
            ("/refund-in-portal", self.refund_in_portal),
            ("/top-up", self.top_up),
        ):
            self.router.post(path, response_class=RedirectResponse, status_code=303)(
                action
            )

    async def show(self, token: str) -> HTMLResponse:
        """The page with the buttons Pay, Decline and Leave."""
        payment = self._find(token)
        return self._page(payment, 200)

    async def pay(self, token: str, request: Request) -> RedirectResponse:
        """The customer pays, with the `fault` in query or form if there is one."""
        payment = self._find(token)
        self._simulation.lifecycle.pay(payment, await _chosen_fault(request))
        return _back(payment)

    async def decline(self, token: str, request: Request) -> RedirectResponse:
        """The customer declines."""
        payment = self._find(token)
        self._simulation.lifecycle.decline(payment, await _chosen_fault(request))
        return _back(payment)

    async def leave(self, token: str, request: Request) -> RedirectResponse:
        """The customer returns to the shop without paying."""
        payment = self._find(token)
        self._simulation.lifecycle.leave(payment, await _chosen_fault(request))
        return _back(payment)

    async def expire(self, token: str, request: Request) -> RedirectResponse:
        """The payment expires now; the customer stays on the page."""
        payment = self._find(token)
        self._simulation.lifecycle.expire(payment, await _chosen_fault(request))
        return RedirectResponse(_path(payment), 303)

    async def plan(self, token: str, request: Request) -> RedirectResponse:
        """Plan a fault for the next refund; the customer stays on the page."""
        payment = self._find(token)
        self._simulation.lifecycle.leave(payment, await _chosen_fault(request))
        return RedirectResponse(_path(payment), 303)

    async def refund_in_portal(self, token: str) -> RedirectResponse:
        """The merchant refunds the rest in Alipay's portal."""
        payment = self._find(token)
        # A second press finds nothing left to refund.
        with suppress(RefusedError):
            amount = Money(payment.currency, payment.left)
            self._simulation.refunds.make_in_portal(payment, amount)
        return RedirectResponse(_path(payment), 303)

    async def top_up(self, token: str) -> RedirectResponse:
        """The merchant tops up the balance from which refunds are paid."""
        payment = self._find(token)
        self._simulation.refunds.top_up()
        return RedirectResponse(_path(payment), 303)

    async def refuse(self, request: Request, error: Exception) -> HTMLResponse:
        """Show why the payment cannot be paid or declined; an exception handler."""
        return self._page(self._find(request.path_params["token"]), 409, str(error))

    def _find(self, token: str) -> Payment:
        payment = self._simulation.register.with_token(token)
        if payment is None:
            raise HTTPException(404, "There is no such cashier page.")
        self._simulation.lifecycle.catch_up(payment)
        return payment

    def _page(self, payment: Payment, status: int, problem: str = "") -> HTMLResponse:
        left = (payment.expires_at - self._simulation.clock()).total_seconds()
        # Rounded up: when the page has counted down, the payment has expired here too.
        seconds_left = max(0, math.ceil(left))
        page = TEMPLATES.get_template("cashier.html").render(
            payment=payment,
            problem=problem,
            page=_path(payment),
            look=look_of(payment.wallet),
            merchant=self._simulation.config.merchant_name,
            amount=str(payment.asked).split(" "),
            receipt=receipt_of(payment),
            late_fault=next(iter(late_faults(payment)), None),
            seconds_left=seconds_left,
            time_left=_as_clock(seconds_left),
            groups=GROUPS,
            refund_groups=OF_REFUNDS if _can_be_refunded(payment) else (),
            planned=self._planned(payment),
        )
        return HTMLResponse(page, status, _headers(payment))

    def _planned(self, payment: Payment) -> list[str]:
        """Return the planned faults of the next refund, in words."""
        faults = self._simulation.faults
        return [
            sentence
            for group in OF_REFUNDS
            for fault, sentence in group.sentences.items()
            if faults.waiting(keys_of(payment), {fault})
        ]


def _can_be_refunded(payment: Payment) -> bool:
    return payment.status is Status.SUCCESS and payment.rules.refundable


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


def _path(payment: Payment) -> str:
    return f"/cashier/{payment.token}"


def _back(payment: Payment) -> RedirectResponse:
    # The redirect carries no result, as with the real wallets (docs/protocol.md 2.1).
    return RedirectResponse(payment.redirect_url, 303)


def _as_clock(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _headers(payment: Payment) -> dict[str, str]:
    policy = (
        # Nothing inline: even a redirect URL of `javascript:` has no effect.
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        # Chromium applies this to redirects after a form as well: to the shop.
        f"form-action 'self' {_shop_source(payment.redirect_url)}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "content-security-policy": "; ".join(policy),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        # A page that shows a state must not be cached.
        "cache-control": "no-store",
    }


def _shop_source(redirect_url: str) -> str:
    """Return the shop's origin for the policy, or its scheme if no host fits."""
    parts = urlsplit(redirect_url)
    host = parts.hostname or ""
    if not NAMEABLE_HOST.fullmatch(host):
        return f"{parts.scheme}:"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}"
