"""Verifies, for `OrderRefunds`, that Alipay has signed each part of an answer."""

from datetime import datetime
from typing import TypeVar, cast

from contracts import (
    AlipayAnswer,
    CancelCall,
    Contract,
    Evidence,
    InquiryCall,
    OrderRefundAnswer,
    OrderRefundCall,
    RefundAnswer,
    RefundNotified,
    RefundRecord,
    SignedEvidence,
)
from translation.refund_proof import proves_refund
from translation.refunds import refund_call_of
from workflows.trust import SignedTrust

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)


class RefundsTrust(SignedTrust):
    """Believes only messages that Alipay has signed; no older release had refunds."""

    async def answer(
        self, call: Contract, said: AnswerT, asked_at: datetime
    ) -> AnswerT | None:
        if isinstance(call, OrderRefundCall) and isinstance(said, OrderRefundAnswer):
            proven = await self._order_refund(call, said, asked_at)
            return cast(AnswerT, proven) if proven else None
        proven_answer = await super().answer(call, said, asked_at)
        if isinstance(proven_answer, RefundAnswer) and said.evidence:
            # The evidence stays with the refund, also in later runs.
            kept = Evidence(request=SignedEvidence(), answer=said.evidence.answer)
            return proven_answer.model_copy(update={"evidence": kept})
        return proven_answer

    async def refund_notice(self, said: RefundNotified) -> RefundNotified | None:
        """Return the proven content of a notice about a refund; None without proof.

        An old notice counts too: a refund's success is final.
        """
        if said.evidence is None:
            return None
        return await self._by_known_or_new_keys(
            said.evidence, lambda proof: proof.refund_notice(said)
        )

    def proven_record(
        self, record: RefundRecord, payment_request_id: str
    ) -> RefundRecord:
        """Return an earlier run's record of a refund, its success only if proven.

        Anybody with rights in Temporal may have written that result. A person's
        decision GIVEN_BACK is kept all the same: to send the refund again, because
        Alipay does not know its id, could give the money back a second time.
        """
        proof = record.proof
        if proof is None or self._proof is None:
            return record.model_copy(update={"proof": None})
        is_proven = proves_refund(
            self._proof,
            proof,
            payment_request_id=payment_request_id,
            refund_request_id=record.refund_request_id,
            amount=record.amount,
        )
        return record if is_proven else record.model_copy(update={"proof": None})

    async def _order_refund(
        self, call: OrderRefundCall, said: OrderRefundAnswer, asked_at: datetime
    ) -> OrderRefundAnswer | None:
        inquiry = InquiryCall(payment_request_id=call.payment_request_id)
        look = await super().answer(inquiry, said.look, asked_at)
        if look is None:
            return None
        cancel, refund = said.cancel, said.refund
        if cancel is not None:
            to_cancel = CancelCall(
                payment_request_id=call.payment_request_id,
                wallet=call.wallet,
                paid_at=look.paid_at,
            )
            cancel = await super().answer(to_cancel, cancel, asked_at)
        if refund is not None:
            to_refund = refund_call_of(call, look)
            refund = await self.answer(to_refund, refund, asked_at)
        if (cancel is None, refund is None) != (
            said.cancel is None,
            said.refund is None,
        ):
            return None  # a request was sent, and its result is not proven
        return said.model_copy(
            update={"look": look, "cancel": cancel, "refund": refund}
        )


def proof_in(said: AlipayAnswer | None) -> SignedEvidence | None:
    """Return only the signed answer of an exchange, without our request."""
    return said.evidence.answer if said and said.evidence else None
