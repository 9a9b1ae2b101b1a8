"""Runs checks concurrently: each has a time limit, and none stops another."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from cashier.doctor.checks.findings import Finding, skipped, wrong
from cashier.temporal_calls import CommandError

ResultT = TypeVar("ResultT")
Findings = AsyncIterator[Finding]

# The exit code for a bug of this program, as in `cashier.__main__`.
DEFECT = 70
# The exit codes of findings, the worst first: a bug of this program, a wrong setting, a
# Temporal that does not answer, any other.
WORST_FIRST = (DEFECT, 2, 3, 1)


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        subject: Its subject, as in the report.
        findings: Yields its findings, each as soon as it is known.
        patience: Its time limit in seconds.
        needs_temporal: Whether it is skipped where Temporal cannot be used; another
            check reports why.
    """

    subject: str
    findings: Callable[[], Findings]
    patience: float
    needs_temporal: bool = False


async def run_checks(checks: Sequence[Check]) -> list[Finding]:
    """Return the findings of all checks, in the order of the checks."""
    found = await asyncio.gather(*map(_findings_of, checks))
    return [one for lines in found for one in lines]


def exit_code_of(findings: Sequence[Finding]) -> int:
    """Return the exit code of the command: that of the worst finding, or 0."""
    codes = {one.exit_code for one in findings}
    return next((code for code in WORST_FIRST if code in codes), 0)


async def in_own_thread(work: Callable[[], ResultT]) -> ResultT:
    """Run a function that may block for ever, such as reading a file of a dead server.

    It runs in a thread of its own that nobody waits for after the time limit; the end
    of the command would wait for `asyncio.to_thread`.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[ResultT] = loop.create_future()

    def finish(say: Callable[[], None]) -> None:
        if not done.done():
            say()

    def run() -> None:
        try:
            result = work()
        except Exception as error:
            failure = error
            _in_loop(loop, lambda: finish(lambda: done.set_exception(failure)))
        else:
            _in_loop(loop, lambda: finish(lambda: done.set_result(result)))

    threading.Thread(target=run, name="doctor", daemon=True).start()
    return await done


def _in_loop(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(work)


async def _findings_of(check: Check) -> list[Finding]:
    found: list[Finding] = []
    subject = check.subject
    try:
        async with asyncio.timeout(check.patience):
            async with aclosing(check.findings()) as findings:  # type: ignore[type-var]
                async for one in findings:
                    found.append(one)  # noqa: PERF401 - kept after the time limit
    except TimeoutError:
        why = f"not completed within {check.patience:g} s"
        found.append(wrong(subject, "patience", why, _WHEN_SLOW))
    except CommandError as error:
        code = error.exit_code
        found.append(
            skipped(subject, "Temporal does not answer", exit_code=code)
            if check.needs_temporal
            else wrong(subject, "answer", str(error), _READ, exit_code=code)
        )
    except Exception as error:
        # Without the error's message, which may contain a secret.
        why = f"the check itself failed: {type(error).__name__}"
        found.append(wrong(subject, "defect", why, _REPORT, exit_code=DEFECT))
    return found


_WHEN_SLOW = "check the network, or the disk, between here and there"
_READ = (
    "correct the setting named here; where no server answers, check whether Temporal "
    "runs"
)
_REPORT = "this is a bug of this program: report it with this line"
