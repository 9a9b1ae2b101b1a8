"""Refunds a paid order through the HTTP API.

Run as `python refund_payment.py refund ORDER_ID REFUND_ID [VALUE]` (in minor units;
without it the whole rest) or `... look ORDER_ID REFUND_ID`, with API_URL and API_KEY
in the environment. Needs httpx.
"""

import json
import os
import sys
import time
from typing import Any

import httpx

JsonObject = dict[str, Any]

# The API waits 8 s for Alipay, in the worst case twice; a shop must wait longer.
PATIENCE_SECONDS = 20
# Pauses between retries without a Retry-After; then the shop tries again later.
PAUSES_SECONDS = (1, 1, 2, 2, 4, 4, 8, 8)


class NoAnswerError(Exception):
    """The result is unknown; make the same call later, with the same refund id."""


class RefusedError(Exception):
    """Nothing is refunded: a `code` for programs, a `detail` for people."""

    def __init__(self, answer: httpx.Response) -> None:
        self.problem: JsonObject = answer.json()
        super().__init__(f"{self.problem['code']}: {self.problem['detail']}")


class Refunds:
    """The HTTP API's refunds, as one shop calls it."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=PATIENCE_SECONDS
        )

    def refund(self, order_id: str, refund_id: str, value: int | None) -> JsonObject:
        """Refund money; a repeat with the same refund id is always the same refund.

        Store the refund id with the order before the first call. Read `status`:
        SUCCEEDED is refunded; with all others `waits_for` names the next step, and a
        callback, or `look`, the result.
        """
        refund = {
            "refund_id": refund_id,
            "amount": {"currency": "PHP", "value": value} if value else None,
            "reason_for_customer": "One cup was cold",
        }
        return self._call("POST", f"/payments/{order_id}/refunds", refund)

    def look(self, order_id: str, refund_id: str) -> JsonObject:
        return self._call("GET", f"/payments/{order_id}/refunds/{refund_id}")

    def _call(self, method: str, path: str, body: object = None) -> JsonObject:
        """Retry until there is an answer; a repeat of the same call is always safe."""
        for pause in PAUSES_SECONDS:
            try:
                answer = self._http.request(method, path, json=body)
            except httpx.TransportError:
                time.sleep(pause)  # it may have arrived: unknown is not "no"
                continue
            if answer.status_code in (429, 503):
                time.sleep(float(answer.headers.get("Retry-After", pause)))
            elif answer.is_success:
                return dict(answer.json())
            else:
                raise RefusedError(answer)
        raise NoAnswerError(f"{method} {path} is not answered yet")


def main() -> int:
    action, order_id, refund_id, *value = sys.argv[1:]
    refunds = Refunds(os.environ["API_URL"], os.environ["API_KEY"])
    try:
        if action == "refund":
            found = refunds.refund(
                order_id, refund_id, int(value[0]) if value else None
            )
        else:
            found = refunds.look(order_id, refund_id)
    except RefusedError as refused:
        print(json.dumps(refused.problem))
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
