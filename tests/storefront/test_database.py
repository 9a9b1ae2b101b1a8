"""The shop's database: opened by several processes of the shop, at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from storefront.database import Database

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
