"""Whom a workflow believes: the merchant's client id, and Alipay's public keys."""

from contracts.base import Contract


class AlipayTrust(Contract):
    """What must be true of a signature that a workflow believes.

    It stands in the workflow's input, or in the result of `whom_to_trust`. Whoever
    wrote it there could name nothing that the worker does not hold itself: the keys are
    looked up among the worker's own, and one that it lacks stops the workflow task.

    Attributes:
        client_id: The merchant's; a message to another one proves nothing.
        keys: The SHA-256 of each public key of Alipay, by its version.
    """

    client_id: str
    keys: dict[str, str]
