"""`cashier settings`: docs/settings.md, the settings of all processes, as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_settings import BaseSettings

from cashier.doctor.settings import CLASSES, Part
from cashier.setting_rows import SettingRow, rows_of
from cashier.settings import OperatorSettings
from settings.temporal import MEANINGS, RULES, SECRETS

# Typer brings its own copy of Click, whose classes are not public.
Command = Any

OPENING: Final = """\
# Settings

What each process reads from its environment. Variables `CASHIER_...`, `STOREFRONT_...`
and `SIMULATOR_...` may also stand in a file `.env` in the folder where the process
starts; the environment takes precedence. This page is made from the descriptions in the
code, and tests compare it: after a change of a setting, `make settings` renews it.

- A wrong setting is named before anything starts: the variable, and the rule that it
  breaks, without the value. The process ends with exit code 2. `cashier doctor` checks
  the settings of all processes.
- Blanks, line feeds, quotation marks and invisible characters *around* a value are
  removed; inside a value they are refused. A variable that is set and empty counts as
  not set ([decision 31](decisions/0031-settings-as-they-were-meant.md)).
- *Needed*: **yes**, or in which case. The examples hold the least with which a process
  starts.
- *Secret*: what only this process may read. Secrets come as files: the variable names
  the file or the folder; how to renew them says
  [SECURITY.md](../SECURITY.md#secrets-and-how-each-is-renewed). *hashes only*: a file
  that does not hold the keys or passwords themselves.
- A URL holds visible ASCII characters, a host that is a name or an address in full
  (`127.1` is refused), a port from 1 to 65535 if any, and no fragment; only the URL of
  a proxy may hold a name and a password.
- The reasons: [keys and clear text](decisions/0011-payloads-are-encrypted.md), the
  [outgoing proxy](decisions/0030-outgoing-proxy.md), the
  [sandbox](decisions/0034-no-sandbox-in-production.md),
  [probes](decisions/0037-liveness-is-the-event-loop.md),
  [versions of workers](decisions/0045-versioned-workers.md), how many
  [workflows in memory](benchmarks.md), and the [limits](capacity.md#limits).
- `cashier up` and the demos do not take settings from the environment: `cashier up`
  takes them by `--set NAME=VALUE` ([decision 24](decisions/0024-local-systems.md)).
"""

OPTIONS: Final = """\
These variables replace options of commands, in the environment only, not in `.env`:
"""

TEMPORAL: Final = """\
Worker, API, archiver and command line connect to Temporal or Temporal Cloud. Temporal's
SDK reads these variables, and [more](https://docs.temporal.io/references/client-environment-configuration),
from the environment only, not from `.env`; they are checked as all others are. None is
needed where Temporal is at `localhost:7233`. Where Temporal cannot be reached, the
worker ends with exit code 3.
"""

# Read by libraries and tools: the variable, what reads it, what it means.
OTHERS: Final = (
    (
        "`OTEL_EXPORTER_OTLP_ENDPOINT`",
        "worker, API",
        "Where traces go, by OTLP over HTTP. Not set: traces are off. The rest of "
        "OpenTelemetry's variables count too ([observing](observing.md#traces))",
    ),
    (
        "`FORWARDED_ALLOW_IPS`",
        "API, codec server, demo shop",
        "Addresses of the proxies in front, whose headers name the caller; uvicorn "
        "reads it ([proxy](proxy.md))",
    ),
    (
        "`TEMPORAL_CLI_PATH`",
        "`cashier up`, demos, tests",
        "The program `temporal` of the local server. Not set: the one beside Python or "
        "on the `PATH`, or it is downloaded",
    ),
)


@dataclass(frozen=True)
class Chapter:
    """One process.

    Attributes:
        title: What the process is called.
        user: What needs the settings of the example, in Markdown.
        settings: The class of its settings.
    """

    title: str
    user: str
    settings: type[BaseSettings]


def chapters() -> Sequence[Chapter]:
    """Return a chapter for each process."""
    return (
        Chapter("Worker", "`cashier worker`", CLASSES[Part.WORKER]()),
        Chapter("API", "`cashier api`", CLASSES[Part.API]()),
        Chapter("Codec server", "`cashier codec-server`", CLASSES[Part.CODEC]()),
        Chapter("Archiver", "`cashier audit archiver`", CLASSES[Part.ARCHIVER]()),
        Chapter("Command line", "reading and resolving payments", OperatorSettings),
        Chapter("Simulator", "`cashier simulator`", CLASSES[Part.SIMULATOR]()),
        Chapter("Demo shop", "`cashier storefront`", CLASSES[Part.STOREFRONT]()),
    )


def settings_document(commands: Command) -> str:
    """Return the document.

    Args:
        commands: The group of all commands, whose options the environment may give.
    """
    parts = [OPENING]
    for chapter in chapters():
        parts.append(_chapter(chapter))
        if chapter.settings is OperatorSettings:
            parts.append(f"{OPTIONS}\n{_options_table(commands)}")
    parts += [f"## Temporal\n\n{TEMPORAL}\n{_temporal_table()}"]
    parts.append(f"## Read by libraries and tools\n\n{_others_table()}")
    return "\n".join(parts)


def _chapter(chapter: Chapter) -> str:
    rows = rows_of(chapter.settings)
    least = "".join(f"{row.name}={row.example}\n" for row in rows if row.example)
    reaches = getattr(chapter.settings, "uses_temporal", False)
    besides = ", besides [Temporal's address](#temporal)" if reaches else ""
    return (
        f"## {chapter.title}\n\nThe least for {chapter.user}{besides}:\n\n"
        f"```\n{least}```\n\n{_table(rows)}"
    )


def _table(rows: Iterable[SettingRow]) -> str:
    return _markdown_table(
        ("Variable", "Meaning", "Form", "Default", "Needed", "Secret"),
        (
            (
                f"`{row.name}`",
                row.meaning,
                row.form,
                row.default,
                row.needed,
                row.secret,
            )
            for row in rows
        ),
    )


def _options_table(commands: Command) -> str:
    users: dict[tuple[str, str], list[str]] = {}
    for words, option in _options(commands, "cashier"):
        users.setdefault((option.envvar, option.help), []).append(f"`{words}`")
    return _markdown_table(
        ("Variable", "Meaning", "Commands"),
        (
            (f"`{name}`", meaning, ", ".join(words))
            for (name, meaning), words in sorted(users.items())
        ),
    )


def _options(command: Command, words: str) -> Iterator[tuple[str, Command]]:
    for option in command.params:
        if option.envvar:
            yield words, option
    for name, one in getattr(command, "commands", {}).items():
        yield from _options(one, f"{words} {name}")


def _temporal_table() -> str:
    return _markdown_table(
        ("Variable", "Meaning", "Form", "Secret"),
        (
            (f"`{name}`", meaning, _temporal_form(name), SECRETS.get(name, ""))
            for name, meaning in MEANINGS.items()
        ),
    )


def _others_table() -> str:
    return _markdown_table(("Variable", "Read by", "Meaning"), OTHERS)


def _temporal_form(name: str) -> str:
    if name.endswith(("_PATH", "_FILE")):
        return "path of a file"
    _, rule = RULES.get(name, (None, "text"))
    return rule.removeprefix("must be ")


def _markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
