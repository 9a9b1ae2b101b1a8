"""Refunds of the payment API, played by its contract: one ledger for each order."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

ASKED_AT = "2026-11-24T10:00:00+00:00"
GIVES_NOTHING = ("REFUSED", "RETURNED")
ENDED = (*GIVES_NOTHING, "SUCCEEDED")


@dataclass
class PlayedRefunds:
    """Gives money back, at most what was paid.

    Attributes:
        kept: The refunds, by order.
        bodies: Of each POST.
        becomes: The status of the next refunds.
        more: What else the next refunds say.
        elsewhere: What went back otherwise, by order.
    """

    kept: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    becomes: str = "SUCCEEDED"
    more: dict[str, Any] = field(default_factory=dict)
    elsewhere: dict[str, int] = field(default_factory=dict)

    def answer(self, request: httpx.Request, payment: dict[str, Any]) -> httpx.Response:
        order_id = payment["order_id"]
        if request.method == "GET":
            return httpx.Response(
                200,
                json={
                    "order_id": order_id,
                    "paid": payment["amount"],
                    "left": self._money(payment, self.left(payment)),
                    "given_back": self._money(payment, self._given_back(order_id)),
                    "refunds": self.of(order_id),
                    "elsewhere": self._elsewhere(payment),
                },
            )
        body = json.loads(request.content)
        self.bodies.append(body)
        known = next(
            (one for one in self.of(order_id) if one["refund_id"] == body["refund_id"]),
            None,
        )
        if known:
            is_same = known["amount"] == body["amount"]
            return self._said(known, 200) if is_same else a_refusal("REFUND_DIFFERS")
        if payment["outcome"] != "PAID":
            return a_refusal("NOT_PAID")
        left = self.left(payment)
        if body.get("remaining", {"value": left})["value"] != left:
            return a_refusal("REMAINING_DIFFERS")
        if body["amount"]["value"] > left:
            return a_refusal("MORE_THAN_IS_LEFT")
        made = self._made(order_id, body)
        return self._said(made, 201)

    def _elsewhere(self, payment: dict[str, Any]) -> list[dict[str, Any]]:
        value = self.elsewhere.get(payment["order_id"])
        amount = self._money(payment, value) if value else None
        return [{"amount": amount, "status": "SUCCESS"}] if value else []

    def of(self, order_id: str) -> list[dict[str, Any]]:
        return self.kept.setdefault(order_id, [])

    def left(self, payment: dict[str, Any]) -> int:
        order_id = payment["order_id"]
        taken = sum(
            one["amount"]["value"]
            for one in self.of(order_id)
            if one["status"] not in GIVES_NOTHING
        )
        return int(payment["amount"]["value"] - taken - self.elsewhere.get(order_id, 0))

    def in_brief(self, payment: dict[str, Any]) -> dict[str, Any] | None:
        """Return what GET /payments says of refunds."""
        order_id = payment["order_id"]
        if not self.of(order_id) and order_id not in self.elsewhere:
            return None
        under_way = sum(
            one["amount"]["value"]
            for one in self.of(order_id)
            if one["status"] not in ENDED
        )
        return {
            "given_back": self._money(payment, self._given_back(order_id)),
            "under_way": self._money(payment, under_way),
            "left": self._money(payment, self.left(payment)),
            "refunds": [
                {name: one[name] for name in ("refund_id", "amount", "status")}
                for one in self.of(order_id)
            ],
        }

    def _given_back(self, order_id: str) -> int:
        back = (one for one in self.of(order_id) if one["status"] == "SUCCEEDED")
        elsewhere = self.elsewhere.get(order_id, 0)
        return elsewhere + sum(int(one["amount"]["value"]) for one in back)

    def _made(self, order_id: str, body: dict[str, Any]) -> dict[str, Any]:
        made = {
            "order_id": order_id,
            "refund_id": body["refund_id"],
            "amount": body["amount"],
            "status": self.becomes,
            "by": "back-office",
            "asked_at": ASKED_AT,
            "ended_at": ASKED_AT if self.becomes in ENDED else None,
            "by_cancel": False,
            "reason_for_customer": body.get("reason_for_customer", ""),
            "note": body.get("note", ""),
            **self.more,
        }
        self.of(order_id).append(made)
        return made

    def _said(self, refund: dict[str, Any], status: int) -> httpx.Response:
        if refund["status"] == "REFUSED":
            return a_refusal("REFUSED", 402, **self.more)
        if refund["status"] not in ENDED:
            return httpx.Response(202, json=refund, headers={"Retry-After": "5"})
        return httpx.Response(status, json=refund)

    def _money(self, payment: dict[str, Any], value: int) -> dict[str, Any]:
        return {"currency": payment["amount"]["currency"], "value": value}


def a_refusal(code: str, status: int = 409, **more: Any) -> httpx.Response:
    document = {"status": status, "code": code, "detail": "in words", **more}
    headers = {"Content-Type": "application/problem+json"}
    return httpx.Response(status, json=document, headers=headers)


def instead(
    answer: httpx.Response | Exception,
) -> Callable[[httpx.Request], httpx.Response]:
    """Return what answers in place of the API, or fails."""

    def play(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return play
