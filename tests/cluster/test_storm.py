"""A small storm on a real cluster: whatever dies of it, no money is lost."""

from pathlib import Path

import pytest

from chaos.cluster import WEIGHTS
from chaos.order_records import Column
from chaos.run import Chaos

# Of the first eight kills that this seed draws, each kind of the cluster's is one.
SEED = 12


@pytest.mark.timeout(900)
async def test_no_money_is_lost_while_a_cluster_is_killed(tmp_path: Path) -> None:
    run = await Chaos(payments=60, seed=SEED, folder=tmp_path, on_cluster=True).run()

    wrong = {column: run.columns[column] for column in Column if run.columns[column]}
    assert not wrong
    assert not run.undocumented
    # Something was really survived: otherwise the zeros say nothing.
    assert WEIGHTS.keys() <= run.kills.keys()
    assert run.outcomes["PAID"] >= 20
