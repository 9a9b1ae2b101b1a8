"""The addresses that a local system prints: whole, and of what runs."""

import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from rich.console import Console

from cashier.system.guard import Lifeline
from cashier.system.home import Home
from cashier.system.part import Part, Surroundings
from cashier.system.ports import Ports
from cashier.system.processes import System
from cashier.system.up import show_addresses


@pytest.fixture
def with_shop(tmp_path: Path) -> Iterator[System]:
    with closing(Lifeline()) as lifeline:
        shop = Part(
            *("storefront", (), Surroundings(tmp_path, {}, lifeline), tmp_path / "log")
        )
        yield System(Home(tmp_path / "home"), Ports(), parts={"storefront": shop})


def printed_of(system: System) -> list[str]:
    """Return the lines that are printed, on a terminal of half the usual width."""
    file = io.StringIO()
    show_addresses(Console(file=file, width=40), system)
    return [" ".join(line.split()) for line in file.getvalue().splitlines()]


def test_each_address_is_printed_whole_on_a_narrow_terminal(with_shop: System) -> None:
    home, lines = with_shop.home, printed_of(with_shop)
    assert f"To act . {home.settings_file}" in lines
    assert f"as operator $(cat {home.operator_password})" in lines
    assert "Back office http://127.0.0.1:8000/back-office" in lines


def test_a_shop_that_does_not_run_has_no_address(with_shop: System) -> None:
    without = System(with_shop.home, with_shop.ports)
    assert [line for line in printed_of(with_shop) if ":8000" in line]
    assert not [line for line in printed_of(without) if ":8000" in line]
