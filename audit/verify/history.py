"""Verifies one history: replayed, compared, its evidence and its money checked."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from temporalio.client import WorkflowHistory

from audit.bundle.describing import RUNNING, differences
from audit.bundle.index import Entry
from audit.findings import Finding, Rule
from audit.history.answers import trusts_of
from audit.history.people import settled_by_a_person
from audit.history.record import Record, UnreadableHistoryError, read_history
from audit.replay.comparison import compare
from audit.replay.ending import check_end
from audit.replay.order_of_events import check_order
from audit.replay.replaying import Replays
from audit.rules.evidence import check_evidence
from audit.rules.invariants import check_invariants, claims_of
from audit.rules.keys import VerifierKeys
from audit.rules.labels import check_labels
from audit.rules.people import check_people
from audit.rules.refunds import check_refunds
from audit.rules.rerun import ActivityRerun
from audit.rules.stopped import check_stopped
from audit.story.timeline import Story, story_of
from audit.verify.verdicts import HistoryVerdict
from codec.payload_codec import EncryptingCodec
from translation.proof import serve

# Both the replayed code and the invariants may report these for one event.
_SAID_ONCE = (Rule.NOBODY_NAMED, Rule.SECOND_PERSON)


class Verifier:
    """Verifies histories one after the other; use `async with`, in one event loop."""

    def __init__(self, keys: VerifierKeys) -> None:
        self._keys = keys
        self._codec = EncryptingCodec(keys.keyring) if keys.keyring else None
        self._rerun = ActivityRerun(keys.alipay)
        self._replays = Replays()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._replays)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def verify(self, text: str, entry: Entry) -> HistoryVerdict:
        """Verify one history, given as Temporal's JSON."""
        try:
            record = read_history(text, self._codec)
            return await self._verify(record, entry)
        except UnreadableHistoryError as error:
            return unreadable(entry, str(error))
        except Exception as odd:
            # Any error that a forged file causes means that it is not proven.
            return unreadable(entry, f"cannot be verified ({type(odd).__name__})")

    def _let_code_verify(self, record: Record) -> None:
        """Make the replayed code verify with the auditor's keys only.

        A history that trusts a key the auditor does not have fails to replay.
        """
        clients = {trust.client_id for trust in trusts_of(record)}
        for client_id in {self._keys.client_id} if self._keys.client_id else clients:
            serve(client_id, self._keys.alipay)

    async def _verify(self, record: Record, entry: Entry) -> HistoryVerdict:
        _ = record.input  # otherwise it cannot be verified
        self._let_code_verify(record)
        same = WorkflowHistory(record.workflow_id, record.events)
        findings = [*differences(entry, same, None), *check_labels(record)]
        out_of_order = list(check_order(record))
        findings += out_of_order
        if not out_of_order:
            replayed = await self._replays.replay(record)
            findings += compare(record, replayed)
            findings += check_end(record, replayed, is_open=entry.status == RUNNING)
        evidenced = await check_evidence(record, self._keys, self._rerun)
        findings += evidenced.findings
        findings += check_invariants(record, evidenced)
        findings += check_refunds(record, evidenced, self._keys)
        findings += check_stopped(record, evidenced)
        findings += check_people(record, evidenced)
        return HistoryVerdict(
            entry,
            list(_each_once(findings)),
            story_of(record, evidenced),
            evidenced.notes,
            claims_of(record, evidenced),
            settled_by_a_person(record, evidenced),
        )


def _each_once(findings: Iterable[Finding]) -> Iterable[Finding]:
    said = set()
    for finding in findings:
        key = (finding.rule, finding.event_id)
        if finding.rule in _SAID_ONCE and key in said:
            continue
        said.add(key)
        yield finding


def unreadable(entry: Entry, why: str) -> HistoryVerdict:
    """Return the verdict on an unreadable history, which only the index describes."""
    finding = Finding(
        Rule.UNREADABLE,
        entry.workflow_id,
        entry.order_id,
        expected="a history that can be read",
        seen=why,
    )
    story = Story(
        workflow_id=entry.workflow_id,
        run_id=entry.run_id,
        order_id=entry.order_id,
        outcome=entry.outcome,
        wallet="",
        amount=entry.amount_minor,
        currency=entry.currency,
        started_at=entry.started_at,
        closed_at=entry.closed_at,
        steps=[],
    )
    return HistoryVerdict(entry, [finding], story)


def verify_history(text: str, entry: Entry, keys: VerifierKeys) -> HistoryVerdict:
    """Verify one history alone, without the other histories of its order.

    Args:
        text: Temporal's JSON.
        entry: Its index entry; `audit.bundle.describing.describe` makes one.
        keys: What the auditor holds.

    Raises:
        KeyFormatError: A key cannot be read.
        KeyringError: The same, of the payload keys.
    """

    async def verify() -> HistoryVerdict:
        async with Verifier(keys) as verifier:
            return await verifier.verify(text, entry)

    # In a thread of its own, because the caller may be in an event loop.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, verify()).result()
