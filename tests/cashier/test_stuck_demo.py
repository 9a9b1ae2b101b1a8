"""What the stuck payments of `cashier stuck-demo` lack can be brought back."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from cashier.demos.stuck import stuck_system
from cashier.system.environment import bare_environment
from cashier.system.ports import Ports
from cashier.system.processes import System
from contracts import CallbackView, PaymentView
from tests.cashier.operating import until
from tests.cashier.system.test_settings_file import read_by_a_shell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    async with stuck_system(tmp_path_factory.mktemp("stuck"), Ports.free()) as system:
        yield system


@asynccontextmanager
async def the_shop(system: System) -> AsyncIterator[None]:
    """Start the shop as somebody does who has read the system's settings."""
    home = system.home
    shop = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cashier", "storefront"),
        cwd=home.empty_folder,
        env={
            **bare_environment(home.empty_folder),
            **read_by_a_shell(home.settings_file),
        },
    )

    async def answers() -> bool:
        async with httpx.AsyncClient(trust_env=False) as http:
            try:
                live = await http.get(f"{system.ports.shop_url}/health/live")
            except httpx.HTTPError:
                return False
            return live.is_success

    try:
        await until(answers)
        yield
    finally:
        shop.terminate()
        await shop.wait()


async def test_the_key_of_alipay_that_was_moved_away_frees_its_payment(
    system: System,
) -> None:
    client, home = await system.client(), system.home
    handle = client.get_workflow_handle("payment:stuck-task-failure")

    async def has_a_page() -> bool:
        try:
            view: PaymentView = await handle.query("view", result_type=PaymentView)
        except RPCError:  # its task still fails
            return False
        return view.attempts[-1].cashier is not None

    assert not await has_a_page()
    shutil.copy(home.alipay_keys_moved_away / "7.pem", home.alipay_keys)
    system.parts["worker"].kill()
    await until(has_a_page)


async def test_the_shop_accepts_its_callbacks_once_it_runs(system: System) -> None:
    client = await system.client()
    handle = client.get_workflow_handle("callbacks:stuck-callback")

    async def has_ended() -> bool:
        status = (await handle.describe()).status
        return status is WorkflowExecutionStatus.COMPLETED

    assert not await has_ended()
    async with the_shop(system):
        view: CallbackView = await handle.execute_update(
            "resend", result_type=CallbackView
        )
        await until(has_ended)
    assert view.event.type == "payment.paid"
