"""Links from the Temporal UI into the operators' runbook (docs/runbook.md)."""


def runbook_link(url: str | None, chapter: str) -> str:
    """Return a link in Markdown; an empty text if the runbook's address is not set."""
    return f" [What to do: see the runbook]({url}#{chapter})." if url else ""
