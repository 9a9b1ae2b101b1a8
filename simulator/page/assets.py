"""Style, script, colours and marks of the cashier page, each at its own URL.

The page needs no inline code, so that its content security policy can forbid it.
"""

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from simulator.requests.pay_request import WALLET_CODE
from wallet_looks import look_of, mark_of

STATIC = Path(__file__).parent / "static"
# The only two files: no part of a request becomes a path.
FILES = {
    name: ((STATIC / name).read_text(encoding="utf-8"), media_type)
    for name, media_type in (
        ("cashier.css", "text/css"),
        ("cashier.js", "text/javascript"),
    )
}
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)
# Not cached: a restart may bring other files, and these are small and local.
HEADERS = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}


class Assets:
    """Everything under /assets."""

    def __init__(self) -> None:
        self.router = APIRouter(tags=["Wallet"], prefix="/assets")
        get = self.router.get
        get("/colours/{wallet}.css", response_class=Response)(self.colours)
        get("/marks/{wallet}.svg", response_class=Response)(self.mark)
        get("/{name}", response_class=Response)(self.file)

    async def file(self, name: str) -> Response:
        """The page's own style or script."""
        if name not in FILES:
            raise HTTPException(404, "There is no such file.")
        text, media_type = FILES[name]
        return Response(text, 200, HEADERS, media_type)

    async def colours(self, wallet: str) -> Response:
        """A wallet's colours; neutral ones for a wallet that has no look."""
        colours = TEMPLATES.get_template("colours.css")
        return _drawn(lambda: colours.render(look=look_of(wallet)), wallet, "text/css")

    async def mark(self, wallet: str) -> Response:
        """A wallet's mark."""
        return _drawn(lambda: mark_of(wallet), wallet, "image/svg+xml")


def _drawn(draw: Callable[[], str], wallet: str, media_type: str) -> Response:
    if not WALLET_CODE.fullmatch(wallet):
        raise HTTPException(404, "There is no such wallet.")
    return Response(draw(), 200, HEADERS, media_type)
