"""The signatures a workflow trusts: the merchant's client id, Alipay's public keys."""

from contracts.base import Contract


class AlipayTrust(Contract):
    """The conditions for a signature that a workflow trusts.

    It is part of the workflow's input, or the result of `whom_to_trust`. A forged one
    cannot add a key: keys are looked up among those of the worker, and one that it
    lacks fails the workflow task.

    Attributes:
        client_id: The merchant's; a message to another client proves nothing.
        keys: The SHA-256 of each public key of Alipay, by its version.
    """

    client_id: str
    keys: dict[str, str]
