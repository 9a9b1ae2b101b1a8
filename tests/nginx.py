"""A real nginx in front of an application, as Debian packages it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

# CI sets it, so that these tests cannot be left out there unnoticed.
REQUIRED = "CASHIER_NGINX_TESTS"
# Where Debian has it, which is not on everybody's PATH.
PLACES = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
# For passing requests on, nginx's defaults are kept.
CONFIGURATION = """
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen unix:{folder}/socket;
        location / {{
            proxy_pass http://127.0.0.1:{port};
        }}
    }}
}}
"""


@asynccontextmanager
async def nginx_before(port: int) -> AsyncIterator[httpx.AsyncBaseTransport]:
    """Run an nginx that passes all requests on to a port; yield the way to it.

    Without an nginx the test is skipped, or fails in CI.
    """
    program = shutil.which("nginx", path=PLACES)
    if program is None:
        if os.environ.get(REQUIRED) == "required":
            raise FileNotFoundError("there is no nginx")
        pytest.skip("there is no nginx: apt-get install nginx-light")
    with TemporaryDirectory() as folder:
        # Started by root, its worker's user may not use the folder.
        user = "user root;" if os.geteuid() == 0 else ""
        file = Path(folder) / "nginx.conf"
        file.write_text(CONFIGURATION.format(user=user, folder=folder, port=port))
        nginx = await asyncio.create_subprocess_exec(
            program, "-c", str(file), "-p", folder, stderr=asyncio.subprocess.PIPE
        )
        try:
            await _until_started(nginx)
            yield httpx.AsyncHTTPTransport(uds=f"{folder}/socket")
        finally:
            if nginx.returncode is None:
                nginx.terminate()
            await nginx.communicate()


async def _until_started(nginx: asyncio.subprocess.Process) -> None:
    assert nginx.stderr
    said = b""
    while line := await nginx.stderr.readline():
        said += line
        if b"start worker process " in line:
            return
    raise OSError(f"nginx has not started: {said.decode(errors='replace')}")
