"""The two servers of the tests: real, and real with skipped time."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from temporalio.testing import WorkflowEnvironment
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from cashier.system.temporal import SERVER_OPTIONS, guarded_program, start_embedded
from temporal_client import DATA_CONVERTER
from tests.environment import forget_settings
from tests.signing import alipays_key

# A developer's settings must not change what a test finds.
forget_settings()

# `make test` looks at a hundred examples of each property, this profile at many.
settings.register_profile("thorough", max_examples=10_000, deadline=None)
# Other processes compute beside these: the time of an example is no measure.
settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("default")

# The switch has two names in neighbouring releases of the server; each ignores the
# other's, so that a renewal of requirements.lock does not break the tests.
TIME_SKIPPING = [
    argument
    for name in (
        "frontend.WorkflowTimeSkippingEnabled",
        "system.workflowTimeSkippingEnabled",
    )
    for argument in ("--dynamic-config-value", f"{name}=true")
]


# The files that take longest begin first, or one of them would run alone at the end.
LONGEST = (
    "test_chaos.py",
    "test_late_payment.py",
    "test_stuck_payments.py",
    "test_end_to_end.py",
    "test_every_setting.py",
    "test_openapi.py",
    "test_audit_demo.py",
    "test_coming_back.py",
    "test_buying.py",
    "test_examples.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix files that compute with files that wait, so that processors are never idle.

    In the order of their names all of a kind would come at once. It is the same order
    every time.
    """

    def place(item: pytest.Item) -> tuple[int, bytes]:
        name = item.path.name
        first = LONGEST.index(name) if name in LONGEST else len(LONGEST)
        return first, sha256(name.encode()).digest()

    items.sort(key=place)


# Files of a folder that share a system of processes, which takes seconds of a processor
# to start, or the one place where npm installs.
SHARING = {
    "tests/examples": ("test_examples.py", "test_refund_examples.py"),
    "tests/cashier/doctor": ("test_doctor.py", "test_faults.py"),
}


class ByFileOrSystem(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives one process each file as a whole, and so all files that share a system."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        folder, _, name = file.rpartition("/")
        return folder if name in SHARING.get(folder, ()) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> ByFileOrSystem | None:
    is_by_file = config.getoption("dist") == "loadfile"
    return ByFileOrSystem(config, log) if is_by_file else None


@pytest.fixture(scope="session", autouse=True)
def _empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run in a folder without `.env`, which the checkout of a developer may have."""
    set_hypothesis_home_dir(Path(__file__).parent.parent / ".hypothesis")
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("empty"))
    yield
    os.chdir(before)


@asynccontextmanager
async def start_skipping(*options: str) -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=guarded_program(),
        dev_server_extra_args=[*SERVER_OPTIONS, *TIME_SKIPPING, *options],
        data_converter=DATA_CONVERTER,
        # Recorded histories have the worker's identity: no name of a machine.
        identity="tests",
    ) as env:
        yield env


@pytest.fixture(scope="session")
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The real server, leaping over the time in which a workflow only waits."""
    async with start_skipping() as env:
        yield env


@pytest.fixture(scope="session")
async def dev_server() -> AsyncIterator[WorkflowEnvironment]:
    """The real server, as `make demo` embeds it."""
    async with await start_embedded() as env:
        yield env


@pytest.fixture(scope="session")
def merchant_key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def alipay_key() -> RSAPrivateKey:
    return alipays_key()
