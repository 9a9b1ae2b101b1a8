"""Alipay and the wallets, played offline over real HTTP with real signatures.

Knows nothing of ours but `alipay.messages`, `signing`, `keys` and `errors`: it shares
no model with the code it tests, so that a mistake cannot be made twice and cancel out.
"""
