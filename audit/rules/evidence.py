"""Verifies all signatures in a history, and that the recorded values were signed."""

from collections.abc import Iterable
from datetime import UTC

from activities.payments import may_cancel
from alipay.errors import MalformedNotificationError, SignatureVerificationError
from alipay.messages import Message
from alipay.notifications import NotificationReader, SignedNotification
from alipay.signing import parse_signature, verify
from audit.differences import difference
from audit.findings import Rule
from audit.history.answers import (
    Answered,
    Notified,
    RefundNotice,
    answers_of,
    notifications_of,
    parts_of,
    refund_notices_of,
)
from audit.history.proofs import (
    Evidenced,
    given_back_by,
    paid_by_answer,
    paid_by_notification,
)
from audit.history.record import Record
from audit.history.refunds_given_back import refunds_given_back
from audit.rules.keys import VerifierKeys
from audit.rules.matching import (
    Problem,
    about_another,
    by_the_clock_of_then,
    calls_out_of_order,
    ended_at,
    requests_differ,
    unequal,
)
from audit.rules.refund_calls import check_what_was_sent
from audit.rules.rerun import (
    ActivityRerun,
    NotProvenError,
    NoVerdictRecordedError,
    RerunResult,
)
from contracts import (
    CancelCall,
    CancelVerdict,
    Contract,
    Evidence,
    NoticeInput,
    RefundsInput,
    SignedEvidence,
    notice_id,
    order_of,
    refunds_id_of,
)
from translation.evidence import LONGEST_EVIDENCE_BEFORE
from translation.notifications import to_notice, to_payment_notified
from translation.refunds import to_refund_notified

# The only method of this protocol, which is signed, too (docs/protocol.md 1.2).
METHOD = "POST"


async def check_evidence(
    record: Record, keys: VerifierKeys, rerun: ActivityRerun
) -> Evidenced:
    """Verify all signatures of Alipay and the merchant in a history."""
    checking = _Checking(record, keys, rerun)
    if isinstance(record.input, NoticeInput):
        checking.notice(record.input)
    for notified in notifications_of(record):
        checking.notification(notified)
    for noticed in refund_notices_of(record):
        checking.refund_notice(noticed)
    whole = list(answers_of(record))
    answers = [part for one in whole for part in parts_of(one)]
    checking.seen.answers = answers
    # All releases with refunds have recorded evidence for them.
    has_some = isinstance(record.input, RefundsInput) or any(
        one.answer.evidence for one in answers
    )
    for one in answers:
        await checking.answer(one, has_some=has_some)
    problems = [*calls_out_of_order(answers), *check_what_was_sent(whole)]
    for event_id, expected, seen in problems:
        checking.differs(event_id, expected, seen)
    checking.seen.given_back += refunds_given_back(record, checking.seen)
    return checking.seen


