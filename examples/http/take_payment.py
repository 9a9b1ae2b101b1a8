"""Takes a payment through the HTTP API: start, look, follow, cancel.

Run as `python take_payment.py start|look|follow|cancel ORDER_ID [WALLET]`, with API_URL
and API_KEY in the environment. Needs httpx and httpx-sse.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
from httpx_sse import EventSource, ServerSentEvent, connect_sse

JsonObject = dict[str, Any]

# The API waits 8 s for Alipay, in the worst case twice; a shop must wait longer.
PATIENCE_SECONDS = 20
# An idle stream sends a comment every 15 s: none for this long means that the
# connection is dead.
SILENCE_SECONDS = 45
# Pauses between retries without a Retry-After; then the shop tries again later.
PAUSES_SECONDS = (1, 1, 2, 2, 4, 4, 8, 8)
RECONNECT_SECONDS = 2


class NoAnswerError(Exception):
    """The result is unknown; make the same call later, with the same order id."""


class RefusedError(Exception):
    """The API's refusal: a `code` for programs, a `detail` for people."""

    def __init__(self, answer: httpx.Response) -> None:
        self.problem: JsonObject = json.loads(answer.read())
        super().__init__(f"{self.problem['code']}: {self.problem['detail']}")


class Cashier:
    """The HTTP API, as one shop calls it."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=PATIENCE_SECONDS
        )

    def start(self, order_id: str, wallet: str) -> JsonObject:
        """Start the payment of an order; the same call twice makes one payment.

        Redirect the customer's browser with 303 to `cashier.url`. With an `outcome` the
        payment has ended already: show that instead.
        """
        order = {
            "order_id": order_id,
            "amount": {"currency": "PHP", "value": 131400},
            "wallet": wallet,
            "description": "Two cups of coffee",
            "redirect_url": f"https://shop.example/return/{order_id}",
            "terminal": {"type": "WEB"},
        }
        return self._call("POST", "/payments", order)

    def look(self, order_id: str) -> JsonObject:
        """Return the current state from Alipay, for when the customer comes back."""
        return self._call("GET", f"/payments/{order_id}?refresh=1")

    def cancel(self, order_id: str) -> JsonObject:
        """Close a payment; it may turn out to be paid, if the customer was faster."""
        return self._call("POST", f"/payments/{order_id}/cancel")

    def follow(self, order_id: str) -> JsonObject:
        """Print each change until the payment has an outcome; return its last state."""
        headers: dict[str, str] = {}
        while True:
            try:
                with connect_sse(
                    self._http,
                    "GET",
                    f"/payments/{order_id}/events",
                    headers=headers,
                    timeout=httpx.Timeout(PATIENCE_SECONDS, read=SILENCE_SECONDS),
                ) as stream:
                    for event in _events(stream):
                        state: JsonObject = event.json()
                        print(state["status"], flush=True)
                        if state["outcome"]:
                            return state
                        headers = {"Last-Event-ID": event.id}
            except httpx.TransportError:
                pass  # cut off; the next connection sends the missed changes
            time.sleep(RECONNECT_SECONDS)

    def _call(self, method: str, path: str, body: object = None) -> JsonObject:
        """Retry until there is an answer; a repeat of the same call is always safe."""
        for pause in PAUSES_SECONDS:
            try:
                answer = self._http.request(method, path, json=body)
            except httpx.TransportError:
                time.sleep(pause)  # it may have arrived: unknown is not "no"
                continue
            if answer.status_code in (202, 429, 503):
                time.sleep(float(answer.headers.get("Retry-After", pause)))
            elif answer.is_success:
                return dict(answer.json())
            else:
                raise RefusedError(answer)
        raise NoAnswerError(f"{method} {path} is not answered yet")


def _events(stream: EventSource) -> Iterator[ServerSentEvent]:
    answer = stream.response
    if answer.is_success:
        yield from stream.iter_sse()
    elif answer.status_code not in (429, 503):
        raise RefusedError(answer)


def main() -> int:
    action, order_id, *wallet = sys.argv[1:]
    cashier = Cashier(os.environ["API_URL"], os.environ["API_KEY"])
    calls = {"look": cashier.look, "follow": cashier.follow, "cancel": cashier.cancel}
    try:
        if action == "start":
            found = cashier.start(order_id, *wallet or ["GCASH"])
        else:
            call = calls[action]
            found = call(order_id)
    except RefusedError as refused:
        print(json.dumps(refused.problem))
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
