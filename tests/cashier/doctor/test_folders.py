"""Folders: one that cannot be written to, and a disk that is full, are named."""

import os
from pathlib import Path

from cashier.doctor.checks.findings import State
from cashier.doctor.checks.folders import LEAST_FREE, check_folders
from tests.cashier.doctor.checking import assert_wrong, lines_of


async def test_a_folder_that_can_be_written_to_is_left_as_it_was(
    tmp_path: Path,
) -> None:
    found = await lines_of(
        check_folders({"CASHIER_ARCHIVE_DIR": tmp_path}, free=lambda _: LEAST_FREE)
    )
    assert found["CASHIER_ARCHIVE_DIR"].state is State.OK
    assert os.listdir(tmp_path) == []


async def test_a_folder_that_is_still_to_be_made_is_looked_at_where_it_will_be(
    tmp_path: Path,
) -> None:
    asked = []

    def free(folder: Path) -> int:
        asked.append(folder)
        return LEAST_FREE

    folder = tmp_path / "archive"
    [found] = (await lines_of(check_folders({"it": folder}, free=free))).values()
    assert found.state is State.OK
    assert asked == [tmp_path]
    assert not folder.exists()


async def test_a_folder_that_cannot_be_written_to_is_named() -> None:
    found = await lines_of(check_folders({"CASHIER_ARCHIVE_DIR": Path("/proc/self")}))
    assert_wrong(found["CASHIER_ARCHIVE_DIR"], "/proc/self", "belong to the user")


async def test_a_disk_that_is_nearly_full_is_named(tmp_path: Path) -> None:
    found = await lines_of(
        check_folders({"CASHIER_ARCHIVE_DIR": tmp_path}, free=lambda _: 5_000_000)
    )
    assert_wrong(found["CASHIER_ARCHIVE_DIR"], "only 5 MB", "free some space")


async def test_parts_that_write_nowhere_are_well() -> None:
    [found] = (await lines_of(check_folders({}))).values()
    assert found.state is State.OK
