"""One version everywhere: it names the release, and the changelog describes it."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cashier.commands import app
from contracts import RELEASE
from version import (
    VERSION,
    identity_of_worker,
    release_of,
    version_of_worker,
)

ROOT = Path(__file__).parent.parent
HEADING = re.compile(r"^## (\d+)\.(\d+)\.(\d+) \((\d{4}-\d{2}-\d{2})\)$", re.MULTILINE)


def changes() -> list[tuple[tuple[int, ...], date]]:
    """Return the versions of the changelog with their dates."""
    found = HEADING.findall((ROOT / "CHANGELOG.md").read_text())
    return [
        (tuple(map(int, numbers)), date.fromisoformat(day)) for *numbers, day in found
    ]


def test_the_version_names_the_release() -> None:
    assert release_of(VERSION) == RELEASE


@pytest.mark.parametrize("text", ["", "3", "1.3.0", "0.x.1", "0.3", "4f1c9d", "0.3.b"])
def test_a_foreign_version_has_no_release(text: str) -> None:
    assert release_of(text) is None


def test_a_worker_with_another_build_id_reports_our_version_too() -> None:
    named = identity_of_worker("7@host")
    assert version_of_worker(named, "registry-tag-6f8d") == VERSION
    assert version_of_worker("7@host", "0.3.1") == "0.3.1"
    assert version_of_worker("7@a/b", "6f8d") == "6f8d"


def test_pyproject_has_the_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


def test_the_changelog_begins_with_the_version_and_goes_back_to_the_first() -> None:
    versions = [version for version, _ in changes()]
    assert versions[0] == tuple(map(int, VERSION.split(".")))
    assert versions == sorted(versions, reverse=True)
    assert {release for _, release, _ in versions} == {*range(RELEASE + 1)}
    days = [day for _, day in changes()]
    assert days == sorted(days, reverse=True)
    headings = re.findall(r"^## .*$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert len(headings) == len(versions), "a heading that is no version and date"


def test_the_upgrading_guide_has_a_chapter_for_each_release() -> None:
    text = (ROOT / "docs" / "upgrading.md").read_text()
    asked = re.findall(r"^### To 0\.(\d+)$", text, re.MULTILINE)
    assert [int(one) for one in asked] == [*range(RELEASE, 0, -1)]


def test_the_command_prints_the_version() -> None:
    shown = CliRunner().invoke(app, ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"cashier {VERSION}\n")
