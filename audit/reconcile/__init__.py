"""Compares our money with the money in Alipay's files."""
