// Refunds a paid order by name, as a storefront in any language can; all names are in
// docs/contracts.json. Run as
// `node dist/refund_payment.js refund|look ORDER_ID REFUND_ID [VALUE]` (in minor units;
// without it the whole rest), with the settings of Temporal and of the API in the
// environment.

import { randomUUID } from "node:crypto";
import { env, argv, exit } from "node:process";
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import { connect } from "./connection.js";
import * as contracts from "./contracts.js";
import type { PaymentView, RefundRecord, RefundRequest, RefundsView } from "./contracts.js";

// Alipay is queried and called.
const PATIENCE_MS = 8_000;
// An owner may begin and end in between: more tries mean that somebody interferes.
const MOST_LOOKS = 4;

class Refused extends Error {}

// Refund money, once for each refund_id. SUCCEEDED is refunded, REFUSED is not; all others
// continue by themselves, or wait for a person.
async function giveBack(
  client: Client,
  orderId: string,
  request: RefundRequest,
): Promise<RefundRecord> {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const ended = await howTheOwnerEnded(client, orderId);
    const known = ended && recordIn(ended, request.refund_id);
    if (known) {
      return sameAmount(known, request);
    }
    try {
      const view = await ask(client, await paidPayment(client, orderId), ended, request);
      const found = recordIn(view, request.refund_id);
      // The answer of an equal call may be old: only a query has the current state.
      return found?.call_id === request.call_id ? found : await look(client, orderId, request.refund_id);
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) {
        throw new Refused(error.cause?.message ?? error.message);
      }
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
        return await look(client, orderId, request.refund_id);
      }
      // An owner has begun, and ended, since none was found.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
        throw error;
      }
    }
  }
  throw new Refused("the refunds change while they are asked; call again");
}

// The result of the order's last owner of refunds; null while one runs, or if none ever did.
async function howTheOwnerEnded(client: Client, orderId: string): Promise<RefundsView | null> {
  const id = contracts.refundsId(orderId);
  const handle = client.workflow.getHandle<() => Promise<RefundsView>>(id);
  try {
    const { status } = await handle.describe();
    return status.name === "RUNNING" ? null : await handle.result();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      return null;
    }
    throw error;
  }
}

// Late money that is kept is refunded through the API.
async function paidPayment(client: Client, orderId: string): Promise<PaymentView> {
  const handle = client.workflow.getHandle<() => Promise<PaymentView>>(`payment:${orderId}`);
  const { status } = await handle.describe();
  if (status.name === "COMPLETED") {
    const view = await handle.result();
    if (view.outcome === "PAID") {
      return view;
    }
  }
  throw new Refused("the order is not paid: nothing can go back");
}

// Start the owner unless it runs, and let it reserve and send, in one call.
async function ask(
  client: Client,
  payment: PaymentView,
  ended: RefundsView | null,
  request: RefundRequest,
): Promise<RefundsView> {
  const { order_id, amount } = payment;
  const payer = payment.attempts.filter((one) => one.is_paid).at(-1);
  if (payer === undefined) {
    throw new Refused("no attempt is known that pays the order");
  }
  const limits: Record<string, number> = JSON.parse(env["CASHIER_SECOND_PERSON_ABOVE"] ?? "{}");
  const given: contracts.RefundsInput = {
    order_id,
    payment_request_id: payer.payment_request_id,
    wallet: payer.wallet,
    paid: amount,
    paid_at: payment.paid_at,
    known: ended,
    second_person_above: limits[amount.currency] ?? limits["*"] ?? null,
    tells_shop: env["CASHIER_CALLBACK_URL"] !== undefined,
    runbook_url: env["CASHIER_RUNBOOK_URL"] ?? null,
    release: contracts.RELEASE,
  };
  const start = new WithStartWorkflowOperation("OrderRefunds", {
    workflowId: contracts.refundsId(order_id),
    taskQueue: contracts.TASK_QUEUE,
    args: [given],
    workflowIdConflictPolicy: "USE_EXISTING",
    // A new owner needs the state of the one before it.
    workflowIdReusePolicy: ended ? "ALLOW_DUPLICATE" : "REJECT_DUPLICATE",
    typedSearchAttributes: [
      { key: contracts.PAYMENT_STATUS, value: "REFUNDS" },
      { key: contracts.ORDER_ID, value: order_id },
      { key: contracts.WALLET, value: payer.wallet },
      { key: contracts.CURRENCY, value: amount.currency },
      { key: contracts.AMOUNT_MINOR, value: amount.value },
    ],
    staticSummary: `Refunds of ${contracts.inWords(amount)}, order ${order_id}`,
  });
  // If the call fails the start fails too, and Node.js exits if nobody awaits it.
  start.workflowHandle().catch(() => undefined);
  return await client.withDeadline(Date.now() + PATIENCE_MS, () =>
    client.workflow.executeUpdateWithStart<() => Promise<RefundsView>, RefundsView, [object]>(
      "refund",
      {
        updateId: contracts.refundUpdateId(order_id, request),
        args: [request],
        startWorkflowOperation: start,
      },
    ),
  );
}

// From the owner's result, or by query while it runs.
async function look(client: Client, orderId: string, refundId: string): Promise<RefundRecord> {
  let view = await howTheOwnerEnded(client, orderId);
  if (view === null) {
    const id = contracts.refundsId(orderId);
    const handle = client.workflow.getHandle<() => Promise<RefundsView>>(id);
    view = await handle.query<RefundsView, []>("view");
  }
  const found = recordIn(view, refundId);
  if (found === undefined) {
    throw new Refused(`order ${orderId} has no refund ${refundId}`);
  }
  return found;
}

function recordIn(view: RefundsView, refundId: string): RefundRecord | undefined {
  return view.refunds.find((one) => one.refund_id === refundId);
}

// One refund_id is one refund.
function sameAmount(known: RefundRecord, { amount }: RefundRequest): RefundRecord {
  const { currency, value } = known.amount;
  if (amount === null || (amount.currency === currency && amount.value === value)) {
    return known;
  }
  throw new Refused(`${known.refund_id} is a refund of ${contracts.inWords(known.amount)}`);
}

async function main(): Promise<number> {
  const [action, orderId, refundId, value] = argv.slice(2);
  if (orderId === undefined || refundId === undefined) {
    throw new Error("usage: refund_payment.js refund|look ORDER_ID REFUND_ID [VALUE]");
  }
  const request: RefundRequest = {
    refund_id: refundId,
    amount: value === undefined ? null : { currency: "PHP", value: Number(value) },
    reason_for_customer: "One cup was cold",
    by: "back-office",
    call_id: randomUUID().replaceAll("-", ""),
  };
  const client = await connect();
  try {
    const found =
      action === "refund"
        ? await giveBack(client, orderId, request)
        : await look(client, orderId, refundId);
    console.log(JSON.stringify(found));
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
