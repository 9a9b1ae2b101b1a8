"""What the documents promise exists: every test, file and command they name."""

import re
from pathlib import Path

import pytest

from tests.examples.showing import DOCUMENT, SHOWN, renewed

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
NAMES = [document.relative_to(ROOT).as_posix() for document in DOCUMENTS]
TESTS = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", document.read_text()))
    assert [name for name in sorted(named) if f"def {name}(" not in TESTS] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_file_that_a_document_links_to_exists(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_code_that_is_shown_to_storefronts_is_the_code_that_is_tested() -> None:
    text = DOCUMENT.read_text()
    shown = [found["file"] for found in SHOWN.finditer(text)]
    assert sorted(shown) == sorted(
        file.relative_to(ROOT).as_posix()
        for suffix in ("py", "sh", "ts")
        for file in ROOT.glob(f"examples/*/*.{suffix}")
    )
    assert text == renewed(text), "run: .venv/bin/python -m tests.examples.showing"


def test_every_command_of_the_readme_is_a_target_of_make() -> None:
    makefile, readme = ROOT / "Makefile", ROOT / "README.md"
    targets = set(re.findall(r"^([a-z-]+):", makefile.read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", readme.read_text()))
    assert named - {"are"} <= targets


def test_a_superseded_decision_says_by_which() -> None:
    heads = {file.name: head_of(file) for file in ROOT.glob("docs/decisions/*.md")}
    silent = [
        f"{old} does not name {new}"
        for new, head in heads.items()
        for paragraph in head.split("\n\n")
        if re.match("Supersedes|Amends|Adds to", paragraph)
        for old in re.findall(r"\]\(([^)]+)\)", paragraph)
        if new not in heads[old]
    ]
    assert silent == []


def test_what_supersedes_a_decision_says_so_itself() -> None:
    heads = {file.name: head_of(file) for file in ROOT.glob("docs/decisions/*.md")}
    silent = [
        f"{new} does not name {old}"
        for old, head in heads.items()
        for paragraph in head.split("\n\n")
        if re.match("(Partly s|S)uperseded|Amended", paragraph)
        for new in re.findall(r"\]\((\d[^)]+)\)", paragraph)
        if old not in heads[new]
    ]
    assert silent == []


def head_of(decision: Path) -> str:
    """Return what stands before a decision's context: which others it changes."""
    head = re.split(r"^(?:## |\*\*)Context", decision.read_text(), flags=re.MULTILINE)
    return head[0]


def test_every_failure_has_a_test() -> None:
    text = (ROOT / "docs" / "failure-modes.md").read_text()
    rows = re.findall(r"^\| (\d+) \|.*\|(.*)\|$", text, re.MULTILINE)
    assert [int(number) for number, _ in rows] == [*range(1, len(rows) + 1)]
    assert all("`test_" in proofs for _, proofs in rows)
