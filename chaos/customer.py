"""The customer, who presses the buttons of the wallet's page."""

from collections import Counter
from http import HTTPStatus

import httpx

from chaos.orders import Action


class Customer:
    """All customers; counts their actions and the wallet's refusals."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.actions: Counter[str] = Counter()

    async def act(self, page: str, action: Action) -> None:
        """Press a button of a page; the wallet refuses late actions."""
        response = await self._press(f"{page}{action}")
        # 303 sends him back to the shop, 409 says that the page is closed.
        too_late = response.status_code == HTTPStatus.CONFLICT
        if not (too_late or response.is_redirect):
            response.raise_for_status()
        name = action.name.lower().replace("_", " ")
        self.actions[f"{name} (refused: too late)" if too_late else name] += 1

    async def _press(self, button: str) -> httpx.Response:
        """Press a button, again if the connection was closed meanwhile."""
        try:
            return await self._http.post(button)
        except httpx.RemoteProtocolError:
            # The server closed an idle connection, as happens to browsers too.
            return await self._http.post(button)
