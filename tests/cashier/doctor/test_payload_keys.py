"""Payload keys: which is in use, and whether open payments can be read with them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from cashier.doctor.checks.findings import Finding, State
from cashier.doctor.checks.payload_keys import check_payload_keys, chosen_of
from cashier.doctor.checks.running import Check, run_checks
from cashier.settings import OperatorSettings
from codec.keyring import Keyring, make_key
from temporal_client import data_converter
from tests.cashier.doctor.checking import assert_wrong
from tests.cashier.operating import Desk, a_desk, until
from visibility.stuck import OPEN

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_key(tmp_path / "payloads", begins=BEGAN).parent


@pytest.fixture
async def desk(
    dev_server: WorkflowEnvironment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    desk = await a_desk(dev_server, converter=data_converter(Keyring.load(folder)))
    where = desk.client.service_client.config.target_host
    monkeypatch.setenv("TEMPORAL_ADDRESS", where)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", desk.client.namespace)
    return desk


async def lines(settings: OperatorSettings) -> dict[str, Finding]:
    check = Check("payload keys", lambda: check_payload_keys(settings), 20)
    return {one.name: one for one in await run_checks([check])}


async def begin_listed(desk: Desk, number: int) -> None:
    for _ in range(number):
        await desk.begin()
    await until(lambda: shows(desk.client, number))


async def shows(client: Client, number: int) -> bool:
    return (await client.count_workflows(OPEN)).count == number


async def test_keys_that_read_all_open_payments_are_well(
    desk: Desk, folder: Path
) -> None:
    await begin_listed(desk, 2)
    make_key(folder, begins=datetime.now(UTC) + timedelta(days=1))
    found = await lines(OperatorSettings(payload_keys_dir=folder))
    assert {one.state for one in found.values()} == {State.OK}
    assert "20261101T000000Z is written with, of 2" in found["newest"].why
    assert "2 of 2 open workflows were checked" in found["open payments"].why


async def test_a_missing_key_that_open_payments_need_is_named(
    desk: Desk, folder: Path
) -> None:
    await begin_listed(desk, 2)
    make_key(folder, begins=BEGAN + timedelta(days=1))
    (folder / "20261101T000000Z.key").unlink()
    found = await lines(OperatorSettings(payload_keys_dir=folder))
    assert found["newest"].state is State.OK
    assert_wrong(
        found["open payments"], "20261101T000000Z", "2 of the 2", "restore the file"
    )


async def test_another_key_under_the_same_id_is_named(desk: Desk, folder: Path) -> None:
    await begin_listed(desk, 1)
    (folder / "20261101T000000Z.key").unlink()
    make_key(folder, begins=BEGAN)
    found = await lines(OperatorSettings(payload_keys_dir=folder))
    assert_wrong(found["open payments"], "20261101T000000Z", "another key has its name")


async def test_a_process_that_does_not_write_with_the_newest_key_is_named(
    desk: Desk, folder: Path, tmp_path: Path
) -> None:
    # It begins payments now with the key that it has; the newer one is only here.
    await begin_listed(desk, 1)
    make_key(folder, begins=datetime.now(UTC) - timedelta(hours=1))
    found = await lines(OperatorSettings(payload_keys_dir=folder))
    assert_wrong(
        found["open payments"],
        "20261101T000000Z",
        "past its time",
        "copy the newest key into the folder",
    )


async def test_clear_text_is_told_and_not_called_wrong() -> None:
    found = await lines(OperatorSettings(clear_text=True))
    assert found["newest"].state is State.OK
    assert "CASHIER_CLEAR_TEXT=true" in found["newest"].why


async def test_keys_that_were_taken_away_meanwhile_are_named(folder: Path) -> None:
    settings = OperatorSettings(payload_keys_dir=folder)
    (folder / "20261101T000000Z.key").unlink()
    found = (await lines(settings))["newest"]
    assert_wrong(found, "no file *.key")
    assert found.exit_code == 2


def test_of_many_open_payments_the_oldest_and_the_newest_are_read() -> None:
    everything = [*range(1000)]
    chosen = chosen_of(everything)
    assert len(chosen) == 200
    assert {0, 149, 950, 999} <= {*chosen}
    assert chosen_of(everything[:200]) == everything[:200]
