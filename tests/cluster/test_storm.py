"""A small storm on a real cluster: whatever dies of it, no money is lost."""

from pathlib import Path

import pytest

from chaos.books import Column
from chaos.cluster import WEIGHTS
from chaos.run import Chaos


@pytest.mark.timeout(900)
async def test_no_money_is_lost_while_a_cluster_is_killed(tmp_path: Path) -> None:
    run = await Chaos(payments=60, seed=2, folder=tmp_path, on_cluster=True).run()

    wrong = {column: run.columns[column] for column in Column if run.columns[column]}
    assert not wrong
    assert not run.undocumented
    # Something was really survived: otherwise the zeros say nothing.
    assert sum(run.kills.get(name, 0) for name in WEIGHTS) >= 5
    assert run.kills.get("history")
    assert run.kills.get("connections to postgres")
    assert run.outcomes["PAID"] >= 25
