"""The floor: Temporal's own replay of a bundle's histories, and nothing else.

A process of its own, on one core: `python -m bench.auditing.floor BUNDLE KEYS`. Prints
the histories and the seconds of the replay alone, as JSON.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

import psutil
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from audit.bundle.reading import Bundle
from audit.replay.replaying import WORKFLOWS
from codec.keyring import Keyring
from temporal_client import data_converter


async def _replay(bundle: Bundle, keyring: Keyring) -> tuple[int, float]:
    replayer = Replayer(workflows=WORKFLOWS, data_converter=data_converter(keyring))

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for entry in bundle.entries():
            yield WorkflowHistory.from_json(entry.workflow_id, bundle.read(entry))

    began = perf_counter()
    results = await replayer.replay_workflows(
        histories(), raise_on_replay_failure=False
    )
    took = perf_counter() - began
    if results.replay_failures:
        raise SystemExit("the floor did not replay")
    return bundle.manifest.histories, took


if __name__ == "__main__":
    psutil.Process().cpu_affinity([0])
    done, seconds = asyncio.run(
        _replay(Bundle.open(Path(sys.argv[1])), Keyring.load(Path(sys.argv[2])))
    )
    print(json.dumps({"histories": done, "seconds": seconds}))  # noqa: T201
