"""Tells the simulator what shall go wrong."""

from typing import Any

import httpx

from chaos.orders import Plan

# Half of the payments meet a fault, a quarter two, and so on.
FAULT_RATE = 0.5


class FaultMenu:
    """The simulator's control API, as far as it is about faults."""

    def __init__(self, http: httpx.AsyncClient, simulator_url: str, seed: int) -> None:
        self._http = http
        self._url = f"{simulator_url}/control"
        self._seed = seed

    async def mix_in(self) -> None:
        """From now on give new payments random faults, all kinds but the endless."""
        await self._tell("fault-mix", rate=FAULT_RATE, seed=self._seed)

    async def mix_no_more(self) -> None:
        """Leave new payments alone; what older ones are still to meet stays."""
        await self._tell("fault-mix", rate=0, seed=self._seed)

    async def plan(self, plan: Plan) -> None:
        """Plan the faults of one order, if it has some of its own."""
        if plan.refunds and plan.refunds.fault:
            await self._tell("faults", order_id=plan.order_id, fault=plan.refunds.fault)
        if plan.stubborn is not None:
            await self._tell(
                "faults",
                order_id=plan.order_id,
                api=plan.stubborn.api,
                fault=plan.stubborn.fault,
                times=plan.stubborn.times,
            )

    async def refund_in_portal(self, payment_request_id: str, value: int) -> None:
        """Refund by hand, as a merchant does in Alipay's portal; it may be too late."""
        await self._http.post(
            f"{self._url}/payments/{payment_request_id}/refund", params={"value": value}
        )

    async def counts(self) -> dict[str, int]:
        """Return how often each fault was really injected."""
        response = await self._http.get(f"{self._url}/faults")
        response.raise_for_status()
        injected: dict[str, int] = response.json()["injected"]
        return injected

    async def _tell(self, what: str, **content: Any) -> None:  # noqa: ANN401 - JSON
        response = await self._http.post(f"{self._url}/{what}", json=content)
        response.raise_for_status()
