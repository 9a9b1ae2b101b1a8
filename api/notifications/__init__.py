"""Alipay's notifications: verified, handed to their workflow or kept, acknowledged."""
