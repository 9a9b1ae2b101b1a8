"""The wallets' marks and colours, which shop and simulated wallet both show."""

from wallet_looks.looks import LOOKS, Look, Motif, look_of, mark_of

__all__ = ["LOOKS", "Look", "Motif", "look_of", "mark_of"]
