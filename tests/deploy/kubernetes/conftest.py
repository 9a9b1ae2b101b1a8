"""The files that stand in for the Secrets of a cluster."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from audit.bundle.signing_keys import make_pair
from cashier.system.home import Home


def mounted(folder: Path, files: Iterable[Path]) -> Path:
    """Lay files out as Kubernetes mounts a Secret: links, which all change at once."""
    of_today = folder / "..2026_11_30_08_15_00.123456789"
    of_today.mkdir(parents=True)
    (folder / "..data").symlink_to(of_today.name)
    for file in files:
        (of_today / file.name).write_bytes(file.read_bytes())
        (folder / file.name).symlink_to(f"..data/{file.name}")
    return folder


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """By a folder in the containers: one here with the files that it would have."""
    folder = tmp_path_factory.mktemp("secrets")
    home = Home(folder / "home")
    home.prepare()
    signing, _ = make_pair(folder / "audit")
    temporal = folder / "temporal.toml"
    temporal.write_text('[profile.default]\napi_key = "a-key"\n')
    of_secrets = {
        "/run/worker": [home.merchant_key, home.callback_secrets],
        "/run/api": [home.api_keys],
        "/run/codec": [home.operators],
        "/run/archiver": [signing],
        "/run/alipay-keys": home.alipay_keys.iterdir(),
        "/run/payload-keys": home.payload_keys.iterdir(),
        "/run/temporal": [temporal],
    }
    there = {
        path: mounted(folder / "mounted" / path.rpartition("/")[2], given)
        for path, given in of_secrets.items()
    }
    return {**there, "/var/lib/cashier": folder}
