"""Names the trusted keys to a workflow whose input has none, or older ones."""

from temporalio import activity

from alipay.client import AlipayClient
from contracts import AlipayTrust
from translation.proof import serve


class TrustActivities:
    """The merchant and the keys of this worker."""

    def __init__(self, alipay: AlipayClient) -> None:
        """Let workflows of this process verify with the client's keys."""
        self._trust = serve(alipay.client_id, alipay.keys)

    @activity.defn
    async def whom_to_trust(self) -> AlipayTrust:
        """Return the merchant's client id and the fingerprints of Alipay's keys."""
        return self._trust
