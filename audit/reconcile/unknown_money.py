"""Collects money that is only in Alipay's files: each movement once."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from audit.reconcile.files.columns import FileKind
from audit.reconcile.files.lines import Key, Row


@dataclass
class Unknown:
    """One movement of money that is not in our histories.

    Attributes:
        there: Its line in each kind of file.
        like: An earlier line with the same ids, if any.
    """

    there: dict[FileKind, Row] = field(default_factory=dict)
    like: Row | None = None

    @property
    def row(self) -> Row:
        return self.there.get(FileKind.TRANSACTIONS) or self.there[FileKind.SETTLEMENT]


class UnknownMoney:
    """The lines without a movement in our histories, grouped by movement."""

    def __init__(self) -> None:
        self._by_key: dict[Key, list[Unknown]] = defaultdict(list)
        self._nameless: Counter[tuple[FileKind, Key]] = Counter()

    def __iter__(self) -> Iterator[Unknown]:
        for movements in self._by_key.values():
            yield from movements

    def add(self, row: Row, kind: FileKind) -> Row | None:
        """Add a line; return another line about the same movement, if any.

        A line that agrees with no earlier one is a movement of its own, as is a line
        without an id of its own, which may agree by chance: no line is dropped.
        """
        movements = self._by_key[row.key]
        if not row.own_id:
            self._add_nameless(movements, row, kind)
            return None
        for one in movements:
            if row.agrees_with(one.row):
                before = one.there.setdefault(kind, row)
                return None if before is row else before
        like = movements[0].row if movements else None
        movements.append(Unknown({kind: row}, like))
        return None

    def _add_nameless(self, movements: list[Unknown], row: Row, kind: FileKind) -> None:
        """Match the n-th such line of one kind of file with the n-th of the other."""
        number = self._nameless[kind, row.key]
        self._nameless[kind, row.key] += 1
        if number < len(movements):
            movements[number].there[kind] = row
        else:
            like = movements[0].row if movements else None
            movements.append(Unknown({kind: row}, like))
