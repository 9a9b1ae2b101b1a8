"""PostgreSQL as one process of the cluster: its files, its user, its connections."""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from cashier.system.ports import HOST
from cashier.system.private_files import make_private_folder
from deploy.cluster.database import Database, DatabaseError
from deploy.cluster.programs import Programs

# The user of Debian's package; PostgreSQL refuses to run as root.
USER = "postgres"
# Four services with at most 20 + 10 connections each, and some for people.
MOST_CONNECTIONS = 150


@dataclass(frozen=True)
class Postgres:
    """The files and the user of one PostgreSQL.

    Attributes:
        folder: Holds its data, and belongs to its user.
        password_file: Readable by the owner of the cluster only.
        user: The user of its process; None for the current user.
    """

    folder: Path
    password_file: Path
    user: str | None

    @classmethod
    def in_folder(
        cls, folder: Path, *, uid: int | None = None, user: str = USER
    ) -> "Postgres":
        """Return the PostgreSQL of a cluster's folder; as root, another user's.

        Args:
            folder: The cluster's folder.
            uid: Our user id; None for that of the process.
            user: The user to run it as if we are root.

        Raises:
            DatabaseError: We are root, and that user does not exist or cannot enter the
                folder.
        """
        is_root = (os.geteuid() if uid is None else uid) == 0
        if is_root:
            _check_can_enter(folder, user)
        runs_as = user if is_root else None
        return cls(folder / "postgres", folder / "postgres-password", runs_as)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def prepare(self, programs: Programs) -> None:
        """Create an empty database server if there is none.

        Raises:
            DatabaseError: `initdb` failed; with its output.
        """
        make_private_folder(self.folder)
        if (self.data / "PG_VERSION").exists():
            return
        # The rest of an interrupted start.
        shutil.rmtree(self.data, ignore_errors=True)
        password = secrets.token_hex(16)
        given = self.folder / "password"
        given.write_text(password)
        given.chmod(0o600)
        for path in (self.folder, given):
            if self.user:
                shutil.chown(path, self.user, self.user)
        done = subprocess.run(
            self._as_user(
                *(programs.initdb, "--pgdata", str(self.data), "--encoding", "UTF8"),
                *("--locale", "C", "--username", Database.user),
                *("--auth", "scram-sha-256", "--pwfile", str(given)),
            ),
            cwd=self.folder,
            env={"PATH": os.defpath},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        given.unlink()
        if done.returncode:
            raise DatabaseError(f"initdb failed:\n{done.stdout.strip()}")
        self.password_file.unlink(missing_ok=True)
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(password)

    def command(self, programs: Programs, port: int) -> list[str]:
        """Return the command that serves the data on a port of 127.0.0.1."""
        settings = {
            "listen_addresses": HOST,
            "port": port,
            "unix_socket_directories": "",
            "max_connections": MOST_CONNECTIONS,
        }
        options = (f"--{name}={value}" for name, value in settings.items())
        return self._as_user(programs.postgres, "-D", str(self.data), *options)

    def _as_user(self, *command: str) -> list[str]:
        if self.user is None:
            return [*command]
        # It execs the command, which keeps the process id.
        options = (f"--reuid={self.user}", f"--regid={self.user}", "--init-groups")
        return ["setpriv", *options, "--", *command]


class Backend(Protocol):
    """A process of PostgreSQL for one client, as psutil shows it."""

    def cmdline(self) -> list[str]: ...

    def terminate(self) -> None: ...


def cut_connections(children: Iterable[Backend]) -> int:
    """End all connections of clients, as `pg_terminate_backend` does; return how many.

    Args:
        children: The processes that PostgreSQL has started: one for each client, and
            some for its own work.
    """
    ended = 0
    for child in children:
        with suppress(psutil.NoSuchProcess):
            # `postgres: temporal temporal_visibility 127.0.0.1(40404) idle`
            if f" {HOST}(" in " ".join(child.cmdline()):
                child.terminate()
                ended += 1
    return ended


def _check_can_enter(folder: Path, user: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError:
        raise DatabaseError(
            f"PostgreSQL does not run as root, and there is no user {user!r}, which "
            "the package postgresql creates"
        ) from None
    for parent in folder.absolute().parents:
        if parent.exists() and not parent.stat().st_mode & 0o001:
            raise DatabaseError(
                f"PostgreSQL does not run as root, so it runs as the user {user}, "
                f"which cannot enter {parent}: choose another place by --folder"
            )
