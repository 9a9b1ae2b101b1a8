"""Renders templates: escaped, in the visitor's language."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from storefront.visits import Visit
from storefront.words import LANGUAGES
from wallet_looks import mark_of

FOLDER: Final = Path(__file__).parent
STATIC: Final[Mapping[str, Path]] = {
    file.name: file for file in sorted((FOLDER / "static").iterdir())
}
# The URL contains the version, so that browsers may cache for a year.
CACHED: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
VERSION: Final = hashlib.sha256(
    b"".join(file.read_bytes() for file in STATIC.values())
).hexdigest()[:12]

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _mark(code: str) -> Markup:
    """Return a wallet's mark as part of a page; it only repeats the name beside it."""
    hidden = '<svg class="mark" aria-hidden="true" focusable="false"'
    return Markup(mark_of(code).replace("<svg", hidden, 1))  # noqa: S704 - ours


_TEMPLATES.globals.update(version=VERSION, mark=_mark, languages=LANGUAGES)

router = APIRouter()


@router.get("/static/{name}")
async def static(name: str) -> FileResponse:
    """One of the shop's few files: style, script, icon."""
    if name not in STATIC:
        raise HTTPException(404)
    return FileResponse(STATIC[name], headers=CACHED)


def fragment(name: str, visit: Visit, **content: object) -> str:
    """Return a part of a page."""
    return _TEMPLATES.get_template(name).render(visit=visit, t=visit.words, **content)


def page(
    name: str,
    visit: Visit,
    *,
    http_status: int = 200,
    cart_count: int = 0,
    **content: object,
) -> HTMLResponse:
    """Return a whole page.

    Args:
        name: The template's name.
        visit: The visitor's request.
        http_status: The status of the response.
        cart_count: The number of articles in the visitor's cart, for the header.
        content: Other values of the template.
    """
    return HTMLResponse(
        fragment(name, visit, cart_count=cart_count, **content), http_status
    )
