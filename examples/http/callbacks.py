"""Receives callbacks: verifies, stores each once, answers at once.

Run as `python callbacks.py PORT`, with CALLBACK_SECRET and DATABASE (a file) in the
environment. Needs standardwebhooks.
"""

import os
import sqlite3
import sys
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

LARGEST_BODY = 64 * 1024  # real ones have less than 1 kB; a cut one does not verify
DELIVER = ("payment.paid", "late_payment.honoured")
# A person must decide: nothing is delivered, and the customer should not pay again.
WAIT = ("payment.review", "late_payment.review")
NOT_PAID = ("payment.declined", "payment.expired", "payment.cancelled")
GIVEN_BACK = ("late_payment.returned", "late_payment.refunded")
# The review of late money is over, and no money has moved: the order is as it was.
UNCHANGED = ("late_payment.not_paid", "late_payment.not_late")
# Refunds of a paid order, which stays paid: `refund` in the event has the refundable
# rest. `failed`: nothing was refunded; `returned`: the refunded money came back.
REFUNDS = ("refund.succeeded", "refund.failed", "refund.waiting", "refund.returned")
# Other types are stored and change nothing: later releases may have more.
KNOWN = (*DELIVER, *WAIT, *NOT_PAID, *GIVEN_BACK, *UNCHANGED)

database = sqlite3.connect(os.environ["DATABASE"])
database.execute(
    "CREATE TABLE IF NOT EXISTS callbacks"
    " (id TEXT PRIMARY KEY, order_id TEXT, type TEXT, occurred_at REAL)"
)


class Callbacks(BaseHTTPRequestHandler):
    """The endpoint at CASHIER_CALLBACK_URL."""

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length", 0)), LARGEST_BODY)
        body = self.rfile.read(length)
        try:
            verifier = Webhook(os.environ["CALLBACK_SECRET"])
            event = verifier.verify(body, dict(self.headers))["data"]
        except (WebhookVerificationError, ValueError):
            self._answer(401)
            return
        at = datetime.fromisoformat(event["occurred_at"]).timestamp()
        row = (event["id"], event["order_id"], event["type"], at)
        with database:  # a repeat has the same id, and changes nothing
            sql = "INSERT OR IGNORE INTO callbacks VALUES (?, ?, ?, ?)"
            is_news = database.execute(sql, row).rowcount == 1
        self._answer(204)
        # The consequences (deliver, send a mail) follow after the answer.
        if is_news and event["type"] in KNOWN:
            newest = newest_of(event["order_id"])
            print(event["order_id"], newest, flush=True)
        if is_news and event["type"] in REFUNDS:
            print(event["order_id"], event["type"], flush=True)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()


def newest_of(order_id: str) -> str:
    """Return the state of an order, for any order of its callbacks."""
    sql = "SELECT type FROM callbacks WHERE order_id = ? ORDER BY occurred_at"
    rows = database.execute(sql, (order_id,))
    found: list[str] = [kind for (kind,) in rows if kind in KNOWN]
    if any(kind in UNCHANGED for kind in found):
        found = [kind for kind in found if kind not in (*UNCHANGED, WAIT[1])] or found
    # A paid order stays paid: later late money belongs to a second payment.
    paid = [kind for kind in found if kind in DELIVER]
    return (paid or found)[-1]


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Callbacks).serve_forever()
