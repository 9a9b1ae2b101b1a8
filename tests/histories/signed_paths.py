"""The paths with signed messages of Alipay, in clear text and encrypted.

The keys lie in `keys/`, made for these histories and for nothing else: the payload key
itself, because they cannot be read without it, and of the signing keys only the public
ones, one folder for each recording.
"""

import json
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.client import Client, WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from alipay.keys.rsa import AlipayKeys, load_public_key
from cashier.system.temporal import start_embedded
from codec.keyring import Keyring
from contracts import Money, PaymentNotified, late_payment_id
from temporal_client import data_converter
from tests.histories.proving import CLIENT_ID, Proven, Signers, proven_order
from tests.histories.refund_paths import ENCRYPTED_REFUND_PATHS, REFUND_PATHS
from translation.proof import serve

KEYS = Path(__file__).parent / "keys"
PAYLOAD_KEYS = KEYS / "payloads"
TIME = "%Y%m%dT%H%M"

Steps = Callable[[Proven, str], Awaitable[WorkflowHistory]]


async def paid(order: Proven, order_id: str) -> WorkflowHistory:
    await order.opens(order_id)
    await order.does("pay")
    return await _ended(order)


async def notification_lost(order: Proven, order_id: str) -> WorkflowHistory:
    await order.opens(order_id)
    await order.does("pay", fault="notification_lost")
    await order.payment.execute_update("check_now")
    return await _ended(order)


async def paid_though_asked(order: Proven, order_id: str) -> WorkflowHistory:
    await order.opens(order_id)
    await order.plans("u_for_ever")
    await order.payment.execute_update("check_now")
    await order.does("pay")
    return await _ended(order)


async def forged_then_paid(order: Proven, order_id: str) -> WorkflowHistory:
    """An unsigned success is sent; then the customer pays."""
    await order.opens(order_id)
    forged = PaymentNotified(
        notify_type="PAYMENT_RESULT",
        result_status="S",
        result_code="SUCCESS",
        payment_request_id=f"{order_id}_1",
        payment_id="forged",
        amount=Money(currency="PHP", value=131400),
    )
    await order.payment.signal("payment_notified", forged)
    await order.payment.execute_update("check_now")
    await order.does("pay")
    return await _ended(order)


async def recovered(order: Proven, order_id: str) -> WorkflowHistory:
    """It is terminated, the customer pays, and Alipay notifies."""
    await order.opens(order_id)
    await order.payment.terminate(reason="by mistake")
    await order.does("pay")
    return await _ended(order)


async def declined(order: Proven, order_id: str) -> WorkflowHistory:
    await order.opens(order_id)
    await order.does("decline")
    return await _ended(order)


async def cancelled(order: Proven, order_id: str) -> WorkflowHistory:
    await order.opens(order_id)
    await order.cancels()
    return await _ended(order)


async def another_wallet(order: Proven, order_id: str) -> WorkflowHistory:
    await order.opens(order_id)
    await order.opens(order_id, wallet="MAYA")
    await order.does("pay")
    return await _ended(order)


async def reviewed(order: Proven, order_id: str) -> WorkflowHistory:
    await order.opens(order_id)
    await order.does("pay", fault="other_amount")
    await order.resolved_by("anna", "ben")
    return await _ended(order)


async def late_returned(order: Proven, order_id: str) -> WorkflowHistory:
    await order.opens(order_id)
    return await _paid_late(order)


async def late_refunded(order: Proven, order_id: str) -> WorkflowHistory:
    # A wallet that does not cancel paid payments, but gives refunds.
    await order.opens(order_id, wallet="DANA", currency="IDR")
    return await _paid_late(order)


async def _paid_late(order: Proven) -> WorkflowHistory:
    await order.plans("pay_after_expiry")
    await order.leaps(timedelta(hours=1))
    await order.payment.result()
    await order.leaps(timedelta(minutes=1))
    late = order.client.get_workflow_handle(late_payment_id(f"{order.order_id}_1"))
    await late.result()
    return await late.fetch_history()


async def disputed(order: Proven, order_id: str) -> WorkflowHistory:
    await order.opens(order_id)
    await order.does("pay")
    notice = await order.disputed()
    await notice.result()
    return await notice.fetch_history()


async def _ended(order: Proven) -> WorkflowHistory:
    await order.payment.result()
    return await order.payment.fetch_history()


NOTICE_KEPT = "notice-kept"
CLEAR_PATHS: dict[str, Steps] = {
    "proven-paid": paid,
    "proven-notification-lost": notification_lost,
    "proven-declined": declined,
    "proven-cancelled": cancelled,
    "proven-with-another-wallet": another_wallet,
    "proven-reviewed": reviewed,
    "proven-late-returned": late_returned,
    "proven-late-refunded": late_refunded,
    # With the texts of release 1; those above have the texts before it.
    "release-1-cancelled": cancelled,
    "release-1-reviewed": reviewed,
    # As release 2 decides: the proven success does not wait for the inquiry.
    "release-2-paid-though-asked": paid_though_asked,
    # From release 4 on only signed messages are believed.
    "release-4-paid": paid,
    "release-4-forged-then-paid": forged_then_paid,
    "release-4-recovered": recovered,
    "release-4-reviewed": reviewed,
    "release-4-late-returned": late_returned,
    "release-4-late-refunded": late_refunded,
    # Notices.
    NOTICE_KEPT: disputed,
}
ENCRYPTED_PATHS: dict[str, Steps] = {
    "encrypted-paid": paid,
    "encrypted-reviewed": reviewed,
    "encrypted-late-refunded": late_refunded,
}
ENCRYPTED_PATHS |= ENCRYPTED_REFUND_PATHS
SIGNED_PATHS = {**CLEAR_PATHS, **REFUND_PATHS, **ENCRYPTED_PATHS}


def payload_keys() -> Keyring:
    """Return the key of the encrypted histories."""
    return Keyring.load(PAYLOAD_KEYS)


def trust_recorded_signers() -> None:
    """Let recorded histories be replayed: their payments trust these keys."""
    for folder in KEYS.glob("2*"):
        keys = {
            file.stem: load_public_key(file.read_text())
            for file in (folder / "alipay").glob("*.pem")
        }
        serve(CLIENT_ID, AlipayKeys(keys))


def signers_of(history: str) -> Path:
    """Return the folder with `alipay/` and `merchant/` of a recorded history."""
    began = datetime.fromisoformat(json.loads(history)["events"][0]["eventTime"][:19])
    made = (folder for folder in KEYS.glob("2*") if folder.name <= f"{began:{TIME}}")
    return max(made)


async def record_signed(names: list[str]) -> dict[str, WorkflowHistory]:
    """Run paths on a separate server; all are signed by keys made for that."""
    recorded, began = {}, datetime.now(UTC)
    with TemporaryDirectory() as made:
        signers = Signers.new(Path(made))
        async with await start_embedded() as server:
            for name in names:
                recorded[name] = await _record(name, server, signers)
        shutil.copytree(made, KEYS / f"{began:{TIME}}")
    return recorded


async def _record(
    name: str, server: WorkflowEnvironment, signers: Signers
) -> WorkflowHistory:
    keyring = payload_keys() if name in ENCRYPTED_PATHS else None
    client = await Client.connect(
        server.client.service_client.config.target_host,
        data_converter=data_converter(keyring),
        # Histories record the worker's identity: no name of a machine.
        identity="tests",
    )
    with TemporaryDirectory() as folder:
        async with proven_order(client, Path(folder), signers) as order:
            return await SIGNED_PATHS[name](order, f"recorded-{name}")
