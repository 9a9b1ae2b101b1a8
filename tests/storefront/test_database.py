"""The shop's database: opened by several processes of the shop, at the same moment."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

from storefront.ordering.database import SCHEMA, Database

# Without the lock, one in four rounds failed.
ROUNDS = 30
PROCESSES = 4


def test_processes_that_start_together_all_find_the_tables(tmp_path: Path) -> None:
    together = Barrier(PROCESSES)

    def start(database: Database) -> None:
        together.wait()
        database.prepare()

    with ThreadPoolExecutor(PROCESSES) as processes:
        for number in range(ROUNDS):
            file = tmp_path / str(number) / "shop.sqlite"
            list(processes.map(start, [Database(file) for _ in range(PROCESSES)]))


def test_a_file_of_an_older_release_gets_what_it_lacks_and_keeps_what_it_has(
    tmp_path: Path,
) -> None:
    file = tmp_path / "shop.sqlite"
    before = SCHEMA.replace(
        """not null,             -- what it changed in the order
    review text                       -- the decision to make; null for outcomes""",
        "not null",
    )
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(before)
        connection.execute("insert into callbacks values (1, 2, 3, 4, 5, 6, 7, 8)")
        connection.commit()
    for _ in range(2):
        Database(file).prepare()
    with closing(sqlite3.connect(file)) as connection:
        [row] = connection.execute("select * from callbacks")
    assert row == (*"12345678", None)
