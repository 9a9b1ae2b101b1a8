"""`GET /runbook`: the runbook for stuck payments; the Temporal UI links to it."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, Response
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from codec.server.pages import HEADERS, page

# The files in docs/images; not SVG, which can contain scripts.
IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.(png|jpg|webp)")


class Runbook:
    """Serves `runbook.md` as a page, with its images; it contains no secrets."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "runbook.md"
        self._images = folder / "images"
        self._markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
        self.router = APIRouter(include_in_schema=False, prefix="/runbook")
        self.router.get("")(self.show)
        self.router.get("/images/{name}")(self.image)

    def show(self) -> Response:
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return page("missing.html", status=404, file=self._file.name)
        tokens = self._markdown.parse(text)
        _give_anchors(tokens)
        for token in tokens:
            token.children = _served_here(token.children or [])
        text = self._markdown.renderer.render(tokens, self._markdown.options, {})
        # HTML in the source is disabled, so all HTML comes from the renderer.
        return page("runbook.html", body=Markup(text))  # noqa: S704

    def image(self, name: str) -> Response:
        path = self._images / name
        if not IMAGE.fullmatch(name) or not path.is_file():
            raise HTTPException(404, "There is no such image.")
        return FileResponse(path, headers=HEADERS)


def _give_anchors(tokens: Sequence[Token]) -> None:
    """Give each heading the id that GitHub gives it, so that links work in both."""
    seen: Counter[str] = Counter()
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open":
            text = "".join(
                child.content
                for child in inline.children or []
                if child.type in ("text", "code_inline")
            )
            slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
            heading.attrSet("id", f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1


def _served_here(children: list[Token]) -> list[Token]:
    """Point images to this server, and turn links to other files into text."""
    kept = []
    open_links: list[bool] = []
    for child in children:
        if child.type == "image":
            child.attrSet("src", f"/runbook/{child.attrs['src']}")
        if child.type == "link_open":
            target = str(child.attrs["href"])
            open_links.append(target.startswith(("#", "https://", "http://")))
        if child.type not in ("link_open", "link_close") or open_links[-1]:
            kept.append(child)
        if child.type == "link_close":
            open_links.pop()
    return kept
