"""The payment API, played at the transport by its contract, and as bad as can be."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.storefront.played_refunds import PlayedRefunds

API_KEY = "the-shop-s-own-key-of-32-letters"
# Of the back office; only this one may refund.
REFUND_KEY = "the-key-of-the-back-office-32-le"
CASHIER = "https://wallet.example/cashier/"


def a_wallet(code: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": code.title(),
        "market": "PH",
        "currencies": ["PHP"],
        "terminals": ["WEB", "WAP", "APP"],
        "minimum": 100,
        "maximum": None,
        "value_multiple": 1,
        "default_expiry_minutes": 14,
        "longest_expiry_minutes": 13,
        "may_cancel": True,
        "refund": "partial",
        **more,
    }


WALLETS = [
    a_wallet("GCASH", name="GCash"),
    a_wallet("MAYA", name="Maya", maximum=10_000_000),
    a_wallet("BILLEASE", name="BillEase", minimum=5_000, refund="full"),
    a_wallet(
        "DANA",
        name="DANA",
        market="ID",
        currencies=["IDR"],
        minimum=30_000,
        may_cancel=False,
    ),
    a_wallet("OVO", name="OVO", currencies=["IDR"], may_cancel=False, refund="none"),
]


def a_problem(status: int, code: str, **more: Any) -> httpx.Response:
    document = {"status": status, "code": code, "detail": "in words", **more}
    headers = {"Content-Type": "application/problem+json"}
    if status in (429, 503):
        headers["Retry-After"] = "7"
    return httpx.Response(status, json=document, headers=headers)


def id_of(state: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]


@dataclass
class PlayedApi:
    """Keeps payments as the API tells them.

    Attributes:
        payments: The answer of GET, by order.
        calls: Method and path of each call.
        bodies: Of each POST /payments.
        instead: Answers in place of the usual ones, by method and path's beginning.
        queues: Streams: states that are pushed while somebody listens.
        refunds: What goes back of the payments.
    """

    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    instead: dict[str, Callable[[httpx.Request], httpx.Response]] = field(
        default_factory=dict
    )
    streams: list[list[dict[str, Any] | None]] = field(default_factory=list)
    last_event_ids: list[str | None] = field(default_factory=list)
    wallets: list[dict[str, Any]] = field(default_factory=lambda: list(WALLETS))
    refreshed: asyncio.Event = field(default_factory=asyncio.Event)
    refunds: PlayedRefunds = field(default_factory=PlayedRefunds)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        is_refund = request.url.path.endswith("/refunds")
        key = REFUND_KEY if is_refund else API_KEY
        assert request.headers["authorization"] == f"Bearer {key}"
        call = f"{request.method} {request.url.raw_path.decode()}"
        self.calls.append(call)
        for start, played in self.instead.items():
            if call.startswith(start):
                return played(request)
        path = request.url.path
        if path == "/wallets":
            return self._wallets(request)
        if call == "POST /payments":
            return self._open(json.loads(request.content))
        if match := re.fullmatch(r"/payments/([\w-]+)(/\w+)?", path):
            return self._payment(request, match[1], match[2] or "")
        return a_problem(404, "NOT_FOUND")

    def _wallets(self, request: httpx.Request) -> httpx.Response:
        currency = request.url.params.get("currency")
        terminal = request.url.params.get("terminal")
        found = [
            one
            for one in self.wallets
            if (not currency or currency in one["currencies"])
            and (not terminal or terminal in one["terminals"])
        ]
        return httpx.Response(200, json={"wallets": found})

    def _open(self, body: dict[str, Any]) -> httpx.Response:
        self.bodies.append(body)
        order_id = body["order_id"]
        is_new = order_id not in self.payments
        if is_new:
            self.payments[order_id] = a_state(
                order_id, amount=body["amount"], wallet=body["wallet"]
            )
        state = self.payments[order_id]
        newest = state["attempts"][-1]
        status = 201 if is_new else 200
        if state["outcome"] is None and newest["cashier"] is None:
            status = 202
        return httpx.Response(
            status,
            json={
                "order_id": order_id,
                "payment_request_id": newest["payment_request_id"],
                "payment_id": "2026",
                "cashier": newest["cashier"],
                "expires_at": newest["expires_at"],
                "status": state["status"],
                "outcome": state["outcome"],
            },
        )

    def _payment(
        self, request: httpx.Request, order_id: str, what: str
    ) -> httpx.Response:
        state = self.payments.get(order_id)
        if state is None:
            return a_problem(404, "UNKNOWN_ORDER")
        if what == "/refunds":
            return self.refunds.answer(request, state)
        if what == "/events":
            return self._events(request)
        if what == "/cancel":
            state["status"] = state["outcome"] = "CANCELLED"
            state["closed_at"] = datetime.now(UTC).isoformat()
        if request.url.params.get("refresh") == "1":
            self.refreshed.set()
        refunds = self.refunds.in_brief(state)
        return httpx.Response(200, json={**state, "refunds": refunds})

    def _events(self, request: httpx.Request) -> httpx.Response:
        self.last_event_ids.append(request.headers.get("last-event-id"))
        states = self.streams.pop(0) if self.streams else []

        async def stream() -> AsyncIterator[bytes]:
            for state in states:
                if state is None:
                    yield b": still here\n\n"
                    continue
                data = json.dumps(state)
                yield f"event: payment\ndata: {data}\nid: {id_of(state)}\n\n".encode()
            if not states or states[-1] is None:
                raise httpx.ReadError("the stream broke off")

        headers = {"Content-Type": "text/event-stream"}
        return httpx.Response(200, headers=headers, content=stream())


def a_state(
    order_id: str,
    *,
    status: str = "AWAITING_CUSTOMER",
    wallet: str = "GCASH",
    amount: dict[str, Any] | None = None,
    number: int = 1,
    minutes: float = 10,
    now: datetime | None = None,
    has_page: bool = True,
    late: list[tuple[int, str | None]] | None = None,
) -> dict[str, Any]:
    """What GET /payments answers.

    Args:
        order_id: The shop's.
        status: The API's word; an outcome ends it.
        wallet: Of the newest attempt.
        amount: What is paid.
        number: Of the newest attempt.
        minutes: Until it expires.
        now: Counted from when; None for the clock's time.
        has_page: Whether Alipay has opened a page for it.
        late: Late money: the attempt's number and its outcome.
    """
    ended = status in ("PAID", "DECLINED", "EXPIRED", "CANCELLED")
    now = now or datetime.now(UTC)
    return {
        "order_id": order_id,
        "amount": amount or {"currency": "PHP", "value": 18000},
        "status": status,
        "outcome": status if ended else None,
        "attempts": [
            {
                "payment_request_id": f"{order_id}_{number}",
                "payment_id": "2026",
                "wallet": wallet,
                "cashier": {"url": f"{CASHIER}{order_id}", "kind": "normal"}
                if has_page
                else None,
                "expires_at": (now + timedelta(minutes=minutes)).isoformat(),
                "is_paid": status == "PAID",
            }
        ],
        "result_code": None,
        "result_message": None,
        "paid_at": "2026-11-24T03:02:40-07:00" if status == "PAID" else None,
        "settlement": None,
        "started_at": now.isoformat(),
        "closed_at": now.isoformat() if ended else None,
        "late_money": [
            {
                "payment_request_id": f"{order_id}_{one}",
                "status": "in words",
                "outcome": outcome,
                "paid_at": None,
            }
            for one, outcome in late or []
        ],
    }
