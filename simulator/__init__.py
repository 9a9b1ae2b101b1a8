"""Alipay and the wallets, simulated offline over real HTTP with real signatures.

Imports only `alipay.messages`, `signing`, `keys` and `errors` of ours: it shares no
model with the code it tests, so that the same mistake on both sides cannot go unseen.
"""
