"""The runbook as a page: readable without a login, linkable, and harmless."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.codec.serving import Codec, a_server, settings_in

TEXT = """\
# Stuck payments

## No worker polls: `cashier stuck`, row 1!
![The list](images/no-worker.png)
See [above](#stuck-payments), [ADR 11](decisions/0011.md), [Temporal](https://temporal.io).

## Twice
## Twice

| what | do |
|---|---|
| it | this |

<script>alert(1)</script> [bad](javascript:alert(1))
"""


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    docs = tmp_path / "docs"
    (docs / "images").mkdir(parents=True)
    (docs / "runbook.md").write_text(TEXT)
    (docs / "images" / "no-worker.png").write_bytes(b"png")
    (docs / "images" / "drawing.svg").write_text("<svg/>")
    (docs / "secret.png").write_bytes(b"elsewhere")
    return docs


@pytest.fixture
async def server(folder: Path, docs: Path) -> AsyncIterator[Codec]:
    async with a_server(settings_in(folder), docs=docs) as server:
        yield server


async def test_headings_can_be_linked_as_on_github(server: Codec) -> None:
    page = (await server.http.get("/runbook")).text
    assert '<h1 id="stuck-payments">' in page
    assert '<h2 id="no-worker-polls-cashier-stuck-row-1">' in page
    assert '<h2 id="twice">' in page
    assert '<h2 id="twice-1">' in page


async def test_images_come_from_here_and_nothing_else_does(server: Codec) -> None:
    page = (await server.http.get("/runbook")).text
    assert 'src="/runbook/images/no-worker.png"' in page
    image = await server.http.get("/runbook/images/no-worker.png")
    assert image.content == b"png"
    assert image.headers["content-type"] == "image/png"
    for name in ("none.png", "drawing.svg", "..%2Fsecret.png", "%2e%2e/secret.png"):
        assert (await server.http.get(f"/runbook/images/{name}")).status_code == 404


async def test_links_that_lead_nowhere_here_are_text(server: Codec) -> None:
    page = (await server.http.get("/runbook")).text
    assert '<a href="#stuck-payments">above</a>' in page
    assert '<a href="https://temporal.io">Temporal</a>' in page
    assert "decisions/0011.md" not in page
    assert "ADR 11" in page


async def test_html_and_scripts_in_it_are_text(server: Codec) -> None:
    answer = await server.http.get("/runbook")
    assert "<script" not in answer.text
    assert 'href="javascript' not in answer.text
    assert "<table>" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_missing_runbook_is_said_in_words(server: Codec, docs: Path) -> None:
    (docs / "runbook.md").unlink()
    answer = await server.http.get("/runbook")
    assert answer.status_code == 404
    assert "docs/runbook.md" in answer.text
