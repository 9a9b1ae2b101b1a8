"""Chooses the ports of a local system, so that no other process takes one first."""

import atexit
import random
import socket
from contextlib import ExitStack
from dataclasses import astuple, dataclass, fields
from itertools import pairwise

HOST = "127.0.0.1"
# Below the ports that Linux (32768 to 60999), macOS and Windows (49152 and above) give
# to outgoing connections and for port 0: one of these could take the port before our
# process listens on it.
CHOSEN_FROM = range(20_000, 32_000)

_claims = ExitStack()
atexit.register(_claims.close)


class NoFreePortError(Exception):
    """All ports for local systems are in use."""


def free_port() -> int:
    """Return a free port, and claim it until this process ends.

    The claim is a UDP socket bound to the same number: our processes listen on TCP, so
    it does not block them, but no other process gets this port from here, and the
    kernel releases it even when the process is killed.

    Raises:
        NoFreePortError: Each port of `CHOSEN_FROM` is in use or claimed.
    """
    for port in random.sample(CHOSEN_FROM, len(CHOSEN_FROM)):
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind((HOST, port))
            with socket.socket() as listener:
                listener.bind((HOST, port))
        except OSError:
            claim.close()
            continue
        _claims.enter_context(claim)
        return port
    raise NoFreePortError(f"no free port from {CHOSEN_FROM.start} to {CHOSEN_FROM[-1]}")


@dataclass(frozen=True)
class Ports:
    """The ports of one local system, all on 127.0.0.1."""

    api: int = 8080
    simulator: int = 8081
    temporal: int = 7233
    ui: int = 8233
    codec: int = 8082
    metrics: int = 9464
    api_metrics: int = 9465
    shop: int = 8000

    @classmethod
    def free(cls) -> "Ports":
        """Return free ports, claimed until this process ends."""
        return cls(*(free_port() for _ in fields(cls)))

    def given_twice(self) -> int | None:
        """Return a port that is given twice, or None."""
        ports = sorted(astuple(self))
        return next((one for one, other in pairwise(ports) if one == other), None)

    def taken(self) -> list[int]:
        """Return the ports on which another program listens."""
        return [port for port in astuple(self) if is_listening(port)]

    @property
    def shop_url(self) -> str:
        return f"http://{HOST}:{self.shop}"

    @property
    def api_url(self) -> str:
        return f"http://{HOST}:{self.api}"

    @property
    def simulator_url(self) -> str:
        return f"http://{HOST}:{self.simulator}"

    @property
    def ui_url(self) -> str:
        return f"http://{HOST}:{self.ui}"

    @property
    def codec_url(self) -> str:
        return f"http://{HOST}:{self.codec}"


def is_listening(port: int) -> bool:
    """Whether a process of this machine listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
