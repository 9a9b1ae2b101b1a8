"""Verifies bundles, each history in them, and all histories of an order together.

Uses all cores, in the order of the index; memory does not grow with the number of
histories (docs/decisions/0017-what-proves-a-payment.md).
"""

import asyncio
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import closing
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from audit.bundle.index import Entry
from audit.bundle.manifest import MANIFEST, digest_of
from audit.bundle.reading import Bundle, BundleError
from audit.bundle.same_history import is_same_history
from audit.findings import Finding, Rule
from audit.rules.keys import VerifierKeys
from audit.story.timeline import Story, StoryStep
from audit.verify.coverage import Coverage, chain_findings, notes_on
from audit.verify.history import Verifier, unreadable, verify_history
from audit.verify.open_runs import OpenRuns, without_an_end
from audit.verify.orders import Ledger, Seen
from audit.verify.runs import Runs
from audit.verify.verdicts import HistoryVerdict

__all__ = [
    "HistoryVerdict",
    "Story",
    "StoryStep",
    "Verdicts",
    "VerifierKeys",
    "verify_bundles",
    "verify_history",
]

# Half a second of work: long compared with a message between processes, short enough
# for Ctrl-C.
CHUNK = 40
# Chunks in flight for each process, so that it never waits.
AHEAD = 2

Tell = Callable[[int, int], None]


class Verdicts(Iterable[HistoryVerdict]):
    """The verdicts on all histories of some bundles, made during the iteration.

    Attributes:
        bundle_findings: Findings about the bundles; after the iteration, also those
            about several histories together.
        bundle_notes: What these bundles cannot prove, and resets; complete after the
            iteration.
    """

    def __init__(
        self,
        bundles: Sequence[Bundle],
        keys: VerifierKeys,
        *,
        processes: int,
        tell: Tell,
    ) -> None:
        self._bundles = bundles
        self._keys = keys
        self._processes = processes
        self._tell = tell
        self.bundle_findings: list[Finding] = []
        self.bundle_notes: list[str] = []
        self._open = OpenRuns()

    def __iter__(self) -> Iterator[HistoryVerdict]:
        total = sum(bundle.manifest.histories for bundle in self._bundles)
        runs = Runs(Coverage.of(self._bundles))
        with Ledger() as ledger, closing(runs):
            verdicts = self._verdicts(ledger)
            for done, verdict in enumerate(verdicts, start=1):
                runs.meet(verdict.entry.run_id)
                self._open.add(verdict)
                if verdict.claims:
                    self.bundle_findings += ledger.add(verdict.claims)
                    self.bundle_notes += verdict.claims.resets
                    runs.add(verdict.claims)
                yield verdict
                self._tell(done, total)
            self.bundle_findings += ledger.close()
            self.bundle_findings += runs.findings()
            self.bundle_notes += runs.notes()
            self.bundle_notes += self._open.notes()

    def _verdicts(self, ledger: Ledger) -> Iterator[HistoryVerdict]:
        executor = _executor(self._processes)
        under_way: deque[Future[list[HistoryVerdict]]] = deque()
        try:
            for folder, entries in self._work(ledger):
                under_way.append(
                    executor.submit(verify_entries, folder, entries, self._keys)
                )
                if len(under_way) >= AHEAD * self._processes:
                    yield from under_way.popleft().result()
            while under_way:
                yield from under_way.popleft().result()
            # An orderly shutdown, or Python warns of leaked semaphores at the end.
            executor.shutdown()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)

    def _work(self, ledger: Ledger) -> Iterator[tuple[Path, list[Entry]]]:
        """Yield each history once, although several bundles may contain it."""
        for number, bundle in enumerate(self._bundles):
            entries = self._new_ones(number, ledger)
            for chunk in _chunks(entries):
                yield bundle.folder, chunk

    def _new_ones(self, number: int, ledger: Ledger) -> Iterator[Entry]:
        bundle = self._bundles[number]
        for entry in bundle.entries():
            known = ledger.note(entry, number)
            if known is None:
                self.bundle_findings += without_an_end(entry, bundle.manifest.selection)
                yield entry
            elif not self._is_same(known, bundle, entry):
                self.bundle_findings.append(
                    Finding(
                        Rule.FILE_CHANGED,
                        entry.workflow_id,
                        entry.order_id,
                        expected=f"the history of run {entry.run_id} in another bundle",
                        seen=f"another history of that run in {bundle.folder.name}",
                    )
                )
                yield entry

    def _is_same(self, known: Seen, bundle: Bundle, entry: Entry) -> bool:
        """Whether an earlier history of the run has the same content."""
        if known.sha256 == entry.sha256:
            return True
        try:
            before = self._bundles[known.bundle].read_bytes(known.file)
            return is_same_history(before, bundle.read_bytes(entry.file))
        except (BundleError, OSError):
            return False


def verify_bundles(
    bundles: Sequence[Bundle],
    keys: VerifierKeys,
    *,
    processes: int,
    tell: Tell,
    previous: Path | None = None,
) -> Verdicts:
    """Verify bundles: first the bundles, then one history after the other.

    Args:
        bundles: The bundles' folders; an order's histories may be in several.
        keys: The auditor's keys.
        processes: The number of processes; 1 is this process.
        tell: Called after each history with the number of finished ones, and of all.
        previous: The bundle before the first; None looks for it beside that one. The
            previous bundles of the others are looked for among those given, and then
            beside them.

    Raises:
        KeyFormatError: A key cannot be read.
        KeyringError: A payload key cannot be read.
    """
    keys.check()
    verdicts = Verdicts(bundles, keys, processes=max(1, processes), tell=tell)
    given = {digest_of(one.folder / MANIFEST): one.folder for one in bundles}
    for bundle in bundles:
        before = given.get(bundle.manifest.previous or "", previous)
        verdicts.bundle_findings += bundle.problems(keys.bundle, before)
    verdicts.bundle_findings += chain_findings(bundles, previous)
    verdicts.bundle_notes += notes_on(bundles, previous)
    return verdicts


def verify_entries(
    folder: Path, entries: list[Entry], keys: VerifierKeys
) -> list[HistoryVerdict]:
    """Verify some histories of a bundle, in this process."""
    return asyncio.run(_verify_entries(Bundle.open(folder), entries, keys))


async def _verify_entries(
    bundle: Bundle, entries: list[Entry], keys: VerifierKeys
) -> list[HistoryVerdict]:
    verdicts = []
    async with Verifier(keys) as verifier:
        for entry in entries:
            try:
                text = bundle.read(entry)
            except BundleError as error:
                verdicts.append(unreadable(entry, str(error)))
            else:
                verdicts.append(await verifier.verify(text, entry))
    return verdicts


def _executor(processes: int) -> Executor:
    if processes == 1:
        return ThreadPoolExecutor(1)
    # Spawned, because the SDK's core has threads, which a fork would not copy.
    return ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_leave_ctrl_c
    )


def _leave_ctrl_c() -> None:
    """Ignore Ctrl-C: the parent process handles it, and stops this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _chunks(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while chunk := list(islice(entries, CHUNK)):
        yield chunk
