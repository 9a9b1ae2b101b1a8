"""A small run of the chaos: whatever dies, and whenever, no money is lost."""

from pathlib import Path

import pytest

from chaos.order_records import Column
from chaos.run import Chaos


# About a minute on two idle cores; most of it is waiting for repeats, not computing.
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_no_money_is_lost_while_processes_are_killed(tmp_path: Path) -> None:
    run = await Chaos(payments=25, seed=1, folder=tmp_path).run()

    wrong = {column: run.columns[column] for column in Column if run.columns[column]}
    assert not wrong
    assert not run.undocumented
    # Something was really survived: otherwise the zeros say nothing.
    assert sum(run.kills.values()) >= 3
    assert sum(run.faults.values()) >= 20
    assert run.outcomes["PAID"] >= 10
