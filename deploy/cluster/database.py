"""The two PostgreSQL databases of a cluster, and their schemas."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from cashier.system.ports import HOST
from deploy.cluster.programs import Programs


class DatabaseError(Exception):
    """The databases cannot be created or updated."""


@dataclass(frozen=True)
class Database:
    """The connection to the cluster's databases.

    Attributes:
        port: PostgreSQL's port on 127.0.0.1.
        password: The user's password.
        user: A user with all rights.
        histories: The database of workflow histories.
        visibility: The database of the list of workflows.
        plugin: Temporal's name for this kind of database.
    """

    port: int
    password: str
    user: str = "temporal"
    histories: str = "temporal"
    visibility: str = "temporal_visibility"
    plugin: str = "postgres12"

    @property
    def schemas(self) -> Mapping[str, str]:
        """The schema inside temporal-sql-tool for each database."""
        return {
            self.histories: "postgresql/v12/temporal",
            self.visibility: "postgresql/v12/visibility",
        }


def set_up_databases(programs: Programs, database: Database) -> None:
    """Create missing databases, and update their schemas.

    Raises:
        DatabaseError: With the output of the program.
    """
    for name, schema in database.schemas.items():
        # The first two change nothing if the database has a schema already.
        _sql_tool(
            programs, database, name, "create-database", "--defaultdb", "postgres"
        )
        _sql_tool(programs, database, name, "setup-schema", "--version", "0.0")
        _sql_tool(programs, database, name, "update-schema", "--schema-name", schema)


def is_answering(programs: Programs, database: Database) -> bool:
    """Whether PostgreSQL accepts connections, which is later than it listens."""
    command = [
        *(programs.psql, "--host", HOST, "--port", str(database.port)),
        *("--username", database.user, "--dbname", "postgres", "--no-psqlrc"),
        *("--quiet", "--command", "SELECT 1"),
    ]
    try:
        _output_of(command, {"PGPASSWORD": database.password})
    except DatabaseError:
        return False
    return True


def _sql_tool(programs: Programs, database: Database, name: str, *words: str) -> None:
    # In the environment, because all users see the arguments of a process.
    done = {
        "SQL_PLUGIN": database.plugin,
        "SQL_HOST": HOST,
        "SQL_PORT": str(database.port),
        "SQL_USER": database.user,
        "SQL_PASSWORD": database.password,
        "SQL_DATABASE": name,
    }
    _output_of([programs.sql_tool, *words], done)


def _output_of(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        env={"PATH": os.defpath, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DatabaseError(f"{command[0]} failed:\n{done.stdout.strip()}")
    return done.stdout.strip()
