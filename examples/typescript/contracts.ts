// The contracts that this example uses; docs/contracts.json has them all.

import { createHash } from "node:crypto";
import { defineSearchAttributeKey, SearchAttributeType } from "@temporalio/common";

export const TASK_QUEUE = "cashier";
export const RELEASE = 5;

const KEYWORD = SearchAttributeType.KEYWORD;
export const PAYMENT_STATUS = defineSearchAttributeKey("PaymentStatus", KEYWORD);
export const ORDER_ID = defineSearchAttributeKey("OrderId", KEYWORD);
export const WALLET = defineSearchAttributeKey("Wallet", KEYWORD);
export const CURRENCY = defineSearchAttributeKey("Currency", KEYWORD);
export const AMOUNT_MINOR = defineSearchAttributeKey("AmountMinor", SearchAttributeType.INT);
export const EXPIRES_AT = defineSearchAttributeKey("ExpiresAt", SearchAttributeType.DATETIME);

export interface Money {
  currency: string;
  value: number; // minor units: PHP 1,314.00 is 131400
}

export interface Order {
  order_id: string;
  amount: Money;
  wallet: string;
  description: string;
  redirect_url: string;
  terminal: { type: "WEB" | "WAP" | "APP"; os?: "IOS" | "ANDROID" };
  settlement_currency: string | null;
  late_money: string;
  second_person_above: number | null;
  tells_shop: boolean;
  runbook_url: string | null;
  release: number;
  first_attempt: number;
}

export interface Attempt {
  payment_request_id: string;
  wallet: string;
  cashier: { url: string; kind: string } | null;
  expires_at: string | null;
  is_paid: boolean;
}

export interface PaymentView {
  order_id: string;
  amount: Money;
  status: string;
  outcome: "PAID" | "DECLINED" | "EXPIRED" | "CANCELLED" | null;
  attempts: Attempt[];
  paid_at: string | null;
  asked_by: string | null;
}

// Equal requests share one update; other money, wallet or attempt makes another one.
export function pageUpdateId(order: Order): string {
  const { order_id, amount, wallet, first_attempt } = order;
  const request = `${order_id}/${amount.currency}/${amount.value}/${wallet}/${first_attempt}`;
  return `page-${createHash("sha256").update(request).digest("hex").slice(0, 32)}`;
}

export function newestOf(view: PaymentView): Attempt {
  const newest = view.attempts.at(-1);
  if (newest === undefined) {
    throw new Error("a payment has an attempt from its start");
  }
  return newest;
}

export function numberOf(attempt: Attempt): number {
  return Number(attempt.payment_request_id.split("_").at(-1));
}

// `PHP 1,314.00`
export function inWords({ currency, value }: Money): string {
  const format = new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    currencyDisplay: "code",
  });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(value / 10 ** digits).replace("\u00a0", " ");
}

// ---- refunds ----

export interface RefundRequest {
  refund_id: string;
  amount: Money | null; // null: all that is left
  reason_for_customer: string;
  by: string;
  call_id: string;
}

export interface RefundRecord {
  refund_id: string;
  amount: Money;
  status: string;
  by: string;
  call_id: string;
}

export interface RefundsView {
  left: Money | null;
  refunds: RefundRecord[];
}

export interface RefundsInput {
  order_id: string;
  payment_request_id: string;
  wallet: string;
  paid: Money;
  paid_at: string | null;
  known: RefundsView | null;
  second_person_above: number | null;
  tells_shop: boolean;
  runbook_url: string | null;
  release: number;
}

// The owner of an order's refunds; a long order id is shortened to a digest.
export function refundsId(orderId: string): string {
  if (orderId.length <= 40) {
    return `refunds:${orderId}`;
  }
  return `refunds:${orderId.slice(0, 16)}-${base32(orderId, 24)}`;
}

// Equal requests share one update.
export function refundUpdateId(orderId: string, { refund_id, amount }: RefundRequest): string {
  const money = amount === null ? "/" : `${amount.currency}/${amount.value}`;
  const request = `${orderId}/${refund_id}/${money}//`;
  return `refund-${createHash("sha256").update(request).digest("hex").slice(0, 32)}`;
}

// The first characters of the SHA-256 in Base32, in lower case.
function base32(text: string, length: number): string {
  const digest = createHash("sha256").update(text).digest();
  const bits = [...digest].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const letter = (five: string) => "abcdefghijklmnopqrstuvwxyz234567".charAt(parseInt(five, 2));
  return (bits.match(/.{5}/g) ?? []).map(letter).join("").slice(0, length);
}
