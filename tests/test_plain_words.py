"""Docstrings, comments and names use the trade's words, and not metaphors of our own.

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
# Parts that were read twice have none of these, in help texts and messages either.
READ_TWICE = (
    "api",
    "audit",
    "cashier",
    "codec",
    "http_server",
    "telemetry",
    "visibility",
)
# Say who, if, requested, learns, notified, rollback, endpoint, records, again.
IN_NO_TEXT = re.compile(
    r"\b(told|tells|telling|whoever|wish(es|ed)?|heard|hears|way back|doors?|books"
    r"|whose words|sees to it|at one sitting|goes without)\b",
    re.IGNORECASE,
)

# Read once more, with their tests: these words are not used there either.
PLAIN_PARTS = (
    "activities",
    "alipay",
    "contracts",
    "translation",
    "worker.py",
    "workflows",
    "tests/activities",
    "tests/alipay",
    "tests/histories",
    "tests/translation",
    "tests/workflows",
    "tests/builders.py",
    "tests/fakes.py",
    "tests/signing.py",
)
# Say notify, send, return or distinguish; anybody who; signals, updates and queries;
# request; notified; without limit; continue; unanswered; again.
MORE_DIALECT = re.compile(
    r"\b(tell|telling|whoever|doors?|wish(?:es)?|hears?|heard|for ever|go(?:es)? on"
    r"|in vain|anew|at rest|word of|been told)\b|^(?:# )?What(?:ever)? ",
    re.IGNORECASE,
)
NAMES_OF_OURS = re.compile(
    r"(?:^|_)(told|tells?|telling|teller|untold|wish|wishes|hears?|heard|doors?|anew"
    r"|go_on|goes_on|in_vain|whoever|played)(?:_|$)"
)
# In recorded histories, or in the contracts: these keep their names.
RECORDED_NAMES = {
    "CancelWish",
    "Heard",
    "PageWish",
    "WalletWish",
    "also_tell",
    "cancel_wish",
    "heard",
    "review_told",
    "reviews_told",
    "tell_shop",
    "tells_shop",
    "untold",
    "wallet_wish",
}


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


def dialect_in(
    source: str, dialect: re.Pattern[str] = OUR_DIALECT
) -> list[tuple[int, str]]:
    """Return the lines that use a word of ours, with the word."""
    return [
        (line, found[0])
        for line, text in prose_of(source)
        for found in dialect.finditer(text)
    ]


def names_in(source: str) -> Iterator[tuple[int, str]]:
    """Yield each name that the source defines: of functions, classes and variables."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr


def dialect_names_in(source: str) -> list[tuple[int, str]]:
    """Return the names that use a word of ours, but for recorded ones."""
    return [
        (line, name)
        for line, name in names_in(source)
        if name not in RECORDED_NAMES
        and not any(recorded in name for recorded in ("tell_shop", "also_tell"))
        and NAMES_OF_OURS.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    ]


def files_of(part: str) -> list[Path]:
    """Return the Python files of a folder, or the file itself."""
    path = ROOT / part
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield each docstring, comment and string of several words, with its line."""
    yield from prose_of(source)
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=str(text)) if " " in text.strip():
                yield node.lineno, text


@pytest.mark.parametrize("part", READ_TWICE)
def test_what_people_read_is_free_of_metaphors(part: str) -> None:
    files = sorted((ROOT / part).rglob("*.py"))
    assert files, f"{part} has moved"
    found = {
        f"{file.relative_to(ROOT)}:{line}": match[0]
        for file in files
        for line, text in texts_of(file.read_text())
        for match in IN_NO_TEXT.finditer(text)
    }
    assert not found


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


@pytest.mark.parametrize("part", PLAIN_PARTS)
def test_workflows_and_their_parts_are_described_in_plain_words(part: str) -> None:
    assert files_of(part), f"{part} has moved"
    found = {
        f"{file.relative_to(ROOT)}:{line}": word
        for file in files_of(part)
        for line, word in dialect_in(file.read_text(), MORE_DIALECT)
    }
    assert not found


@pytest.mark.parametrize("part", PLAIN_PARTS)
def test_names_use_the_words_of_the_trade(part: str) -> None:
    found = {
        f"{file.relative_to(ROOT)}:{line}": name
        for file in files_of(part)
        for line, name in dialect_names_in(file.read_text())
    }
    assert not found


def test_a_name_of_ours_is_found_and_a_recorded_one_is_not() -> None:
    source = "class ToldShop:\n    tells_shop = 1\n\ndef until_told(wish): ...\n"
    assert sorted(dialect_names_in(source)) == [
        (1, "ToldShop"),
        (4, "until_told"),
        (4, "wish"),
    ]
    assert dialect_in('"""What it is."""\n# whoever asks\n', MORE_DIALECT) == [
        (1, "What "),
        (2, "whoever"),
    ]


def test_a_message_of_several_words_is_found_and_a_name_is_not() -> None:
    texts = [text for _, text in texts_of('say("the shop hears of it", by="told")')]
    assert texts == ["the shop hears of it"]
