"""Pages of this server: escaped, without scripts, never cached."""

import base64
import hashlib
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent / "templates"
TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined
)
STYLE = (FOLDER / "style.css").read_text()
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{_STYLE_HASH}'",
            "img-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: with it, browsers send the form with the origin `null`.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page(name: str, *, status: int = 200, **content: object) -> HTMLResponse:
    """Return a page made of a template."""
    text = TEMPLATES.get_template(name).render(style=STYLE, **content)
    return HTMLResponse(text, status, HEADERS)
