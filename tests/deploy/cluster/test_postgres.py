"""PostgreSQL of a cluster: whom it runs as, and what is said where it cannot."""

import sys
from pathlib import Path

import pytest

from deploy.cluster.database import Database, DatabaseError, is_answering
from deploy.cluster.postgres import Postgres, cut_connections
from deploy.cluster.programs import Programs

PROGRAMS = Programs(
    initdb="/pg/initdb",
    postgres="/pg/postgres",
    psql=sys.executable,
    server="/t/temporal-server",
    sql_tool="/t/temporal-sql-tool",
)


def test_it_runs_as_its_starter_who_is_not_root(tmp_path: Path) -> None:
    postgres = Postgres.in_folder(tmp_path / "cluster", uid=1000)
    command = postgres.command(PROGRAMS, 5433)
    assert command[0] == "/pg/postgres"
    assert postgres.user is None


def test_as_root_it_runs_as_the_user_of_its_package(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path, tmp_path / "password", user="postgres")
    command = postgres.command(PROGRAMS, 5433)
    assert command[0] == "setpriv"
    assert "--reuid=postgres" in command
    assert command[command.index("--") + 1] == "/pg/postgres"


def test_as_root_a_folder_that_its_user_cannot_enter_is_refused(
    tmp_path: Path,
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DatabaseError, match=f"cannot enter {closed}: choose"):
        # Any user that each machine has.
        Postgres.in_folder(closed / "cluster", uid=0, user="nobody")


def test_as_root_without_its_user_the_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="there is no user 'nobody-at-all'"):
        Postgres.in_folder(tmp_path, uid=0, user="nobody-at-all")


def test_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path, tmp_path / "password", user=None)
    command = postgres.command(PROGRAMS, 5433)
    assert "--listen_addresses=127.0.0.1" in command
    assert "--port=5433" in command
    assert "--unix_socket_directories=" in command


def test_connections_of_clients_are_cut_and_nothing_else() -> None:
    # The children of PostgreSQL write what they do where others have their arguments.
    titles = (
        "postgres: temporal temporal 127.0.0.1(40404) idle",
        "postgres: temporal temporal_visibility 127.0.0.1(40406) COMMIT",
        "postgres: checkpointer ",
        "postgres: autovacuum launcher ",
    )
    children = [FakeChild(title) for title in titles]
    assert cut_connections(children) == 2
    assert [child.is_ended for child in children] == [True, True, False, False]


class FakeChild:
    """A process of PostgreSQL, as psutil shows it."""

    def __init__(self, title: str) -> None:
        self._title = title
        self.is_ended = False

    def cmdline(self) -> list[str]:
        return [self._title]

    def terminate(self) -> None:
        self.is_ended = True


def test_a_database_that_refuses_connections_does_not_answer() -> None:
    # The program that asks fails here, as psql does while PostgreSQL starts.
    assert not is_answering(PROGRAMS, Database(port=1, password="x"))
