"""What `make test` runs together, and that CI runs what it leaves out."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.conftest import SHARING, ByFileOrSystem

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text()
# Minutes of killing servers, and programs that a CI runner does not have.
BY_HAND = {"disaster-test", "cluster-test"}


def recipe_of(target: str) -> str:
    """Return the lines of the Makefile that make a target."""
    [recipe] = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    return str(recipe)


def in_ci() -> set[str]:
    run = (ROOT / ".ci" / "run").read_text()
    return set(re.findall(r"^make ([a-z-]+)", run, re.MULTILINE))


def test_ci_runs_the_slow_tests_and_all_others() -> None:
    for target in ("test", "check"):
        assert '$(PYTEST) -m "not slow"\n' in recipe_of(target)
    assert "$(PYTEST) -m slow " in recipe_of("slow-test")
    assert in_ci() >= {"check", "slow-test"}


def test_each_folder_that_is_not_collected_has_a_command_which_ci_runs() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    left_out = settings["tool"]["pytest"]["ini_options"]["norecursedirs"]
    folders = {one for one in left_out if one.startswith("tests/")}
    targets = re.findall(r"^([a-z-]+-test|browser):", MAKEFILE, re.MULTILINE)
    commands = {
        folder: target
        for target in targets
        for folder in folders
        if f"pytest {folder}\n" in recipe_of(target).replace("$(PYTEST)", "pytest")
    }
    assert commands.keys() == folders
    assert set(commands.values()) <= in_ci() | BY_HAND


@pytest.mark.parametrize(
    ("folder", "name"), [(folder, one) for folder in SHARING for one in SHARING[folder]]
)
def test_files_that_share_a_system_run_in_one_process(folder: str, name: str) -> None:
    assert (ROOT / folder / name).is_file()
    scheduler = object.__new__(ByFileOrSystem)
    assert scheduler._split_scope(f"{folder}/{name}::test_x") == folder
    assert scheduler._split_scope("tests/test_x.py::test_x") == "tests/test_x.py"
