"""Renders the report's HTML from templates: escaped, without scripts."""

import base64
import hashlib
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER: Final = Path(__file__).parent / "templates"
STYLE: Final = (FOLDER / "report.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# The report is opened as a local file: injected HTML can neither run nor load anything.
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'"
# The longest text that is shown.
LONGEST_TEXT: Final = 2_000
# The actors with a style of their own.
_WHO: Final = ("alipay", "operator", "shop")


def shown(text: object) -> str:
    """Return a foreign text with invisible characters made visible.

    The template escapes HTML; this replaces characters that would reverse or hide parts
    of a line, so that the report would show another text.
    """
    told = str(text)
    if len(told) > LONGEST_TEXT:
        told = f"{told[:LONGEST_TEXT]}... ({len(told):,} characters)"
    return "".join(_visible(sign) for sign in told)


def in_utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def generate(template: str, **content: object) -> Iterator[str]:
    """Yield a template's text in pieces, so that no whole page is in memory."""
    return _ENVIRONMENT.get_template(template).generate(
        style=Markup(STYLE),  # noqa: S704 - a file of ours
        policy=Markup(POLICY),  # noqa: S704 - a constant and a hash
        **content,
    )


def render(template: str, **content: object) -> str:
    return _ENVIRONMENT.get_template(template).render(**content)


def _visible(sign: str) -> str:
    # Line and paragraph separators, control and format characters (such as
    # bidirectional marks), surrogates and unassigned ones; all blanks become a space.
    if sign in "\n\t":
        return " "
    if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"):
        return f"\\u{ord(sign):04x}"
    return sign


def _style_of(who: str) -> str:
    return f"who-{who.lower()}" if who.lower() in _WHO else ""


_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=False,
)
_ENVIRONMENT.filters.update(shown=shown, utc=in_utc, who=_style_of)
