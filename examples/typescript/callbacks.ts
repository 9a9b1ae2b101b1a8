// Hears callbacks: verifies, notes each down once, answers at once.
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
// In a shop: a table whose primary key is the id.
const heard = new Map<string, ShopEvent>();

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
      const isNews = !heard.has(data.id);
      heard.set(data.id, data); // a repeat has the same id, and changes nothing
      response.writeHead(204).end();
      // What follows from it (deliver, send a mail) is done after the answer.
      if (isNews) {
        console.log(data.order_id, newestOf(data.order_id));
      }
    } catch {
      response.writeHead(401).end();
    }
  });
}).listen(Number(argv[2]), "127.0.0.1");

// What is true of an order, in whatever order its callbacks came.
function newestOf(orderId: string): string | undefined {
  const ofOrder = [...heard.values()].filter((event) => event.order_id === orderId);
  ofOrder.sort((a, b) => Date.parse(a.occurred_at) - Date.parse(b.occurred_at));
  return ofOrder.at(-1)?.type;
}
