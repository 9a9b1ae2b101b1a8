"""The activities: calls to Alipay and to the shop, and which of them are retried."""
