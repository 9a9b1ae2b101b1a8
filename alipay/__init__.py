"""Alipay's Cashier Payment protocol over HTTP; knows nothing of us or of Temporal."""
