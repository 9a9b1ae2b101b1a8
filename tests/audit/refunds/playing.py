"""Refunds of all kinds, made by the real activities at the simulated Alipay.

Each kind is one order. All are made once for all tests, side by side, and their
histories are then read, and changed, as bundles hold them.
"""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message, Signed
from alipay.signing import sign
from audit.rules.keys import VerifierKeys
from contracts import (
    RELEASE,
    TASK_QUEUE,
    RefundConfirmation,
    RefundDecision,
    RefundNotified,
    RefundResolution,
    RefundReturn,
    RefundsInput,
    refund_request_id,
)
from tests.histories.proving import CLIENT_ID, Proven, Signers, proven_order
from tests.workflows.refunds.refunding import Refunds, php
from translation.evidence import whole_evidence
from translation.proof import serve

PAID = 131400
NOTICES = "/alipay/notifications/refund"


@dataclass(frozen=True)
class Refunded:
    """One order whose refunds are being made."""

    order: Proven
    refunds: Refunds
    signers: Signers

    async def decides(self, outcome: RefundDecision, by: str) -> None:
        said = RefundResolution(
            refund_id="r-1", outcome=outcome, by=by, reason="seen in the portal"
        )
        await self.refunds.handle.execute_update("resolve", said)

    async def is_confirmed(self) -> None:
        said = RefundConfirmation(refund_id="r-1", by="ben")
        await self.refunds.handle.execute_update("confirm", said)

    async def control(self, path: str) -> None:
        await self.order.asks_alipay(f"/control/{path}")

    async def is_notified(self, status: str = "SUCCESS") -> None:
        """Alipay notifies what became of the first refund."""
        name = refund_request_id(self.order.order_id, "r-1", 1)
        body = (
            '{"notifyType":"REFUND_RESULT","result":{"resultStatus":"S","resultCode":'
            f'"SUCCESS","resultMessage":"success."}},"refundStatus":"{status}",'
            f'"refundRequestId":"{name}","refundAmount":'
            '{"currency":"PHP","value":"50000"}}'
        )
        path = f"{NOTICES}/{self.order.order_id}"
        time = datetime.now(UTC).isoformat(timespec="seconds")
        message = Message("POST", path, CLIENT_ID, time, body.encode())
        signature = sign(message, self.signers.alipay, key_version=1)
        notice = RefundNotified(
            refund_request_id=name,
            status=status,
            result_code="SUCCESS",
            result_message="success.",
            amount=php(50000),
            evidence=whole_evidence(Signed(message, signature)),
        )
        await self.refunds.handle.signal("refund_notified", notice)


Play = Callable[[Refunded], Awaitable[object]]


async def in_parts(one: Refunded) -> None:
    await one.refunds.ask("r-1", 50000)
    await one.refunds.ask("r-2", None)


async def cancelled(one: Refunded) -> None:
    await one.refunds.ask("r-1", None)


async def refused(one: Refunded) -> None:
    await one.order.plans("refund_refused")
    await in_parts(one)


async def unknown_then_known(one: Refunded) -> None:
    await one.order.plans("refund_unknown_after")
    await in_parts(one)


async def in_process(one: Refunded) -> None:
    await one.order.plans("refund_in_process")
    await one.refunds.ask("r-1", 50000)
    await one.is_notified()
    await one.refunds.ask("r-2", None)


async def balance_short(one: Refunded) -> None:
    await one.order.plans("balance_short")
    await one.refunds.ask("r-1", 50000)
    await one.control("top-up")
    await one.decides(RefundDecision.SEND, "anna")
    await one.refunds.ask("r-2", None)


async def by_two_persons(one: Refunded) -> None:
    await one.refunds.ask("r-1", 110000)
    await one.is_confirmed()
    await one.refunds.ask("r-2", None)


async def in_the_portal(one: Refunded) -> None:
    await one.control(f"payments/{one.order.order_id}_1/refund?value=50000")
    await one.refunds.ask("r-1", 90000)  # more than is left: the look forbids it
    await one.refunds.ask("r-2", None)


async def returned(one: Refunded) -> None:
    await one.refunds.ask("r-1", 50000)
    said = RefundReturn(refund_id="r-1", by="anna", reason="in the settlement file")
    await one.refunds.handle.execute_update("returned", said)
    await one.refunds.ask("r-2", 81400)


async def by_a_persons_word(one: Refunded) -> None:
    for _ in range(2):  # of three calls each: the activity tries five times
        await one.order.plans("refund_unknown_before")
    await one.refunds.ask("r-1", 50000)
    await one.decides(RefundDecision.GIVEN_BACK, "anna")
    await one.refunds.ask("r-2", None)


PLAYS: dict[str, Play] = {
    play.__name__.replace("_", "-"): play
    for play in (
        in_parts, cancelled, refused, unknown_then_known, in_process, balance_short,
        by_two_persons, in_the_portal, returned, by_a_persons_word,
    )
}  # fmt: skip
# Above it, in minor units, a second person must confirm a refund.
LIMITS = {"by-two-persons": 100000}
# Of these something is left that can be refunded, so their owner is open for a day.
OPEN = ("returned",)


@dataclass(frozen=True)
class Played:
    """The histories by the name of their kind, and the keys of who has signed them."""

    texts: dict[str, str]
    payments: dict[str, str]
    keys: VerifierKeys
    alipay: RSAPrivateKey


async def play_all(server: WorkflowEnvironment, folder: Path) -> Played:
    """Make refunds of all kinds.

    Args:
        server: The real Temporal server.
        folder: For settings and public keys.
    """
    signers = Signers.new(folder / "signers")
    trust = serve(CLIENT_ID, AlipayKeys({"1": signers.alipay.public_key()}))
    (folder / "settings").mkdir()
    async with proven_order(server.client, folder / "settings", signers) as order:

        async def paid(name: str) -> Proven:
            own = copy.copy(order)
            await own.opens(f"{name}-{uuid4().hex[:6]}")
            await own.does("pay")
            await own.payment.result()
            return own

        async def one(name: str, own: Proven) -> tuple[str, str]:
            order_id = own.order_id
            given = RefundsInput(
                order_id=order_id,
                payment_request_id=f"{order_id}_1",
                wallet="GCASH",
                paid=php(PAID),
                second_person_above=LIMITS.get(name),
                release=RELEASE,
                trust=trust,
            )
            refunds = Refunds(server.client, TASK_QUEUE, given)
            await PLAYS[name](Refunded(own, refunds, signers))
            if name not in OPEN:
                await refunds.handle.result()
            return (
                _text(await refunds.handle.fetch_history()),
                _text(await own.payment.fetch_history()),
            )

        # Paid one after the other: a busy machine would have calls repeated.
        orders = [await paid(name) for name in PLAYS]
        texts = await asyncio.gather(*map(one, PLAYS, orders))
    keys = VerifierKeys(signers.folder / "alipay", signers.folder / "merchant")
    made = dict(zip(PLAYS, texts, strict=True))
    return Played(
        {name: refunds for name, (refunds, _) in made.items()},
        {name: payment for name, (_, payment) in made.items()},
        keys,
        signers.alipay,
    )


def _text(history: WorkflowHistory) -> str:
    return history.to_json()
