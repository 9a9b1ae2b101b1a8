"""Alipay's notifications: verified, signalled or stored, acknowledged."""
