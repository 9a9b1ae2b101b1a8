// Receives callbacks: verifies, stores each once, answers at once.
// Run as `node dist/callbacks.js PORT`, with CALLBACK_SECRET in the environment.

import { createServer } from "node:http";
import { argv, env } from "node:process";
import { Webhook } from "standardwebhooks";

interface ShopEvent {
  id: string;
  type: string;
  occurred_at: string;
  order_id: string;
}

const LARGEST_BODY = 64 * 1024; // real ones have less than 1 kB
const DELIVER = ["payment.paid", "late_payment.honoured"];
// A person must decide: nothing is delivered, and the customer should not pay again.
const WAIT = ["payment.review", "late_payment.review"];
const NOT_PAID = ["payment.declined", "payment.expired", "payment.cancelled"];
const GIVEN_BACK = ["late_payment.returned", "late_payment.refunded"];
// The review of late money is over, and no money has moved: the order is as it was.
const UNCHANGED = ["late_payment.not_paid", "late_payment.not_late"];
// Refunds of a paid order, which stays paid: `refund` in the event has the refundable
// rest. `failed`: nothing was refunded; `returned`: the refunded money came back.
const REFUNDS = ["refund.succeeded", "refund.failed", "refund.waiting", "refund.returned"];
// Other types are stored and change nothing: later releases may have more.
const KNOWN = [...DELIVER, ...WAIT, ...NOT_PAID, ...GIVEN_BACK, ...UNCHANGED];

// In a shop: a table whose primary key is the id.
const received = new Map<string, ShopEvent>();

createServer((request, response) => {
  const parts: Buffer[] = [];
  let length = 0;
  request.on("data", (part: Buffer) => {
    length += part.length;
    if (length > LARGEST_BODY) {
      request.destroy();
    }
    parts.push(part);
  });
  request.on("end", () => {
    try {
      const verifier = new Webhook(env["CALLBACK_SECRET"] ?? "");
      const headers = request.headers as Record<string, string>;
      const { data } = verifier.verify(Buffer.concat(parts), headers) as { data: ShopEvent };
      const isNews = !received.has(data.id);
      received.set(data.id, data); // a repeat has the same id, and changes nothing
      response.writeHead(204).end();
      // The consequences (deliver, send a mail) follow after the answer.
      if (isNews && KNOWN.includes(data.type)) {
        console.log(data.order_id, newestOf(data.order_id));
      }
      if (isNews && REFUNDS.includes(data.type)) {
        console.log(data.order_id, data.type);
      }
    } catch {
      response.writeHead(401).end();
    }
  });
}).listen(Number(argv[2]), "127.0.0.1");

// The state of an order, for any order of its callbacks.
function newestOf(orderId: string): string | undefined {
  const all = [...received.values()]
    .filter((event) => event.order_id === orderId && KNOWN.includes(event.type))
    .sort((a, b) => Date.parse(a.occurred_at) - Date.parse(b.occurred_at))
    .map((event) => event.type);
  const isUnchanged = all.some((type) => UNCHANGED.includes(type));
  const over = isUnchanged ? ["late_payment.review", ...UNCHANGED] : [];
  const found = all.filter((type) => !over.includes(type));
  // A paid order stays paid: later late money belongs to a second payment.
  return found.filter((type) => DELIVER.includes(type)).at(-1) ?? found.at(-1) ?? all.at(-1);
}
