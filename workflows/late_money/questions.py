"""Repeats a call about late money with growing pauses, until its answer is final."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow

from contracts import Contract, InquiryAnswer, InquiryVerdict
from workflows.alipay_calls import Question, ask
from workflows.late_money.record import LateMoney
from workflows.operator_view.metrics import count_continued_run
from workflows.payment.backoff import pause
from workflows.releases import LATE_MONEY_CHECKS_ITS_ORDER
from workflows.trust import Trust

AnswerT = TypeVar("AnswerT", bound=Contract)
# How long a call may stay without a final answer before it needs attention. Alipay
# answers within seconds whether an attempt was paid ...
PATIENCE = timedelta(minutes=15)
# ... says three times within a minute that it does not know one (docs/protocol.md 3.5)
MOST_NOT_EXIST = 3
# ... and takes hours for a refund of some wallets: no longest time is documented.
REFUND_PATIENCE = timedelta(days=1)


class SettledByAPersonError(Exception):
    """A person has settled the late money before Alipay gave a final answer."""


class Questions:
    """Asks Alipay and Temporal, until an answer is final or a person has decided."""

    def __init__(self, money: LateMoney, trust: Trust) -> None:
        """Take the record that answers change, and the trust that verifies them."""
        self._money = money
        self._trust = trust
        self._times_kept = 0
        # Whether the run is continued as new, because its history has grown long.
        self.is_full = False

    async def until_certain(
        self,
        question: Question[AnswerT],
        is_open: Callable[[AnswerT], bool] = lambda _: False,
        stands: Callable[[AnswerT], bool] = lambda _: False,
    ) -> AnswerT:
        """Repeat a call with growing pauses until its answer is final.

        Args:
            question: The call.
            is_open: Whether an answer is not final, so that Alipay is asked again.
            stands: Whether an answer counts more than a person's decision that came
                during the call, as money has moved.

        Raises:
            SettledByAPersonError: A person has settled it before the final answer.
        """
        money, tries = self._money, 0
        while True:
            self.stop_if_settled()
            answer = await self.ask(question)
            money.lacks_a_verdict = answer is None
            if answer is not None and money.resolution and stands(answer):
                money.resolution = money.resolved = None
            self.stop_if_settled()
            if answer is not None and not is_open(answer):
                money.is_overdue = False
                money.show(money.view.status)
                return answer
            money.is_overdue = money.is_overdue or self._gets_attention(answer, tries)
            money.show(money.view.status)
            await self.pause(tries, f"Ask again, try {tries + 2}")
            tries += 1

    async def ask(self, question: Question[AnswerT]) -> AnswerT | None:
        """Run the activity; a person's resolution does not wait for a paused one."""
        asked = await ask(
            question,
            self._trust,
            self._money.late.release,
            lambda: self._money.resolution is not None,
        )
        return asked.answer

    def stop_if_settled(self) -> None:
        """Make no more calls once a person has settled it.

        Raises:
            SettledByAPersonError: A person has settled it.
        """
        if self._money.resolution is not None:
            raise SettledByAPersonError

    def _gets_attention(self, answer: Contract | None, tries: int) -> bool:
        """Whether a final answer is missing for so long that it needs attention.

        Late money of an older release needs it too, each time under another patch id: a
        history that was recorded before has no marker for the first one.
        """
        money = self._money
        patience = REFUND_PATIENCE if money.refund_is_in_process else PATIENCE
        is_unknown = (
            isinstance(answer, InquiryAnswer)
            and answer.verdict is InquiryVerdict.NOT_EXIST
            and tries + 1 >= MOST_NOT_EXIST
        )
        if not is_unknown and money.clock.now - money.waits_since < patience:
            return False
        if money.release < LATE_MONEY_CHECKS_ITS_ORDER:
            self._times_kept += 1
            if not workflow.patched(f"freed-by-release-3-{self._times_kept}"):
                return False
            money.release = LATE_MONEY_CHECKS_ITS_ORDER
        return True

    async def pause(self, tries: int, summary: str) -> None:
        """Wait, at most until a person settles it; then continue a long run as new.

        Raises:
            SettledByAPersonError: A person has settled it.
        """
        money = self._money
        timeout = pause(money.late.payment_request_id, tries)
        until = money.clock.now + timeout
        try:
            await workflow.wait_condition(
                lambda: money.resolution is not None,
                timeout=timeout,
                timeout_summary=summary,
            )
        except TimeoutError:
            money.clock.has_reached(until)
        self.stop_if_settled()
        long = workflow.info().is_continue_as_new_suggested()
        if long and money.release >= LATE_MONEY_CHECKS_ITS_ORDER:
            await self._continue_in_a_new_run()

    async def _continue_in_a_new_run(self) -> None:
        """Continue as new: all calls may be repeated, except a refund in process."""
        self.is_full = True
        await workflow.wait_condition(workflow.all_handlers_finished)
        changes = {"carried": self._money.carried(), "release": self._money.release}
        count_continued_run()
        workflow.continue_as_new(self._money.late.model_copy(update=changes))
