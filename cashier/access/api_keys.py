"""Makes, renews and removes the keys of the HTTP API."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from api.callers.keys import ApiKey, ApiKeysError, Scope, changing, new_key, read_keys
from contracts import Money, in_words


def read_scopes(text: str) -> list[Scope]:
    """Return the scopes of a list with commas.

    Raises:
        ApiKeysError: One of them is not a scope.
    """
    wanted = {part.strip() for part in text.split(",")}
    if not wanted <= set(Scope):
        raise ApiKeysError(
            f"--scopes: must be one or more of {','.join(Scope)}, separated by commas"
        )
    return [scope for scope in Scope if scope in wanted]


def read_limits(texts: Iterable[str]) -> dict[str, int] | None:
    """Return limits of refunds, each written as CURRENCY=VALUE; None where none are.

    Raises:
        ApiKeysError: One breaks that form, or a currency comes twice.
    """
    limits: dict[str, int] = {}
    for text in texts:
        made = re.fullmatch(r"([A-Z]{3})=([1-9][0-9]{0,15})", text)
        if not made or made[1] in limits:
            raise ApiKeysError(
                "--refund-limit: must be CURRENCY=VALUE in minor units, such as "
                "PHP=500000, once for each currency"
            )
        limits[made[1]] = int(made[2])
    return limits or None


def add_key(
    file: Path,
    name: str,
    scopes: Iterable[Scope],
    per_minute: int | None = None,
    refund_limits: Mapping[str, int] | None = None,
) -> str:
    """Make a key and store its hash; return the key, which is stored nowhere.

    Raises:
        ApiKeysError: The file cannot be used, or the name has a key already.
    """
    scopes, key = tuple(scopes), new_key()
    if refund_limits and Scope.REFUND not in scopes:
        raise ApiKeysError("--refund-limit: needs the scope refund")
    file.parent.mkdir(parents=True, exist_ok=True)
    with changing(file) as keys:
        if any(one.name == name for one in keys):
            raise ApiKeysError(
                f"{name} already has a key; `cashier api-keys rotate` renews it"
            )
        keys.append(
            ApiKey.of(
                key,
                name=name,
                scopes=scopes,
                per_minute=per_minute,
                refund_limits=refund_limits,
            )
        )
    return key


def rotate_key(file: Path, name: str, overlap: timedelta) -> tuple[str, ApiKey]:
    """Make a new key of a name; its present key ends after the overlap.

    Returns:
        The new key, and the old one as stored.

    Raises:
        ApiKeysError: The file cannot be used, or the name does not have exactly one
            valid key.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    key = new_key()
    with changing(file) as keys:
        live = [one for one in keys if one.name == name and not one.has_ended(now)]
        if not live:
            raise ApiKeysError(f"{name!r} has no key in {str(file)!r} to be renewed")
        if len(live) > 1:
            ends = min(one.ends_at for one in live if one.ends_at)
            raise ApiKeysError(
                f"{name} is being renewed already: its older key ends at {_time(ends)}"
            )
        [old] = live
        ending = old.model_copy(update={"ends_at": _sooner(old.ends_at, now + overlap)})
        new = ApiKey.of(
            key,
            name=name,
            scopes=old.scopes,
            per_minute=old.per_minute,
            refund_limits=old.refund_limits,
        )
        keys[:] = [one for one in keys if one.name != name] + [ending, new]
    return key, ending


def remove_keys(file: Path, name: str) -> int:
    """Remove the keys of a name; return how many there were.

    Raises:
        ApiKeysError: The file cannot be used, or there is no such name.
    """
    with changing(file) as keys:
        left = [one for one in keys if one.name != name]
        removed = len(keys) - len(left)
        if not removed:
            raise ApiKeysError(f"{name!r} has no key in {str(file)!r}")
        keys[:] = left
    return removed


def list_keys(file: Path, console: Console) -> None:
    """List names, scopes and expiries of the keys; the keys themselves are not stored.

    Raises:
        ApiKeysError: The file cannot be used.
    """
    now = datetime.now(UTC)
    table = Table(
        "Name", "Id", "Scopes", "Calls a minute", "Refunds up to", "Made", "Ends"
    )
    for key in read_keys(file):
        ends = _time(key.ends_at) if key.ends_at else ""
        table.add_row(
            key.name,
            key.id,
            ", ".join(key.scopes),
            str(key.per_minute or "default"),
            _limits(key),
            _time(key.made_at),
            f"[red]ended {ends}" if key.has_ended(now) else ends,
        )
    console.print(table)


def _limits(key: ApiKey) -> str:
    """Return the most that one refund with the key may be, as text."""
    if Scope.REFUND not in key.scopes:
        return ""
    limits = (key.refund_limits or {}).items()
    found = [in_words(Money(currency=code, value=most)) for code, most in limits]
    return "\n".join(found) or "any amount"


def _sooner(ends_at: datetime | None, otherwise: datetime) -> datetime:
    return min(ends_at, otherwise) if ends_at else otherwise


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
