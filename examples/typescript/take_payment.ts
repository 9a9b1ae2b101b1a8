// Starts a payment by name, as a storefront in any language can; all names are in
// docs/contracts.json. Run as `node dist/take_payment.js start|look ORDER_ID [WALLET]`,
// with the settings of Temporal and of the API in the environment.

import { randomUUID } from "node:crypto";
import { env, argv, exit } from "node:process";
import {
  type Client,
  QueryRejectedError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import { connect } from "./connection.js";
import * as contracts from "./contracts.js";
import type { Order, PaymentView } from "./contracts.js";

// A cashier page takes well under a second.
const PATIENCE_MS = 8_000;
// It may begin, continue and close in between: more tries mean that somebody interferes.
const MOST_LOOKS = 4;
// The time to pay of most wallets; only for the filters of Temporal's list.
const USUAL_EXPIRY_MINUTES = 14;

class Refused extends Error {}

// The order, with the merchant's rules that the API adds from these settings: without them
// the shop would get no callbacks, and late money would be handled otherwise.
function orderOfTheShop(orderId: string, wallet: string): Order {
  const limits: Record<string, number> = JSON.parse(env["CASHIER_SECOND_PERSON_ABOVE"] ?? "{}");
  return {
    order_id: orderId,
    amount: { currency: "PHP", value: 131400 },
    wallet,
    description: "Two cups of coffee",
    redirect_url: `https://shop.example/return/${orderId}`,
    terminal: { type: "WEB" },
    settlement_currency: env["CASHIER_SETTLEMENT_CURRENCY"] ?? null,
    late_money: env["CASHIER_LATE_MONEY"] ?? "REFUND",
    second_person_above: limits["PHP"] ?? limits["*"] ?? null,
    tells_shop: env["CASHIER_CALLBACK_URL"] !== undefined,
    runbook_url: env["CASHIER_RUNBOOK_URL"] ?? null,
    release: contracts.RELEASE,
    first_attempt: 1,
  };
}

// Start the payment of an order, once, for any number of calls and callers. An answer
// without a page and without an outcome means: it is being opened, call again.
async function takePayment(client: Client, order: Order): Promise<PaymentView> {
  const callId = randomUUID().replaceAll("-", "");
  let reuse: "REJECT_DUPLICATE" | "ALLOW_DUPLICATE" = "REJECT_DUPLICATE";
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    try {
      const asked = await askForPage(client, order, callId, reuse);
      if (asked.asked_by === callId) {
        return asked;
      }
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) {
        throw new Refused(error.cause?.message ?? error.message);
      }
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
        return await look(client, order.order_id);
      }
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
        throw error;
      }
    }
    // An earlier call's answer, or it has closed: only a query has the current state.
    const view = await look(client, order.order_id);
    const newest = contracts.newestOf(view);
    const { currency, value } = view.amount;
    if (currency !== order.amount.currency || value !== order.amount.value) {
      throw new Refused(`the order is over ${contracts.inWords(view.amount)}`);
    }
    if (view.outcome === "PAID" || (view.outcome === null && newest.wallet === order.wallet)) {
      return view;
    }
    if (view.outcome !== null) {
      await checkLateMoney(client, view);
      reuse = "ALLOW_DUPLICATE"; // only after an end that was seen, and seen to be unpaid
    }
    order = { ...order, first_attempt: contracts.numberOf(newest) + 1 };
  }
  throw new Refused("the payment changes while it is asked; call again");
}

// Start the payment unless it runs, and wait for its page, in one call.
async function askForPage(
  client: Client,
  order: Order,
  callId: string,
  reuse: "REJECT_DUPLICATE" | "ALLOW_DUPLICATE",
): Promise<PaymentView> {
  const { order_id, amount, wallet } = order;
  const start = new WithStartWorkflowOperation("CashierPayment", {
    workflowId: `payment:${order_id}`,
    taskQueue: contracts.TASK_QUEUE,
    args: [order],
    workflowIdConflictPolicy: "USE_EXISTING",
    workflowIdReusePolicy: reuse,
    typedSearchAttributes: [
      { key: contracts.PAYMENT_STATUS, value: "ON_COURSE" },
      { key: contracts.ORDER_ID, value: order_id },
      { key: contracts.WALLET, value: wallet },
      { key: contracts.CURRENCY, value: amount.currency },
      { key: contracts.AMOUNT_MINOR, value: amount.value },
      { key: contracts.EXPIRES_AT, value: new Date(Date.now() + USUAL_EXPIRY_MINUTES * 60_000) },
    ],
    staticSummary: `${wallet} ${contracts.inWords(amount)}, order ${order_id}`,
  });
  // If the call fails the start fails too, and Node.js exits if nobody awaits it.
  start.workflowHandle().catch(() => undefined);
  return await client.withDeadline(Date.now() + PATIENCE_MS, () =>
    client.workflow.executeUpdateWithStart<() => Promise<PaymentView>, PaymentView, [object]>(
      "cashier_page",
      {
        updateId: contracts.pageUpdateId(order),
        args: [{ amount, wallet, call_id: callId }],
        startWorkflowOperation: start,
      },
    ),
  );
}

// By query while it runs, else from its result.
async function look(client: Client, orderId: string): Promise<PaymentView> {
  const handle = client.workflow.getHandle<() => Promise<PaymentView>>(`payment:${orderId}`);
  try {
    return await handle.query<PaymentView, []>("view");
  } catch (error) {
    if (error instanceof QueryRejectedError) {
      return await handle.result();
    }
    throw error;
  }
}

// Check that an order that ended unpaid was not paid afterwards.
async function checkLateMoney(client: Client, closed: PaymentView): Promise<void> {
  for (let number = 1; number <= contracts.numberOf(contracts.newestOf(closed)); number++) {
    const id = `late-payment:${closed.order_id}_${number}`;
    const handle = client.workflow.getHandle<() => Promise<{ outcome: string | null }>>(id);
    try {
      const { status } = await handle.describe();
      if (status.name === "RUNNING") {
        throw new Refused("money that came late is being dealt with; call again");
      }
      if ((await handle.result()).outcome === "HONOURED") {
        throw new Refused("the order was paid late, and the money is kept");
      }
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) {
        throw error;
      }
    }
  }
}

async function main(): Promise<number> {
  const [action, orderId, wallet] = argv.slice(2);
  if (orderId === undefined) {
    throw new Error("usage: take_payment.js start|look ORDER_ID [WALLET]");
  }
  const client = await connect();
  try {
    const view =
      action === "start"
        ? await takePayment(client, orderOfTheShop(orderId, wallet ?? "GCASH"))
        : await look(client, orderId);
    console.log(JSON.stringify(view));
    return 0;
  } catch (error) {
    if (error instanceof Refused) {
      console.log(JSON.stringify({ refused: error.message }));
      return 1;
    }
    throw error;
  } finally {
    await client.connection.close();
  }
}

exit(await main());
