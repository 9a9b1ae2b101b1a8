"""What a process would refuse, or never read, is refused before it is sent."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.deploy.kubernetes.checks.given import faults_of_settings
from tests.deploy.kubernetes.rendering import manifests_of
from tests.deploy.kubernetes.tampering import (
    API,
    CODEC,
    EVERYTHING,
    WORKER,
    Tampering,
    put,
    setting,
    variable,
)

BROKEN: dict[str, tuple[Tampering, str]] = {
    "a misspelt setting": (
        setting("worker", "CASHIER_ALIPAY_HOTS", "https://alipay.example"),
        "CASHIER_ALIPAY_HOTS is no setting of this process",
    ),
    "a setting of another process": (
        variable(CODEC, "CASHIER_CLIENT_ID", "5Y1"),
        "CASHIER_CLIENT_ID is no setting of this process",
    ),
    "a setting that is refused": (
        setting("merchant", "CASHIER_NOTIFY_URL", "https://pay.shop.example/notify"),
        "cashier-worker: notify_url",
    ),
    "a setting that is missing": (
        setting("merchant", "CASHIER_CLIENT_ID", None),
        "cashier-api: client_id: Field required",
    ),
    "nobody may read": (
        setting("codec", "CASHIER_CODEC_TOKEN_KEYS_URL", None),
        "cashier-codec: ",
    ),
    "an address of Temporal without a port": (
        setting("temporal", "TEMPORAL_ADDRESS", "temporal-frontend"),
        "TEMPORAL_ADDRESS: ",
    ),
    "a key's file that is not there": (
        variable(WORKER, "CASHIER_PRIVATE_KEY_FILE", "/run/worker/merchant.key"),
        "cashier-worker: private_key_file",
    ),
    "a file outside all volumes": (
        variable(WORKER, "CASHIER_PRIVATE_KEY_FILE", "/run/secrets/merchant.pem"),
        "CASHIER_PRIVATE_KEY_FILE lies in no volume: /run/secrets/merchant.pem",
    ),
    "a Secret that no setting names": (
        put(API.container, "volumeMounts", 0, "mountPath", value="/run/keys"),
        "no setting names a file of api-secrets at /run/keys",
    ),
}


@pytest.mark.parametrize(("tamper", "said"), BROKEN.values(), ids=BROKEN)
def test_a_setting_that_a_process_would_not_take_is_refused(
    tamper: Tampering, said: str, files: Mapping[str, Path]
) -> None:
    manifests = manifests_of(*EVERYTHING)
    tamper(manifests)
    faults = faults_of_settings(manifests, files)
    assert any(said in fault for fault in faults), faults
