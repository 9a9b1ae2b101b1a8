"""Converts signed messages of Alipay's, and ours, to evidence and back."""

import hashlib
from datetime import UTC, datetime
from typing import TypeVar

from alipay.messages import Exchange, Message, Signed
from contracts import AlipayAnswer, Evidence, SignedEvidence

# Bodies have one to five kB, and a notification has 64 kB at most: a message that
# counts as proof is kept whole. Until release 3 only this much of it was kept.
LONGEST_EVIDENCE = 64 * 1024
LONGEST_EVIDENCE_BEFORE = 16 * 1024

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)


def proven(answer: AnswerT, exchange: Exchange | None) -> AnswerT:
    """Return an answer together with its evidence, for the history."""
    if exchange is None:
        return answer
    evidence = Evidence(
        request=to_evidence(exchange.request), answer=to_evidence(exchange.answer)
    )
    return answer.model_copy(update={"evidence": evidence})


def to_evidence(signed: Signed) -> SignedEvidence:
    """Keep a message as it was signed; of a very long body only length and hash."""
    body = signed.message.body
    if len(body) > LONGEST_EVIDENCE:
        digest = hashlib.sha256(body).hexdigest()
        return _evidence(signed).model_copy(
            update={"left_out": len(body), "sha256": digest}
        )
    return whole_evidence(signed)


def whole_evidence(signed: Signed) -> SignedEvidence:
    """Keep a message as it was signed, however long it is."""
    return _evidence(signed).model_copy(update={"body": signed.message.body.decode()})


def _evidence(signed: Signed) -> SignedEvidence:
    message = signed.message
    return SignedEvidence(
        method=message.method,
        path=message.path,
        client_id=message.client_id,
        time=message.time,
        signature=signed.signature,
    )


def to_message(evidence: SignedEvidence) -> Message:
    """Return the signed message; with an empty body where it was left out."""
    return Message(
        evidence.method,
        evidence.path,
        evidence.client_id,
        evidence.time,
        evidence.body.encode(),
    )


def signed_at(evidence: SignedEvidence) -> datetime | None:
    """Return the signed time of a message; None where it is malformed.

    In milliseconds, or in ISO 8601 with a zone (docs/protocol.md 1.3).
    """
    try:
        if evidence.time.isascii() and evidence.time.isdigit():
            return datetime.fromtimestamp(int(evidence.time) / 1000, UTC)
        at = datetime.fromisoformat(evidence.time)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else None
