"""Texts, names and documentation use the trade's words, and not metaphors of our own.

All texts of these parts are checked, because no recorded history holds any of them.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_plain_words import OUR_DIALECT, dialect_names_in

ROOT = Path(__file__).parent.parent
PARTS = (
    "bench",
    "chaos",
    "deploy",
    "examples",
    "settings",
    "simulator",
    "storefront",
    "wallet_looks",
)
PAGES = ("*.md", "docs/*.md", "docs/decisions/*.md", "Dockerfile", "*.yml", "Makefile")
TEXT_FILES = re.compile(r"\.(css|env|html|js|json|sh|toml|ts|ya?ml)")
# Say notify, send, report, show, receive, request, redirect, accept or handle.
DIALECT = re.compile(
    OUR_DIALECT.pattern
    + r"|\b(tell|telling|hears?|heard|wish|wishes|whoever|way back|next door|"
    r"takes? on|taken on|sees? to|(?:is|are) no(?! longer))\b"
    # "There is no file" says what is missing, "this is no file" is dialect.
    r"(?<!there is no)(?<!there are no)",
    re.IGNORECASE,
)


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield each comment and each string, docstrings included, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def without_code(page: str) -> str:
    """Return a page of documentation without its code; the number of lines stays."""
    blocks = re.sub(
        r"^```.*?^```",
        lambda found: "\n" * found[0].count("\n"),
        page,
        flags=re.MULTILINE | re.DOTALL,
    )
    return re.sub("`[^`\n]*`", "", blocks)


@pytest.mark.parametrize("part", PARTS)
def test_all_texts_use_the_words_of_the_trade(part: str) -> None:
    files = [
        file
        for file in sorted((ROOT / part).rglob("*"))
        if "node_modules" not in file.parts and "dist" not in file.parts
    ]
    sources = [file for file in files if file.suffix == ".py"]
    assert sources, f"{part} has moved"
    texts = [(file, *text) for file in sources for text in texts_of(file.read_text())]
    texts += [
        (file, number, line)
        for file in files
        if TEXT_FILES.fullmatch(file.suffix)
        for number, line in enumerate(file.read_text().splitlines(), 1)
    ]
    found = {
        f"{file.relative_to(ROOT)}:{line}": word[0]
        for file, line, text in texts
        for word in DIALECT.finditer(text)
    }
    assert not found


@pytest.mark.parametrize("part", PARTS)
def test_no_name_is_of_our_dialect(part: str) -> None:
    found = {
        f"{file.relative_to(ROOT)}:{line}": name
        for file in sorted((ROOT / part).rglob("*.py"))
        for line, name in dialect_names_in(file.read_text())
    }
    assert not found


@pytest.mark.parametrize("pages", PAGES)
def test_the_documentation_uses_the_words_of_the_trade(pages: str) -> None:
    files = sorted(ROOT.glob(pages))
    assert files, f"{pages} have moved"
    found = {
        f"{file.relative_to(ROOT)}:{number}": word[0]
        for file in files
        for number, line in enumerate(without_code(file.read_text()).splitlines(), 1)
        for word in DIALECT.finditer(line)
    }
    assert not found


def test_dialect_is_found_in_strings_and_pages_and_not_in_code() -> None:
    source = 'def ask() -> str:\n    return "whoever asks"\n'
    assert [text for _, text in texts_of(source)] == ["whoever asks"]
    assert DIALECT.search("whoever asks")
    page = "The shop hears `told`.\n```\nthe shop is told\n```\nIt is told.\n"
    lines = without_code(page).splitlines()
    assert lines == ["The shop hears .", "", "", "", "It is told."]
    assert not DIALECT.search("there is no file")
    assert DIALECT.search("this is no file")
