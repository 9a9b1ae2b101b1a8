"""Plans faults in the simulator."""

from typing import Any

import httpx

from chaos.orders import Plan

# Half of the payments get a fault, a quarter two, and so on.
FAULT_RATE = 0.5


class FaultMenu:
    """The part of the simulator's control API that is about faults."""

    def __init__(self, http: httpx.AsyncClient, simulator_url: str, seed: int) -> None:
        self._http = http
        self._url = f"{simulator_url}/control"
        self._seed = seed

    async def mix_in(self) -> None:
        """Give new payments random faults, except faults without an end."""
        await self._post("fault-mix", rate=FAULT_RATE, seed=self._seed)

    async def mix_no_more(self) -> None:
        """Stop giving faults to new payments; planned faults of older ones stay."""
        await self._post("fault-mix", rate=0, seed=self._seed)

    async def plan(self, plan: Plan) -> None:
        """Plan the faults of one order, if its plan has any."""
        if plan.refunds and plan.refunds.fault:
            await self._post("faults", order_id=plan.order_id, fault=plan.refunds.fault)
        if plan.persistent_fault is not None:
            await self._post(
                "faults",
                order_id=plan.order_id,
                api=plan.persistent_fault.api,
                fault=plan.persistent_fault.fault,
                times=plan.persistent_fault.times,
            )

    async def refund_in_portal(self, payment_request_id: str, value: int) -> None:
        """Refund in Alipay's portal, which may be too late to succeed."""
        await self._http.post(
            f"{self._url}/payments/{payment_request_id}/refund", params={"value": value}
        )

    async def counts(self) -> dict[str, int]:
        """Return how often each fault was injected."""
        response = await self._http.get(f"{self._url}/faults")
        response.raise_for_status()
        injected: dict[str, int] = response.json()["injected"]
        return injected

    async def _post(self, what: str, **content: Any) -> None:  # noqa: ANN401 - JSON
        response = await self._http.post(f"{self._url}/{what}", json=content)
        response.raise_for_status()
