"""The customer: presses the buttons of the wallet's page."""

from collections import Counter
from http import HTTPStatus

import httpx

from chaos.orders import Deed


class Customer:
    """All customers; counts what they did and what the wallet said to it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.deeds: Counter[str] = Counter()

    async def act(self, page: str, deed: Deed) -> None:
        """Do something on a page; the wallet refuses what comes too late."""
        response = await self._press(f"{page}{deed}")
        # 303 sends him back to the shop, 409 says that the page is closed.
        too_late = response.status_code == HTTPStatus.CONFLICT
        if not (too_late or response.is_redirect):
            response.raise_for_status()
        did = deed.name.lower().replace("_", " ")
        self.deeds[f"{did} (refused: too late)" if too_late else did] += 1

    async def _press(self, button: str) -> httpx.Response:
        """Press a button; once more where the connection was closed meanwhile."""
        try:
            return await self._http.post(button)
        except httpx.RemoteProtocolError:
            # A connection that was kept open too long, as a browser meets it, too.
            return await self._http.post(button)