class _Checking:
    """Checks the evidence of one history."""

    def __init__(
        self, record: Record, keys: VerifierKeys, rerun: ActivityRerun
    ) -> None:
        self._record = record
        self._keys = keys
        self._rerun = rerun
        self._client_id = keys.client_id
        since = keys.evidence_since
        began = record.events[0].event_time.ToDatetime(UTC)
        self._is_older = since is not None and began < since
        self.seen = Evidenced(is_older=self._is_older)

    def differs(self, event_id: int, expected: str, seen: str) -> None:
        self._found(Rule.EVIDENCE_DIFFERS, event_id, expected, seen)

    def _found(self, rule: Rule, event_id: int, expected: str, seen: str) -> None:
        self.seen.findings.append(
            self._record.found(rule, event_id, expected=expected, seen=seen)
        )

    # ---- notifications ----

    def notification(self, notified: Notified) -> None:
        told, event_id = notified.notification, notified.event.event_id
        said = list(paid_by_notification(event_id, told))
        evidence = told.evidence
        if evidence is None:
            self._lacks(event_id, "the notification", is_expected=not self._is_older)
            self.seen.unproven += said
        elif self._is_kept_whole(event_id, evidence):
            if self._is_proven(event_id, notified, evidence):
                self._is_signed(event_id, evidence, "Alipay")
                self.seen.paid += said
        else:
            self.seen.unproven += said

    def _is_proven(
        self, event_id: int, notified: Notified, evidence: SignedEvidence
    ) -> bool:
        signed = self._signed(event_id, evidence)
        if signed is None:
            return False
        aside = {"evidence": None, "received_at": None}
        says = to_payment_notified(signed).model_copy(update=aside)
        recorded = notified.notification.model_copy(update=aside)
        return self._is_same(event_id, says, recorded) and self._is_ours(
            event_id, evidence, says.payment_request_id
        )

    def _signed(
        self, event_id: int, evidence: SignedEvidence
    ) -> SignedNotification | None:
        """Read a notification's evidence like the API; None if it proves nothing."""
        reader = NotificationReader(
            path=evidence.path,
            client_id=evidence.client_id,
            alipay_keys=self._keys.alipay,
        )
        headers = {
            "signature": evidence.signature,
            "request-time": evidence.time,
            "client-id": evidence.client_id,
        }
        try:
            return reader.parse_notification(headers, evidence.body.encode())
        except SignatureVerificationError as error:
            told = "a notification that Alipay has signed"
            self._found(Rule.ALIPAY_SIGNATURE, event_id, told, str(error))
        except (MalformedNotificationError, ValueError) as error:
            self.differs(event_id, "a notification", f"{type(error).__name__}")
        return None

    def refund_notice(self, noticed: RefundNotice) -> None:
        told, event_id = noticed.notice, noticed.event.event_id
        evidence = told.evidence
        if evidence is None:
            what = "the notice about a refund"
            self._lacks(event_id, what, is_expected=True)
        elif self._is_kept_whole(event_id, evidence):
            signed = self._signed(event_id, evidence)
            if signed is None:
                return
            aside = {"evidence": None, "received_at": None}
            says = to_refund_notified(signed).model_copy(update=aside)
            is_same = self._is_same(event_id, says, told.model_copy(update=aside))
            owner = _owner_of(says.refund_request_id)
            others = unequal("a message about", self._record.workflow_id, owner)
            if self._is_to_us(event_id, evidence, others) and is_same:
                self._is_signed(event_id, evidence, "Alipay")
                self.seen.refund_notices.append(noticed)

    def _is_ours(
        self, event_id: int, evidence: SignedEvidence, request_id: str
    ) -> bool:
        """Whether a signed message is about this order, and for this merchant."""
        try:
            order_id = order_of(request_id)
        except ValueError:
            order_id = request_id
        return self._is_to_us(
            event_id,
            evidence,
            unequal("a message about order", self._record.order_id, order_id),
        )

    def _is_to_us(
        self, event_id: int, evidence: SignedEvidence, others: Iterable[Problem]
    ) -> bool:
        """Whether a signed message is for this merchant, and nothing else is wrong."""
        self._client_id = self._client_id or evidence.client_id
        problems = [
            *unequal("method", METHOD, evidence.method),
            *unequal("client id", self._client_id, evidence.client_id),
            *others,
        ]
        for expected, seen in problems:
            self.differs(event_id, expected, seen)
        return not problems

    def notice(self, kept: NoticeInput) -> None:
        """Check a notice: it must match the workflow's input and id."""
        event_id, evidence = self._record.events[0].event_id, kept.evidence
        signed = self._signed(event_id, evidence)
        if signed is None:
            return
        aside = {"evidence": SignedEvidence(), "release": 0}
        says = to_notice(signed).model_copy(update=aside)
        recorded = kept.model_copy(update=aside)
        named = notice_id(evidence.body.encode())
        is_same = self._is_same(event_id, says, recorded)
        others = unequal("workflow", named, self._record.workflow_id)
        if self._is_to_us(event_id, evidence, others) and is_same:
            self._is_signed(event_id, evidence, "Alipay")

    # ---- answers ----

    async def answer(self, one: Answered, *, has_some: bool) -> None:
        event_id, evidence = one.completed.event_id, one.answer.evidence
        self.seen.given_back += given_back_by(one, self._record)
        if evidence is None:
            self._without_evidence(one, has_some=has_some)
            self.seen.unproven += paid_by_answer(one)
            return
        self._check_own_signature(one, evidence.request)
        if not self._is_kept_whole(event_id, evidence.answer):
            self.seen.unproven += paid_by_answer(one)
        elif await self._is_true(one, evidence):
            if evidence.answer.signature:
                self._is_signed(event_id, evidence.answer, "Alipay", one.name)
                self.seen.paid += paid_by_answer(one)
                self.seen.proven.append(one)
            else:
                # An error before Alipay had identified the caller (docs/protocol.md
                # 1.6).
                self.seen.notes.append(
                    f"event {event_id}: Alipay's refusal is unsigned"
                )

    def _without_evidence(self, one: Answered, *, has_some: bool) -> None:
        event_id = one.completed.event_id
        verdict = getattr(one.answer, "verdict", None)
        if not (
            isinstance(one.call, CancelCall) and verdict is CancelVerdict.NOT_ALLOWED
        ):
            is_expected = has_some and not self._is_older
            self._lacks(event_id, f"the answer of {one.name}", is_expected=is_expected)
        elif may_cancel(one.call, ended_at(one)):
            # The wallets' rules are not in the history, and may change.
            self.seen.notes.append(
                f"event {event_id}: by the current rules of {one.call.wallet} the "
                "cancel, which was not sent, would be allowed"
            )

    def _lacks(self, event_id: int, what: str, *, is_expected: bool) -> None:
        if is_expected:
            expected = f"{what}, as it was signed"
            self._found(Rule.EVIDENCE_MISSING, event_id, expected, "no evidence")
        else:
            self.seen.notes.append(
                f"event {event_id}: an older release kept no evidence of {what}"
            )

    def _is_kept_whole(self, event_id: int, evidence: SignedEvidence) -> bool:
        if not evidence.left_out:
            return True
        if evidence.left_out <= LONGEST_EVIDENCE_BEFORE or evidence.body:
            expected = f"a body of {evidence.left_out} bytes"
            self._found(Rule.EVIDENCE_MISSING, event_id, expected, "no body")
        else:
            self.seen.notes.append(
                f"event {event_id}: {evidence.left_out} signed bytes were too many to "
                f"be stored; their SHA-256 is {evidence.sha256}"
            )
        return False

    def _check_own_signature(self, one: Answered, request: SignedEvidence) -> None:
        if self._keys.merchant is None or request.left_out:
            return
        asked_at = one.scheduled.event_id
        try:
            verify(_message(request), request.signature, self._keys.merchant)
        except SignatureVerificationError as error:
            expected = f"a request of {one.name} that the merchant has signed"
            self._found(Rule.OWN_SIGNATURE, asked_at, expected, str(error))
        else:
            self._is_signed(asked_at, request, "us")

    def _is_signed(
        self, event_id: int, evidence: SignedEvidence, who: str, call: str = ""
    ) -> None:
        version = parse_signature(evidence.signature).key_version
        key = f", key {version}" if version else ""
        self.seen.signed[event_id, call] = f"signed by {who}{key}"

    async def _is_true(self, one: Answered, evidence: Evidence) -> bool:
        """Whether the signed answer matches the recorded values and the request."""
        event_id, call = one.completed.event_id, one.call
        if isinstance(call, CancelCall):
            # Only the answer is checked here, not whether the call was allowed.
            call = call.model_copy(update={"wallet": ""})
        try:
            result = await self._rerun.run_again(
                one.name, call, evidence, attempt=one.attempt
            )
        except NotProvenError as error:
            expected = f"an answer to {one.name} that Alipay has signed"
            self._found(Rule.ALIPAY_SIGNATURE, event_id, expected, str(error))
            return False
        except NoVerdictRecordedError as error:
            self.differs(event_id, f"an answer to {one.name}", str(error))
            return False
        says = by_the_clock_of_then(one, result.answer)
        recorded = one.answer.model_copy(update={"evidence": None})
        is_asked = self._is_asked(one, evidence, result)
        return is_asked and self._is_same(event_id, says, recorded)

    def _is_asked(self, one: Answered, evidence: Evidence, result: RerunResult) -> bool:
        """Whether request and answer match the activity's call."""
        request, answer = evidence.request, evidence.answer
        self._client_id = self._client_id or request.client_id
        problems = [
            *unequal("client id", self._client_id, request.client_id),
            *unequal("method", METHOD, request.method),
            *unequal("method of the answer", METHOD, answer.method),
            *unequal("path", result.path, request.path),
            *unequal("path of the answer", request.path, answer.path),
        ]
        if not request.left_out:
            problems += requests_differ(result.body.decode(), request.body)
        problems += about_another(one.call, answer.body)
        for expected, seen in problems:
            self.differs(one.completed.event_id, expected, seen)
        return not problems

    def _is_same(self, event_id: int, says: Contract, recorded: Contract) -> bool:
        if says == recorded:
            return True
        expected, seen = difference(
            says.model_dump(mode="json"), recorded.model_dump(mode="json")
        )
        self.differs(event_id, f"what was signed: {expected}", f"recorded: {seen}")
        return False


def _owner_of(refund_request_id: str) -> str:
    """Return the workflow id of a refund's owner, or the refund's id itself."""
    try:
        return refunds_id_of(refund_request_id)
    except ValueError:
        return refund_request_id


def _message(signed: SignedEvidence) -> Message:
    return Message(
        signed.method, signed.path, signed.client_id, signed.time, signed.body.encode()
    )
