"""Docstrings and comments use the trade's words, and not metaphors of our own.

Strings are not checked: those in recorded histories must keep their words.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = (
    "activities",
    "alipay",
    "api",
    "audit",
    "cashier",
    "codec",
    "http_server",
    "telemetry",
    "translation",
    "visibility",
    "workflows",
)
# Say notified, sent, returned, shown or logged; rerun; shielded; malformed; merchant's
# rules.
OUR_DIALECT = re.compile(
    r"\b(told|tells|undeterred|forgiving|witness|testimony|house rules?)\b",
    re.IGNORECASE,
)


def prose_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield each docstring and comment, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and (text := ast.get_docstring(node, clean=False)):
            yield node.body[0].lineno, text
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def dialect_in(source: str) -> list[tuple[int, str]]:
    """Return the lines that use a word of ours, with the word."""
    return [
        (line, found[0])
        for line, text in prose_of(source)
        for found in OUR_DIALECT.finditer(text)
    ]


@pytest.mark.parametrize("part", PARTS)
def test_docstrings_and_comments_use_the_words_of_the_trade(part: str) -> None:
    files = sorted((ROOT / part).rglob("*.py"))
    assert files, f"{part} has moved"
    found = {
        f"{file.relative_to(ROOT)}:{line}": word
        for file in files
        for line, word in dialect_in(file.read_text())
    }
    assert not found


def test_a_docstring_and_a_comment_are_found_and_a_string_is_not() -> None:
    source = '"""Tells the shop."""\nnews = "told"  # the shop is told\n'
    assert dialect_in(source) == [(1, "Tells"), (2, "told")]
