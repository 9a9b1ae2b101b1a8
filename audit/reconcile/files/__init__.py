"""Reads Alipay's transaction and settlement files, line by line."""
