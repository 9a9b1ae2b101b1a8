"""`/docs`: the API's documentation as a page, without scripts from other hosts."""

import base64
import hashlib
import re
from importlib import resources
from pathlib import Path
from typing import Final, Literal

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse

from api.headers import POLICY

FOLDER: Final = Path(str(resources.files("fastapi_swagger"))) / "resources"
SCRIPT, STYLE, ICON = "swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"

router = APIRouter(include_in_schema=False)


def _page() -> str:
    # Relative, so that the page works behind a proxy that adds a path.
    answer = get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Durable cashier",
        swagger_js_url=f"docs/{SCRIPT}",
        swagger_css_url=f"docs/{STYLE}",
        swagger_favicon_url=f"docs/{ICON}",
    )
    return bytes(answer.body).decode()


def _policy_of(page: str) -> str:
    """Return the policy that allows this page to run its own script only."""
    [script] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{digest}'",
            "style-src 'self'",
            # The style sheet contains its images.
            "img-src 'self' data:",
            # The page calls openapi.json, and the API for "Try it out".
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


_PAGE: Final = _page()
_HEADERS: Final = {POLICY: _policy_of(_PAGE)}


@router.get("/docs")
async def docs() -> HTMLResponse:
    return HTMLResponse(_PAGE, headers=_HEADERS)


@router.get("/docs/{name}")
async def asset(
    name: Literal["swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"],
) -> FileResponse:
    return FileResponse(FOLDER / name)
