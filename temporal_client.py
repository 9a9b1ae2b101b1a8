"""How this project's processes reach Temporal: one converter, one set of settings."""

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig

# The same in every process, or one could not read what another wrote.
DATA_CONVERTER = pydantic_data_converter


async def connect(*, lazy: bool = False) -> Client:
    """Connect as the environment says.

    TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS and the like
    (`temporalio.envconfig`) choose the cluster, so Temporal Cloud is only a setting.

    Args:
        lazy: Connect with the first call, so that Temporal may come up later.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    return await Client.connect(**config, data_converter=DATA_CONVERTER, lazy=lazy)
