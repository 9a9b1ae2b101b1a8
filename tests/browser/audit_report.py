"""A report of recorded histories, one of them tampered with, as an auditor opens it."""

import base64
import hashlib
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser
from temporalio.client import WorkflowHistory

from audit.bundle.describing import describe
from audit.report.summary import write_report
from audit.rules.keys import VerifierKeys
from audit.verify.bundles import verify_history
from audit.verify.verdicts import HistoryVerdict
from codec.payload_codec import EncryptingCodec
from tests.histories.signed_paths import signers_of

HISTORIES = Path(__file__).parent.parent / "histories"
SIGNERS = HISTORIES / "keys" / "20261124"
KEYS = VerifierKeys(
    alipay_keys_dir=SIGNERS / "alipay",
    merchant_keys_dir=SIGNERS / "merchant",
    payload_keys_dir=HISTORIES / "keys" / "payloads",
)
# In its history Alipay's answer is changed: more was paid than Alipay has signed.
TAMPERED = "recorded-proven-notification-lost"
MADE_AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def write_recorded_report(folder: Path) -> Path:
    """Write the report of all recorded histories that hold evidence; return it."""
    report = folder / "report.html"
    write_report(report, verdicts(), (), made_at=MADE_AT)
    return report


async def shoot_report(browser: Browser, images: Path) -> None:
    """Take the pictures of docs/auditing.md: the summary, and one timeline."""
    with tempfile.TemporaryDirectory() as folder:
        report = write_recorded_report(Path(folder))
        page = await browser.new_page(viewport={"width": 1200, "height": 1120})
        await page.goto(report.as_uri())
        await page.screenshot(path=images / "audit-summary.png")
        payment = page.locator("details.history", has_text="proven-late-refunded")
        await payment.first.locator("summary").click()
        await payment.first.screenshot(path=images / "audit-timeline.png")
        await page.close()


def verdicts() -> Iterator[HistoryVerdict]:
    keyring = KEYS.keyring
    assert keyring
    for file in sorted(HISTORIES.glob("*.json")):
        if not file.stem.startswith(("proven", "encrypted")):
            continue
        text = file.read_text()
        if signers_of(text) != SIGNERS:
            continue  # recorded later, and signed with other keys
        if file.stem == TAMPERED.removeprefix("recorded-"):
            text = with_another_amount(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        history = WorkflowHistory.from_json("", text)
        entry = describe(history, EncryptingCodec(keyring), sha256=digest)
        yield verify_history(text, entry, KEYS)


def with_another_amount(text: str) -> str:
    history = json.loads(text)
    for event in history["events"]:
        answer = event.get("activityTaskCompletedEventAttributes")
        if answer is None:
            continue
        (payload,) = answer["result"]["payloads"]
        told = base64.b64decode(payload["data"]).decode()
        if '"verdict":"SUCCESS"' in told:
            told = told.replace('"value":131400', '"value":531400', 1)
            payload["data"] = base64.b64encode(told.encode()).decode()
            return json.dumps(history)
    raise AssertionError("there is no answer that says paid")
