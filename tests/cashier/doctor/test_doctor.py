"""The command as it is run: against a local system, green and broken."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from cashier.system.environment import CHECKOUT, bare_environment
from cashier.system.processes import System
from tests.cashier.doctor.checking import settings_of
from version import VERSION

pytestmark = pytest.mark.timeout(120)


async def doctor(*words: str, **settings: str) -> tuple[int, str, str]:
    """Run the command; return its exit code, and what it printed on both streams."""
    empty = Path(os.getcwd())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cashier", "doctor", *words),
        env={**bare_environment(empty, CHECKOUT), **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def states(printed: str) -> dict[str, str]:
    found: dict[str, Any] = json.loads(printed)
    return {
        f"{one['subject']}: {one['name']}": one["state"] for one in found["findings"]
    }


async def test_against_a_local_system_all_is_green(system: System) -> None:
    code, out, err = await doctor("--home", str(system.home.folder), "--json")
    assert {*states(out).values()} == {"ok"}, out
    assert (code, err) == (0, "")
    assert json.loads(out)["version"] == VERSION
    assert {*states(out)} >= {
        "settings: worker",
        "settings: storefront",
        "keys: merchant",
        "alipay: call",
        "alipay: clock",
        "notify URL: answer",
        "temporal: server",
        "temporal: retention",
        "temporal: search attributes",
        "workers: versions",
        "payload keys: newest",
        "payload keys: open payments",
        "callbacks: test event",
        "callbacks: forged event",
        "folders: STOREFRONT_DATABASE",
    }


async def test_no_setting_of_the_developer_reaches_the_look_at_a_local_system(
    system: System,
) -> None:
    code, out, _ = await doctor(
        *("--home", str(system.home.folder)),
        CASHIER_CLIENT_ID="of somebody else",
        TEMPORAL_ADDRESS="temporal.example:7233",
    )
    assert code == 0, out
    assert "Everything that can be checked from here is right" in out


async def test_what_is_broken_on_purpose_is_told_with_what_to_do(
    system: System,
) -> None:
    home, ports = system.home, system.ports
    broken = {
        "CASHIER_NOTIFY_URL": f"{ports.shop_url}/alipay/notifications/payment",
        "CASHIER_CALLBACK_URL": f"{ports.shop_url}/webhooks/of-nobody",
        "CASHIER_KEY_VERSION": "9",
    }
    code, out, err = await doctor("--json", **{**settings_of(system), **broken})
    wrong = {name for name, state in states(out).items() if state == "wrong"}
    assert wrong == {"notify URL: answer", "callbacks: test event", "alipay: call"}
    assert code == 1
    for one in json.loads(out)["findings"]:
        assert bool(one["todo"]) is (one["state"] == "wrong")
    for file in (home.api_key, home.callback_secrets, home.merchant_key):
        assert file.read_text().splitlines()[-2:][0][:40] not in out + err


async def test_a_wrong_setting_and_a_temporal_that_is_away_have_their_exit_codes(
    system: System,
) -> None:
    away = {**settings_of(system), "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    code, out, _ = await doctor(**away)
    assert code == 3
    assert "Temporal cannot be reached" in out
    assert "Wrong: 1 of" in out
    assert "2 could not be checked" in out
    code, out, _ = await doctor(**{**away, "CASHIER_CLIENT_ID": "a b"})
    assert code == 2
    assert "CASHIER_CLIENT_ID: has 3 characters" in out


async def test_only_the_part_that_is_named_is_looked_at(system: System) -> None:
    environment = {
        name: value
        for name, value in system.home.environment(system.ports).items()
        # What only the worker is given.
        if name != "CASHIER_PRIVATE_KEY_FILE"
    }
    code, out, _ = await doctor("--json", "--part", "api", **environment)
    assert code == 0, out
    assert not {"settings: worker", "keys: merchant", "alipay: call"} & {*states(out)}
    code, out, _ = await doctor("--json", **environment)
    assert code == 2
    assert states(out)["alipay: not checked"] == "skipped"


async def test_a_folder_without_a_local_system_is_named(tmp_path: Path) -> None:
    code, _, err = await doctor("--home", str(tmp_path / "home"))
    assert code == 2
    assert "There is no local system" in err
