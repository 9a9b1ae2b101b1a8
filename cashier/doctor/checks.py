"""Runs checks side by side: each ends in time, and none stops another."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from cashier.doctor.findings import Finding, skipped, wrong
from cashier.temporal_calls import CommandError

ResultT = TypeVar("ResultT")
Findings = AsyncIterator[Finding]

# The code for a defect of ours, as `cashier.__main__` has it.
DEFECT = 70
# By the exit codes of lines, the worst first: a defect of ours, a wrong setting, a
# Temporal that does not answer, anything else.
WORST_FIRST = (DEFECT, 2, 3, 1)


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        subject: What it is about.
        findings: Yields its lines, each as soon as it is known.
        patience: After how many seconds it is given up.
        needs_temporal: Whether it is skipped where Temporal cannot be used, of which
            another check says why.
    """

    subject: str
    findings: Callable[[], Findings]
    patience: float
    needs_temporal: bool = False


async def run_checks(checks: Sequence[Check]) -> list[Finding]:
    """Return the lines of all checks, in the order of the checks."""
    found = await asyncio.gather(*map(_findings_of, checks))
    return [one for lines in found for one in lines]


def exit_code_of(findings: Sequence[Finding]) -> int:
    """Return the exit code of the command: of what is worst, 0 where nothing is."""
    codes = {one.exit_code for one in findings}
    return next((code for code in WORST_FIRST if code in codes), 0)


async def in_own_thread(work: Callable[[], ResultT]) -> ResultT:
    """Return what may take for ever, such as a file on a server that is away.

    It runs in a thread of its own that nobody waits for when the check is given up;
    `asyncio.to_thread` would be waited for at the end of the command.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[ResultT] = loop.create_future()

    def tell(say: Callable[[], None]) -> None:
        if not done.done():
            say()

    def run() -> None:
        try:
            result = work()
        except Exception as error:
            failure = error
            _in_loop(loop, lambda: tell(lambda: done.set_exception(failure)))
        else:
            _in_loop(loop, lambda: tell(lambda: done.set_result(result)))

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
                    found.append(one)  # noqa: PERF401 - kept when it is given up
    except TimeoutError:
        why = f"no end within {check.patience:g} s"
        found.append(wrong(subject, "patience", why, _WHEN_SLOW))
    except CommandError as error:
        code = error.exit_code
        found.append(
            skipped(subject, "Temporal does not answer it", exit_code=code)
            if check.needs_temporal
            else wrong(subject, "answer", str(error), _READ, exit_code=code)
        )
    except Exception as error:
        # Without its words, which may hold a secret.
        why = f"the check itself failed: {type(error).__name__}"
        found.append(wrong(subject, "defect", why, _REPORT, exit_code=DEFECT))
    return found


_WHEN_SLOW = "look whether the network, or the disk, between here and there is away"
_READ = "correct what this names; where nobody answers, look whether Temporal runs"
_REPORT = "this is a defect of ours: report it, with what the line says"
