"""Writes the examples into docs/storefronts.md: `python -m tests.examples.showing`.

Each stands there between a marker, `<!-- its file -->`, and the end of its code block.
"""

import re

from tests.examples.running import EXAMPLES

DOCUMENT = EXAMPLES.parent / "docs" / "storefronts.md"
SHOWN = re.compile(
    r"^(?P<head><!-- (?P<file>examples/\S+) -->\n```\w+\n)(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def renewed(text: str) -> str:
    """Return the document with each example as its file is now."""
    return SHOWN.sub(
        lambda shown: (
            f"{shown['head']}{(EXAMPLES.parent / shown['file']).read_text()}```"
        ),
        text,
    )


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text()))
