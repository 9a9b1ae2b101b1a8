"""Checks the rules for an order's refunds, in one run.

`audit.verify.orders` checks the rules for all runs of an order.
"""

from collections.abc import Iterator

from audit.findings import Finding, Rule
from audit.history.proofs import Evidenced
from audit.history.record import Record
from audit.history.refunds import (
    RefundFacts,
    Sent,
    facts_of_refunds,
    was_given_back,
)
from audit.history.signed_refunds import CANCELLED_BEFORE
from audit.rules.keys import VerifierKeys
from audit.rules.refund_refusals import is_refused_for_certain, is_short_of_balance
from contracts import (
    RefundConfirmation,
    RefundDecision,
    RefundRecord,
    RefundRequest,
    RefundStatus,
    RefundVerdict,
    SignedEvidence,
    attempt_of,
    in_words,
    refund_named_in,
    refund_request_id,
)
from translation.proof import Proof
from translation.refund_proof import proves_refund
from workflows.resolution import is_same_person, needs_second_person


def check_refunds(
    record: Record, evidenced: Evidenced, keys: VerifierKeys
) -> Iterator[Finding]:
    """Yield the broken rules of an order's refunds, even if they replay."""
    facts = facts_of_refunds(record, evidenced)
    if facts is not None:
        yield from _Refunds(record, facts, keys).findings()


