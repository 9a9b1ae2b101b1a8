"""Every HTTP application of ours, built as its own tests build it."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.applications import Starlette
from temporalio.client import Client

from api.app import create_app as create_api
from api.metrics.backlog import Backlog
from api.metrics.served import create_metrics_app
from codec.server.app import create_app as create_codec
from http_server.health import create_health_app
from simulator.app import create_app as create_simulator
from simulator.config import SimulatorConfig
from storefront.app import create_app as create_storefront
from storefront.settings import StorefrontSettings
from tests.api.running import settings_in as api_settings_in
from tests.codec.serving import settings_in as codec_settings_in
from tests.storefront.conftest import SECRETS

NAMES = ("api", "metrics", "codec", "simulator", "storefront", "probes")
# With a health endpoint: the metrics stand beside the API, in its process.
WITH_HEALTH = ("api", "codec", "simulator", "storefront", "probes")


async def a_face(name: str, folder: Path, key: RSAPrivateKey) -> Starlette:
    """Build one application; its files lie in this folder, and Temporal is away."""
    match name:
        case "api":
            client = await Client.connect("127.0.0.1:1", lazy=True)
            return create_api(api_settings_in(folder, key), client)
        case "metrics":
            client = await Client.connect("127.0.0.1:1", lazy=True)
            return create_metrics_app(Backlog(client))
        case "probes":
            return create_health_app(lambda: False)
        case "codec":
            return create_codec(codec_settings_in(folder))
        case "simulator":
            return create_simulator(_a_config(key))
        case _:
            return create_storefront(_shop_settings_in(folder))


def _a_config(key: RSAPrivateKey) -> SimulatorConfig:
    return SimulatorConfig(
        private_key=key, clients={}, base_url="http://wallet.example"
    )


def _shop_settings_in(folder: Path) -> StorefrontSettings:
    (folder / "api-key").write_text("a-key")
    (folder / "secrets").write_text("\n".join(SECRETS))
    return StorefrontSettings.model_validate(
        {
            "api_key_file": folder / "api-key",
            "callback_secrets_file": folder / "secrets",
            "database": folder / "shop.sqlite",
        }
    )
