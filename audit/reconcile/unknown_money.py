"""Money that Alipay's files list and we do not know: each movement of it once."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from audit.reconcile.files.columns import FileKind
from audit.reconcile.files.lines import Key, Row


@dataclass
class Unknown:
    """One movement of money that we do not know.

    Attributes:
        there: Its line in each kind of file.
        like: An earlier line with the same ids, if there is one.
    """

    there: dict[FileKind, Row] = field(default_factory=dict)
    like: Row | None = None

    @property
    def row(self) -> Row:
        return self.there.get(FileKind.TRANSACTIONS) or self.there[FileKind.SETTLEMENT]


class UnknownMoney:
    """Lines that nothing of ours explains, put together by movement of money."""

    def __init__(self) -> None:
        self._by_key: dict[Key, list[Unknown]] = defaultdict(list)
        self._nameless: Counter[tuple[FileKind, Key]] = Counter()

    def __iter__(self) -> Iterator[Unknown]:
        for movements in self._by_key.values():
            yield from movements

    def add(self, row: Row, kind: FileKind) -> Row | None:
        """Keep a line; return the line about the same money, if there is one.

        A line that agrees with no earlier one, or has no id of its own and so agrees
        with another by chance, is a movement of its own: none is ever dropped.
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
        """The n-th such line of one kind of file is the n-th of the other kind."""
        number = self._nameless[kind, row.key]
        self._nameless[kind, row.key] += 1
        if number < len(movements):
            movements[number].there[kind] = row
        else:
            like = movements[0].row if movements else None
            movements.append(Unknown({kind: row}, like))
