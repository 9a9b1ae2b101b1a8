"""A small bundle as a merchant hands it over, and the keys of who has signed it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from temporalio.testing import WorkflowEnvironment

from audit.bundle.reading import Bundle, Entry
from audit.bundle.writing import write_bundle
from audit.findings import Finding, Rule
from tests.audit.histories import CODEC
from tests.audit.refunds.playing import Played, play_all
from tests.histories.record import HISTORIES

NAMES = ("proven-paid", "proven-cancelled", "encrypted-paid", "told-paid")


@dataclass
class HandedOver:
    """A bundle that may be tampered with, and the key that its auditor holds."""

    folder: Path
    key: Ed25519PrivateKey

    @property
    def public(self) -> Ed25519PublicKey:
        return self.key.public_key()

    def problems(self, previous: Path | None = None) -> list[Finding]:
        return list(Bundle.open(self.folder).problems(self.public, previous))

    def rules(self) -> set[Rule]:
        return {finding.rule for finding in self.problems()}

    def entry(self, order_id: str = "recorded-proven-paid") -> Entry:
        [found] = [
            entry
            for entry in Bundle.open(self.folder).entries()
            if entry.order_id == order_id
        ]
        return found

    def path(self, order_id: str = "recorded-proven-paid") -> Path:
        return self.folder / self.entry(order_id).file


def contents(*names: str) -> Iterator[tuple[str, bytes]]:
    for name in names:
        yield name, (HISTORIES / f"{name}.json").read_bytes()


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> HandedOver:
    key = Ed25519PrivateKey.generate()
    folder = tmp_path_factory.mktemp("bundles") / "untouched"
    write_bundle(folder, contents(*NAMES), codec=CODEC, key=key)
    return HandedOver(folder, key)


@pytest.fixture
def handed_over(untouched: HandedOver, tmp_path: Path) -> HandedOver:
    """A copy, for whoever wants to change it."""
    folder = tmp_path / "archive" / "bundle"
    shutil.copytree(untouched.folder, folder)
    return HandedOver(folder, untouched.key)


@pytest.fixture(scope="session")
async def played(
    dev_server: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> Played:
    """Refunds of all kinds, made once for all tests."""
    return await play_all(dev_server, tmp_path_factory.mktemp("refunds"))