class _Refunds:
    """Checks the refunds of one run."""

    def __init__(self, record: Record, facts: RefundFacts, keys: VerifierKeys) -> None:
        self._record = record
        self._facts = facts
        self._keys = keys

    def findings(self) -> Iterator[Finding]:
        for sent in self._facts.sent:
            yield from self._check_sent(sent)
        yield from self._check_once()
        view, closing = self._facts.view, self._record.closing
        if view is None or closing is None:
            return
        for one in view.refunds:
            if was_given_back(one.status):
                yield from self._check_given_back(one, closing.event_id)
            elif one.status is RefundStatus.REFUSED:
                yield from self._check_refused(one, closing.event_id)

    def _found(self, rule: Rule, event_id: int, expected: str, seen: str) -> Finding:
        return self._record.found(rule, event_id, expected=expected, seen=seen)

    # ---- before anything is sent ----

    def _check_sent(self, sent: Sent) -> Iterator[Finding]:
        """Check that a call was requested, by two persons if needed, and is due."""
        call, facts = sent.call, self._facts
        money, name = in_words(call.amount), refund_named_in(call.refund_request_id)
        asked = self._asked_before(sent)
        is_known = facts.goes_on or any(
            facts.name_of(refund_id) == name for refund_id in facts.earlier
        )
        if asked is None and not is_known:
            yield self._found(
                Rule.NOBODY_NAMED,
                sent.event_id,
                f"somebody with a name who has requested the refund of {money} before",
                f"{call.refund_request_id} is sent",
            )
        elif asked is not None:
            yield from self._check_second_person(sent, asked)
            yield from self._check_new_try(sent)

    def _check_new_try(self, sent: Sent) -> Iterator[Finding]:
        """Check that the previous try was refused, so that a new one is allowed."""
        call, facts = sent.call, self._facts
        retry = attempt_of(call.refund_request_id)
        before = f"{refund_named_in(call.refund_request_id)}_{retry - 1}"
        if retry > 1 and not is_short_of_balance(facts, before):
            yield self._found(
                Rule.REFUSED_WITHOUT_PROOF,
                sent.event_id,
                f"Alipay's signed refusal of {before} for insufficient balance",
                f"{call.refund_request_id} is sent, although that one may take effect",
            )

    def _asked_before(self, sent: Sent) -> RefundRequest | None:
        """Return the request of a call."""
        name = refund_named_in(sent.call.refund_request_id)
        for said in self._facts.said:
            message = said.message
            if isinstance(message, RefundRequest) and said.event_id < sent.event_id:
                is_it = self._facts.name_of(message.refund_id) == name
                if is_it and message.amount in (None, sent.call.amount):
                    return message if message.by.strip() else None
        return None

    def _check_second_person(
        self, sent: Sent, asked: RefundRequest
    ) -> Iterator[Finding]:
        amount, above = sent.call.amount, self._facts.given.second_person_above
        if not needs_second_person(above, amount.currency, [amount]):
            return
        others = [
            said.message.by
            for said in self._facts.said
            if isinstance(said.message, RefundConfirmation)
            and said.refund_id == asked.refund_id
            and said.event_id < sent.event_id
            and not is_same_person(said.message.by, asked.by)
        ]
        if not others:
            yield self._found(
                Rule.SECOND_PERSON,
                sent.event_id,
                f"a second person has confirmed the refund of {in_words(amount)}",
                f"{asked.by} alone has requested it",
            )

    # ---- the outcome ----

    def _check_once(self) -> Iterator[Finding]:
        """Check that no refund returned money under two ids, or with two amounts."""
        facts = self._facts
        for name in dict.fromkeys(
            refund_named_in(one.call.refund_request_id) for one in facts.sent
        ):
            words = facts.words_on(name)
            back = {
                "a cancel" if one.by_cancel else one.request_id: one.event_id
                for one in words
                if one.verdict is RefundVerdict.REFUNDED
            }
            if len(back) > 1:
                yield self._found(
                    Rule.REFUNDED_TWICE,
                    max(back.values()),
                    "one refund for one refund_id",
                    f"Alipay has signed {' and '.join(sorted(back))}",
                )
            amounts = {
                in_words(one.call.amount): one.event_id
                for one in facts.sent
                if refund_named_in(one.call.refund_request_id) == name
            }
            if len(amounts) > 1:
                yield self._found(
                    Rule.REFUNDED_TWICE,
                    max(amounts.values()),
                    "one amount for one refund_id",
                    " and ".join(amounts),
                )

    def _check_given_back(self, one: RefundRecord, event_id: int) -> Iterator[Finding]:
        if self._is_signed_here(one) or self._is_proven(one, one.proof):
            return
        by_persons = self._facts.decided(one.refund_id, RefundDecision.GIVEN_BACK)
        if by_persons or (self._facts.goes_on and one.resolved):
            yield from self._check_decided_by_two(one, event_id)
            return
        yield self._found(
            Rule.REFUNDED_WITHOUT_PROOF,
            event_id,
            f"Alipay's signed message that {in_words(one.amount)} went back "
            f"({one.refund_id}), or a person's decision",
            f"it counts as {one.status}",
        )

    def _is_signed_here(self, one: RefundRecord) -> bool:
        words = self._facts.words_on(self._facts.name_of(one.refund_id))
        return any(
            word.verdict is RefundVerdict.REFUNDED
            or (one.by_cancel and word.code == CANCELLED_BEFORE)
            for word in words
        )

    def _is_proven(self, one: RefundRecord, proof: SignedEvidence | None) -> bool:
        """Whether evidence from an earlier run proves it, by the auditor's keys."""
        if proof is None:
            return False
        reader = Proof(self._keys.client_id or proof.client_id, self._keys.alipay)
        given = self._facts.given
        return any(
            proves_refund(
                reader,
                proof,
                payment_request_id=given.payment_request_id,
                refund_request_id=refund_request_id(
                    given.order_id, one.refund_id, retry
                ),
                amount=one.amount,
            )
            for retry in range(one.retry, 0, -1)
        )

    def _check_refused(self, one: RefundRecord, event_id: int) -> Iterator[Finding]:
        facts = self._facts
        earlier = facts.earlier.get(one.refund_id)
        was_refused = earlier is not None and earlier.status is RefundStatus.REFUSED
        if was_refused or facts.goes_on:
            return  # the run in which it was refused must prove that
        if is_refused_for_certain(facts, one):
            return
        by_persons = facts.decided(
            one.refund_id, RefundDecision.WITHDRAW, RefundDecision.NOT_GIVEN_BACK
        )
        if by_persons:
            yield from self._check_decided_by_two(one, event_id)
            return
        yield self._found(
            Rule.REFUSED_WITHOUT_PROOF,
            event_id,
            f"Alipay's signed refusal of {one.refund_id}, or a person's decision: only "
            f"then are {in_words(one.amount)} refundable again",
            f"it counts as {one.status} ({one.result_code})",
        )

    def _check_decided_by_two(
        self, one: RefundRecord, event_id: int
    ) -> Iterator[Finding]:
        above, amount = self._facts.given.second_person_above, one.amount
        if not needs_second_person(above, amount.currency, [amount]):
            return
        resolved = one.resolved
        confirmed_by = (resolved and resolved.confirmed_by) or ""
        if resolved and confirmed_by and not is_same_person(resolved.by, confirmed_by):
            return
        yield self._found(
            Rule.SECOND_PERSON,
            event_id,
            f"two persons have decided {one.refund_id}, of {in_words(amount)}",
            f"{resolved.by if resolved else 'nobody'}, confirmed by "
            f"{confirmed_by or 'nobody'}",
        )
