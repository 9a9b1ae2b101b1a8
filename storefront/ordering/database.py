"""The shop's own database in SQLite; each piece of work is one transaction."""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

# Another process of the shop may be writing; a commit takes some milliseconds.
PATIENCE_SECONDS = 5
SCHEMA = """
create table if not exists carts (
    token text primary key,
    lines text not null,              -- JSON: product id to quantity
    changed_at text not null
) strict;
create table if not exists orders (
    token text primary key,           -- in the address of its pages
    order_id text not null unique,    -- for the payment API, and for the customer
    cart text not null unique,        -- so that a cart becomes only one order
    ordered_at text not null,
    market text not null,
    language text not null,
    currency text not null,
    value integer not null,           -- minor units
    lines text not null,              -- JSON: the articles and their prices
    wallet text not null,             -- the last one that the customer chose
    notice text,                      -- JSON: a refusal of the API, for the page
    status text not null,             -- NEW, or the newest certain outcome
    status_at text,                   -- when that outcome was certain
    paid_attempt text,
    fulfilled_at text                 -- set once: the goods are sent once
) strict;
create table if not exists callbacks (
    webhook_id text primary key,      -- the same in repeats
    order_id text not null,
    type text not null,
    payment_request_id text not null,
    outcome text not null,
    occurred_at text not null,
    received_at text not null,
    effect text not null,             -- what it changed in the order
    review text                       -- the decision to make; null for outcomes
) strict;
create table if not exists refunds (
    order_id text not null,
    refund_id text not null,          -- made with the form; also the API's id
    value integer not null,           -- minor units of the order's currency
    status text not null,             -- ASKED, or the newest status from the API
    status_at text not null,
    asked_by text not null,           -- a name of our staff, or the API's name
    asked_at text,
    reason text not null,             -- the customer may see it
    note text not null,
    code text,                        -- the reason of a refusal
    advice text,                      -- in the API's words, as is waits_for
    waits_for text,
    primary key (order_id, refund_id)
) strict;
create index if not exists callbacks_of_orders on callbacks (order_id);
"""
# Columns of later releases, which are added to a file of an older release.
ADDED = {"callbacks": {"review": "text"}}

ResultT = TypeVar("ResultT")


class BusyError(Exception):
    """Another process, such as a backup, has locked the file for too long."""


class Database:
    """An SQLite file, in which readers do not wait for writers (WAL)."""

    def __init__(self, file: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        """Use a file.

        Args:
            file: The database, which may not exist yet.
            patience: How long to wait for a lock, in seconds.
        """
        self._file = file
        self._patience = patience

    def prepare(self) -> None:
        """Create the file and its tables if needed."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with _alone_in(self._file.parent), closing(self._connect()) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(SCHEMA)
            for table, columns in ADDED.items():
                _add_missing(connection, table, columns)

    async def transact(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        """Run `work` as one transaction; it is on disk when this returns.

        Raises:
            BusyError: The file stayed locked; nothing was changed.
        """
        return await asyncio.to_thread(self._transact, work)

    def _transact(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        with _busy_errors(), closing(self._connect()) as connection:
            # Locked for writing at once: a transaction that reads first could find
            # that another one has written in between.
            connection.execute("begin immediate")
            try:
                result = work(connection)
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")
            return result

    async def read(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        """Read without waiting for writers.

        Raises:
            BusyError: The file stayed locked, even for readers.
        """
        return await asyncio.to_thread(self._read, work)

    def _read(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        with _busy_errors(), closing(self._connect()) as connection:
            return work(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._file, timeout=self._patience, isolation_level=None
        )
        connection.row_factory = sqlite3.Row
        connection.execute("pragma synchronous = full")
        return connection


def _add_missing(
    connection: sqlite3.Connection, table: str, columns: Mapping[str, str]
) -> None:
    there = {row["name"] for row in connection.execute(f"pragma table_info({table})")}
    for name, kind in columns.items():
        if name not in there:
            connection.execute(f"alter table {table} add column {name} {kind}")


@contextmanager
def _busy_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        # The lower byte is the kind of the error; the rest has details.
        if error.sqlite_errorcode & 0xFF not in (
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
        ):
            raise
        raise BusyError(str(error)) from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let other processes of the shop wait: else SQLite's change to WAL may fail."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
