"""Runs the examples of docs/storefronts.md as processes, as their readers would."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.npm import install_packages

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
TYPESCRIPT = EXAMPLES / "typescript"
COMMANDS = {
    "curl": [str(EXAMPLES / "http" / "take_payment.sh")],
    "python": [sys.executable, str(EXAMPLES / "http" / "take_payment.py")],
    "client": [sys.executable, str(EXAMPLES / "temporal_client" / "take_payment.py")],
    "typescript": ["node", str(TYPESCRIPT / "dist" / "take_payment.js")],
}
REFUNDS = {
    way: [
        *interpreter,
        program.replace("take_payment", "refund_payment"),
    ]
    for way, (*interpreter, program) in COMMANDS.items()
}


@dataclass(frozen=True)
class Ran:
    """How a process ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line, read as JSON; a failed process says why."""
        assert self.out, self.err
        return json.loads(self.out.splitlines()[-1])


async def run(
    *command: str | Path,
    environment: Mapping[str, str] | None = None,
    folder: Path = EXAMPLES.parent,
    sent: bytes = b"",
) -> Ran:
    async with running(*command, environment=environment, folder=folder) as process:
        out, err = await process.communicate(sent)
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def running(
    *command: str | Path,
    environment: Mapping[str, str] | None = None,
    folder: Path = EXAMPLES.parent,
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def build_typescript() -> None:
    """Install what the lock file pins, where it has changed, and compile strictly."""
    await install_packages(TYPESCRIPT)
    built = await run("npm", "run", "--silent", "build", folder=TYPESCRIPT)
    assert built.code == 0, built.out + built.err


@dataclass
class PlayedApi:
    """Answers each call as told, in order, and keeps what it was asked."""

    answers: list[bytes]
    asked: list[bytes] = field(default_factory=list)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        async with await asyncio.start_server(self._answer, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            yield f"http://{host}:{port}"

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        self.asked.append(await reader.readexactly(length))
        writer.write(self.answers.pop(0))
        writer.close()
        await writer.wait_closed()


def an_answer(status: int, body: object, *headers: str) -> bytes:
    content = json.dumps(body).encode()
    lines = (
        f"HTTP/1.1 {status} -", "Connection: close", f"Content-Length: {len(content)}",
        *headers,
    )  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode() + content
