"""Every test, file and command that the documents name exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from alipay.wallets import WALLETS
from contracts import EXPIRY_MARGIN, EXPIRY_SPREAD
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


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_chapter_that_a_document_links_to_exists(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", document.read_text())
    files = {name: document.parent / name if name else document for name, _ in links}
    markdown = {name: file for name, file in files.items() if file.suffix == ".md"}
    chapters = {name: chapters_of(file) for name, file in markdown.items()}
    assert [link for link in links if link[1] not in chapters.get(link[0], ())] == []


def chapters_of(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_make_command_of_a_document_is_a_target_of_make(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = document.read_text()
    blocks = "".join(re.findall(r"^```\n.*?^```$", text, re.MULTILINE | re.DOTALL))
    named = re.findall(r"^make ([a-z-]+)", blocks, re.MULTILINE)
    named += re.findall(r"`make ([a-z-]+)", text)
    assert set(named) <= targets


def test_a_shop_reads_how_long_after_its_time_a_payment_ends() -> None:
    least, most = EXPIRY_MARGIN, EXPIRY_MARGIN + EXPIRY_SPREAD
    words = f"{least.seconds} to {most.seconds} seconds after `expires_at`"
    assert f"{words} (the *margin*)" in DOCUMENT.read_text()


def test_each_list_of_wallets_is_named_where_a_wallet_is_added() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    chapter = text.partition("## Add a wallet")[2].partition("\n## ")[0]
    lists = {name for name in files_of_ours() if names_most_wallets(ROOT / name)}
    assert "alipay/wallets.toml" in lists
    assert [name for name in sorted(lists) if f"`{name}`" not in chapter] == []
    named = re.findall(r"`([\w/]+/[\w.]+)`", chapter)
    assert [name for name in named if not (ROOT / name).exists()] == []


def files_of_ours() -> Iterator[str]:
    """Yield the files of code and data in the folders of the repository."""
    for folder in ROOT.iterdir():
        if folder.is_dir() and not folder.name.startswith("."):
            for file in folder.rglob("*.*"):
                if file.suffix in {".py", ".toml", ".json", ".ts"}:
                    yield file.relative_to(ROOT).as_posix()


def names_most_wallets(file: Path) -> bool:
    words = set(re.findall(r"[A-Z0-9_]+", file.read_text(errors="ignore")))
    return len(words & WALLETS.keys()) * 2 > len(WALLETS)


def test_the_readme_is_read_in_some_minutes() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "make demo" in readme
    assert "make test" in readme
    # More belongs into docs/, whose index says where.
    assert len(readme.splitlines()) <= 170


def test_the_index_names_every_document() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    named = set(re.findall(r"\]\(([^)#]+)", index))
    documents = {file.name for file in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert sorted(documents - named) == []


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


def test_a_superseding_decision_says_so_itself() -> None:
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
    """Return the head of a decision, which names others that it changes."""
    head = re.split(r"^(?:## |\*\*)Context", decision.read_text(), flags=re.MULTILINE)
    return head[0]


def test_every_failure_has_a_test() -> None:
    text = (ROOT / "docs" / "failure-modes.md").read_text()
    rows = re.findall(r"^\| (\d+) \|.*\|(.*)\|$", text, re.MULTILINE)
    assert [int(number) for number, _ in rows] == [*range(1, len(rows) + 1)]
    assert all("`test_" in proofs for _, proofs in rows)
