"""What is recorded is what Alipay, and the merchant, have signed about this order."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.errors import KeyFormatError
from alipay.keys.rsa import one_line_public_key
from audit.findings import Finding, Rule
from audit.verify.verdicts import HistoryVerdict
from tests.audit.histories import (
    OLDER,
    PROVEN,
    Forged,
    change,
    content_of,
    flip_a_byte,
    keys_of,
    rules,
    setting,
    signed_anew,
    text_of,
    verdict_on,
)
from tests.histories.signed_paths import NOTICE_KEPT

FORGED = "release-4-forged-then-paid"
# An auditor who says that evidence is kept only since after all these recordings.
BEFORE_EVIDENCE = datetime(2030, 1, 1, tzinfo=UTC)


def found(verdict: HistoryVerdict, rule: Rule) -> Finding:
    [only] = [finding for finding in verdict.findings if finding.rule is rule]
    return only


@pytest.mark.parametrize("name", [name for name in PROVEN if name != FORGED])
def test_a_history_whose_words_are_all_signed_is_proven(name: str) -> None:
    verdict = verdict_on(text_of(name), keys_of(name))
    assert verdict.findings == []
    proofs = {step.proof for step in verdict.story.steps}
    asks = name != NOTICE_KEPT  # a notice is no answer to anything
    assert "signed by Alipay, key 1" in proofs
    assert ("signed by us, key 1" in proofs) == asks


def test_a_notification_that_nobody_has_signed_is_found_though_it_decided_nothing() -> (
    None
):
    verdict = verdict_on(text_of(FORGED), keys_of(FORGED))
    assert rules(verdict) == {Rule.EVIDENCE_MISSING}
    assert "signed by Alipay, key 1" in {step.proof for step in verdict.story.steps}


@pytest.mark.parametrize("name", OLDER)
def test_a_history_of_before_evidence_was_kept_has_notes_only(name: str) -> None:
    verdict = verdict_on(text_of(name), keys_of(evidence_since=BEFORE_EVIDENCE))
    assert verdict.findings == []
    if name not in ("callback-resent", "queue-told"):  # where Alipay says nothing
        assert any("kept no evidence" in note for note in verdict.notes)


@pytest.mark.parametrize("name", ["paid", "paid-notification-lost", "told-paid"])
def test_unless_an_auditor_says_so_no_payment_is_older_than_evidence(name: str) -> None:
    verdict = verdict_on(text_of(name))
    assert rules(verdict) == {Rule.EVIDENCE_MISSING}
    assert verdict.findings[-1].event_id == len(Forged(name).events)


# ---- notifications ----


def test_a_notification_with_another_amount_than_signed_is_found() -> None:
    forged = Forged("proven-paid")
    change(forged.notification, setting("amount.value", 131_300))
    verdict = forged.verdict()
    differs = found(verdict, Rule.EVIDENCE_DIFFERS)
    assert differs.event_id == forged.notified.event_id
    assert "amount.value 131400" in differs.expected
    assert "amount.value 131300" in differs.seen
    assert Rule.PAID_WITHOUT_PROOF in rules(verdict)


def test_one_changed_byte_of_a_signed_body_is_found() -> None:
    forged = Forged("proven-paid")
    body = content_of(forged.notification)["evidence"]["body"]
    lower = body.replace('"131400"', '"131300"')
    assert lower != body
    change(
        forged.notification,
        setting("evidence.body", lower),
        setting("amount.value", 131_300),
    )
    verdict = forged.verdict()
    signature = found(verdict, Rule.ALIPAY_SIGNATURE)
    assert signature.event_id == forged.notified.event_id
    assert signature.seen == "the signature does not match"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("path", "/another/path"),
        ("client_id", "SANDBOX_ANOTHER"),
        ("time", "2026-11-24T00:00:00Z"),
        ("method", "PUT"),
        ("signature", ""),
        ("signature", "algorithm=RSA256,keyVersion=9,signature=AAAA"),
        ("signature", "algorithm=RSA256,keyVersion=1,signature=AAAA"),
        ("signature", "nonsense\n"),
        ("body", "{}"),
    ],
)
@pytest.mark.parametrize("whose", ["notification", "answer"])
def test_no_part_of_what_was_signed_can_be_changed(
    whose: str, field: str, value: str
) -> None:
    forged = Forged("proven-notification-lost")
    place, payloads = "evidence.answer", forged.answer("inquire_payment")
    if whose == "notification":
        forged = Forged("proven-paid")
        place, payloads = "evidence", forged.notification
    change(payloads, setting(f"{place}.{field}", value))
    verdict = forged.verdict()
    assert rules(verdict) & {Rule.ALIPAY_SIGNATURE, Rule.EVIDENCE_DIFFERS}
    assert Rule.PAID_WITHOUT_PROOF in rules(verdict)


def test_what_another_key_has_signed_is_not_alipays(
    merchant_key: RSAPrivateKey,
) -> None:
    forged = Forged("proven-paid")
    change(forged.notification, signed_anew("evidence", merchant_key))
    assert found(forged.verdict(), Rule.ALIPAY_SIGNATURE).event_id == (
        forged.notified.event_id
    )


def test_the_notification_of_another_order_is_found() -> None:
    forged = Forged("proven-paid")
    other = content_of(Forged("encrypted-paid").notification)
    # Put in the place of the real one, and said to be about this order.
    change(forged.notification, lambda content: content.update(other))
    verdict = forged.verdict()
    differs = found(verdict, Rule.EVIDENCE_DIFFERS)
    assert "order recorded-proven-paid" in differs.expected
    assert "recorded-encrypted-paid" in differs.seen
    # The payment that such a notification would leave unpaid is named, too.
    assert rules(verdict) & {Rule.REPLAY, Rule.RESULT_DIFFERS}


def test_the_evidence_of_another_order_proves_nothing() -> None:
    forged = Forged("proven-paid")
    other = content_of(Forged("encrypted-paid").notification)["evidence"]
    change(forged.notification, setting("evidence", other))
    verdict = forged.verdict()
    assert found(verdict, Rule.EVIDENCE_DIFFERS).event_id == forged.notified.event_id
    assert Rule.PAID_WITHOUT_PROOF in rules(verdict)


def test_a_notification_without_evidence_is_found() -> None:
    forged = Forged("proven-paid")
    change(forged.notification, setting("evidence", None))
    verdict = forged.verdict()
    assert [finding.event_id for finding in verdict.findings] == [
        forged.notified.event_id,
        forged.events[-1].event_id,
    ]
    assert rules(verdict) == {Rule.EVIDENCE_MISSING}


# ---- answers ----


@pytest.mark.parametrize(
    ("name", "activity", "path", "value"),
    [
        ("proven-paid", "pay", "payment_id", "2026"),
        ("proven-paid", "pay", "cashier.url", "https://elsewhere.example"),
        ("proven-paid", "pay", "expires_at", "2026-11-25T05:42:48Z"),
        ("proven-notification-lost", "inquire_payment", "amount.value", 1),
        ("proven-notification-lost", "inquire_payment", "paid_at", "2026"),
        ("proven-declined", "inquire_payment", "verdict", "SUCCESS"),
        ("proven-cancelled", "cancel_payment", "verdict", "REFUSED"),
        ("proven-late-refunded", "refund_payment", "verdict", "REFUSED"),
        ("encrypted-late-refunded", "inquire_payment", "is_refunded", True),
    ],
)
def test_an_answer_that_is_not_what_was_signed_is_found(
    name: str, activity: str, path: str, value: object
) -> None:
    forged = Forged(name)
    change(forged.answer(activity), setting(path, value))
    verdict = forged.verdict()
    event_id = forged.completed(activity).event_id
    differs = [f for f in verdict.findings if f.rule is Rule.EVIDENCE_DIFFERS]
    assert [finding.event_id for finding in differs] == [event_id]
    assert path in differs[0].expected
    assert path in differs[0].seen


def test_the_answer_of_another_order_is_found() -> None:
    forged = Forged("proven-notification-lost")
    other = Forged("proven-late-refunded")
    stolen = content_of(other.answer("inquire_payment"))
    change(forged.answer("inquire_payment"), lambda content: content.update(stolen))
    seen = [
        finding.seen
        for finding in forged.verdict().findings
        if finding.rule is Rule.EVIDENCE_DIFFERS
    ]
    assert any("recorded-proven-late-refunded_1" in each for each in seen)


def test_an_answer_that_was_used_before_is_found() -> None:
    forged = Forged("proven-cancelled")
    first = content_of(forged.answer("inquire_payment", 0))
    change(forged.answer("inquire_payment", 1), lambda content: content.update(first))
    event_id = forged.completed("inquire_payment", 1).event_id
    differs = [
        (finding.event_id, finding.seen)
        for finding in forged.verdict().findings
        if finding.rule is Rule.EVIDENCE_DIFFERS
    ]
    assert (event_id, "an earlier call, once more") in differs


def test_one_answer_without_evidence_among_others_is_found() -> None:
    forged = Forged("proven-declined")
    change(forged.answer("inquire_payment"), setting("evidence", None))
    missing = found(forged.verdict(), Rule.EVIDENCE_MISSING)
    assert missing.event_id == forged.completed("inquire_payment").event_id
    # Whoever says that the release kept none takes it for a note.
    later = keys_of(evidence_since=datetime(2026, 12, 1, tzinfo=UTC))
    verdict = forged.verdict(later)
    assert verdict.findings == []
    assert any("the answer of inquire_payment" in note for note in verdict.notes)


def test_an_unsigned_success_is_no_proof() -> None:
    forged = Forged("proven-notification-lost")
    change(
        forged.answer("inquire_payment"),
        setting("evidence.answer.signature", ""),
        setting("evidence.answer.time", ""),
        setting("evidence.answer.client_id", ""),
    )
    verdict = forged.verdict()
    assert "unsigned answer that says yes" in (
        found(verdict, Rule.ALIPAY_SIGNATURE).seen
    )
    assert Rule.PAID_WITHOUT_PROOF in rules(verdict)


def test_an_unsigned_refusal_is_allowed_and_noted() -> None:
    forged = Forged("refused")
    body = {"result": {"resultCode": "RISK_REJECT", "resultStatus": "F"}}
    body["result"]["resultMessage"] = "no"
    request = content_of(Forged("proven-paid").answer("pay"))["evidence"]["request"]
    sent = json.loads(request["body"])
    sent["paymentRequestId"] = "recorded-refused_1"
    sent["order"]["referenceOrderId"] = "recorded-refused"
    answer = {"path": request["path"], "body": json.dumps(body)}
    evidence = {"request": {**request, "body": json.dumps(sent)}, "answer": answer}
    change(forged.answer("pay"), setting("evidence", evidence))
    verdict = forged.verdict(keys_of(merchant_keys_dir=None))
    assert verdict.findings == []
    assert verdict.notes == ["event 8: Alipay's refusal is unsigned"]


def test_a_body_that_was_too_long_proves_nothing() -> None:
    forged = Forged("proven-notification-lost")
    too_long = (
        setting("evidence.answer.body", ""),
        setting("evidence.answer.left_out", 1_000_000),
        setting("evidence.answer.sha256", "0" * 64),
    )
    change(forged.answer("inquire_payment"), *too_long)
    verdict = forged.verdict()
    assert rules(verdict) == {Rule.EVIDENCE_MISSING}
    assert any("1000000 signed bytes" in note for note in verdict.notes)


def test_a_body_is_not_left_out_for_being_short() -> None:
    forged = Forged("proven-declined")
    change(
        forged.answer("inquire_payment"),
        setting("evidence.answer.body", ""),
        setting("evidence.answer.left_out", 400),
    )
    missing = found(forged.verdict(), Rule.EVIDENCE_MISSING)
    assert missing.expected == "a body of 400 bytes"


# ---- what we have signed ----


def test_a_request_that_the_merchant_has_not_signed_is_found(
    alipay_key: RSAPrivateKey,
) -> None:
    forged = Forged("proven-paid")
    change(forged.answer("pay"), signed_anew("evidence.request", alipay_key))
    own = found(forged.verdict(), Rule.OWN_SIGNATURE)
    assert own.event_id == forged.scheduled("pay").event_id
    # Without the merchant's keys no outcome is in doubt for that.
    assert forged.verdict(keys_of(merchant_keys_dir=None)).findings == []


def test_a_request_for_other_money_is_found() -> None:
    forged = Forged("proven-paid")
    sent = content_of(forged.answer("pay"))["evidence"]["request"]["body"]
    more = sent.replace('"131400"', '"231400"')
    change(forged.answer("pay"), setting("evidence.request.body", more))
    verdict = forged.verdict()
    assert "paymentAmount" in found(verdict, Rule.EVIDENCE_DIFFERS).expected
    assert Rule.OWN_SIGNATURE in rules(verdict)


def test_words_of_another_merchant_prove_nothing() -> None:
    verdict = verdict_on(text_of("proven-paid"), keys_of(client_id="SANDBOX_OTHER"))
    assert {finding.expected for finding in verdict.findings} >= {
        "client id SANDBOX_OTHER"
    }
    assert Rule.PAID_WITHOUT_PROOF in rules(verdict)


# ---- keys ----


def test_without_the_right_key_of_alipay_nothing_is_proven(
    tmp_path: Path, alipay_key: RSAPrivateKey
) -> None:
    (tmp_path / "1.pem").write_text(one_line_public_key(alipay_key.public_key()))
    verdict = verdict_on(text_of("proven-paid"), keys_of(alipay_keys_dir=tmp_path))
    assert Rule.ALIPAY_SIGNATURE in rules(verdict)
    assert Rule.PAID_WITHOUT_PROOF in rules(verdict)


def test_a_key_that_is_none_is_named_by_its_field(tmp_path: Path) -> None:
    (tmp_path / "1.pem").write_text("no key")
    with pytest.raises(KeyFormatError, match=r"alipay_keys_dir: .*public key"):
        keys_of(alipay_keys_dir=tmp_path).check()
    with pytest.raises(KeyFormatError, match=r"merchant_keys_dir: .*public key"):
        keys_of(merchant_keys_dir=tmp_path).check()
    with pytest.raises(KeyFormatError, match=r"bundle_key_file: .*not a public key"):
        keys_of(bundle_key_file=tmp_path / "1.pem").check()


def test_a_flipped_bit_of_an_encrypted_payload_is_found() -> None:
    verdict = verdict_on(flip_a_byte(text_of("encrypted-paid")))
    assert found(verdict, Rule.UNREADABLE).seen.startswith("event 1: a payload")
