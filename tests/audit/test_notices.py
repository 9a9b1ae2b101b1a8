"""Notices in bundles: taken away, verified by Alipay's signature, and reported."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.testing import WorkflowEnvironment

from alipay.keys.rsa import one_line_public_key
from api.notifications.notices import Notices
from audit.bundle.export import export_bundle
from audit.bundle.manifest import Selection
from audit.bundle.reading import Bundle
from audit.bundle.writing import write_bundle
from audit.findings import Rule
from audit.report.summary import write_report
from audit.verify.bundles import verify_bundles
from contracts import NoticeInput, SignedEvidence
from tests.audit.histories import (
    CODEC,
    Forged,
    change,
    content_of,
    keys_of,
    rules,
    setting,
    signed_anew,
    text_of,
    verdict_on,
)
from tests.cashier.operating import a_desk, a_worker, until
from tests.fakes import FakeAlipay
from tests.histories.signed_paths import NOTICE_KEPT
from visibility.stuck import OURS

KEYS = keys_of(NOTICE_KEPT)
ORDER_ID = f"recorded-{NOTICE_KEPT}"


def test_a_notice_is_proven_by_alipays_signature() -> None:
    verdict = verdict_on(text_of(NOTICE_KEPT), KEYS)
    first, last = verdict.story.steps
    assert verdict.findings == []
    assert (first.who, first.proof) == ("Alipay", "signed by Alipay, key 1")
    assert first.what.startswith("notifies DISPUTE_CREATED of dispute D")
    assert first.what.endswith(f"payment {ORDER_ID}_1")
    assert last.what == "the notice is stored, for a person to read"
    assert (verdict.entry.order_id, verdict.story.order_id) == (ORDER_ID, ORDER_ID)


def test_one_changed_byte_of_a_notice_is_found() -> None:
    forged = Forged(NOTICE_KEPT)
    body = content_of(forged.start)["evidence"]["body"]
    lower = body.replace('"131400"', '"131300"')
    assert lower != body
    change(forged.start, setting("evidence.body", lower))
    [finding] = forged.verdict(KEYS).findings
    assert (finding.rule, finding.event_id) == (Rule.ALIPAY_SIGNATURE, 1)
    assert finding.seen == "the signature does not match"


def test_a_notice_that_another_key_has_signed_is_not_alipays(
    merchant_key: RSAPrivateKey,
) -> None:
    forged = Forged(NOTICE_KEPT)
    change(forged.start, signed_anew("evidence", merchant_key))
    assert rules(forged.verdict(KEYS)) == {Rule.ALIPAY_SIGNATURE}


def test_a_notice_whose_body_was_taken_away_is_not_proven() -> None:
    forged = Forged(NOTICE_KEPT)
    change(
        forged.start, setting("evidence.body", ""), setting("evidence.left_out", 99999)
    )
    assert rules(forged.verdict(KEYS)) == {Rule.ALIPAY_SIGNATURE}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notify_type", "DISPUTE_CANCELLED"),
        ("order_id", "another-order"),
        ("dispute_id", "D1"),
        ("payment_id", None),
        ("refund_request_id", "REFUND-1"),
    ],
)
def test_what_is_recorded_of_a_notice_must_be_what_was_signed(
    field: str, value: str | None
) -> None:
    forged = Forged(NOTICE_KEPT)
    change(forged.start, setting(field, value))
    verdict = forged.verdict(KEYS)
    assert Rule.EVIDENCE_DIFFERS in rules(verdict)
    [differs] = [one for one in verdict.findings if one.rule is Rule.EVIDENCE_DIFFERS]
    assert field in differs.expected


def test_a_notice_under_the_id_of_another_one_is_found() -> None:
    forged = Forged(NOTICE_KEPT)
    started = forged.events[0].workflow_execution_started_event_attributes
    started.workflow_id = f"notice:{'0' * 32}"
    [finding] = [
        one
        for one in verdict_on(forged.text, KEYS).findings
        if one.rule is Rule.EVIDENCE_DIFFERS
    ]
    assert finding.seen == f"workflow notice:{'0' * 32}"


def test_a_notice_to_another_merchant_is_found(alipay_key: RSAPrivateKey) -> None:
    forged = Forged(NOTICE_KEPT)
    keys = keys_of(NOTICE_KEPT, client_id="SANDBOX_ANOTHER")
    [finding] = forged.verdict(keys).findings
    assert finding.rule is Rule.EVIDENCE_DIFFERS
    assert finding.expected == "client id SANDBOX_ANOTHER"


def test_a_notice_is_reported_beside_payments_and_counts_no_money(
    tmp_path: Path,
) -> None:
    histories = [(NOTICE_KEPT, text_of(NOTICE_KEPT).encode())]
    write_bundle(tmp_path / "bundle", histories, codec=CODEC)
    verdicts = verify_bundles(
        [Bundle.open(tmp_path / "bundle")], KEYS, processes=1, tell=lambda *_: None
    )
    file = tmp_path / "report.html"
    made_at = datetime(2026, 11, 30, tzinfo=UTC)
    write_report(file, verdicts, verdicts.bundle_findings, made_at=made_at)
    text = file.read_text()
    assert verdicts.bundle_findings == []
    assert "notice from Alipay" in text
    assert "notifies DISPUTE_CREATED of dispute" in text
    assert "PHP 1,314.00" not in text


def a_notice(name: str, key: RSAPrivateKey, **changes: str) -> NoticeInput:
    """Return a notice as the API reads it, of a body of its own."""
    evidence = SignedEvidence(
        path="/notify",
        client_id="SANDBOX_EXPORTED",
        time="2026-11-30T02:00:00Z",
        body=json.dumps({"notifyType": "REFUND_RESULT", "refundRequestId": name}),
    )
    notice = NoticeInput(
        evidence=evidence,
        notify_type="REFUND_RESULT",
        refund_request_id=name,
    )
    content = notice.model_dump(mode="json") | changes
    signed_anew("evidence", key)(content)
    return NoticeInput.model_validate(content)


async def test_notices_are_taken_away_with_the_rest_and_by_their_order(
    dev_server: WorkflowEnvironment, alipay_key: RSAPrivateKey, tmp_path: Path
) -> None:
    desk = await a_desk(dev_server)
    notices = Notices(desk.client)

    async def is_listed() -> bool:
        query = f'{OURS} AND ExecutionStatus = "Completed"'
        return (await desk.client.count_workflows(query)).count == 2

    async with a_worker(desk, FakeAlipay()):
        await notices.keep(a_notice("of-nobody", alipay_key))
        await notices.keep(a_notice("of-coffee", alipay_key, order_id="coffee-1"))
        await until(is_listed)
    for folder, order_id, orders in (
        ("all", "", ["", "coffee-1"]),
        ("one", "coffee-1", ["coffee-1"]),
    ):
        selection = Selection(order_id=order_id)
        await export_bundle(desk.client, tmp_path / folder, selection)
        entries = list(Bundle.open(tmp_path / folder).entries())
        assert sorted(one.order_id for one in entries) == orders
        assert {one.workflow_type for one in entries} == {"AlipayNotice"}
    write_key(tmp_path / "keys", alipay_key)
    keys = keys_of(alipay_keys_dir=tmp_path / "keys", merchant_keys_dir=None)
    verdicts = verify_bundles(
        [Bundle.open(tmp_path / "all")], keys, processes=1, tell=lambda *_: None
    )
    found = {one.entry.order_id: rules(one) for one in verdicts}
    # The second one was given an order that its signed words do not name.
    assert found == {"": set(), "coffee-1": {Rule.EVIDENCE_DIFFERS}}


def write_key(folder: Path, key: RSAPrivateKey) -> None:
    folder.mkdir()
    (folder / "1.pem").write_text(one_line_public_key(key.public_key()))
