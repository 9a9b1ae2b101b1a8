"""Translates contracts into calls to Alipay, and decides which calls are retried."""
