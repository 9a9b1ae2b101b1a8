"""Ports of local systems: two systems that start together never want the same one."""

import socket
import subprocess
import sys
from dataclasses import astuple

from cashier.system.ports import CHOSEN_FROM, HOST, Ports, free_port

LINUX_GIVES_AWAY_FROM = 32_768
CHOOSE = "from cashier.system.ports import free_port; print(free_port(), flush=True)"


def test_a_chosen_port_is_none_that_the_kernel_gives_to_somebody_else() -> None:
    chosen = astuple(Ports.free())
    assert len(set(chosen)) == len(chosen)
    assert all(port in CHOSEN_FROM for port in chosen)
    assert CHOSEN_FROM.stop <= LINUX_GIVES_AWAY_FROM


def test_a_chosen_port_can_be_listened_on() -> None:
    with socket.socket() as part:
        part.bind((HOST, free_port()))
        part.listen()


def test_no_other_process_chooses_a_port_that_is_chosen_already() -> None:
    mine = free_port()
    # A process for which only this port exists: it finds none, until we have ended.
    only_mine = (
        "from cashier.system import ports; "
        f"ports.CHOSEN_FROM = range({mine}, {mine + 1}); print(ports.free_port())"
    )
    other = subprocess.run(
        [sys.executable, "-c", only_mine], capture_output=True, text=True, check=False
    )
    assert other.returncode == 1
    assert f"NoFreePortError: no free port from {mine} to {mine}" in other.stderr


def test_a_port_is_free_again_when_the_process_that_chose_it_has_ended() -> None:
    def choose() -> str:
        return subprocess.run(
            [sys.executable, "-c", CHOOSE], capture_output=True, text=True, check=True
        ).stdout

    port = int(choose())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as claim:
        claim.bind((HOST, port))


def test_a_port_on_which_somebody_listens_is_not_chosen() -> None:
    ports = Ports.free()
    with socket.socket() as somebody:
        somebody.bind((HOST, ports.api))
        somebody.listen()
        assert ports.taken() == [ports.api]
