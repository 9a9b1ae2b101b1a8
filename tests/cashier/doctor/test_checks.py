"""Checks end in time, whatever they wait for, and none stops another."""

import asyncio
import threading
from pathlib import Path

import pytest

from cashier.doctor.checks.findings import State, ok, skipped, wrong
from cashier.doctor.checks.running import (
    Check,
    Findings,
    exit_code_of,
    in_own_thread,
    run_checks,
)
from cashier.temporal_calls import UnreachableError, WrongSettingError

SECRET = "whsec_of-nobody-elses-business"


async def well() -> Findings:
    yield ok("well", "it", "is")


async def hangs() -> Findings:
    yield ok("hangs", "before", "this was found")
    await asyncio.Event().wait()


async def fails() -> Findings:
    yield ok("fails", "before", "this was found")
    raise RuntimeError(f"a bug, with {SECRET}")


async def cannot_reach() -> Findings:
    yield ok("temporal", "before", "this was found")
    raise UnreachableError("Temporal cannot be reached")


async def test_a_check_that_hangs_is_given_up_and_keeps_what_it_found() -> None:
    found = await run_checks([Check("hangs", hangs, 0.05), Check("well", well, 5)])
    assert [(one.name, one.state) for one in found] == [
        ("before", State.OK),
        ("patience", State.WRONG),
        ("it", State.OK),
    ]
    assert "not completed within 0.05 s" in found[1].why


async def test_a_check_that_fails_stops_no_other_and_shows_no_secret() -> None:
    found = await run_checks([Check("fails", fails, 5), Check("well", well, 5)])
    assert [one.name for one in found] == ["before", "defect", "it"]
    assert "RuntimeError" in found[1].why
    assert SECRET not in str(found)
    assert exit_code_of(found) == 70


async def test_what_may_take_for_ever_is_waited_for_no_longer_than_the_check() -> None:
    away = threading.Event()

    async def reads_a_disk_that_is_away() -> Findings:
        await in_own_thread(away.wait)
        yield ok("disk", "it", "never comes")

    [found] = await run_checks([Check("disk", reads_a_disk_that_is_away, 0.05)])
    away.set()
    assert found.name == "patience"


async def test_what_is_done_apart_is_returned_or_raised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("it")
    assert await in_own_thread((tmp_path / "file").read_text) == "it"
    with pytest.raises(FileNotFoundError):
        await in_own_thread((tmp_path / "none").read_text)


async def test_what_is_wrong_with_temporal_itself_is_said_once() -> None:
    checks = [
        Check("temporal", cannot_reach, 5),
        Check("workers", cannot_reach, 5, needs_temporal=True),
    ]
    found = await run_checks(checks)
    assert [(one.subject, one.state) for one in found if one.name != "before"] == [
        ("temporal", State.WRONG),
        ("workers", State.SKIPPED),
    ]
    # Also where it has gone away in between, all is not called well.
    assert exit_code_of(found[2:]) == 3


async def test_the_exit_code_is_of_what_is_worst() -> None:
    fine = [ok("a", "b", "c"), skipped("a", "of something else")]
    one = wrong("a", "b", "c", "d")
    setting = wrong("a", "b", "c", "d", exit_code=WrongSettingError.exit_code)
    away = await run_checks([Check("temporal", cannot_reach, 5)])
    assert exit_code_of(fine) == 0
    assert exit_code_of([*fine, one]) == 1
    assert exit_code_of([*fine, one, *away]) == 3
    assert exit_code_of([*fine, one, *away, setting]) == 2
