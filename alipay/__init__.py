"""Alipay's Cashier Payment protocol over HTTP; independent of us and of Temporal."""
