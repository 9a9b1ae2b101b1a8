"""A local system with one fault made on purpose: the doctor names it, and no other."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from alipay.keys.files import read_private_key
from audit.bundle.signing_keys import make_pair
from cashier.doctor.all_checks import examine
from cashier.doctor.checks.findings import State
from cashier.doctor.checks.running import exit_code_of
from cashier.doctor.settings import Part
from cashier.system.home import (
    make_private_key,
    new_callback_secret,
    write_public_key,
)
from cashier.system.processes import System
from codec.keyring import make_key
from tests.builders import an_order, as_a_shop_sends_it
from tests.cashier.doctor.checking import settings_of
from tests.cashier.operating import until
from visibility.stuck import OPEN

pytestmark = pytest.mark.timeout(120)


@dataclass(frozen=True)
class Fault:
    """Something that is broken on purpose.

    Attributes:
        settings: What it changes, of the system, with a folder for files of its own.
        line: The one line that is wrong then.
        why: What the line says, among other words.
    """

    settings: Callable[[System, Path], Mapping[str, str]]
    line: str
    why: str


def _other_key(_: System, folder: Path) -> Mapping[str, str]:
    make_private_key(folder / "other.pem")
    return {"CASHIER_PRIVATE_KEY_FILE": str(folder / "other.pem")}


def _own_key_as_alipays(system: System, folder: Path) -> Mapping[str, str]:
    shutil.copytree(system.home.alipay_keys, folder / "alipay")
    # In the folder's file of another version, so that Alipay's answers verify.
    write_public_key(
        read_private_key(system.home.merchant_key), folder / "alipay" / "0.pem"
    )
    return {"CASHIER_ALIPAY_KEYS_DIR": str(folder / "alipay")}


def _other_alipay_key(_: System, folder: Path) -> Mapping[str, str]:
    write_public_key(make_private_key(folder / "of-nobody"), folder / "a" / "1.pem")
    return {"CASHIER_ALIPAY_KEYS_DIR": str(folder / "a")}


def _other_payload_keys(_: System, folder: Path) -> Mapping[str, str]:
    make_key(folder / "payloads", begins=datetime(2026, 1, 1, tzinfo=UTC))
    return {"CASHIER_PAYLOAD_KEYS_DIR": str(folder / "payloads")}


def _other_secret(_: System, folder: Path) -> Mapping[str, str]:
    (folder / "secret").write_text(new_callback_secret())
    return {"CASHIER_CALLBACK_SECRETS_FILE": str(folder / "secret")}


def _archive_that_cannot_be_written(_: System, folder: Path) -> Mapping[str, str]:
    private, _public = make_pair(folder / "audit")
    return {
        "CASHIER_ARCHIVE_DIR": "/proc/self",
        "CASHIER_AUDIT_KEY_FILE": str(private),
    }


NOTIFY = "alipay/notifications/payment"
FAULTS = {
    "a private key that the dashboard does not know": Fault(
        _other_key, "alipay: call", "does not match the public key"
    ),
    "a key version that the dashboard does not know": Fault(
        lambda *_: {"CASHIER_KEY_VERSION": "9"}, "alipay: call", "as version 9"
    ),
    "the merchant's own key among Alipay's": Fault(
        _own_key_as_alipays, "keys: alipay", "merchant's own public key"
    ),
    "another key as Alipay's": Fault(
        _other_alipay_key, "alipay: call", "not verifiably signed by Alipay"
    ),
    "another server than Alipay's": Fault(
        lambda system, _: {"CASHIER_ALIPAY_HOST": system.ports.api_url},
        *("alipay: call", "HTTP 404"),
    ),
    "a notify URL that leads elsewhere": Fault(
        lambda it, _: {"CASHIER_NOTIFY_URL": f"{it.ports.simulator_url}/{NOTIFY}"},
        *("notify URL: answer", "does not lead to our API"),
    ),
    "a notify URL at which nobody listens": Fault(
        lambda *_: {"CASHIER_NOTIFY_URL": f"http://127.0.0.1:1/{NOTIFY}"},
        *("notify URL: answer", "cannot be reached"),
    ),
    "a namespace that does not exist": Fault(
        lambda *_: {"TEMPORAL_NAMESPACE": "of-nobody"}, "temporal: answer", "of-nobody"
    ),
    "a Temporal that does not answer": Fault(
        lambda *_: {"TEMPORAL_ADDRESS": "127.0.0.1:1"},
        *("temporal: answer", "Connection refused"),
    ),
    "payload keys of another system": Fault(
        _other_payload_keys, "payload keys: open payments", "missing"
    ),
    "a callback secret that the shop does not know": Fault(
        _other_secret, "callbacks: test event", "rejects our signature"
    ),
    "a callback URL at which nobody hears": Fault(
        lambda system, _: {"CASHIER_CALLBACK_URL": f"{system.ports.shop_url}/nothing"},
        *("callbacks: test event", "HTTP 4"),
    ),
    "an archive that cannot be written to": Fault(
        _archive_that_cannot_be_written, "folders: CASHIER_ARCHIVE_DIR", "/proc/self"
    ),
    "a client id with a blank": Fault(
        lambda *_: {"CASHIER_CLIENT_ID": "5J 0000"}, "settings: worker", "CLIENT_ID"
    ),
}


@pytest.fixture(scope="module")
async def open_payment(system: System) -> None:
    """Have a payment that waits for its customer, and is listed."""
    body = as_a_shop_sends_it(an_order())
    key = {"Authorization": f"Bearer {system.home.api_key.read_text()}"}
    async with httpx.AsyncClient(base_url=system.ports.api_url, headers=key) as http:
        opened = await http.post("/payments", json=body, timeout=30)
    assert opened.status_code == 201, opened.text
    client = await system.client()

    async def is_listed() -> bool:
        return (await client.count_workflows(OPEN)).count > 0

    await until(is_listed)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_each_fault_that_is_made_on_purpose_is_named(
    fault: Fault,
    system: System,
    open_payment: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = {**settings_of(system), **fault.settings(system, tmp_path)}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    found = await examine([Part.WORKER, Part.ARCHIVER])
    [line] = [one for one in found if one.state is State.WRONG]
    assert f"{line.subject}: {line.name}" == fault.line
    assert fault.why in line.why
    assert line.todo
    assert exit_code_of(found) == line.exit_code > 0
