"""Takes a payment through the HTTP API: start, look, follow, cancel.

Run as `python take_payment.py start|look|follow|cancel ORDER_ID [WALLET]`, with API_URL
and API_KEY in the environment. Needs httpx and httpx-sse.
"""

import json
import os
import sys
import time
from typing import Any

import httpx
from httpx_sse import connect_sse

# The API waits 8 s for Alipay, and in bad times twice; a shop should wait longer still.
PATIENCE_SECONDS = 20
# While nothing happens a stream brings a comment every 15 s: none for this long means
# that the connection is dead.
SILENCE_SECONDS = 45
PAUSES = (1, 1, 2, 2, 4, 4, 8, 8)  # seconds, where no Retry-After says better


class NoAnswer(Exception):  # noqa: N818 - it is not an error: nobody knows yet
    """Nobody can tell now; the same call is to be made later, with the same order."""


class Refused(Exception):  # noqa: N818 - the API's word
    """The API has refused; `problem` says why: its `code` for programs, its `detail`."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.problem = problem


class Cashier:
    """The HTTP API, as one shop calls it."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=PATIENCE_SECONDS,
        )

    def start(self, order_id: str, wallet: str) -> dict[str, Any]:
        """Have an order paid; the same call twice makes one payment.

        Answer the customer's browser with 303 to `cashier.url`. Where there is an
        `outcome`, the payment has ended already: show that instead.
        """
        order = {
            "order_id": order_id,
            "amount": {"currency": "PHP", "value": 131400},
            "wallet": wallet,
            "description": "Two cups of coffee",
            "redirect_url": f"https://shop.example/return/{order_id}",
            "terminal": {"type": "WEB"},
        }
        return self._call("POST", "/payments", json=order)

    def look(self, order_id: str) -> dict[str, Any]:
        """Return the truth; to be called when the customer comes back."""
        return self._call("GET", f"/payments/{order_id}", params={"refresh": "1"})

    def cancel(self, order_id: str) -> dict[str, Any]:
        """Close a payment; it may turn out to be paid, if the customer was faster."""
        return self._call("POST", f"/payments/{order_id}/cancel")

    def follow(self, order_id: str) -> dict[str, Any]:
        """Print each change until the payment has an outcome; return its last state."""
        last_seen = ""
        for pause in (*PAUSES, *[PAUSES[-1]] * 1000):
            headers = {"Last-Event-ID": last_seen} if last_seen else {}
            patience = httpx.Timeout(PATIENCE_SECONDS, read=SILENCE_SECONDS)
            where = f"/payments/{order_id}/events"
            try:
                with connect_sse(
                    self._http, "GET", where, headers=headers, timeout=patience
                ) as stream:
                    if stream.response.is_success:
                        for event in stream.iter_sse():
                            state: dict[str, Any] = event.json()
                            print(state["status"], flush=True)
                            if state["outcome"]:
                                return state
                            last_seen = event.id
                    elif stream.response.status_code not in (429, 503):
                        raise Refused(json.loads(stream.response.read()))
            except httpx.TransportError:
                pass  # cut off: the next connection tells what was missed
            time.sleep(pause)
        raise NoAnswer

    def _call(self, method: str, path: str, **content: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's
        """Call until there is an answer; a repeat of the same call is always safe."""
        for pause in PAUSES:
            try:
                answer = self._http.request(method, path, **content)
            except httpx.TransportError:
                time.sleep(pause)  # it may have arrived: unknown is not "no"
                continue
            if answer.status_code not in (202, 429, 503):
                if answer.is_success:
                    return dict(answer.json())
                raise Refused(answer.json())
            time.sleep(float(answer.headers.get("Retry-After", pause)))
        raise NoAnswer


def main() -> int:
    action, order_id, *wallet = sys.argv[1:]
    cashier = Cashier(os.environ["API_URL"], os.environ["API_KEY"])
    try:
        if action == "start":
            found = cashier.start(order_id, *wallet or ["GCASH"])
        else:
            found = {
                "look": cashier.look,
                "follow": cashier.follow,
                "cancel": cashier.cancel,
            }[action](order_id)
    except Refused as refused:
        print(json.dumps(refused.problem))
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
